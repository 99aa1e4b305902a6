//! Users and items: users have no parameters of their own, so a user is the mean of the user's items.
//!
//! In training a user's vector is that of another item of the user, or the mean of several, so that pairs are (query
//! item, item) as in the paper, and a step reads no more of the graph than its items do. For serving, a user is the
//! normalised mean of all of the user's items, so that user to item lists, item to item lists and evaluation share one
//! space, and a new history needs nothing but its items.

use std::path::Path;

use burn::module::Module;
use burn::tensor::{Tensor, TensorData};

use super::inference::InferenceError;
use super::item_batches::ItemBatches;
use super::item_graph::ItemGraph;
use super::user_means::mean_vectors;
use super::{PinSage, PinSageConfig};
use crate::batch::BatchIndices;
use crate::models::forward::NodeRows;
use crate::ops::dropout::Mode;
use crate::parameters::{Initializer, Named, ParamMut};

/// The network: item vectors, and users as means of them.
#[derive(Module, Debug)]
pub struct PinSageNetwork {
    sage: PinSage,
    #[module(skip)]
    config: PinSageConfig,
    #[module(skip)]
    n_users: usize,
    #[module(skip)]
    n_items: usize,
}

impl PinSageNetwork {
    pub(crate) fn new(
        config: &PinSageConfig,
        n_users: usize,
        n_items: usize,
        init: &Initializer<'_>,
    ) -> Self {
        Self {
            sage: config.with(init),
            config: *config,
            n_users,
            n_items,
        }
    }

    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.n_users, self.n_items)
    }

    pub(crate) fn config(&self) -> &PinSageConfig {
        &self.config
    }

    /// Vectors of some items.
    pub(crate) fn embed(&self, items: &[u32], graph: &ItemGraph) -> Tensor<2> {
        self.sage.embed(items, graph)
    }

    /// All users' and items' rows, `[n_users + n_items, dim]`; a user without items is zero. Tables between layers are
    /// kept in files of `temp_dir`, where a folder is named.
    ///
    /// # Errors
    /// As [`PinSage::embed_all`].
    pub(crate) fn nodes(
        &self,
        graph: &ItemGraph,
        temp_dir: Option<&Path>,
    ) -> Result<Tensor<2>, InferenceError> {
        let device = self.sage.device();
        let items = self.sage.embed_all(graph, temp_dir)?;
        let dim = self.config.dim;
        let mut nodes = mean_vectors(&items, dim, graph.histories());
        nodes.extend(items);
        let shape = [self.n_users + self.n_items, dim];
        Ok(Tensor::from_data(TensorData::new(nodes, shape), &device))
    }

    /// The batch's rows: the queries in place of users, then items.
    pub(crate) fn rows(&self, graph: &ItemGraph, batch: &BatchIndices, mode: Mode) -> NodeRows {
        let rows = match batch.item_batch() {
            Some(ready) => self.sage.embed_batch(ready),
            None => {
                let mut batches = ItemBatches::new(&self.config, graph);
                self.sage
                    .embed_batch(&batches.of(batch.users(), batch.items(), mode))
            }
        };
        NodeRows::Same(rows)
    }
}

impl Named for PinSageNetwork {
    fn named(&mut self) -> Vec<(String, ParamMut<'_>)> {
        self.sage.named()
    }
}
