//! Takes forgotten users and withdrawn items out of a finished run, and out of what a service keeps beside it.
//!
//! First the keys are put on the list beside the run; then the files are written without them, each in one step. So a kill
//! leaves nothing half done that the same call does not finish.

mod keep;
mod write;

use std::collections::HashSet;
use std::path::Path;
use std::time::{Duration, Instant};

use super::open_run::{OpenRun, Seen};
use crate::data::{Forgotten, iso_date};
use crate::error::{Result, Usage};
use crate::numbers::counted;
use crate::observer::{Observer, remark};
use crate::run::{
    Beside, ForgottenNote, KeptLine, LockedRun, RunBeside, RunError, RunLock, add_forgotten,
    beside, copies_beside, drop_lines, forgotten_beside, has_line,
};
use keep::Keep;

const COMMAND: &str = "forget";
/// How long a service that keeps a file is waited for to take lines out of it.
const PATIENCE: Duration = Duration::from_secs(10);
/// How long to wait until the next look.
const PAUSE: Duration = Duration::from_millis(100);

/// What was taken out.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Forgot {
    /// Users of the run.
    pub(crate) users: usize,
    /// Items of the run.
    pub(crate) items: usize,
    /// Pairs of a user and an item of the run.
    pub(crate) interactions: usize,
    /// Interactions and new items that a service kept.
    pub(crate) kept: usize,
    /// Of the keys that were given, those that the run does not know.
    pub(crate) unknown: Vec<String>,
}

/// Puts keys on the list beside a run, and takes out all that are on it. Without keys, those on the list.
///
/// # Errors
/// A run that is missing, unfinished or written by another process; a service that keeps interactions of a forgotten user
/// and does not take them out; a run of which nothing would be left.
pub(crate) fn forget(
    observer: &dyn Observer,
    path: &Path,
    users: &[String],
    items: &[String],
) -> Result<Forgot> {
    let lock = LockedRun::to_resume(path, COMMAND)?;
    let run = OpenRun::open(path, Seen::Everything)?;
    let known = (run.recommender.users(), run.recommender.items());
    let unknown_users = users.iter().filter(|key| known.0.id(key).is_none());
    let unknown_items = items.iter().filter(|key| known.1.id(key).is_none());
    let unknown: Vec<String> = unknown_users.chain(unknown_items).cloned().collect();
    let list_path = beside(path, Beside::Forgotten);
    let list = match users.is_empty() && items.is_empty() {
        true => forgotten_beside(path)?,
        false => {
            let [gone_users, gone_items] =
                [users, items].map(|keys| keys.iter().map(String::as_str).collect::<HashSet<_>>());
            let keep = Keep::new(
                &run,
                |key| gone_users.contains(key),
                |key| gone_items.contains(key),
            );
            keep.check(path)?;
            add_forgotten(&list_path, users, items, COMMAND)?
        }
    };
    let mut forgot = purge(path, run, &list)?;
    drop(lock);
    forgot.unknown = unknown;
    for kept in [Beside::Interactions, Beside::Items] {
        forgot.kept += drop_kept(observer, &beside(path, kept), &list)?;
    }
    Ok(forgot)
}

/// Takes out of a run what is on the list beside it; `None` where the run holds nothing of it. The lock of the run is held.
///
/// # Errors
/// As [`forget`].
pub(super) fn purge_listed(path: &Path) -> Result<Option<Forgot>> {
    let list = forgotten_beside(path)?;
    if list.is_empty() {
        return Ok(None);
    }
    let forgot = purge(path, OpenRun::open(path, Seen::Everything)?, &list)?;
    Ok((forgot != Forgot::default()).then_some(forgot))
}

/// Refuses a run that holds what is on the list beside it.
///
/// # Errors
/// It does.
pub(crate) fn refuse_listed(path: &Path) -> Result<()> {
    let list = forgotten_beside(path)?;
    if list.is_empty() {
        return Ok(());
    }
    let dir = crate::run::RunDir::open(path)?;
    let (users, items) = (dir.users()?, dir.items()?);
    let n_users = users.keys().iter().filter(|key| list.has_user(key)).count();
    let n_items = items.keys().iter().filter(|key| list.has_item(key)).count();
    match n_users + n_items {
        0 => Ok(()),
        _ => Err(Usage(format!(
            "{0}: it still holds {1} and {2} that are on {3}: take them out first with `sagebrush forget --run {0}`",
            path.display(),
            counted(n_users, "user"),
            counted(n_items, "item"),
            beside(path, Beside::Forgotten).display(),
        ))
        .into()),
    }
}

/// Writes the run without what is on the list, in one step, and removes what killed commands left beside it.
fn purge(path: &Path, run: OpenRun, list: &Forgotten) -> Result<Forgot> {
    for copy in copies_beside(path)? {
        std::fs::remove_dir_all(&copy).map_err(RunError::cannot_write(&copy))?;
    }
    let keep = Keep::new(&run, |key| list.has_user(key), |key| list.has_item(key));
    let (n_users, n_items) = (keep.n_gone_users(), keep.n_gone_items());
    if n_users + n_items == 0 {
        return Ok(Forgot::default());
    }
    keep.check(path)?;
    let before = run.dir.forgotten()?.unwrap_or_default();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let note = ForgottenNote {
        users: before.users + n_users,
        items: before.items + n_items,
        date: iso_date(now.map_or(0, |now| now.as_secs()) as i64),
    };
    let seen = run.recommender.seen();
    let forgot = Forgot {
        users: n_users,
        items: n_items,
        interactions: seen.n_pairs() - keep.lists(seen).n_pairs(),
        ..Forgot::default()
    };
    let (beside, mut writer) = RunBeside::begin(path, COMMAND)?;
    write::write(&run, &keep, &note, &mut writer)?;
    drop(writer);
    beside.take_its_place()?;
    Ok(forgot)
}

/// Takes the lines of what is on the list out of a file that a service keeps. A service that has it open does so itself.
fn drop_kept(observer: &dyn Observer, path: &Path, list: &Forgotten) -> Result<usize> {
    let goes = |line: &KeptLine| line.is_on(list);
    let began = Instant::now();
    let mut is_told = false;
    while has_line(path, goes)? {
        match RunLock::take(path, COMMAND) {
            Ok(_lock) => return Ok(drop_lines(path, goes)?),
            Err(RunError::Busy { .. }) if began.elapsed() < PATIENCE => {
                if !std::mem::replace(&mut is_told, true) {
                    remark(
                        observer,
                        &format!("waiting for the service that keeps {}", path.display()),
                    );
                }
                std::thread::sleep(PAUSE);
            }
            Err(busy) => {
                return Err(crate::error::Error::from(busy).context(
                    "the run is done, but not what a service keeps: send it SIGHUP, or stop it, and give the command again",
                ));
            }
        }
    }
    Ok(0)
}
