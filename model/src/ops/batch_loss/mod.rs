//! The loss of a batch and the gradient of its rows in one pass: scores of positives, of each user's
//! negatives and of shared ones, tile by tile, so that no table of users x negatives exists.
//!
//! Only burn-flex has this operation; on other backends the loss is composed of Burn's own.

#[cfg(feature = "train")]
mod autodiff;
mod compare;
mod elementary;
mod flex;
mod host;
mod panels;
mod plan;

use std::sync::Arc;

use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

pub(crate) use plan::{ObjectivePlan, Similarity};

/// The operation and its gradient.
#[backend_extension(Autodiff: cfg(feature = "train"), Flex)]
pub(crate) trait ObjectiveBackend: Backend {
    /// The ranking loss and the sum of squares of the regularized rows.
    ///
    /// `[n, width]` or, stacked, `[2 n, width] -> [2]`
    fn objective(rows: FloatTensor<Self>, plan: Arc<ObjectivePlan>) -> FloatTensor<Self>;

    /// The gradient of the rows from that of [`ObjectiveBackend::objective`]'s result.
    fn objective_backward(
        gradient: FloatTensor<Self>,
        rows: FloatTensor<Self>,
        plan: Arc<ObjectivePlan>,
    ) -> FloatTensor<Self>;
}

/// [`ObjectiveBackend::objective`] for tensors: the ranking loss and the sum of squares, `[1]` each.
pub(crate) fn objective(rows: Tensor<2>, plan: ObjectivePlan) -> (Tensor<1>, Tensor<1>) {
    assert_eq!(
        rows.dims()[0],
        plan.layout.n_all_rows(),
        "the layout's rows"
    );
    let both = <Dispatch as ObjectiveBackend>::objective(rows.into_dispatch(), Arc::new(plan));
    let both = Tensor::<1>::from_dispatch(both);
    (both.clone().narrow(0, 0, 1), both.narrow(0, 1, 1))
}

/// What one user of a batch of one costs.
#[cfg(test)]
pub(crate) fn cost_of(
    loss: crate::loss::RankingLoss,
    positive: f32,
    negatives: &mut [[f32; 64]],
) -> f64 {
    struct One<'a>(compare::Comparison, f32, &'a mut [[f32; 64]], &'a mut f64);
    impl crate::dense::Kernel for One<'_> {
        fn run<A: crate::dense::Arithmetic>(self) {
            let n_valid = 64 * self.2.len();
            let scores = compare::Scores {
                positive: self.1,
                negatives: self.2,
                n_valid,
            };
            *self.3 = self.0.of::<A>(scores).value;
        }
    }
    let comparison = compare::Comparison {
        loss,
        per_user: 1.0,
        per_negative: 1.0,
    };
    let mut value = 0.0;
    let one = One(comparison, positive, negatives, &mut value);
    crate::dense::run(crate::dense::detect(), one);
    value
}
