//! Whether a run resumes on the data it began with.

use std::path::{Path, PathBuf};

use crate::data::SourceFile;
use crate::failure::{Fails, Failure};

/// Why a run cannot go on.
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
        "{}: its users or items are in another order than this program gives them: restore its config.toml, or go on \
         with the version of sagebrush that began it, or train anew",
        run.display()
    )]
    Ids { run: PathBuf },
}

/// Refuses other input files than a run or a search began with.
pub(crate) fn same_sources(
    run: &Path,
    began: &[SourceFile],
    now: &[SourceFile],
) -> Result<(), OtherData> {
    if began.len() != now.len() {
        return Err(OtherData::Count {
            run: run.to_owned(),
            before: began.len(),
            now: now.len(),
        });
    }
    let mut pairs = began.iter().zip(now);
    match pairs.find(|(before, now)| before.sha256 != now.sha256) {
        None => Ok(()),
        Some((before, now)) => Err(OtherData::File {
            path: now.path.clone(),
            before: before.sha256.clone(),
            now: now.sha256.clone(),
        }),
    }
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
            let checked = same_sources(Path::new("my-run"), &began, &files(now));
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
