//! The gradient of a batch's loss.

use std::sync::Arc;

use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;

use super::{BatchLossBackend, BatchLossPlan};

#[derive(Debug)]
struct BatchLossBackward;

impl<B: BatchLossBackend> Backward<B, 1> for BatchLossBackward {
    type State = (FloatTensor<B>, Arc<BatchLossPlan>);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [parent] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        if let Some(parent) = parent {
            let (rows, plan) = ops.state;
            grads.register::<B>(parent.id, B::batch_loss_backward(gradient, rows, plan));
        }
    }
}

impl<B: BatchLossBackend, C: CheckpointStrategy> BatchLossBackend for Autodiff<B, C> {
    fn batch_loss(rows: FloatTensor<Self>, plan: Arc<BatchLossPlan>) -> FloatTensor<Self> {
        let (rows, guard) = rows.into_parts();
        match Backward::<B, 1>::prepare::<C>(BatchLossBackward, [guard])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let both = B::batch_loss(rows.clone(), plan.clone());
                prep.finish((rows, plan), both)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::batch_loss(rows, plan)),
        }
    }

    fn batch_loss_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: Arc<BatchLossPlan>,
    ) -> FloatTensor<Self> {
        unreachable!("the backward pass of a loss is not differentiated again")
    }
}
