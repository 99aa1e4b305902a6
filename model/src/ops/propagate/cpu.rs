//! The sparse product for burn-flex: borrowed slices into the host kernel, no copy.

use std::sync::Arc;

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::DType;

use super::PropagateBackend;
use crate::graph::Matrix;
use crate::kernels::cpu::spmm::{self, CsrView};
use crate::ops::flex::tensor;

impl PropagateBackend for Flex {
    fn spmm(x: FlexTensor, matrix: Arc<Matrix>, transposed: bool) -> FlexTensor {
        apply(x, matrix.view(transposed), spmm::product)
    }

    fn spmm_mean(
        x: FlexTensor,
        matrix: Arc<Matrix>,
        transposed: bool,
        layers: usize,
    ) -> FlexTensor {
        apply(x, matrix.view(transposed), |matrix, x, width| {
            spmm::mean_of_powers(matrix, x, width, layers)
        })
    }
}

fn apply(
    x: FlexTensor,
    matrix: CsrView<'_>,
    kernel: impl Fn(CsrView<'_>, &[f32], usize) -> Vec<f32>,
) -> FlexTensor {
    assert_eq!(
        TensorMetadata::dtype(&x),
        DType::F32,
        "the sparse product is f32 only"
    );
    let width = x.shape()[1];
    let x = x.to_contiguous();
    let y = kernel(matrix, x.storage::<f32>(), width);
    tensor(y, [matrix.row_ptr.len() - 1, width])
}
