//! What serving needs of a trained model: two host tables and a head.

use burn::tensor::{ExecutionError, Tensor};

use crate::dense_layer::l2_normalize;
use crate::embedding::Embeddings;
use crate::model::Model;
use crate::ranking::DeviceTables;
use crate::score::{Mlp, Score};

/// How a user's and an item's row become a score.
#[derive(Clone, Debug, PartialEq)]
pub enum ScoreHead {
    /// Their dot product.
    Dot,
    /// `output . ReLU(user_weight z_u + item_weight z_i + bias) + output_bias`
    Mlp {
        /// Width of the hidden layer.
        hidden: usize,
        /// `[hidden x dim]`, row-major.
        user_weight: Vec<f32>,
        /// `[hidden x dim]`, row-major.
        item_weight: Vec<f32>,
        /// `[hidden]`
        bias: Vec<f32>,
        /// `[hidden]`
        output: Vec<f32>,
        /// Added to every score.
        output_bias: f32,
    },
}

/// Final tables on the host, with the score folded in where that is possible: cosine rows are
/// normalised and the user's divided by the temperature; a bilinear form is multiplied into the
/// user's side.
#[derive(Clone, Debug, PartialEq)]
pub struct ServingTables {
    /// Floats per row.
    pub dim: usize,
    /// `[n_users x dim]`, row-major.
    pub users: Vec<f32>,
    /// `[n_items x dim]`, row-major.
    pub items: Vec<f32>,
    /// How two rows become a score.
    pub head: ScoreHead,
}

impl Model {
    /// Tables and head whose scores equal [`Score::pairs`] of the same embeddings.
    ///
    /// # Errors
    /// When the device cannot be read.
    pub fn serving_tables(&self, embeddings: Embeddings) -> Result<ServingTables, ExecutionError> {
        let dim = embeddings.width();
        let (users, items) = self.folded(embeddings);
        let head = match self.score() {
            Score::Mlp(mlp) => head(mlp)?,
            _ => ScoreHead::Dot,
        };
        Ok(ServingTables {
            dim,
            users: to_host(users)?,
            items: to_host(items)?,
            head,
        })
    }

    /// The same tables where they are, ready to rank; `None` unless that is a GPU and a score is an inner product.
    pub fn device_tables(&self, embeddings: &Embeddings) -> Option<DeviceTables> {
        if let Score::Mlp(_) = self.score() {
            return None;
        }
        let (users, items) = self.folded(embeddings.clone());
        DeviceTables::new(users, items)
    }

    /// Users' and items' rows with the score folded in where it is an inner product of the result.
    fn folded(&self, embeddings: Embeddings) -> (Tensor<2>, Tensor<2>) {
        let (users, items) = (embeddings.users(), embeddings.items());
        match self.score() {
            Score::Dot(_) | Score::Mlp(_) => (users, items),
            Score::Cosine(cosine) => (
                l2_normalize(users) / cosine.temperature,
                l2_normalize(items),
            ),
            Score::Bilinear(form) => (users.matmul(form.weight.val()), items),
        }
    }
}

fn head(mlp: &Mlp) -> Result<ScoreHead, ExecutionError> {
    let output = to_host(mlp.output.val())?;
    Ok(ScoreHead::Mlp {
        hidden: output.len(),
        user_weight: to_host(mlp.user_weight.val().transpose())?,
        item_weight: to_host(mlp.item_weight.val().transpose())?,
        bias: to_host(mlp.bias.val())?,
        output,
        output_bias: to_host(mlp.output_bias.val())?[0],
    })
}

fn to_host<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ExecutionError> {
    Ok(tensor.try_into_data()?.iter::<f32>().collect())
}
