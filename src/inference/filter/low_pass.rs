//! The ideal low-pass part of a filter: what the leading singular vectors see of a history, and nothing else.

use super::super::history::History;
use super::super::kernel::{ITEMS, ItemLanes, Tile, USERS, UserLanes};
use super::super::packing::{pack_items, pack_users};

/// Item vectors packed for the product kernel.
#[derive(Debug, Clone)]
pub(super) struct LowPass {
    n_vectors: usize,
    /// `[n_panels x n_vectors]`.
    lanes: Vec<ItemLanes>,
}

/// The users of a block as the singular vectors see them.
pub(super) struct Projected {
    n_vectors: usize,
    lanes: Vec<UserLanes>,
}

impl LowPass {
    /// Vectors as columns of `[n_items x n_vectors]`, row-major.
    pub(super) fn new(vectors: &[f32], n_vectors: usize) -> Self {
        Self {
            n_vectors,
            lanes: pack_items(vectors.chunks_exact(n_vectors), n_vectors),
        }
    }

    /// `Vᵀ x` of each history, an item `i` of which is scaled by `scales[i]`.
    pub(super) fn project<'a>(
        &self,
        histories: impl ExactSizeIterator<Item = History<'a>>,
        scales: &[f32],
    ) -> Projected {
        let rows: Vec<Vec<f32>> = histories
            .map(|history| {
                let mut sums = vec![0.0; self.n_vectors];
                for (item, weight) in history.entries() {
                    let (panel, lane) = (item as usize / ITEMS, item as usize % ITEMS);
                    let lanes = &self.lanes[panel * self.n_vectors..][..self.n_vectors];
                    for (sum, lanes) in sums.iter_mut().zip(lanes) {
                        *sum += scales[item as usize] * weight * lanes.0[lane];
                    }
                }
                sums
            })
            .collect();
        Projected {
            n_vectors: self.n_vectors,
            lanes: pack_users(rows.iter().map(Vec::as_slice), self.n_vectors),
        }
    }

    /// The vectors of some items, `[items.len(), n_vectors]`, and their width.
    pub(super) fn rows_of(&self, items: &[u32]) -> (Vec<f32>, usize) {
        let row = |&item: &u32| {
            let (panel, lane) = (item as usize / ITEMS, item as usize % ITEMS);
            let lanes = &self.lanes[panel * self.n_vectors..][..self.n_vectors];
            lanes.iter().map(move |lanes| lanes.0[lane])
        };
        (items.iter().flat_map(row).collect(), self.n_vectors)
    }

    /// Calls `take` with each user of the block and the products with the items of a panel.
    pub(super) fn products(
        &self,
        users: &Projected,
        panel: usize,
        mut take: impl FnMut(usize, &[f32; ITEMS]),
    ) {
        let items = &self.lanes[panel * self.n_vectors..][..self.n_vectors];
        let mut tile = Tile::new();
        for (group, users) in users.lanes.chunks_exact(users.n_vectors).enumerate() {
            tile.fill(users, items, &[f32::INFINITY; USERS]);
            for (lane, products) in tile.scores.iter().enumerate() {
                take(group * USERS + lane, products);
            }
        }
    }
}
