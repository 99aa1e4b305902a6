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
    /// The ranking loss, the sum of squares of the regularized rows, and where the loss has them the costs of positives
    /// at temperature 1, which have no gradient.
    ///
    /// `[n, width]` or, stacked, `[sets n, width] -> [2]` or `[2 + batch]`
    fn batch_loss(rows: FloatTensor<Self>, plan: Arc<BatchLossPlan>) -> FloatTensor<Self>;

    /// The gradient of the rows from that of [`BatchLossBackend::batch_loss`]'s result.
    fn batch_loss_backward(
        gradient: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        plan: Arc<BatchLossPlan>,
    ) -> FloatTensor<Self>;
}

/// The result of [`batch_loss`].
pub(crate) struct BatchLoss {
    /// `[1]`
    pub(crate) ranking: Tensor<1>,
    /// `[1]`
    pub(crate) squares: Tensor<1>,
    /// `[batch]`, without a gradient.
    pub(crate) costs: Option<Tensor<1>>,
}

/// [`BatchLossBackend::batch_loss`] for tensors.
pub(crate) fn batch_loss(rows: Tensor<2>, plan: BatchLossPlan) -> BatchLoss {
    let (layout, has_costs) = (plan.layout, plan.loss.has_costs());
    assert_eq!(rows.dims()[0], layout.n_all_rows(), "the layout's rows");
    let all = <Dispatch as BatchLossBackend>::batch_loss(rows.into_dispatch(), Arc::new(plan));
    let all = Tensor::<1>::from_dispatch(all);
    BatchLoss {
        ranking: all.clone().narrow(0, 0, 1),
        squares: all.clone().narrow(0, 1, 1),
        costs: has_costs.then(|| all.detach().narrow(0, 2, layout.batch)),
    }
}
