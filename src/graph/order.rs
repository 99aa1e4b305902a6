//! Graph reordering: an order of users and items in which neighbours lie close together, so that the sparse product
//! gathers rows that are still in the cache.

use rayon::prelude::*;

use super::InteractionGraph;
use crate::data::Csr;

/// Rounds of medians. On Gowalla a cache of 1 MiB misses 481,000 rows after 1 round, 323,000 after 4,
/// 286,000 after 8 and 275,000 after 40.
const ROUNDS: usize = 8;

/// An order of users and one of items: the old ids, in their new order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeOrder {
    /// Users: `users[new]` is the old id.
    pub users: Vec<u32>,
    /// Items: `items[new]` is the old id.
    pub items: Vec<u32>,
}

impl NodeOrder {
    /// Orders the graph for locality: a breadth-first search from the busiest node gives every node a
    /// place; then, in turns, items move to the median place of their users and users to the median
    /// place of their items. Medians, since means draw everything towards the middle.
    ///
    /// A function of the graph alone, whatever the thread count; ties go by old id, and nodes
    /// without neighbours come last.
    pub fn by_locality(graph: &InteractionGraph<'_>) -> Self {
        let mut order = Self::breadth_first(graph);
        for _ in 0..ROUNDS {
            order.items = by_median(graph.items_to_users(), &ranks(&order.users));
            order.users = by_median(graph.users_to_items(), &ranks(&order.items));
        }
        order
    }

    /// The order of discovery, component by component, each from its busiest node.
    fn breadth_first(graph: &InteractionGraph<'_>) -> Self {
        let (n_users, n_nodes) = (graph.n_users() as u32, graph.n_users() + graph.n_items());
        let degree = |node: u32| match node.checked_sub(n_users) {
            None => graph.users_to_items().degree(node),
            Some(item) => graph.items_to_users().degree(item),
        };
        let mut starts: Vec<u32> = (0..n_nodes as u32).collect();
        starts.sort_by_key(|&node| std::cmp::Reverse(degree(node)));
        let mut found = vec![false; n_nodes];
        let mut nodes: Vec<u32> = Vec::with_capacity(n_nodes);
        let mut find = |node: u32, nodes: &mut Vec<u32>| {
            if !std::mem::replace(&mut found[node as usize], true) {
                nodes.push(node);
            }
        };
        let mut next = 0;
        for start in starts {
            find(start, &mut nodes);
            while let Some(&node) = nodes.get(next) {
                next += 1;
                match node.checked_sub(n_users) {
                    None => {
                        let items = graph.users_to_items().row(node).iter();
                        items.for_each(|&item| find(n_users + item, &mut nodes));
                    }
                    Some(item) => {
                        let users = graph.items_to_users().row(item).iter();
                        users.for_each(|&user| find(user, &mut nodes));
                    }
                }
            }
        }
        let (users, items): (Vec<u32>, Vec<u32>) =
            nodes.into_iter().partition(|&node| node < n_users);
        let items = items.into_iter().map(|node| node - n_users).collect();
        Self { users, items }
    }
}

/// The place of each id in an order.
fn ranks(order: &[u32]) -> Vec<u32> {
    let mut ranks = vec![0; order.len()];
    for (rank, &id) in (0..).zip(order) {
        ranks[id as usize] = rank;
    }
    ranks
}

/// The rows by the median rank of their columns, the upper one where there are two.
fn by_median(rows: &Csr, ranks: &[u32]) -> Vec<u32> {
    let key = |of_row: &mut Vec<u32>, row: u32| {
        of_row.clear();
        of_row.extend(rows.row(row).iter().map(|&column| ranks[column as usize]));
        let middle = of_row.len() / 2;
        let median = match &mut of_row[..] {
            [] => u32::MAX,
            of_row => *of_row.select_nth_unstable(middle).1,
        };
        // The row in the low half makes keys distinct, so that an unstable sort has one result.
        u64::from(median) << 32 | u64::from(row)
    };
    let mut keys: Vec<u64> = (0..rows.n_rows() as u32)
        .into_par_iter()
        .map_init(Vec::new, key)
        .collect();
    keys.par_sort_unstable();
    keys.into_iter().map(|key| key as u32).collect()
}

#[cfg(test)]
mod tests;
