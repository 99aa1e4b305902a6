//! The bipartite graph of training interactions: compressed rows both ways, degrees, normalisations.

mod normalized;
mod order;
mod pagerank;
mod walks;

pub use normalized::{GraphError, Normalization, NormalizedCsr};
pub use order::NodeOrder;
pub use pagerank::{PageRank, Root, Workspace};
pub use walks::{Visits, Walks};

use std::borrow::Cow;

use crate::split::TrainSet;

/// Compressed sparse rows without values: `columns[row_ptr[r]..row_ptr[r + 1]]`, ascending in a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Csr<'a> {
    /// Where each row begins; one more than there are rows.
    pub row_ptr: Vec<u32>,
    /// Column ids, row after row.
    pub columns: Cow<'a, [u32]>,
}

impl Csr<'_> {
    /// The columns of a row.
    pub fn row(&self, row: u32) -> &[u32] {
        &self.columns[self.row_ptr[row as usize] as usize..self.row_ptr[row as usize + 1] as usize]
    }

    /// How many rows there are.
    pub fn n_rows(&self) -> usize {
        self.row_ptr.len() - 1
    }

    /// The length of a row.
    pub fn degree(&self, row: u32) -> u32 {
        self.row_ptr[row as usize + 1] - self.row_ptr[row as usize]
    }

    fn transposed(&self, n_columns: usize) -> Csr<'static> {
        let mut row_ptr = vec![0u32; n_columns + 1];
        self.columns
            .iter()
            .for_each(|&column| row_ptr[column as usize + 1] += 1);
        for column in 0..n_columns {
            row_ptr[column + 1] += row_ptr[column];
        }
        let mut next = row_ptr.clone();
        let mut columns = vec![0u32; self.columns.len()];
        for row in 0..self.n_rows() as u32 {
            for &column in self.row(row) {
                let slot = &mut next[column as usize];
                columns[*slot as usize] = row;
                *slot += 1;
            }
        }
        Csr {
            row_ptr,
            columns: columns.into(),
        }
    }
}

/// The user-item graph of the training interactions. Users' rows are those of the training set; items'
/// are its transpose, 4 bytes an edge.
#[derive(Debug, Clone)]
pub struct InteractionGraph<'a> {
    users_to_items: Csr<'a>,
    items_to_users: Csr<'static>,
}

impl<'a> InteractionGraph<'a> {
    /// Adds the items' direction to that of the training set.
    ///
    /// # Errors
    /// When the graph has more edges than Burn's 32-bit indices can number.
    pub fn new(train: &'a TrainSet) -> Result<Self, GraphError> {
        let positives = train.positives();
        GraphError::check_edges(positives.n_pairs(), train.n_users() + train.n_items())?;
        let users_to_items = Csr {
            row_ptr: positives
                .row_ptr()
                .iter()
                .map(|&offset| offset as u32)
                .collect(),
            columns: positives.items().into(),
        };
        let items_to_users = users_to_items.transposed(train.n_items());
        Ok(Self {
            users_to_items,
            items_to_users,
        })
    }

    /// Items by user.
    pub fn users_to_items(&self) -> &Csr<'a> {
        &self.users_to_items
    }

    /// Users by item.
    pub fn items_to_users(&self) -> &Csr<'static> {
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
