//! A network and a score: the model that is trained, saved and served.

use std::collections::BTreeMap;
use std::path::Path;

use burn::module::Module;
use burn::tensor::{Device, ExecutionError, Tensor, TensorData};
use serde::{Deserialize, Serialize};

use crate::adjacency::{AdjacencyError, check_table_fits};
use crate::batch::{BatchIndices, BatchRows};
use crate::dense_layer::{is_flex, l2_normalize};
use crate::dropout::Mode;
use crate::embedding::Embeddings;
use crate::init::Initializer;
use crate::loss::{BatchScores, L2, LossConfig, LossParts};
use crate::network::{Graph, Network, NetworkConfig, NodeRows};
use crate::objective::{self, ObjectivePlan, Similarity};
use crate::parameters::{self, HostTensor, Named, ParamMut, ParameterError, prefixed};
use crate::pinsage::{ContentStart, InferenceError, ItemGraph};
use crate::score::{Score, ScoreConfig};

/// Items whose vectors are made together.
const ITEMS_PER_PIECE: usize = 1024;

/// Everything that decides a model's shape.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ModelConfig {
    /// From parameters and graph to embeddings.
    pub network: NetworkConfig,
    /// From embeddings to scores.
    #[serde(default)]
    pub score: ScoreConfig,
}

