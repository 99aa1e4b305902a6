//! The checkpoints of a run on disk: the last two are kept, the newest whole one is loaded.

use std::fs;
use std::path::{Path, PathBuf};

use super::atomic::{remove_leftovers, write_atomically};
use super::{Checkpoint, RunError};
use crate::atomic_file::{remove_file, sync_folder};

/// How many checkpoints are kept: the newest, and one to fall back on.
pub const KEPT_CHECKPOINTS: usize = 2;
const PREFIX: &str = "epoch-";
const SUFFIX: &str = ".safetensors";

/// A checkpoint from disk.
#[derive(Debug)]
pub struct LoadedCheckpoint {
    /// The checkpoint.
    pub checkpoint: Checkpoint,
    /// The file it came from.
    pub path: PathBuf,
    /// One sentence for each newer checkpoint that was damaged and passed over.
    pub warnings: Vec<String>,
}

impl Checkpoint {
    /// Writes the checkpoint into a run's checkpoint directory, then removes all but the last two.
    /// Until the new file is whole and in place, no old one is touched.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`]; the earlier checkpoints are intact then.
    pub fn save(&self, directory: &Path) -> Result<PathBuf, RunError> {
        let path = directory.join(format!("{PREFIX}{:06}{SUFFIX}", self.epoch));
        write_atomically(&path, |out| self.write_to(out))?;
        // A later epoch than the one just written belongs to a past that was rewound.
        let earlier = found_in(directory)?
            .into_iter()
            .filter(|(epoch, _)| *epoch < self.epoch);
        let mut kept: Vec<PathBuf> = earlier.rev().map(|(_, path)| path).collect();
        kept.truncate(KEPT_CHECKPOINTS - 1);
        kept.push(path.clone());
        for (_, old) in found_in(directory)? {
            if !kept.contains(&old) {
                remove_file(&old).map_err(RunError::cannot_write(&old))?;
            }
        }
        sync_folder(directory).map_err(RunError::cannot_write(directory))?;
        Ok(path)
    }
}

/// Loads the newest whole checkpoint; a damaged one is passed over with a warning.
///
/// # Errors
/// [`RunError::Missing`] when there is none, [`RunError::Damaged`] naming all when none is whole.
pub fn load_latest(directory: &Path) -> Result<LoadedCheckpoint, RunError> {
    let mut warnings = Vec::new();
    for (_, path) in found_in(directory)?.into_iter().rev() {
        let bytes = fs::read(&path).map_err(RunError::unreadable(&path));
        match bytes.and_then(|bytes| Checkpoint::parse(&path, &bytes)) {
            Ok(checkpoint) => {
                return Ok(LoadedCheckpoint {
                    checkpoint,
                    path,
                    warnings,
                });
            }
            Err(error) => warnings.push(error.to_string()),
        }
    }
    let path = directory.to_owned();
    if warnings.is_empty() {
        let what = "there is no checkpoint to continue from".into();
        return Err(RunError::Missing {
            path,
            what,
            remedy: "train anew with `--overwrite`".into(),
        });
    }
    let what = format!("no checkpoint is whole ({})", warnings.join("; "));
    Err(RunError::Damaged {
        path,
        what,
        remedy: "train anew with `--overwrite`".into(),
    })
}

/// Removes all checkpoints, and what killed processes left of others.
pub(super) fn remove_all(directory: &Path) -> Result<(), RunError> {
    if !directory.is_dir() {
        return Ok(());
    }
    for (_, path) in found_in(directory)? {
        remove_file(&path).map_err(RunError::cannot_write(&path))?;
    }
    remove_leftovers(directory)?;
    Ok(())
}

/// The checkpoint files, by rising epoch.
fn found_in(directory: &Path) -> Result<Vec<(u32, PathBuf)>, RunError> {
    let mut found = Vec::new();
    if !directory.exists() {
        return Ok(found);
    }
    for entry in fs::read_dir(directory).map_err(RunError::unreadable(directory))? {
        let entry = entry.map_err(RunError::unreadable(directory))?;
        if let Some(epoch) = entry.file_name().to_str().and_then(epoch_of) {
            found.push((epoch, entry.path()));
        }
    }
    found.sort();
    Ok(found)
}

fn epoch_of(name: &str) -> Option<u32> {
    let digits = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::failure::{Fails, Failure};
    use crate::run::checkpoint::tests::sample;

    fn names(directory: &Path) -> Vec<String> {
        found_in(directory)
            .unwrap()
            .iter()
            .map(|(epoch, _)| epoch.to_string())
            .collect()
    }

    #[test]
    fn the_last_two_are_kept_and_the_newest_is_loaded() {
        let directory = tempfile::tempdir().unwrap();
        for epoch in [1, 2, 9, 10, 1_000_000] {
            sample(epoch).save(directory.path()).unwrap();
        }
        assert_eq!(names(directory.path()), ["10", "1000000"]);
        let loaded = load_latest(directory.path()).unwrap();
        assert_eq!(loaded.checkpoint.epoch, 1_000_000);
        assert!(loaded.warnings.is_empty());
        sample(10).save(directory.path()).unwrap();
        assert_eq!(names(directory.path()), ["10"]);
    }

    #[test]
    fn a_damaged_newest_one_falls_back_and_says_so() {
        let directory = tempfile::tempdir().unwrap();
        let old = sample(1).save(directory.path()).unwrap();
        let new = sample(2).save(directory.path()).unwrap();
        fs::write(&new, "").unwrap();
        let loaded = load_latest(directory.path()).unwrap();
        assert_eq!((loaded.checkpoint.epoch, &loaded.path), (1, &old));
        assert!(loaded.warnings[0].contains("epoch-000002.safetensors: damaged"));
        fs::write(&old, [0; 100]).unwrap();
        let error = load_latest(directory.path()).unwrap_err();
        let text = error.to_string();
        assert!(
            text.contains("epoch-000001") && text.contains("epoch-000002"),
            "{text}"
        );
        assert_eq!(error.failure(), Failure::BadData);
    }

    #[test]
    fn a_kill_while_writing_leaves_the_last_checkpoint_to_load() {
        let directory = tempfile::tempdir().unwrap();
        sample(1).save(directory.path()).unwrap();
        fs::write(directory.path().join(".sagebrush-abc.tmp"), [0; 64]).unwrap();
        let loaded = load_latest(directory.path()).unwrap();
        assert_eq!(loaded.checkpoint.epoch, 1);
        assert!(loaded.warnings.is_empty());
    }

    #[test]
    fn a_failed_write_leaves_the_old_checkpoints() {
        let directory = tempfile::tempdir().unwrap();
        sample(1).save(directory.path()).unwrap();
        let mut bad = sample(2);
        bad.parameters
            .values_mut()
            .for_each(|tensor| tensor.shape = vec![99]);
        assert_eq!(
            bad.save(directory.path()).unwrap_err().failure(),
            Failure::CannotWrite
        );
        assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
        assert_eq!(load_latest(directory.path()).unwrap().checkpoint.epoch, 1);
        let file = directory.path().join("file");
        fs::write(&file, "").unwrap();
        assert_eq!(
            sample(2).save(&file).unwrap_err().failure(),
            Failure::CannotWrite
        );
    }

    #[test]
    fn no_checkpoint_is_a_missing_input() {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join("epoch-x.safetensors"), "").unwrap();
        assert_eq!(
            load_latest(directory.path()).unwrap_err().failure(),
            Failure::InputMissing
        );
        let absent = directory.path().join("absent");
        assert_eq!(
            load_latest(&absent).unwrap_err().failure(),
            Failure::InputMissing
        );
    }
}
