//! A score on the host: how two rows of the final tables become one number.

use burn::tensor::{ExecutionError, Tensor};

use super::mlp::Mlp;

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

impl ScoreHead {
    /// The weights of a trained MLP.
    ///
    /// # Errors
    /// When the device cannot be read.
    pub(crate) fn of_mlp(mlp: &Mlp) -> Result<Self, ExecutionError> {
        let output = to_host(mlp.output.val())?;
        Ok(Self::Mlp {
            hidden: output.len(),
            user_weight: to_host(mlp.user_weight.val().transpose())?,
            item_weight: to_host(mlp.item_weight.val().transpose())?,
            bias: to_host(mlp.bias.val())?,
            output,
            output_bias: to_host(mlp.output_bias.val())?[0],
        })
    }
}

/// The elements of a tensor, last dimension fastest.
pub(crate) fn to_host<const D: usize>(tensor: Tensor<D>) -> Result<Vec<f32>, ExecutionError> {
    Ok(tensor.try_into_data()?.iter::<f32>().collect())
}
