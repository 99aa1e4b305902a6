//! Pooling: how a layer makes one vector of an item's neighbours.

use burn::tensor::{DType, Int, Tensor, TensorData};

use super::Pooling;
use crate::batch::Pool;
use crate::graph::{HostPair, SparseMatrix};
use crate::ops::propagate::product_of_pair;

impl Pool {
    /// Pools as `pooling` says, with the weights of `matrix [outputs, inputs]`.
    pub(super) fn new(matrix: SparseMatrix, pooling: Pooling) -> Self {
        match pooling {
            Pooling::Max => Self::Max(matrix),
            Pooling::Importance | Pooling::Mean => Self::Sum(HostPair::new(matrix)),
        }
    }

    /// Number of rows that pooling makes.
    pub(super) fn n_outputs(&self) -> usize {
        match self {
            Self::Sum(pair) => pair.n_rows(),
            Self::Max(matrix) => matrix.n_rows(),
        }
    }

    /// `[inputs, width] -> [outputs, width]`
    pub(super) fn of(&self, messages: Tensor<2>) -> Tensor<2> {
        match self {
            Self::Sum(pair) => {
                let pair = pair.on(&messages.device());
                product_of_pair(messages, &pair)
            }
            Self::Max(matrix) => largest(messages, matrix),
        }
    }
}

/// For each row the largest value of each component among the row's columns; messages are not negative.
fn largest(messages: Tensor<2>, matrix: &SparseMatrix) -> Tensor<2> {
    let ([_, width], device) = (messages.dims(), messages.device());
    let n = matrix.n_rows();
    let longest = (0..n).map(|row| matrix.row(row).0.len()).max().unwrap_or(0);
    let (mut places, mut there) = (vec![0i32; n * longest], vec![0.0f32; n * longest]);
    for row in 0..n {
        for (at, &column) in matrix.row(row).0.iter().enumerate() {
            places[row * longest + at] = column as i32;
            there[row * longest + at] = 1.0;
        }
    }
    let untracked = device.clone().without_autodiff();
    let places = Tensor::<1, Int>::from_data(places.as_slice(), (&untracked, DType::I32));
    let rows = messages.select(0, places).reshape([n, longest, width]);
    // A place without a neighbour is zero, and loses to every other.
    let there = Tensor::<3>::from_data(TensorData::new(there, [n, longest, 1]), &device);
    (rows * there).max_dim(1).reshape([n, width])
}
