//! `[split]`: held-out interactions.

use super::section::section;
use super::setting::{Absent, Tune};
use super::{ALL, flag};
use crate::config::accepts::{FRACTION, SHARE};
use crate::config::choice::closed_choice;

closed_choice! {
    /// `split.method`: how held-out interactions are chosen.
    SplitMethod {
        /// Every interaction with the same chance, except one that each user keeps for training.
        Random = "random",
        /// A share of each user's interactions, rounded user by user: what `random` was in version 0.1.
        RandomPerUser = "random-per-user",
        /// Each user's last interaction.
        LeaveLastOut = "leave-last-out",
        /// Everything after a point in time.
        Temporal = "temporal" was "timeline",
        /// Whole items with all their interactions: those of the test part have none in training.
        ColdStartItem = "cold-start-item" was "item-cold",
        /// The test part is the file that `data.test` names.
        Given = "given",
    }
}

closed_choice! {
    /// `split.draw`: what the seed decides, and how.
    SplitDraw {
        /// A hash of the seed and the keys draws interactions, and decides between equal times at a cut.
        PerInteraction = "per-interaction",
        /// As in version 0.1: `random` and the validation part of `given` are `random-per-user`, and internal ids
        /// decide between equal times.
        PerUser = "per-user",
    }
}

section! {
    /// How interactions are held out.
    ["split"] SplitConfig { models: ALL, tune: Tune::Fixed("every trial needs the same validation part") }

    /// How to hold out. When absent: `given` where there is a test file, `temporal` where there are timestamps,
    /// `random` otherwise.
    method: Option<SplitMethod> {
        default: None;
        flag: flag("split", "METHOD"),
    }

    /// Share of the interactions held out for the test.
    test_fraction: f64 {
        default: 0.2;
        accepts: FRACTION,
    }

    /// Share of what is left held out for validation. With 0 training ends with the last epoch, which is kept.
    validation_fraction: f64 {
        default: 0.1;
        accepts: SHARE,
    }

    /// Whether a model is trained once more, on training and validation together, when the validation part has chosen
    /// its epochs; `--no-refit` keeps the one that was trained on the training part.
    refit: bool {
        default: true;
        absent: Absent::Was("false"),
        flag: flag("no-refit", ""),
    }

    /// How the seed draws interactions, and decides between equal times.
    draw: SplitDraw {
        default: SplitDraw::PerInteraction;
        absent: Absent::Was("\"per-user\""),
    }
}
