//! The gradients of dense layers. Of activations only what the next product keeps anyway is kept.

use burn::backend::autodiff::{
    Autodiff,
    checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
    grads::Gradients,
    ops::{Backward, Ops, OpsKind},
};
use burn::backend::tensor::FloatTensor;

use super::LinearBackend;

#[derive(Debug)]
struct ProductBackward;

impl<B: LinearBackend> Backward<B, 2> for ProductBackward {
    /// `x` and the weights.
    type State = (FloatTensor<B>, FloatTensor<B>);

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [of_x, of_weights] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (x, weights) = ops.state;
        if let Some(node) = of_weights {
            let of_weights = B::product_backward_weights(gradient.clone(), x);
            grads.register::<B>(node.id, of_weights);
        }
        if let Some(node) = of_x {
            grads.register::<B>(node.id, B::product_backward(gradient, weights));
        }
    }
}

#[derive(Debug)]
struct RectifyBackward;

impl<B: LinearBackend> Backward<B, 2> for RectifyBackward {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 2>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [x, bias] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        let (of_x, of_bias) = B::rectify_backward(gradient, ops.state);
        if let Some(x) = x {
            grads.register::<B>(x.id, of_x);
        }
        if let Some(bias) = bias {
            grads.register::<B>(bias.id, of_bias);
        }
    }
}

#[derive(Debug)]
struct UnitBackward;

impl<B: LinearBackend> Backward<B, 1> for UnitBackward {
    type State = FloatTensor<B>;

    fn backward(self, ops: Ops<Self::State, 1>, grads: &mut Gradients, _: &mut Checkpointer) {
        let [x] = ops.parents;
        let gradient = grads.consume::<B>(&ops.node);
        if let Some(x) = x {
            grads.register::<B>(x.id, B::unit_backward(gradient, ops.state));
        }
    }
}

impl<B: LinearBackend, C: CheckpointStrategy> LinearBackend for Autodiff<B, C> {
    fn product(x: FloatTensor<Self>, weights: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, x_guard) = x.into_parts();
        let (weights, weights_guard) = weights.into_parts();
        match Backward::<B, 2>::prepare::<C>(ProductBackward, [x_guard, weights_guard])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let result = B::product(x.clone(), weights.clone());
                prep.finish((x, weights), result)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::product(x, weights)),
        }
    }

    fn rectify(x: FloatTensor<Self>, bias: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, x_guard) = x.into_parts();
        let (bias, bias_guard) = bias.into_parts();
        match Backward::<B, 2>::prepare::<C>(RectifyBackward, [x_guard, bias_guard])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => {
                let result = B::rectify(x, bias);
                prep.finish(result.clone(), result)
            }
            OpsKind::UnTracked(prep) => prep.finish(B::rectify(x, bias)),
        }
    }

    fn unit(x: FloatTensor<Self>) -> FloatTensor<Self> {
        let (x, guard) = x.into_parts();
        match Backward::<B, 1>::prepare::<C>(UnitBackward, [guard])
            .compute_bound()
            .stateful()
        {
            OpsKind::Tracked(prep) => prep.finish(x.clone(), B::unit(x)),
            OpsKind::UnTracked(prep) => prep.finish(B::unit(x)),
        }
    }

    fn product_backward(_: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        not_again()
    }

    fn product_backward_weights(_: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        not_again()
    }

    fn rectify_backward(
        _: FloatTensor<Self>,
        _: FloatTensor<Self>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>) {
        not_again()
    }

    fn unit_backward(_: FloatTensor<Self>, _: FloatTensor<Self>) -> FloatTensor<Self> {
        not_again()
    }
}

fn not_again() -> ! {
    unreachable!("the backward pass of a layer is not differentiated again")
}
