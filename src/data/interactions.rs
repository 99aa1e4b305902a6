//! Interactions in columns, and the data set a log turns into.

use serde::{Deserialize, Serialize};

use super::IdMap;

/// Interactions as parallel columns in canonical order (user, then item), each pair once.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Interactions {
    /// Inside user ids.
    pub users: Vec<u32>,
    /// Inside item ids.
    pub items: Vec<u32>,
    /// Ratings or weights, where the log has them; finite.
    pub weights: Option<Vec<f32>>,
    /// Seconds since 1970, where the log has them.
    pub timestamps: Option<Vec<i64>>,
}

impl Interactions {
    /// How many interactions there are.
    pub fn len(&self) -> usize {
        self.users.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.users.is_empty()
    }
}

/// A file a data set was read from, so that a run can say exactly what it was trained on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// The path as given, or the name of the bundled file.
    pub path: String,
    /// The format it was read as, such as `csv` or `movielens`.
    pub format: String,
    /// Bytes on disk (compressed, where the file is).
    pub bytes: u64,
    /// SHA-256 of the bytes on disk, in hexadecimal.
    pub sha256: String,
    /// Data rows read.
    pub rows: u64,
}

/// What a log turns into: interactions in inside ids, and the two id maps.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The interactions of the log.
    pub interactions: Interactions,
    /// The interactions of a given test file; `None` when the split is ours to make.
    pub given_test: Option<Interactions>,
    /// Users by outside key.
    pub users: IdMap,
    /// Items by outside key.
    pub items: IdMap,
    /// One title an item, where item metadata was given; position = item id.
    pub titles: Option<Vec<Option<String>>>,
    /// The files all this came from.
    pub sources: Vec<SourceFile>,
}
