//! A batch's rows for burn-flex: borrowed slices into the host code, no copy.

use std::sync::Arc;

use burn::backend::flex::FlexTensor;
use burn::backend::{Flex, TensorMetadata};

use super::{NgcfBackend, Plan, backward::backward, forward::forward};
use crate::kernels::cpu::spmm::rows::TwoTables;
use crate::ops::flex::tensor;

impl NgcfBackend for Flex {
    fn ngcf_rows(
        users: FlexTensor,
        items: FlexTensor,
        weights: FlexTensor,
        plan: Arc<Plan>,
    ) -> FlexTensor {
        let (users, items, weights) = contiguous(users, items, weights);
        let rows = forward(&plan, tables(&users, &items), weights.storage());
        tensor(rows, [plan.nodes.len(), plan.width()])
    }

    fn ngcf_rows_backward(
        gradient: FlexTensor,
        users: FlexTensor,
        items: FlexTensor,
        weights: FlexTensor,
        plan: Arc<Plan>,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let gradient = gradient.to_contiguous();
        let (users, items, weights) = contiguous(users, items, weights);
        let (of_users, of_items, of_weights) = backward(
            &plan,
            gradient.storage(),
            tables(&users, &items),
            weights.storage(),
        );
        let n_weights = of_weights.len();
        (
            tensor(of_users, users.shape()),
            tensor(of_items, items.shape()),
            tensor(of_weights, [n_weights]),
        )
    }
}

fn contiguous(a: FlexTensor, b: FlexTensor, c: FlexTensor) -> (FlexTensor, FlexTensor, FlexTensor) {
    (a.to_contiguous(), b.to_contiguous(), c.to_contiguous())
}

fn tables<'a>(users: &'a FlexTensor, items: &'a FlexTensor) -> TwoTables<'a> {
    TwoTables {
        width: users.shape()[1],
        users: users.storage(),
        items: items.storage(),
    }
}
