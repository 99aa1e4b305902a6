//! The tables and the score that serving needs of a trained model.

use burn::tensor::{ExecutionError, Tensor};

use super::model::Model;
use super::tables::Embeddings;
use crate::ops::linear::l2_normalize;
use crate::ops::top_k::DeviceTables;
use crate::scores::{Score, ScoreHead, to_host};

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
            Score::Mlp(mlp) => ScoreHead::of_mlp(mlp)?,
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
