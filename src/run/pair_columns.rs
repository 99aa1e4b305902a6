//! The columns beside the lists of `interactions.safetensors`: weights and times of interactions.

use std::path::Path;

use super::tensors::{Entry, TensorFile, Values};
use super::{File, RunDir, RunError, SeenLists};
use crate::data::{ItemLists, PairColumns};

/// What a run kept of its training and validation interactions, beside who has what.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SeenColumns {
    /// Of the items trained on.
    pub train: PairColumns,
    /// Of the items held out for validation.
    pub validation: PairColumns,
}

impl SeenColumns {
    /// The columns of both parts in one, in the order of the union of their lists; a column that one of them lacks is
    /// empty.
    #[must_use]
    pub fn of_both(&self, lists: &SeenLists) -> PairColumns {
        PairColumns::of_union(
            [&lists.train, &lists.validation],
            [&self.train, &self.validation],
        )
    }
}

fn weights_of(part: &str) -> String {
    format!("{part}.weights")
}

fn times_of(part: &str) -> String {
    format!("{part}.times")
}

/// The tensors of the columns that are there.
pub(super) fn column_entries<'a>(
    part: &str,
    columns: &'a PairColumns,
) -> impl Iterator<Item = Entry<'a>> + use<'a> {
    let PairColumns { weights, times } = columns;
    let entry = |name, n, values| Entry {
        name,
        shape: vec![n],
        values,
    };
    let weights =
        (!weights.is_empty()).then(|| entry(weights_of(part), weights.len(), Values::F32(weights)));
    let times = (!times.is_empty()).then(|| entry(times_of(part), times.len(), Values::I64(times)));
    weights.into_iter().chain(times)
}

/// The columns beside the lists of a part; a column that is not there is empty.
pub(super) fn columns_of(
    path: &Path,
    file: &TensorFile<'_>,
    part: &str,
    lists: &ItemLists,
) -> Result<PairColumns, RunError> {
    let names = file.names();
    let there = |name: &String| names.contains(name);
    let (weights, times) = (weights_of(part), times_of(part));
    let columns = PairColumns {
        weights: match there(&weights) {
            true => file.f32(&weights)?.values,
            false => Vec::new(),
        },
        times: match there(&times) {
            true => file.i64(&times)?,
            false => Vec::new(),
        },
    };
    let is_one_each = |n: usize| n == 0 || n == lists.n_pairs();
    let is_weight = |&weight: &f32| weight > 0.0 && weight.is_finite();
    let problem = match &columns {
        PairColumns { weights, .. }
            if !is_one_each(weights.len()) || !weights.iter().all(is_weight) =>
        {
            "weights are not one above 0"
        }
        PairColumns { times, .. } if !is_one_each(times.len()) => "times are not one",
        _ => return Ok(columns),
    };
    let what = format!("its {part} {problem} for each item");
    Err(RunError::damaged(path, what))
}

impl RunDir {
    /// What the run kept of its interactions, in the order of `lists`; a column that it did not keep is empty.
    ///
    /// # Errors
    /// A column that is not one value for each interaction, or a weight that is not above 0.
    pub fn interaction_columns(&self, lists: &SeenLists) -> Result<SeenColumns, RunError> {
        let path = self.path_of(File::Interactions);
        let bytes = self.read(File::Interactions)?;
        let file = TensorFile::parse(&path, &bytes)?;
        Ok(SeenColumns {
            train: columns_of(&path, &file, "train", &lists.train)?,
            validation: columns_of(&path, &file, "validation", &lists.validation)?,
        })
    }

    /// What the run kept of its test interactions, in the order of `test`; a column that it did not keep is empty.
    ///
    /// # Errors
    /// As [`interaction_columns`](Self::interaction_columns).
    pub fn test_columns(&self, test: &ItemLists) -> Result<PairColumns, RunError> {
        let path = self.path_of(File::Test);
        let bytes = self.read(File::Test)?;
        columns_of(&path, &TensorFile::parse(&path, &bytes)?, "test", test)
    }

    /// The weights of the items trained on, in the order of `lists.train`, which the run's settings read.
    ///
    /// # Errors
    /// As [`interaction_columns`](Self::interaction_columns), and a run that kept none.
    pub fn train_weights(&self, lists: &SeenLists) -> Result<Vec<f32>, RunError> {
        let weights = self.interaction_columns(lists)?.train.weights;
        self.whole_column(weights, &lists.train, "weights")
    }

    /// A column that the run kept of these lists, where it has a value for each item; `name` is what it holds.
    pub(crate) fn whole_column<T>(
        &self,
        column: Vec<T>,
        lists: &ItemLists,
        name: &str,
    ) -> Result<Vec<T>, RunError> {
        match column.len() == lists.n_pairs() {
            true => Ok(column),
            false => {
                let path = self.path_of(File::Interactions);
                let what = format!("it does not hold the {name} of the items trained on");
                Err(RunError::damaged(&path, what))
            }
        }
    }
}
