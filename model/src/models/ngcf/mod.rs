//! NGCF (Wang et al., SIGIR 2019, arXiv 1905.08108) in the three forms that go by its name.

// Backward passes are dead in a build that does not train.
#[cfg_attr(not(feature = "train"), allow(dead_code))]
mod batch_rows;
mod lecture;
mod official;
mod paper;

pub use lecture::{NgcfLecture, NgcfLectureConfig};
pub use official::{NgcfOfficial, NgcfOfficialConfig};
pub use paper::{NgcfPaper, NgcfPaperConfig};

use burn::module::Param;
use burn::tensor::Tensor;

/// Slope of LeakyReLU below zero: TensorFlow's default, which the authors' code uses.
const LEAKY_SLOPE: f64 = 0.2;

/// `x` where it is positive, `slope * x` elsewhere, as `x` times a constant factor: the backward
/// pass is one multiplication, where Burn's own form fills two tables of zeros.
fn leaky_relu(x: Tensor<2>, slope: f64) -> Tensor<2> {
    let positive = x.clone().greater_elem(0.0).float();
    let factor = positive * (1.0 - slope) + slope;
    x * factor
}

/// A parameter as part of a flat list of them.
fn flat<const D: usize>(parameter: &Param<Tensor<D>>) -> Tensor<1> {
    let tensor = parameter.val();
    let n = tensor.shape().num_elements();
    tensor.reshape([n])
}

/// `(layer, width in, width out)` of each layer.
fn widths(dim: usize, layers: &[usize]) -> impl Iterator<Item = (usize, usize, usize)> {
    let inputs = std::iter::once(dim).chain(layers.iter().copied());
    inputs
        .zip(layers)
        .enumerate()
        .map(|(layer, (from, &to))| (layer, from, to))
}
