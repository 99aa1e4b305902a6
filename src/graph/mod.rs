//! The bipartite graph of training interactions, in compressed rows both ways. No tensor.

mod csr;
mod error;
mod normalized;

pub use csr::Csr;
pub use error::GraphError;
pub use normalized::{Normalization, NormalizedCsr};

use crate::data::TrainSet;

/// Users and items joined by training interactions, each edge once and unweighted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InteractionGraph {
    users_to_items: Csr,
    items_to_users: Csr,
}

impl InteractionGraph {
    /// The graph of a training set, in O(edges).
    ///
    /// # Errors
    /// When its normalized adjacency (both directions of each edge, and a self-loop a node) has more
    /// entries than [`i32::MAX`], Burn's index type.
    pub fn new(train: &TrainSet) -> Result<Self, GraphError> {
        error::check_size(train.n_users(), train.n_items(), train.n_interactions())?;
        let positives = train.positives();
        // No cast below truncates: check_size bounds every count by i32::MAX.
        let users_to_items = Csr {
            row_ptr: positives.row_ptr().iter().map(|&at| at as u32).collect(),
            columns: positives.items().to_vec(),
        };
        let items_to_users = users_to_items.transposed(train.n_items());
        Ok(Self { users_to_items, items_to_users })
    }

    /// How many users there are, isolated ones included.
    pub fn n_users(&self) -> usize {
        self.users_to_items.n_rows()
    }

    /// How many items there are, isolated ones included.
    pub fn n_items(&self) -> usize {
        self.items_to_users.n_rows()
    }

    /// How many edges there are, each counted once.
    pub fn n_edges(&self) -> usize {
        self.users_to_items.columns.len()
    }

    /// The items of each user, ascending.
    pub fn users_to_items(&self) -> &Csr {
        &self.users_to_items
    }

    /// The users of each item, ascending.
    pub fn items_to_users(&self) -> &Csr {
        &self.items_to_users
    }

    /// How many items each user has.
    pub fn user_degrees(&self) -> Vec<u32> {
        self.users_to_items.degrees()
    }

    /// How many users each item has.
    pub fn item_degrees(&self) -> Vec<u32> {
        self.items_to_users.degrees()
    }

    /// The normalized adjacency over all nodes: users first, item `j` is node `n_users + j`.
    ///
    /// With `self_loops` it normalizes `A + I` by the degrees of `A + I`.
    pub fn normalized(&self, normalization: Normalization, self_loops: bool) -> NormalizedCsr {
        normalized::normalize(self, normalization, self_loops)
    }
}
