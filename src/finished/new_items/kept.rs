//! New items as they are told by their features, and as lines of the file that a service keeps them in. Each line is a row of
//! an item file, too.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::error::Result;
#[cfg(feature = "serve")]
use crate::run::LineFile;
use crate::run::RunError;

/// A new item.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct NewItem {
    /// Its key, without white space around it.
    #[serde(rename = "item_id")]
    pub(crate) key: String,
    /// A vector for each of `features.vectors`, in their order; an empty one where the item has none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(crate) vectors: Vec<Vec<f32>>,
    /// Texts as an item file has them, by column.
    #[serde(flatten)]
    pub(crate) features: BTreeMap<String, Option<String>>,
}

/// The new items of a file that a service keeps; none where there is no file.
///
/// # Errors
/// A file that cannot be read, or a line that is no item.
pub(crate) fn read_kept(path: &Path) -> Result<Vec<NewItem>> {
    let text = match std::fs::read(path) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        read => read.map_err(RunError::unreadable(path))?,
    };
    let whole = text.split_inclusive(|&byte| byte == b'\n');
    let whole = whole.filter(|line| line.ends_with(b"\n")).enumerate();
    let item = |(at, line): (usize, &[u8])| -> Result<NewItem> {
        serde_json::from_slice(line)
            .map_err(|error| RunError::damaged(path, format!("line {}: {error}", at + 1)).into())
    };
    whole.map(item).collect()
}

/// The file that a service keeps new items in.
#[cfg(feature = "serve")]
pub(crate) struct KeptItems(LineFile);

#[cfg(feature = "serve")]
impl KeptItems {
    /// Opens it, and says what is in it. Whoever opens holds the lock of its path.
    ///
    /// # Errors
    /// As [`LineFile::open`].
    pub(crate) fn open(path: &Path) -> Result<(Self, Vec<NewItem>), RunError> {
        let mut items = Vec::new();
        let file = LineFile::open(path, |item| items.push(item))?;
        Ok((Self(file), items))
    }

    /// Adds some; they are on disk when this returns.
    ///
    /// # Errors
    /// They cannot be written; none of them is kept.
    pub(crate) fn append(&mut self, items: &[NewItem]) -> Result<()> {
        let mut lines = Vec::new();
        for item in items {
            serde_json::to_writer(&mut lines, item)?;
            lines.push(b'\n');
        }
        Ok(self.0.append(&lines)?)
    }

    /// Takes out those for which `goes` says so.
    ///
    /// # Errors
    /// The file cannot be written; it is as it was.
    pub(crate) fn drop_items(&mut self, goes: impl Fn(&str) -> bool) -> Result<usize, RunError> {
        self.0.drop_lines(|item: &NewItem| goes(&item.key))
    }
}
