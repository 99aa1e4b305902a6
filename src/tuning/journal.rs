//! The journal of a search on disk: what it searches, and one line a result.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use toml::Value;

use super::{Drawn, Standing};
use crate::config;
use crate::data::{HashedFile, SourceFile};
use crate::run::{
    RunError, RunLock, add_line, check_writable, folder_now, remove_leftovers, resume_lines,
    write_atomically,
};

const COMMAND: &str = "tune";
const HEAD: &str = "search.json";
const LINES: &str = "trials.jsonl";
const TRIALS: &str = "trials";
const FORMAT_VERSION: u32 = 1;
/// The files of a search, beside its folder of trials.
const FOUND: [&str; 3] = [LINES, "best.toml", "search.html"];

/// What a search looks for, and on what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Search {
    format_version: u32,
    /// The settings all trials share, as far as they were given.
    pub settings: String,
    /// What varies, as `--vary` takes it.
    pub vary: Vec<String>,
    /// Trials at most.
    pub trials: Option<usize>,
    /// The files searched on.
    pub sources: Vec<SourceFile>,
    /// The files of items' vectors; searches of before did not record them.
    #[serde(default)]
    pub vectors: Option<Vec<HashedFile>>,
    /// The folder that relative paths in the settings are from, where its path is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

impl Search {
    /// A search of this version of the program.
    #[must_use]
    pub fn new(
        settings: String,
        vary: Vec<String>,
        trials: Option<usize>,
        sources: Vec<SourceFile>,
        vectors: Option<Vec<HashedFile>>,
    ) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            settings,
            vary,
            trials,
            sources,
            vectors,
            folder: folder_now(),
        }
    }
}

/// A result: a trial has come to a rung, or failed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TrialRecord {
    /// Which, from 0.
    pub trial: usize,
    /// Its own settings.
    pub settings: BTreeMap<String, Value>,
    /// Epochs trained.
    pub epochs: u32,
    /// The best validation figure so far; nothing where it failed.
    pub value: Option<f64>,
    /// The epoch that is from.
    pub best_epoch: u32,
    /// Seconds of training so far, those of an earlier rung included.
    pub seconds: f64,
    /// Whether it goes no further.
    pub is_over: bool,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// A trial and all its results, by rung.
#[derive(Debug, Clone, Default)]
pub struct Trial {
    /// The results; none is possible only before the first.
    pub records: Vec<TrialRecord>,
}

impl Trial {
    /// How it stands.
    #[must_use]
    pub fn standing(&self) -> Standing {
        Standing {
            values: self.records.iter().filter_map(|r| r.value).collect(),
            is_over: self.records.last().is_some_and(|r| r.is_over),
        }
    }

    /// The last result.
    #[must_use]
    pub fn last(&self) -> Option<&TrialRecord> {
        self.records.last()
    }
}

/// A search directory, which this process alone writes.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    search: Search,
    trials: Vec<Trial>,
    /// Held for as long as there is a journal.
    _lock: RunLock,
}

/// A place for a search that this process alone may write, and has not changed yet.
#[derive(Debug)]
pub struct Reserved {
    path: PathBuf,
    lock: RunLock,
}

impl Reserved {
    /// Makes the search; one that it replaces is removed.
    ///
    /// # Errors
    /// It cannot be written, or another process writes one of the trials it replaces.
    pub fn begin(self, search: Search) -> Result<Journal, RunError> {
        let Self { path, lock } = self;
        fs::create_dir_all(&path).map_err(RunError::cannot_write(&path))?;
        remove_leftovers(&path)?;
        let journal = Journal {
            path,
            search,
            trials: Vec::new(),
            _lock: lock,
        };
        journal.remove_old()?;
        journal.write_head()?;
        Ok(journal)
    }
}

impl Journal {
    /// Takes a place for a new one.
    ///
    /// # Errors
    /// There is a search already and `overwrite` is false, or there is something else; another process writes there.
    pub fn reserve(path: &Path, overwrite: bool) -> Result<Reserved, RunError> {
        let lock = RunLock::take(path, COMMAND)?;
        let is_search = path.join(HEAD).is_file();
        if is_empty(path)? || (is_search && overwrite) {
            check_writable(path)?;
            let path = path.to_owned();
            return Ok(Reserved { path, lock });
        }
        let (what, remedy) = match is_search {
            true => (
                "there is a search already",
                "choose another directory, resume it with `--resume`, or replace it with `--overwrite`",
            ),
            false => (
                "is not empty and not a search, so nothing is written over it",
                "choose another directory",
            ),
        };
        Err(RunError::Occupied {
            path: path.to_owned(),
            what: what.into(),
            remedy: remedy.into(),
        })
    }

