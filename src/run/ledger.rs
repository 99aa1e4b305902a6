//! The ledger of this machine: which test parts were measured, when, and for which runs.
//!
//! A test part that many runs were measured on has been chosen on, whatever each run says for itself.

use std::collections::BTreeSet;
use std::fs::{File, TryLockError};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::lines;
use super::openings::Opening;
use crate::atomic_file::{create_folder, folder_of};
use crate::data::{IdMap, ItemLists};

const NAME: &str = "openings.jsonl";
/// How long to wait for others, who hold the lock for one line.
const PATIENCE: Duration = Duration::from_secs(2);

/// A file of openings, of all runs of a user on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ledger {
    path: PathBuf,
}

/// A line of the ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    split: String,
    run: PathBuf,
    date: String,
    unix_seconds: u64,
    ks: Vec<usize>,
}

/// How often a test part was measured on this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Measured {
    /// Openings.
    pub times: usize,
    /// Run directories they were of.
    pub runs: usize,
}

impl Ledger {
    /// The ledger at a path, which need not exist yet.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// The user's: `$XDG_STATE_HOME/sagebrush/openings.jsonl`, or else `~/.local/state/sagebrush/openings.jsonl`.
    /// `None` where there is no home.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        // A relative path in the variable is to be ignored, by the specification of XDG.
        let state = std::env::var_os("XDG_STATE_HOME").map(PathBuf::from);
        let state = state.filter(|path| path.is_absolute()).or_else(|| {
            let home = std::env::home_dir().filter(|home| home.is_absolute())?;
            Some(home.join(".local/state"))
        })?;
        Some(Self::at(state.join("sagebrush").join(NAME)))
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds an opening of a run, and says how often its test part was measured, this time included.
    ///
    /// # Errors
    /// The ledger cannot be read or written. It says something, and nothing hangs on it: a caller warns.
    pub fn add(&self, run: &Path, opening: &Opening) -> io::Result<Measured> {
        let line = Line {
            split: opening.split.clone().unwrap_or_default(),
            run: run.canonicalize()?,
            date: opening.date.clone(),
            unix_seconds: opening.unix_seconds,
            ks: opening.ks.clone(),
        };
        create_folder(folder_of(&self.path))?;
        let mut options = File::options();
        let mut file = options
            .read(true)
            .append(true)
            .create(true)
            .open(&self.path)?;
        lock(&file)?;
        let mut text = Vec::new();
        file.read_to_end(&mut text)?;
        let mut written = lines::to_line(&line)?;
        if lines::is_torn(&text) {
            // The torn line stays, and makes no sense to any reader.
            written.insert(0, b'\n');
        }
        lines::append_and_sync(&mut file, &written)?;
        text.extend(&written);
        Ok(count(&text, &line.split))
    }
}

/// Waits for its turn, but not for ever.
fn lock(file: &File) -> io::Result<()> {
    let started = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if started.elapsed() < PATIENCE => {
                std::thread::sleep(Duration::from_millis(5));
            }
            Err(error) => return Err(error.into()),
        }
    }
}

fn count(text: &[u8], split: &str) -> Measured {
    let of_split: Vec<Line> = text
        .split(|&byte| byte == b'\n')
        .filter_map(|line| serde_json::from_slice(line).ok())
        .filter(|line: &Line| line.split == split)
        .collect();
    let runs: BTreeSet<&Path> = of_split.iter().map(|line| line.run.as_path()).collect();
    Measured {
        times: of_split.len(),
        runs: runs.len(),
    }
}

/// BLAKE3 of a test part's content, in hexadecimal: of the pairs of keys, in an order that depends on nothing else.
#[must_use]
pub fn hash_of_split(users: &IdMap, items: &IdMap, test: &ItemLists) -> String {
    let mut by_key: Vec<u32> = (0..test.n_users() as u32)
        .filter(|&user| !test.of(user).is_empty())
        .collect();
    by_key.sort_unstable_by_key(|&user| users.key(user));
    let mut hasher = blake3::Hasher::new();
    let add = |hasher: &mut blake3::Hasher, key: &str| {
        hasher.update(&(key.len() as u64).to_le_bytes());
        hasher.update(key.as_bytes());
    };
    for user in by_key {
        let mut of_user: Vec<&str> = test.of(user).iter().map(|&item| items.key(item)).collect();
        of_user.sort_unstable();
        add(&mut hasher, users.key(user));
        of_user.into_iter().for_each(|key| add(&mut hasher, key));
        // No key has this length, so a user's list has an end.
        hasher.update(&u64::MAX.to_le_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    fn lines_in(path: &Path) -> usize {
        fs::read_to_string(path).unwrap().lines().count()
    }

    fn opening(split: &str) -> Opening {
        Opening::now(vec![20, 5, 20], split.to_owned())
    }

    #[test]
    fn a_test_part_is_counted_by_openings_and_by_runs() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(folder.path().join("deep/state/openings.jsonl"));
        let run = |name: &str| {
            let path = folder.path().join(name);
            fs::create_dir_all(&path).unwrap();
            path
        };
        let counted = |name, split| {
            let measured = ledger.add(&run(name), &opening(split)).unwrap();
            (measured.times, measured.runs)
        };
        assert_eq!(counted("a", "s"), (1, 1));
        assert_eq!(counted("a", "s"), (2, 1));
        assert_eq!(counted("b", "s"), (3, 2));
        assert_eq!(counted("c", "t"), (1, 1));
        fs::write(ledger.path(), &fs::read(ledger.path()).unwrap()[..40]).unwrap();
        assert_eq!(counted("b", "s"), (1, 1), "after a line that was torn");
        assert_eq!(lines_in(ledger.path()), 2);
    }

    #[test]
    fn a_ledger_that_cannot_be_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        let ledger = Ledger::at(file.join("openings.jsonl"));
        assert!(ledger.add(folder.path(), &opening("s")).is_err());
    }

    #[test]
    fn many_at_once_lose_no_line() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::at(folder.path().join("openings.jsonl"));
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        ledger.add(folder.path(), &opening("s")).unwrap();
                    }
                });
            }
        });
        assert_eq!(lines_in(ledger.path()), 160);
    }

    #[test]
    fn the_hash_is_of_keys_and_not_of_their_order() {
        let keys =
            |keys: [&str; 2]| IdMap::from_ordered_keys(keys.map(Box::from).to_vec()).unwrap();
        let hash = |users, items, pairs: &[(u32, u32)]| {
            let test = ItemLists::from_pairs(2, pairs.iter().copied());
            hash_of_split(&keys(users), &keys(items), &test)
        };
        let one = hash(["u", "v"], ["i", "j"], &[(0, 0), (1, 0), (1, 1)]);
        let same = hash(["v", "u"], ["j", "i"], &[(1, 1), (0, 1), (0, 0)]);
        assert_eq!(one, same);
        let other = hash(["u", "v"], ["i", "j"], &[(0, 0), (1, 0)]);
        let moved = hash(["u", "v"], ["i", "j"], &[(0, 0), (0, 1), (1, 0)]);
        assert!(one != other && one != moved && other != moved);
    }
}
