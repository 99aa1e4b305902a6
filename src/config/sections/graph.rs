//! `[graph]`: the graph that models pass messages over.

use super::ModelName::{LightGcn, NgcfLecture, NgcfOfficial, NgcfPaper};
use super::section::section;
use super::setting::Absent;
use crate::config::accepts::POSITIVE;

section! {
    /// The graph of training interactions.
    ["graph"] GraphSettings { models: &[LightGcn, NgcfLecture, NgcfPaper, NgcfOfficial] }

    /// Whether an edge counts by the weight of its interaction, in sums over neighbours and in degrees.
    weighted: bool {
        default: false;
        absent: Absent::Was("false"),
    }

    /// Half-life in days after which an edge counts half, as of the newest training interaction. When absent: age does not
    /// count.
    half_life_days: Option<f64> {
        default: None;
        accepts: POSITIVE,
    }
}
