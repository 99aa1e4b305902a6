//! TREC files, so that any retrieval toolkit can recompute the metrics: `run.txt` (`user Q0 item rank score tag`) and
//! `qrels.txt` (`user 0 item 1`).
//!
//! Such tools rank by score and break ties by document id, so scores must fall strictly to keep our order: a score
//! that does not fall is lowered to the next float below its predecessor. Lists with infinite scores, or whose floats
//! run out, get the scores `n, n - 1, ..., 1` instead. Fields are separated by spaces, so white space and `%` in keys
//! are percent-encoded.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::fs;
use std::io::Write;
use std::path::Path;

use super::destination::{Destination, Output};
use super::error::ExportError;
use crate::data::{IdMap, ItemLists};
use crate::inference::Ranked;

/// Writes both files, block by block.
pub struct TrecWriter<'a> {
    run: Output,
    qrels: Output,
    users: &'a IdMap,
    items: &'a IdMap,
    held_out: &'a ItemLists,
    tag: String,
}

impl<'a> TrecWriter<'a> {
    /// Opens `run.txt` and `qrels.txt` in `folder`, which is made when missing; `tag` names the system.
    ///
    /// # Errors
    /// When the folder or the files cannot be made.
    pub fn create(
        folder: &Path,
        users: &'a IdMap,
        items: &'a IdMap,
        held_out: &'a ItemLists,
        tag: &str,
    ) -> Result<Self, ExportError> {
        make(folder)?;
        let open = |name: &str| Output::create(&Destination::File(folder.join(name)));
        let tag = field(if tag.is_empty() { "sagebrush" } else { tag }).into_owned();
        Ok(Self {
            run: open("run.txt")?,
            qrels: open("qrels.txt")?,
            users,
            items,
            held_out,
            tag,
        })
    }

    /// Finds out whether both files can be written, before anything is measured for them.
    ///
    /// # Errors
    /// When the folder or the files cannot be made.
    pub fn check(folder: &Path) -> Result<(), ExportError> {
        make(folder)?;
        Destination::File(folder.join("run.txt")).check()
    }

    /// Appends the lists of some users, and their held-out items. An empty list has no line in the run, but its
    /// user stays in the qrels and counts as 0.
    ///
    /// # Errors
    /// When a file does not take them.
    pub fn write(&mut self, rankings: &[(u32, Vec<Ranked>)]) -> Result<(), ExportError> {
        for (user, list) in rankings {
            let user_key = field(self.users.key(*user)).into_owned();
            let mut text = String::new();
            for ((rank, place), score) in (1..).zip(list).zip(falling_scores(list)) {
                let item = field(self.items.key(place.item));
                // Writing to a string does not fail.
                let _ = writeln!(text, "{user_key} Q0 {item} {rank} {score:e} {}", self.tag);
            }
            put(&mut self.run, &text)?;
            text.clear();
            for &item in self.held_out.of(*user) {
                let _ = writeln!(text, "{user_key} 0 {} 1", field(self.items.key(item)));
            }
            put(&mut self.qrels, &text)?;
        }
        Ok(())
    }

    /// Completes both files and puts them in their place.
    ///
    /// # Errors
    /// When the last bytes do not fit or a file cannot be moved.
    pub fn finish(self) -> Result<(), ExportError> {
        self.qrels.finish()?;
        self.run.finish()
    }
}

fn put(output: &mut Output, text: &str) -> Result<(), ExportError> {
    output
        .write_all(text.as_bytes())
        .map_err(|source| ExportError::Write {
            path: output.name().to_owned(),
            source,
        })
}

/// Scores in the order of the list that fall strictly also as 32-bit floats, which is what `trec_eval` keeps.
fn falling_scores(list: &[Ranked]) -> Vec<f32> {
    let mut scores: Vec<f32> = Vec::with_capacity(list.len());
    for place in list {
        let limit = scores.last().map_or(f32::INFINITY, |last| last.next_down());
        scores.push(place.score.min(limit));
    }
    if scores.iter().all(|score| score.is_finite()) {
        return scores;
    }
    (0..list.len())
        .map(|place| (list.len() - place) as f32)
        .collect()
}

fn field(key: &str) -> Cow<'_, str> {
    let unsafe_char = |c: char| c.is_whitespace() || c.is_control() || c == '%';
    if !key.contains(unsafe_char) {
        return Cow::Borrowed(key);
    }
    let mut encoded = String::with_capacity(key.len() + 8);
    for c in key.chars() {
        if unsafe_char(c) {
            let mut bytes = [0; 4];
            for byte in c.encode_utf8(&mut bytes).bytes() {
                let _ = write!(encoded, "%{byte:02X}");
            }
        } else {
            encoded.push(c);
        }
    }
    Cow::Owned(encoded)
}

fn make(folder: &Path) -> Result<(), ExportError> {
    fs::create_dir_all(folder).map_err(|source| ExportError::Create {
        path: folder.display().to_string(),
        source,
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn list(scores: &[f32]) -> Vec<Ranked> {
        (0..)
            .zip(scores)
            .map(|(item, &score)| Ranked { item, score })
            .collect()
    }

    #[test]
    fn equal_scores_fall_by_one_float() {
        let one = 1.0f32;
        let below = one.next_down();
        assert_eq!(
            falling_scores(&list(&[2.0, 1.0, 1.0, 1.0, 0.5])),
            [2.0, 1.0, below, below.next_down(), 0.5]
        );
        assert_eq!(
            falling_scores(&list(&[1.0, 1.0, below]))[2],
            below.next_down()
        );
        let infinite = list(&[f32::INFINITY, 0.0, f32::NEG_INFINITY, f32::NEG_INFINITY]);
        assert_eq!(falling_scores(&infinite), [4.0, 3.0, 2.0, 1.0]);
        assert!(falling_scores(&list(&[0.0; 50])).is_sorted_by(|a, b| a > b));
        // A re-ranked list keeps its order, whatever its scores.
        let reranked = falling_scores(&list(&[2.0, 5.0, 1.0, 4.0]));
        assert!(reranked.is_sorted_by(|a, b| a > b));
    }

    #[test]
    fn both_files_by_line() {
        let map = |keys: &[&str]| {
            IdMap::from_ordered_keys(keys.iter().map(|&key| key.into()).collect()).unwrap()
        };
        let (users, items) = (map(&["7", "an na"]), map(&["x", "100%"]));
        let held_out = ItemLists::from_pairs(2, [(0, 1), (1, 0), (1, 1)].into_iter());
        let folder = tempfile::tempdir().unwrap();
        let at = folder.path().join("trec");
        let mut writer = TrecWriter::create(&at, &users, &items, &held_out, "my run").unwrap();
        writer.write(&[(1, list(&[1.5, 0.25]))]).unwrap();
        writer.write(&[(0, Vec::new())]).unwrap();
        writer.finish().unwrap();
        let read = |name: &str| fs::read_to_string(at.join(name)).unwrap();
        assert_eq!(
            read("run.txt"),
            "an%20na Q0 x 1 1.5e0 my%20run\nan%20na Q0 100%25 2 2.5e-1 my%20run\n"
        );
        assert_eq!(
            read("qrels.txt"),
            "an%20na 0 x 1\nan%20na 0 100%25 1\n7 0 100%25 1\n"
        );
    }
}
