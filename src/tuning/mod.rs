//! Hyperparameter search: the search space, successive halving, the journal, hyperparameter importance.

mod halving;
mod importance;
mod journal;
mod space;

pub use halving::{ETA, Ladder, Move, Standing, next, ranked};
pub use importance::{Importance, importance};
pub use journal::{Journal, Search, Trial, TrialRecord, by_name};
pub use space::{Dimension, Drawn, Space, SpaceError, as_flags, number, shown};
