//! The lock of a run: one process writes it, and other processes learn which one.
//!
//! The lock is an exclusive lock of the operating system on a file beside the run, so that it ends with the process that
//! holds it, however that ends, and lies outside of what is replaced. Where the folder of the run cannot be written, a
//! file in the run serves instead. A process locks every lock file of a run that it finds, so both kinds exclude each
//! other. Readers take none: what they read changes whole or not at all.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Holder, RunError};
use crate::atomic_file::{create_folder, folder_of};
use crate::failpoints::{Failpoint, reach};

/// The lock file beside a run `NAME` is `.NAME.sagebrush-lock`.
const SUFFIX: &str = ".sagebrush-lock";
/// No holder's note is longer; what is beyond is not ours.
const NOTE_BYTES_MAX: u64 = 4096;
/// How often a lock file may be replaced under our hands before we give up.
const TRIES_MAX: usize = 100;

/// The right to write a run. It ends when this is dropped, or with the process.
#[derive(Debug)]
pub struct RunLock {
    held: Vec<Held>,
}

#[derive(Debug)]
struct Held {
    file: File,
    path: PathBuf,
}

/// How an attempt on one lock file ended.
enum Attempt {
    Held(Held),
    /// It is not there, and cannot or shall not be made.
    Absent(io::Error),
    Busy(Option<Holder>),
}

impl RunLock {
    /// Takes the lock of the directory `run`, which need not exist yet; `command` tells others what holds it. All
    /// paths that lead to a directory share its lock.
    ///
    /// On a file system without locks there is a warning, and no lock.
    ///
    /// # Errors
    /// [`RunError::Busy`] when another process, or another part of this one, holds it; [`RunError::CannotWrite`] when
    /// no lock file can be made.
    pub fn take(run: &Path, command: &str) -> Result<Self, RunError> {
        let run_found = canonical(run).map_err(RunError::cannot_write(run))?;
        let busy = |holder| RunError::Busy {
            path: run.to_owned(),
            holder,
        };
        let inside = run_found.join(SUFFIX);
        let beside = beside(&run_found);
        let mut lock = Self { held: Vec::new() };
        let mut try_one = |path: &Path, make: bool| -> Result<Option<io::Error>, RunError> {
            match attempt(path, make, command).map_err(RunError::cannot_write(path))? {
                Attempt::Held(held) => lock.held.push(held),
                Attempt::Absent(error) => return Ok(Some(error)),
                Attempt::Busy(holder) => return Err(busy(holder)),
            }
            Ok(None)
        };
        let refused = match &beside {
            Some(beside) => try_one(beside, true)?,
            None => Some(io::ErrorKind::Unsupported.into()),
        };
        match refused {
            None => {
                try_one(&inside, false)?;
            }
            // Both orders end in a look at the other file, so of two processes at least one sees the other.
            Some(error) if run_found.is_dir() => {
                tracing::debug!(
                    "{}: no lock file beside it ({error}), so it is inside",
                    run.display()
                );
                if let Some(error) = try_one(&inside, true)? {
                    return Err(RunError::cannot_write(&inside)(error));
                }
                if let Some(beside) = &beside {
                    try_one(beside, false)?;
                }
            }
            Some(error) => return Err(RunError::cannot_write(run)(error)),
        }
        Ok(lock)
    }
}

impl Drop for RunLock {
    /// The files go while they are still locked; whoever opened one before looks whether it is still there.
    fn drop(&mut self) {
        for held in self.held.drain(..).rev() {
            if cfg!(unix) && reach(Failpoint::LockRemove).is_ok() {
                // One that is left is taken over by the next.
                let _ = fs::remove_file(&held.path);
            }
            let _ = held.file.unlock();
        }
    }
}

/// Where a directory is, links followed; its last part need not exist.
fn canonical(run: &Path) -> io::Result<PathBuf> {
    match (run.canonicalize(), run.file_name()) {
        (Err(error), Some(name)) if error.kind() == io::ErrorKind::NotFound => {
            let folder = folder_of(run);
            create_folder(folder)?;
            Ok(folder.canonicalize()?.join(name))
        }
        (found, _) => found,
    }
}

/// Whether a file in a run directory is its lock.
pub(super) fn is_lock_file(name: &str) -> bool {
    name == SUFFIX
}

fn beside(run: &Path) -> Option<PathBuf> {
    let mut name = OsString::from(".");
    name.push(run.file_name()?);
    name.push(SUFFIX);
    Some(run.parent()?.join(name))
}

fn attempt(path: &Path, make: bool, command: &str) -> io::Result<Attempt> {
    for _ in 0..TRIES_MAX {
        let (mut file, may_write) = match open(path, make) {
            Ok(opened) => opened,
            Err(error) if is_refusal(&error) => return Ok(Attempt::Absent(error)),
            Err(error) => return Err(error),
        };
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                if is_still(&file, path) {
                    return Ok(Attempt::Busy(holder(&mut file)));
                }
                continue;
            }
            Err(TryLockError::Error(error)) => tracing::warn!(
                "{}: this file system has no locks ({error}), so nothing keeps another sagebrush from writing the same \
                 run now; see to it that none does",
                path.display()
            ),
        }
        // The one before may have removed the file between our opening and our locking it.
        if !is_still(&file, path) {
            continue;
        }
        if may_write {
            // The lock holds without the note, even on a full disk.
            let _ = note(&mut file, command);
        }
        let path = path.to_owned();
        return Ok(Attempt::Held(Held { file, path }));
    }
    Err(io::Error::other("its lock file is replaced all the time"))
}

