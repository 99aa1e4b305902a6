//! PinSAGE (Ying et al., KDD 2018, arXiv 1806.01973): an item's embedding is made of its features and those of the items
//! near it in the graph. There is no table of ids, so an item never seen in training has an embedding, too.

mod convolve;
mod feature_dropout;
mod inference;
mod item_batches;
mod item_graph;
mod lsa_start;
mod neighbourhoods;
mod network;
mod pool;
mod row_table;
mod user_means;

use burn::module::{Module, Param};
use burn::tensor::{Device, Tensor};
use serde::{Deserialize, Serialize};

use crate::batch::{ItemBatch, ItemRows};
use crate::ops::linear::{l2_normalize, product, rectify};
use crate::ops::propagate::product_of_pair;
use crate::parameters::checks::{at_least_one, dropout_rate};
use crate::parameters::{ConfigError, Initializer, Named, ParamMut, prefixed};
use convolve::Convolve;

pub use inference::InferenceError;
pub use item_batches::ItemBatches;
pub use item_graph::{EdgeFeatures, ItemGraph, Query};
pub use lsa_start::{LsaStart, PrincipalComponents};
pub use neighbourhoods::Neighbourhoods;
pub use network::PinSageNetwork;
pub use user_means::mean_vectors;

/// How a node's neighbours become one vector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pooling {
    /// Their mean, weighted by how often short walks meet them (the paper's).
    Importance,
    /// Their plain mean.
    Mean,
    /// The largest of each component.
    Max,
}

/// Settings of [`PinSage`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PinSageConfig {
    /// Floats of an item's features.
    pub features: usize,
    /// How many of the features, the first ones, count an item's words; 0 where there are none.
    pub words: usize,
    /// Floats of a word's embedding.
    pub components: usize,
    /// Floats of an embedding.
    pub dim: usize,
    /// Floats of each layer's messages and vectors, and of the head's hidden layer.
    pub hidden: usize,
    /// Convolutions.
    pub layers: usize,
    /// How neighbours are pooled.
    pub pooling: Pooling,
    /// Probability that an item's neighbourhood is hidden in a step of training, in [0, 1), so that the network also
    /// learns to embed items without neighbours.
    pub node_dropout: f64,
    /// Probability that a value of an item's features is left out in a step of training, in [0, 1).
    pub feature_dropout: f64,
}

impl PinSageConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        at_least_one("features", self.features)?;
        at_least_one("layers", self.layers)?;
        at_least_one("hidden", self.hidden)?;
        at_least_one("dim", self.dim)?;
        dropout_rate("node_dropout", self.node_dropout)?;
        dropout_rate("feature_dropout", self.feature_dropout)
    }

    /// A new network; each parameter is drawn on the host from a generator keyed by `seed` and its name.
    ///
    /// # Panics
    /// When a size is 0.
    pub fn init(&self, seed: u64, device: &Device) -> PinSage {
        self.with(&Initializer::new(seed, device))
    }

    /// Floats that the first convolution reads of an item: the sum of its words' embeddings, and its other features.
    pub fn inputs(&self) -> usize {
        let of_words = if self.words > 0 { self.components } else { 0 };
        of_words + self.features - self.words
    }

    fn with(&self, init: &Initializer<'_>) -> PinSage {
        assert!(
            self.inputs() > 0 && self.dim > 0 && self.hidden > 0 && self.layers > 0,
            "no size is 0: {self:?}"
        );
        let (dim, hidden) = (self.dim, self.hidden);
        let from = |layer| if layer == 0 { self.inputs() } else { hidden };
        let (words, components) = (self.words, self.components);
        PinSage {
            words: (words > 0).then(|| init.weight("words", words, components, words)),
            layers: (0..self.layers)
                .map(|layer| Convolve::new(layer, from(layer), hidden, init))
                .collect(),
            hidden: init.weight("head.hidden.weight", hidden, hidden, hidden),
            hidden_bias: init.zeros("head.hidden.bias", hidden),
            output: init.weight("head.output.weight", hidden, dim, hidden),
            pooling: self.pooling,
        }
    }
}

