//! The sparse product on the host: slices in, slices out, no Burn.

mod balance;
mod loops;
pub(crate) mod rows;

use std::mem::MaybeUninit;
use std::ops::Range;

use rayon::prelude::*;

use balance::split_by_work;
use loops::Job;
use rows::{Rows, Table, Zeros};

pub(crate) use loops::CsrView;

use crate::kernels::cpu::isa::Isa;

/// Work below this many multiply-adds is done by the calling thread.
const SERIAL_WORK: usize = 1 << 15;
/// Pieces per thread, so that a thread that was interrupted does not hold up the others.
const PIECES_PER_THREAD: usize = 32;
/// Listed rows that make one piece of work.
const LISTED_ROWS: usize = 32;

/// `matrix x`, with `x` a row-major table `[n, width]`; returns `[n_rows, width]`.
pub(crate) fn product(matrix: CsrView<'_>, x: &[f32], width: usize) -> Vec<f32> {
    product_on(Isa::detect(), matrix, x, width)
}

fn product_on(isa: Isa, matrix: CsrView<'_>, x: &[f32], width: usize) -> Vec<f32> {
    let n_rows = matrix.row_ptr.len() - 1;
    let source = Table { values: x, width };
    let mut out = Vec::new();
    affine_on(isa, matrix, Zeros, source, width, 1.0, 0..n_rows, &mut out);
    out
}

/// `(x + matrix x + ... + matrix^layers x) / (layers + 1)` for a square matrix, by Horner's rule:
/// `layers` passes over the edges and two tables, whatever the number of layers.
pub(crate) fn mean_of_powers(
    matrix: CsrView<'_>,
    x: &[f32],
    width: usize,
    layers: usize,
) -> Vec<f32> {
    if layers == 0 {
        return x.to_vec();
    }
    let n_rows = matrix.row_ptr.len() - 1;
    let x = Table { values: x, width };
    let before_last = horner(matrix, x, width, layers - 1);
    let scale = 1.0 / (layers + 1) as f32;
    let mut out = Vec::new();
    let rows = 0..n_rows;
    match &before_last {
        None => affine(matrix, x, x, width, scale, rows, &mut out),
        Some(y) => affine(
            matrix,
            x,
            Table { values: y, width },
            width,
            scale,
            rows,
            &mut out,
        ),
    }
    out
}

/// `x + matrix x + ... + matrix^layers x` over all rows; `None` for no layer, where it is `x`.
pub(crate) fn horner(
    matrix: CsrView<'_>,
    x: impl Rows,
    width: usize,
    layers: usize,
) -> Option<Vec<f32>> {
    let rows = 0..matrix.row_ptr.len() - 1;
    let mut current: Option<Vec<f32>> = None;
    let mut spare = Vec::new();
    for _ in 0..layers {
        match &current {
            None => affine(matrix, x, x, width, 1.0, rows.clone(), &mut spare),
            Some(y) => {
                let y = Table { values: y, width };
                affine(matrix, x, y, width, 1.0, rows.clone(), &mut spare);
            }
        }
        spare = current.replace(spare).unwrap_or_default();
    }
    current
}

/// `scale * (base + matrix source)` for a range of rows into `out`, reusing its allocation.
pub(crate) fn affine(
    matrix: CsrView<'_>,
    base: impl Rows,
    source: impl Rows,
    width: usize,
    scale: f32,
    rows: Range<usize>,
    out: &mut Vec<f32>,
) {
    affine_on(Isa::detect(), matrix, base, source, width, scale, rows, out);
}

#[allow(clippy::too_many_arguments)]
fn affine_on(
    isa: Isa,
    matrix: CsrView<'_>,
    base: impl Rows,
    source: impl Rows,
    width: usize,
    scale: f32,
    rows: Range<usize>,
    out: &mut Vec<f32>,
) {
    assert_eq!(matrix.columns.len(), matrix.values.len());
    let job = Job {
        matrix,
        base,
        source,
        width,
        scale,
    };
    overwrite(out, rows.len() * width, |out| fill(isa, &job, rows, out));
}

/// `scale * (base + matrix source)` for the listed rows, packed in the order of the list.
pub(crate) fn affine_listed(
    matrix: CsrView<'_>,
    base: impl Rows,
    source: impl Rows,
    width: usize,
    scale: f32,
    rows: &[u32],
) -> Vec<f32> {
    let isa = Isa::detect();
    let job = Job {
        matrix,
        base,
        source,
        width,
        scale,
    };
    let mut out = Vec::new();
    overwrite(&mut out, rows.len() * width, |out| {
        rows.par_chunks(LISTED_ROWS)
            .zip(out.par_chunks_mut((LISTED_ROWS * width).max(1)))
            .for_each(|(rows, out)| job.fill(isa, rows.iter().map(|&row| row as usize), out));
    });
    out
}

/// `matrix source` for the named rows, packed in their order into `out`, by the calling thread.
pub(crate) fn product_rows(
    isa: Isa,
    matrix: CsrView<'_>,
    source: impl Rows,
    width: usize,
    rows: impl ExactSizeIterator<Item = usize>,
    out: &mut Vec<f32>,
) {
    let job = Job {
        matrix,
        base: Zeros,
        source,
        width,
        scale: 1.0,
    };
    overwrite(out, rows.len() * width, |out| job.fill(isa, rows, out));
}

/// `base + matrix source` for all rows into `out`, by the calling thread.
pub(crate) fn sums_of_rows(
    isa: Isa,
    matrix: CsrView<'_>,
    base: impl Rows,
    source: impl Rows,
    width: usize,
    out: &mut Vec<f32>,
) {
    let n_rows = matrix.row_ptr.len() - 1;
    let job = Job {
        matrix,
        base,
        source,
        width,
        scale: 1.0,
    };
    overwrite(out, n_rows * width, |out| job.fill(isa, 0..n_rows, out));
}

