//! One layer: CONVOLVE (algorithm 1 of arXiv 1806.01973).

use burn::module::{Module, Param};
use burn::tensor::Tensor;

use crate::batch::Pool;
use crate::ops::linear::{l2_normalize, product, rectify};
use crate::parameters::{Initializer, ParamMut};

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

    /// `[inputs, from] -> [outputs, to]`; the outputs are the first of the inputs.
    pub(super) fn forward(&self, h: Tensor<2>, pool: &Pool) -> Tensor<2> {
        let pooled = pool.of(self.messages(h.clone()));
        self.combine(self.own(h.narrow(0, 0, pool.n_outputs())), pooled)
    }

    /// The message of each input to its neighbours, `ReLU(Q h + q)`, `[inputs, to]`.
    pub(super) fn messages(&self, h: Tensor<2>) -> Tensor<2> {
        rectify(product(h, self.near.val()), self.near_bias.val())
    }

    /// The part of `W concat(h, n)` that the outputs themselves contribute, `[outputs, to]`.
    pub(super) fn own(&self, h: Tensor<2>) -> Tensor<2> {
        product(h, self.own.val())
    }

    /// `z / |z|` from both parts, `[outputs, to]` each.
    pub(super) fn combine(&self, own: Tensor<2>, pooled: Tensor<2>) -> Tensor<2> {
        let z = own + product(pooled, self.pooled.val());
        l2_normalize(rectify(z, self.bias.val()))
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
