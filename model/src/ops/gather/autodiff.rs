//! The gradients of a batch's rows. The operations are linear, so nothing of the tables is kept.

use std::sync::Arc;

use burn::backend::TensorMetadata;
use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::{FloatTensor, IntTensor};

use super::select::SelectBackend;
use super::{GatherBackend, RowsPlan};

#[derive(Debug)]
struct RowsBackward;

impl<B: GatherBackend> Backward<B, 2> for RowsBackward {
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

impl<B: GatherBackend, C: CheckpointStrategy> GatherBackend for Autodiff<B, C> {
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

#[derive(Debug)]
struct SelectBackward;

/// Which rows were selected of how many.
type Selected<B> = (IntTensor<B>, Arc<[u32]>, usize);

impl<B: SelectBackend> Backward<B, 1> for SelectBackward {
    type State = Selected<B>;

    fn backward(self, ops: Ops<Selected<B>, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [table] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        if let Some(table) = table {
            let (nodes, ids, n_rows) = ops.state;
            let gradient = B::select_rows_backward(gradient, nodes, ids, n_rows);
            grads.register::<B>(table.id, gradient);
        }
    }
}

impl<B: SelectBackend, C: CheckpointStrategy> SelectBackend for Autodiff<B, C> {
    fn select_rows(
        table: FloatTensor<Self>,
        nodes: IntTensor<Self>,
        ids: Arc<[u32]>,
    ) -> FloatTensor<Self> {
        let (table, guard) = table.into_parts();
        let n_rows = table.shape()[0];
        match Backward::<B, 1>::prepare::<C>(SelectBackward, [guard])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let rows = B::select_rows(table, nodes.clone(), ids.clone());
                prep.finish((nodes, ids, n_rows), rows)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::select_rows(table, nodes, ids)),
        }
    }
}
