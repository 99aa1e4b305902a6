//! A batch's rows of an NGCF network, layers and all, as one operation with one backward pass.
//!
//! A batch has few nodes: the last layer is computed for these alone, the layer before for
//! them and their neighbours, and the gradient flows back over the same rows. Each tile of rows
//! passes through sparse product, dense products, activation and dropout while it is in the cache.
//! Only burn-flex has this operation; on other backends the network is composed of Burn's own.

#[cfg(feature = "train")]
mod autodiff;
mod backward;
mod cpu;
mod edges;
mod forward;
mod output;
mod pieces;
mod plan;
mod receptive_field;
mod tile;
mod workspace;

use std::sync::Arc;

use burn::backend::{Backend, Dispatch, backend_extension, tensor::FloatTensor};
use burn::tensor::Tensor;

use crate::models::forward::NodeRows;
use crate::models::tables::EmbeddingTables;

pub(super) use plan::{Form, Layer, LayerDropout, Plan};
pub(super) use workspace::Pool;

/// The operation and its gradient. `weights` holds every layer's parameters end to end, as
/// [`Layer`] says.
#[backend_extension(Autodiff: cfg(feature = "train"), Flex)]
pub(crate) trait NgcfBackend: Backend {
    /// `[n_users, dim], [n_items, dim], [weights] -> [nodes, width]`
    fn ngcf_rows(
        users: FloatTensor<Self>,
        items: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        plan: Arc<Plan>,
    ) -> FloatTensor<Self>;

    /// The gradients of the three inputs.
    fn ngcf_rows_backward(
        gradient: FloatTensor<Self>,
        users: FloatTensor<Self>,
        items: FloatTensor<Self>,
        weights: FloatTensor<Self>,
        plan: Arc<Plan>,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
}

/// The rows of `plan`'s nodes; `parameters` are the layers' parameters in the order of
/// [`Layer`]'s.
pub(super) fn rows(tables: &EmbeddingTables, parameters: Vec<Tensor<1>>, plan: Plan) -> NodeRows {
    let (dim, width, last) = (plan.dim, plan.width(), plan.last_columns());
    let (users, items) = (tables.users.val(), tables.items.val());
    let weights = match parameters.is_empty() {
        true => Tensor::zeros([0], &users.device()),
        false => Tensor::cat(parameters, 0),
    };
    let rows = Tensor::<2>::from_dispatch(<Dispatch as NgcfBackend>::ngcf_rows(
        users.into_dispatch(),
        items.into_dispatch(),
        weights.into_dispatch(),
        Arc::new(plan),
    ));
    NodeRows::Apart {
        initial: rows.clone().narrow(1, 0, dim),
        last: match last.len() == width {
            true => rows,
            false => rows.narrow(1, last.start, last.len()),
        },
    }
}
