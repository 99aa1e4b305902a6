//! Personalized PageRank from one node, approximately: what is near it in the graph.
//!
//! Forward push (Andersen, Chung and Lang, FOCS 2006): mass waits at nodes as a residual; a node whose
//! residual exceeds `tolerance` times its degree keeps the share `restart` and passes the rest on to its
//! neighbours. Every rank is then below the true one by at most `tolerance * degree`, after at most
//! `1 / (restart * tolerance)` passed edges, whatever the size of the graph.

use std::ops::Range;

use rayon::prelude::*;

use super::InteractionGraph;
use crate::data::{Csr, ItemLists};

/// Where walks begin, and return to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Root {
    /// A user.
    User(u32),
    /// An item.
    Item(u32),
}

/// Settings of [`PageRank::near`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct PageRank {
    /// Probability of going back to the root, in (0, 1).
    pub restart: f32,
    /// Largest residual of a node, over its degree.
    pub tolerance: f32,
}

impl Default for PageRank {
    fn default() -> Self {
        Self {
            restart: 0.15,
            tolerance: 1e-5,
        }
    }
}

/// Room for one search at a time; empty between searches.
#[derive(Debug, Clone)]
pub struct Workspace {
    mass: Vec<f32>,
    residual: Vec<f32>,
    touched: Vec<u32>,
    is_touched: Vec<bool>,
    queue: Vec<u32>,
    is_queued: Vec<bool>,
}

impl Workspace {
    /// Room for a graph: 10 bytes per node, and 8 per node that a search reaches.
    pub fn new(graph: &InteractionGraph) -> Self {
        let n = graph.n_users() + graph.n_items();
        Self {
            mass: vec![0.0; n],
            residual: vec![0.0; n],
            touched: Vec::new(),
            is_touched: vec![false; n],
            queue: Vec::new(),
            is_queued: vec![false; n],
        }
    }

    fn touch(&mut self, node: u32) {
        if !std::mem::replace(&mut self.is_touched[node as usize], true) {
            self.touched.push(node);
        }
    }

    fn enqueue(&mut self, node: u32) {
        if !std::mem::replace(&mut self.is_queued[node as usize], true) {
            self.queue.push(node);
        }
    }

    fn clear(&mut self) {
        for &node in &self.touched {
            let node = node as usize;
            self.mass[node] = 0.0;
            self.residual[node] = 0.0;
            self.is_touched[node] = false;
            self.is_queued[node] = false;
        }
        self.touched.clear();
        self.queue.clear();
    }
}

impl PageRank {
    /// The items that the search reaches, without the root and those it is connected to: the highest rank first,
    /// then the smallest id.
    pub fn near(
        &self,
        graph: &InteractionGraph,
        root: Root,
        workspace: &mut Workspace,
    ) -> Vec<(u32, f32)> {
        self.push(graph, root, workspace);
        let n_users = graph.n_users() as u32;
        let is_connected = |item: u32| match root {
            Root::User(user) => graph
                .users_to_items()
                .row(user)
                .binary_search(&item)
                .is_ok(),
            Root::Item(root) => item == root,
        };
        let mut items: Vec<(u32, f32)> = workspace
            .touched
            .iter()
            .filter_map(|&node| Some((node.checked_sub(n_users)?, workspace.mass[node as usize])))
            .filter(|&(item, mass)| mass > 0.0 && !is_connected(item))
            .collect();
        workspace.clear();
        items.sort_unstable_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        items
    }

    /// Pushes round by round, each over the nodes that became due in the one before.
    fn push(&self, graph: &InteractionGraph, root: Root, workspace: &mut Workspace) {
        let n_users = graph.n_users() as u32;
        let root = match root {
            Root::User(user) => user,
            Root::Item(item) => n_users + item,
        };
        workspace.touch(root);
        workspace.residual[root as usize] = 1.0;
        workspace.enqueue(root);
        let mut round = Vec::new();
        while !workspace.queue.is_empty() {
            std::mem::swap(&mut round, &mut workspace.queue);
            for &node in &round {
                workspace.is_queued[node as usize] = false;
                let (of_users, of_items) = (graph.users_to_items(), graph.items_to_users());
                // All neighbours are on the other side, which begins at `offset`.
                let (neighbours, other_side, offset) = match node.checked_sub(n_users) {
                    None => (of_users.row(node), of_items, n_users),
                    Some(item) => (of_items.row(item), of_users, 0),
                };
                let waiting = std::mem::take(&mut workspace.residual[node as usize]);
                if neighbours.is_empty() {
                    workspace.mass[node as usize] += waiting;
                    continue;
                }
                workspace.mass[node as usize] += self.restart * waiting;
                let share = (1.0 - self.restart) * waiting / neighbours.len() as f32;
                for &neighbour in neighbours {
                    let degree = other_side.degree(neighbour);
                    let neighbour = neighbour + offset;
                    workspace.touch(neighbour);
                    let residual = &mut workspace.residual[neighbour as usize];
                    *residual += share;
                    if *residual > self.tolerance * degree as f32 {
                        workspace.enqueue(neighbour);
                    }
                }
            }
            round.clear();
        }
    }

