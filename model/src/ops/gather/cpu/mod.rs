//! A batch's rows for burn-flex: borrowed slices into the host code, no copy.

mod layers;
mod pass;

use std::sync::Arc;

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};

use super::GatherBackend;
use super::plan::RowsPlan;
use crate::kernels::cpu::spmm::rows::TwoTables;
use crate::ops::flex::tensor;

impl GatherBackend for Flex {
    fn batch_rows(users: FlexTensor, items: FlexTensor, plan: Arc<RowsPlan>) -> FlexTensor {
        let width = users.shape()[1];
        let (users, items) = (users.to_contiguous(), items.to_contiguous());
        let tables = TwoTables {
            users: users.storage(),
            items: items.storage(),
            width,
        };
        assert_eq!(tables.n_users(), plan.n_users, "one row per user");
        let rows = match (&plan.matrix, plan.each_layer) {
            (Some(matrix), true) => layers::forward(&plan, matrix, tables),
            _ => pass::forward(&plan, tables),
        };
        matrix(rows, width)
    }

    fn batch_rows_backward(gradient: FlexTensor, plan: Arc<RowsPlan>) -> (FlexTensor, FlexTensor) {
        let width = gradient.shape()[1];
        let gradient = gradient.to_contiguous();
        let gradient = gradient.storage();
        let (users, items) = match (&plan.matrix, plan.each_layer) {
            (Some(matrix), true) => layers::backward(&plan, matrix, gradient, width),
            _ => pass::backward(&plan, gradient, width),
        };
        (matrix(users, width), matrix(items, width))
    }
}

fn matrix(values: Vec<f32>, width: usize) -> FlexTensor {
    let n_rows = values.len() / width.max(1);
    tensor(values, [n_rows, width])
}