/// Why a [`ModelConfig`] cannot be built.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)]
pub enum ConfigError {
    #[error("{setting} is 0; it must be at least 1")]
    Zero { setting: &'static str },
    #[error("{setting} is {value}; a dropout rate lies in [0, 1)")]
    DropoutRate { setting: &'static str, value: f64 },
    #[error("{setting} is {value}; it must be a positive number")]
    NotPositive { setting: &'static str, value: f64 },
}

impl ModelConfig {
    /// Checks the settings a file or a flag may hold.
    ///
    /// # Errors
    /// [`ConfigError`] names the first setting out of range.
    pub fn validate(&self) -> Result<(), ConfigError> {
        use crate::init::Init;
        let (layers, rates, init): (&[usize], Vec<(&'static str, f64)>, Init) = match &self.network
        {
            NetworkConfig::Mf(c) => (&[], vec![], c.init),
            NetworkConfig::LightGcn(c) => (&[], vec![], c.init),
            NetworkConfig::NgcfLecture(c) => (&c.layers, vec![("dropout", c.dropout)], c.init),
            NetworkConfig::NgcfPaper(c) => (
                &c.layers,
                vec![
                    ("message_dropout", c.message_dropout),
                    ("node_dropout", c.node_dropout),
                ],
                c.init,
            ),
            NetworkConfig::NgcfOfficial(c) => (
                &c.layers,
                vec![
                    ("message_dropout", c.message_dropout),
                    ("edge_dropout", c.edge_dropout),
                ],
                c.init,
            ),
            NetworkConfig::PinSage(c) => {
                at_least_one("features", c.features)?;
                at_least_one("layers", c.layers)?;
                at_least_one("hidden", c.hidden)?;
                (
                    &[],
                    vec![
                        ("node_dropout", c.node_dropout),
                        ("feature_dropout", c.feature_dropout),
                    ],
                    Init::XavierUniform,
                )
            }
        };
        at_least_one("dim", self.network.dim())?;
        for &width in layers {
            at_least_one("a width in layers", width)?;
        }
        for (setting, value) in rates {
            if !(0.0..1.0).contains(&value) {
                return Err(ConfigError::DropoutRate { setting, value });
            }
        }
        if let Init::Normal { std } = init {
            positive("init.std", std)?;
        }
        match self.score {
            ScoreConfig::Cosine { temperature } => positive("temperature", temperature),
            ScoreConfig::Mlp { hidden } => at_least_one("hidden", hidden),
            ScoreConfig::Dot | ScoreConfig::Bilinear => Ok(()),
        }
    }

    /// Checks that every table of this model fits one buffer of the device.
    ///
    /// # Errors
    /// [`AdjacencyError::TableTooLarge`], with the figures and a remedy.
    pub fn check_fits(
        &self,
        n_users: usize,
        n_items: usize,
        device: &Device,
    ) -> Result<(), AdjacencyError> {
        check_table_fits(n_users + n_items, self.network.widest(), device)
    }

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

fn at_least_one(setting: &'static str, value: usize) -> Result<(), ConfigError> {
    if value == 0 {
        return Err(ConfigError::Zero { setting });
    }
    Ok(())
}

fn positive(setting: &'static str, value: f64) -> Result<(), ConfigError> {
    if value.is_finite() && value > 0.0 {
        return Ok(());
    }
    Err(ConfigError::NotPositive { setting, value })
}

/// A network and a score with their parameters, on one device.
#[derive(Module, Debug)]
pub struct Model {
    network: Network,
    score: Score,
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

    #[cfg(test)]
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

    /// [`Model::embed`] in inference. What PinSAGE holds between two layers is kept in files of `scratch`, where a folder
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
        scratch: Option<&Path>,
    ) -> Result<Embeddings, InferenceError> {
        match (&self.network, graph.into()) {
            (Network::PinSage(network), Graph::Items(items)) => Ok(Embeddings {
                nodes: network.nodes(items, scratch)?,
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

    /// The objective on one batch.
    ///
    /// # Panics
    /// As [`Model::embed`].
    pub fn loss<'a>(
        &self,
        graph: impl Into<Graph<'a>>,
        batch: &BatchIndices,
        config: &LossConfig,
        mode: Mode,
    ) -> LossParts {
        self.objective(self.network.rows(graph.into(), batch, mode), batch, config)
    }

    /// The objective on one batch from the batch's rows of the tables, for networks without
    /// propagation: `rows` are [`Model::table_rows`], tracked or not.
    ///
    /// # Panics
    /// When the network propagates.
    pub fn loss_of_rows(
        &self,
        rows: Tensor<2>,
        batch: &BatchIndices,
        config: &LossConfig,
    ) -> LossParts {
        assert!(
            matches!(self.network, Network::Mf(_)),
            "every row of a network that propagates has a gradient"
        );
        self.objective(NodeRows::Same(rows), batch, config)
    }

    /// The batch's rows of the learned tables, cut off from them: users, positives, then each
    /// user's negatives, then shared ones, `[batch * (2 + n_negatives) + n_shared, dim]`.
    pub fn table_rows(&self, batch: &BatchIndices) -> Tensor<2> {
        self.network.tables().rows(batch).detach()
    }

    fn objective(&self, rows: NodeRows, batch: &BatchIndices, config: &LossConfig) -> LossParts {
        let similarity = self.score.similarity(config.cosine);
        let (ranking, squares) = match similarity {
            Some(similarity) if is_flex(&rows.device()) => {
                fused_objective(&rows, batch, config, similarity)
            }
            _ => {
                let scores = self.scores(&rows, batch, config);
                (config.ranking.forward(scores), None)
            }
        };
        let squares = match config.l2 {
            _ if config.weight_decay == 0.0 => None,
            L2::None => None,
            L2::FinalRows => squares.or_else(|| Some(sum_of_squares(rows.last()))),
            L2::LayerZeroRows => squares.or_else(|| Some(sum_of_squares(rows.initial()))),
            L2::AllParameters => self
                .clone()
                .named()
                .into_iter()
                .map(|(_, parameter)| parameter.sum_of_squares())
                .reduce(|a, b| a + b),
        };
        let regularization = match squares {
            Some(squares) => squares * (0.5 * config.weight_decay / batch.len() as f64),
            None => ranking.zeros_like().detach(),
        };
        LossParts {
            ranking,
            regularization,
        }
    }

    /// The batch's scores, own negatives before shared ones, by Burn's operations.
    fn scores(&self, rows: &NodeRows, batch: &BatchIndices, config: &LossConfig) -> BatchScores {
        let all = rows.last();
        let rows = BatchRows {
            all: match config.cosine {
                true => l2_normalize(all),
                false => all,
            },
            batch: batch.len(),
            n_negatives: batch.n_negatives(),
        };
        let score = match config.cosine {
            true => &Score::dot(),
            false => &self.score,
        };
        let users = rows.users();
        let mut positives = score.pairs(users.clone(), rows.positives());
        let own = rows.negatives().map(|own| score.sets(users.clone(), own));
        let mut shared = rows.shared().map(|items| score.cross(users, items));
        if let Some(log_q) = &batch.shared().log_q {
            let temperature = f64::from(config.ranking.temperature());
            let device = positives.device();
            let off = |values: &[f32]| Tensor::<1>::from_data(values, &device) * temperature;
            shared = shared.map(|scores| scores - off(&log_q.shared).unsqueeze_dim::<2>(0));
            positives = positives - off(&log_q.positives);
        }
        let negatives: Vec<Tensor<2>> = own.into_iter().chain(shared).collect();
        BatchScores {
            valid: valid(batch, &positives),
            positives,
            negatives: Tensor::cat(negatives, 1),
        }
    }

    /// The model with parameters from which PinSAGE's embeddings begin as what items are made of, whatever comes of
    /// training: their cosines are those of content, as far as `dim` directions tell.
    ///
    /// # Errors
    /// [`ParameterError::Device`] when the device cannot be read.
    ///
    /// # Panics
    /// When the network does not make vectors of items' features, or the directions are not of its shape.
    pub fn starting_from_content(self, start: &ContentStart) -> Result<Self, ParameterError> {
        let Network::PinSage(network) = &self.network else {
            panic!("this network does not read what items are made of");
        };
        let mut parameters = self.parameters()?.into_iter().collect();
        network.config().start_from_content(start, &mut parameters);
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

/// Which negatives count for which user; `None` where all do.
fn valid(batch: &BatchIndices, beside: &Tensor<1>) -> Option<Tensor<2>> {
    let (shared, n) = (batch.shared(), batch.len());
    if shared.known.is_empty() {
        return None;
    }
    let own = batch.n_negatives();
    let width = own + shared.items.len();
    let mut valid = vec![1.0f32; n * width];
    for (user, row) in valid.chunks_exact_mut(width).enumerate() {
        let known = shared.known_ptr[user] as usize..shared.known_ptr[user + 1] as usize;
        for &place in &shared.known[known] {
            row[own + place as usize] = 0.0;
        }
    }
    let device = beside.device();
    Some(Tensor::from_data(
        TensorData::new(valid, [n, width]),
        &device,
    ))
}

/// The ranking loss, and the sum of squares of the rows where they are the regularized ones.
fn fused_objective(
    rows: &NodeRows,
    batch: &BatchIndices,
    config: &LossConfig,
    similarity: Similarity,
) -> (Tensor<1>, Option<Tensor<1>>) {
    let (rows, stacked, regularized) = match rows {
        NodeRows::Same(rows) => {
            let squared = matches!(config.l2, L2::FinalRows | L2::LayerZeroRows);
            (rows, false, squared)
        }
        NodeRows::Stacked(rows) => (rows, true, config.l2 == L2::LayerZeroRows),
        NodeRows::Apart { last, .. } => (last, false, config.l2 == L2::FinalRows),
    };
    let regularized = regularized && config.weight_decay > 0.0;
    let plan = ObjectivePlan::new(batch, stacked, similarity, config.ranking, regularized);
    let (ranking, squares) = objective::objective(rows.clone(), plan);
    (ranking, regularized.then_some(squares))
}

/// A row that appears twice counts twice. `[1]`
fn sum_of_squares(rows: Tensor<2>) -> Tensor<1> {
    (rows.clone() * rows).sum()
}
