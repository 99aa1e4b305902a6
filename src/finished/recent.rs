//! The baseline "popular these days" of a run that is split by time.

use super::OpenRun;
use crate::config::SplitMethod;
use crate::data::{PairColumns, moment_of};
use crate::error::Result;
use crate::evaluation::{EvaluationData, best_half_life};
use crate::inference::Popularity;

/// The popularity of the moment at which the test part begins.
pub(super) struct RecentPopularity {
    /// In days, chosen on the validation part.
    pub(super) half_life_days: f64,
    pub(super) popularity: Popularity,
}

impl RecentPopularity {
    pub(super) const NAME: &'static str = "recent-popularity";

    /// The half-life is the one whose popularity as of the newest training interaction ranks the validation part best;
    /// then training and validation interactions are counted as of the newest of them. `None` where the split has no
    /// moment, the run kept no times, or there is no validation part to choose by.
    pub(super) fn of(run: &OpenRun) -> Result<Option<Self>> {
        if run.record.split.method != SplitMethod::Temporal {
            return Ok(None);
        }
        let n_items = run.recommender.items().len();
        let (lists, columns) = (&run.lists, run.dir.interaction_columns(&run.lists)?);
        let before = run.also_seen.as_ref().map(|also| &also.before_validation);
        let data = EvaluationData {
            train: &lists.train,
            also_excluded: before,
            held_out: &lists.validation,
            among: None,
        };
        let metric = &run.config.training.metric;
        let chosen = best_half_life(data, &columns.train.times, n_items, metric)?;
        let parts = [&lists.train, &lists.validation];
        let known = parts[0].union(parts[1]);
        let times = PairColumns::of_union(parts, [&columns.train, &columns.validation]).times;
        let (Some(half_life_days), Some(moment)) = (chosen, moment_of(&times)) else {
            return Ok(None);
        };
        let popularity = Popularity::recent(&known, &times, moment, half_life_days, n_items);
        Ok(Some(Self {
            half_life_days,
            popularity,
        }))
    }
}
