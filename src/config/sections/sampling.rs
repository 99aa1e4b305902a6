//! `[sampling]`: what a batch is made of.

use super::section::section;
use super::setting::{Absent, Rule};
use super::{TRAINED, flag};
use crate::config::accepts::{Accepts, NON_NEGATIVE, POSITIVE};
use crate::config::choice::closed_choice;

closed_choice! {
    /// `sampling.positives`: how the positives of an epoch are drawn.
    PositiveSampling {
        /// Every training interaction once an epoch, shuffled.
        ByEdge = "by-edge",
        /// Users uniformly, then one of the user's items uniformly.
        ByUser = "by-user",
    }
}

closed_choice! {
    /// `sampling.distribution`: how negatives are drawn, those of each positive and those of a batch.
    NegativeDistribution {
        /// All items are equally likely.
        Uniform = "uniform",
        /// All items with a training interaction are equally likely. Models of item features need it: with the other
        /// items as negatives they would learn that new items are unwanted.
        WarmItems = "warm-items" was "trained",
        /// By the number of training interactions to the power `sampling.popularity_power`.
        Popularity = "popularity",
    }
}

closed_choice! {
    /// `sampling.log_q`: where the softmax takes off the logarithm of how often a candidate is drawn.
    LogQ {
        /// Where positives of the batch are negatives.
        InBatch = "in-batch",
        /// Also where all negatives are drawn. Then negatives by popularity teach what uniform ones would.
        Always = "always",
        /// Nowhere.
        Never = "never",
    }
}

closed_choice! {
    /// `sampling.hard_root`: around what hard negatives are looked for.
    HardRoot {
        /// The user.
        User = "user",
        /// The positive item, as in PinSAGE.
        Item = "item",
    }
}

section! {
    /// The content of a batch: positives, and negatives in any mixture.
    ["sampling"] SamplingConfig { models: TRAINED }

    /// How positives are drawn.
    positives: PositiveSampling {
        default: PositiveSampling::ByUser, for Mf | LightGcn | PinSage: PositiveSampling::ByEdge;
    }

    /// Whether positives are drawn by their weights: by edge with replacement, by user among the user's items.
    weighted_positives: bool {
        default: false;
        absent: Absent::Was("false"),
    }

    /// Half-life in days after which an interaction is drawn half as often as a positive, as of the newest training
    /// interaction: among all by edge with replacement, among the user's items by user. When absent: age does not count.
    half_life_days: Option<f64> {
        default: None;
        accepts: POSITIVE,
    }

    /// Negatives per positive.
    negatives: usize {
        default: 1, for LightGcn | PinSage: 0;
        accepts: Accepts::Whole(0, 1000),
        rules: &[Rule {
            broken: |config| config.sampling.has_no_negatives(),
            remedy: "nothing is compared with the positives; set it, or `sampling.batch_shared`, to 1 or more",
        }],
        flag: flag("negatives", "N"),
    }

    /// Negatives that all positives of a batch share, without those the user has; at most the whole catalogue.
    batch_shared: usize, was "shared" {
        default: 0, for LightGcn: 2048, for PinSage: 500;
        accepts: Accepts::Whole(0, 1_000_000),
        absent: Absent::Was("0"),
    }

    /// Whether a batch's positives are negatives of its other users, too.
    in_batch: bool {
        default: false;
        absent: Absent::Was("false"),
    }

    /// Where the softmax corrects for how its candidates were drawn (logQ): in-batch negatives and positives by how often
    /// an item is a positive, all others by `sampling.distribution`. No other loss is corrected.
    log_q: LogQ {
        default: LogQ::InBatch;
        absent: Absent::Was("\"in-batch\""),
    }

    /// How negatives are drawn.
    distribution: NegativeDistribution {
        default: NegativeDistribution::Uniform, for LightGcn: NegativeDistribution::Popularity, for PinSage: NegativeDistribution::WarmItems;
        absent: Absent::Was("\"uniform\""),
    }

    /// Exponent of the distribution `popularity`.
    popularity_power: f64 {
        default: 0.75, for LightGcn: 0.5;
        absent: Absent::Default,
    }

    /// Hard negatives per positive, beside the others: items near it in the graph that the user does not have.
    hard: usize {
        default: 0;
        accepts: Accepts::Whole(0, 1000),
        absent: Absent::Was("0"),
    }

    /// First rank by personalized PageRank that a hard negative has, from 0; below 1 a share of the catalogue.
    hard_from: f64 {
        default: 100.0;
        accepts: NON_NEGATIVE,
        absent: Absent::Default,
    }

    /// First rank that is too far for a hard negative, in the unit of `sampling.hard_from`.
    hard_to: f64 {
        default: 500.0;
        accepts: POSITIVE,
        absent: Absent::Default,
        rules: &[Rule {
            broken: |config| {
                config.sampling.hard > 0 && config.sampling.hard_to <= config.sampling.hard_from
            },
            remedy: "the band of ranks is empty; it ends above `sampling.hard_from`",
        }],
    }

    /// The node around which hard negatives are looked for.
    hard_root: HardRoot {
        default: HardRoot::User;
        absent: Absent::Default,
    }

    /// Whether epoch n has n - 1 hard negatives per positive, until there are `hard`.
    curriculum: bool {
        default: true;
        absent: Absent::Default,
    }

    /// Batches of an epoch at most; 0 for no limit. An epoch of a log with more is a random part of it, so that models that
    /// pass over the graph with every batch are validated in bounded time.
    max_batches: usize {
        default: 0, for LightGcn: 100, for NgcfLecture | NgcfPaper | NgcfOfficial: 1000;
        absent: Absent::Was("0"),
    }

    /// Positives per batch; fewer where an epoch would have less than `sampling.min_batches`.
    batch_size: usize {
        default: 1024, for Mf: 2048, for LightGcn: 8192;
        accepts: Accepts::Whole(1, i32::MAX as i64),
        flag: flag("batch-size", "N"),
    }

    /// Batches of an epoch at least: those of a small log have fewer positives than `sampling.batch_size`, but no fewer than
    /// 256.
    min_batches: usize {
        default: 0, for LightGcn: 64;
        absent: Absent::Was("0"),
    }
}

