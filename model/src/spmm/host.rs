//! The sparse product on the host: slices in, slices out, no Burn.
//!
//! Every output element is summed by one thread in edge order, one rounding for the product and
//! one for the sum (never a fused multiply-add), so the bits do not depend on the instruction set
//! or on the number of threads.

use std::mem::MaybeUninit;
use std::ops::Range;

use rayon::prelude::*;

use super::balance::split_by_work;

/// Work below this many multiply-adds is done by the calling thread.
const SERIAL_WORK: usize = 1 << 15;
/// Pieces per thread, so that a thread that was interrupted does not hold up the others.
const PIECES_PER_THREAD: usize = 32;
/// How many edges ahead the gathered row is requested.
#[cfg(target_arch = "x86_64")]
const PREFETCH_EDGES: usize = 8;
/// Floats in one cache line.
#[cfg(target_arch = "x86_64")]
const LINE_FLOATS: usize = 16;

/// A compressed sparse row matrix whose columns are all below the number of rows of the table it
/// is multiplied with.
#[derive(Clone, Copy)]
pub(crate) struct CsrView<'a> {
    /// `n_rows + 1` edge positions.
    pub(crate) row_ptr: &'a [u32],
    /// One column per edge.
    pub(crate) columns: &'a [u32],
    /// One weight per edge.
    pub(crate) values: &'a [f32],
}

/// Instruction set the inner loops are compiled for. All give the same bits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Isa {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Isa {
    /// The widest this processor has.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                return Self::Avx512;
            }
            if is_x86_feature_detected!("avx2") {
                return Self::Avx2;
            }
        }
        Self::Portable
    }

    /// Name for run metadata.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => "avx512f",
        }
    }
}

/// One product: `scale * (base + matrix x)`.
#[derive(Clone, Copy)]
struct Job<'a> {
    matrix: CsrView<'a>,
    x: &'a [f32],
    width: usize,
    base: Option<&'a [f32]>,
    scale: f32,
}

/// `matrix x`, with `x` a row-major table `[n, width]`; returns `[n_rows, width]`.
pub(crate) fn product(matrix: CsrView<'_>, x: &[f32], width: usize) -> Vec<f32> {
    let mut out = Vec::new();
    run(
        Isa::detect(),
        Job {
            matrix,
            x,
            width,
            base: None,
            scale: 1.0,
        },
        &mut out,
    );
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
    let isa = Isa::detect();
    let mut current = Vec::new();
    let mut spare = Vec::new();
    for layer in 1..=layers {
        let last = layer == layers;
        let job = Job {
            matrix,
            x: if layer == 1 { x } else { &current },
            width,
            base: Some(x),
            scale: if last { 1.0 / (layers + 1) as f32 } else { 1.0 },
        };
        run(isa, job, &mut spare);
        std::mem::swap(&mut current, &mut spare);
    }
    if layers == 0 { x.to_vec() } else { current }
}

/// Fills `out` with the job's result, reusing its allocation.
fn run(isa: Isa, job: Job<'_>, out: &mut Vec<f32>) {
    let n_rows = job.matrix.row_ptr.len() - 1;
    let len = n_rows * job.width;
    assert!(job.base.is_none_or(|base| base.len() == len));
    assert_eq!(job.matrix.columns.len(), job.matrix.values.len());
    out.clear();
    out.reserve_exact(len);
    fill(isa, job, &mut out.spare_capacity_mut()[..len]);
    // SAFETY: `fill` writes every element of the `len` it was given.
    unsafe { out.set_len(len) };
}

fn fill(isa: Isa, job: Job<'_>, out: &mut [MaybeUninit<f32>]) {
    let n_rows = job.matrix.row_ptr.len() - 1;
    if job.width == 0 {
        return;
    }
    let threads = rayon::current_num_threads();
    if threads == 1 || (job.matrix.columns.len() + n_rows) * job.width < SERIAL_WORK {
        fill_rows(isa, &job, 0..n_rows, out);
        return;
    }
    let mut rest = out;
    let mut pieces = Vec::new();
    for rows in split_by_work(job.matrix.row_ptr, threads * PIECES_PER_THREAD) {
        let (piece, tail) = rest.split_at_mut(rows.len() * job.width);
        pieces.push((rows, piece));
        rest = tail;
    }
    pieces
        .into_par_iter()
        .for_each(|(rows, piece)| fill_rows(isa, &job, rows, piece));
}

