//! The gradient of a batch's rows: one backward pass over the rows the forward pass computed.

use std::sync::Arc;

use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;

use super::{NgcfBackend, Plan};

#[derive(Debug)]
struct RowsBackward;

/// The inputs and the plan; what the forward pass left is in the plan.
type State<B> = (FloatTensor<B>, FloatTensor<B>, FloatTensor<B>, Arc<Plan>);

impl<B: NgcfBackend> Backward<B, 3> for RowsBackward {
    type State = State<B>;

    fn backward(self, ops: Ops<State<B>, 3>, grads: &mut Gradients, _: &mut Checkpointer) {
        let gradient = grads.consume::<B>(&ops.node);
        let (users, items, weights, plan) = ops.state;
        let (users, items, weights) = B::ngcf_rows_backward(gradient, users, items, weights, plan);
        for (parent, gradient) in ops.parents.into_iter().zip([users, items, weights]) {
            if let Some(parent) = parent {
                grads.register::<B>(parent.id, gradient);
            }
        }
    }
}

impl<B: NgcfBackend, C: CheckpointStrategy> NgcfBackend for Autodiff<B, C> {
    fn ngcf_rows(
        users: FloatTensor<Self>,
        items: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        plan: Arc<Plan>,
    ) -> FloatTensor<Self> {
        let (users, user_guard) = users.into_parts();
        let (items, item_guard) = items.into_parts();
        let (weights, weight_guard) = weights.into_parts();
        let guards = [user_guard, item_guard, weight_guard];
        match Backward::<B, 3>::prepare::<C>(RowsBackward, guards)
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let state = (users.clone(), items.clone(), weights.clone(), plan.clone());
                prep.finish(state, B::ngcf_rows(users, items, weights, plan))
            }
            OpsKind::UnTracked(prep) => prep.finish(B::ngcf_rows(users, items, weights, plan)),
        }
    }

    fn ngcf_rows_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
        _: Arc<Plan>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>) {
        unreachable!("the backward pass of a batch's rows is not differentiated again")
    }
}