/// `G2 ReLU(G1 z + g)` of K convolutions over items' features: the sum of their words' embeddings, beside their
/// other features as they are.
#[derive(Module, Debug)]
pub struct PinSage {
    /// Embeddings of words, `[words, components]`
    words: Option<Param<Tensor<2>>>,
    layers: Vec<Convolve>,
    /// `G1`, `[hidden, hidden]`
    hidden: Param<Tensor<2>>,
    /// `g`, `[hidden]`
    hidden_bias: Param<Tensor<1>>,
    /// `G2`, `[hidden, dim]`
    output: Param<Tensor<2>>,
    #[module(skip)]
    pooling: Pooling,
}

impl PinSage {
    /// Floats of an item's features.
    pub fn n_features(&self) -> usize {
        let Some(layer) = self.layers.first() else {
            unreachable!("there is a layer");
        };
        let [words, components] = self.words_shape();
        layer.n_inputs() - components + words
    }

    /// Words and the floats of their embeddings; nothing where items have no words.
    fn words_shape(&self) -> [usize; 2] {
        self.words.as_ref().map_or([0, 0], |words| words.dims())
    }

    /// Embeddings of some items, each of length 1 (or 0, without a direction). The time depends on the size of their
    /// receptive field.
    ///
    /// # Shapes
    /// `-> [items.len(), dim]`
    ///
    /// # Panics
    /// When the features are not as wide as the network's, or an item is out of range.
    pub fn embed(&self, items: &[u32], graph: &ItemGraph) -> Tensor<2> {
        let mut batches = ItemBatches::new(&self.config(), graph);
        self.embed_batch(&batches.of_items(items))
    }

    /// Embeddings of the items of a batch.
    fn embed_batch(&self, batch: &ItemBatch) -> Tensor<2> {
        let device = self.device();
        let mut h = self.input(&batch.features);
        for (layer, pool) in self.layers.iter().zip(&batch.pools) {
            h = layer.forward(h, pool);
        }
        l2_normalize(product_of_pair(self.head(h), &batch.asked.on(&device)))
    }

    /// The inputs of the first convolution for some items, `[items, inputs]`.
    fn input(&self, features: &ItemRows) -> Tensor<2> {
        let device = self.device();
        let others = features.others(&device);
        match (&self.words, &features.words) {
            (Some(embeddings), Some(words)) => {
                let of_words = product_of_pair(embeddings.val(), &words.on(&device));
                match others {
                    Some(others) => Tensor::cat(vec![of_words, others], 1),
                    None => of_words,
                }
            }
            _ => others.unwrap_or_else(|| unreachable!("an item has words or other features")),
        }
    }

    /// The device of its parameters.
    pub fn device(&self) -> Device {
        self.hidden.device()
    }

    /// Its settings; the dropout rates are those of inference, 0.
    fn config(&self) -> PinSageConfig {
        let [words, components] = self.words_shape();
        PinSageConfig {
            features: self.n_features(),
            words,
            components,
            dim: self.output.dims()[1],
            hidden: self.hidden.dims()[0],
            layers: self.layers.len(),
            pooling: self.pooling,
            node_dropout: 0.0,
            feature_dropout: 0.0,
        }
    }

    fn head(&self, z: Tensor<2>) -> Tensor<2> {
        let hidden = rectify(product(z, self.hidden.val()), self.hidden_bias.val());
        l2_normalize(product(hidden, self.output.val()))
    }
}

impl Named for PinSage {
    fn named(&mut self) -> Vec<(String, ParamMut<'_>)> {
        let mut all = Vec::new();
        if let Some(words) = &mut self.words {
            all.push(("words".to_owned(), ParamMut::Matrix(words)));
        }
        for (number, layer) in self.layers.iter_mut().enumerate() {
            all.extend(prefixed(&format!("layers.{number}"), layer.named()));
        }
        all.push((
            "head.hidden.weight".to_owned(),
            ParamMut::Matrix(&mut self.hidden),
        ));
        all.push((
            "head.hidden.bias".to_owned(),
            ParamMut::Vector(&mut self.hidden_bias),
        ));
        all.push((
            "head.output.weight".to_owned(),
            ParamMut::Matrix(&mut self.output),
        ));
        all
    }
}
