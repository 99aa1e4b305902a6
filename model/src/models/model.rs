//! A network and a score: the model that is trained, saved and served.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, ExecutionError, Tensor};

use super::config::ModelConfig;
use super::network::{Graph, Network};
use super::pinsage::{InferenceError, ItemGraph, LsaStart};
use super::tables::Embeddings;
use crate::batch::BatchIndices;
use crate::ops::dropout::Mode;
use crate::ops::linear::l2_normalize;
use crate::parameters::{self, HostTensor, Initializer, Named, ParamMut, ParameterError, prefixed};
use crate::scores::Score;

/// Items whose vectors are made together.
const ITEMS_PER_PIECE: usize = 1024;

/// A network and a score with their parameters, on one device.
#[derive(Module, Debug)]
pub struct Model {
    network: Network,
    score: Score,
}

impl ModelConfig {
    /// A new model. Each parameter is drawn on the host from a generator keyed by `seed` and the
    /// parameter's name, so every backend starts from the same numbers.
    pub fn init(&self, n_users: usize, n_items: usize, seed: u64, device: &Device) -> Model {
        let initializer = Initializer::new(seed, device);
        Model {
            network: self.network.init(n_users, n_items, &initializer),
            score: self.score.init(self.network.width(), &initializer),
        }
    }
}

impl Model {
    /// Number of users.
    pub fn n_users(&self) -> usize {
        self.network.sizes().0
    }

    /// Number of items.
    pub fn n_items(&self) -> usize {
        self.network.sizes().1
    }

    /// The network.
    pub(crate) fn network(&self) -> &Network {
        &self.network
    }

    /// The score function.
    pub fn score(&self) -> &Score {
        &self.score
    }

    /// Final embeddings of all nodes.
    ///
    /// # Panics
    /// When the graph is not of the kind the network computes over, or has other nodes than the model.
    pub fn embed<'a>(&self, graph: impl Into<Graph<'a>>, mode: Mode) -> Embeddings {
        Embeddings {
            nodes: self.network.forward(graph.into(), mode).nodes,
            n_users: self.n_users(),
        }
    }

    /// [`Model::embed`] in inference. What PinSAGE holds between two layers is kept in files of `temp_dir`, where a folder
    /// is named.
    ///
    /// # Errors
    /// When the device failed or a file could not be written, as far as PinSAGE can tell.
    ///
    /// # Panics
    /// As [`Model::embed`].
    pub fn embed_all<'a>(
        &self,
        graph: impl Into<Graph<'a>>,
        temp_dir: Option<&Path>,
    ) -> Result<Embeddings, InferenceError> {
        match (&self.network, graph.into()) {
            (Network::PinSage(network), Graph::Items(items)) => Ok(Embeddings {
                nodes: network.nodes(items, temp_dir)?,
                n_users: self.n_users(),
            }),
            (_, graph) => Ok(self.embed(graph, Mode::Inference)),
        }
    }

    /// Vectors of some items, of a graph that may have others than the model was trained with, on the host and as
    /// [`Model::serving_tables`] has them: `[items.len(), width]`.
    ///
    /// # Errors
    /// When the device failed.
    ///
    /// # Panics
    /// When the network does not make vectors of items' features, or an item is out of range.
    pub fn item_vectors(
        &self,
        graph: &ItemGraph,
        items: &[u32],
    ) -> Result<Vec<f32>, ExecutionError> {
        let Network::PinSage(network) = &self.network else {
            panic!("this network has vectors for the items it was trained with only");
        };
        let mut vectors = Vec::new();
        for piece in items.chunks(ITEMS_PER_PIECE) {
            let z = network.embed(piece, graph);
            let z = match self.score {
                Score::Cosine(_) => l2_normalize(z),
                _ => z,
            };
            vectors.extend(z.try_into_data()?.iter::<f32>());
        }
        Ok(vectors)
    }

    /// The batch's rows of the learned tables, cut off from them: users, positives, per-positive negatives, batch-shared
    /// negatives, `[batch * (2 + n_negatives) + n_shared, dim]`.
    pub fn table_rows(&self, batch: &BatchIndices) -> Tensor<2> {
        self.network.tables().rows(batch).detach()
    }

    /// The model with PinSAGE's parameters set so that its embeddings begin as the items' content (latent semantic
    /// analysis): their cosines are those of content in its first `dim` principal components.
    ///
    /// # Errors
    /// [`ParameterError::Device`] when the device cannot be read.
    ///
    /// # Panics
    /// When the network does not make vectors of items' features, or the components are not of its shape.
    pub fn with_lsa_start(self, start: &LsaStart) -> Result<Self, ParameterError> {
        let Network::PinSage(network) = &self.network else {
            panic!("this network does not read items' features");
        };
        let mut parameters = self.parameters()?.into_iter().collect();
        network.config().apply_lsa_start(start, &mut parameters);
        self.with_parameters(parameters)
    }

    /// All parameters on the host, by name: `users`, `items`, `layers.0.sum.weight`, ...
    ///
    /// # Errors
    /// [`ParameterError::Device`] when the device cannot be read.
    pub fn parameters(&self) -> Result<Vec<(String, HostTensor)>, ParameterError> {
        parameters::read(self.clone().named())
    }

    /// The model with every parameter replaced by the tensor of its name.
    ///
    /// # Errors
    /// [`ParameterError`] for a name too few or too many, another shape, or a value that is not
    /// finite.
    pub fn with_parameters(
        mut self,
        tensors: BTreeMap<String, HostTensor>,
    ) -> Result<Self, ParameterError> {
        parameters::write(self.named(), tensors)?;
        Ok(self)
    }
}

impl Named for Model {
    fn named(&mut self) -> Vec<(String, ParamMut<'_>)> {
        let mut all = self.network.named();
        all.extend(prefixed("score", self.score.named()));
        all
    }
}