    /// Makes a new one.
    ///
    /// # Errors
    /// As [`reserve`](Self::reserve) and [`begin`](Reserved::begin).
    pub fn create(path: &Path, search: Search, overwrite: bool) -> Result<Self, RunError> {
        Self::reserve(path, overwrite)?.begin(search)
    }

    /// Opens one to resume. A last line that a crash tore is dropped.
    ///
    /// # Errors
    /// There is none, or it is damaged.
    pub fn open(path: &Path) -> Result<Self, RunError> {
        let head = path.join(HEAD);
        let missing = || RunError::Missing {
            path: path.to_owned(),
            what: "there is no search (no search.json)".into(),
            remedy: "give the directory that `sagebrush tune --out` wrote".into(),
        };
        if !head.is_file() {
            return Err(missing());
        }
        let lock = RunLock::take(path, COMMAND)?;
        let text = fs::read(&head).map_err(|_| missing())?;
        let damaged = |error: serde_json::Error| RunError::damaged(&head, error.to_string());
        let Preamble { format_version } = serde_json::from_slice(&text).map_err(damaged)?;
        if format_version != FORMAT_VERSION {
            return Err(RunError::UnknownVersion {
                path: head,
                found: format_version.into(),
                known: FORMAT_VERSION.into(),
            });
        }
        let mut search: Search = serde_json::from_slice(&text).map_err(damaged)?;
        search.settings = config::with_draw_of_before(&search.settings)
            .map_err(|error| RunError::damaged(&head, error.to_string()))?;
        let mut journal = Self {
            path: path.to_owned(),
            search,
            trials: Vec::new(),
            _lock: lock,
        };
        remove_leftovers(path)?;
        journal.read_lines()?;
        Ok(journal)
    }

    /// What is searched.
    #[must_use]
    pub fn search(&self) -> &Search {
        &self.search
    }

    /// All trials, in the order they began.
    #[must_use]
    pub fn trials(&self) -> &[Trial] {
        &self.trials
    }

