//! Ranking for CubeCL runtimes (wgpu): a matrix product and a launch of the selection a tile of items.

mod kernel;

use std::sync::Arc;

use burn::backend::TensorMetadata;
use burn::backend::ops::FloatTensorOps;
use burn::tensor::{DType, Device, Slice};
use burn_cubecl::CubeBackend;
use burn_cubecl::cubecl::prelude::*;
use burn_cubecl::kernel::into_contiguous;
use burn_cubecl::kernel::matmul::{MatmulStrategy, matmul};
use burn_cubecl::tensor::CubeTensor;

use super::operation::{RankPlan, TopKBackend, best_shape};
use crate::kernels::gpu::launch::{buffer_limit_bytes, device, integers, padded, uninitialized};
use kernel::{UNITS, best_kernel};

/// Bytes of a place in shared memory: key and item.
const PLACE_BYTES: usize = 8;
/// Bytes of shared memory beside the places.
const COUNTER_BYTES: usize = 8;

/// Places for the best, and as many for what may join them: room for two rounds, so that after the first few a sort is
/// rare.
const LEAST_HALF: usize = 2 * UNITS;

/// The longest lists: twice as many places, rounded up to a power of two, fit a cube's shared memory.
pub(super) fn largest_k(at: &Device) -> usize {
    let Some(device) = device(at) else {
        return 0;
    };
    let shared = device.client().properties().hardware.max_shared_memory_size;
    let places = shared.saturating_sub(COUNTER_BYTES) / PLACE_BYTES;
    match places.checked_ilog2() {
        Some(log) if log > 0 => 1 << (log - 1),
        _ => 0,
    }
}

/// Items whose scores are held at once for `n_users` users.
fn items_per_tile(n_users: usize, score_bytes: u64) -> usize {
    let scores = (score_bytes / size_of::<f32>() as u64) as usize;
    let items = scores / n_users.max(1);
    (items / UNITS).max(1) * UNITS
}

/// By one kernel for every shape, where it launches: to time many against each other first would take longer than the
/// lists do.
fn product(users: CubeTensor, items: CubeTensor) -> CubeTensor {
    let (a, b) = (users.clone(), items.clone());
    matmul(a, b, None, MatmulStrategy::Cube, DType::F32)
        .unwrap_or_else(|_| CubeBackend::float_matmul(users, items))
}

impl TopKBackend for CubeBackend {
    fn rank(users: CubeTensor, items: CubeTensor, plan: Arc<RankPlan>) -> CubeTensor {
        let ([n_items, dim], n_users) = ([items.shape()[0], items.shape()[1]], plan.n_users);
        let starts = integers(plan.seen_starts.clone(), &users.device);
        let seen = integers(padded(&plan.seen), &users.device);
        let best = uninitialized(&users, best_shape(&users.shape(), &plan), DType::U32);
        let score_bytes = plan.score_bytes.min(buffer_limit_bytes(&users.device));
        let tile = items_per_tile(n_users, score_bytes);
        for first in (0..n_items).step_by(tile) {
            let end = n_items.min(first + tile);
            let slices = [Slice::from(first..end), Slice::from(0..dim)];
            let items = Self::float_transpose(Self::float_slice(items.clone(), &slices));
            let scores = into_contiguous(product(users.clone(), items));
            best_kernel::launch(
                &users.client,
                CubeCount::Static(n_users as u32, 1, 1),
                CubeDim::new_1d(UNITS as u32),
                scores.into_tensor_arg(),
                starts.clone().into_tensor_arg(),
                seen.clone().into_tensor_arg(),
                best.clone().into_tensor_arg(),
                first as u32,
                (end - first) as u32,
                plan.k,
                plan.k.next_power_of_two().max(LEAST_HALF),
            );
        }
        best
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tiles_are_bounded_by_the_buffer_and_hold_whole_chunks() {
        assert_eq!(items_per_tile(1024, 64 << 20), 16_384);
        assert_eq!(items_per_tile(1024, 1 << 20), 256);
        assert_eq!(items_per_tile(1024, 1), 256);
        assert_eq!(items_per_tile(1, 4 * 1000), 768);
    }
}
