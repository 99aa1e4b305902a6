//! Instruction sets: which the processor has, and how loops are compiled for each.
//!
//! Where a fused multiply-add exists the loops of [`run`] use it, on every instruction set alike and in the same
//! order, so AVX2 and AVX-512 give the same bits; a processor without one rounds twice.

/// Instruction set that loops are compiled for.
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

    /// The widest this processor has that the loops of [`run`] are compiled for: all but the portable one use a fused
    /// multiply-add.
    pub(crate) fn detect_fused() -> Self {
        let isa = Self::detect();
        #[cfg(target_arch = "x86_64")]
        if isa != Self::Portable && !is_x86_feature_detected!("fma") {
            return Self::Portable;
        }
        isa
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

/// Runs `kernel` compiled for `isa`, which [`Isa::detect_fused`] returned (or a test that asked the processor).
pub(crate) fn run(isa: Isa, kernel: impl Kernel) {
    match isa {
        Isa::Portable => kernel.run::<Plain>(),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the caller found the features on this processor.
        Isa::Avx2 => unsafe { run_avx2(kernel) },
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
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

/// The instruction set of the sparse product on a CPU (`portable`, `avx2`, `avx512f`), for run metadata. The
/// result has the same bits on all of them.
pub fn cpu_instruction_set() -> &'static str {
    Isa::detect().name()
}
