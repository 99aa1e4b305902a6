//! Checks that a run resumes with the data and the settings it began with.

use std::path::{Path, PathBuf};

use crate::config::RunConfig;
use crate::data::{HashedFile, SourceFile};
use crate::error::Error;
use crate::failure::{Fails, Failure};
use crate::run::{Checkpoint, File, RunDir, RunError, differences};
use crate::split::DataRecord;

/// Why a run cannot be resumed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OtherData {
    /// A file has changed.
    #[error(
        "{path} is not the file this run began with (SHA-256 {before} then, {now} now): restore it, or train anew"
    )]
    File {
        path: String,
        before: String,
        now: String,
    },
    /// Files were added or taken away.
    #[error(
        "{} began with {before} input files, and {now} are there now: restore its config.toml, or train anew",
        run.display()
    )]
    Count {
        run: PathBuf,
        before: usize,
        now: usize,
    },
    /// Features of other files of vectors, or of another version of the program.
    #[error(
        "{}: its items' features are not those it began with: restore the item file and the files of vectors, or train \
         anew",
        run.display()
    )]
    Features { run: PathBuf },
    /// The same files, numbered otherwise.
    #[error(
        "{}: its users or items are others, or in another order, than this program finds now: restore its config.toml and its \
         list of forgotten keys, or resume \
         it with the version of sagebrush that began it, or train anew",
        run.display()
    )]
    Ids { run: PathBuf },
}

/// The files that a run or a search began with. What format 1 did not record of vectors is not compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Files<'a> {
    pub(crate) sources: &'a [SourceFile],
    pub(crate) vectors: Option<&'a [HashedFile]>,
}

impl<'a> Files<'a> {
    pub(crate) fn of(record: &'a DataRecord) -> Self {
        Self {
            sources: &record.sources,
            vectors: record.vectors.as_deref(),
        }
    }

    /// The item file and the files of vectors alone, with settings that name no others. The item file is the last of the
    /// sources.
    pub(super) fn of_items(self, config: &RunConfig) -> (Self, RunConfig) {
        let n_items = usize::from(config.data.items.is_some());
        let files = Self {
            sources: &self.sources[self.sources.len().saturating_sub(n_items)..],
            ..self
        };
        let mut config = config.clone();
        config.data.train.clear();
        config.data.test.clear();
        (files, config)
    }

    /// Path and SHA-256 of each.
    pub(super) fn hashes(self, with_vectors: bool) -> Hashes<'a> {
        let sources = self.sources.iter().map(|f| (&*f.path, &*f.sha256));
        let vectors = self.vectors.filter(|_| with_vectors).into_iter().flatten();
        sources
            .chain(vectors.map(|f| (&*f.path, &*f.sha256)))
            .collect()
    }

    /// Refuses other files than these.
    pub(crate) fn check_read(self, run: &Path, now: Files<'_>) -> Result<(), OtherData> {
        let with_vectors = self.vectors.is_some();
        same_files(run, &self.hashes(with_vectors), &now.hashes(with_vectors))
    }
}

/// Path and SHA-256 of some files.
pub(super) type Hashes<'a> = Vec<(&'a str, &'a str)>;

pub(super) fn same_files(
    run: &Path,
    began: &[(&str, &str)],
    now: &[(&str, &str)],
) -> Result<(), OtherData> {
    if began.len() != now.len() {
        return Err(OtherData::Count {
            run: run.to_owned(),
            before: began.len(),
            now: now.len(),
        });
    }
    let mut pairs = began.iter().zip(now);
    match pairs.find(|((_, before), (_, now))| before != now) {
        None => Ok(()),
        Some(((_, before), (path, now))) => Err(OtherData::File {
            path: (*path).to_owned(),
            before: (*before).to_owned(),
            now: (*now).to_owned(),
        }),
    }
}

/// The record in `data.json` of the data a run began with.
pub(crate) fn record_of(run: &RunDir) -> Result<DataRecord, Error> {
    run.data().map_err(|error| {
        Error::from(error)
            .context("whether the input files are those this run began with cannot be told")
    })
}

/// Refuses other settings than a run began with, but for those that change no epoch's result.
pub(crate) fn check_same_settings(
    run: &RunDir,
    config: &RunConfig,
    checkpoint: Option<&Checkpoint>,
) -> Result<(), Error> {
    let Some(began) = run.began(checkpoint)? else {
        return Ok(());
    };
    // Read and written again, so that a setting that has another name or a default by now is the same.
    let began = RunConfig::from_toml("the settings this run began with", &began)?;
    let table = |config: &RunConfig| config.to_toml().parse().unwrap_or_default();
    let differences = differences(&table(&began), &table(config));
    if differences.is_empty() {
        return Ok(());
    }
    let path = run.path().join(File::Config.name());
    Err(RunError::OtherSettings { path, differences }.into())
}

impl Fails for OtherData {
    fn failure(&self) -> Failure {
        Failure::BadData
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn files(hashes: &[&str]) -> Vec<SourceFile> {
        let file = |(at, hash): (usize, &&str)| SourceFile {
            path: format!("{at}.csv"),
            format: "csv".to_owned(),
            bytes: 1,
            sha256: (*hash).to_owned(),
            rows: 1,
        };
        hashes.iter().enumerate().map(file).collect()
    }

    #[test]
    fn a_run_goes_on_with_its_own_files_only() {
        let began = files(&["a", "b"]);
        let check = |now: &[&str]| {
            let now = files(now);
            fn of(sources: &[SourceFile]) -> Files<'_> {
                Files {
                    sources,
                    vectors: None,
                }
            }
            let checked = of(&began).check_read(Path::new("my-run"), of(&now));
            checked.map_err(|error| error.to_string())
        };
        assert_eq!(check(&["a", "b"]), Ok(()));
        let message = check(&["a", "c"]).unwrap_err();
        assert!(message.contains("1.csv is not the file"), "{message}");
        assert!(message.contains("SHA-256 b then, c now"), "{message}");
        for other in [&["a"][..], &["a", "b", "c"], &[]] {
            let message = check(other).unwrap_err();
            let expected = format!("my-run began with 2 input files, and {} are", other.len());
            assert!(message.starts_with(&expected), "{message}");
        }
    }
}
