//! The inner products of a batch's rows, and the squares that are regularized, as one operation with one
//! backward pass: no row is copied apart, multiplied and summed by an operation each.
#![cfg_attr(feature = "ndarray", allow(deprecated))]

#[cfg(feature = "train")]
mod autodiff;
mod flex;
mod host;

use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, TensorMetadata, backend_extension};
use burn::tensor::{Shape, Slice, Tensor};

/// How the rows of a batch lie: users, positives, then each user's negatives; the rows that are
/// regularized are the same ones, or come after them in the same order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RowLayout {
    /// Users in the batch.
    pub(crate) batch: usize,
    pub(crate) n_negatives: usize,
    /// Whether a second set of rows, the regularized one, follows the scored one.
    pub(crate) stacked: bool,
}

impl RowLayout {
    /// Rows of one set.
    pub(crate) fn n_rows(self) -> usize {
        self.batch * (2 + self.n_negatives)
    }

    /// A score per item and the squares.
    fn columns(self) -> usize {
        2 + self.n_negatives
    }

    /// The first regularized row.
    fn regularized(self) -> usize {
        if self.stacked { self.n_rows() } else { 0 }
    }
}

/// Scores of a batch's rows on every backend of this build; the bodies here compose them from other
/// operations.
#[backend_extension(
    Autodiff: cfg(feature = "train"),
    Flex,
    NdArray: cfg(feature = "ndarray"),
    Cube: cfg(feature = "gpu"),
    Fusion: cfg(feature = "gpu")
)]
pub(crate) trait ScoringBackend: Backend {
    /// Per user the inner products with the positive and with each negative, then the sum of squares of
    /// the user's, the positive's and the negatives' regularized rows.
    ///
    /// `[n, width]` or, stacked, `[2 n, width] -> [batch, 2 + n_negatives]`
    #[fusion(default)]
    fn score_rows(rows: FloatTensor<Self>, layout: RowLayout) -> FloatTensor<Self> {
        let width = rows.shape()[1];
        let part = |start: usize, items: usize| part::<Self>(&rows, layout, start, items, width);
        let items = Self::float_cat(
            vec![
                part(layout.batch, 1),
                part(2 * layout.batch, layout.n_negatives),
            ],
            1,
        );
        let users = part(0, 1);
        let scores = Self::float_sum_dim(Self::float_mul(users, items), 2);
        let first = layout.regularized();
        let squares = [(0, 1), (1, 1), (2, layout.n_negatives)].map(|(block, items)| {
            let rows = part(first + block * layout.batch, items);
            let squares = Self::float_sum_dim(Self::float_mul(rows.clone(), rows), 2);
            Self::float_sum_dim(squares, 1)
        });
        let [a, b, c] = squares;
        let squares = Self::float_add(Self::float_add(a, b), c);
        let columns = Self::float_cat(vec![scores, squares], 1);
        Self::float_reshape(columns, Shape::from([layout.batch, layout.columns()]))
    }

    /// The gradient of the rows from that of [`ScoringBackend::score_rows`]'s result.
    #[fusion(default)]
    fn score_rows_backward(
        rows: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        layout: RowLayout,
    ) -> FloatTensor<Self> {
        let width = rows.shape()[1];
        let (batch, n) = (layout.batch, layout.n_negatives);
        let part = |start: usize, items: usize| part::<Self>(&rows, layout, start, items, width);
        let weight = |from: usize, to: usize| {
            let columns = [Slice::from(0..batch), Slice::from(from..to)];
            let weight = Self::float_slice(gradient.clone(), &columns);
            Self::float_reshape(weight, Shape::from([batch, to - from, 1]))
        };
        let flat = |rows: FloatTensor<Self>, items: usize| {
            Self::float_reshape(rows, Shape::from([batch * items, width]))
        };
        let users = part(0, 1);
        let items = Self::float_cat(vec![part(batch, 1), part(2 * batch, n)], 1);
        let of_users = Self::float_sum_dim(Self::float_mul(weight(0, 1 + n), items), 1);
        let of_positives = Self::float_mul(weight(0, 1), users.clone());
        let of_negatives = Self::float_mul(weight(1, 1 + n), users);
        let scored = Self::float_cat(
            vec![
                flat(of_users, 1),
                flat(of_positives, 1),
                flat(of_negatives, n),
            ],
            0,
        );
        let first = layout.regularized();
        let twice = Self::float_mul_scalar(weight(1 + n, 2 + n), 2.0f32.into());
        let squared = [(0, 1), (1, 1), (2, n)].map(|(block, items)| {
            let rows = part(first + block * batch, items);
            flat(Self::float_mul(twice.clone(), rows), items)
        });
        let squared = Self::float_cat(squared.to_vec(), 0);
        if layout.stacked {
            Self::float_cat(vec![scored, squared], 0)
        } else {
            Self::float_add(scored, squared)
        }
    }
}

/// `items` rows a user from row `start` on, `[batch, items, width]`.
fn part<B: Backend>(
    rows: &FloatTensor<B>,
    layout: RowLayout,
    start: usize,
    items: usize,
    width: usize,
) -> FloatTensor<B> {
    let end = start + layout.batch * items;
    let slice = B::float_slice(
        rows.clone(),
        &[Slice::from(start..end), Slice::from(0..width)],
    );
    B::float_reshape(slice, Shape::from([layout.batch, items, width]))
}

/// [`ScoringBackend::score_rows`] for tensors.
pub(crate) fn score_rows(rows: Tensor<2>, layout: RowLayout) -> Tensor<2> {
    let sets = if layout.stacked { 2 } else { 1 };
    assert_eq!(rows.dims()[0], sets * layout.n_rows(), "the layout's rows");
    let scores = <Dispatch as ScoringBackend>::score_rows(rows.into_dispatch(), layout);
    Tensor::from_dispatch(scores)
}

#[cfg(feature = "ndarray")]
impl ScoringBackend for burn::backend::NdArray {}

#[cfg(feature = "gpu")]
impl ScoringBackend for burn_cubecl::CubeBackend {}
