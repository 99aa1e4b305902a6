//! The softmax of a tile of users whose scores are bounded: exponentials are taken of the scores of a panel while these are
//! in the nearest cache, and nothing of them is read again before the gradients.
//!
//! A cosine is 1 at most, so the largest exponent need not be looked for first; a user's weights are exponentials until
//! the sums are known, and what they lack is a factor of the user's row.

use super::compare::Softmax;
use super::panels::{Lanes, PANEL};
use super::pass::{TILE_USERS, TileOf, Vectors, add_scaled, row_mut};
use crate::kernels::cpu::exp_log::exp;
use crate::kernels::cpu::isa::Arithmetic;
use crate::kernels::cpu::sums::{dot, total};

/// The places of a tile's users that do not count, by panel.
struct Marks {
    /// Where each panel's begin, and the end of the last.
    starts: Vec<u32>,
    /// The user's place in the tile, and the lane.
    marks: Vec<(u8, u8)>,
}

impl Marks {
    fn of(vectors: &Vectors<'_>, users: std::ops::Range<usize>) -> Self {
        let n_panels = vectors.shared.len();
        let mut starts = vec![0u32; n_panels + 1];
        for user in users.clone() {
            for &place in vectors.plan.known(user) {
                starts[place as usize / PANEL + 1] += 1;
            }
        }
        for panel in 0..n_panels {
            starts[panel + 1] += starts[panel];
        }
        let mut next = starts.clone();
        let mut marks = vec![(0, 0); starts[n_panels] as usize];
        for (at, user) in users.enumerate() {
            for &place in vectors.plan.known(user) {
                let next = &mut next[place as usize / PANEL];
                marks[*next as usize] = (at as u8, (place as usize % PANEL) as u8);
                *next += 1;
            }
        }
        Self { starts, marks }
    }

    fn of_panel(&self, panel: usize) -> &[(u8, u8)] {
        &self.marks[self.starts[panel] as usize..self.starts[panel + 1] as usize]
    }
}

impl TileOf<'_> {
    /// The loss of the tile's users and its gradients.
    #[inline(always)]
    pub(super) fn run_bounded<A: Arithmetic>(&mut self) {
        let vectors = self.vectors;
        let (plan, width, n) = (vectors.plan, vectors.width, self.users.len());
        let user_rows = vectors.rows(vectors.users, &self.users, 1);
        let positive_rows = vectors.rows(vectors.positives, &self.users, 1);
        let marks = Marks::of(vectors, self.users.clone());
        let (scale, has_costs) = (plan.similarity.scale, plan.loss.has_costs());
        let mut sums = [[0.0f32; PANEL]; TILE_USERS];
        let mut sums_at_one = [[0.0f32; PANEL]; TILE_USERS];
        let mut factors = [0.0f32; TILE_USERS];
        for (at, factor) in factors[..n].iter_mut().enumerate() {
            *factor = plan.inverse_temperature(self.users.start + at) * scale;
        }

        let n_shared = plan.layout.n_shared();
        let n_panels = vectors.shared.len();
        for (panel, scores) in (0..n_panels).zip(self.scores.chunks_exact_mut(n)) {
            vectors.shared.score::<A>(panel, user_rows, scores);
            let filled = (n_shared - panel * PANEL).min(PANEL);
            if filled < PANEL {
                for lanes in scores.iter_mut() {
                    lanes[filled..].fill(f32::NEG_INFINITY);
                }
            }
            for &(at, lane) in marks.of_panel(panel) {
                scores[at as usize][lane as usize] = f32::NEG_INFINITY;
            }
            for (at, lanes) in scores.iter_mut().enumerate() {
                if has_costs {
                    add_exponentials::<A>(lanes, scale, &mut sums_at_one[at]);
                }
                exponentials::<A>(lanes, factors[at], &mut sums[at]);
            }
        }

        // The users' rows times what their weights lack.
        let mut scaled_rows = user_rows.to_vec();
        let mut of_positives = [0.0f32; TILE_USERS];
        for at in 0..n {
            let user = self.users.start + at;
            let user_row = &user_rows[at * width..][..width];
            let positive_row = &positive_rows[at * width..][..width];
            let positive = dot(user_row, positive_row) * scale;
            let n_valid = n_shared - plan.known(user).len();
            if has_costs {
                let sum = total(sums_at_one[at]);
                let of_negatives = match n_valid {
                    0 => 0.0,
                    _ => f64::from(sum).ln() + f64::from(scale),
                };
                self.costs.push((of_negatives - f64::from(positive)) as f32);
            }
            let softmax = Softmax {
                positive,
                sum: total(sums[at]),
                taken_off: factors[at],
                inverse_temperature: plan.inverse_temperature(user),
                n_valid,
            };
            let (cost, of_negatives) = vectors.comparison.of_sum::<A>(&softmax);
            *self.value += cost.value;
            factors[at] = of_negatives * scale;
            of_positives[at] = cost.of_positive * scale;
            let scaled = row_mut(&mut scaled_rows, at, width);
            scaled.iter_mut().for_each(|value| *value *= factors[at]);
        }

        for (panel, weights) in (0..n_panels).zip(self.scores.chunks_exact(n)) {
            let (of_users, of_shared) = (&mut *self.gradients.users, &mut *self.gradients.shared);
            vectors
                .shared
                .spread::<A>(panel, weights, &scaled_rows, of_users, of_shared);
        }
        for at in 0..n {
            let of_user = row_mut(self.gradients.users, at, width);
            of_user.iter_mut().for_each(|value| *value *= factors[at]);
            let positive_row = &positive_rows[at * width..][..width];
            add_scaled(of_user, of_positives[at], positive_row);
            let of_positive = row_mut(self.gradients.positives, at, width);
            add_scaled(
                of_positive,
                of_positives[at],
                &user_rows[at * width..][..width],
            );
        }
    }
}

/// Each score becomes `e^(factor (score - 1))`, which is added to the sums.
#[inline(always)]
fn exponentials<A: Arithmetic>(scores: &mut Lanes, factor: f32, sums: &mut Lanes) {
    for (score, sum) in scores.iter_mut().zip(sums) {
        *score = exp::<A>(A::multiply_add(*score, factor, -factor));
        *sum += *score;
    }
}

/// Adds `e^(factor (score - 1))` of each score to the sums.
#[inline(always)]
fn add_exponentials<A: Arithmetic>(scores: &Lanes, factor: f32, sums: &mut Lanes) {
    for (score, sum) in scores.iter().zip(sums) {
        *sum += exp::<A>(A::multiply_add(*score, factor, -factor));
    }
}
