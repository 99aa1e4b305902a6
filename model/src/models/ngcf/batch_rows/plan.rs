//! The inputs of one pass: the form of the layers, their widths and dropout, the graph, the nodes.

use std::ops::Range;
use std::sync::{Arc, Mutex};

use super::workspace::{Kept, Lease, Pool};
use crate::batch::BatchIndices;
use crate::graph::{Adjacency, Matrix};
use crate::models::ngcf::LEAKY_SLOPE;
use crate::models::tables::EmbeddingTables;
use crate::ops::dropout::{EdgeDropout, ElementDropout};

/// How a layer makes its output of a node's row `e` and of the sum `s` it receives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `ReLU(e W1 + s W2 + b)`; the last layer may leave the ReLU off, and is the result.
    Lecture { linear_output: bool },
    /// `LeakyReLU((s + e) W1 + (s ⊙ e) W2)`; the result is all levels.
    Paper,
    /// `LeakyReLU(s W1 + b1) + LeakyReLU((e ⊙ s) W2 + b2)`; the result is all levels, each but the
    /// first over its norm.
    Official,
}

impl Form {
    /// Biases of a layer.
    pub(super) fn biases(self) -> usize {
        match self {
            Self::Lecture { .. } => 1,
            Self::Paper => 0,
            Self::Official => 2,
        }
    }

    /// Whether each product has its own activation, rather than one around their sum.
    pub(super) fn activates_apart(self) -> bool {
        self == Self::Official
    }

    pub(super) fn normalizes(self) -> bool {
        self == Self::Official
    }
}

/// The dropout of one layer in training.
#[derive(Clone, Debug, Default)]
pub(crate) struct LayerDropout {
    /// Directed edges.
    pub(crate) edges: Option<EdgeDropout>,
    /// A factor for each node as a sender.
    pub(crate) senders: Option<Vec<f32>>,
    /// Elements of the output.
    pub(crate) elements: Option<ElementDropout>,
}

impl LayerDropout {
    pub(super) fn thins(&self) -> bool {
        self.edges.is_some() || self.senders.is_some()
    }
}

/// One layer. Its parameters lie end to end: W1 and W2 of `[from, to]`, then the biases of `[to]`.
#[derive(Clone, Debug)]
pub(crate) struct Layer {
    pub(crate) from: usize,
    pub(crate) to: usize,
    pub(crate) dropout: LayerDropout,
}

/// One pass. Level 0 is the learned tables, level `k` the output of layer `k`.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) form: Form,
    pub(crate) dim: usize,
    pub(crate) layers: Vec<Layer>,
    pub(crate) matrix: Arc<Matrix>,
    pub(crate) n_users: usize,
    pub(crate) n_items: usize,
    /// One node a row of the result, with repetitions.
    pub(crate) nodes: Arc<[u32]>,
    pool: Pool,
    /// The state that the forward pass keeps for the backward pass.
    pub(crate) kept: Mutex<Option<Kept>>,
}

impl Plan {
    /// The pass of a batch over the learned tables.
    pub(crate) fn new(
        form: Form,
        layers: Vec<Layer>,
        tables: &EmbeddingTables,
        adjacency: &Adjacency,
        batch: &BatchIndices,
        pool: &Pool,
    ) -> Self {
        Self {
            form,
            dim: tables.users.dims()[1],
            layers,
            matrix: adjacency.matrix().clone(),
            n_users: tables.n_users(),
            n_items: tables.n_items(),
            nodes: batch.nodes(tables.n_users()),
            pool: pool.clone(),
            kept: Mutex::default(),
        }
    }

    /// A workspace for this pass.
    pub(super) fn lease(&self) -> Lease {
        let widths = self.layers.iter().map(|layer| (layer.from, layer.to));
        self.pool.lease(self.n_users + self.n_items, widths)
    }

    /// Floats of one row of a level.
    pub(super) fn level_width(&self, level: usize) -> usize {
        match level {
            0 => self.dim,
            _ => self.layers[level - 1].to,
        }
    }

    /// The levels the result shows, side by side.
    pub(super) fn shown(&self) -> Vec<usize> {
        let last = self.layers.len();
        match self.form {
            Form::Lecture { .. } => vec![0, last],
            Form::Paper | Form::Official => (0..=last).collect(),
        }
    }

    /// Each shown level with its columns of the result.
    pub(super) fn columns(&self) -> Vec<(usize, Range<usize>)> {
        let mut start = 0;
        let column = |level| {
            let columns = start..start + self.level_width(level);
            start = columns.end;
            (level, columns)
        };
        self.shown().into_iter().map(column).collect()
    }

    /// Floats of one row of the result.
    pub(super) fn width(&self) -> usize {
        self.shown()
            .iter()
            .map(|&level| self.level_width(level))
            .sum()
    }

    /// The columns of the result that are the embedding.
    pub(super) fn last_columns(&self) -> Range<usize> {
        match self.form {
            Form::Lecture { .. } => self.dim..self.width(),
            Form::Paper | Form::Official => 0..self.width(),
        }
    }

    /// Slope of a layer's activation below zero.
    pub(super) fn slope(&self, layer: usize) -> f32 {
        match self.form {
            Form::Lecture { linear_output } if linear_output && layer + 1 == self.layers.len() => {
                1.0
            }
            Form::Lecture { .. } => 0.0,
            Form::Paper | Form::Official => LEAKY_SLOPE as f32,
        }
    }

    /// Where each layer's parameters lie.
    pub(super) fn parameters(&self) -> Vec<Range<usize>> {
        let mut start = 0;
        let range = |layer: &Layer| {
            let len = (2 * layer.from + self.form.biases()) * layer.to;
            start += len;
            start - len..start
        };
        self.layers.iter().map(range).collect()
    }
}
