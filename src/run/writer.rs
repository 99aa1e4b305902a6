//! `RunWriter`: a run directory that this process alone writes, from its creation to its manifest.
//!
//! A [`LockedRun`] holds the lock and has changed nothing: whatever may still refuse is checked then. With
//! [`begin`](LockedRun::begin) the run becomes an unfinished one, and [`finish`](RunWriter::finish) makes it whole.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write};
use std::ops::Deref;
use std::path::{Path, PathBuf};

use super::atomic::{check_writable, digest_of, is_temporary, remove_leftovers, write_atomically};
use super::directory::{CHECKPOINT_DIRECTORY, MARKER_NAME};
use super::files::OPENINGS_NAME;
use super::manifest::{MANIFEST_NAME, Manifest};
use super::{File as RunFile, RunDir, RunError, RunLock, checkpoint_store};
use crate::atomic_file::{create_folder, remove_file};
use crate::failpoints::{Failpoint, reach};

/// Which runs a new one may take the place of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// None.
    Nothing,
    /// Those that the same command trained last.
    Own,
    /// Any.
    Any,
}

/// A run that this process alone may write, and has not changed yet.
#[derive(Debug)]
pub struct LockedRun {
    run: RunDir,
    lock: RunLock,
    command: &'static str,
    plan: Plan,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Plan {
    Create,
    Replace,
    Resume,
}

/// A run directory to write. While training writes it, it has no manifest; once it is finished, each write keeps the
/// manifest true.
#[derive(Debug)]
pub struct RunWriter {
    run: RunDir,
    /// Held for as long as there is a writer.
    _lock: RunLock,
}

impl LockedRun {
    /// Locks a place for a new run, which is there only when it [begins](Self::begin). `command` begins it, and is what
    /// others are told.
    ///
    /// # Errors
    /// [`RunError::Busy`] when another process writes there; [`RunError::Occupied`] when there is a run that must not be
    /// replaced, or when the directory holds anything that is not a run.
    pub fn to_create(
        path: impl Into<PathBuf>,
        replace: Replace,
        command: &'static str,
    ) -> Result<Self, RunError> {
        let run = RunDir {
            path: path.into(),
            manifest: None,
        };
        if run.path.exists() && !run.path.is_dir() {
            return Err(RunError::cannot_write(&run.path)(
                io::ErrorKind::NotADirectory.into(),
            ));
        }
        let lock = RunLock::take(&run.path, command)?;
        let plan = match is_empty(&run)? {
            true => Plan::Create,
            false => {
                check_replaceable(&run, replace, command)?;
                Plan::Replace
            }
        };
        check_writable(&run.path)?;
        Ok(Self {
            run,
            lock,
            command,
            plan,
        })
    }

    /// Locks a run to resume its training, finished or not.
    ///
    /// # Errors
    /// A missing directory, one that is not a run, one of a later format; [`RunError::Busy`] when another process
    /// writes it.
    pub fn to_resume(path: impl Into<PathBuf>, command: &'static str) -> Result<Self, RunError> {
        let path = path.into();
        RunDir::of_any_state(&path)?;
        let lock = RunLock::take(&path, command)?;
        Ok(Self {
            // What it was before the lock counts no more.
            run: RunDir::of_any_state(path)?,
            lock,
            command,
            plan: Plan::Resume,
        })
    }

    /// Goes to work. The run is an unfinished one from here until [`RunWriter::finish`]: an old one that is replaced is
    /// removed, one that is resumed loses its manifest, its evaluation and its report, and what a killed process left
    /// behind is removed. Openings of the test part stay on record.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`].
    pub fn begin(self) -> Result<RunWriter, RunError> {
        let Self {
            mut run,
            lock,
            command,
            plan,
        } = self;
        create_folder(&run.path).map_err(RunError::cannot_write(&run.path))?;
        run.keep_openings()?;
        // Marked and without its manifest the old run is an unfinished one, should this be cut short.
        mark(&run, command)?;
        remove(&run, MANIFEST_NAME)?;
        run.manifest = None;
        let replaced = RunFile::ALL.iter().filter(|file| match plan {
            Plan::Resume => matches!(file, RunFile::Evaluation | RunFile::Report),
            Plan::Create | Plan::Replace => true,
        });
        for file in replaced {
            remove(&run, file.name())?;
        }
        remove_leftovers(&run.path)?;
        match plan {
            Plan::Resume => {
                remove_leftovers(&run.checkpoint_dir())?;
                if run.refit_checkpoint_dir().is_dir() {
                    remove_leftovers(&run.refit_checkpoint_dir())?;
                }
            }
            Plan::Create | Plan::Replace => {
                checkpoint_store::remove_all(&run.checkpoint_dir())?;
                checkpoint_store::remove_all(&run.refit_checkpoint_dir())?;
            }
        }
        // A contest is over once the run has settings.
        let is_over = plan != Plan::Resume || run.has(RunFile::Config);
        let mut writer = RunWriter { run, _lock: lock };
        if is_over {
            writer.remove_contest()?;
        }
        Ok(writer)
    }

