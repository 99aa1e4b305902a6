//! Ranking on the device that holds a model's tables, as one more source of lists.

use std::ops::Range;

use burn::tensor::Device;
use sagebrush_model::{DeviceTables, RankingError};

use crate::data::ItemLists;
use crate::inference::{RankError, Ranked, ScoreHead, ScoreSource, Tables};

/// Tables on a GPU. Lists are made there; a score may differ from the host's in its last bits, so items whose scores
/// are nearly equal may change places.
#[derive(Debug, Clone)]
pub struct DeviceSource {
    tables: DeviceTables,
}

impl DeviceSource {
    /// A source from tables on a device.
    pub fn new(tables: DeviceTables) -> Self {
        Self { tables }
    }

    /// A source from tables on the host; `None` where the host must rank: without a GPU, with a table beyond its
    /// buffers, or with a perceptron for a score.
    pub fn upload(tables: &Tables, device: &Device) -> Option<Self> {
        let ScoreHead::Dot = tables.head() else {
            return None;
        };
        let (users, items) = (tables.users(), tables.items());
        DeviceTables::upload(tables.dim(), users, items, device).map(Self::new)
    }
}

impl ScoreSource for DeviceSource {
    fn n_users(&self) -> usize {
        self.tables.n_users()
    }

    fn n_items(&self) -> usize {
        self.tables.n_items()
    }

    /// A device that fails leaves no numbers.
    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        match self.tables.scores(users, items) {
            Ok(scores) => out.copy_from_slice(&scores),
            Err(_) => out.fill(f32::NAN),
        }
    }

    fn rank(
        &self,
        users: &[u32],
        k: usize,
        seen: Option<&ItemLists>,
    ) -> Option<Result<Vec<Vec<Ranked>>, RankError>> {
        if k > self.tables.largest_k() {
            return None;
        }
        let seen = |user| seen.map_or(&[][..], |seen| seen.of(user));
        let lists = self.tables.top_k(users, k, seen);
        let ranked = |(item, score)| Ranked { item, score };
        Some(match lists {
            Ok(lists) => Ok(lists
                .into_iter()
                .map(|list| list.into_iter().map(ranked).collect())
                .collect()),
            Err(RankingError::NotANumber { user, item }) => {
                Err(RankError::NotANumber { user, item })
            }
            Err(RankingError::Device(error)) => Err(RankError::Device(error.to_string())),
        })
    }
}

#[cfg(all(test, feature = "gpu"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::DeviceName;
    use crate::inference::{top_k, top_k_among};

    /// How far apart a score may be on the device and on the host: sums of 48 products of numbers below 1, in
    /// another order.
    const TOLERANCE: f32 = 1e-5;

    fn device() -> Option<Device> {
        let device = super::super::open(DeviceName::Gpu).ok();
        let required = std::env::var("SAGEBRUSH_REQUIRE_GPU").is_ok_and(|value| value == "1");
        assert!(device.is_some() || !required, "no GPU adapter was found");
        device
    }

    /// The same scores place by place, and the same items but where the host's scores are nearly equal.
    fn assert_same(host: &Tables, users: &[u32], got: &[Vec<Ranked>], want: &[Vec<Ranked>]) {
        let mut row = vec![0.0; host.n_items()];
        for ((&user, got), want) in users.iter().zip(got).zip(want) {
            host.score_tile(&[user], 0..host.n_items(), &mut row);
            assert_eq!(got.len(), want.len(), "user {user}");
            for (got, want) in got.iter().zip(want) {
                assert!((got.score - want.score).abs() <= TOLERANCE);
                assert!((row[got.item as usize] - want.score).abs() <= TOLERANCE);
            }
        }
    }

    #[test]
    fn lists_are_the_hosts_up_to_rounding() {
        let Some(device) = device() else {
            return;
        };
        let host = Tables::random(50, 1_700, 48);
        let source = DeviceSource::upload(&host, &device).unwrap();
        let users: Vec<u32> = (0..50).rev().collect();
        let pairs =
            (0..50u32).flat_map(|user| (0..40).map(move |at| (user, (user + at * 41) % 1_700)));
        let seen = ItemLists::from_pairs(50, pairs);
        for k in [1, 20, 1_000, 1_700] {
            for seen in [None, Some(&seen)] {
                let want = top_k(&host, &users, k, seen).unwrap();
                let got = top_k(&source, &users, k, seen).unwrap();
                assert_same(&host, &users, &got, &want);
            }
        }
        let items: Vec<u32> = (0..1_700).step_by(3).collect();
        let want = top_k_among(&host, &users, 9, Some(&seen), &items).unwrap();
        let got = top_k_among(&source, &users, 9, Some(&seen), &items).unwrap();
        assert_same(&host, &users, &got, &want);
        assert_eq!(top_k(&source, &[50], 1, None), top_k(&host, &[50], 1, None));
    }
}
