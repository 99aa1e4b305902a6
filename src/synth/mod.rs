//! Synthetic interactions: bipartite graphs of any size whose degrees follow power laws on both sides.

mod degrees;
mod pins;

use std::ops::Range;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;

use crate::failure::{Fails, Failure};
use degrees::DegreeCurve;
pub use pins::{Pin, PinBoards, Pins};

/// No node is expected to have more than this share of the other side, where the mean allows it.
const HIGHEST_SHARE: f64 = 0.1;
/// Users times items that may be edges; beyond, drawing distinct items would take long.
const DENSITY_MAX: f64 = 0.25;
/// Rounds of draws for a user's items, before the busiest items left fill the list.
const ROUNDS_MAX: usize = 64;
/// Edges of a block of users.
const BLOCK_EDGES: u64 = 1 << 16;
/// Streams of random numbers beyond those of users, whose stream is their id.
const USER_ORDER: u64 = 1 << 32;
const ITEM_ORDER: u64 = USER_ORDER + 1;

/// The properties of a synthetic graph.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PowerLaw {
    /// Users; the least active may come out without an edge.
    pub n_users: u32,
    /// Items; the least popular may come out without an edge.
    pub n_items: u32,
    /// Edges, exactly, no two of them the same.
    pub n_edges: u64,
    /// The density of users' degrees falls as `degree^-user_exponent`.
    pub user_exponent: f64,
    /// The density of items' degrees falls as `degree^-item_exponent`.
    pub item_exponent: f64,
    /// The seed.
    pub seed: u64,
}

/// Errors of a graph's properties.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[allow(missing_docs)]
pub enum SynthError {
    #[error("a graph needs at least one user, one item and one edge")]
    Empty,
    #[error(
        "{n_edges} edges are more than a quarter of all pairs of {n_users} users and {n_items} items: ask for \
         at most {most}, or for more users or items"
    )]
    TooDense {
        n_users: u32,
        n_items: u32,
        n_edges: u64,
        most: u64,
    },
    #[error(
        "a power law with exponent {exponent} cannot be drawn: take one above 1 and at most 10, such as 2.2"
    )]
    Exponent { exponent: f64 },
}

impl Fails for SynthError {
    fn failure(&self) -> Failure {
        Failure::Usage
    }
}

/// Some edges, by user and then by item.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Edges {
    /// The user of each edge.
    pub users: Vec<u32>,
    /// The item of each edge.
    pub items: Vec<u32>,
}

/// A synthetic graph. A user's items are a function of the specification and the user alone, so blocks
/// of users can be made in any order and on any thread; what is held is 4 bytes per node.
#[derive(Debug, Clone)]
pub struct SyntheticGraph {
    spec: PowerLaw,
    users: DegreeCurve,
    items: DegreeCurve,
    /// The rank of each user by activity.
    user_ranks: Vec<u32>,
    /// The item at each rank of popularity.
    item_ids: Vec<u32>,
}

impl SyntheticGraph {
    /// Prepares the graph.
    ///
    /// # Errors
    /// When there is no such graph, or it would be too dense to draw.
    pub fn new(spec: PowerLaw) -> Result<Self, SynthError> {
        let PowerLaw {
            n_users,
            n_items,
            n_edges,
            ..
        } = spec;
        if n_users == 0 || n_items == 0 || n_edges == 0 {
            return Err(SynthError::Empty);
        }
        let most = (f64::from(n_users) * f64::from(n_items) * DENSITY_MAX) as u64;
        if n_edges > most.max(1) {
            return Err(SynthError::TooDense {
                n_users,
                n_items,
                n_edges,
                most,
            });
        }
        let curve = |n_nodes: u32, others: u32, exponent: f64| {
            if !(exponent > 1.0 && exponent <= 10.0) {
                return Err(SynthError::Exponent { exponent });
            }
            let mean = n_edges as f64 / f64::from(n_nodes);
            let highest = (HIGHEST_SHARE * f64::from(others)).max(2.0 * mean);
            Ok(DegreeCurve::new(n_nodes, exponent, mean, highest))
        };
        Ok(Self {
            users: curve(n_users, n_items, spec.user_exponent)?,
            items: curve(n_items, n_users, spec.item_exponent)?,
            user_ranks: shuffled(n_users, spec.seed, USER_ORDER),
            item_ids: shuffled(n_items, spec.seed, ITEM_ORDER),
            spec,
        })
    }

    /// How many items a user has. The sums of expected degrees are rounded, so that all add up to the
    /// edges asked for.
    pub fn degree(&self, user: u32) -> u32 {
        let rank = self.user_ranks[user as usize];
        let n_edges = self.spec.n_edges as f64;
        let edges_before = |rank: u32| (n_edges * self.users.share(rank)).round() as u64;
        let degree = edges_before(rank + 1) - edges_before(rank);
        u32::try_from(degree).unwrap_or(u32::MAX)
    }

    /// Makes `items` the items of a user, ascending: distinct draws, each by popularity.
    pub fn items_of(&self, user: u32, items: &mut Vec<u32>) {
        items.clear();
        let degree = self.degree(user).min(self.spec.n_items) as usize;
        let mut rng = generator(self.spec.seed, user.into());
        for _ in 0..ROUNDS_MAX {
            let missing = degree - items.len();
            if missing == 0 {
                return;
            }
            let draw = |_| self.item_ids[self.items.rank(rng.random()) as usize];
            items.extend((0..missing).map(draw));
            items.sort_unstable();
            items.dedup();
        }
        let known = items.clone();
        let others = self.item_ids.iter().copied();
        let others = others.filter(|item| known.binary_search(item).is_err());
        items.extend(others.take(degree - known.len()));
        items.sort_unstable();
    }

