//! `ngcf-official`: what the authors' TensorFlow code computes, which is not the paper's equation.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::batch_rows::{self, Form, Layer, LayerDropout, Plan, Pool};
use super::{LEAKY_SLOPE, flat, leaky_relu, widths};
use crate::batch::BatchIndices;
use crate::graph::Adjacency;
use crate::models::forward::{Forward, NodeRows};
use crate::models::tables::EmbeddingTables;
use crate::ops::dropout::{self, EdgeDropout, ElementDropout, Mode, Purpose};
use crate::ops::flex::is_flex;
use crate::ops::linear::l2_normalize;
use crate::parameters::checks::{at_least_one, dropout_rate, layer_widths};
use crate::parameters::{ConfigError, Init, Initializer, Named, ParamMut, prefixed};

/// Settings of [`NgcfOfficial`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NgcfOfficialConfig {
    /// Floats per row of the learned tables.
    pub dim: usize,
    /// Width of each layer's output; the embedding is all of them beside the table row.
    pub layers: Vec<usize>,
    /// Rate at which elements of a layer's output are dropped in training.
    pub message_dropout: f64,
    /// Rate at which edges are dropped in training, once per step for all layers (the code calls
    /// it node dropout and leaves it off).
    pub edge_dropout: f64,
    /// Initial tables.
    pub init: Init,
}

impl Default for NgcfOfficialConfig {
    fn default() -> Self {
        Self {
            dim: 64,
            layers: vec![64; 3],
            message_dropout: 0.1,
            edge_dropout: 0.0,
            init: Init::XavierUniform,
        }
    }
}

impl NgcfOfficialConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        at_least_one("dim", self.dim)?;
        layer_widths(&self.layers)?;
        dropout_rate("message_dropout", self.message_dropout)?;
        dropout_rate("edge_dropout", self.edge_dropout)?;
        self.init.validate()
    }

    pub(crate) fn init(
        &self,
        n_users: usize,
        n_items: usize,
        init: &Initializer<'_>,
    ) -> NgcfOfficial {
        NgcfOfficial {
            tables: EmbeddingTables::new(n_users, n_items, self.dim, self.init, init),
            layers: widths(self.dim, &self.layers)
                .map(|(layer, from, to)| OfficialLayer::new(layer, from, to, init))
                .collect(),
            message_dropout: self.message_dropout,
            edge_dropout: self.edge_dropout,
            pool: Pool::default(),
        }
    }
}

/// With `S = D^-1 (A + I) E`: `E <- LeakyReLU(S W1 + b1) + LeakyReLU((E ⊙ S) W2 + b2)`. Each
/// layer is L2-normalised into the concatenation; the one that propagates on is not.
#[derive(Module, Debug)]
pub struct NgcfOfficial {
    pub(crate) tables: EmbeddingTables,
    layers: Vec<OfficialLayer>,
    #[module(skip)]
    message_dropout: f64,
    #[module(skip)]
    edge_dropout: f64,
    #[module(skip)]
    pool: Pool,
}

#[derive(Module, Debug)]
struct OfficialLayer {
    /// W1, `[from, to]`
    sum: Param<Tensor<2>>,
    /// b1, `[to]`
    sum_bias: Param<Tensor<1>>,
    /// W2, `[from, to]`
    interaction: Param<Tensor<2>>,
    /// b2, `[to]`
    interaction_bias: Param<Tensor<1>>,
}

impl OfficialLayer {
    fn new(layer: usize, from: usize, to: usize, init: &Initializer<'_>) -> Self {
        let name = |part| format!("layers.{layer}.{part}");
        // The code draws the biases, of shape [1, to], from Xavier's distribution too.
        let bias = |part| init.bias(&name(part), to);
        Self {
            sum: init.weight(&name("sum.weight"), from, to, from),
            sum_bias: bias("sum.bias"),
            interaction: init.weight(&name("interaction.weight"), from, to, from),
            interaction_bias: bias("interaction.bias"),
        }
    }

    fn forward(&self, e: Tensor<2>, adjacency: &Adjacency) -> Tensor<2> {
        let side = adjacency.propagate(e.clone());
        let interaction = (e * side.clone()).matmul(self.interaction.val())
            + self.interaction_bias.val().unsqueeze();
        let sum = side.matmul(self.sum.val()) + self.sum_bias.val().unsqueeze();
        leaky_relu(sum, LEAKY_SLOPE) + leaky_relu(interaction, LEAKY_SLOPE)
    }
}

impl NgcfOfficial {
    /// `[n_nodes, dim + sum of layers]`; the adjacency is the row mean with self-loops.
    pub(crate) fn forward(&self, adjacency: &Adjacency, mode: Mode) -> Forward {
        let thinned = mode
            .mask_seed(self.edge_dropout, Purpose::Edge, 0)
            .map(|seed| adjacency.drop_edges(self.edge_dropout, seed));
        let adjacency = thinned.as_ref().unwrap_or(adjacency);
        let initial = self.tables.nodes();
        let mut all = vec![initial.clone()];
        let mut e = initial.clone();
        for (number, layer) in self.layers.iter().enumerate() {
            e = layer.forward(e, adjacency);
            if let Some(seed) = mode.mask_seed(self.message_dropout, Purpose::Message, number) {
                e = dropout::elements(e, self.message_dropout, seed);
            }
            all.push(l2_normalize(e.clone()));
        }
        Forward {
            initial,
            nodes: Tensor::cat(all, 1),
        }
    }

    /// A batch's rows of [`Self::forward`].
    pub(crate) fn rows(&self, adjacency: &Adjacency, batch: &BatchIndices, mode: Mode) -> NodeRows {
        if !is_flex(&self.tables.users.device()) {
            return self
                .forward(adjacency, mode)
                .select(batch, self.tables.n_users());
        }
        let edges = mode
            .mask_seed(self.edge_dropout, Purpose::Edge, 0)
            .map(|seed| EdgeDropout::new(self.edge_dropout, seed));
        let layers = self.layers.iter().enumerate().map(|(number, layer)| {
            let [from, to] = layer.sum.dims();
            let elements = mode
                .mask_seed(self.message_dropout, Purpose::Message, number)
                .map(|seed| ElementDropout::new(self.message_dropout, seed));
            let dropout = LayerDropout {
                edges,
                elements,
                ..LayerDropout::default()
            };
            Layer { from, to, dropout }
        });
        let plan = Plan::new(
            Form::Official,
            layers.collect(),
            &self.tables,
            adjacency,
            batch,
            &self.pool,
        );
        let parameters = self.layers.iter().flat_map(|layer| {
            [
                flat(&layer.sum),
                flat(&layer.interaction),
                flat(&layer.sum_bias),
                flat(&layer.interaction_bias),
            ]
        });
        batch_rows::rows(&self.tables, parameters.collect(), plan)
    }
}

impl Named for NgcfOfficial {
    fn named(&mut self) -> Vec<(String, ParamMut<'_>)> {
        let mut all = self.tables.named();
        for (number, layer) in self.layers.iter_mut().enumerate() {
            let own = vec![
                ("sum.weight".to_owned(), ParamMut::Matrix(&mut layer.sum)),
                ("sum.bias".to_owned(), ParamMut::Vector(&mut layer.sum_bias)),
                (
                    "interaction.weight".to_owned(),
                    ParamMut::Matrix(&mut layer.interaction),
                ),
                (
                    "interaction.bias".to_owned(),
                    ParamMut::Vector(&mut layer.interaction_bias),
                ),
            ];
            all.extend(prefixed(&format!("layers.{number}"), own));
        }
        all
    }
}
