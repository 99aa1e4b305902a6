//! `MANIFEST.json`: which files a finished run has, with their sizes and hashes. Written last.

use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::RunError;
use super::atomic::{FileDigest, write_atomically};

/// The file's name in a run directory.
pub const MANIFEST_NAME: &str = "MANIFEST.json";
/// Hexadecimal digits of a run's id.
const ID_DIGITS: usize = 12;

/// The id of the run that lies at a path now: the first digits of the BLAKE3 hash of its manifest. `None` where no manifest
/// can be read.
pub(crate) fn id_of_run(path: &Path) -> Option<String> {
    let manifest = fs::read(path.join(MANIFEST_NAME)).ok()?;
    let mut id = blake3::hash(&manifest).to_hex().to_string();
    id.truncate(ID_DIGITS);
    Some(id)
}
/// The version of the run directory this program writes; it reads those before, too.
///
/// Version 2 has a record of what a run began with, keeps openings of the test part in a file of their own, and is
/// written under a lock. A program that knows version 1 alone would count openings wrong and write without the lock.
pub const FORMAT_VERSION: u64 = 2;
const FORMAT_NAME: &str = "sagebrush-run";
const MANIFEST_BYTES_MAX: u64 = 4 << 20;

/// The content of `MANIFEST.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    format: String,
    version: u64,
    /// The program that wrote the run, with its version.
    pub tool: String,
    /// Size and hash of each file, by its path in the run directory.
    pub files: BTreeMap<String, FileDigest>,
}

/// What every version of the manifest states, read before anything else is.
#[derive(Deserialize)]
struct Preamble {
    format: String,
    version: u64,
}

impl Manifest {
    pub(super) fn new(files: BTreeMap<String, FileDigest>) -> Self {
        let tool = concat!("sagebrush ", env!("CARGO_PKG_VERSION")).to_owned();
        Self {
            format: FORMAT_NAME.into(),
            version: FORMAT_VERSION,
            tool,
            files,
        }
    }

    /// Whether the directory holds a manifest of ours, of a version before or after this one, too.
    pub(super) fn is_in(directory: &Path) -> bool {
        let text = read_bounded(&directory.join(MANIFEST_NAME)).ok();
        let preamble = text.and_then(|text| serde_json::from_slice::<Preamble>(&text).ok());
        preamble.is_some_and(|preamble| preamble.format == FORMAT_NAME)
    }

    pub(super) fn read(directory: &Path) -> Result<Self, RunError> {
        let path = directory.join(MANIFEST_NAME);
        let text = read_bounded(&path)?;
        let not_ours = |error| RunError::damaged(&path, format!("not a run manifest: {error}"));
        let preamble: Preamble = serde_json::from_slice(&text).map_err(not_ours)?;
        if preamble.format != FORMAT_NAME {
            return Err(RunError::damaged(&path, "the manifest of another program"));
        }
        if preamble.version == 0 || preamble.version > FORMAT_VERSION {
            let (found, known) = (preamble.version, FORMAT_VERSION);
            return Err(RunError::UnknownVersion { path, found, known });
        }
        let mut manifest: Self = serde_json::from_slice(&text).map_err(not_ours)?;
        // Written again, it is of the version of who writes.
        manifest.version = FORMAT_VERSION;
        match manifest.files.keys().find(|name| !is_plain(name)) {
            Some(name) => Err(RunError::damaged(
                &path,
                format!(
                    "it lists `{}`, which leads out of the run directory",
                    name.escape_debug()
                ),
            )),
            None => Ok(manifest),
        }
    }

    pub(super) fn write(&self, directory: &Path) -> Result<(), RunError> {
        write_atomically(&directory.join(MANIFEST_NAME), |out| {
            serde_json::to_writer_pretty(&mut *out, self)?;
            out.write_all(b"\n")
        })?;
        Ok(())
    }
}

fn read_bounded(path: &Path) -> Result<Vec<u8>, RunError> {
    let mut text = Vec::new();
    let file = fs::File::open(path).map_err(RunError::unreadable(path))?;
    let n_read = file.take(MANIFEST_BYTES_MAX + 1).read_to_end(&mut text);
    if n_read.map_err(RunError::unreadable(path))? as u64 > MANIFEST_BYTES_MAX {
        return Err(RunError::damaged(path, "too large to be a manifest"));
    }
    Ok(text)
}

/// Whether a listed path stays inside the run directory, on every operating system.
fn is_plain(name: &str) -> bool {
    let path = PathBuf::from(name);
    !name.is_empty()
        && !name.contains(['\\', ':', '\0'])
        && path
            .components()
            .all(|part| matches!(part, Component::Normal(_)))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read_text(text: &str) -> Result<Manifest, RunError> {
        let directory = tempfile::tempdir().unwrap();
        fs::write(directory.path().join(MANIFEST_NAME), text).unwrap();
        Manifest::read(directory.path())
    }

    #[test]
    fn paths_that_lead_out_are_refused() {
        for name in [
            "../x",
            "/etc/passwd",
            "a/../../b",
            "",
            "..\\x",
            "C:x",
            "./x",
        ] {
            let mut manifest = Manifest::new(BTreeMap::new());
            manifest.files.insert(
                name.into(),
                FileDigest {
                    bytes: 0,
                    blake3: String::new(),
                },
            );
            let error = read_text(&serde_json::to_string(&manifest).unwrap()).unwrap_err();
            assert!(
                error.to_string().contains("leads out of the run directory"),
                "{error}"
            );
        }
        assert!(is_plain("model.safetensors") && is_plain("folder/file.json"));
    }

    #[test]
    fn an_unknown_version_is_refused_with_a_sentence_whatever_else_changed() {
        let text = r#"{"format": "sagebrush-run", "version": 3, "files": [1, 2]}"#;
        let error = read_text(text).unwrap_err();
        assert!(matches!(
            error,
            RunError::UnknownVersion {
                found: 3,
                known: 2,
                ..
            }
        ));
        assert!(
            error
                .to_string()
                .contains("format version 3 is not known here"),
            "{error}"
        );
    }

    #[test]
    fn damage_is_refused() {
        for text in [
            "",
            "{",
            "[]",
            "null",
            r#"{"format": "other", "version": 1}"#,
        ] {
            assert!(matches!(
                read_text(text).unwrap_err(),
                RunError::Damaged { .. }
            ));
        }
    }
}