fn fill_rows(isa: Isa, job: &Job<'_>, rows: Range<usize>, out: &mut [MaybeUninit<f32>]) {
    match isa {
        Isa::Portable => fill_rows_generic(job, rows, out),
        // SAFETY: `Isa::detect` (or a test that asked it) found the feature on this processor.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { fill_rows_avx2(job, rows, out) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { fill_rows_avx512(job, rows, out) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn fill_rows_avx2(job: &Job<'_>, rows: Range<usize>, out: &mut [MaybeUninit<f32>]) {
    fill_rows_generic(job, rows, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn fill_rows_avx512(job: &Job<'_>, rows: Range<usize>, out: &mut [MaybeUninit<f32>]) {
    fill_rows_generic(job, rows, out);
}

/// Widths 32, 64, 128 and 256 are whole panels; any other width ends in narrower ones.
#[inline(always)]
fn fill_rows_generic(job: &Job<'_>, rows: Range<usize>, out: &mut [MaybeUninit<f32>]) {
    for (row, out) in rows.zip(out.chunks_exact_mut(job.width)) {
        let mut at = 0;
        while at + 64 <= job.width {
            panel::<64>(job, row, at, &mut out[at..at + 64]);
            at += 64;
        }
        if at + 32 <= job.width {
            panel::<32>(job, row, at, &mut out[at..at + 32]);
            at += 32;
        }
        while at + 8 <= job.width {
            panel::<8>(job, row, at, &mut out[at..at + 8]);
            at += 8;
        }
        while at < job.width {
            panel::<1>(job, row, at, &mut out[at..at + 1]);
            at += 1;
        }
    }
}

/// `P` columns of one row, accumulated in registers.
#[inline(always)]
fn panel<const P: usize>(job: &Job<'_>, row: usize, at: usize, out: &mut [MaybeUninit<f32>]) {
    let CsrView {
        row_ptr,
        columns,
        values,
    } = job.matrix;
    let mut sum = [0.0f32; P];
    if let Some(base) = job.base {
        sum.copy_from_slice(&base[row * job.width + at..][..P]);
    }
    for edge in row_ptr[row] as usize..row_ptr[row + 1] as usize {
        prefetch::<P>(job, edge, at);
        let weight = values[edge];
        let source = &job.x[columns[edge] as usize * job.width + at..][..P];
        for (sum, &x) in sum.iter_mut().zip(source) {
            *sum += weight * x;
        }
    }
    for (out, sum) in out.iter_mut().zip(sum) {
        out.write(sum * job.scale);
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch<const P: usize>(job: &Job<'_>, edge: usize, at: usize) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    if P < LINE_FLOATS {
        return;
    }
    let Some(&column) = job.matrix.columns.get(edge + PREFETCH_EDGES) else {
        return;
    };
    let first = job
        .x
        .as_ptr()
        .wrapping_add(column as usize * job.width + at);
    for line in 0..P / LINE_FLOATS {
        let address = first.wrapping_add(line * LINE_FLOATS).cast::<i8>();
        // SAFETY: a prefetch reads nothing and faults on nothing; SSE is part of x86_64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address) };
    }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn prefetch<const P: usize>(_job: &Job<'_>, _edge: usize, _at: usize) {}

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

    fn with(isa: Isa, job: Job<'_>) -> Vec<f32> {
        let mut out = Vec::new();
        run(isa, job, &mut out);
        out
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
            let job = Job { matrix, x: &case.x, width: case.width, base: None, scale: 1.0 };
            let portable = with(Isa::Portable, job);
            for (got, want) in portable.iter().zip(case.in_f64()) {
                prop_assert!((f64::from(*got) - want).abs() < 1e-5);
            }
            for isa in available() {
                let got = with(isa, job);
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
