//! The inner loops of the sparse product, compiled for each instruction set.
//!
//! Every output element is summed by one thread in edge order, one rounding for the product and
//! one for the sum (never a fused multiply-add), so the bits do not depend on the instruction set
//! or on the number of threads.

use std::mem::MaybeUninit;

use super::rows::Rows;
use crate::kernels::cpu::isa::Isa;

/// How many edges ahead the gathered row is requested.
#[cfg(target_arch = "x86_64")]
const PREFETCH_EDGES: usize = 16;
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

/// One product: `scale * (base + matrix source)`.
#[derive(Clone, Copy)]
pub(super) struct Job<'a, B, S> {
    pub(super) matrix: CsrView<'a>,
    pub(super) base: B,
    pub(super) source: S,
    /// Floats per row.
    pub(super) width: usize,
    pub(super) scale: f32,
}

impl<B: Rows, S: Rows> Job<'_, B, S> {
    /// Writes the rows named by `rows`, one after another; `out` holds as many.
    pub(super) fn fill(
        &self,
        isa: Isa,
        rows: impl Iterator<Item = usize>,
        out: &mut [MaybeUninit<f32>],
    ) {
        match isa {
            Isa::Portable => fill_generic(self, rows, out),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Isa::detect` (or a test that asked it) found the feature on this processor.
            Isa::Avx2 => unsafe { fill_avx2(self, rows, out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Isa::Avx512 => unsafe { fill_avx512(self, rows, out) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn fill_avx2<B: Rows, S: Rows>(
    job: &Job<'_, B, S>,
    rows: impl Iterator<Item = usize>,
    out: &mut [MaybeUninit<f32>],
) {
    fill_generic(job, rows, out);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn fill_avx512<B: Rows, S: Rows>(
    job: &Job<'_, B, S>,
    rows: impl Iterator<Item = usize>,
    out: &mut [MaybeUninit<f32>],
) {
    fill_generic(job, rows, out);
}

/// Widths 32, 64, 128 and 256 are whole panels; any other width ends in narrower ones.
#[inline(always)]
fn fill_generic<B: Rows, S: Rows>(
    job: &Job<'_, B, S>,
    rows: impl Iterator<Item = usize>,
    out: &mut [MaybeUninit<f32>],
) {
    for (row, out) in rows.zip(out.chunks_exact_mut(job.width)) {
        let mut at = 0;
        while at + 64 <= job.width {
            panel::<64, B, S>(job, row, at, &mut out[at..at + 64]);
            at += 64;
        }
        if at + 32 <= job.width {
            panel::<32, B, S>(job, row, at, &mut out[at..at + 32]);
            at += 32;
        }
        while at + 8 <= job.width {
            panel::<8, B, S>(job, row, at, &mut out[at..at + 8]);
            at += 8;
        }
        while at < job.width {
            panel::<1, B, S>(job, row, at, &mut out[at..at + 1]);
            at += 1;
        }
    }
}

/// `P` columns of one row, accumulated in registers.
#[inline(always)]
fn panel<const P: usize, B: Rows, S: Rows>(
    job: &Job<'_, B, S>,
    row: usize,
    at: usize,
    out: &mut [MaybeUninit<f32>],
) {
    let CsrView {
        row_ptr,
        columns,
        values,
    } = job.matrix;
    let mut sum = [0.0f32; P];
    if let Some(base) = job.base.row(row) {
        sum.copy_from_slice(&base[at..at + P]);
    }
    for edge in row_ptr[row] as usize..row_ptr[row + 1] as usize {
        prefetch::<P, B, S>(job, edge, at);
        let Some(source) = job.source.row(columns[edge] as usize) else {
            continue;
        };
        let weight = values[edge];
        for (sum, &x) in sum.iter_mut().zip(&source[at..at + P]) {
            *sum += weight * x;
        }
    }
    for (out, sum) in out.iter_mut().zip(sum) {
        out.write(sum * job.scale);
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch<const P: usize, B: Rows, S: Rows>(job: &Job<'_, B, S>, edge: usize, at: usize) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    if P < LINE_FLOATS || !S::FAR {
        return;
    }
    let Some(&column) = job.matrix.columns.get(edge + PREFETCH_EDGES) else {
        return;
    };
    let Some(source) = job.source.row(column as usize) else {
        return;
    };
    let first = source.as_ptr().wrapping_add(at);
    for line in 0..P / LINE_FLOATS {
        let address = first.wrapping_add(line * LINE_FLOATS).cast::<i8>();
        // SAFETY: a prefetch reads nothing and faults on nothing; SSE is part of x86_64.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(address) };
    }
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn prefetch<const P: usize, B: Rows, S: Rows>(_job: &Job<'_, B, S>, _edge: usize, _at: usize) {}