    /// Whether the run is finished and all of it is as it was written; its settings alone may have been edited.
    pub fn is_whole(&self) -> bool {
        let whole = self.run.verify_all_but(Some(RunFile::Config));
        self.run.manifest.is_some() && whole.is_ok()
    }

    /// Whether the settings of a finished run are not those it was finished with.
    pub fn is_edited(&self) -> bool {
        let name = RunFile::Config.name();
        let found = digest_of(&self.run.path.join(name)).ok();
        let manifest = self.run.manifest.as_ref();
        found.as_ref() != manifest.and_then(|manifest| manifest.files.get(name))
    }

    /// Leaves a finished run as it is. Settings that were edited enter its manifest.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`].
    pub fn leave(self) -> Result<(), RunError> {
        if !self.is_edited() {
            return Ok(());
        }
        let settings = self.config_now()?;
        let Self { run, lock, .. } = self;
        RunWriter { run, _lock: lock }.write_config(&settings)
    }

    /// The settings as `config.toml` has them now, whatever the manifest says: they may have been edited.
    ///
    /// # Errors
    /// There is none, or it is not text.
    pub fn config_now(&self) -> Result<String, RunError> {
        let text = String::from_utf8(self.run.read_unchecked(RunFile::Config)?);
        text.map_err(|_| {
            let path = self.run.path.join(RunFile::Config.name());
            RunError::damaged(&path, "it is not UTF-8 text")
        })
    }
}

impl Deref for LockedRun {
    type Target = RunDir;

    fn deref(&self) -> &RunDir {
        &self.run
    }
}

impl Deref for RunWriter {
    type Target = RunDir;

    fn deref(&self) -> &RunDir {
        &self.run
    }
}

impl RunWriter {
    /// Makes a new, empty run directory, with its parents.
    ///
    /// # Errors
    /// As [`LockedRun::to_create`] and [`LockedRun::begin`].
    pub fn create(
        path: impl Into<PathBuf>,
        replace: Replace,
        command: &'static str,
    ) -> Result<Self, RunError> {
        LockedRun::to_create(path, replace, command)?.begin()
    }

    /// Opens a finished run to add to it.
    ///
    /// # Errors
    /// As [`RunDir::open`]; [`RunError::Busy`] when another process writes it.
    pub fn open(path: impl Into<PathBuf>, command: &'static str) -> Result<Self, RunError> {
        let path = path.into();
        RunDir::of_any_state(&path)?;
        let lock = RunLock::take(&path, command)?;
        Ok(Self {
            // The manifest of before the lock may be out of date.
            run: RunDir::open(path)?,
            _lock: lock,
        })
    }

    /// Removes its checkpoints, so that a resumed training starts over.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`].
    pub fn remove_checkpoints(&mut self) -> Result<(), RunError> {
        checkpoint_store::remove_all(&self.checkpoint_dir())
    }

    /// Makes the place for the checkpoints of a refit, where it is not there, and names it.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`].
    pub fn make_refit_checkpoint_dir(&mut self) -> Result<PathBuf, RunError> {
        let path = self.refit_checkpoint_dir();
        create_folder(&path).map_err(RunError::cannot_write(&path))?;
        Ok(path)
    }

    /// Removes the checkpoints of a refit, whose epochs are to be chosen anew.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`].
    pub fn remove_refit_checkpoints(&mut self) -> Result<(), RunError> {
        checkpoint_store::remove_all(&self.refit_checkpoint_dir())
    }

