//! The bipartite graph of training interactions: rows both ways, its normalised adjacency, graph reordering, PageRank
//! and random walks.

mod error;
mod normalized;
mod order;
mod pagerank;
mod walks;

pub use error::GraphError;
pub use normalized::{Normalization, normalized_adjacency};
pub use order::NodeOrder;
pub use pagerank::{PageRank, Root, Workspace};
pub use walks::{Visits, Walks};

use crate::data::Csr;
use crate::split::TrainSet;

/// The user-item graph of the training interactions. Users' rows are those of the training set; items' are its
/// transpose, 4 bytes per edge.
#[derive(Debug, Clone)]
pub struct InteractionGraph<'a> {
    users_to_items: &'a Csr,
    items_to_users: Csr,
}

impl<'a> InteractionGraph<'a> {
    /// Adds the items' direction to that of the training set.
    ///
    /// # Errors
    /// When the graph has more edges than Burn's 32-bit indices can number.
    pub fn new(train: &'a TrainSet) -> Result<Self, GraphError> {
        let positives = train.positives();
        GraphError::check_edges(positives.n_pairs(), train.n_users() + train.n_items())?;
        Ok(Self {
            users_to_items: positives.rows(),
            items_to_users: positives.users_by_item(train.n_items()),
        })
    }

    /// Items by user.
    pub fn users_to_items(&self) -> &Csr {
        self.users_to_items
    }

    /// Users by item.
    pub fn items_to_users(&self) -> &Csr {
        &self.items_to_users
    }

    /// How many users there are.
    pub fn n_users(&self) -> usize {
        self.users_to_items.n_rows()
    }

    /// How many items there are.
    pub fn n_items(&self) -> usize {
        self.items_to_users.n_rows()
    }
}
