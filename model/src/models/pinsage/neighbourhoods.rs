//! The weighted neighbours of each item, and the receptive field of a batch.

use super::Pooling;
use crate::graph::{SparseMatrix, SparseRows};

/// The weighted neighbours of each item, in as many places for every item; places after an item's last neighbour have
/// weight 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbourhoods {
    per_item: usize,
    near: Vec<u32>,
    weights: Vec<f32>,
}

/// The receptive field of a batch of items: the items whose features are read, and for each layer, the first one first,
/// the matrix that pools neighbours, `[outputs, inputs]`. A layer's outputs are the first of its inputs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SubGraph {
    pub(crate) inputs: Vec<u32>,
    pub(crate) pools: Vec<SparseMatrix>,
}

/// The place of each item in a list that grows. Clearing takes no time, because places are stamped with a round.
#[derive(Clone, Debug, Default)]
pub(crate) struct Places {
    /// The round an item was last placed in, and its place.
    placed: Vec<(u32, u32)>,
    round: u32,
}

impl Places {
    /// Forgets all places; there are `n_items` items from now on.
    pub(super) fn clear(&mut self, n_items: usize) {
        if self.placed.len() != n_items || self.round == u32::MAX {
            self.placed = vec![(0, 0); n_items];
            self.round = 0;
        }
        self.round += 1;
    }

    /// The place of an item in `list`, at whose end it is put where it has none.
    pub(super) fn of(&mut self, item: u32, list: &mut Vec<u32>) -> u32 {
        let (round, place) = &mut self.placed[item as usize];
        if *round != self.round {
            (*round, *place) = (self.round, list.len() as u32);
            list.push(item);
        }
        *place
    }
}

impl Neighbourhoods {
    /// Lists of neighbours with weights, a list for each item, of which the first `per_item` are kept; weights are
    /// scaled so that they sum to 1. **An item without neighbours is its own neighbour**: so a node without an edge,
    /// such as a new item, gets its vector from its features alone.
    ///
    /// # Panics
    /// When `per_item` is 0, a neighbour is out of range, or a weight is not a positive number.
    pub fn new(per_item: usize, lists: &[Vec<(u32, f32)>]) -> Self {
        Self::from_places(per_item, Vec::new(), Vec::new()).with(lists)
    }

    /// [`Neighbourhoods::new`] from lists of `per_item` places an item, of which those without a neighbour have weight
    /// 0 and come last.
    ///
    /// # Panics
    /// As [`Neighbourhoods::new`], and when there is not a weight a place.
    pub fn from_places(per_item: usize, mut near: Vec<u32>, mut weights: Vec<f32>) -> Self {
        assert!(per_item > 0, "at least one neighbour an item");
        assert_eq!(near.len(), weights.len(), "a weight a place");
        assert!(near.len().is_multiple_of(per_item), "places of whole items");
        let n = near.len() / per_item;
        let rows = near.chunks_exact_mut(per_item);
        for (item, (near, weights)) in rows.zip(weights.chunks_exact_mut(per_item)).enumerate() {
            if weights[0] == 0.0 {
                (near[0], weights[0]) = (item as u32, 1.0);
            }
            let total: f32 = weights.iter().sum();
            let mut is_over = false;
            for (&neighbour, weight) in near.iter().zip(weights) {
                assert!(
                    *weight >= 0.0 && weight.is_finite() && !(is_over && *weight > 0.0),
                    "weight {weight}"
                );
                is_over |= *weight == 0.0;
                assert!(
                    is_over || (neighbour as usize) < n,
                    "neighbour {neighbour} of {n} items"
                );
                *weight /= total;
            }
        }
        Self {
            per_item,
            near,
            weights,
        }
    }

    /// The same items and more: the last ones with the neighbours listed, which may be any items but themselves.
    ///
    /// # Panics
    /// As [`Neighbourhoods::new`].
    #[must_use]
    pub fn with(&self, lists: &[Vec<(u32, f32)>]) -> Self {
        let (n, n_more) = (self.n_items(), lists.len());
        let mut near = self.near.clone();
        let mut weights = self.weights.clone();
        near.resize((n + n_more) * self.per_item, 0);
        weights.resize((n + n_more) * self.per_item, 0.0);
        for (item, list) in (n..).zip(lists) {
            for (at, &(neighbour, weight)) in list.iter().take(self.per_item).enumerate() {
                near[item * self.per_item + at] = neighbour;
                weights[item * self.per_item + at] = weight;
            }
        }
        Self::from_places(self.per_item, near, weights)
    }

    /// Number of items.
    pub fn n_items(&self) -> usize {
        self.near.len() / self.per_item
    }

    /// Neighbours kept of an item at most.
    pub fn per_item(&self) -> usize {
        self.per_item
    }

