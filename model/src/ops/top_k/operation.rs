//! Top-K as a Burn backend extension.

use std::sync::Arc;

use burn::backend::tensor::{FloatTensor, IntTensor};
use burn::backend::{Backend, Dispatch, backend_extension};
use burn::tensor::{DType, Int, Shape, Tensor};

/// The inputs of a ranking beside the tables.
#[derive(Debug)]
pub(crate) struct RankPlan {
    pub(super) n_users: usize,
    pub(super) k: usize,
    /// The most bytes of scores held at once.
    pub(super) score_bytes: u64,
    /// Where each user's seen items begin, and the end of the last; `[n_users + 1]`.
    pub(super) seen_starts: Vec<u32>,
    /// Ascending within a user.
    pub(super) seen: Vec<u32>,
}

/// The operation; GPUs alone have it.
#[backend_extension(Cube: cfg(feature = "gpu"), Fusion: cfg(feature = "gpu"))]
pub(crate) trait TopKBackend: Backend {
    /// Each user's K best items: K keys, K items, and the first item whose score is not a number.
    ///
    /// `[n_users, dim], [n_items, dim] -> [n_users, 2 K + 1]`
    #[fusion(dtype = key_type(users), shape = best_shape(users, plan))]
    fn rank(
        users: FloatTensor<Self>,
        items: FloatTensor<Self>,
        plan: Arc<RankPlan>,
    ) -> IntTensor<Self>;
}

fn key_type(_users: DType) -> DType {
    DType::U32
}

pub(super) fn best_shape(_users: &Shape, plan: &RankPlan) -> Shape {
    Shape::from([plan.n_users, 2 * plan.k + 1])
}

/// [`TopKBackend::rank`] for tensors and each user's seen items.
pub(super) fn rank(
    users: Tensor<2>,
    items: Tensor<2>,
    k: usize,
    seen: &[&[u32]],
    score_bytes: u64,
) -> Tensor<2, Int> {
    let mut seen_starts = vec![0];
    let mut end = 0;
    seen_starts.extend(seen.iter().map(|list| {
        end += list.len() as u32;
        end
    }));
    let plan = RankPlan {
        n_users: users.dims()[0],
        k,
        score_bytes,
        seen_starts,
        seen: seen.concat(),
    };
    let best = <Dispatch as TopKBackend>::rank(
        users.into_dispatch(),
        items.into_dispatch(),
        Arc::new(plan),
    );
    Tensor::from_dispatch(best)
}
