//! A batch's loss for burn-flex: borrowed slices into the host code, no copy.

mod compare;
mod panels;
mod pass;

use std::sync::{Arc, PoisonError};

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};

use super::BatchLossBackend;
use super::plan::BatchLossPlan;
use crate::ops::flex::tensor;

impl BatchLossBackend for Flex {
    fn batch_loss(rows: FlexTensor, plan: Arc<BatchLossPlan>) -> FlexTensor {
        let width = rows.shape()[1];
        let rows = rows.to_contiguous();
        let pass::Ranking {
            value,
            costs,
            gradient,
        } = pass::ranking(&plan, rows.storage(), width);
        let squares = pass::squares(&plan, rows.storage(), width);
        let mut kept = plan.gradient.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(gradient);
        let mut all = vec![value as f32, squares as f32];
        all.extend(costs);
        let n = all.len();
        tensor(all, [n])
    }

    fn batch_loss_backward(
        gradient: FlexTensor,
        rows: FlexTensor,
        plan: Arc<BatchLossPlan>,
    ) -> FlexTensor {
        let shape = rows.shape();
        let (gradient, rows) = (gradient.to_contiguous(), rows.to_contiguous());
        let kept = plan
            .gradient
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // A second backward pass finds nothing and repeats the forward pass.
        let ranking =
            kept.unwrap_or_else(|| pass::ranking(&plan, rows.storage(), shape[1]).gradient);
        let upstream: &[f32] = gradient.storage();
        let out = pass::backward(&plan, rows.storage(), ranking, upstream[0], upstream[1]);
        tensor(out, shape)
    }
}

/// The loss of a batch of one user.
#[cfg(all(test, feature = "train"))]
pub(crate) fn cost_of(
    loss: crate::losses::RankingLoss,
    positive: f32,
    negatives: &mut [[f32; 64]],
) -> f64 {
    use crate::kernels::cpu::isa::{Arithmetic, Isa, Kernel, run};
    struct One<'a>(compare::Comparison, f32, &'a mut [[f32; 64]], &'a mut f64);
    impl Kernel for One<'_> {
        fn run<A: Arithmetic>(self) {
            let n_valid = 64 * self.2.len();
            let scores = compare::Scores {
                positive: self.1,
                negatives: self.2,
                n_valid,
                inverse_temperature: self.0.loss.inverse_temperature().unwrap_or(1.0),
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
    run(
        Isa::detect_fused(),
        One(comparison, positive, negatives, &mut value),
    );
    value
}
