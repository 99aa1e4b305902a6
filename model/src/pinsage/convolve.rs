//! One layer: CONVOLVE (algorithm 1 of arXiv 1806.01973).

use burn::module::{Module, Param};
use burn::tensor::{DType, Int, Tensor, TensorData, activation};

use super::Pooling;
use super::neighbourhoods::Block;
use crate::init::Initializer;
use crate::numeric::l2_normalize;
use crate::parameters::ParamMut;

/// `n = pool of ReLU(Q h_v + q)` over the neighbours; `z = ReLU(W concat(h, n) + w)`; `z / |z|`.
#[derive(Module, Debug)]
pub(crate) struct Convolve {
    /// `Q`, `[from, to]`
    near: Param<Tensor<2>>,
    /// `q`, `[to]`
    near_bias: Param<Tensor<1>>,
    /// The part of `W` applied to the node, `[from, to]`: no concatenated table is made.
    own: Param<Tensor<2>>,
    /// The part of `W` applied to its neighbourhood, `[to, to]`
    pooled: Param<Tensor<2>>,
    /// `w`, `[to]`
    bias: Param<Tensor<1>>,
}

impl Convolve {
    pub(crate) fn new(layer: usize, from: usize, to: usize, init: &Initializer<'_>) -> Self {
        let name = |part: &str| format!("layers.{layer}.{part}");
        Self {
            near: init.weight(&name("near.weight"), from, to, from),
            near_bias: init.zeros(&name("near.bias"), to),
            own: init.weight(&name("self.weight"), from, to, from + to),
            pooled: init.weight(&name("pooled.weight"), to, to, from + to),
            bias: init.zeros(&name("bias"), to),
        }
    }

    /// Floats of an input.
    pub(crate) fn n_inputs(&self) -> usize {
        self.near.dims()[0]
    }

    /// `[inputs, from] -> [outputs, to]`; the outputs are the first rows of the inputs.
    pub(crate) fn forward(&self, h: Tensor<2>, block: &Block, pooling: Pooling) -> Tensor<2> {
        let near = h.clone().matmul(self.near.val()) + self.near_bias.val().unsqueeze();
        let near = pool(activation::relu(near), block, pooling);
        let own = h.narrow(0, 0, block.n_outputs).matmul(self.own.val());
        let z = own + near.matmul(self.pooled.val()) + self.bias.val().unsqueeze();
        l2_normalize(activation::relu(z))
    }

    pub(crate) fn named(&mut self) -> Vec<(String, ParamMut<'_>)> {
        vec![
            ("near.weight".to_owned(), ParamMut::Matrix(&mut self.near)),
            (
                "near.bias".to_owned(),
                ParamMut::Vector(&mut self.near_bias),
            ),
            ("self.weight".to_owned(), ParamMut::Matrix(&mut self.own)),
            (
                "pooled.weight".to_owned(),
                ParamMut::Matrix(&mut self.pooled),
            ),
            ("bias".to_owned(), ParamMut::Vector(&mut self.bias)),
        ]
    }
}

/// `[inputs, width] -> [outputs, width]`
fn pool(near: Tensor<2>, block: &Block, pooling: Pooling) -> Tensor<2> {
    let ([_, width], device) = (near.dims(), near.device());
    let (n, t) = (block.n_outputs, block.per_output);
    let places: Vec<i32> = block.near.iter().map(|&place| place as i32).collect();
    let untracked = device.clone().without_autodiff();
    let places = Tensor::<1, Int>::from_data(places.as_slice(), (&untracked, DType::I32));
    let rows = near.select(0, places).reshape([n, t, width]);
    let weights: Vec<f32> = match pooling {
        Pooling::Importance => block.weights.clone(),
        Pooling::Mean => block.weights.chunks_exact(t).flat_map(evenly).collect(),
        Pooling::Max => block.weights.iter().map(|&w| f32::from(w > 0.0)).collect(),
    };
    let weights = Tensor::<3>::from_data(TensorData::new(weights, [n, t, 1]), &device);
    // Rows are not negative, so that a place without a neighbour loses to every other.
    let weighted = rows * weights;
    match pooling {
        Pooling::Importance | Pooling::Mean => weighted.sum_dim(1),
        Pooling::Max => weighted.max_dim(1),
    }
    .reshape([n, width])
}

/// The same weight for each neighbour there is.
fn evenly(weights: &[f32]) -> impl Iterator<Item = f32> + '_ {
    let n = weights.iter().filter(|&&weight| weight > 0.0).count() as f32;
    weights.iter().map(move |&weight| match weight > 0.0 {
        true => 1.0 / n,
        false => 0.0,
    })
}
