//! The journal of a contest on disk: what was asked, and one line a measurement. A contest that was stopped resumes from it.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::effort::Effort;
use crate::data::{HashedFile, SourceFile};
use crate::error::{Result, Usage};
use crate::run::{RunError, add_line, folder_now, resume_lines, write_atomically};

const HEAD: &str = "asked.json";
const LINES: &str = "measured.jsonl";
const FORMAT_VERSION: u32 = 1;

/// What a contest is held over, and on what.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Asked {
    format_version: u32,
    /// The program that began it, with its version.
    tool: String,
    /// The settings that all candidates share, as far as they were given.
    pub(super) settings: String,
    effort: String,
    /// Bytes that a candidate may be forecast to take.
    pub(super) memory_limit: u64,
    /// Candidates by name; another version may have others.
    pub(super) candidates: Vec<String>,
    /// The files of the log.
    pub(super) sources: Vec<SourceFile>,
    /// The files of items' vectors.
    pub(super) vectors: Option<Vec<HashedFile>>,
    /// The folder that relative paths in the settings are from, where its path is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) folder: Option<String>,
}

/// Whom a contest is held over, and how far it may go.
pub(super) struct Terms {
    pub(super) settings: String,
    pub(super) effort: Effort,
    pub(super) memory_limit: u64,
    pub(super) candidates: Vec<String>,
}

impl Asked {
    /// A contest of this version of the program.
    pub(super) fn new(
        terms: Terms,
        sources: Vec<SourceFile>,
        vectors: Option<Vec<HashedFile>>,
    ) -> Self {
        Self {
            format_version: FORMAT_VERSION,
            tool: tool_now(),
            settings: terms.settings,
            effort: terms.effort.as_str().to_owned(),
            memory_limit: terms.memory_limit,
            candidates: terms.candidates,
            sources,
            vectors,
            folder: folder_now(),
        }
    }

    /// How much work it may spend.
    pub(super) fn effort(&self) -> Effort {
        Effort::from_name(&self.effort).unwrap_or_default()
    }
}

fn tool_now() -> String {
    concat!("sagebrush ", env!("CARGO_PKG_VERSION")).to_owned()
}

/// The result of measuring a candidate at a rung.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Measurement {
    /// The candidate by name.
    pub(super) candidate: String,
    /// Its length, from 0; a candidate without epochs has one.
    pub(super) rung: usize,
    /// The metric of each measured user, in millionths; empty where the candidate failed.
    pub(super) millionths: Vec<u32>,
    /// Why it leaves the contest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) left: Option<String>,
    /// Wall time, which differs from machine to machine.
    pub(super) seconds: f64,
}

/// A contest's folder, within a run that this process alone writes.
#[derive(Debug)]
pub(crate) struct Journal {
    folder: PathBuf,
    asked: Asked,
    measured: Vec<Measurement>,
}

impl Journal {
    /// Whether a contest lies in a folder.
    pub(super) fn is_in(folder: &Path) -> bool {
        folder.join(HEAD).is_file()
    }

    /// Begins one in a folder that is not there.
    pub(super) fn begin(folder: PathBuf, asked: Asked) -> Result<Self> {
        fs::create_dir_all(&folder).map_err(RunError::cannot_write(&folder))?;
        write_atomically(&folder.join(HEAD), |out| {
            serde_json::to_writer_pretty(out, &asked)?;
            Ok(())
        })?;
        Ok(Self {
            folder,
            asked,
            measured: Vec::new(),
        })
    }

    /// Opens one to resume. A last line that a crash tore is dropped.
    pub(super) fn open(folder: PathBuf) -> Result<Self> {
        let path = folder.join(HEAD);
        let text = fs::read(&path).map_err(RunError::unreadable(&path))?;
        let damaged = |error: serde_json::Error| RunError::damaged(&path, error.to_string());
        let Preamble {
            format_version,
            tool,
        } = serde_json::from_slice(&text).map_err(damaged)?;
        if format_version != FORMAT_VERSION || tool != tool_now() {
            return Err(Usage(format!(
                "{}: this contest was begun by {tool}, and this is {}: resume it with that, or begin anew with `--overwrite`",
                path.display(),
                tool_now()
            ))
            .into());
        }
        let asked = serde_json::from_slice(&text).map_err(damaged)?;
        let mut measured = Vec::new();
        resume_lines(&folder.join(LINES), |measurement| {
            measured.push(measurement);
            Ok(())
        })?;
        Ok(Self {
            folder,
            asked,
            measured,
        })
    }

    pub(super) fn asked(&self) -> &Asked {
        &self.asked
    }

    /// All measurements so far, in their order.
    pub(super) fn measured(&self) -> &[Measurement] {
        &self.measured
    }

    /// The run directory of a candidate's training at a rung.
    pub(super) fn training_of(&self, candidate: &str, rung: usize) -> PathBuf {
        self.folder.join(format!("{candidate}-{rung}"))
    }

    /// Adds a measurement, on disk first.
    pub(super) fn add(&mut self, measurement: Measurement) -> Result<()> {
        add_line(&self.folder.join(LINES), &measurement)?;
        self.measured.push(measurement);
        Ok(())
    }
}

/// What every version of the head states.
#[derive(Deserialize)]
struct Preamble {
    format_version: u32,
    tool: String,
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn asked() -> Asked {
        let terms = Terms {
            settings: "seed = 1\n".to_owned(),
            effort: Effort::Quick,
            memory_limit: 8 << 30,
            candidates: vec!["mf".to_owned()],
        };
        Asked::new(terms, Vec::new(), None)
    }

    fn measurement(rung: usize) -> Measurement {
        Measurement {
            candidate: "mf".to_owned(),
            rung,
            millionths: vec![0, 250_000, 1_000_000],
            left: None,
            seconds: 0.5,
        }
    }

    #[test]
    fn a_contest_comes_back_and_a_torn_line_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("contest");
        assert!(!Journal::is_in(&path));
        let mut journal = Journal::begin(path.clone(), asked()).unwrap();
        journal.add(measurement(0)).unwrap();
        journal.add(measurement(1)).unwrap();
        let lines = path.join(LINES);
        let whole = fs::read(&lines).unwrap();
        fs::write(&lines, &whole[..whole.len() - 4]).unwrap();
        assert!(Journal::is_in(&path));
        let mut again = Journal::open(path.clone()).unwrap();
        assert_eq!(
            (again.asked(), again.asked().effort()),
            (&asked(), Effort::Quick)
        );
        assert_eq!(again.measured(), [measurement(0)]);
        again.add(measurement(1)).unwrap();
        assert_eq!(fs::read(&lines).unwrap(), whole);
    }

    #[test]
    fn a_contest_of_another_version_is_refused_with_the_way_out() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("contest");
        Journal::begin(path.clone(), asked()).unwrap();
        let head = fs::read_to_string(path.join(HEAD)).unwrap();
        fs::write(
            path.join(HEAD),
            head.replace(&tool_now(), "sagebrush 9.9.9"),
        )
        .unwrap();
        let text = Journal::open(path.clone()).unwrap_err().to_string();
        assert!(
            text.contains("begun by sagebrush 9.9.9") && text.contains("`--overwrite`"),
            "{text}"
        );
        fs::write(path.join(HEAD), "{").unwrap();
        assert!(Journal::open(path).unwrap_err().to_string().contains(HEAD));
    }
}
