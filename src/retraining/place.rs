//! The folder of runs with its link: `current` leads to the run that is served, and changes in one step.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::COMMAND;
use super::error::RetrainError;
use super::outcome::Verdict;
use crate::error::Result;
use crate::run::{RunDir, RunError, RunLock, add_line, resume_lines};

/// A link to the run that is served, which this process alone leads elsewhere.
#[derive(Debug)]
pub(super) struct Place {
    link: PathBuf,
    folder: PathBuf,
    /// The run that the link led to when it was locked.
    serving: PathBuf,
    _lock: RunLock,
}

/// A line of the record of what was published.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Published {
    /// `retrain` or `rollback`.
    pub(super) how: String,
    /// UTC.
    pub(super) time: String,
    /// The run that is served from then on, in the folder of the link.
    pub(super) run: String,
    /// The one before it.
    pub(super) before: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) verdict: Option<Verdict>,
}

impl Place {
    /// Locks a link, so that no two commands lead it elsewhere at once.
    ///
    /// # Errors
    /// What is no link to a run in its own folder; [`RunError::Busy`] where another command is at work.
    pub(super) fn lock(link: &Path) -> Result<Self> {
        // A slash behind a link would be the folder that it leads to.
        let bare: PathBuf = link.components().collect();
        let link = &*bare;
        if !link.exists() && !link.is_symlink() {
            // The usual words for a run that is not there.
            RunDir::of_any_state(link)?;
        }
        let no_link = || RetrainError::NoLink {
            path: link.to_owned(),
        };
        let name = link.file_name().ok_or_else(no_link)?;
        if !link.is_symlink() {
            return Err(no_link().into());
        }
        let parent = link
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        let parent = parent.unwrap_or(Path::new("."));
        let folder = parent.canonicalize().map_err(RunError::unreadable(link))?;
        let link = folder.join(name);
        let lock = RunLock::take(&work_folder(&link), COMMAND)?;
        let serving = link.canonicalize().map_err(RunError::unreadable(&link))?;
        if serving.parent() != Some(&*folder) {
            return Err(RetrainError::LeadsElsewhere { link, to: serving }.into());
        }
        RunDir::open(&serving)?;
        Ok(Self {
            link,
            folder,
            serving,
            _lock: lock,
        })
    }

    pub(super) fn link(&self) -> &Path {
        &self.link
    }

    /// The run that was served when the link was locked.
    pub(super) fn serving(&self) -> &Path {
        &self.serving
    }

    /// Its name in the folder.
    pub(super) fn serving_name(&self) -> String {
        name_of(&self.serving)
    }

