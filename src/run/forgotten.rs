//! `RUN.forgotten.jsonl`, the list of forgotten keys beside a run: read, and added to under a lock of its own.
//!
//! It is there before anything is taken out, so that what a kill leaves undone is done by whoever comes next.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::Deserialize;

use super::line_file::LineFile;
use super::{Beside, RunError, RunLock, beside, lines, write_atomically};
use crate::data::{Forgotten, ForgottenError, ForgottenLine};

/// How long another process is waited for that adds to the list.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait until the next try.
const PAUSE: Duration = Duration::from_millis(20);

/// What a line of `RUN.interactions.jsonl` or `RUN.items.jsonl` is about.
#[derive(Debug, Deserialize)]
pub(crate) struct KeptLine {
    user_id: Option<String>,
    item_id: Option<String>,
}

impl KeptLine {
    /// Whether it is of a forgotten user, or about a withdrawn item.
    pub(crate) fn is_on(&self, list: &Forgotten) -> bool {
        self.user_id.as_ref().is_some_and(|key| list.has_user(key))
            || self.item_id.as_ref().is_some_and(|key| list.has_item(key))
    }
}

/// The file of the list beside a run, where there is one.
pub(crate) fn list_beside(run: &Path) -> Option<PathBuf> {
    Some(beside(run, Beside::Forgotten)).filter(|list| list.exists())
}

/// The list beside a run; empty where there is none.
///
/// # Errors
/// A list that cannot be read.
pub(crate) fn forgotten_beside(run: &Path) -> Result<Forgotten, ForgottenError> {
    match list_beside(run) {
        Some(path) => Forgotten::read(&path),
        None => Ok(Forgotten::default()),
    }
}

/// Gives a run that is made of another one the list of that one, where it has none of its own.
///
/// # Errors
/// A list that cannot be read or written.
pub(crate) fn carry_forgotten(from: &Path, to: &Path) -> Result<(), RunError> {
    let [from, to] = [from, to].map(|run| beside(run, Beside::Forgotten));
    if !from.exists() || to.exists() {
        return Ok(());
    }
    let list = std::fs::read(&from).map_err(RunError::unreadable(&from))?;
    write_atomically(&to, |out| out.write_all(&list)).map(|_| ())
}

/// Puts keys on a list, which is made where there is none, and returns it. They are on disk then.
///
/// # Errors
/// A list that cannot be read or written.
pub(crate) fn add_forgotten(
    path: &Path,
    users: &[String],
    items: &[String],
    command: &'static str,
) -> Result<Forgotten, RunError> {
    let _lock = lock(path, command)?;
    let (mut list, mut wrong) = (Forgotten::default(), None);
    let mut n_lines = 0;
    let mut file = LineFile::open(path, |line: ForgottenLine| {
        n_lines += 1;
        if let Err(what) = list.take(line) {
            wrong.get_or_insert(format!("line {n_lines}: {what}"));
        }
    })?;
    if let Some(what) = wrong {
        return Err(RunError::damaged(path, what));
    }
    let mut salt = [0; 32];
    getrandom::fill(&mut salt)
        .map_err(|error| RunError::cannot_write(path)(std::io::Error::other(error.to_string())))?;
    let added = list.lines_for(users, items, salt);
    let mut text = Vec::new();
    for line in &added {
        text.extend(lines::to_line(line).map_err(RunError::cannot_write(path))?);
    }
    if !text.is_empty() {
        file.append(&text)?;
    }
    for line in added {
        // Of our own making: it is in order.
        let _ = list.take(line);
    }
    Ok(list)
}

/// The lock of a list, which others hold for a moment only.
fn lock(path: &Path, command: &str) -> Result<RunLock, RunError> {
    let began = Instant::now();
    loop {
        match RunLock::take(path, command) {
            Err(RunError::Busy { .. }) if began.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            taken => return taken,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_list_grows_and_a_torn_line_is_cut_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("run.forgotten.jsonl");
        let owned = |keys: &[&str]| keys.iter().map(|&key| key.to_owned()).collect::<Vec<_>>();
        add_forgotten(&path, &owned(&["ann"]), &[], "forget").unwrap();
        let mut text = std::fs::read(&path).unwrap();
        text.extend(b"{\"item\":\"to");
        std::fs::write(&path, text).unwrap();
        let list = add_forgotten(&path, &owned(&["ann", "bob"]), &owned(&["x"]), "forget").unwrap();
        assert_eq!(Forgotten::read(&path).unwrap(), list);
        assert_eq!((list.n_users(), list.n_items()), (2, 1));
        let text = std::fs::read_to_string(&path).unwrap();
        assert_eq!(text.lines().count(), 4);
        assert!(!text.contains("ann") && !text.contains("bob"));
        // Another list has another salt: the same users have other hashes.
        let other = folder.path().join("other.forgotten.jsonl");
        add_forgotten(&other, &owned(&["ann"]), &[], "forget").unwrap();
        let other = std::fs::read_to_string(&other).unwrap();
        assert!(other.lines().all(|line| !text.contains(line)));
        assert!(
            forgotten_beside(&folder.path().join("run"))
                .unwrap()
                .has_user("bob")
        );
        assert!(
            forgotten_beside(&folder.path().join("none"))
                .unwrap()
                .is_empty()
        );
    }
}
