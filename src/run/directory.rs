//! `RunDir`: a run directory on disk, from its creation to its manifest. Also the model directory.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use super::atomic::{FileDigest, digest_of, is_temporary, remove_leftovers, write_atomically};
use super::checkpoint_store;
use super::manifest::{MANIFEST_NAME, Manifest};
use super::tensors::check_file_header;
use super::{File as RunFile, RunError};

const CHECKPOINT_DIRECTORY: &str = "checkpoint";
/// Lies in the checkpoint directory and tells an unfinished run from a folder of someone's own that
/// happens to hold a `config.toml`.
const MARKER_NAME: &str = ".sagebrush-run";

/// A run directory.
///
/// While training writes it, it has no manifest. [`finish`](Self::finish) lists every file with its
/// size and hash in `MANIFEST.json`; from then on each write keeps that list true, and each read is
/// checked against it.
#[derive(Debug)]
pub struct RunDir {
    path: PathBuf,
    /// `None` until the run is finished.
    manifest: Option<Manifest>,
}

impl RunDir {
    /// Makes a new, empty run directory, with its parents.
    ///
    /// # Errors
    /// [`RunError::Occupied`] when there is a run already and `overwrite` is false, or when the
    /// directory holds anything that is not a run; [`RunError::CannotWrite`] when it cannot be made
    /// or written.
    pub fn create(path: impl Into<PathBuf>, overwrite: bool) -> Result<Self, RunError> {
        let run = Self {
            path: path.into(),
            manifest: None,
        };
        fs::create_dir_all(&run.path).map_err(RunError::cannot_write(&run.path))?;
        if !run.is_empty()? {
            run.remove_old_run(overwrite)?;
        }
        run.mark()?;
        Ok(run)
    }

    /// Opens a finished run, and checks that every file of its manifest is there in its full size.
    ///
    /// # Errors
    /// A missing, unfinished, unknown or damaged run.
    pub fn open(path: impl Into<PathBuf>) -> Result<Self, RunError> {
        let mut run = Self::existing(path.into())?;
        if !run.path.join(MANIFEST_NAME).exists() {
            let unfinished = run.is_marked();
            return Err(if unfinished {
                RunError::Unfinished { path: run.path }
            } else {
                run.not_a_run()
            });
        }
        let manifest = Manifest::read(&run.path)?;
        for (name, digest) in &manifest.files {
            check_size(&run.path.join(name), digest)?;
        }
        run.manifest = Some(manifest);
        Ok(run)
    }

    /// Opens a run to go on training in it, finished or not. What a killed process left behind is
    /// removed, and the manifest with it: the run is unfinished until [`finish`](Self::finish).
    ///
    /// # Errors
    /// A missing directory, one that is not a run, or one that cannot be written.
    pub fn resume(path: impl Into<PathBuf>) -> Result<Self, RunError> {
        let run = Self::existing(path.into())?;
        if run.path.join(MANIFEST_NAME).exists() {
            Manifest::read(&run.path)?;
        } else if !run.is_marked() {
            return Err(run.not_a_run());
        }
        run.mark()?;
        run.remove(MANIFEST_NAME)?;
        remove_leftovers(&run.path)?;
        remove_leftovers(&run.checkpoint_dir())?;
        Ok(run)
    }

    fn existing(path: PathBuf) -> Result<Self, RunError> {
        if path.is_dir() {
            return Ok(Self {
                path,
                manifest: None,
            });
        }
        let what = if path.exists() {
            "is not a directory"
        } else {
            "there is no such run"
        };
        let remedy = "give the directory that `sagebrush train --out` wrote".into();
        Err(RunError::Missing {
            path,
            what: what.into(),
            remedy,
        })
    }

    /// Where the run is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Where its checkpoints are.
    pub fn checkpoint_dir(&self) -> PathBuf {
        self.path.join(CHECKPOINT_DIRECTORY)
    }

    /// Removes its checkpoints: going on means starting over.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`].
    pub fn remove_checkpoints(&self) -> Result<(), RunError> {
        checkpoint_store::remove_all(&self.checkpoint_dir())
    }

    /// The manifest, once the run is finished.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }

    /// Whether the run has the file.
    pub fn has(&self, file: RunFile) -> bool {
        match &self.manifest {
            Some(manifest) => manifest.files.contains_key(file.name()),
            None => self.path.join(file.name()).is_file(),
        }
    }

    /// Reads every file of a finished run and compares its hash.
    ///
    /// # Errors
    /// The first file that is missing or damaged, by name.
    pub fn verify(&self) -> Result<(), RunError> {
        let files = self.manifest.iter().flat_map(|manifest| &manifest.files);
        for (name, expected) in files {
            let path = self.path.join(name);
            check_size(&path, expected)?;
            check_hash(&path, &digest_of(&path)?.blake3, expected)?;
        }
        Ok(())
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
        self.manifest = Some(manifest);
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
        if let Some(manifest) = &mut self.manifest
            && manifest.files.remove(file.name()).is_some()
        {
            manifest.write(&self.path)?;
        }
        let digest = write_atomically(&self.path.join(file.name()), fill)?;
        if let Some(manifest) = &mut self.manifest {
            manifest.files.insert(file.name().to_owned(), digest);
            manifest.write(&self.path)?;
        }
        Ok(())
    }

