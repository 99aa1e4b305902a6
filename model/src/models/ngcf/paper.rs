//! `ngcf-paper`: the equations of arXiv 1905.08108 v2.

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use super::batch_rows::{self, Form, Layer, LayerDropout, Plan, Pool};
use super::{LEAKY_SLOPE, flat, leaky_relu, widths};
use crate::batch::BatchIndices;
use crate::graph::Adjacency;
use crate::models::forward::{Forward, NodeRows};
use crate::models::tables::EmbeddingTables;
use crate::ops::dropout::{self, EdgeDropout, Mode, Purpose};
use crate::ops::flex::is_flex;
use crate::parameters::checks::{at_least_one, dropout_rate, layer_widths};
use crate::parameters::{ConfigError, Init, Initializer, Named, ParamMut, prefixed};

/// Settings of [`NgcfPaper`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NgcfPaperConfig {
    /// Floats per row of the learned tables.
    pub dim: usize,
    /// Width of each layer's output; the embedding is all of them beside the table row.
    pub layers: Vec<usize>,
    /// Rate at which whole messages (directed edges, in both terms) are dropped in training.
    pub message_dropout: f64,
    /// Rate at which nodes are silenced in training: all messages they send are dropped.
    pub node_dropout: f64,
    /// Initial tables. The authors start from a trained MF (footnote 4): train one, and put its
    /// `users` and `items` among this model's parameters.
    pub init: Init,
}

impl Default for NgcfPaperConfig {
    fn default() -> Self {
        Self {
            dim: 64,
            layers: vec![64; 3],
            message_dropout: 0.1,
            node_dropout: 0.0,
            init: Init::XavierUniform,
        }
    }
}

impl NgcfPaperConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        at_least_one("dim", self.dim)?;
        layer_widths(&self.layers)?;
        dropout_rate("message_dropout", self.message_dropout)?;
        dropout_rate("node_dropout", self.node_dropout)?;
        self.init.validate()
    }

    pub(crate) fn init(&self, n_users: usize, n_items: usize, init: &Initializer<'_>) -> NgcfPaper {
        NgcfPaper {
            tables: EmbeddingTables::new(n_users, n_items, self.dim, self.init, init),
            layers: widths(self.dim, &self.layers)
                .map(|(layer, from, to)| PaperLayer::new(layer, from, to, init))
                .collect(),
            message_dropout: self.message_dropout,
            node_dropout: self.node_dropout,
            pool: Pool::default(),
        }
    }
}

/// `E <- LeakyReLU((L + I) E W1 + (L E) ⊙ E W2)` (equation 7); the embedding is the
/// concatenation of layers 0 to L (equation 9).
#[derive(Module, Debug)]
pub struct NgcfPaper {
    pub(crate) tables: EmbeddingTables,
    layers: Vec<PaperLayer>,
    #[module(skip)]
    message_dropout: f64,
    #[module(skip)]
    node_dropout: f64,
    #[module(skip)]
    pool: Pool,
}

#[derive(Module, Debug)]
struct PaperLayer {
    /// W1, `[from, to]`
    sum: Param<Tensor<2>>,
    /// W2, `[from, to]`
    interaction: Param<Tensor<2>>,
}

impl PaperLayer {
    fn new(layer: usize, from: usize, to: usize, init: &Initializer<'_>) -> Self {
        let weight = |name| init.weight(&format!("layers.{layer}.{name}.weight"), from, to, from);
        Self {
            sum: weight("sum"),
            interaction: weight("interaction"),
        }
    }

    /// `received` is `L E`.
    fn forward(&self, e: Tensor<2>, received: Tensor<2>) -> Tensor<2> {
        let sum = (received.clone() + e.clone()).matmul(self.sum.val());
        let interaction = (received * e).matmul(self.interaction.val());
        leaky_relu(sum + interaction, LEAKY_SLOPE)
    }
}

impl NgcfPaper {
    /// `[n_nodes, dim + sum of layers]`; the adjacency is the symmetric one without self-loops.
    pub(crate) fn forward(&self, adjacency: &Adjacency, mode: Mode) -> Forward {
        let initial = self.tables.nodes();
        let mut all = vec![initial.clone()];
        let mut e = initial.clone();
        for (number, layer) in self.layers.iter().enumerate() {
            let received = self.receive(e.clone(), adjacency, mode, number);
            e = layer.forward(e, received);
            all.push(e.clone());
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
        let n_nodes = self.tables.n_users() + self.tables.n_items();
        let layers = self.layers.iter().enumerate().map(|(number, layer)| {
            let [from, to] = layer.sum.dims();
            let dropout = LayerDropout {
                edges: mode
                    .mask_seed(self.message_dropout, Purpose::Message, number)
                    .map(|seed| EdgeDropout::new(self.message_dropout, seed)),
                senders: mode
                    .mask_seed(self.node_dropout, Purpose::Node, number)
                    .map(|seed| dropout::factors(n_nodes, self.node_dropout, seed)),
                elements: None,
            };
            Layer { from, to, dropout }
        });
        let plan = Plan::new(
            Form::Paper,
            layers.collect(),
            &self.tables,
            adjacency,
            batch,
            &self.pool,
        );
        let parameters = self
            .layers
            .iter()
            .flat_map(|layer| [flat(&layer.sum), flat(&layer.interaction)]);
        batch_rows::rows(&self.tables, parameters.collect(), plan)
    }

    /// `L E`, with the messages that dropout leaves. The node's own `I E` is not a message from
    /// a neighbour and stays.
    fn receive(&self, e: Tensor<2>, adjacency: &Adjacency, mode: Mode, layer: usize) -> Tensor<2> {
        let sent = match mode.mask_seed(self.node_dropout, Purpose::Node, layer) {
            Some(seed) => dropout::rows(e, self.node_dropout, seed),
            None => e,
        };
        match mode.mask_seed(self.message_dropout, Purpose::Message, layer) {
            Some(seed) => adjacency
                .drop_edges(self.message_dropout, seed)
                .propagate(sent),
            None => adjacency.propagate(sent),
        }
    }
}

impl Named for NgcfPaper {
    fn named(&mut self) -> Vec<(String, ParamMut<'_>)> {
        let mut all = self.tables.named();
        for (number, layer) in self.layers.iter_mut().enumerate() {
            let own = vec![
                ("sum.weight".to_owned(), ParamMut::Matrix(&mut layer.sum)),
                (
                    "interaction.weight".to_owned(),
                    ParamMut::Matrix(&mut layer.interaction),
                ),
            ];
            all.extend(prefixed(&format!("layers.{number}"), own));
        }
        all
    }
}
