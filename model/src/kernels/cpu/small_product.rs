//! Products of small row-major matrices, added onto what is there: blocks of sums in registers.
//!
//! Each sum runs over the shared dimension in ascending order, starting from what `out` holds.

use super::isa::Arithmetic;

/// Rows of a block of sums.
pub(crate) const BLOCK_ROWS: usize = 4;

/// `out += a b`, with `a` of `[rows, depth]`, `b` of `[depth, width]`, `out` of `[rows, width]`.
#[inline(always)]
pub(crate) fn add_product<A: Arithmetic>(
    a: &[f32],
    depth: usize,
    b: &[f32],
    width: usize,
    out: &mut [f32],
) {
    let rows = out.len() / width;
    assert!(a.len() == rows * depth && b.len() == depth * width);
    blocks::<A, false>(a, depth, b, width, rows, out);
}

/// `out += aᵀ b`, with `a` of `[depth, rows]`, `b` of `[depth, width]`, `out` of `[rows, width]`.
#[inline(always)]
pub(crate) fn add_transposed_product<A: Arithmetic>(
    a: &[f32],
    rows: usize,
    b: &[f32],
    width: usize,
    out: &mut [f32],
) {
    assert!(out.len() == rows * width && a.len() / rows == b.len() / width);
    blocks::<A, true>(a, rows, b, width, rows, out);
}

/// `stride` is the floats from one row of `a` to the next.
#[inline(always)]
fn blocks<A: Arithmetic, const TRANSPOSED: bool>(
    a: &[f32],
    stride: usize,
    b: &[f32],
    width: usize,
    rows: usize,
    out: &mut [f32],
) {
    let mut column = 0;
    while A::WIDE && column + 64 <= width {
        panel::<A, TRANSPOSED, 64>(a, stride, b, width, column, rows, out);
        column += 64;
    }
    while column + 16 <= width {
        panel::<A, TRANSPOSED, 16>(a, stride, b, width, column, rows, out);
        column += 16;
    }
    while column < width {
        panel::<A, TRANSPOSED, 1>(a, stride, b, width, column, rows, out);
        column += 1;
    }
}

/// All rows of `C` columns.
#[inline(always)]
fn panel<A: Arithmetic, const TRANSPOSED: bool, const C: usize>(
    a: &[f32],
    stride: usize,
    b: &[f32],
    width: usize,
    column: usize,
    rows: usize,
    out: &mut [f32],
) {
    let mut row = 0;
    while row + BLOCK_ROWS <= rows {
        block::<A, TRANSPOSED, BLOCK_ROWS, C>(a, stride, b, width, (row, column), out);
        row += BLOCK_ROWS;
    }
    while row < rows {
        block::<A, TRANSPOSED, 1, C>(a, stride, b, width, (row, column), out);
        row += 1;
    }
}

/// `R x C` sums, held in registers over the whole depth.
#[inline(always)]
pub(crate) fn block<A: Arithmetic, const TRANSPOSED: bool, const R: usize, const C: usize>(
    a: &[f32],
    stride: usize,
    b: &[f32],
    width: usize,
    (row, column): (usize, usize),
    out: &mut [f32],
) {
    let mut sums = [[0.0f32; C]; R];
    for (r, sums) in sums.iter_mut().enumerate() {
        sums.copy_from_slice(&out[(row + r) * width + column..][..C]);
    }
    if TRANSPOSED {
        for (a, b) in a.chunks_exact(stride).zip(b.chunks_exact(width)) {
            let (a, b) = (&a[row..row + R], &b[column..column + C]);
            for r in 0..R {
                for c in 0..C {
                    sums[r][c] = A::multiply_add(a[r], b[c], sums[r][c]);
                }
            }
        }
    } else {
        // One slice a row, cut to the depth, so that the inner loop needs no bounds check.
        let a: [&[f32]; R] = std::array::from_fn(|r| &a[(row + r) * stride..][..stride]);
        for (p, b) in b.chunks_exact(width).enumerate().take(stride) {
            let b = &b[column..column + C];
            for r in 0..R {
                let a = a[r][p];
                for c in 0..C {
                    sums[r][c] = A::multiply_add(a, b[c], sums[r][c]);
                }
            }
        }
    }
    for (r, sums) in sums.iter().enumerate() {
        out[(row + r) * width + column..][..C].copy_from_slice(sums);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::cpu::isa::{Isa, Kernel, run};

    struct Both<'a> {
        a: &'a [f32],
        b: &'a [f32],
        shape: (usize, usize, usize),
        out: &'a mut [f32],
        transposed: bool,
    }

    impl Kernel for Both<'_> {
        #[inline(always)]
        fn run<A: Arithmetic>(self) {
            let (rows, depth, width) = self.shape;
            if self.transposed {
                add_transposed_product::<A>(self.a, rows, self.b, width, self.out);
            } else {
                add_product::<A>(self.a, depth, self.b, width, self.out);
            }
        }
    }

    /// Small integers: sums are exact, so every order and every rounding agrees with the integers.
    #[test]
    fn products_are_the_integers_at_every_shape_on_every_instruction_set() {
        let value = |i: usize| ((i * 7 + 3) % 11) as i64 - 5;
        for (rows, depth, width) in [(1, 1, 1), (3, 5, 7), (9, 20, 33), (64, 64, 64), (5, 64, 83)] {
            let a: Vec<i64> = (0..rows * depth).map(value).collect();
            let b: Vec<i64> = (0..depth * width).map(|i| value(i + 4)).collect();
            let mut want = vec![0; rows * width];
            for r in 0..rows {
                for c in 0..width {
                    let products = (0..depth).map(|p| a[r * depth + p] * b[p * width + c]);
                    want[r * width + c] = 2 + products.sum::<i64>();
                }
            }
            let float = |v: &[i64]| v.iter().map(|&v| v as f32).collect::<Vec<_>>();
            let flipped: Vec<i64> = (0..rows * depth)
                .map(|i| a[i % rows * depth + i / rows])
                .collect();
            for isa in [Isa::Portable, Isa::detect_fused()] {
                for (a, transposed) in [(&a, false), (&flipped, true)] {
                    let mut out = vec![2.0; rows * width];
                    let kernel = Both {
                        a: &float(a),
                        b: &float(&b),
                        shape: (rows, depth, width),
                        out: &mut out,
                        transposed,
                    };
                    run(isa, kernel);
                    assert_eq!(out, float(&want), "{rows} x {depth} x {width} {isa:?}");
                }
            }
        }
    }
}
