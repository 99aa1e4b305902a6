//! The files a path stands for: itself, the part files of a folder, or those that its `*`, `?` and `[…]` match.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::error::DataError;
use super::part_names::{WILDCARDS, is_passed_over};

/// How deep folders of part files may be nested: as deep as a Hive table has partitions, and links may turn in circles.
const MAX_DEPTH: usize = 16;

/// The files that a path stands for, in order of their names. A path that is no folder and matches nothing stands for
/// itself.
///
/// # Errors
/// A folder that cannot be read or holds no file; a pattern that nothing matches.
pub(crate) fn part_files(path: &Path) -> Result<Vec<PathBuf>, DataError> {
    #[cfg(feature = "cloud")]
    if super::remote::is_read(path) {
        return super::remote::part_files(path);
    }
    if path.is_dir() {
        return files_of_folder(path);
    }
    let is_pattern = |text: &&str| text.contains(WILDCARDS) && !text.contains("://");
    let pattern = path.to_str().filter(is_pattern);
    match pattern {
        Some(pattern) if fs::symlink_metadata(path).is_err() => matching(pattern),
        _ => Ok(vec![path.to_owned()]),
    }
}

fn files_of_folder(folder: &Path) -> Result<Vec<PathBuf>, DataError> {
    let mut files = Vec::new();
    add_files(folder, 0, &mut files)?;
    match files.is_empty() {
        true => Err(DataError::EmptyFolder {
            path: folder.display().to_string(),
        }),
        false => Ok(files),
    }
}

fn add_files(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), DataError> {
    let unreadable =
        |source: io::Error| super::error::unreadable(&folder.display().to_string(), source);
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let entries: io::Result<Vec<PathBuf>> = entries.map(|entry| Ok(entry?.path())).collect();
    let mut entries = entries.map_err(unreadable)?;
    entries.sort();
    for entry in entries.into_iter().filter(|entry| !is_passed_over(entry)) {
        if !entry.is_dir() {
            files.push(entry);
        } else if depth < MAX_DEPTH {
            add_files(&entry, depth + 1, files)?;
        }
    }
    Ok(())
}

fn matching(pattern: &str) -> Result<Vec<PathBuf>, DataError> {
    let no_match = |reason: String| DataError::NoMatch {
        pattern: pattern.to_owned(),
        reason,
    };
    let paths = glob::glob(pattern).map_err(|error| no_match(error.msg.to_owned()))?;
    let mut files = Vec::new();
    for path in paths {
        let path = path.map_err(|error| {
            super::error::unreadable(&error.path().display().to_string(), error.into())
        })?;
        if path.is_dir() {
            add_files(&path, 1, &mut files)?;
        } else if !is_passed_over(&path) {
            files.push(path);
        }
    }
    match files.is_empty() {
        true => Err(no_match("no file matches it".to_owned())),
        false => Ok(files),
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The names of the files, within a folder that has these.
    fn names(made: &[&str], path: &str) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        for name in made {
            let path = folder.path().join(name);
            if name.ends_with('/') {
                fs::create_dir_all(path).unwrap();
                continue;
            }
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "").unwrap();
        }
        let name = |path: PathBuf| {
            path.strip_prefix(folder.path())
                .unwrap()
                .display()
                .to_string()
        };
        let files = part_files(&folder.path().join(path));
        files
            .map(|files| files.into_iter().map(name).collect())
            .map_err(|error| error.to_string())
    }

    const MADE: [&str; 9] = [
        "log/part-1.csv",
        "log/part-0.csv.gz",
        "log/_SUCCESS",
        "log/.part-0.csv.crc",
        "log/part-1.csv.crc",
        "log/_delta_log/0.json",
        "log/day=2/part-0.parquet",
        "log/day=10/part-0.parquet",
        "other.csv",
    ];

    #[test]
    fn a_folder_stands_for_its_part_files() {
        let expected = [
            "log/day=10/part-0.parquet",
            "log/day=2/part-0.parquet",
            "log/part-0.csv.gz",
            "log/part-1.csv",
        ];
        assert_eq!(names(&MADE, "log").unwrap(), expected);
        assert_eq!(names(&MADE, "other.csv").unwrap(), ["other.csv"]);
        assert_eq!(names(&MADE, "absent.csv").unwrap(), ["absent.csv"]);
        for empty in [&["log/_SUCCESS"][..], &["log/"], &["log/.x/a.csv"]] {
            let message = names(empty, "log").unwrap_err();
            assert!(message.contains("holds no file"), "{message}");
        }
    }

    #[test]
    fn a_pattern_stands_for_what_it_matches() {
        assert_eq!(names(&MADE, "log/*.csv").unwrap(), ["log/part-1.csv"]);
        let parts = names(&MADE, "log/**/*.parquet").unwrap();
        assert_eq!(
            parts,
            ["log/day=10/part-0.parquet", "log/day=2/part-0.parquet"]
        );
        assert_eq!(names(&MADE, "log/day=*").unwrap(), parts);
        assert_eq!(
            names(&["a[1].csv", "a1.csv"], "a[1].csv").unwrap(),
            ["a[1].csv"]
        );
        let message = names(&MADE, "log/*.tsv").unwrap_err();
        assert!(message.contains("no file matches"), "{message}");
    }
}
