//! Dense loops on the host, compiled for the processor's widest instruction set.
//!
//! Where a fused multiply-add exists it is used, on every instruction set alike and in the same
//! order, so AVX2 and AVX-512 give the same bits; a processor without one rounds twice.

mod gemm;
mod product;
mod sums;

pub use gemm::{MatrixView, multiply};
pub(crate) use product::{add_product, add_transposed_product};
pub(crate) use sums::{add, dot, total, total_of_parts};

use crate::spmm::Isa;

/// How one instruction set multiplies and adds.
pub(crate) trait Arithmetic {
    /// Whether 64 floats are four registers, so that a block of 4 x 64 sums fits in registers.
    const WIDE: bool;

    /// `a * b + c`
    fn multiply_add(a: f32, b: f32, c: f32) -> f32;
}

/// Loops that [`run`] compiles for each instruction set. Mark `run` `#[inline(always)]`, and all it
/// calls.
pub(crate) trait Kernel {
    fn run<A: Arithmetic>(self);
}

struct Plain;

impl Arithmetic for Plain {
    const WIDE: bool = false;

    #[inline(always)]
    fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
        // Without the instruction, `mul_add` is a call for every element.
        if cfg!(any(target_feature = "fma", target_arch = "aarch64")) {
            a.mul_add(b, c)
        } else {
            a * b + c
        }
    }
}

#[cfg(target_arch = "x86_64")]
struct Fused<const WIDE: bool>;

#[cfg(target_arch = "x86_64")]
impl<const WIDE: bool> Arithmetic for Fused<WIDE> {
    const WIDE: bool = WIDE;

    #[inline(always)]
    fn multiply_add(a: f32, b: f32, c: f32) -> f32 {
        a.mul_add(b, c)
    }
}

/// The widest instruction set of this processor that these loops are compiled for.
pub(crate) fn detect() -> Isa {
    let isa = Isa::detect();
    #[cfg(target_arch = "x86_64")]
    if isa != Isa::Portable && !is_x86_feature_detected!("fma") {
        return Isa::Portable;
    }
    isa
}

/// Runs `kernel` compiled for `isa`, which [`detect`] returned (or a test that asked the processor).
pub(crate) fn run(isa: Isa, kernel: impl Kernel) {
    match isa {
        Isa::Portable => kernel.run::<Plain>(),
        // SAFETY: the caller found the features on this processor.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx2 => unsafe { run_avx2(kernel) },
        // SAFETY: as above.
        #[cfg(target_arch = "x86_64")]
        Isa::Avx512 => unsafe { run_avx512(kernel) },
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2(kernel: impl Kernel) {
    kernel.run::<Fused<false>>();
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx2,fma")]
fn run_avx512(kernel: impl Kernel) {
    kernel.run::<Fused<true>>();
}
