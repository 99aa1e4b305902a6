//! The gradient of a batch's loss.

use std::sync::Arc;

use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;

use super::{ObjectiveBackend, ObjectivePlan};

#[derive(Debug)]
struct ObjectiveBackward;

impl<B: ObjectiveBackend> Backward<B, 1> for ObjectiveBackward {
    type State = (FloatTensor<B>, Arc<ObjectivePlan>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [parent] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        if let Some(parent) = parent {
            let (rows, plan) = ops.state;
            grads.register::<B>(parent.id, B::objective_backward(gradient, rows, plan));
        }
    }
}

impl<B: ObjectiveBackend, C: CheckpointStrategy> ObjectiveBackend for Autodiff<B, C> {
    fn objective(rows: FloatTensor<Self>, plan: Arc<ObjectivePlan>) -> FloatTensor<Self> {
        let (rows, guard) = rows.into_parts();
        match Backward::<B, 1>::prepare::<C>(ObjectiveBackward, [guard])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let both = B::objective(rows.clone(), plan.clone());
                prep.finish((rows, plan), both)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::objective(rows, plan)),
        }
    }

    fn objective_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: Arc<ObjectivePlan>,
    ) -> FloatTensor<Self> {
        unreachable!("the backward pass of a loss is not differentiated again")
    }
}
