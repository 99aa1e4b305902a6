//! Importance pooling: the items that short random walks from an item meet most (arXiv 1806.01973, section 3.1).

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use sagebrush_model::Neighbourhoods;

use super::InteractionGraph;
use crate::config::WalkSettings;

/// How random walks find the neighbours of items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Walks {
    /// Walks from each item.
    pub count: usize,
    /// Steps of a walk, each from an item to one of its users and on to one of the user's items.
    pub length: usize,
    /// Items kept.
    pub kept: usize,
    /// Each item's walks are a function of (seed, item).
    pub seed: u64,
}

/// For each item, the items that its walks met most: the most visits first, then the smallest id. Every item has the
/// same number of places; unused ones have a count of 0.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Visits {
    /// Places per item.
    pub kept: usize,
    /// `[n_items, kept]`
    pub items: Vec<u32>,
    /// How often each was met, `[n_items, kept]`.
    pub counts: Vec<u32>,
}

impl From<Visits> for Neighbourhoods {
    fn from(visits: Visits) -> Self {
        let weights = visits.counts.iter().map(|&count| count as f32).collect();
        Self::from_places(visits.kept, visits.items, weights)
    }
}

/// The generator of walks from somewhere that is no item of the graph.
const NEW_ROOTS: u64 = 1 << 32;

impl Walks {
    /// The walks of the settings.
    pub fn new(settings: &WalkSettings, seed: u64) -> Self {
        Self {
            count: settings.count,
            length: settings.length,
            kept: settings.neighbours,
            seed,
        }
    }

    /// Walks from every item, in parallel. The item itself is no neighbour of its own; an item without a user has
    /// none. Bounded: `count * length` steps per item. `done` is told after each item.
    pub fn visits(&self, graph: &InteractionGraph, done: impl Fn() + Sync) -> Visits {
        let kept = self.kept.max(1);
        let n = graph.n_items();
        let mut items = vec![0; n * kept];
        let mut counts = vec![0; n * kept];
        let rows = items.par_chunks_mut(kept).zip(counts.par_chunks_mut(kept));
        rows.enumerate()
            .for_each_init(Vec::new, |met, (item, (items, counts))| {
                let item = item as u32;
                let users = graph.items_to_users().row(item);
                let visited = self.walk(graph, users, Some(item), u64::from(item), met);
                for (at, (near, count)) in visited.into_iter().enumerate() {
                    (items[at], counts[at]) = (near, count);
                }
                done();
            });
        Visits {
            kept,
            items,
            counts,
        }
    }

    /// What walks meet from an item that is not in the graph and has these users; `number` tells such items apart.
    pub fn from_users(
        &self,
        graph: &InteractionGraph,
        users: &[u32],
        number: u32,
    ) -> Vec<(u32, u32)> {
        let stream = NEW_ROOTS + u64::from(number);
        self.walk(graph, users, None, stream, &mut Vec::new())
    }

    fn walk(
        &self,
        graph: &InteractionGraph,
        first_users: &[u32],
        root: Option<u32>,
        stream: u64,
        met: &mut Vec<u32>,
    ) -> Vec<(u32, u32)> {
        let (users_of, items_of) = (graph.items_to_users(), graph.users_to_items());
        met.clear();
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(stream);
        for _ in 0..self.count {
            let mut users = first_users;
            for _ in 0..self.length {
                if users.is_empty() {
                    break;
                }
                let items = items_of.row(users[rng.random_range(0..users.len())]);
                if items.is_empty() {
                    break;
                }
                let item = items[rng.random_range(0..items.len())];
                if Some(item) != root {
                    met.push(item);
                }
                users = users_of.row(item);
            }
        }
        met.sort_unstable();
        let same = met.chunk_by(|a, b| a == b);
        let mut counted: Vec<(u32, u32)> = same.map(|same| (same[0], same.len() as u32)).collect();
        counted.sort_unstable_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(&b.0)));
        counted.truncate(self.kept);
        counted
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::{SplitConfig, SplitDraw, SplitMethod};
    use crate::data::{Dataset, Interactions};
    use crate::split::split;

    /// Item 0 shares user 0 with item 1, and user 1 with items 1 and 2: one step goes to 0 with 5/12, to 1 with 5/12
    /// and to 2 with 1/6, worked by hand.
    #[test]
    fn visits_come_as_often_as_the_walk_says() {
        let pairs = [(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 3)];
        let (users, items) = pairs.into_iter().unzip();
        let mut dataset = Dataset::numbered(4, 5, users, items);
        // The test part is somebody's who is in no walk.
        dataset.given_test = Some(Interactions {
            users: vec![3],
            items: vec![4],
            ..Interactions::default()
        });
        let config = SplitConfig {
            method: Some(SplitMethod::Given),
            test_fraction: 0.2,
            validation_fraction: 0.0,
            draw: SplitDraw::PerInteraction,
            refit: false,
        };
        let split = split(&dataset, &config, 1).unwrap();
        let graph = InteractionGraph::new(&split.train).unwrap();
        let walks = Walks {
            count: 12_000,
            length: 1,
            kept: 5,
            seed: 3,
        };
        let near = walks.visits(&graph, || ());
        assert_eq!(near.items[..5], [1, 2, 0, 0, 0]);
        let is_near = |count: u32, expected: u32, by: u32| count.abs_diff(expected) < by;
        // Five standard deviations of 12,000 draws are 270 and 204.
        assert!(is_near(near.counts[0], 5000, 270), "{:?}", near.counts);
        assert!(is_near(near.counts[1], 2000, 204), "{:?}", near.counts);
        // Nobody but user 2 has item 3, who has nothing else; item 4 has nobody at all.
        assert_eq!(near.counts[15..], [0; 10]);
        assert_eq!(walks.visits(&graph, || ()), near);
        let few = Walks { kept: 1, ..walks };
        let first = few.visits(&graph, || ());
        assert_eq!((first.items[0], first.counts[0]), (1, near.counts[0]));
        // A new item that users 0 and 1 have meets what item 0 meets, and item 0 as well.
        let new = walks.from_users(&graph, &[0, 1], 7);
        let count = |item| new.iter().find(|met| met.0 == item).map_or(0, |met| met.1);
        assert!(
            is_near(count(0), 5000, 270) && is_near(count(2), 2000, 204),
            "{new:?}"
        );
        assert!(walks.from_users(&graph, &[], 7).is_empty());
    }
}
