//! The neighbours a node's vector is made of, and the part of the graph that a batch needs.

/// Of each item its weighted neighbours, as many for every item; a place beyond an item's last neighbour has
/// weight 0.
#[derive(Clone, Debug, PartialEq)]
pub struct Neighbourhoods {
    per_item: usize,
    near: Vec<u32>,
    weights: Vec<f32>,
}

/// A layer's view of the graph: its outputs are the first rows of its inputs.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Block {
    pub(crate) n_outputs: usize,
    pub(crate) per_output: usize,
    /// `[n_outputs, per_output]`, places among the inputs.
    pub(crate) near: Vec<u32>,
    /// `[n_outputs, per_output]`, 0 where there is no neighbour; a row sums to 1.
    pub(crate) weights: Vec<f32>,
}

/// What a batch of items needs: the items whose features are read, and a block a layer, the first layer's first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct SubGraph {
    pub(crate) inputs: Vec<u32>,
    pub(crate) blocks: Vec<Block>,
}

impl Neighbourhoods {
    /// Lists of neighbours with weights, a list for each item, of which the first `per_item` are kept; weights are
    /// scaled to sum to one. **An item without neighbours is its own neighbour**: that is how a node without an edge,
    /// such as a new item, gets its vector from its features alone.
    ///
    /// # Panics
    /// When `per_item` is 0, a neighbour is out of range, or a weight is not a positive number.
    pub fn new(per_item: usize, lists: &[Vec<(u32, f32)>]) -> Self {
        assert!(per_item > 0, "at least one neighbour an item");
        let n = lists.len();
        let (mut near, mut weights) = (vec![0; n * per_item], vec![0.0; n * per_item]);
        for (item, list) in lists.iter().enumerate() {
            let own = [(item as u32, 1.0)];
            let kept = match list.is_empty() {
                true => &own[..],
                false => &list[..list.len().min(per_item)],
            };
            let total: f32 = kept.iter().map(|&(_, weight)| weight).sum();
            for (at, &(neighbour, weight)) in kept.iter().enumerate() {
                assert!(
                    (neighbour as usize) < n,
                    "neighbour {neighbour} of {n} items"
                );
                assert!(weight > 0.0 && weight.is_finite(), "weight {weight}");
                near[item * per_item + at] = neighbour;
                weights[item * per_item + at] = weight / total;
            }
        }
        Self {
            per_item,
            near,
            weights,
        }
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
            .filter(|&(_, weight)| weight > 0.0)
    }

    /// The part of the graph that `layers` layers need for some items, none of which comes twice. An item that
    /// `is_hidden` says so of is taken for one without neighbours.
    pub(crate) fn sub_graph(
        &self,
        items: &[u32],
        layers: usize,
        is_hidden: impl Fn(u32) -> bool,
    ) -> SubGraph {
        let mut inputs = items.to_vec();
        let mut place = vec![u32::MAX; self.n_items()];
        for (at, &item) in inputs.iter().enumerate() {
            place[item as usize] = at as u32;
        }
        let mut blocks = Vec::with_capacity(layers);
        for _ in 0..layers {
            let n_outputs = inputs.len();
            let mut near = vec![0; n_outputs * self.per_item];
            let mut weights = vec![0.0; n_outputs * self.per_item];
            for output in 0..n_outputs {
                let item = inputs[output];
                if is_hidden(item) {
                    near[output * self.per_item] = output as u32;
                    weights[output * self.per_item] = 1.0;
                    continue;
                }
                for (at, (neighbour, weight)) in self.of(item).enumerate() {
                    let slot = &mut place[neighbour as usize];
                    if *slot == u32::MAX {
                        *slot = inputs.len() as u32;
                        inputs.push(neighbour);
                    }
                    near[output * self.per_item + at] = *slot;
                    weights[output * self.per_item + at] = weight;
                }
            }
            blocks.push(Block {
                n_outputs,
                per_output: self.per_item,
                near,
                weights,
            });
        }
        blocks.reverse();
        SubGraph { inputs, blocks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sub_graph_holds_what_is_within_reach_and_nothing_else() {
        // A path 0 - 1 - 2 - 3 - 4, and 5 alone.
        let lists = [
            vec![(1, 2.0)],
            vec![(0, 1.0), (2, 3.0)],
            vec![(1, 1.0), (3, 1.0)],
            vec![(2, 1.0), (4, 1.0)],
            vec![(3, 1.0)],
            vec![],
        ];
        let graph = Neighbourhoods::new(2, &lists);
        let of = |item| graph.of(item).collect::<Vec<_>>();
        assert_eq!(of(1), [(0, 0.25), (2, 0.75)]);
        assert_eq!(of(0), [(1, 1.0)]);
        assert_eq!(of(5), [(5, 1.0)]);
        let sub = graph.sub_graph(&[0, 5], 2, |_| false);
        let mut reached = sub.inputs.clone();
        reached.sort_unstable();
        assert_eq!(reached, [0, 1, 2, 5]);
        assert_eq!(sub.inputs[..2], [0, 5]);
        let n_outputs: Vec<usize> = sub.blocks.iter().map(|block| block.n_outputs).collect();
        assert_eq!(n_outputs, [3, 2]);
        // The last layer's outputs are 0 and 5: 0's neighbour is the third input, 5's is itself.
        assert_eq!(sub.blocks[1].near, [2, 0, 1, 0]);
        assert_eq!(sub.blocks[1].weights, [1.0, 0.0, 1.0, 0.0]);
        let alone = graph.sub_graph(&[0], 2, |item| item == 0);
        assert_eq!(
            (alone.inputs, alone.blocks[1].near.as_slice()),
            (vec![0], &[0, 0][..])
        );
    }

    #[test]
    fn no_more_than_asked_for_are_kept() {
        let graph = Neighbourhoods::new(1, &[vec![(1, 3.0), (0, 1.0)], vec![]]);
        assert_eq!(graph.of(0).collect::<Vec<_>>(), [(1, 1.0)]);
    }
}