    /// Removes the record of a contest that has chosen the model.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`].
    pub fn remove_contest(&mut self) -> Result<(), RunError> {
        let folder = self.contest_dir();
        match fs::remove_dir_all(&folder) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(RunError::cannot_write(&folder)(error))
            }
            _ => Ok(()),
        }
    }

    /// Declares the run finished: lists its files in `MANIFEST.json`.
    ///
    /// # Errors
    /// [`RunError::Missing`] when a file that every run has was not written.
    pub fn finish(&mut self) -> Result<(), RunError> {
        let mut files = BTreeMap::new();
        for file in RunFile::ALL {
            let path = self.path.join(file.name());
            if path.is_file() {
                sync(&path)?;
                files.insert(file.name().to_owned(), digest_of(&path)?);
            } else if file.is_required() {
                return Err(self.incomplete(file));
            }
        }
        let is_there = |file: &&RunFile| files.contains_key(file.name());
        if !RunFile::SCORERS
            .iter()
            .any(|of_one| of_one.iter().all(|file| is_there(&file)))
        {
            let missing = RunFile::SCORERS[0].iter().find(|file| !is_there(file));
            return Err(self.incomplete(missing.copied().unwrap_or(RunFile::Filter)));
        }
        let manifest = Manifest::new(files);
        manifest.write(&self.path)?;
        self.run.manifest = Some(manifest);
        Ok(())
    }

    /// Writes a file whole or not at all.
    ///
    /// In a finished run the file leaves the manifest before it changes and enters it again after,
    /// so that a crash in between costs this file and not the run.
    pub(super) fn write(
        &mut self,
        file: RunFile,
        fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
    ) -> Result<(), RunError> {
        let RunDir { path, manifest } = &mut self.run;
        if let Some(manifest) = manifest
            && manifest.files.remove(file.name()).is_some()
        {
            manifest.write(path)?;
        }
        let digest = write_atomically(&path.join(file.name()), fill)?;
        if let Some(manifest) = manifest {
            manifest.files.insert(file.name().to_owned(), digest);
            manifest.write(path)?;
        }
        Ok(())
    }

    /// Takes a file of another run as it is.
    ///
    /// # Errors
    /// A file that is missing there or damaged; [`RunError::CannotWrite`].
    pub fn copy(&mut self, from: &RunDir, file: RunFile) -> Result<(), RunError> {
        let bytes = from.read(file)?;
        self.write(file, |out| out.write_all(&bytes))
    }

    fn incomplete(&self, file: RunFile) -> RunError {
        RunError::Missing {
            path: self.path.join(file.name()),
            what: "this file is missing, so the run is not complete".into(),
            remedy: "write it before the run is finished".into(),
        }
    }
}

/// Whether nothing is there, or no more than a process leaves that was killed before the mark.
fn is_empty(run: &RunDir) -> Result<bool, RunError> {
    if !run.path.exists() {
        return Ok(true);
    }
    let checkpoints = run.checkpoint_dir();
    let names = |folder: &Path| -> Result<Vec<_>, RunError> {
        let entries = fs::read_dir(folder).map_err(RunError::unreadable(folder))?;
        let name = |entry: io::Result<fs::DirEntry>| entry.map(|entry| entry.file_name());
        let names = entries.map(name).collect::<io::Result<Vec<_>>>();
        names.map_err(RunError::unreadable(folder))
    };
    for name in names(&run.path)? {
        let left_behind = name == CHECKPOINT_DIRECTORY && checkpoints.is_dir()
            || name == OPENINGS_NAME
            || name
                .to_str()
                .is_some_and(|name| is_temporary(name) || super::lock::is_lock_file(name));
        if !left_behind {
            return Ok(false);
        }
    }
    match checkpoints.is_dir() {
        false => Ok(true),
        true => Ok(names(&checkpoints)?
            .iter()
            .all(|name| name.to_str().is_some_and(is_temporary))),
    }
}

fn check_replaceable(
    run: &RunDir,
    replace: Replace,
    command: &'static str,
) -> Result<(), RunError> {
    let (what, remedy) = if !Manifest::is_in(&run.path) && !run.is_marked() {
        (
            "is not empty and not a run, so nothing is written over it".to_owned(),
            "choose another directory",
        )
    } else if replace == Replace::Nothing {
        (
            "there is a run already".to_owned(),
            "choose another directory, resume it with `--resume`, or replace it with `--overwrite`",
        )
    } else if replace == Replace::Own && run.trained_by() != command {
        (
            format!("there is a run that `sagebrush {command}` did not train, so it stays"),
            "choose another directory with `--out`, or remove it",
        )
    } else {
        return Ok(());
    };
    Err(RunError::Occupied {
        path: run.path.clone(),
        what,
        remedy: remedy.into(),
    })
}

/// Makes the checkpoint directory, and with it the directory a run.
fn mark(run: &RunDir, command: &str) -> Result<(), RunError> {
    let checkpoints = run.checkpoint_dir();
    create_folder(&checkpoints).map_err(RunError::cannot_write(&checkpoints))?;
    write_atomically(&checkpoints.join(MARKER_NAME), |out| {
        writeln!(out, "{command}")
    })?;
    Ok(())
}

fn remove(run: &RunDir, name: &str) -> Result<(), RunError> {
    let path = run.path.join(name);
    remove_file(&path).map_err(RunError::cannot_write(&path))
}

fn sync(path: &Path) -> Result<(), RunError> {
    let sync = || {
        let file = File::options().append(true).open(path)?;
        reach(Failpoint::FileSync)?;
        file.sync_all()
    };
    sync().map_err(RunError::cannot_write(path))
}