    /// Sets how many trials there are to be.
    ///
    /// # Errors
    /// It cannot be written.
    pub fn set_budget(&mut self, trials: Option<usize>) -> Result<(), RunError> {
        self.search.trials = trials;
        self.write_head()
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A file of the search.
    #[must_use]
    pub fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The run directory of a trial.
    #[must_use]
    pub fn run_of(&self, trial: usize) -> PathBuf {
        self.path.join(TRIALS).join(format!("{trial:04}"))
    }

    /// Adds a result, on disk first.
    ///
    /// # Errors
    /// It cannot be written; the results before are whole.
    pub fn add(&mut self, record: TrialRecord) -> Result<(), RunError> {
        add_line(&self.path.join(LINES), &record)?;
        self.put(record);
        Ok(())
    }

    fn put(&mut self, record: TrialRecord) {
        if record.trial >= self.trials.len() {
            self.trials.resize_with(record.trial + 1, Trial::default);
        }
        self.trials[record.trial].records.push(record);
    }

    fn write_head(&self) -> Result<(), RunError> {
        write_atomically(&self.path.join(HEAD), |out| {
            serde_json::to_writer_pretty(out, &self.search)?;
            Ok(())
        })?;
        Ok(())
    }

    fn read_lines(&mut self) -> Result<(), RunError> {
        resume_lines(&self.path.join(LINES), |mut record: TrialRecord| {
            record.settings = by_current_name(record.settings);
            // Trials begin in their order.
            if record.trial > self.trials.len() {
                return Err(format!("trial {} comes too early", record.trial));
            }
            self.put(record);
            Ok(())
        })
    }

    /// The old head stays until the new one takes its place: cut short, it is a search still.
    fn remove_old(&self) -> Result<(), RunError> {
        let paths = FOUND.map(|name| self.path.join(name));
        for path in paths.iter().filter(|path| path.exists()) {
            fs::remove_file(path).map_err(RunError::cannot_write(path))?;
        }
        let trials = self.path.join(TRIALS);
        if !trials.exists() {
            return Ok(());
        }
        for entry in fs::read_dir(&trials).map_err(RunError::unreadable(&trials))? {
            let trial = entry.map_err(RunError::unreadable(&trials))?.path();
            if trial.is_dir() {
                // Somebody may be training in it.
                let _lock = RunLock::take(&trial, COMMAND)?;
                fs::remove_dir_all(&trial).map_err(RunError::cannot_write(&trial))?;
            }
        }
        Ok(())
    }
}

/// What every version of the head states.
#[derive(Deserialize)]
struct Preamble {
    format_version: u32,
}

/// Whether nothing is there, or no more than a killed process leaves.
fn is_empty(path: &Path) -> Result<bool, RunError> {
    if path.is_dir() {
        remove_leftovers(path)?;
    }
    match fs::read_dir(path) {
        Ok(mut entries) => Ok(entries.next().is_none()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(RunError::cannot_write(path)(error)),
    }
}

/// Settings by the names they have now: a record may be older than one.
fn by_current_name(settings: BTreeMap<String, Value>) -> BTreeMap<String, Value> {
    let named = |(key, value): (String, Value)| match config::current_key(&key) {
        Some(current) => (current.to_owned(), value),
        None => (key, value),
    };
    settings.into_iter().map(named).collect()
}

/// Drawn settings by name.
#[must_use]
pub fn by_name(drawn: &Drawn) -> BTreeMap<String, Value> {
    let named = |(key, value): &(&str, Value)| ((*key).to_owned(), value.clone());
    drawn.iter().map(named).collect()
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn record(trial: usize, value: f64) -> TrialRecord {
        TrialRecord {
            trial,
            settings: BTreeMap::from([("loss.l2".to_owned(), Value::Float(1e-3))]),
            epochs: 3,
            value: Some(value),
            best_epoch: 2,
            seconds: 1.5,
            is_over: false,
            error: None,
        }
    }

    fn search() -> Search {
        Search::new(
            "seed = 1\n".into(),
            vec!["loss.l2=0.1,0.2".into()],
            None,
            Vec::new(),
            None,
        )
    }

    #[test]
    fn a_search_comes_back_and_a_torn_line_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("search");
        let mut journal = Journal::create(&path, search(), false).unwrap();
        journal.set_budget(Some(9)).unwrap();
        for (trial, value) in [(0, 0.1), (1, 0.2), (0, 0.15)] {
            journal.add(record(trial, value)).unwrap();
        }
        drop(journal);
        let lines = path.join(LINES);
        let whole = fs::read(&lines).unwrap();
        fs::write(&lines, &whole[..whole.len() - 7]).unwrap();
        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(journal.search().trials, Some(9));
        assert_eq!(journal.trials()[0].standing().values, [0.1]);
        journal.add(record(0, 0.15)).unwrap();
        assert_eq!(fs::read(&lines).unwrap(), whole);
        drop(journal);
        let again = Journal::open(&path).unwrap();
        assert_eq!(again.trials()[0].records, [record(0, 0.1), record(0, 0.15)]);
        assert_eq!(again.trials()[1].last(), Some(&record(1, 0.2)));
    }

    #[test]
    fn a_record_from_before_a_setting_was_renamed_has_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("search");
        let mut journal = Journal::create(&path, search(), false).unwrap();
        let mut old = record(0, 0.1);
        old.settings = BTreeMap::from([("features.rate".to_owned(), Value::Float(3.0))]);
        journal.add(old).unwrap();
        drop(journal);
        let again = Journal::open(&path).unwrap();
        let keys = again.trials()[0].records[0].settings.keys();
        assert!(keys.eq(["features.learning_rate_multiplier"]));
    }

    #[test]
    fn a_damaged_line_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("search");
        let mut journal = Journal::create(&path, search(), false).unwrap();
        journal.add(record(0, 0.1)).unwrap();
        journal.add(record(2, 0.1)).unwrap();
        drop(journal);
        let message = Journal::open(&path).unwrap_err().to_string();
        assert!(
            message.contains("trials.jsonl") && message.contains("line 2"),
            "{message}"
        );
        fs::write(path.join(LINES), "{}\n").unwrap();
        let message = Journal::open(&path).unwrap_err().to_string();
        assert!(message.contains("line 1"), "{message}");
    }

    #[test]
    fn nothing_of_somebody_elses_is_written_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        fs::write(path.join("thesis.txt"), "years").unwrap();
        for overwrite in [false, true] {
            let refused = Journal::create(path, search(), overwrite);
            assert!(matches!(refused, Err(RunError::Occupied { .. })));
        }
        let own = path.join("search");
        let mut journal = Journal::create(&own, search(), false).unwrap();
        journal.add(record(0, 0.1)).unwrap();
        drop(journal);
        assert!(Journal::create(&own, search(), false).is_err());
        let anew = Journal::create(&own, search(), true).unwrap();
        assert!(anew.trials().is_empty() && !own.join(LINES).exists());
    }
}
