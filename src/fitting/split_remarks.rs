//! What a person should know of a split before training: its shares, equal times at its cuts, and whom it can measure.

use crate::config::{SplitConfig, SplitMethod};
use crate::data::iso_date;
use crate::numbers::{count, counted, percent};
use crate::split::{SplitSummary, TiedCut};

/// Fewer users than this measure little, whatever their share.
const FEW_USERS: usize = 10;
/// One user with a training item in so many is few.
const FEW_OF: usize = 10;
/// How far a share may be from the one asked for before that is a remark of its own.
const OFF: f64 = 0.01;

/// The parts and their shares, in a clause.
pub(super) fn parts(summary: &SplitSummary) -> String {
    let test = match summary.test_share {
        Some(share) => format!("test {} of the log, ", percent(share)),
        None => String::new(),
    };
    let of = match summary.test_share {
        Some(_) => "the rest",
        None => "the log",
    };
    format!(
        "{} split: {} training, {} validation, {} test interactions ({test}validation {} of {of})",
        summary.method.as_str(),
        count(summary.n_train as u64),
        count(summary.n_validation as u64),
        count(summary.n_test as u64),
        percent(summary.validation_share),
    )
}

/// What is unusual about a split, one sentence each.
pub(super) fn remarks(summary: &SplitSummary, config: &SplitConfig) -> Vec<String> {
    let mut remarks = Vec::new();
    remarks.extend(short_of(summary, config));
    remarks.extend(summary.tied_cuts.iter().map(tied_cut));
    if summary.n_tied_users > 0 {
        remarks.push(format!(
            "the last interactions of {} share a moment: the seed decided which of them are held out",
            counted(summary.n_tied_users, "user")
        ));
    }
    remarks.extend(measures_little(summary));
    remarks
}

/// Shares that could not be met.
fn short_of(summary: &SplitSummary, config: &SplitConfig) -> Option<String> {
    let test = summary.test_share.unwrap_or(config.test_fraction);
    let off = |found: f64, asked: f64| (found - asked).abs() > OFF;
    let n_all = summary.n_train + summary.n_validation + summary.n_test;
    let is_short = summary.method == SplitMethod::Random
        && n_all as f64 * OFF > 1.0
        && (off(test, config.test_fraction)
            || off(summary.validation_share, config.validation_fraction));
    is_short.then(|| {
        format!(
            "{} and {} were asked for: each user keeps one interaction for training, so that no more could be held out",
            percent(config.test_fraction),
            percent(config.validation_fraction),
        )
    })
}

fn tied_cut(cut: &TiedCut) -> String {
    let what = format!(
        "{} at the moment where the {} part begins ({})",
        counted(cut.n_interactions, "interaction"),
        cut.part,
        iso_date(cut.moment),
    );
    if cut.n_after == 0 {
        format!("{what}: the cut moved behind them")
    } else if cut.n_after == cut.n_interactions {
        format!("{what}: the cut moved before them")
    } else {
        format!(
            "{what}: time cannot part them, so the seed drew {} of them for after the cut",
            count(cut.n_after as u64)
        )
    }
}

/// That none or few of the held-out users have something to go by.
fn measures_little(summary: &SplitSummary) -> Option<String> {
    let parts = [
        (
            "validation",
            summary.n_validation_users,
            summary.n_cold_validation_users,
        ),
        ("test", summary.n_test_users, summary.n_cold_users),
    ];
    let there = parts.iter().filter(|(_, users, _)| *users > 0);
    let (none, some): (Vec<_>, Vec<_>) = there.partition(|(_, users, cold)| users == cold);
    let remedy = "a split with `--split random` keeps one interaction of each user for training";
    if !none.is_empty() {
        let named: Vec<String> = none
            .iter()
            .map(|(part, users, _)| counted(*users, &format!("{part} user")))
            .collect();
        return Some(format!(
            "none of the {} has a training item: nothing about them was learned, and figures of them say nothing of \
             the model; {remedy}",
            named.join(" and ")
        ));
    }
    let few: Vec<String> = some
        .iter()
        .filter(|(_, users, cold)| {
            let warm = users - cold;
            warm < FEW_USERS || warm * FEW_OF < *users
        })
        .map(|(part, users, cold)| {
            let all = counted(*users, &format!("{part} user"));
            match cold {
                0 => all,
                cold => format!("{} of {all}", users - cold),
            }
        })
        .collect();
    (!few.is_empty()).then(|| {
        format!(
            "only {} can be measured, those with a training item: figures of so few say little",
            few.join(" and ")
        )
    })
}
