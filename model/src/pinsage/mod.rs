//! PinSAGE (Ying et al., KDD 2018, arXiv 1806.01973): an item's embedding from its features and those of the items
//! near it in the graph. No table of ids: an item never seen has an embedding, too.

mod convolve;
mod neighbourhoods;
mod users;

use burn::module::{Module, Param};
use burn::tensor::{Device, ExecutionError, Tensor, TensorData, activation};
use serde::{Deserialize, Serialize};

use crate::init::Initializer;
use crate::numeric::l2_normalize;
use crate::parameters::{Named, ParamMut, prefixed};
use convolve::Convolve;
pub use neighbourhoods::Neighbourhoods;
use neighbourhoods::SubGraph;
pub use users::{ItemGraph, PinSageNetwork};

/// Items whose vectors are made together when all are wanted.
const ITEMS_PER_PIECE: usize = 4096;

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
    /// Floats of an embedding, and of each layer.
    pub dim: usize,
    /// Convolutions.
    pub layers: usize,
    /// How neighbours are pooled.
    pub pooling: Pooling,
    /// Probability that an item's neighbourhood is hidden in a step of training, in [0, 1): what an item without one
    /// is worth is learned, too.
    pub node_dropout: f64,
}

impl PinSageConfig {
    /// A new network; each parameter is drawn on the host from a generator keyed by `seed` and its name.
    ///
    /// # Panics
    /// When a size is 0.
    pub fn init(&self, seed: u64, device: &Device) -> PinSage {
        self.with(&Initializer::new(seed, device))
    }

    fn with(&self, init: &Initializer<'_>) -> PinSage {
        assert!(
            self.features > 0 && self.dim > 0 && self.layers > 0,
            "no size is 0: {self:?}"
        );
        let (dim, layers) = (self.dim, 0..self.layers);
        let from = |layer| if layer == 0 { self.features } else { dim };
        PinSage {
            layers: layers
                .map(|layer| Convolve::new(layer, from(layer), dim, init))
                .collect(),
            hidden: init.weight("head.hidden.weight", dim, dim, dim),
            hidden_bias: init.zeros("head.hidden.bias", dim),
            output: init.weight("head.output.weight", dim, dim, dim),
            pooling: self.pooling,
        }
    }
}

/// `G2 ReLU(G1 z + g)` of K convolutions.
#[derive(Module, Debug)]
pub struct PinSage {
    layers: Vec<Convolve>,
    /// `G1`, `[dim, dim]`
    hidden: Param<Tensor<2>>,
    /// `g`, `[dim]`
    hidden_bias: Param<Tensor<1>>,
    /// `G2`, `[dim, dim]`
    output: Param<Tensor<2>>,
    #[module(skip)]
    pooling: Pooling,
}

impl PinSage {
    /// Floats of an item's features.
    pub fn n_features(&self) -> usize {
        match self.layers.first() {
            Some(layer) => layer.n_inputs(),
            None => unreachable!("there is a layer"),
        }
    }

    /// Embeddings of some items, each of length 1 (or 0, without a direction): what a step of training needs, whose
    /// cost is that of the items within reach, and of a table of places of 4 bytes an item.
    ///
    /// `features` are all items', `[n_items, n_features]`, row-major; the rows within reach are uploaded.
    ///
    /// # Shapes
    /// `-> [items.len(), dim]`
    ///
    /// # Panics
    /// When `features` has another size, or an item is out of range or comes twice.
    pub fn embed(
        &self,
        items: &[u32],
        features: &[f32],
        graph: &Neighbourhoods,
        device: &Device,
    ) -> Tensor<2> {
        let width = self.n_features();
        assert_eq!(features.len(), graph.n_items() * width, "a row an item");
        let sub = graph.sub_graph(items, self.layers.len(), |_| false);
        self.embed_sub_graph(&sub, features, device)
    }

    fn embed_sub_graph(&self, sub: &SubGraph, features: &[f32], device: &Device) -> Tensor<2> {
        let width = self.n_features();
        let mut h = rows(features, width, &sub.inputs, device);
        for (layer, block) in self.layers.iter().zip(&sub.blocks) {
            h = layer.forward(h, block, self.pooling);
        }
        self.head(h)
    }

    /// Embeddings of all items, `[n_items, dim]` on the host: layer by layer, each item's vector computed once a
    /// layer and a few thousand at a time, so that the memory is that of two layers' vectors.
    ///
    /// # Errors
    /// When the device failed.
    ///
    /// # Panics
    /// As [`PinSage::embed`].
    pub fn embed_all(
        &self,
        features: &[f32],
        graph: &Neighbourhoods,
        device: &Device,
    ) -> Result<Vec<f32>, ExecutionError> {
        let mut width = self.n_features();
        assert_eq!(features.len(), graph.n_items() * width, "a row an item");
        let all: Vec<u32> = (0..graph.n_items() as u32).collect();
        let mut below = features.to_vec();
        for (number, layer) in self.layers.iter().enumerate() {
            let last = number + 1 == self.layers.len();
            let mut above = Vec::new();
            for piece in all.chunks(ITEMS_PER_PIECE) {
                let sub = graph.sub_graph(piece, 1, |_| false);
                let h = rows(&below, width, &sub.inputs, device);
                let mut h = layer.forward(h, &sub.blocks[0], self.pooling);
                if last {
                    h = self.head(h);
                }
                above.extend(h.try_into_data()?.iter::<f32>());
            }
            (below, width) = (above, self.hidden.dims()[0]);
        }
        Ok(below)
    }

    /// Where its parameters are.
    pub fn device(&self) -> Device {
        self.hidden.device()
    }

    fn head(&self, z: Tensor<2>) -> Tensor<2> {
        let hidden = z.matmul(self.hidden.val()) + self.hidden_bias.val().unsqueeze();
        l2_normalize(activation::relu(hidden).matmul(self.output.val()))
    }
}

/// Some rows of a table on the host, on the device.
fn rows(table: &[f32], width: usize, nodes: &[u32], device: &Device) -> Tensor<2> {
    let mut values = Vec::with_capacity(nodes.len() * width);
    for &node in nodes {
        values.extend_from_slice(&table[node as usize * width..][..width]);
    }
    Tensor::from_data(TensorData::new(values, [nodes.len(), width]), device)
}

impl Named for PinSage {
    fn named(&mut self) -> Vec<(String, ParamMut<'_>)> {
        let mut all = Vec::new();
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
