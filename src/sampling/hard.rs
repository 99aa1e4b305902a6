//! Hard negatives: items near a user, or near the positive, in the graph that the user does not have.

use rand::{Rng, RngExt};

use super::negatives::MAX_TRIES;
use crate::config::{HardRoot, SamplingConfig};
use crate::data::ItemLists;
use crate::graph::{GraphError, InteractionGraph, PageRank};
use crate::split::TrainSet;

/// The items to draw hard negatives from: for each user, or for each item, those of a band of ranks by
/// personalized PageRank.
#[derive(Debug, Clone)]
pub struct HardNegatives<'a> {
    root: HardRoot,
    bands: &'a ItemLists,
}

impl HardNegatives<'_> {
    /// Ranks around every root, calling `done` after each; `None` where the settings want no hard
    /// negatives.
    ///
    /// # Errors
    /// When the graph has more edges than 32-bit indices can number.
    pub fn rank(
        train: &TrainSet,
        config: &SamplingConfig,
        done: impl Fn() + Sync,
    ) -> Result<Option<ItemLists>, GraphError> {
        if config.hard == 0 {
            return Ok(None);
        }
        let graph = InteractionGraph::new(train)?;
        let by_item = config.hard_root == HardRoot::Item;
        let ranks = config.hard_ranks(train.n_items());
        Ok(Some(
            PageRank::default().bands(&graph, by_item, ranks, done),
        ))
    }

    /// How many roots [`rank`](Self::rank) goes through.
    pub fn n_roots(train: &TrainSet, config: &SamplingConfig) -> usize {
        match (config.hard, config.hard_root) {
            (0, _) => 0,
            (_, HardRoot::User) => train.n_users(),
            (_, HardRoot::Item) => train.n_items(),
        }
    }
}

impl<'a> HardNegatives<'a> {
    /// From what [`rank`](Self::rank) gave under the same settings.
    pub fn new(bands: &'a ItemLists, config: &SamplingConfig) -> Self {
        Self {
            root: config.hard_root,
            bands,
        }
    }

    /// Every item of the band of a positive, those the user has included.
    pub fn band(&self, user: u32, positive: u32) -> &[u32] {
        match self.root {
            HardRoot::User => self.bands.of(user),
            HardRoot::Item => self.bands.of(positive),
        }
    }

    /// One of the band that is not in `known` (ascending); `None` where the band has none, or where
    /// none came in [`MAX_TRIES`] draws.
    pub(super) fn draw(
        &self,
        rng: &mut impl Rng,
        user: u32,
        positive: u32,
        known: &[u32],
    ) -> Option<u32> {
        let band = self.band(user, positive);
        if band.is_empty() {
            return None;
        }
        (0..MAX_TRIES).find_map(|_| {
            let item = band[rng.random_range(0..band.len())];
            known.binary_search(&item).is_err().then_some(item)
        })
    }
}
