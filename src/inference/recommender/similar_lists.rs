//! Lists of the items most like an item.

use rayon::prelude::*;

use super::super::selection::Ranked;
use super::Recommender;
use super::error::RecommenderError;
use super::list_options::{ListOptions, Wanted};
use super::lists::Listed;

impl Recommender {
    /// The `k` items most like one, by keys, itself left out; what that means is the
    /// [`Scorer`](crate::inference::Scorer)'s.
    ///
    /// # Errors
    /// An unknown key, `k` of 0, a NaN in a vector.
    pub fn similar(&self, item: &str, k: usize) -> Result<Vec<Listed>, RecommenderError> {
        self.similar_among(item, &ListOptions::of(k))
    }

    /// [`similar`](Self::similar) with options; what anybody has seen does not count here, nor does a re-ranking.
    ///
    /// # Errors
    /// As [`similar`](Self::similar), and options that cannot be met.
    pub fn similar_among(
        &self,
        item: &str,
        options: &ListOptions,
    ) -> Result<Vec<Listed>, RecommenderError> {
        let lists = self.similar_ids(&[self.item_id(item)?], options)?;
        Ok(self.listed(&lists.concat()))
    }

    /// [`similar_among`](Self::similar_among) for each of some internal ids: items and similarities, most like it first.
    ///
    /// # Errors
    /// As [`similar_among`](Self::similar_among).
    pub fn similar_ids(
        &self,
        items: &[u32],
        options: &ListOptions,
    ) -> Result<Vec<Vec<Ranked>>, RecommenderError> {
        self.check_items(items)?;
        let wanted = Wanted::new(options, self)?;
        let hidden = wanted.hidden(self.items.len());
        let similar = |&item: &u32| {
            let mut hidden = hidden.clone();
            if let Err(place) = hidden.binary_search(&item) {
                hidden.insert(place, item);
            }
            Ok(self.scorer.similar(item, options.k, &hidden)?)
        };
        items.par_iter().map(similar).collect()
    }

    /// # Errors
    /// The first internal id that no item has.
    pub(super) fn check_items(&self, items: &[u32]) -> Result<(), RecommenderError> {
        let n_items = self.items.len();
        match items.iter().find(|&&item| item as usize >= n_items) {
            Some(&item) => Err(RecommenderError::UnknownItemId { item, n_items }),
            None => Ok(()),
        }
    }
}
