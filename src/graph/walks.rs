//! Importance pooling: the items that short random walks from an item meet most (arXiv 1806.01973, section 3.1).

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rayon::prelude::*;

use super::InteractionGraph;

/// How neighbourhoods are walked.
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

impl Walks {
    /// Of each item the items its walks met most, with how often: the most visits first, then the smaller id.
    /// The item itself is no neighbour of its own; an item without a user has none. Bounded: `count * length` steps
    /// an item.
    pub fn neighbours(&self, graph: &InteractionGraph) -> Vec<Vec<(u32, f32)>> {
        let items = 0..graph.n_items() as u32;
        items
            .into_par_iter()
            .map_init(Vec::new, |visits, item| self.of(graph, item, visits))
            .collect()
    }

    fn of(&self, graph: &InteractionGraph, root: u32, visits: &mut Vec<u32>) -> Vec<(u32, f32)> {
        let (users_of, items_of) = (graph.items_to_users(), graph.users_to_items());
        visits.clear();
        if users_of.row(root).is_empty() {
            return Vec::new();
        }
        let mut rng = ChaCha8Rng::seed_from_u64(self.seed);
        rng.set_stream(u64::from(root));
        for _ in 0..self.count {
            let mut item = root;
            for _ in 0..self.length {
                let users = users_of.row(item);
                let items = items_of.row(users[rng.random_range(0..users.len())]);
                item = items[rng.random_range(0..items.len())];
                if item != root {
                    visits.push(item);
                }
            }
        }
        visits.sort_unstable();
        let mut counted: Vec<(u32, f32)> = visits
            .chunk_by(|a, b| a == b)
            .map(|same| (same[0], same.len() as f32))
            .collect();
        counted.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        counted.truncate(self.kept);
        counted
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::{SplitConfig, SplitMethod};
    use crate::data::{Dataset, Interactions, split};

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
        };
        let split = split(&dataset, &config, 1).unwrap();
        let graph = InteractionGraph::new(&split.train).unwrap();
        let walks = Walks {
            count: 12_000,
            length: 1,
            kept: 5,
            seed: 3,
        };
        let near = walks.neighbours(&graph);
        let of = |item: usize| near[item].iter().map(|n| n.0).collect::<Vec<_>>();
        assert_eq!(of(0), [1, 2]);
        // Five standard deviations of 12,000 draws are 270 and 204.
        assert!((near[0][0].1 - 5000.0).abs() < 270.0, "{:?}", near[0]);
        assert!((near[0][1].1 - 2000.0).abs() < 204.0, "{:?}", near[0]);
        // Nobody but user 2 has item 3, who has nothing else; item 4 has nobody at all.
        assert!(near[3].is_empty() && near[4].is_empty());
        assert_eq!(walks.neighbours(&graph), near);
        let few = Walks { kept: 1, ..walks };
        assert_eq!(few.neighbours(&graph)[0], near[0][..1]);
    }
}
