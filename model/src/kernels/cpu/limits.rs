//! This machine's limits: the rates that propagation and ranking are compared with.

use std::hint::black_box;
use std::time::Instant;

use rayon::prelude::*;

use super::isa::{Arithmetic, Isa, Kernel, run};

/// Floats of a piece of work: 256 KiB.
const PIECE: usize = 1 << 16;

/// Bytes per second that all threads of rayon's current pool read together from a buffer of `bytes`, the
/// best of `rounds` passes: the memory's rate for a buffer larger than the caches, the caches' rate for a smaller one.
pub fn read_rate(bytes: usize, rounds: usize) -> f64 {
    let buffer = vec![1.0f32; (bytes / size_of::<f32>()).max(1)];
    let seconds = fastest(rounds, || {
        let sums = buffer.par_chunks(PIECE).map(|piece| {
            let mut sum = 0.0;
            let out = &mut sum;
            run(Isa::detect_fused(), Sum { piece, out });
            sum
        });
        black_box(sums.sum::<f32>());
    });
    (buffer.len() * size_of::<f32>()) as f64 / seconds
}

/// Multiplications and additions of single-precision numbers per second by all threads of rayon's current
/// pool together, the best of `rounds`: registers only, no memory.
pub fn multiply_add_rate(rounds: usize) -> f64 {
    const TURNS: usize = 1 << 20;
    let threads = rayon::current_num_threads();
    let mut lanes = 0;
    let seconds = fastest(rounds, || {
        let results = rayon::broadcast(|_| {
            let mut out = (0.0, 0);
            let kernel = Chains {
                turns: TURNS,
                out: &mut out,
            };
            run(Isa::detect_fused(), kernel);
            out
        });
        lanes = black_box(results).first().map_or(0, |&(_, lanes)| lanes);
    });
    (2 * lanes * TURNS * threads) as f64 / seconds
}

fn fastest(rounds: usize, mut work: impl FnMut()) -> f64 {
    let times = (0..rounds.max(1)).map(|_| {
        let started = Instant::now();
        work();
        started.elapsed().as_secs_f64()
    });
    times.fold(f64::INFINITY, f64::min).max(1e-9)
}

struct Sum<'a> {
    piece: &'a [f32],
    out: &'a mut f32,
}

impl Kernel for Sum<'_> {
    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let mut lanes = [0.0f32; 128];
        for block in self.piece.chunks_exact(128) {
            for (lane, value) in lanes.iter_mut().zip(block) {
                *lane += value;
            }
        }
        *self.out = lanes.iter().sum();
    }
}

/// Independent sums that keep the multipliers busy: sixteen registers of 16 floats, or eight of 8.
const WIDE_LANES: usize = 256;
const NARROW_LANES: usize = 64;

struct Chains<'a> {
    turns: usize,
    /// A sum that depends on every turn, and how many sums there were.
    out: &'a mut (f32, usize),
}

impl Kernel for Chains<'_> {
    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        *self.out = match A::WIDE {
            true => (chains::<A, WIDE_LANES>(self.turns), WIDE_LANES),
            false => (chains::<A, NARROW_LANES>(self.turns), NARROW_LANES),
        };
    }
}

#[inline(always)]
fn chains<A: Arithmetic, const N: usize>(turns: usize) -> f32 {
    let (factor, addend) = (black_box(0.999f32), black_box(0.001f32));
    let mut sums = [black_box(0.5f32); N];
    for _ in 0..turns {
        for sum in &mut sums {
            *sum = A::multiply_add(*sum, factor, addend);
        }
    }
    sums.iter().sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_those_of_a_machine() {
        assert!(read_rate(1 << 20, 2) > 1e6);
        assert!(multiply_add_rate(1) > 1e6);
    }
}
