//! Lazy Adam: updates only the rows that occur in a batch.

use burn::backend::TensorMetadata;
use burn::optim::{AdamState, AdaptiveMomentumState};
use burn::tensor::Tensor;

use super::flex::{Rates, from_host, on_host, zeros_like};

/// The gradient of a few rows of a table.
#[derive(Debug)]
pub(in crate::training) struct TableRows {
    /// Each row once, in the order of first mention.
    ids: Vec<u32>,
    /// `[ids.len(), width]`, row-major.
    gradient: Vec<f32>,
}

impl TableRows {
    /// Sums the gradients of each row's mentions, in their order.
    pub(in crate::training) fn new<'a>(
        mentions: impl Iterator<Item = (u32, &'a [f32])>,
        n_rows: usize,
    ) -> Self {
        const ABSENT: u32 = u32::MAX;
        let mut slots = vec![ABSENT; n_rows];
        let (mut ids, mut gradient) = (Vec::new(), Vec::<f32>::new());
        for (id, row) in mentions {
            let slot = &mut slots[id as usize];
            if *slot == ABSENT {
                *slot = ids.len() as u32;
                ids.push(id);
                gradient.extend_from_slice(row);
                continue;
            }
            let sum = &mut gradient[*slot as usize * row.len()..][..row.len()];
            for (sum, value) in sum.iter_mut().zip(row) {
                *sum += value;
            }
        }
        Self { ids, gradient }
    }

    /// One update of these rows of a table on the host; every other row and its moments stay as they
    /// are. Bias corrections count the steps of the table, as in PyTorch's `SparseAdam`.
    pub(super) fn step(
        &self,
        learning_rate: f64,
        tensor: Tensor<2>,
        state: Option<AdamState<2>>,
    ) -> (Tensor<2>, AdamState<2>) {
        let mut values = on_host(tensor);
        let width = values.shape()[1];
        let (time, mut first, mut second) = match state {
            Some(AdamState { momentum }) => (
                momentum.time,
                on_host(momentum.moment_1),
                on_host(momentum.moment_2),
            ),
            None => (0, zeros_like(&values), zeros_like(&values)),
        };
        let rates = Rates::new(learning_rate, time + 1);
        let table: &mut [f32] = values.storage_mut();
        let (m, v): (&mut [f32], &mut [f32]) = (first.storage_mut(), second.storage_mut());
        for (&id, gradient) in self.ids.iter().zip(self.gradient.chunks_exact(width)) {
            let row = id as usize * width..(id as usize + 1) * width;
            rates.update_piece(
                &mut table[row.clone()],
                gradient,
                &mut m[row.clone()],
                &mut v[row],
            );
        }
        let momentum = AdaptiveMomentumState::new(time + 1, from_host(first), from_host(second));
        (from_host(values), AdamState::new(momentum))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use burn::tensor::{Device, TensorData};

    use super::super::flex;
    use super::*;

    /// The rows named move as dense Adam moves them; the others do not move at all.
    #[test]
    fn named_rows_move_as_dense_adam_does_and_no_other_row_moves() {
        let device = Device::flex();
        let tensor = |values: Vec<f32>| {
            let data = TensorData::new(values, [4, 3]);
            Tensor::<2>::from_data(data, &device)
        };
        let start: Vec<f32> = (0..12).map(|i| i as f32).collect();
        let mentions: [(u32, &[f32]); 3] = [
            (2, &[1.0, -2.0, 0.5]),
            (0, &[0.1, 0.2, 0.3]),
            (2, &[0.5, 0.5, 0.5]),
        ];
        let rows = TableRows::new(mentions.into_iter(), 4);
        let dense = vec![0.1, 0.2, 0.3, 0.0, 0.0, 0.0, 1.5, -1.5, 1.0, 0.0, 0.0, 0.0];
        let (mut lazy, mut full) = (tensor(start.clone()), tensor(start.clone()));
        let (mut lazy_state, mut full_state) = (None, None);
        for _ in 0..3 {
            let (moved, state) = rows.step(0.1, lazy, lazy_state);
            (lazy, lazy_state) = (moved, Some(state));
            let (moved, state) = flex::step(0.1, full, tensor(dense.clone()), full_state);
            (full, full_state) = (moved, Some(state));
        }
        let host = |t: Tensor<2>| t.into_data().try_to_vec::<f32>().unwrap();
        let (lazy, full) = (host(lazy), host(full));
        assert_eq!(lazy, full);
        assert_eq!((&lazy[3..6], &lazy[9..]), (&start[3..6], &start[9..]));
        assert!((lazy[0] - (start[0] - 0.3)).abs() < 1e-4);
    }
}
