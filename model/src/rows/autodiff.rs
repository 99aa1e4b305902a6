//! The gradient of a batch's rows. The operation is linear, so nothing of the tables is kept.

use std::sync::Arc;

use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;

use super::{RowsBackend, RowsPlan};

#[derive(Debug)]
struct RowsBackward;

impl<B: RowsBackend> Backward<B, 2> for RowsBackward {
    type State = Arc<RowsPlan>;

    fn backward(self, ops: Ops<Arc<RowsPlan>, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [users, items] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (user_gradient, item_gradient) = B::batch_rows_backward(gradient, ops.state);
        if let Some(users) = users {
            grads.register::<B>(users.id, user_gradient);
        }
        if let Some(items) = items {
            grads.register::<B>(items.id, item_gradient);
        }
    }
}

impl<B: RowsBackend, C: CheckpointStrategy> RowsBackend for Autodiff<B, C> {
    fn batch_rows(
        users: FloatTensor<Self>,
        items: FloatTensor<Self>,
        plan: Arc<RowsPlan>,
    ) -> FloatTensor<Self> {
        let (users, user_guard) = users.into_parts();
        let (items, item_guard) = items.into_parts();
        match Backward::<B, 2>::prepare::<C>(RowsBackward, [user_guard, item_guard])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let rows = B::batch_rows(users, items, plan.clone());
                prep.finish(plan, rows)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::batch_rows(users, items, plan)),
        }
    }
}
