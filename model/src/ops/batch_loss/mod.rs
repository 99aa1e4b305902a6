//! The loss of a batch and the gradient of its rows in one pass: scores of positives, of per-positive negatives and of
//! batch-shared ones, tile by tile, so that no table of users x negatives exists.
//!
//! Only burn-flex has this operation; on other backends [`RankingLoss::forward`](crate::RankingLoss::forward) composes
//! the loss of Burn's operations.

#[cfg(feature = "train")]
mod autodiff;
mod cpu;
mod plan;

use std::sync::Arc;

use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

#[cfg(all(test, feature = "train"))]
pub(crate) use cpu::cost_of;
pub(crate) use plan::{BatchLossPlan, Similarity};

/// The operation and its gradient.
#[backend_extension(Autodiff: cfg(feature = "train"), Flex)]
pub(crate) trait BatchLossBackend: Backend {
    /// The ranking loss and the sum of squares of the regularized rows.
    ///
    /// `[n, width]` or, stacked, `[2 n, width] -> [2]`
    fn batch_loss(rows: FloatTensor<Self>, plan: Arc<BatchLossPlan>) -> FloatTensor<Self>;

    /// The gradient of the rows from that of [`BatchLossBackend::batch_loss`]'s result.
    fn batch_loss_backward(
        gradient: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        plan: Arc<BatchLossPlan>,
    ) -> FloatTensor<Self>;
}

/// [`BatchLossBackend::batch_loss`] for tensors: the ranking loss and the sum of squares, `[1]` each.
pub(crate) fn batch_loss(rows: Tensor<2>, plan: BatchLossPlan) -> (Tensor<1>, Tensor<1>) {
    assert_eq!(
        rows.dims()[0],
        plan.layout.n_all_rows(),
        "the layout's rows"
    );
    let both = <Dispatch as BatchLossBackend>::batch_loss(rows.into_dispatch(), Arc::new(plan));
    let both = Tensor::<1>::from_dispatch(both);
    (both.clone().narrow(0, 0, 1), both.narrow(0, 1, 1))
}
