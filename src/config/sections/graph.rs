//! `[graph]`: the graph that models pass messages over.

use super::ModelName::{LightGcn, NgcfLecture, NgcfOfficial, NgcfPaper};
use super::section::section;
use super::setting::Absent;

section! {
    /// The graph of training interactions.
    ["graph"] GraphSettings { models: &[LightGcn, NgcfLecture, NgcfPaper, NgcfOfficial] }

    /// Whether an edge counts by the weight of its interaction, in sums over neighbours and in degrees.
    weighted: bool {
        default: false;
        absent: Absent::Was("false"),
    }
}
