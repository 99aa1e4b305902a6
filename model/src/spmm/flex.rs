//! The sparse product for burn-flex: borrowed slices into the host kernel, no copy.

use std::sync::Arc;

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::{Bytes, DType, Shape};

use super::{CsrView, Matrix, SpmmBackend, host};

impl SpmmBackend for Flex {
    fn spmm(x: FlexTensor, matrix: Arc<Matrix>, transposed: bool) -> FlexTensor {
        apply(x, matrix.host.view(transposed), host::product)
    }

    fn spmm_mean(
        x: FlexTensor,
        matrix: Arc<Matrix>,
        transposed: bool,
        layers: usize,
    ) -> FlexTensor {
        apply(x, matrix.host.view(transposed), |matrix, x, width| {
            host::mean_of_powers(matrix, x, width, layers)
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
    let shape = Shape::from([matrix.row_ptr.len() - 1, width]);
    let x = x.to_contiguous();
    let y = kernel(matrix, x.storage::<f32>(), width);
    FlexTensor::new(Bytes::from_elems(y), Layout::contiguous(shape), DType::F32)
}
