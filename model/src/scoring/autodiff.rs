//! The gradient of a batch's scores.

use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;

use super::{RowLayout, ScoringBackend};

#[derive(Debug)]
struct ScoresBackward;

impl<B: ScoringBackend> Backward<B, 1> for ScoresBackward {
    type State = (FloatTensor<B>, RowLayout);

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [parent] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        if let Some(parent) = parent {
            let (rows, layout) = ops.state;
            let gradient = B::score_rows_backward(rows, gradient, layout);
            grads.register::<B>(parent.id, gradient);
        }
    }
}

impl<B: ScoringBackend, C: CheckpointStrategy> ScoringBackend for Autodiff<B, C> {
    fn score_rows(rows: FloatTensor<Self>, layout: RowLayout) -> FloatTensor<Self> {
        let (rows, guard) = rows.into_parts();
        match Backward::<B, 1>::prepare::<C>(ScoresBackward, [guard])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let scores = B::score_rows(rows.clone(), layout);
                prep.finish((rows, layout), scores)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::score_rows(rows, layout)),
        }
    }
}
