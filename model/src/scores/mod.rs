//! From two embeddings to one score.
//!
//! Dot, cosine and bilinear scores are a dot product after a transform of each side, so a vector
//! index can serve them; the MLP is not, and carries its weights into serving.

mod head;
mod mlp;

use burn::module::{Module, Param};
use burn::tensor::Tensor;
use serde::{Deserialize, Serialize};

use crate::ops::batch_loss::Similarity;
use crate::ops::linear::l2_normalize;
use crate::parameters::checks::{at_least_one, positive};
use crate::parameters::{ConfigError, Initializer, Named, ParamMut};

pub use head::ScoreHead;
pub(crate) use head::to_host;
use mlp::Mlp;

/// Which score function, and its settings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum ScoreConfig {
    /// `z_u . z_i`
    #[default]
    Dot,
    /// `cos(z_u, z_i) / temperature`
    Cosine {
        /// Positive; smaller is sharper.
        temperature: f64,
    },
    /// `z_uᵀ M z_i`, `M` starting as the identity (a dot product).
    Bilinear,
    /// `output . ReLU(W_u z_u + W_i z_i + bias) + output_bias`
    Mlp {
        /// Width of the hidden layer.
        hidden: usize,
    },
}

impl ScoreConfig {
    pub(crate) fn validate(&self) -> Result<(), ConfigError> {
        match *self {
            Self::Cosine { temperature } => positive("temperature", temperature),
            Self::Mlp { hidden } => at_least_one("hidden", hidden),
            Self::Dot | Self::Bilinear => Ok(()),
        }
    }

    pub(crate) fn init(&self, width: usize, initializer: &Initializer<'_>) -> Score {
        match *self {
            Self::Dot => Score::Dot(Dot {}),
            Self::Cosine { temperature } => Score::Cosine(Cosine { temperature }),
            Self::Bilinear => Score::Bilinear(Bilinear {
                weight: initializer.identity("score.weight", width),
            }),
            Self::Mlp { hidden } => Score::Mlp(Mlp::new(width, hidden, initializer)),
        }
    }
}

/// A score function with its learned parameters.
// A model holds one, so the width of the largest variant costs nothing.
#[allow(clippy::large_enum_variant)]
#[derive(Module, Debug)]
pub enum Score {
    /// See [`ScoreConfig::Dot`].
    Dot(Dot),
    /// See [`ScoreConfig::Cosine`].
    Cosine(Cosine),
    /// See [`ScoreConfig::Bilinear`].
    Bilinear(Bilinear),
    /// See [`ScoreConfig::Mlp`].
    Mlp(Mlp),
}

/// The dot product: nothing to learn.
#[derive(Module, Debug)]
pub struct Dot {}

/// Cosine over a fixed temperature.
#[derive(Module, Debug)]
pub struct Cosine {
    #[module(skip)]
    pub(crate) temperature: f64,
}

/// A learned bilinear form.
#[derive(Module, Debug)]
pub struct Bilinear {
    /// `[width, width]`
    pub(crate) weight: Param<Tensor<2>>,
}

impl Score {
    /// The plain inner product.
    pub(crate) fn dot() -> Self {
        Self::Dot(Dot {})
    }

    /// The score as one inner product, of unit vectors where `cosine` asks for it; `None` where it is
    /// something else.
    pub(crate) fn similarity(&self, cosine: bool) -> Option<Similarity> {
        match self {
            _ if cosine => Some(Similarity {
                unit: true,
                scale: 1.0,
            }),
            Self::Dot(_) => Some(Similarity {
                unit: false,
                scale: 1.0,
            }),
            Self::Cosine(cosine) => Some(Similarity {
                unit: true,
                scale: (1.0 / cosine.temperature) as f32,
            }),
            Self::Bilinear(_) | Self::Mlp(_) => None,
        }
    }

    /// Scores of each user against the same items.
    ///
    /// # Shapes
    /// `[batch, width], [n, width] -> [batch, n]`
    pub fn cross(&self, users: Tensor<2>, items: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Dot(_) => users.matmul(items.transpose()),
            Self::Cosine(cosine) => {
                let items = l2_normalize(items);
                l2_normalize(users).matmul(items.transpose()) / cosine.temperature
            }
            Self::Bilinear(form) => users.matmul(form.weight.val()).matmul(items.transpose()),
            Self::Mlp(_) => {
                let ([batch, width], [n, _]) = (users.dims(), items.dims());
                let items = items.unsqueeze_dim::<3>(0).expand([batch, n, width]);
                self.sets(users, items)
            }
        }
    }

    /// Scores of pairs.
    ///
    /// # Shapes
    /// `[batch, width], [batch, width] -> [batch]`
    pub fn pairs(&self, users: Tensor<2>, items: Tensor<2>) -> Tensor<1> {
        let [batch, width] = items.dims();
        self.sets(users, items.reshape([batch, 1, width]))
            .reshape([batch])
    }

    /// Scores of each user against the user's own set of items.
    ///
    /// # Shapes
    /// `[batch, width], [batch, n, width] -> [batch, n]`
    pub fn sets(&self, users: Tensor<2>, items: Tensor<3>) -> Tensor<2> {
        let [batch, n, width] = items.dims();
        match self {
            Self::Dot(_) => dot(users, items),
            Self::Cosine(cosine) => {
                let items = l2_normalize(items.reshape([batch * n, width]));
                let items = items.reshape([batch, n, width]);
                dot(l2_normalize(users), items) / cosine.temperature
            }
            Self::Bilinear(form) => dot(users.matmul(form.weight.val()), items),
            Self::Mlp(mlp) => mlp.sets(users, items),
        }
    }
}

impl Named for Score {
    fn named(&mut self) -> Vec<(String, ParamMut<'_>)> {
        match self {
            Self::Dot(_) | Self::Cosine(_) => Vec::new(),
            Self::Bilinear(form) => {
                vec![("weight".to_owned(), ParamMut::Matrix(&mut form.weight))]
            }
            Self::Mlp(mlp) => mlp.named(),
        }
    }
}

/// `[batch, width], [batch, n, width] -> [batch, n]`
fn dot(users: Tensor<2>, items: Tensor<3>) -> Tensor<2> {
    let [batch, n, _] = items.dims();
    (users.unsqueeze_dim::<3>(1) * items)
        .sum_dim(2)
        .reshape([batch, n])
}
