//! The closed choice of networks: settings, modules, and the kind of graph that each computes over.

use burn::module::Module;
use serde::{Deserialize, Serialize};

use super::forward::{Forward, NodeRows};
use super::lightgcn::{LightGcn, LightGcnConfig};
use super::mf::{Mf, MfConfig};
use super::ngcf::{
    NgcfLecture, NgcfLectureConfig, NgcfOfficial, NgcfOfficialConfig, NgcfPaper, NgcfPaperConfig,
};
use super::pinsage::{ItemGraph, PinSageConfig, PinSageNetwork};
use super::tables::EmbeddingTables;
use crate::batch::BatchIndices;
use crate::graph::Adjacency;
use crate::losses::L2;
use crate::ops::dropout::Mode;
use crate::parameters::{ConfigError, Initializer, Named, ParamMut};

/// Which network makes embeddings, and its settings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum NetworkConfig {
    /// Matrix factorization.
    #[serde(rename = "mf")]
    Mf(MfConfig),
    /// LightGCN.
    #[serde(rename = "lightgcn")]
    LightGcn(LightGcnConfig),
    /// NGCF as lectures teach it.
    #[serde(rename = "ngcf-lecture")]
    NgcfLecture(NgcfLectureConfig),
    /// NGCF as its paper has it.
    #[serde(rename = "ngcf-paper")]
    NgcfPaper(NgcfPaperConfig),
    /// NGCF as its authors' code has it.
    #[serde(rename = "ngcf-official")]
    NgcfOfficial(NgcfOfficialConfig),
    /// PinSAGE.
    #[serde(rename = "pinsage")]
    PinSage(PinSageConfig),
}

/// The graph that a network computes over.
#[derive(Clone, Copy, Debug)]
pub enum Graph<'a> {
    /// Nothing but its own tables.
    None,
    /// Users and items.
    Adjacency(&'a Adjacency),
    /// Items with features and neighbourhoods, and the items of each user.
    Items(&'a ItemGraph),
}

impl<'a> From<Option<&'a Adjacency>> for Graph<'a> {
    fn from(adjacency: Option<&'a Adjacency>) -> Self {
        adjacency.map_or(Self::None, Self::Adjacency)
    }
}

impl<'a> Graph<'a> {
    fn adjacency(self) -> &'a Adjacency {
        let Self::Adjacency(adjacency) = self else {
            panic!("this network propagates over a graph: pass its adjacency to `embed`");
        };
        adjacency
    }

    fn items(self) -> &'a ItemGraph {
        let Self::Items(items) = self else {
            panic!("this network reads items' features: pass its items to `embed`");
        };
        items
    }
}

/// The matrix a network multiplies by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Propagation {
    /// No graph.
    None,
    /// `D^-1/2 A D^-1/2`
    Symmetric {
        /// Whether `A + I` (and its degrees) takes the place of `A`.
        self_loops: bool,
    },
    /// `D^-1 A`
    RowMean {
        /// Whether `A + I` (and its degrees) takes the place of `A`.
        self_loops: bool,
    },
}

impl NetworkConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        match self {
            Self::Mf(c) => c.validate(),
            Self::LightGcn(c) => c.validate(),
            Self::NgcfLecture(c) => c.validate(),
            Self::NgcfPaper(c) => c.validate(),
            Self::NgcfOfficial(c) => c.validate(),
            Self::PinSage(c) => c.validate(),
        }
    }

    /// Name on the command line and in files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Mf(_) => "mf",
            Self::LightGcn(_) => "lightgcn",
            Self::NgcfLecture(_) => "ngcf-lecture",
            Self::NgcfPaper(_) => "ngcf-paper",
            Self::NgcfOfficial(_) => "ngcf-official",
            Self::PinSage(_) => "pinsage",
        }
    }

    /// The adjacency that [`crate::Model::embed`] must be given.
    pub fn propagation(&self) -> Propagation {
        match self {
            Self::Mf(_) | Self::PinSage(_) => Propagation::None,
            Self::LightGcn(_) | Self::NgcfPaper(_) => Propagation::Symmetric { self_loops: false },
            Self::NgcfLecture(_) => Propagation::RowMean { self_loops: false },
            Self::NgcfOfficial(_) => Propagation::RowMean { self_loops: true },
        }
    }

    /// Floats per row of the learned tables.
    pub fn dim(&self) -> usize {
        match self {
            Self::Mf(c) => c.dim,
            Self::LightGcn(c) => c.dim,
            Self::NgcfLecture(c) => c.dim,
            Self::NgcfPaper(c) => c.dim,
            Self::NgcfOfficial(c) => c.dim,
            Self::PinSage(c) => c.dim,
        }
    }

    /// Floats per row of the final embeddings.
    pub fn width(&self) -> usize {
        match self {
            Self::Mf(c) => c.dim,
            Self::LightGcn(c) => c.dim,
            Self::NgcfLecture(c) => c.layers.last().copied().unwrap_or(c.dim),
            Self::NgcfPaper(c) => c.dim + c.layers.iter().sum::<usize>(),
            Self::NgcfOfficial(c) => c.dim + c.layers.iter().sum::<usize>(),
            Self::PinSage(c) => c.dim,
        }
    }

    /// The regularization of the network's source.
    pub fn default_l2(&self) -> L2 {
        match self {
            Self::Mf(_) | Self::LightGcn(_) => L2::LayerZeroRows,
            Self::NgcfLecture(_) => L2::None,
            Self::NgcfPaper(_) | Self::PinSage(_) => L2::AllParameters,
            Self::NgcfOfficial(_) => L2::FinalRows,
        }
    }

    /// Floats of the widest single tensor of a row: it must fit a device's buffer.
    pub(crate) fn widest(&self) -> usize {
        let layers: &[usize] = match self {
            Self::Mf(_) | Self::LightGcn(_) | Self::PinSage(_) => &[],
            Self::NgcfLecture(c) => &c.layers,
            Self::NgcfPaper(c) => &c.layers,
            Self::NgcfOfficial(c) => &c.layers,
        };
        let widest_layer = layers.iter().copied().max().unwrap_or(0);
        self.dim().max(self.width()).max(widest_layer)
    }

    pub(crate) fn init(&self, n_users: usize, n_items: usize, init: &Initializer<'_>) -> Network {
        match self {
            Self::Mf(c) => Network::Mf(c.init(n_users, n_items, init)),
            Self::LightGcn(c) => Network::LightGcn(c.init(n_users, n_items, init)),
            Self::NgcfLecture(c) => Network::NgcfLecture(c.init(n_users, n_items, init)),
            Self::NgcfPaper(c) => Network::NgcfPaper(c.init(n_users, n_items, init)),
            Self::NgcfOfficial(c) => Network::NgcfOfficial(c.init(n_users, n_items, init)),
            Self::PinSage(c) => Network::PinSage(PinSageNetwork::new(c, n_users, n_items, init)),
        }
    }
}

