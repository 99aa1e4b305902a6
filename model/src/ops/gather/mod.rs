//! A batch's rows, made from the learned tables: gather, propagation and its mean as one operation
//! with one backward pass.
//!
//! What a mini-batch saves: the last propagation is done for the batch's rows only, and the backward
//! pass begins from these few rows. Neither the concatenation of both tables nor a table of zeros per
//! gather exists.
#![cfg_attr(feature = "ndarray", allow(deprecated))]

#[cfg(feature = "train")]
mod autodiff;
mod composed;
mod cpu;
#[cfg(feature = "gpu")]
mod gpu;
mod plan;
mod select;

use std::sync::Arc;

#[cfg(feature = "gpu")]
use burn::backend::fusion::custom::TensorSpec;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Dispatch, backend_extension};
#[cfg(feature = "gpu")]
use burn::tensor::Shape;
use burn::tensor::Tensor;

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
    /// then their rows of `[users; items]` themselves, and where the plan asks for each layer those of every power of
    /// the matrix.
    ///
    /// `[n_users, width], [n_items, width] -> [sets n, width]` with the plan's number of sets; without layers all would
    /// be the same, and there is one.
    #[fusion(dtype = users, shape = rows_shape(users, plan))]
    fn batch_rows(
        users: FloatTensor<Self>,
        items: FloatTensor<Self>,
        plan: Arc<RowsPlan>,
    ) -> FloatTensor<Self> {
        composed::rows::<Self>(users, items, &plan)
    }

    /// The gradients of both tables from the gradient of [`GatherBackend::batch_rows`]'s result.
    #[fusion(meta = table_specs)]
    fn batch_rows_backward(
        gradient: FloatTensor<Self>,
        plan: Arc<RowsPlan>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        composed::backward::<Self>(gradient, &plan)
    }
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
    Shape::from([plan.n_sets() * plan.nodes.len(), users[1]])
}

/// The tables that [`GatherBackend::batch_rows_backward`] returns.
#[cfg(feature = "gpu")]
fn table_specs(gradient: &TensorSpec, plan: &Arc<RowsPlan>) -> (TensorSpec, TensorSpec) {
    let table = |rows: usize| TensorSpec::new([rows, gradient.shape[1]].into(), gradient.dtype);
    (table(plan.n_users), table(plan.n_items))
}