    /// A run of the folder.
    pub(super) fn run(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where a retraining works: nothing in it counts before it is published.
    pub(super) fn work(&self) -> PathBuf {
        work_folder(&self.link)
    }

    /// The run that is compared with the serving one.
    pub(super) fn candidate(&self) -> PathBuf {
        self.work().join("candidate")
    }

    /// The same model trained on everything.
    pub(super) fn trained_on_everything(&self) -> PathBuf {
        self.work().join("new")
    }

    /// The kept interactions that a retraining began with.
    pub(super) fn interactions(&self) -> PathBuf {
        self.work().join("interactions.jsonl")
    }

    /// A name for a new run that none has: the time.
    pub(super) fn new_name(&self) -> String {
        let now = now();
        let mut names = (2..).map(|n| format!("{now}-{n}"));
        let mut name = now.clone();
        while self.run(&name).exists() {
            name = names.next().unwrap_or_default();
        }
        name
    }

    /// The interactions that a run of the folder was trained on beside its logs.
    pub(super) fn interactions_of(&self, run: &str) -> PathBuf {
        self.run(&format!("{run}.interactions.jsonl"))
    }

    /// Puts the new run into the folder and leads the link to it. Cut short once the run is there, the same call does the
    /// rest.
    pub(super) fn publish(&self, name: &str, verdict: &Verdict) -> Result<PathBuf> {
        let run = self.run(name);
        if !run.exists() {
            rename(&self.trained_on_everything(), &run)?;
        }
        if self.interactions().exists() {
            rename(&self.interactions(), &self.interactions_of(name))?;
        }
        // On record before it counts, so that there is always a way back.
        if !self.published()?.iter().any(|line| line.run == name) {
            self.add(COMMAND, name, Some(verdict))?;
        }
        self.lead_to(name)?;
        self.clean()?;
        Ok(run)
    }

    /// Keeps a candidate that is worse, in the place of the one before that was.
    pub(super) fn keep_aside(&self, name: &str, verdict: &Verdict) -> Result<PathBuf> {
        let aside = self.beside("aside");
        if aside.exists() {
            fs::remove_dir_all(&aside).map_err(RetrainError::cannot_write(&aside))?;
        }
        rename(&self.candidate(), &aside)?;
        let judged = serde_json::json!({"time": now(), "name": name, "verdict": verdict});
        add_line(&self.beside("refused.jsonl"), &judged)?;
        self.clean()?;
        Ok(aside)
    }

    /// Leads the link to a run of the folder, in one step.
    pub(super) fn lead_to(&self, name: &str) -> Result<()> {
        let next = self.beside("next");
        let lead = || {
            if next.is_symlink() {
                fs::remove_file(&next)?;
            }
            symlink(Path::new(name), &next)?;
            fs::rename(&next, &self.link)?;
            fs::File::open(&self.folder)?.sync_all()
        };
        Ok(lead().map_err(RetrainError::cannot_write(&self.link))?)
    }

    /// Writes down what is served from now on.
    pub(super) fn add(&self, how: &str, run: &str, verdict: Option<&Verdict>) -> Result<()> {
        let published = Published {
            how: how.to_owned(),
            time: now(),
            run: run.to_owned(),
            before: self.serving_name(),
            verdict: verdict.cloned(),
        };
        Ok(add_line(&self.record(), &published)?)
    }

    /// What was published, oldest first.
    pub(super) fn published(&self) -> Result<Vec<Published>> {
        let mut all = Vec::new();
        resume_lines(&self.record(), |line: Published| {
            all.push(line);
            Ok(())
        })?;
        Ok(all)
    }

    /// Removes all but the newest runs that were published, and never the one that is served now or the one before it.
    pub(super) fn remove_old(&self, keep: usize) -> Result<Vec<PathBuf>> {
        let published = self.published()?;
        let mut names: Vec<String> = Vec::new();
        for line in published.iter().rev().filter(|line| line.how == COMMAND) {
            if !names.contains(&line.run) {
                names.push(line.run.clone());
            }
        }
        let served = self.link.canonicalize().map(|run| name_of(&run));
        let stays = [served.unwrap_or_default(), self.serving_name()];
        let old = names.into_iter().skip(keep);
        let old = old.filter(|name| !stays.contains(name));
        let mut removed = Vec::new();
        for name in old {
            let run = self.run(&name);
            if run.is_dir() && RunDir::of_any_state(&run).is_ok() {
                fs::remove_dir_all(&run).map_err(RetrainError::cannot_write(&run))?;
                let _ = fs::remove_file(self.interactions_of(&name));
                removed.push(run);
            }
        }
        Ok(removed)
    }

    /// Removes what a retraining worked with.
    pub(super) fn clean(&self) -> Result<()> {
        let work = self.work();
        match fs::remove_dir_all(&work) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                Err(RetrainError::cannot_write(&work)(error).into())
            }
            _ => Ok(()),
        }
    }

    fn record(&self) -> PathBuf {
        self.beside("published.jsonl")
    }

    /// A file or folder beside the link: `current.NAME`.
    fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{}.{name}", name_of(&self.link)))
    }
}

fn work_folder(link: &Path) -> PathBuf {
    link.with_file_name(format!(".{}.sagebrush-{COMMAND}", name_of(link)))
}

pub(super) fn name_of(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default();
    name.to_string_lossy().into_owned()
}

/// The time as a name: `2026-11-30T02-15-00Z`.
fn now() -> String {
    chrono::DateTime::<chrono::Utc>::from(std::time::SystemTime::now())
        .format("%Y-%m-%dT%H-%M-%SZ")
        .to_string()
}

/// Moves a file or a folder to its place.
fn rename(from: &Path, to: &Path) -> Result<()> {
    Ok(fs::rename(from, to).map_err(RetrainError::cannot_write(to))?)
}

#[cfg(unix)]
fn symlink(to: &Path, at: &Path) -> std::io::Result<()> {
    std::os::unix::fs::symlink(to, at)
}

#[cfg(not(unix))]
fn symlink(to: &Path, at: &Path) -> std::io::Result<()> {
    std::os::windows::fs::symlink_dir(to, at)
}