/// Opens a lock file, and says whether it can be written.
fn open(path: &Path, make: bool) -> io::Result<(File, bool)> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(make).truncate(false);
    match options.open(path) {
        Ok(file) => Ok((file, true)),
        // Somebody else's, which is locked as well as our own.
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied && path.exists() => {
            Ok((File::open(path)?, false))
        }
        Err(error) => Err(error),
    }
}

/// Whether an error means that there can be no file at this place, where another place may do.
fn is_refusal(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::PermissionDenied
            | io::ErrorKind::ReadOnlyFilesystem
            | io::ErrorKind::InvalidFilename
            // What is locked may be a file.
            | io::ErrorKind::NotADirectory
    )
}

/// Whether an open file is the one that lies at a path now.
#[cfg(unix)]
pub(super) fn is_still(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    match (file.metadata(), fs::metadata(path)) {
        (Ok(ours), Ok(there)) => (ours.dev(), ours.ino()) == (there.dev(), there.ino()),
        _ => false,
    }
}

/// Lock files stay where they cannot be told apart.
#[cfg(not(unix))]
pub(super) fn is_still(_: &File, _: &Path) -> bool {
    true
}

fn note(file: &mut File, command: &str) -> io::Result<()> {
    reach(Failpoint::LockNote)?;
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    let holder = Holder {
        pid: std::process::id(),
        command: command.to_owned(),
        since: since.map_or(0, |since| since.as_secs()),
    };
    let mut line = serde_json::to_vec(&holder)?;
    line.push(b'\n');
    file.set_len(0)?;
    file.rewind()?;
    file.write_all(&line)
}

/// The holder of the lock; `None` where the note is not there yet.
fn holder(file: &mut File) -> Option<Holder> {
    let mut text = Vec::new();
    file.take(NOTE_BYTES_MAX).read_to_end(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> = entries
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn the_second_is_told_who_the_first_is() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("my-run");
        let lock = RunLock::take(&run, "evaluate").unwrap();
        assert_eq!(names(folder.path()), [".my-run.sagebrush-lock"]);
        let text = RunLock::take(&run, "train").unwrap_err().to_string();
        let pid = std::process::id();
        let begin = format!(
            "{} is being written by another sagebrush (evaluate, process {pid}, since ",
            run.display()
        );
        assert!(text.starts_with(&begin), "{text}");
        assert!(
            text.ends_with(" UTC); wait until it has ended, or stop it"),
            "{text}"
        );
        drop(lock);
        #[cfg(unix)]
        assert!(names(folder.path()).is_empty(), "nothing is left behind");
        RunLock::take(&run, "train").unwrap();
    }

    #[cfg(unix)]
    #[test]
    fn all_paths_to_a_run_share_its_lock() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        fs::create_dir_all(run.join("checkpoint")).unwrap();
        let link = folder.path().join("link");
        std::os::unix::fs::symlink(&run, &link).unwrap();
        let _lock = RunLock::take(&run, "train").unwrap();
        for path in [link, run.join("."), run.join("checkpoint/..")] {
            let refused = RunLock::take(&path, "train");
            assert!(matches!(refused, Err(RunError::Busy { .. })), "{path:?}");
        }
    }

    #[test]
    fn a_note_of_nonsense_is_no_obstacle() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        let note = folder.path().join(".run.sagebrush-lock");
        fs::write(&note, "{\"pid\": \"x").unwrap();
        let _lock = RunLock::take(&run, "train").unwrap();
        fs::write(&note, "").unwrap();
        let text = RunLock::take(&run, "train").unwrap_err().to_string();
        assert!(
            text.contains("is being written by another sagebrush; wait"),
            "{text}"
        );
    }

    #[test]
    fn a_lock_inside_the_run_counts_where_one_is_found() {
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        fs::create_dir(&run).unwrap();
        let inside = File::create(run.join(SUFFIX)).unwrap();
        inside.lock().unwrap();
        let refused = RunLock::take(&run, "train");
        assert!(matches!(refused, Err(RunError::Busy { .. })));
        drop(inside);
        RunLock::take(&run, "train").unwrap();
    }

    /// Eight threads, two hundred turns: there is never more than one at once, though the file comes and goes.
    #[test]
    fn a_removed_lock_file_never_lets_two_in() {
        use std::sync::atomic::{AtomicUsize, Ordering};
        let folder = tempfile::tempdir().unwrap();
        let run = folder.path().join("run");
        let (inside, turns) = (AtomicUsize::new(0), AtomicUsize::new(0));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    while turns.load(Ordering::SeqCst) < 200 {
                        let Ok(lock) = RunLock::take(&run, "test") else {
                            continue;
                        };
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        turns.fetch_add(1, Ordering::SeqCst);
                        inside.fetch_sub(1, Ordering::SeqCst);
                        drop(lock);
                    }
                });
            }
        });
    }
}