/// Batches are not made smaller than this to have more of them.
const SMALL_BATCH: usize = 256;

impl SamplingConfig {
    /// Hard negatives a positive in an epoch (from 1).
    #[must_use]
    pub fn hard_in_epoch(&self, epoch: u32) -> usize {
        match self.curriculum {
            true => self.hard.min(epoch.saturating_sub(1) as usize),
            false => self.hard,
        }
    }

    /// The ranks of hard negatives in a catalogue of `n_items`.
    #[must_use]
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    pub fn hard_ranks(&self, n_items: usize) -> std::ops::Range<usize> {
        let rank = |bound: f64| match bound < 1.0 {
            true => (bound * n_items as f64) as usize,
            false => bound as usize,
        };
        rank(self.hard_from)..rank(self.hard_to)
    }

    /// Number of batches of an epoch over `n_interactions` positives; the last one may be shorter.
    #[must_use]
    pub fn n_batches(&self, n_interactions: usize) -> usize {
        let all = n_interactions.div_ceil(self.batch_len(n_interactions));
        match self.max_batches {
            0 => all,
            most => all.min(most),
        }
    }

    /// Positives of a batch, where an epoch could have `n_interactions` of them.
    #[must_use]
    pub fn batch_len(&self, n_interactions: usize) -> usize {
        let most = match self.min_batches {
            0 => usize::MAX,
            least => n_interactions.div_ceil(least).max(SMALL_BATCH),
        };
        self.batch_size.min(most).max(1)
    }

    /// Whether some epoch has nothing to compare positives with.
    fn has_no_negatives(&self) -> bool {
        self.negatives == 0
            && self.batch_shared == 0
            && !self.in_batch
            && (self.hard == 0 || self.curriculum)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::RunConfig;

    #[test]
    fn last_batch_may_be_short() {
        let sampling = SamplingConfig {
            batch_size: 4,
            max_batches: 0,
            min_batches: 0,
            ..RunConfig::default().sampling
        };
        assert_eq!(sampling.n_batches(0), 0);
        assert_eq!(sampling.n_batches(8), 2);
        assert_eq!(sampling.n_batches(9), 3);
        let bounded = SamplingConfig {
            max_batches: 2,
            ..sampling
        };
        assert_eq!([4, 8, 9, 900].map(|n| bounded.n_batches(n)), [1, 2, 2, 2]);
    }

    #[test]
    fn batches_of_a_small_log_are_smaller() {
        let sampling = SamplingConfig {
            batch_size: 8192,
            min_batches: 64,
            max_batches: 100,
            ..RunConfig::default().sampling
        };
        let logs = [0, 1000, 64_000, 600_000, 20_000_000];
        let sizes = logs.map(|n| (sampling.batch_len(n), sampling.n_batches(n)));
        let expected = [(256, 0), (256, 4), (1000, 64), (8192, 74), (8192, 100)];
        assert_eq!(sizes, expected);
    }

    #[test]
    fn the_curriculum_rises_by_one_an_epoch_to_its_cap() {
        let mut sampling = SamplingConfig {
            hard: 3,
            curriculum: true,
            ..RunConfig::default().sampling
        };
        let hard = |s: &SamplingConfig| [1, 2, 3, 4, 5, 9].map(|epoch| s.hard_in_epoch(epoch));
        assert_eq!(hard(&sampling), [0, 1, 2, 3, 3, 3]);
        sampling.curriculum = false;
        assert_eq!(hard(&sampling), [3; 6]);
    }

    #[test]
    fn bands_are_ranks_or_shares_of_the_catalogue() {
        let band = |hard_from, hard_to| SamplingConfig {
            hard_from,
            hard_to,
            ..RunConfig::default().sampling
        };
        assert_eq!(band(2000.0, 5000.0).hard_ranks(70), 2000..5000);
        assert_eq!(band(0.0, 0.5).hard_ranks(1001), 0..500);
        assert_eq!(band(0.25, 300.0).hard_ranks(400), 100..300);
    }
}
