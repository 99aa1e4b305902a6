//! Observers: a long call reports its progress to one, which may also ask it to stop.

#[cfg(feature = "train")]
use crate::run::EpochRecord;

/// Watches a long call and may stop it. `()` watches nothing.
///
/// Events come from the thread that made the call, except [`Event::PieceDone`], which any worker thread may send.
pub trait Observer: Sync {
    /// Something happened. The default does nothing.
    fn event(&self, event: Event<'_>) {
        let _ = event;
    }

    /// Whether to stop as soon as the work is safe: a training saves a checkpoint first. The default never stops.
    fn should_stop(&self) -> bool {
        false
    }
}

impl Observer for () {}

/// Something that happened in a long call.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A fact worth a line, such as how many users the log has.
    Remark(&'a str),
    /// Work of a known number of pieces begins.
    WorkBegins {
        /// What is counted, in a few words.
        what: &'a str,
        /// How many pieces there are.
        n_pieces: u64,
    },
    /// One piece of that work is done.
    PieceDone,
    /// That work is done.
    WorkEnds,
    /// Training begins, or resumes after some epochs.
    TrainingBegins {
        /// The number of epochs at most.
        n_epochs: u32,
        /// Steps of an epoch.
        steps_per_epoch: u64,
        /// Epochs that were done before.
        n_done: u32,
        /// In a refit what it trains on, such as `training and validation`.
        refit_on: Option<&'a str>,
    },
    /// An epoch begins; epochs count from 1.
    EpochBegins(u32),
    /// A training step is done.
    StepDone,
    /// An epoch is done and validated.
    #[cfg(feature = "train")]
    EpochDone(&'a EpochRecord),
    /// Training is done for now.
    TrainingEnds,
    /// Large tables were freed that the next phase does not use again.
    MemoryFreed,
    /// A candidate of a contest is measured next.
    CandidateBegins {
        /// Its name.
        name: &'a str,
        /// About how long the contest still takes; unknown before the first is measured.
        left: Option<std::time::Duration>,
    },
    /// The contest is over: the winner is trained next.
    ContestEnds,
    /// The call stopped early; the text says how to resume.
    Stopped(&'a str),
}

/// Sends a remark.
pub(crate) fn remark(observer: &dyn Observer, text: &str) {
    observer.event(Event::Remark(text));
}