    /// Reads a file, checked against the manifest where there is one.
    pub(super) fn read(&self, file: RunFile) -> Result<Vec<u8>, RunError> {
        let path = self.path.join(file.name());
        let expected = self
            .manifest
            .as_ref()
            .map(|manifest| manifest.files.get(file.name()));
        if !path.is_file() || expected == Some(None) {
            let what = "this run has no such file".into();
            return Err(RunError::Missing {
                path,
                what,
                remedy: file.remedy().into(),
            });
        }
        let bytes = read_bounded(&path, file)?;
        if let Some(Some(expected)) = expected {
            check_hash(&path, blake3::hash(&bytes).to_hex().as_str(), expected)?;
        }
        Ok(bytes)
    }

    /// Whether nothing is there, or no more than a process leaves that was killed before the mark.
    fn is_empty(&self) -> Result<bool, RunError> {
        let checkpoints = self.checkpoint_dir();
        let names = |folder: &Path| -> Result<Vec<_>, RunError> {
            let entries = fs::read_dir(folder).map_err(RunError::unreadable(folder))?;
            let name = |entry: io::Result<fs::DirEntry>| entry.map(|entry| entry.file_name());
            let names = entries.map(name).collect::<io::Result<Vec<_>>>();
            names.map_err(RunError::unreadable(folder))
        };
        match names(&self.path)?.as_slice() {
            [] => Ok(true),
            [only] if only == CHECKPOINT_DIRECTORY && checkpoints.is_dir() => {
                Ok(names(&checkpoints)?
                    .iter()
                    .all(|name| name.to_str().is_some_and(is_temporary)))
            }
            _ => Ok(false),
        }
    }

    fn is_marked(&self) -> bool {
        self.checkpoint_dir().join(MARKER_NAME).is_file()
    }

    /// Makes the checkpoint directory, and with it the directory a run.
    fn mark(&self) -> Result<(), RunError> {
        let checkpoints = self.checkpoint_dir();
        fs::create_dir_all(&checkpoints).map_err(RunError::cannot_write(&checkpoints))?;
        write_atomically(&checkpoints.join(MARKER_NAME), |_| Ok(()))?;
        Ok(())
    }

    /// Removes what an earlier run wrote, by name; a file that is not of a run stays.
    fn remove_old_run(&self, overwrite: bool) -> Result<(), RunError> {
        let occupied = |what: &str, remedy: &str| RunError::Occupied {
            path: self.path.clone(),
            what: what.into(),
            remedy: remedy.into(),
        };
        if !Manifest::is_in(&self.path) && !self.is_marked() {
            return Err(occupied(
                "is not empty and not a run, so nothing is written over it",
                "choose another directory",
            ));
        }
        if !overwrite {
            return Err(occupied(
                "there is a run already",
                "choose another directory, continue it with --resume, or replace it with --overwrite",
            ));
        }
        // Marked and without its manifest the old run is an unfinished one, should this be cut short.
        self.mark()?;
        self.remove(MANIFEST_NAME)?;
        RunFile::ALL
            .iter()
            .try_for_each(|file| self.remove(file.name()))?;
        remove_leftovers(&self.path)?;
        checkpoint_store::remove_all(&self.checkpoint_dir())
    }

    fn remove(&self, name: &str) -> Result<(), RunError> {
        let path = self.path.join(name);
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(RunError::CannotWrite {
                path,
                source: error,
            }),
            _ => Ok(()),
        }
    }

    fn incomplete(&self, file: RunFile) -> RunError {
        RunError::Missing {
            path: self.path.join(file.name()),
            what: "this file is missing, so the run is not complete".into(),
            remedy: "write it before the run is finished".into(),
        }
    }

    fn not_a_run(&self) -> RunError {
        RunError::Missing {
            path: self.path.clone(),
            what: "this directory is not a run (there is no MANIFEST.json)".into(),
            remedy: "give the directory that `sagebrush train --out` wrote".into(),
        }
    }
}

fn check_size(path: &Path, expected: &FileDigest) -> Result<(), RunError> {
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Err(RunError::damaged(
            path,
            "it is listed in MANIFEST.json but missing",
        )),
        Err(error) => Err(RunError::unreadable(path)(error)),
        Ok(found) if found.is_file() && found.len() == expected.bytes => Ok(()),
        Ok(found) => {
            let (found, expected) = (found.len(), expected.bytes);
            Err(RunError::damaged(
                path,
                format!("it has {found} bytes where MANIFEST.json says {expected}"),
            ))
        }
    }
}

fn check_hash(path: &Path, found: &str, expected: &FileDigest) -> Result<(), RunError> {
    if found == expected.blake3 {
        return Ok(());
    }
    Err(RunError::damaged(
        path,
        "its content does not match its hash in MANIFEST.json",
    ))
}

fn read_bounded(path: &Path, file: RunFile) -> Result<Vec<u8>, RunError> {
    let mut opened = File::open(path).map_err(RunError::unreadable(path))?;
    let n_bytes = opened.metadata().map_err(RunError::unreadable(path))?.len();
    if file.is_tensors() {
        check_file_header(path, &mut opened, n_bytes)?;
    }
    let mut bytes = Vec::new();
    let room = usize::try_from(n_bytes)
        .ok()
        .and_then(|n| bytes.try_reserve_exact(n).ok());
    if room.is_none() {
        return Err(RunError::damaged(
            path,
            format!("{n_bytes} bytes do not fit in memory"),
        ));
    }
    opened
        .take(n_bytes)
        .read_to_end(&mut bytes)
        .map_err(RunError::unreadable(path))?;
    Ok(bytes)
}

fn sync(path: &Path) -> Result<(), RunError> {
    let file = File::options()
        .append(true)
        .open(path)
        .map_err(RunError::cannot_write(path))?;
    file.sync_all().map_err(RunError::cannot_write(path))
}
