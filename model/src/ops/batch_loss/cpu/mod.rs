//! A batch's loss for burn-flex: borrowed slices into the host code, no copy.

use std::sync::{Arc, PoisonError};

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};

use super::{ObjectiveBackend, ObjectivePlan, host};
use crate::flex::tensor;

impl ObjectiveBackend for Flex {
    fn objective(rows: FlexTensor, plan: Arc<ObjectivePlan>) -> FlexTensor {
        let width = rows.shape()[1];
        let rows = rows.to_contiguous();
        let (value, gradient) = host::ranking(&plan, rows.storage(), width);
        let squares = host::squares(&plan, rows.storage(), width);
        let mut kept = plan.gradient.lock().unwrap_or_else(PoisonError::into_inner);
        *kept = Some(gradient);
        tensor(vec![value as f32, squares as f32], [2])
    }

    fn objective_backward(
        gradient: FlexTensor,
        rows: FlexTensor,
        plan: Arc<ObjectivePlan>,
    ) -> FlexTensor {
        let shape = rows.shape();
        let (gradient, rows) = (gradient.to_contiguous(), rows.to_contiguous());
        let kept = plan
            .gradient
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take();
        // A second backward pass finds nothing and repeats the forward pass.
        let ranking = kept.unwrap_or_else(|| host::ranking(&plan, rows.storage(), shape[1]).1);
        let upstream: &[f32] = gradient.storage();
        let out = host::backward(&plan, rows.storage(), ranking, upstream[0], upstream[1]);
        tensor(out, shape)
    }
}
