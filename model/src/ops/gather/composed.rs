//! A batch's rows composed of other operations, on every backend.

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, TensorMetadata};
use burn::tensor::{FloatDType, IndexingUpdateOp, Shape, Slice, TensorData};

use super::{GatherBackend, RowsPlan};

/// See [`GatherBackend::batch_rows`].
pub(super) fn rows<B: GatherBackend>(
    users: FloatTensor<B>,
    items: FloatTensor<B>,
    plan: &RowsPlan,
) -> FloatTensor<B> {
    let nodes = node_ids::<B>(&users, plan);
    let select = |table: FloatTensor<B>| B::float_select(table, 0, nodes.clone());
    let tables = B::float_cat(vec![users, items], 0);
    let Some(matrix) = plan.matrix.clone() else {
        return select(tables);
    };
    if !plan.each_layer {
        let mean = B::spmm_mean(tables.clone(), matrix, false, plan.layers);
        return B::float_cat(vec![select(mean), select(tables)], 0);
    }
    let mut power = tables.clone();
    let mut sum = tables.clone();
    let mut sets = vec![select(tables)];
    for _ in 0..plan.layers {
        power = B::spmm(power, matrix.clone(), false);
        sum = B::float_add(sum, power.clone());
        sets.push(select(power.clone()));
    }
    sets.insert(0, select(B::float_mul_scalar(sum, plan.scale().into())));
    B::float_cat(sets, 0)
}

/// See [`GatherBackend::batch_rows_backward`].
pub(super) fn backward<B: GatherBackend>(
    gradient: FloatTensor<B>,
    plan: &RowsPlan,
) -> (FloatTensor<B>, FloatTensor<B>) {
    let nodes = node_ids::<B>(&gradient, plan);
    let (n, width) = (plan.nodes.len(), gradient.shape()[1]);
    let n_nodes = plan.n_users + plan.n_items;
    let zeros = || {
        let shape = Shape::from([n_nodes, width]);
        B::float_zeros(shape, &gradient.device(), FloatDType::F32)
    };
    let rows = |from: usize, to: usize, table: FloatTensor<B>| {
        B::float_slice(table, &[Slice::from(from..to), Slice::from(0..width)])
    };
    let set = |number: usize| rows(number * n, (number + 1) * n, gradient.clone());
    let scatter = |onto: FloatTensor<B>, rows: FloatTensor<B>| {
        B::float_select_assign(onto, 0, nodes.clone(), rows, IndexingUpdateOp::Add)
    };
    let table = match plan.matrix.clone() {
        None => scatter(zeros(), gradient.clone()),
        Some(matrix) if !plan.each_layer => {
            let spread = B::spmm_mean(scatter(zeros(), set(0)), matrix, true, plan.layers);
            scatter(spread, set(1))
        }
        Some(matrix) => {
            let mean = B::float_mul_scalar(set(0), plan.scale().into());
            let of_layer = |layer: usize| B::float_add(set(1 + layer), mean.clone());
            let mut table = scatter(zeros(), of_layer(plan.layers));
            for layer in (0..plan.layers).rev() {
                table = scatter(B::spmm(table, matrix.clone(), true), of_layer(layer));
            }
            table
        }
    };
    (
        rows(0, plan.n_users, table.clone()),
        rows(plan.n_users, n_nodes, table),
    )
}

fn node_ids<B: Backend>(beside: &FloatTensor<B>, plan: &RowsPlan) -> IntTensor<B> {
    let nodes: Vec<i32> = plan.nodes.iter().map(|&node| node as i32).collect();
    let n = nodes.len();
    B::int_from_data(TensorData::new(nodes, [n]), &beside.device())
}
