//! The learned tables of users and items, and the embeddings made of them.

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::batch::BatchIndices;
use crate::ops::gather::{RowsPlan, batch_rows};
use crate::parameters::{Init, Initializer, Named, ParamMut};

/// One learned row per user and per item.
#[derive(Module, Debug)]
pub struct EmbeddingTables {
    /// `[n_users, dim]`
    pub users: Param<Tensor<2>>,
    /// `[n_items, dim]`
    pub items: Param<Tensor<2>>,
}

impl EmbeddingTables {
    pub(crate) fn new(
        n_users: usize,
        n_items: usize,
        dim: usize,
        init: Init,
        initializer: &Initializer<'_>,
    ) -> Self {
        Self {
            users: initializer.table("users", n_users, dim, init),
            items: initializer.table("items", n_items, dim, init),
        }
    }

    /// Both tables, users first: `[n_users + n_items, dim]`.
    pub fn nodes(&self) -> Tensor<2> {
        Tensor::cat(vec![self.users.val(), self.items.val()], 0)
    }

    /// The batch's rows of both tables, `[batch * (2 + n_negatives) + n_shared, dim]`.
    pub(crate) fn rows(&self, batch: &BatchIndices) -> Tensor<2> {
        let (n_users, n_items) = (self.n_users(), self.n_items());
        let plan = RowsPlan::without_layers(n_users, n_items, batch.nodes(n_users));
        batch_rows(self.users.val(), self.items.val(), plan)
    }

    /// Number of users.
    pub fn n_users(&self) -> usize {
        self.users.dims()[0]
    }

    /// Number of items.
    pub fn n_items(&self) -> usize {
        self.items.dims()[0]
    }
}

impl Named for EmbeddingTables {
    fn named(&mut self) -> Vec<(String, ParamMut<'_>)> {
        vec![
            ("users".to_owned(), ParamMut::Matrix(&mut self.users)),
            ("items".to_owned(), ParamMut::Matrix(&mut self.items)),
        ]
    }
}

/// The result of a model: one final row per node.
#[derive(Clone, Debug)]
pub struct Embeddings {
    /// `[n_users + n_items, width]`, users first.
    pub nodes: Tensor<2>,
    /// Number of users.
    pub n_users: usize,
}

impl Embeddings {
    /// Floats per row.
    pub fn width(&self) -> usize {
        self.nodes.dims()[1]
    }

    /// `[n_users, width]`
    pub fn users(&self) -> Tensor<2> {
        self.nodes.clone().narrow(0, 0, self.n_users)
    }

    /// `[n_items, width]`
    pub fn items(&self) -> Tensor<2> {
        let n_nodes = self.nodes.dims()[0];
        self.nodes
            .clone()
            .narrow(0, self.n_users, n_nodes - self.n_users)
    }
}