/// A network with its learned parameters.
#[derive(Module, Debug)]
#[allow(clippy::large_enum_variant)] // one lives at a time
pub enum Network {
    /// See [`NetworkConfig::Mf`].
    Mf(Mf),
    /// See [`NetworkConfig::LightGcn`].
    LightGcn(LightGcn),
    /// See [`NetworkConfig::NgcfLecture`].
    NgcfLecture(NgcfLecture),
    /// See [`NetworkConfig::NgcfPaper`].
    NgcfPaper(NgcfPaper),
    /// See [`NetworkConfig::NgcfOfficial`].
    NgcfOfficial(NgcfOfficial),
    /// See [`NetworkConfig::PinSage`].
    PinSage(PinSageNetwork),
}

impl Network {
    /// The tables of users and items.
    ///
    /// # Panics
    /// Where there are none: PinSAGE learns no row of a user or an item.
    pub(crate) fn tables(&self) -> &EmbeddingTables {
        match self {
            Self::Mf(n) => &n.tables,
            Self::LightGcn(n) => &n.tables,
            Self::NgcfLecture(n) => &n.tables,
            Self::NgcfPaper(n) => &n.tables,
            Self::NgcfOfficial(n) => &n.tables,
            Self::PinSage(_) => panic!("PinSAGE has no tables"),
        }
    }

    /// Users and items.
    pub(crate) fn sizes(&self) -> (usize, usize) {
        match self {
            Self::PinSage(n) => n.sizes(),
            other => (other.tables().n_users(), other.tables().n_items()),
        }
    }

    /// All nodes' rows.
    pub(crate) fn forward(&self, graph: Graph<'_>, mode: Mode) -> Forward {
        match self {
            Self::Mf(n) => n.forward(),
            Self::LightGcn(n) => n.forward(graph.adjacency()),
            Self::NgcfLecture(n) => n.forward(graph.adjacency(), mode),
            Self::NgcfPaper(n) => n.forward(graph.adjacency(), mode),
            Self::NgcfOfficial(n) => n.forward(graph.adjacency(), mode),
            Self::PinSage(n) => match n.nodes(graph.items(), None) {
                Ok(nodes) => Forward {
                    initial: nodes.clone(),
                    nodes,
                },
                Err(error) => panic!("{error}"),
            },
        }
    }

    /// A batch's rows only: the same numbers as those rows of [`Network::forward`], for less. In place of a
    /// user's row PinSAGE has the mean of other items of the user here. LightGCN gives the rows of each layer where they
    /// are asked for.
    pub(crate) fn rows(
        &self,
        graph: Graph<'_>,
        batch: &BatchIndices,
        mode: Mode,
        each_layer: bool,
    ) -> NodeRows {
        match self {
            Self::Mf(n) => n.rows(batch),
            Self::LightGcn(n) => n.rows(graph.adjacency(), batch, each_layer),
            Self::NgcfLecture(n) => n.rows(graph.adjacency(), batch, mode),
            Self::NgcfPaper(n) => n.rows(graph.adjacency(), batch, mode),
            Self::NgcfOfficial(n) => n.rows(graph.adjacency(), batch, mode),
            Self::PinSage(n) => n.rows(graph.items(), batch, mode),
        }
    }
}

impl Named for Network {
    fn named(&mut self) -> Vec<(String, ParamMut<'_>)> {
        match self {
            Self::Mf(n) => n.tables.named(),
            Self::LightGcn(n) => n.tables.named(),
            Self::NgcfLecture(n) => n.named(),
            Self::NgcfPaper(n) => n.named(),
            Self::NgcfOfficial(n) => n.named(),
            Self::PinSage(n) => n.named(),
        }
    }
}
