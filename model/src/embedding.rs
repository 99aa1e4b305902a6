//! The learned tables of users and items, and the embeddings derived from them.

use burn::module::{Module, Param};
use burn::tensor::{Device, Int, Tensor};

use crate::init::{Init, Initializer};
use crate::parameters::{Named, ParamMut};

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

/// What a model makes of its tables and the graph: one final row per node.
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

    /// The rows a batch speaks of, gathered in one go.
    pub fn gather(&self, batch: &BatchIndices) -> BatchRows {
        BatchRows::new(self.nodes.clone(), batch, self.n_users)
    }
}

/// The ids of one mini-batch, on the device.
#[derive(Clone, Debug)]
pub struct BatchIndices {
    /// `[batch]`, user ids.
    pub users: Tensor<1, Int>,
    /// `[batch]`, item ids.
    pub positives: Tensor<1, Int>,
    /// `[batch, n_negatives]`, item ids.
    pub negatives: Tensor<2, Int>,
}

impl BatchIndices {
    /// Uploads a batch; `negatives` is row-major, as many per user for every user.
    ///
    /// # Panics
    /// When the batch is empty, when there are not as many positives as users, or when the
    /// negatives do not divide evenly.
    pub fn new(users: &[u32], positives: &[u32], negatives: &[u32], device: &Device) -> Self {
        let batch = users.len();
        assert!(batch > 0, "a batch has at least one user");
        assert_eq!(positives.len(), batch, "one positive per user");
        assert_eq!(
            negatives.len() % batch,
            0,
            "as many negatives for every user"
        );
        let device = device.clone().without_autodiff();
        let upload = |ids: &[u32]| {
            let ids: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
            Tensor::<1, Int>::from_data(ids.as_slice(), (&device, burn::tensor::DType::I32))
        };
        Self {
            users: upload(users),
            positives: upload(positives),
            negatives: upload(negatives).reshape([batch, negatives.len() / batch]),
        }
    }

    /// Users in the batch.
    pub fn len(&self) -> usize {
        self.users.dims()[0]
    }

    /// Whether the batch has no user.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All ids as node numbers: users, positives, negatives.
    fn nodes(&self, n_users: usize) -> Tensor<1, Int> {
        let negatives: Tensor<1, Int> = self.negatives.clone().flatten(0, 1);
        let items = Tensor::cat(vec![self.positives.clone(), negatives], 0);
        Tensor::cat(vec![self.users.clone(), items + n_users as i64], 0)
    }
}

/// A batch's rows of one table.
#[derive(Clone, Debug)]
pub struct BatchRows {
    /// All rows in one tensor, `[batch * (2 + n_negatives), width]`.
    all: Tensor<2>,
    batch: usize,
}

impl BatchRows {
    /// One `select`, so that the backward pass makes one table instead of three.
    pub(crate) fn new(nodes: Tensor<2>, batch: &BatchIndices, n_users: usize) -> Self {
        Self {
            all: nodes.select(0, batch.nodes(n_users)),
            batch: batch.len(),
        }
    }

    /// `[batch, width]`
    pub fn users(&self) -> Tensor<2> {
        self.all.clone().narrow(0, 0, self.batch)
    }

    /// `[batch, width]`
    pub fn positives(&self) -> Tensor<2> {
        self.all.clone().narrow(0, self.batch, self.batch)
    }

    /// `[batch, n_negatives, width]`
    pub fn negatives(&self) -> Tensor<3> {
        let [rows, width] = self.all.dims();
        let n_negatives = rows / self.batch - 2;
        self.all
            .clone()
            .narrow(0, 2 * self.batch, rows - 2 * self.batch)
            .reshape([self.batch, n_negatives, width])
    }

    /// Sum of the squares of all rows; a row that appears twice counts twice. `[1]`
    pub fn sum_of_squares(&self) -> Tensor<1> {
        (self.all.clone() * self.all.clone()).sum()
    }
}
