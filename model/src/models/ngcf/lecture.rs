//! `ngcf-lecture`: mean aggregation, a linear map of the node beside its neighbourhood, ReLU.

use burn::module::{Module, Param};
use burn::tensor::{Tensor, activation};
use serde::{Deserialize, Serialize};

use super::batch_rows::{self, Form, Layer, LayerDropout, Plan, Pool};
use super::{flat, widths};
use crate::batch::BatchIndices;
use crate::graph::Adjacency;
use crate::models::forward::{Forward, NodeRows};
use crate::models::tables::EmbeddingTables;
use crate::ops::dropout::{self, ElementDropout, Mode, Purpose};
use crate::ops::flex::is_flex;
use crate::parameters::checks::{at_least_one, dropout_rate, layer_widths};
use crate::parameters::{ConfigError, Init, Initializer, Named, ParamMut, prefixed};

/// Settings of [`NgcfLecture`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NgcfLectureConfig {
    /// Floats per row of the learned tables.
    pub dim: usize,
    /// Width of each layer's output; the last one is the embedding's.
    pub layers: Vec<usize>,
    /// Leaves the ReLU off the last layer, so that scores may be negative.
    pub linear_output: bool,
    /// Rate at which elements of a layer's output are dropped in training.
    pub dropout: f64,
    /// Initial tables.
    pub init: Init,
}

impl Default for NgcfLectureConfig {
    fn default() -> Self {
        Self {
            dim: 64,
            layers: vec![64; 3],
            linear_output: false,
            dropout: 0.0,
            init: Init::XavierUniform,
        }
    }
}

impl NgcfLectureConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        at_least_one("dim", self.dim)?;
        layer_widths(&self.layers)?;
        dropout_rate("dropout", self.dropout)?;
        self.init.validate()
    }

    pub(crate) fn init(
        &self,
        n_users: usize,
        n_items: usize,
        init: &Initializer<'_>,
    ) -> NgcfLecture {
        NgcfLecture {
            tables: EmbeddingTables::new(n_users, n_items, self.dim, self.init, init),
            layers: widths(self.dim, &self.layers)
                .map(|(layer, from, to)| LectureLayer::new(layer, from, to, init))
                .collect(),
            linear_output: self.linear_output,
            dropout: self.dropout,
            pool: Pool::default(),
        }
    }
}

/// `h <- ReLU(Linear(concat(h, mean over N(x) of h)))`; the last layer is the embedding.
#[derive(Module, Debug)]
pub struct NgcfLecture {
    pub(crate) tables: EmbeddingTables,
    layers: Vec<LectureLayer>,
    #[module(skip)]
    linear_output: bool,
    #[module(skip)]
    dropout: f64,
    #[module(skip)]
    pool: Pool,
}

/// The linear map of the concatenation, as its two halves: no concatenated table is made.
#[derive(Module, Debug)]
struct LectureLayer {
    /// `[from, to]`, applied to the node.
    own: Param<Tensor<2>>,
    /// `[from, to]`, applied to the mean of its neighbours.
    neighbours: Param<Tensor<2>>,
    /// `[to]`
    bias: Param<Tensor<1>>,
}

impl LectureLayer {
    fn new(layer: usize, from: usize, to: usize, init: &Initializer<'_>) -> Self {
        let half = |name| init.weight(&format!("layers.{layer}.{name}"), from, to, 2 * from);
        Self {
            own: half("self.weight"),
            neighbours: half("neighbours.weight"),
            bias: init.zeros(&format!("layers.{layer}.bias"), to),
        }
    }

    fn forward(&self, h: Tensor<2>, adjacency: &Adjacency) -> Tensor<2> {
        let mean = adjacency.propagate(h.clone());
        h.matmul(self.own.val()) + mean.matmul(self.neighbours.val()) + self.bias.val().unsqueeze()
    }
}

impl NgcfLecture {
    /// `[n_nodes, last layer]`; the adjacency is the row mean without self-loops.
    pub(crate) fn forward(&self, adjacency: &Adjacency, mode: Mode) -> Forward {
        let initial = self.tables.nodes();
        let mut h = initial.clone();
        for (number, layer) in self.layers.iter().enumerate() {
            h = layer.forward(h, adjacency);
            if !(self.linear_output && number + 1 == self.layers.len()) {
                h = activation::relu(h);
            }
            if let Some(seed) = mode.mask_seed(self.dropout, Purpose::Message, number) {
                h = dropout::elements(h, self.dropout, seed);
            }
        }
        Forward { initial, nodes: h }
    }

    /// A batch's rows of [`Self::forward`].
    pub(crate) fn rows(&self, adjacency: &Adjacency, batch: &BatchIndices, mode: Mode) -> NodeRows {
        if !is_flex(&self.tables.users.device()) {
            return self
                .forward(adjacency, mode)
                .select(batch, self.tables.n_users());
        }
        let layers = self.layers.iter().enumerate().map(|(number, layer)| {
            let [from, to] = layer.own.dims();
            let elements = mode
                .mask_seed(self.dropout, Purpose::Message, number)
                .map(|seed| ElementDropout::new(self.dropout, seed));
            let dropout = LayerDropout {
                elements,
                ..LayerDropout::default()
            };
            Layer { from, to, dropout }
        });
        let plan = Plan::new(
            Form::Lecture {
                linear_output: self.linear_output,
            },
            layers.collect(),
            &self.tables,
            adjacency,
            batch,
            &self.pool,
        );
        let parameters = self
            .layers
            .iter()
            .flat_map(|layer| [flat(&layer.own), flat(&layer.neighbours), flat(&layer.bias)]);
        batch_rows::rows(&self.tables, parameters.collect(), plan)
    }
}

impl Named for NgcfLecture {
    fn named(&mut self) -> Vec<(String, ParamMut<'_>)> {
        let mut all = self.tables.named();
        for (number, layer) in self.layers.iter_mut().enumerate() {
            let own = vec![
                ("self.weight".to_owned(), ParamMut::Matrix(&mut layer.own)),
                (
                    "neighbours.weight".to_owned(),
                    ParamMut::Matrix(&mut layer.neighbours),
                ),
                ("bias".to_owned(), ParamMut::Vector(&mut layer.bias)),
            ];
            all.extend(prefixed(&format!("layers.{number}"), own));
        }
        all
    }
}
