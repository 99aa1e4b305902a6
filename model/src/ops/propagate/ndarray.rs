//! The sparse product for burn-ndarray: borrowed slices into the host kernel.
//!
//! Upstream has deprecated this backend (it is gone in Burn 0.23); it stays here as an option and
//! as a second opinion in tests.
#![allow(deprecated)]

use std::sync::Arc;

use burn::backend::ndarray::NdArrayTensor;
use burn::backend::{NdArray, TensorMetadata};
use burn::tensor::TensorData;

use super::PropagateBackend;
use crate::graph::Matrix;
use crate::kernels::cpu::spmm::{self, CsrView};

impl PropagateBackend for NdArray {
    fn spmm(x: NdArrayTensor, matrix: Arc<Matrix>, transposed: bool) -> NdArrayTensor {
        apply(x, matrix.view(transposed), spmm::product)
    }

    fn spmm_mean(
        x: NdArrayTensor,
        matrix: Arc<Matrix>,
        transposed: bool,
        layers: usize,
    ) -> NdArrayTensor {
        apply(x, matrix.view(transposed), |matrix, x, width| {
            spmm::mean_of_powers(matrix, x, width, layers)
        })
    }
}

fn apply(
    x: NdArrayTensor,
    matrix: CsrView<'_>,
    kernel: impl Fn(CsrView<'_>, &[f32], usize) -> Vec<f32>,
) -> NdArrayTensor {
    let width = x.shape()[1];
    let shape = [matrix.row_ptr.len() - 1, width];
    let NdArrayTensor::F32(x) = x else {
        panic!("the sparse product is f32 only, got {:?}", x.dtype());
    };
    let view = x.view();
    let y = match view.as_slice() {
        Some(x) => kernel(matrix, x, width),
        None => {
            let x: Vec<f32> = view.iter().copied().collect();
            kernel(matrix, &x, width)
        }
    };
    NdArrayTensor::from_data(TensorData::new(y, shape))
}
