//! Holds a contest to its end: who won, and what is kept of it.

use super::candidates::Candidate;
use super::course::Contest;
use super::journal::Journal;
use super::record;
use crate::config::RunConfig;
use crate::error::{Result, Unexpected};
use crate::fitting::train;
use crate::observer::{Event, Observer, remark};
use crate::run::{Checkpoint, ContestRecord, RunDir};

/// The end of a contest.
pub(super) struct Won {
    /// The winner's settings.
    pub(super) config: RunConfig,
    pub(super) record: ContestRecord,
    /// The end of its training, where that was a whole one.
    pub(super) checkpoint: Option<Checkpoint>,
}

/// Holds the contest; `None` when interrupted.
pub(super) fn hold(
    observer: &dyn Observer,
    contest: &Contest<'_>,
    journal: &mut Journal,
) -> Result<Option<Won>> {
    remark(observer, &contest.said_before(journal));
    let is_whole = contest.run(journal);
    observer.event(Event::ContestEnds);
    if !is_whole? {
        return Ok(None);
    }
    let standings = contest.standings(journal.measured());
    if standings.iter().all(|one| one.figures.is_empty()) {
        return Err(contest.nobody(journal.measured()).into());
    }
    let record = record::of(contest, journal, &standings);
    let mut candidates = contest.field.candidates.iter();
    let winner = candidates.find(|one| one.name == record.winner);
    let winner = winner.ok_or(Unexpected("the winner is a candidate"))?;
    remark(observer, &record.why);
    Ok(Some(Won {
        config: winner.config.clone(),
        checkpoint: whole_training(winner, journal)?,
        record,
    }))
}

/// The last checkpoint of a winner that was measured at its full length.
fn whole_training(winner: &Candidate, journal: &Journal) -> Result<Option<Checkpoint>> {
    let path = journal.training_of(winner.name, winner.n_rungs() - 1);
    match winner.is_trained() && path.is_dir() {
        true => train::latest_checkpoint(&RunDir::of_any_state(&path)?.checkpoint_dir()),
        false => Ok(None),
    }
}
