//! A batch's rows for CubeCL runtimes (wgpu): the last product is done for the batch's nodes only, the first product
//! back reads only their rows, and mentions of one node are summed in order, by a unit an element.

mod kernels;

use std::sync::Arc;

use burn::backend::TensorMetadata;
use burn::backend::ops::FloatTensorOps;
use burn::tensor::{FloatDType, Shape, Slice};
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::tensor::CubeTensor;
use burn_cubecl::{CubeBackend, CubeDevice};

use super::plan::{Distinct, RowsPlan};
use super::select::SelectBackend;
use super::{GatherBackend, composed};
use crate::graph::Matrix;
use crate::kernels::gpu::launch::{empty, integers, launch_size};
use crate::kernels::gpu::spmm::{Affine, ListedRows, Operand, horner};
use kernels::{gather_kernel, sum_mentions_kernel};

impl GatherBackend for CubeBackend {
    fn batch_rows(users: CubeTensor, items: CubeTensor, plan: Arc<RowsPlan>) -> CubeTensor {
        if plan.each_layer {
            return composed::rows::<Self>(users, items, &plan);
        }
        let (n, width) = (plan.nodes.len(), users.shape()[1]);
        let nodes = || (0..).zip(plan.nodes.iter().copied());
        let Some(matrix) = &plan.matrix else {
            let rows = empty(&users, Shape::from([n, width]));
            let n_users = plan.n_users as u32;
            let (of_users, of_items): (Vec<_>, Vec<_>) = nodes()
                .map(|(out, node)| (node, out))
                .partition(|&(node, _)| node < n_users);
            gather(&into_contiguous(users), of_users.into_iter(), &rows);
            let of_items = of_items
                .into_iter()
                .map(|(node, out)| (node - n_users, out));
            gather(&into_contiguous(items), of_items, &rows);
            return rows;
        };
        let tables = Operand::table(Self::float_cat(vec![users, items], 0));
        let rows = empty(&tables.values, Shape::from([2 * n, width]));
        let distinct = plan.distinct();
        let last = last_rows(&plan, matrix, &tables, &distinct.nodes);
        let slots = nodes().map(|(out, node)| (distinct.slots[node as usize], out));
        gather(&last, slots, &rows);
        let initial = nodes().map(|(out, node)| (node, n as u32 + out));
        gather(&tables.values, initial, &rows);
        rows
    }

    fn batch_rows_backward(gradient: CubeTensor, plan: Arc<RowsPlan>) -> (CubeTensor, CubeTensor) {
        if plan.each_layer {
            return composed::backward::<Self>(gradient, &plan);
        }
        let gradient = into_contiguous(gradient);
        let width = gradient.shape()[1];
        let n_nodes = plan.n_users + plan.n_items;
        let distinct = plan.distinct();
        let mentions = Mentions::new(&plan, &distinct, &gradient.device);
        let (table, initial) = match &plan.matrix {
            None => {
                let shape = Shape::from([n_nodes, width]);
                (
                    Self::float_zeros(shape, &gradient.device, FloatDType::F32),
                    0,
                )
            }
            Some(matrix) => {
                let sums = empty(&gradient, Shape::from([mentions.n_distinct, width]));
                mentions.sum(&gradient, 0, &sums, false);
                let seeds = Operand {
                    values: sums,
                    slots: Some(integers(distinct.slots, &gradient.device)),
                };
                (spread(&plan, matrix, &seeds), plan.nodes.len())
            }
        };
        mentions.sum(&gradient, initial, &table, true);
        let rows = |from: usize, to: usize| {
            let slices = [Slice::from(from..to), Slice::from(0..width)];
            Self::float_slice(table.clone(), &slices)
        };
        (rows(0, plan.n_users), rows(plan.n_users, n_nodes))
    }
}

impl SelectBackend for CubeBackend {
    fn select_rows_backward(
        gradient: CubeTensor,
        _nodes: CubeTensor,
        ids: Arc<[u32]>,
        n_rows: usize,
    ) -> CubeTensor {
        let plan = RowsPlan::without_layers(n_rows, 0, ids);
        let gradient = into_contiguous(gradient);
        let shape = Shape::from([n_rows, gradient.shape()[1]]);
        let table = Self::float_zeros(shape, &gradient.device, FloatDType::F32);
        let mentions = Mentions::new(&plan, &plan.distinct(), &gradient.device);
        mentions.sum(&gradient, 0, &table, true);
        table
    }
}

/// The distinct nodes' rows of the mean of powers: all rows of every power but the last.
fn last_rows(plan: &RowsPlan, matrix: &Matrix, tables: &Operand, nodes: &[u32]) -> CubeTensor {
    let cube = matrix.resident();
    let before_last = horner(cube, tables, false, plan.layers - 1);
    let listed = ListedRows::new(matrix.view(false).row_ptr, cube, nodes);
    let affine = Affine {
        transposed: false,
        base: Some(tables),
        source: before_last.as_ref().unwrap_or(tables),
        scale: plan.scale(),
    };
    cube.affine_listed(&affine, &listed)
}

/// The mean of powers of the transpose, of a table that is zero but for a few rows.
fn spread(plan: &RowsPlan, matrix: &Matrix, seeds: &Operand) -> CubeTensor {
    let cube = matrix.resident();
    let before_last = horner(cube, seeds, true, plan.layers - 1);
    cube.affine(&Affine {
        transposed: true,
        base: Some(seeds),
        source: before_last.as_ref().unwrap_or(seeds),
        scale: plan.scale(),
    })
}

/// Copies rows of a table, each to a row of `y`.
fn gather(table: &CubeTensor, rows: impl Iterator<Item = (u32, u32)>, y: &CubeTensor) {
    let listed: Vec<u32> = rows.flat_map(|(row, out)| [row, out]).collect();
    let (n_rows, width) = (listed.len() / 2, table.shape()[1]);
    if n_rows * width == 0 {
        return;
    }
    let (count, dim) = launch_size(&y.client, n_rows * width);
    gather_kernel::launch(
        &y.client,
        count,
        dim,
        table.clone().into_tensor_arg(),
        integers(listed, &y.device).into_tensor_arg(),
        y.clone().into_tensor_arg(),
        n_rows as u32,
        width,
    );
}

/// The rows that are of each distinct node, on the device.
struct Mentions {
    n_distinct: usize,
    nodes: CubeTensor,
    starts: CubeTensor,
    rows: CubeTensor,
}

impl Mentions {
    fn new(plan: &RowsPlan, distinct: &Distinct, device: &CubeDevice) -> Self {
        let mentions = plan.mentions(distinct);
        Self {
            n_distinct: distinct.nodes.len(),
            nodes: integers(distinct.nodes.clone(), device),
            starts: integers(mentions.starts, device),
            rows: integers(mentions.rows, device),
        }
    }

    /// Sums each node's rows of `gradient` from `first_row` on: onto the node's row of `y`, or into its slot.
    fn sum(&self, gradient: &CubeTensor, first_row: usize, y: &CubeTensor, onto: bool) {
        let width = gradient.shape()[1];
        if self.n_distinct * width == 0 {
            return;
        }
        let (count, dim) = launch_size(&y.client, self.n_distinct * width);
        sum_mentions_kernel::launch(
            &y.client,
            count,
            dim,
            gradient.clone().into_tensor_arg(),
            self.starts.clone().into_tensor_arg(),
            self.rows.clone().into_tensor_arg(),
            self.nodes.clone().into_tensor_arg(),
            y.clone().into_tensor_arg(),
            first_row as u32,
            self.n_distinct as u32,
            width,
            onto,
        );
    }
}