    /// The neighbours of an item and their weights, which sum to 1.
    pub fn of(&self, item: u32) -> impl Iterator<Item = (u32, f32)> + '_ {
        let range = item as usize * self.per_item..(item as usize + 1) * self.per_item;
        let both = self.near[range.clone()].iter().zip(&self.weights[range]);
        both.map(|(&near, &weight)| (near, weight))
            .take_while(|&(_, weight)| weight > 0.0)
    }

    /// The part of the graph that `layers` layers need for some distinct items. A hidden
    /// item is treated as one without neighbours. The time depends on the size of the receptive field, not on that of the
    /// graph.
    pub(crate) fn sub_graph(
        &self,
        items: &[u32],
        layers: usize,
        pooling: Pooling,
        is_hidden: impl Fn(u32) -> bool,
        places: &mut Places,
    ) -> SubGraph {
        let mut inputs = Vec::with_capacity(items.len());
        places.clear(self.n_items());
        for &item in items {
            places.of(item, &mut inputs);
        }
        assert_eq!(inputs.len(), items.len(), "no item comes twice");
        let mut pools = Vec::with_capacity(layers);
        for _ in 0..layers {
            let n_outputs = inputs.len();
            let mut pool = SparseRows::default();
            for output in 0..n_outputs {
                let item = inputs[output];
                if is_hidden(item) {
                    pool.push(output as u32, 1.0);
                } else {
                    let even = 1.0 / self.of(item).count() as f32;
                    for (neighbour, weight) in self.of(item) {
                        let place = places.of(neighbour, &mut inputs);
                        match pooling {
                            Pooling::Importance => pool.push(place, weight),
                            Pooling::Mean | Pooling::Max => pool.push(place, even),
                        }
                    }
                }
                pool.end_row();
            }
            pools.push(pool);
        }
        // The number of a layer's inputs is known only after the next layer's outputs: they are the same nodes.
        let mut n_inputs = inputs.len();
        let mut matrices: Vec<SparseMatrix> = Vec::with_capacity(layers);
        for pool in pools.into_iter().rev() {
            let pool = pool.finish(n_inputs);
            n_inputs = pool.n_rows();
            matrices.push(pool);
        }
        SubGraph {
            inputs,
            pools: matrices,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sub_graph(
        graph: &Neighbourhoods,
        items: &[u32],
        is_hidden: impl Fn(u32) -> bool,
    ) -> SubGraph {
        let places = &mut Places::default();
        graph.sub_graph(items, 2, Pooling::Importance, is_hidden, places)
    }

    #[test]
    fn a_batch_reaches_its_neighbours_once_each() {
        // 0 - 1 - 2 in a row, 3 and 4 apart, 5 alone.
        let lists = [
            vec![(1, 3.0)],
            vec![(0, 1.0), (2, 1.0)],
            vec![(1, 1.0)],
            vec![(4, 1.0)],
            vec![(3, 1.0)],
            vec![],
        ];
        let graph = Neighbourhoods::new(2, &lists);
        let near: Vec<_> = graph.of(5).collect();
        assert_eq!(near, [(5, 1.0)], "an item without neighbours is its own");
        let sub = sub_graph(&graph, &[0, 5], |_| false);
        let mut reached = sub.inputs.clone();
        reached.sort_unstable();
        assert_eq!(reached, [0, 1, 2, 5]);
        assert_eq!(sub.inputs[..2], [0, 5]);
        let sizes = sub.pools.iter().map(|m| (m.n_rows(), m.n_columns()));
        assert_eq!(sizes.collect::<Vec<_>>(), [(3, 4), (2, 3)]);
        // The last layer's outputs are 0 and 5: 0's neighbour is the third input, 5's is itself.
        assert_eq!(sub.pools[1].row(0), (&[2][..], &[1.0][..]));
        assert_eq!(sub.pools[1].row(1), (&[1][..], &[1.0][..]));
        let alone = sub_graph(&graph, &[0], |item| item == 0);
        assert_eq!(alone.inputs, [0]);
        assert_eq!(alone.pools[1].row(0), (&[0][..], &[1.0][..]));
    }

    #[test]
    fn no_more_than_asked_for_are_kept_and_more_items_follow() {
        let graph = Neighbourhoods::new(1, &[vec![(1, 3.0), (0, 1.0)], vec![]]);
        assert_eq!(graph.of(0).collect::<Vec<_>>(), [(1, 1.0)]);
        let grown = graph.with(&[vec![(0, 2.0)], vec![]]);
        assert_eq!(grown.n_items(), 4);
        for item in [0, 1] {
            assert!(grown.of(item).eq(graph.of(item)));
        }
        assert_eq!(grown.of(2).collect::<Vec<_>>(), [(0, 1.0)]);
        assert_eq!(grown.of(3).collect::<Vec<_>>(), [(3, 1.0)]);
    }

    #[test]
    fn places_are_forgotten_between_lists() {
        let mut places = Places::default();
        for items in [[3, 1, 3], [1, 1, 2]] {
            places.clear(4);
            let mut list = Vec::new();
            let found = items.map(|item| places.of(item, &mut list));
            let expected = items.map(|item| list.iter().position(|&i| i == item).unwrap_or(9));
            assert_eq!(found.map(|place| place as usize), expected);
        }
    }
}
