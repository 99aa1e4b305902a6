//! The item prior of a run: its weight, half-life and offset by the validation part, and popularity as of the newest
//! known interaction.

use super::prior_search::{Found, Search, USERS_MAX};
use crate::config::{PriorConfig, RunConfig, SplitMethod};
use crate::data::{PairColumns, moment_of};
use crate::error::{Result, Usage};
use crate::inference::{ItemPrior, PriorSettings, RankError, ScoreHead, ScoreSource, Tables};
use crate::numbers::{count, days, significant};
use crate::observer::{Observer, remark};
use crate::run::{PriorChoice, PriorNotes, StoredPrior};
use crate::split::Split;

/// Users by whom a prior is chosen for a comparison; the one that is kept is chosen by more.
const USERS_TO_COMPARE: usize = 250;

/// Refuses values of `[prior]` that mean nothing to a split.
pub(crate) fn check(config: &PriorConfig, split: &Split) -> Result<()> {
    let Some(key) = config.first_set().filter(|_| config.is_on()) else {
        return Ok(());
    };
    let problem = if split.train.times().is_empty() {
        "needs times, and the log has none: name their column with `--timestamp-column NAME`"
    } else if split.method != SplitMethod::Temporal {
        "needs a split by time: use `--split temporal`"
    } else if split.validation.n_pairs() == 0 && config.all_set().is_none() {
        "stands alone, and there is no validation part to choose the rest by: set `prior.weight`, \
         `prior.half_life_days` and `prior.offset`"
    } else {
        return Ok(());
    };
    Err(Usage(format!("`{key}` {problem}, or leave it out")).into())
}

/// The prior for the scores of a model that was trained on the training part: what is not set is chosen on the validation
/// part, of which it knows nothing while it is chosen. Then popularity is counted on both: it is for lists that are made
/// after them. `None` where there is none to be had, and with the setting `off`.
pub(crate) fn choose(
    observer: &dyn Observer,
    config: &RunConfig,
    split: &Split,
    scores: &dyn ScoreSource,
) -> Result<Option<StoredPrior>> {
    let chosen = choose_settings(observer, config, split, scores, USERS_MAX)?;
    let counted = |(settings, choice)| Some(stored(&now(settings, split)?, choice));
    Ok(chosen.and_then(counted))
}

/// The prior for scores that are measured on the validation part, to compare epochs or models: popularity is counted on the
/// training part alone. `None` as for [`choose`].
pub(crate) fn choose_to_validate(
    config: &RunConfig,
    split: &Split,
    scores: &dyn ScoreSource,
) -> Result<Option<ItemPrior>, RankError> {
    let chosen = choose_settings(&(), config, split, scores, USERS_TO_COMPARE)?;
    let times = split.train.times();
    let (Some((settings, _)), Some(moment)) = (chosen, moment_of(times)) else {
        return Ok(None);
    };
    let (lists, n_items) = (split.train.positives(), split.train.n_items());
    Ok(Some(ItemPrior::at(settings, lists, times, moment, n_items)))
}

/// What is set, and the rest by the search; with what the search found.
fn choose_settings(
    observer: &dyn Observer,
    config: &RunConfig,
    split: &Split,
    scores: &dyn ScoreSource,
    users_max: usize,
) -> Result<Option<(PriorSettings, Option<PriorChoice>)>, RankError> {
    if !is_wanted(config, split) {
        return Ok(None);
    }
    if let Some([weight, half_life_days, offset]) = config.prior.all_set() {
        let settings = PriorSettings {
            weight,
            half_life_days,
            offset,
        };
        return Ok(Some((settings, None)));
    }
    let metric = &config.training.metric;
    let Some(search) = Search::new(split, scores, metric, users_max) else {
        return Ok(None);
    };
    let Some(found) = search.run(&config.prior)? else {
        return Ok(None);
    };
    remark(observer, &told(&found, metric, search.n_users()));
    let choice = PriorChoice {
        metric: metric.clone(),
        with: found.with,
        without: found.without,
        n_users: search.n_users(),
    };
    Ok(Some((found.settings, Some(choice))))
}

/// The same prior with popularity as of the newest interaction of training and validation in `split`; `None` without
/// times.
pub(super) fn counted_anew(prior: StoredPrior, split: &Split) -> Option<StoredPrior> {
    let chosen = prior.notes.chosen.clone();
    let settings = ItemPrior::from_stored(prior).settings();
    Some(stored(&now(settings, split)?, chosen))
}

/// Whether a prior is searched or counted for these settings on this split.
pub(super) fn is_wanted(config: &RunConfig, split: &Split) -> bool {
    let has_moment = split.method == SplitMethod::Temporal && !split.train.times().is_empty();
    config.prior.is_on() && has_moment
}

/// The prior as of the newest interaction of training and validation; `None` without times.
pub(crate) fn now(settings: PriorSettings, split: &Split) -> Option<ItemPrior> {
    let parts = [split.train.positives(), &split.validation];
    let columns = [split.train.columns(), &split.validation_columns];
    let times = PairColumns::of_union(parts, columns).times;
    let moment = moment_of(&times)?;
    let known = parts[0].union(parts[1]);
    let n_items = split.train.n_items();
    Some(ItemPrior::at(settings, &known, &times, moment, n_items))
}

fn stored(prior: &ItemPrior, chosen: Option<PriorChoice>) -> StoredPrior {
    let settings = prior.settings();
    StoredPrior {
        popularity: prior.popularity().to_vec(),
        notes: PriorNotes {
            weight: settings.weight,
            half_life_days: settings.half_life_days,
            offset: settings.offset,
            moment: prior.moment(),
            chosen,
        },
    }
}

/// The tables with the prior as a coordinate, where their score is a dot product and the prior weighs something.
pub(crate) fn in_tables(tables: Tables, prior: &StoredPrior) -> Tables {
    let prior = ItemPrior::from_stored(prior.clone());
    match tables.head() {
        ScoreHead::Dot if prior.weight() > 0.0 => tables.with_prior(prior.weight(), &prior.terms()),
        _ => tables,
    }
}

fn told(found: &Found, metric: &str, n_users: usize) -> String {
    let settings = found.settings;
    let users = match found.is_sample {
        true => format!(" ({} users)", count(n_users as u64)),
        false => String::new(),
    };
    if settings.weight == 0.0 {
        return format!(
            "prior: none, for it does not help: validation {metric} {:.4} without it{users}; cold users are served what is \
             popular with a half-life of {}",
            found.without,
            days(settings.half_life_days)
        );
    }
    format!(
        "prior: weight {}, half-life {}, offset {}; validation {metric} {:.4} with it, {:.4} without{users}",
        significant(settings.weight),
        days(settings.half_life_days),
        settings.offset,
        found.with,
        found.without,
    )
}