    /// For every user, or every item, the items of some ranks (from 0) around it, ascending by id.
    /// Calls `done` after each root, from any thread. Memory: four bytes per item kept.
    pub fn bands(
        &self,
        graph: &InteractionGraph,
        by_item: bool,
        ranks: Range<usize>,
        done: impl Fn() + Sync,
    ) -> ItemLists {
        let n = match by_item {
            true => graph.n_items(),
            false => graph.n_users(),
        };
        let of_root = |workspace: &mut Workspace, root: u32| {
            let root = match by_item {
                true => Root::Item(root),
                false => Root::User(root),
            };
            let near = self.near(graph, root, workspace);
            let end = ranks.end.min(near.len());
            let band = &near[ranks.start.min(end)..end];
            let mut items: Vec<u32> = band.iter().map(|&(item, _)| item).collect();
            items.sort_unstable();
            done();
            items.into_boxed_slice()
        };
        let bands: Vec<Box<[u32]>> = (0..n as u32)
            .into_par_iter()
            .map_init(|| Workspace::new(graph), of_root)
            .collect();
        let rows = bands.iter().map(|band| band.iter().map(|&item| (item, ())));
        ItemLists::of_ascending(Csr::from_rows(rows))
            .unwrap_or_else(|| unreachable!("a band is sorted and holds an item once"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use proptest::prelude::*;

    use super::*;
    use crate::split::TrainSet;

    /// The stationary distribution by power iteration in f64.
    fn exact(n_users: usize, n: usize, pairs: &[(u32, u32)], root: usize) -> Vec<f64> {
        let mut neighbours = vec![Vec::new(); n];
        for &(user, item) in pairs {
            let (user, item) = (user as usize, n_users + item as usize);
            neighbours[user].push(item);
            neighbours[item].push(user);
        }
        let mut rank = vec![0.0; n];
        let mut walk = vec![0.0; n];
        walk[root] = 1.0;
        for _ in 0..400 {
            let mut next = vec![0.0; n];
            for node in 0..n {
                if neighbours[node].is_empty() {
                    rank[node] += walk[node];
                    continue;
                }
                rank[node] += 0.15 * walk[node];
                let share = 0.85 * walk[node] / neighbours[node].len() as f64;
                neighbours[node].iter().for_each(|&to| next[to] += share);
            }
            walk = next;
        }
        rank
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn ranks_are_below_the_true_ones_by_at_most_the_bound(
            edges in prop::collection::btree_set((0u32..12, 0u32..15), 1..90),
            user in 0u32..12,
            by_item in any::<bool>(),
        ) {
            let pairs: Vec<(u32, u32)> = edges.into_iter().collect();
            let train = TrainSet::of_pairs(12, 15, &pairs);
            let graph = InteractionGraph::new(&train).unwrap();
            let page_rank = PageRank { tolerance: 1e-3, ..PageRank::default() };
            let (root, node) = match by_item {
                true => (Root::Item(user), 12 + user as usize),
                false => (Root::User(user), user as usize),
            };
            let truth = exact(12, 27, &pairs, node);
            let mut workspace = Workspace::new(&graph);
            let near = page_rank.near(&graph, root, &mut workspace);
            prop_assert_eq!(&near, &page_rank.near(&graph, root, &mut workspace));
            let mut found = [None; 15];
            near.iter().for_each(|&(item, rank)| found[item as usize] = Some(rank));
            for item in 0..15u32 {
                let connected = match root {
                    Root::User(user) => pairs.contains(&(user, item)),
                    Root::Item(root) => root == item,
                };
                let (truth, degree) = (truth[12 + item as usize], graph.items_to_users().degree(item));
                match found[item as usize] {
                    _ if connected => prop_assert_eq!(found[item as usize], None),
                    rank => {
                        let short = truth - f64::from(rank.unwrap_or(0.0));
                        let bound = 1e-3 * f64::from(degree) + 1e-6;
                        prop_assert!((-1e-6..=bound).contains(&short), "{} {}", short, bound);
                    }
                }
            }
        }
    }

    #[test]
    fn a_band_is_the_ranks_asked_for_and_may_be_empty() {
        // A chain: user 0 - item 0 - user 1 - item 1 - user 2 - item 2; item 3 and user 3 stand alone.
        let pairs = [(0, 0), (1, 0), (1, 1), (2, 1), (2, 2)];
        let train = TrainSet::of_pairs(4, 4, &pairs);
        let graph = InteractionGraph::new(&train).unwrap();
        let ranks =
            |ranks: Range<usize>, by_item| PageRank::default().bands(&graph, by_item, ranks, || ());
        assert_eq!(ranks(0..1, false).of(0), [1]);
        assert_eq!(ranks(1..9, false).of(0), [2]);
        assert_eq!(ranks(2..9, false).of(0), [] as [u32; 0]);
        assert_eq!(ranks(0..9, false).of(3), [] as [u32; 0]);
        assert_eq!(ranks(0..1, true).of(0), [1]);
        assert_eq!(ranks(0..9, true).of(3), [] as [u32; 0]);
    }
}
