//! Exact top-K where the tables live: scores of some users and a tile of items by one matrix product, and the K best of
//! each user kept on the device. Users x items is never held, and K places a user travel to the host.

#[cfg(feature = "gpu")]
mod gpu;
mod lists;
#[cfg(feature = "gpu")]
mod operation;

use burn::tensor::{Device, ExecutionError, Tensor, TensorData};

use crate::kernels::buffers::buffer_limit_bytes;

/// Final tables on a GPU; the inner product of two rows is their score.
#[derive(Clone, Debug)]
pub struct DeviceTables {
    /// `[n_users, dim]`
    users: Tensor<2>,
    /// `[n_items, dim]`
    items: Tensor<2>,
}

/// Errors of top-K on a device.
#[derive(Debug, thiserror::Error)]
pub enum RankingError {
    /// A score that cannot be ranked.
    #[error("the score of item {item} for user {user} is not a number")]
    NotANumber {
        /// The first such user of those asked for.
        user: u32,
        /// The user's first such item.
        item: u32,
    },
    /// The device failed.
    #[error(transparent)]
    Device(#[from] ExecutionError),
}

impl DeviceTables {
    /// Tables `[n_users, dim]` and `[n_items, dim]`; `None` unless they live on a GPU.
    pub fn new(users: Tensor<2>, items: Tensor<2>) -> Option<Self> {
        buffer_limit_bytes(&users.device())?;
        let untracked = |table: Tensor<2>| match table.device().is_autodiff() {
            true => table.inner(),
            false => table,
        };
        Some(Self {
            users: untracked(users),
            items: untracked(items),
        })
    }

    /// Tables from the host, row-major; `None` unless `device` is a GPU whose buffers hold them.
    pub fn upload(dim: usize, users: &[f32], items: &[f32], device: &Device) -> Option<Self> {
        let limit = buffer_limit_bytes(device)?;
        let table = |values: &[f32]| {
            let data = TensorData::new(values.to_vec(), [values.len() / dim.max(1), dim]);
            (size_of_val(values) as u64 <= limit).then(|| Tensor::from_data(data, device))
        };
        Self::new(table(users)?, table(items)?)
    }

    /// Number of users.
    pub fn n_users(&self) -> usize {
        self.users.dims()[0]
    }

    /// Number of items.
    pub fn n_items(&self) -> usize {
        self.items.dims()[0]
    }
}

#[cfg(feature = "gpu")]
mod on_device {
    use std::ops::Range;

    use burn::tensor::{DType, Int};

    use super::*;

    /// Users whose lists are one launch a tile.
    const USERS_PER_BLOCK: usize = 1024;
    /// The most bytes of scores held at once, where the device's buffers hold as many.
    const SCORE_BYTES: u64 = 64 << 20;

    impl DeviceTables {
        /// The longest lists that [`DeviceTables::top_k`] makes.
        pub fn largest_k(&self) -> usize {
            gpu::largest_k(&self.users.device())
        }

        /// The `k` best items of each of `users`, in their order: higher score first, then smaller item; those of
        /// `seen(user)`, ascending, left out. The host waits only when every launch is under way.
        ///
        /// # Errors
        /// A score that is not a number (seen items count too), or a device that failed.
        ///
        /// # Panics
        /// When `k` is 0 or above [`DeviceTables::largest_k`], or when a user is out of range.
        pub fn top_k<'a>(
            &self,
            users: &[u32],
            k: usize,
            seen: impl Fn(u32) -> &'a [u32],
        ) -> Result<Vec<Vec<(u32, f32)>>, RankingError> {
            self.top_k_in_tiles(users, k, seen, SCORE_BYTES)
        }

        pub(crate) fn top_k_in_tiles<'a>(
            &self,
            users: &[u32],
            k: usize,
            seen: impl Fn(u32) -> &'a [u32],
            score_bytes: u64,
        ) -> Result<Vec<Vec<(u32, f32)>>, RankingError> {
            assert!(
                k > 0 && k <= self.largest_k(),
                "K is {k}; the device makes lists of 1 to {}",
                self.largest_k()
            );
            let started: Vec<Tensor<2, Int>> = users
                .chunks(USERS_PER_BLOCK)
                .map(|users| {
                    let lists: Vec<&[u32]> = users.iter().map(|&user| seen(user)).collect();
                    let (rows, items) = (self.rows(users), self.items.clone());
                    operation::rank(rows, items, k, &lists, score_bytes)
                })
                .collect();
            let mut ranked = Vec::with_capacity(users.len());
            for (users, best) in users.chunks(USERS_PER_BLOCK).zip(started) {
                let best: Vec<u32> = best.try_into_data()?.iter::<u32>().collect();
                lists::decode(users, &best, k, &mut ranked)?;
            }
            Ok(ranked)
        }

        /// Scores of a range of items for some users, `[users.len() x items.len()]`, row-major.
        ///
        /// # Errors
        /// When the device failed.
        pub fn scores(
            &self,
            users: &[u32],
            items: Range<usize>,
        ) -> Result<Vec<f32>, ExecutionError> {
            let items = self.items.clone().narrow(0, items.start, items.len());
            let scores = self.rows(users).matmul(items.transpose());
            Ok(scores.try_into_data()?.iter::<f32>().collect())
        }

        fn rows(&self, users: &[u32]) -> Tensor<2> {
            let ids: Vec<i32> = users.iter().map(|&user| user as i32).collect();
            let device = self.users.device();
            let ids = Tensor::<1, Int>::from_data(ids.as_slice(), (&device, DType::I32));
            self.users.clone().select(0, ids)
        }
    }
}

/// Without a GPU backend there are no such tables: [`DeviceTables::new`] makes none.
#[cfg(not(feature = "gpu"))]
mod on_device {
    use std::ops::Range;

    use super::*;

    impl DeviceTables {
        /// The longest lists that [`DeviceTables::top_k`] makes.
        pub fn largest_k(&self) -> usize {
            0
        }

        /// The `k` best items of each of `users`; this build has no device that ranks.
        ///
        /// # Errors
        /// None.
        ///
        /// # Panics
        /// Always.
        pub fn top_k<'a>(
            &self,
            _users: &[u32],
            _k: usize,
            _seen: impl Fn(u32) -> &'a [u32],
        ) -> Result<Vec<Vec<(u32, f32)>>, RankingError> {
            unreachable!("this build has no GPU backend")
        }

        /// Scores of a range of items for some users; this build has no device that scores.
        ///
        /// # Errors
        /// None.
        ///
        /// # Panics
        /// Always.
        pub fn scores(
            &self,
            _users: &[u32],
            _items: Range<usize>,
        ) -> Result<Vec<f32>, ExecutionError> {
            unreachable!("this build has no GPU backend")
        }
    }
}