/// Makes `out` the `len` floats that `write` writes, all of them, without zeroing them first.
fn overwrite(out: &mut Vec<f32>, len: usize, write: impl FnOnce(&mut [MaybeUninit<f32>])) {
    out.clear();
    if len == 0 {
        return;
    }
    out.reserve_exact(len);
    write(&mut out.spare_capacity_mut()[..len]);
    // SAFETY: `Job::fill` writes every element of the rows it is given, and its callers here give
    // it rows that cover the slice.
    unsafe { out.set_len(len) };
}

fn fill<B: Rows, S: Rows>(
    isa: Isa,
    job: &Job<'_, B, S>,
    rows: Range<usize>,
    out: &mut [MaybeUninit<f32>],
) {
    let row_ptr = &job.matrix.row_ptr[rows.start..=rows.end];
    let edges = (row_ptr[rows.len()] - row_ptr[0]) as usize;
    let threads = rayon::current_num_threads();
    if threads == 1 || (edges + rows.len()) * job.width < SERIAL_WORK {
        job.fill(isa, rows, out);
        return;
    }
    let mut rest = out;
    let mut pieces = Vec::new();
    for piece in split_by_work(row_ptr, threads * PIECES_PER_THREAD) {
        let (out, tail) = rest.split_at_mut(piece.len() * job.width);
        pieces.push((rows.start + piece.start..rows.start + piece.end, out));
        rest = tail;
    }
    pieces
        .into_par_iter()
        .for_each(|(rows, out)| job.fill(isa, rows, out));
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used)]
    use super::*;
    use proptest::prelude::*;

    fn available() -> Vec<Isa> {
        let mut isas = vec![Isa::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") {
                isas.push(Isa::Avx2);
            }
            if is_x86_feature_detected!("avx512f") {
                isas.push(Isa::Avx512);
            }
        }
        isas
    }

    #[derive(Clone, Debug)]
    struct Case {
        rows: Vec<Vec<(u32, f32)>>,
        width: usize,
        x: Vec<f32>,
    }

    impl Case {
        fn arrays(&self) -> (Vec<u32>, Vec<u32>, Vec<f32>) {
            let mut row_ptr = vec![0];
            let (mut columns, mut values) = (Vec::new(), Vec::new());
            for row in &self.rows {
                columns.extend(row.iter().map(|edge| edge.0));
                values.extend(row.iter().map(|edge| edge.1));
                row_ptr.push(columns.len() as u32);
            }
            (row_ptr, columns, values)
        }

        fn in_f64(&self) -> Vec<f64> {
            let mut out = vec![0.0; self.rows.len() * self.width];
            for (r, row) in self.rows.iter().enumerate() {
                for &(c, v) in row {
                    for j in 0..self.width {
                        out[r * self.width + j] +=
                            f64::from(v) * f64::from(self.x[c as usize * self.width + j]);
                    }
                }
            }
            out
        }
    }

    fn cases() -> impl Strategy<Value = Case> {
        let widths = prop_oneof![Just(32), Just(64), Just(128), Just(256), 1usize..80];
        (1usize..40, widths).prop_flat_map(|(n, width)| {
            let row = prop::collection::vec((0..n as u32, -1.0f32..1.0), 0..30);
            (
                prop::collection::vec(row, n),
                Just(width),
                prop::collection::vec(-1.0f32..1.0, n * width),
            )
                .prop_map(|(rows, width, x)| Case { rows, width, x })
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn product_is_the_f64_product_and_the_same_bits_on_every_isa(case in cases()) {
            let (row_ptr, columns, values) = case.arrays();
            let matrix = CsrView { row_ptr: &row_ptr, columns: &columns, values: &values };
            let portable = product_on(Isa::Portable, matrix, &case.x, case.width);
            for (got, want) in portable.iter().zip(case.in_f64()) {
                prop_assert!((f64::from(*got) - want).abs() < 1e-5);
            }
            for isa in available() {
                let got = product_on(isa, matrix, &case.x, case.width);
                prop_assert!(got.iter().zip(&portable).all(|(a, b)| a.to_bits() == b.to_bits()));
            }
        }
    }

    #[test]
    fn one_and_many_threads_give_the_same_bits() {
        let n = 500u32;
        let width = 40;
        let row_ptr: Vec<u32> = (0..=n).map(|r| r * 20).collect();
        let columns: Vec<u32> = (0..n * 20).map(|e| (e * 7919) % n).collect();
        let values: Vec<f32> = (0..n * 20).map(|e| ((e % 13) as f32 - 6.0) / 7.0).collect();
        let x: Vec<f32> = (0..n as usize * width).map(|i| (i as f32).sin()).collect();
        let matrix = CsrView {
            row_ptr: &row_ptr,
            columns: &columns,
            values: &values,
        };
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| mean_of_powers(matrix, &x, width, 3))
        };
        assert_eq!(on(1), on(2));
        assert_eq!(on(1), on(7));
    }

    #[test]
    fn mean_of_powers_by_hand() {
        // A = [[0, 2], [3, 0]], x = (1, 10): A x = (20, 3), A^2 x = (6, 60).
        let matrix = CsrView {
            row_ptr: &[0, 1, 2],
            columns: &[1, 0],
            values: &[2.0, 3.0],
        };
        assert_eq!(
            mean_of_powers(matrix, &[1.0, 10.0], 1, 2),
            vec![9.0, 73.0 / 3.0]
        );
        assert_eq!(mean_of_powers(matrix, &[1.0, 10.0], 1, 0), vec![1.0, 10.0]);
    }
}