    /// The edges of some users.
    pub fn edges_of(&self, users: Range<u32>) -> Edges {
        let (mut edges, mut items) = (Edges::default(), Vec::new());
        for user in users {
            self.items_of(user, &mut items);
            edges.items.extend_from_slice(&items);
            edges.users.resize(edges.items.len(), user);
        }
        edges
    }

    /// All edges, by user and then by item.
    pub fn edges(&self) -> impl Iterator<Item = (u32, u32)> + '_ {
        self.blocks().flat_map(|users| {
            let edges = self.edges_of(users);
            edges.users.into_iter().zip(edges.items)
        })
    }

    /// All users in blocks of some 65,000 edges.
    pub fn blocks(&self) -> impl Iterator<Item = Range<u32>> + '_ {
        let n_users = self.spec.n_users;
        let users = u64::from(n_users) * BLOCK_EDGES / self.spec.n_edges;
        let users = users.clamp(1, BLOCK_EDGES) as u32;
        (0..n_users.div_ceil(users)).map(move |block| {
            let start = block * users;
            start..n_users.min(start.saturating_add(users))
        })
    }
}

fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

fn shuffled(n: u32, seed: u64, stream: u64) -> Vec<u32> {
    let mut ids: Vec<u32> = (0..n).collect();
    ids.shuffle(&mut generator(seed, stream));
    ids
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn spec() -> PowerLaw {
        PowerLaw {
            n_users: 20_000,
            n_items: 8_000,
            n_edges: 400_000,
            user_exponent: 2.5,
            item_exponent: 2.2,
            seed: 7,
        }
    }

    fn degrees(n: u32, ids: impl Iterator<Item = u32>) -> Vec<u32> {
        let mut degrees = vec![0; n as usize];
        ids.for_each(|id| degrees[id as usize] += 1);
        degrees
    }

    /// Hill's estimate of a density's exponent, from the nodes of at least this degree.
    fn exponent(degrees: &[u32], from: u32) -> f64 {
        let tail = degrees.iter().filter(|&&degree| degree >= from);
        // Degrees are whole numbers: half a step below the first (Clauset et al. 2009, equation 3.7).
        let start = f64::from(from) - 0.5;
        let logs: Vec<f64> = tail
            .map(|&degree| (f64::from(degree) / start).ln())
            .collect();
        1.0 + logs.len() as f64 / logs.iter().sum::<f64>()
    }

    #[test]
    fn edges_are_as_many_as_asked_for_and_distinct() {
        let graph = SyntheticGraph::new(spec()).unwrap();
        let edges: Vec<_> = graph.edges().collect();
        assert_eq!(edges.len(), 400_000);
        assert!(
            edges.is_sorted_by(|a, b| a < b),
            "sorted and without repetition"
        );
        assert!(
            edges
                .iter()
                .all(|&(user, item)| user < 20_000 && item < 8_000)
        );
    }

    #[test]
    fn degrees_of_both_sides_have_the_tails_asked_for() {
        let graph = SyntheticGraph::new(spec()).unwrap();
        let edges = graph.edges_of(0..20_000);
        let users = degrees(20_000, edges.users.into_iter());
        let items = degrees(8_000, edges.items.into_iter());
        let (of_users, of_items) = (exponent(&users, 20), exponent(&items, 40));
        // The highest degree cuts the tail off, which makes the estimate a little steeper.
        assert!((2.35..2.85).contains(&of_users), "{of_users}");
        assert!((2.05..2.55).contains(&of_items), "{of_items}");
    }

    #[test]
    fn a_graph_is_a_function_of_its_specification() {
        let blocks = |seed| {
            let graph = SyntheticGraph::new(PowerLaw { seed, ..spec() }).unwrap();
            graph
                .blocks()
                .map(|users| graph.edges_of(users))
                .collect::<Vec<_>>()
        };
        assert_eq!(blocks(1), blocks(1));
        assert_ne!(blocks(1), blocks(2));
    }

    #[test]
    fn a_dense_graph_of_few_nodes_ends() {
        let spec = PowerLaw {
            n_users: 4,
            n_items: 4,
            n_edges: 4,
            ..spec()
        };
        assert_eq!(SyntheticGraph::new(spec).unwrap().edges().count(), 4);
        let steep = PowerLaw {
            n_users: 40,
            n_items: 40,
            n_edges: 400,
            item_exponent: 1.1,
            ..spec
        };
        assert_eq!(SyntheticGraph::new(steep).unwrap().edges().count(), 400);
    }

    #[test]
    fn what_cannot_be_drawn_is_refused() {
        let refused = |spec| SyntheticGraph::new(spec).unwrap_err();
        assert_eq!(
            refused(PowerLaw {
                n_items: 0,
                ..spec()
            }),
            SynthError::Empty
        );
        let dense = refused(PowerLaw {
            n_users: 10,
            n_items: 10,
            n_edges: 26,
            ..spec()
        });
        assert!(dense.to_string().contains("at most 25"), "{dense}");
        let flat = refused(PowerLaw {
            user_exponent: 1.0,
            ..spec()
        });
        assert_eq!(flat, SynthError::Exponent { exponent: 1.0 });
    }
}
