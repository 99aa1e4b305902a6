//! A batch's rows, made from the learned tables: gather, propagation and its mean as one operation
//! with one backward pass.
//!
//! What a mini-batch saves: the last propagation is done for the batch's rows only, and the backward
//! pass begins from these few rows. Neither the concatenation of both tables nor a table of zeros per
//! gather exists.
#![cfg_attr(feature = "ndarray", allow(deprecated))]

#[cfg(feature = "train")]
mod autodiff;
mod cpu;
#[cfg(feature = "gpu")]
mod gpu;
mod plan;
mod select;

use std::sync::Arc;

#[cfg(feature = "gpu")]
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{FloatDType, IndexingUpdateOp, Shape, Slice, Tensor, TensorData};

use crate::ops::propagate::PropagateBackend;

pub(crate) use plan::RowsPlan;
pub(crate) use select::select_rows;

/// A batch's rows, on every backend of this build. The bodies here compose it from other operations;
/// backends override them where one pass over the graph does it.
#[backend_extension(
    Autodiff: cfg(feature = "train"),
    Flex,
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "gpu"),
    Fusion: cfg(feature = "gpu")
)]
pub(crate) trait GatherBackend: PropagateBackend {
    /// With `M` the plan's polynomial of the matrix, the plan's nodes' rows of `M [users; items]`,
    /// then their rows of `[users; items]` themselves.
    ///
    /// `[n_users, width], [n_items, width] -> [2 n, width]`; without layers both halves would be the
    /// same, and there is one: `[n, width]`.
    #[fusion(dtype = users, shape = rows_shape(users, plan))]
    fn batch_rows(
        users: FloatTensor<Self>,
        items: FloatTensor<Self>,
        plan: Arc<RowsPlan>,
    ) -> FloatTensor<Self> {
        let nodes = node_ids::<Self>(&users, &plan);
        let tables = Self::float_cat(vec![users, items], 0);
        let Some(matrix) = plan.matrix.clone() else {
            return Self::float_select(tables, 0, nodes);
        };
        let last = Self::spmm_mean(tables.clone(), matrix, false, plan.layers);
        let last = Self::float_select(last, 0, nodes.clone());
        let initial = Self::float_select(tables, 0, nodes);
        Self::float_cat(vec![last, initial], 0)
    }

    /// The gradients of both tables from the gradient of [`GatherBackend::batch_rows`]'s result.
    #[fusion(meta = table_specs)]
    fn batch_rows_backward(
        gradient: FloatTensor<Self>,
        plan: Arc<RowsPlan>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        let nodes = node_ids::<Self>(&gradient, &plan);
        let (n, width) = (plan.nodes.len(), gradient.shape()[1]);
        let n_nodes = plan.n_users + plan.n_items;
        let zeros = |rows: usize| {
            let shape = Shape::from([rows, width]);
            Self::float_zeros(shape, &gradient.device(), FloatDType::F32)
        };
        let rows = |from: usize, to: usize, table: FloatTensor<Self>| {
            Self::float_slice(table, &[Slice::from(from..to), Slice::from(0..width)])
        };
        let scatter = |onto: FloatTensor<Self>, rows: FloatTensor<Self>| {
            Self::float_select_assign(onto, 0, nodes.clone(), rows, IndexingUpdateOp::Add)
        };
        let table = match plan.matrix.clone() {
            None => scatter(zeros(n_nodes), gradient),
            Some(matrix) => {
                let last = scatter(zeros(n_nodes), rows(0, n, gradient.clone()));
                let spread = Self::spmm_mean(last, matrix, true, plan.layers);
                scatter(spread, rows(n, 2 * n, gradient.clone()))
            }
        };
        (
            rows(0, plan.n_users, table.clone()),
            rows(plan.n_users, n_nodes, table),
        )
    }
}

fn node_ids<B: Backend>(beside: &FloatTensor<B>, plan: &RowsPlan) -> IntTensor<B> {
    let nodes: Vec<i32> = plan.nodes.iter().map(|&node| node as i32).collect();
    let n = nodes.len();
    B::int_from_data(TensorData::new(nodes, [n]), &beside.device())
}

/// [`GatherBackend::batch_rows`] for tensors.
pub(crate) fn batch_rows(users: Tensor<2>, items: Tensor<2>, plan: RowsPlan) -> Tensor<2> {
    let rows = <Dispatch as GatherBackend>::batch_rows(
        users.into_dispatch(),
        items.into_dispatch(),
        Arc::new(plan),
    );
    Tensor::from_dispatch(rows)
}

#[cfg(feature = "ndarray")]
impl GatherBackend for burn::backend::NdArray {}

/// The shape of [`GatherBackend::batch_rows`]'s result.
#[cfg(feature = "gpu")]
fn rows_shape(users: &Shape, plan: &RowsPlan) -> Shape {
    let halves = if plan.matrix.is_some() { 2 } else { 1 };
    Shape::from([halves * plan.nodes.len(), users[1]])
}

/// The tables that [`GatherBackend::batch_rows_backward`] returns.
#[cfg(feature = "gpu")]
fn table_specs(gradient: &TensorSpec, plan: &Arc<RowsPlan>) -> (TensorSpec, TensorSpec) {
    let table = |rows: usize| TensorSpec::new([rows, gradient.shape[1]].into(), gradient.dtype);
    (table(plan.n_users), table(plan.n_items))
}
