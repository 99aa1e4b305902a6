//! Puts a whole run in the place of another in one step, so that a kill at any moment leaves one of the two.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::{LockedRun, Replace, RunError, RunWriter};
use crate::atomic_file::{folder_of, sync_folder};

/// A run that is written beside the one it is to take the place of.
#[derive(Debug)]
pub struct RunBeside {
    aside: PathBuf,
    place: PathBuf,
}

impl RunBeside {
    /// Begins a run beside `place`, for `command`. What an earlier attempt left there is removed.
    ///
    /// # Errors
    /// As [`LockedRun::to_create`] and [`LockedRun::begin`].
    pub fn begin(place: &Path, command: &'static str) -> Result<(Self, RunWriter), RunError> {
        // Links and dots resolved, for the folder itself is exchanged.
        let place = fs::canonicalize(place).map_err(RunError::unreadable(place))?;
        let name = place.file_name().map(|name| name.to_string_lossy());
        let name = format!(".{}.sagebrush-{command}", name.unwrap_or_default());
        let aside = folder_of(&place).join(name);
        let writer = LockedRun::to_create(&aside, Replace::Any, command)?.begin()?;
        Ok((Self { aside, place }, writer))
    }

    /// Exchanges the two folders, and removes the one that was replaced. The lock of the place must be held, and the
    /// writer of the new run be gone.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`]; the old run is in its place then.
    pub fn take_its_place(self) -> Result<(), RunError> {
        let Self { aside, place } = &self;
        exchange(aside, place).map_err(RunError::cannot_write(place))?;
        sync_folder(folder_of(place)).map_err(RunError::cannot_write(place))?;
        fs::remove_dir_all(aside).map_err(RunError::cannot_write(aside))
    }
}

/// In one step of the system.
#[cfg(any(target_os = "linux", target_os = "macos"))]
fn exchange(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

/// There is no such step: the caller is told to write elsewhere.
#[cfg(not(any(target_os = "linux", target_os = "macos")))]
fn exchange(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::Error::new(
        io::ErrorKind::Unsupported,
        "this system cannot exchange two folders in one step; use `--out NEW`",
    ))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[cfg(any(target_os = "linux", target_os = "macos"))]
    #[test]
    fn folders_change_places_and_nothing_is_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let place = folder.path().join("run");
        drop(RunWriter::create(&place, Replace::Nothing, "train").unwrap());
        fs::write(place.join("config.toml"), "old").unwrap();
        let (beside, mut writer) = RunBeside::begin(&place, "refresh").unwrap();
        writer.write_config("new").unwrap();
        drop(writer);
        assert_eq!(
            fs::read_to_string(place.join("config.toml")).unwrap(),
            "old"
        );
        beside.take_its_place().unwrap();
        assert_eq!(
            fs::read_to_string(place.join("config.toml")).unwrap(),
            "new"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        // What a killed attempt left is no obstacle.
        let (_, writer) = RunBeside::begin(&place, "refresh").unwrap();
        drop(writer);
        let (beside, _) = RunBeside::begin(&place, "refresh").unwrap();
        beside.take_its_place().unwrap();
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
