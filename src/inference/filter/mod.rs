//! Graph filters: scores from a user's history alone, by smoothing it over the item graph. Nothing is trained.
//!
//! `score = (r D^-p) (sum_k c_k T_k(I - 2P)) D^p + w (r D^-q) V Vᵀ D^q`, with `r` the user's history of zeros and
//! ones (or weights), `D` item degrees, `P` the normalised item graph and `V` its leading singular vectors.

mod block;
mod low_pass;
mod many;
mod response;
mod settings;
mod shares;
#[cfg(test)]
mod tests;

use std::ops::Range;
use std::sync::Arc;

use super::history::History;
use super::rank_error::RankError;
use super::score_source::{ManyLists, ScoreSource};
use super::selection::{Ranked, Selection};
use super::top_k::check_k;
use crate::data::ItemLists;
use crate::failure::{Fails, Failure};
use crate::spectral::{CoOccurrence, SpectralError};
use block::{Filtered, USERS_PER_BLOCK};
use low_pass::LowPass;
pub use response::Response;
pub(crate) use settings::{histories_count, of_run, shape};

/// Items whose scores are held at once until they are selected from.
const ITEMS_PER_TILE: usize = 256;

/// What distinguishes one filter from another.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterShape {
    /// The polynomial of the item graph.
    pub response: Response,
    /// `p`: the power of item degrees around it.
    pub degree_power: f64,
    /// `w`: how much the ideal low-pass part counts.
    pub low_pass_weight: f64,
    /// `q`: the power of item degrees around that part.
    pub low_pass_degree_power: f64,
}

/// Errors of putting a filter together.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum FilterError {
    /// A table of another size than the catalogue.
    #[error(
        "the singular vectors hold {found} numbers where {expected} are expected; the run's files are damaged or of different runs"
    )]
    Vectors {
        /// Numbers there are.
        found: usize,
        /// Numbers asked for.
        expected: usize,
    },
    /// The graph cannot be built.
    #[error(transparent)]
    Graph(#[from] SpectralError),
}

/// A fitted filter over the histories of some users.
#[derive(Debug, Clone)]
pub struct GraphFilter {
    core: Arc<Core>,
    histories: ItemLists,
    /// What each item of the histories counts; empty for 1 each.
    weights: Vec<f32>,
}

/// Everything but the histories.
#[derive(Debug)]
struct Core {
    graph: CoOccurrence,
    response: Response,
    scales: Scales,
    /// `None` for no vectors or no weight.
    low_pass: Option<LowPass>,
    low_pass_scales: Scales,
}

/// Powers of item degrees; 0 for items that no user has.
#[derive(Debug)]
struct Scales {
    before: Vec<f32>,
    after: Vec<f32>,
}

impl Scales {
    fn new(graph: &CoOccurrence, power: f64, weight: f64) -> Self {
        let scale = |power: f64, factor: f64| {
            let of_item = |item| match graph.degree(item) {
                0 => 0.0,
                degree => (factor * (degree as f64).powf(power)) as f32,
            };
            (0..graph.n_items()).map(of_item).collect()
        };
        Self {
            before: scale(-power, weight),
            after: scale(power, 1.0),
        }
    }
}

impl GraphFilter {
    /// The filter of a shape over the graph of `train`, with its singular vectors as columns of
    /// `[graph.n_items() x n_vectors]`; its users are those of `train`.
    ///
    /// # Errors
    /// When `vectors` has another size.
    ///
    /// # Panics
    /// When the graph is of other lists.
    pub fn new(
        shape: &FilterShape,
        graph: CoOccurrence,
        train: ItemLists,
        vectors: &[f32],
        n_vectors: usize,
    ) -> Result<Self, FilterError> {
        assert_eq!(graph.n_users(), train.n_users(), "the graph of these lists");
        let expected = graph.n_items().saturating_mul(n_vectors);
        if vectors.len() != expected {
            let found = vectors.len();
            return Err(FilterError::Vectors { found, expected });
        }
        let counts = n_vectors > 0 && shape.low_pass_weight != 0.0;
        let core = Core {
            response: shape.response.clone(),
            scales: Scales::new(&graph, shape.degree_power, 1.0),
            low_pass: counts.then(|| LowPass::new(vectors, n_vectors)),
            low_pass_scales: Scales::new(
                &graph,
                shape.low_pass_degree_power,
                shape.low_pass_weight,
            ),
            graph,
        };
        Ok(Self {
            core: Arc::new(core),
            histories: train,
            weights: Vec::new(),
        })
    }

    /// The same filter, an item of a history counting by its weight; `weights` are those of the histories, user after
    /// user.
    ///
    /// # Panics
    /// When there is not one weight an item of the histories.
    #[must_use]
    pub fn weighing(self, weights: Vec<f32>) -> Self {
        assert_eq!(weights.len(), self.histories.n_pairs(), "a weight an item");
        Self { weights, ..self }
    }

