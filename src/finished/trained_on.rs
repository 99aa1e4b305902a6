//! What the stored model of a run was trained on: the training part, or the validation part too.

use std::borrow::Cow;

use crate::data::{ItemLists, PairColumns};
use crate::run::{RunDir, RunError, SeenLists, StoredRefresh};
use crate::split::{DataRecord, RefitOn};

/// What a model was trained on, beside the lists of its run.
#[derive(Debug)]
pub(super) struct TrainedOn {
    /// Both parts in one; `None` where it was the training part alone, or where the training part holds everything.
    both: Option<ItemLists>,
}

impl TrainedOn {
    pub(super) fn of(record: &DataRecord, lists: &SeenLists) -> Self {
        let on = record.refit.as_ref().map(|refit| refit.on);
        let on_both = on == Some(RefitOn::TrainingAndValidation);
        Self {
            both: on_both.then(|| lists.train.union(&lists.validation)),
        }
    }

    /// Items by user.
    pub(super) fn lists<'a>(&'a self, lists: &'a SeenLists) -> &'a ItemLists {
        self.both.as_ref().unwrap_or(&lists.train)
    }

    /// Both parts in one, whatever it was trained on.
    pub(super) fn both<'a>(&'a self, lists: &SeenLists) -> Cow<'a, ItemLists> {
        match &self.both {
            Some(both) => Cow::Borrowed(both),
            None => Cow::Owned(lists.train.union(&lists.validation)),
        }
    }

    /// What the run kept of each of them; a column that it did not keep is empty.
    pub(super) fn columns(&self, run: &RunDir, lists: &SeenLists) -> Result<PairColumns, RunError> {
        let columns = run.interaction_columns(lists)?;
        Ok(match self.both {
            None => columns.train,
            Some(_) => columns.of_both(lists),
        })
    }

    /// What users have of it and what they have taken since, with what is known of each pair: the newest word counts.
    pub(super) fn with(
        &self,
        new: &StoredRefresh,
        run: &RunDir,
        lists: &SeenLists,
    ) -> Result<(ItemLists, PairColumns), RunError> {
        let (trained, columns) = (self.lists(lists), self.columns(run, lists)?);
        let all = PairColumns::of_union([&new.lists, trained], [&new.columns, &columns]);
        Ok((trained.union(&new.lists), all))
    }

    /// The weight of each of them, which the run's settings read.
    pub(super) fn weights(&self, run: &RunDir, lists: &SeenLists) -> Result<Vec<f32>, RunError> {
        let weights = self.columns(run, lists)?.weights;
        run.whole_column(weights, self.lists(lists), "weights")
    }

    /// What each of them counts in one use, as [`PairColumns::counting`] says.
    pub(super) fn counting(
        &self,
        run: &RunDir,
        lists: &SeenLists,
        weighted: bool,
        half_life_days: Option<f64>,
    ) -> Result<Vec<f32>, RunError> {
        if !weighted && half_life_days.is_none() {
            return Ok(Vec::new());
        }
        let columns = self.columns(run, lists)?;
        let PairColumns { weights, times } = columns;
        let lists = self.lists(lists);
        let columns = PairColumns {
            weights: match weighted {
                true => run.whole_column(weights, lists, "weights")?,
                false => Vec::new(),
            },
            times: match half_life_days {
                Some(_) => run.whole_column(times, lists, "times")?,
                None => Vec::new(),
            },
        };
        Ok(columns.counting(weighted, half_life_days))
    }

    /// When each of them was, which the run's settings read.
    pub(super) fn times(&self, run: &RunDir, lists: &SeenLists) -> Result<Vec<i64>, RunError> {
        let times = self.columns(run, lists)?.times;
        run.whole_column(times, self.lists(lists), "times")
    }
}
