//! Scores of a batch's rows for burn-flex: borrowed slices into the host code, no copy.

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::{Flex, TensorMetadata};
use burn::tensor::{Bytes, DType, Shape};

use super::{RowLayout, ScoringBackend, host};

impl ScoringBackend for Flex {
    fn score_rows(rows: FlexTensor, layout: RowLayout) -> FlexTensor {
        let width = rows.shape()[1];
        let rows = rows.to_contiguous();
        let scores = host::forward(rows.storage(), layout, width);
        tensor(scores, [layout.batch, layout.columns()])
    }

    fn score_rows_backward(
        rows: FlexTensor,
        gradient: FlexTensor,
        layout: RowLayout,
    ) -> FlexTensor {
        let shape = rows.shape();
        let (rows, gradient) = (rows.to_contiguous(), gradient.to_contiguous());
        let out = host::backward(rows.storage(), gradient.storage(), layout, shape[1]);
        tensor(out, [shape[0], shape[1]])
    }
}

fn tensor(values: Vec<f32>, shape: [usize; 2]) -> FlexTensor {
    let layout = Layout::contiguous(Shape::from(shape));
    FlexTensor::new(Bytes::from_elems(values), layout, DType::F32)
}