    /// Whether items of histories count by their weights.
    pub fn weighs(&self) -> bool {
        !self.weights.is_empty()
    }

    /// The same filter for other people. Exact: a history the filter was fitted on gets the scores of its user.
    ///
    /// # Panics
    /// When an item is not below [`n_items`](ScoreSource::n_items).
    #[must_use]
    pub fn with_histories(&self, histories: ItemLists) -> Self {
        histories.assert_below(self.n_items());
        Self {
            core: Arc::clone(&self.core),
            histories,
            weights: Vec::new(),
        }
    }

    /// The `k` items of the highest scores for a user who has `item` alone, the `hidden` ones (ascending) left out.
    ///
    /// # Errors
    /// `k` of 0.
    ///
    /// # Panics
    /// When `item` is not below the number of items.
    pub fn similar(&self, item: u32, k: usize, hidden: &[u32]) -> Result<Vec<Ranked>, RankError> {
        check_k(k)?;
        let alone = self.with_histories(ItemLists::from_pairs(1, [(0, item)].into_iter()));
        let mut selection = [Selection::new(k.min(self.n_items()), hidden)];
        alone.offer_all(&[0], &mut selection);
        let [selection] = selection;
        selection
            .finish()
            .map_err(|item| RankError::VectorNotANumber { item })
    }

    /// The items of a user, and what each counts.
    pub(super) fn history(&self, user: u32) -> History<'_> {
        History::of(&self.histories, &self.weights, user)
    }

    /// The vectors of some items in the low-pass part, `[items.len(), width]`, and the width; `None` without that part.
    pub(super) fn vectors_of(&self, items: &[u32]) -> Option<(Vec<f32>, usize)> {
        Some(self.core.low_pass.as_ref()?.rows_of(items))
    }

    fn filtered(&self, users: &[u32]) -> Filtered<'_> {
        let histories: Vec<History<'_>> = users.iter().map(|&user| self.history(user)).collect();
        Filtered::new(&self.core, &histories)
    }
}

impl ScoreSource for GraphFilter {
    fn n_users(&self) -> usize {
        self.histories.n_users()
    }

    fn n_items(&self) -> usize {
        self.core.graph.n_items()
    }

    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        let width = items.len();
        assert_eq!(out.len(), users.len() * width, "one score a user and item");
        let rows = out.chunks_mut((USERS_PER_BLOCK * width).max(1));
        for (users, out) in users.chunks(USERS_PER_BLOCK).zip(rows) {
            self.filtered(users).fill(items.clone(), out);
        }
    }

    fn offer_all(&self, users: &[u32], selections: &mut [Selection<'_>]) {
        let blocks = selections.chunks_mut(USERS_PER_BLOCK);
        for (users, selections) in users.chunks(USERS_PER_BLOCK).zip(blocks) {
            let filtered = self.filtered(users);
            let mut scores = vec![0.0; users.len() * ITEMS_PER_TILE];
            for start in (0..self.n_items()).step_by(ITEMS_PER_TILE) {
                let width = ITEMS_PER_TILE.min(self.n_items() - start);
                let tile = &mut scores[..users.len() * width];
                filtered.fill(start..start + width, tile);
                for (selection, row) in selections.iter_mut().zip(tile.chunks_exact(width)) {
                    selection.offer(start as u32, row);
                }
            }
        }
    }

    fn rank_many(&self, wanted: &ManyLists<'_>) -> Option<Result<Vec<Vec<Ranked>>, RankError>> {
        many::rank(self, wanted)
    }
}

/// A filter with some singular vectors: of a high degree, or linear.
#[cfg(test)]
#[allow(clippy::unwrap_used)]
pub(super) fn fixture(train: &ItemLists, n_items: usize, is_high: bool) -> GraphFilter {
    use crate::spectral::{SpectrumRequest, leading_vectors};
    let response = match is_high {
        true => Response::plateau(8, 1.5),
        false => Response::linear(),
    };
    let shape = FilterShape {
        response,
        degree_power: 0.4,
        low_pass_weight: 0.2,
        low_pass_degree_power: 0.4,
    };
    let graph = CoOccurrence::new(train, n_items).unwrap();
    let request = SpectrumRequest {
        n_vectors: 4,
        tolerance: 1e-4,
        seed: 1,
    };
    let spectrum = leading_vectors(&graph, request, &|| false).unwrap();
    let n_vectors = spectrum.values.len();
    GraphFilter::new(&shape, graph, train.clone(), &spectrum.vectors, n_vectors).unwrap()
}

impl Fails for FilterError {
    fn failure(&self) -> Failure {
        Failure::BadData
    }
}
