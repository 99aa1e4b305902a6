//! The loss of a batch on the host: slices in, slices out, no Burn.
//!
//! Users go in tiles whose scores fit a core's cache: scored, compared and spread back before they
//! leave it. Pieces of whole tiles are a function of the batch alone, and their gradients of batch-shared
//! negatives are summed in the order of pieces, so the bits do not depend on the number of threads.

use std::ops::Range;

use rayon::prelude::*;

use super::compare::{Comparison, Scores, cost_at_one};
use super::panels::{Lanes, PANEL, Panels};
use crate::kernels::cpu::isa::{Arithmetic, Isa, Kernel, run};
use crate::kernels::cpu::sums::{add, dot};
use crate::kernels::cpu::unit_rows::{pull_back_unit, unit_rows};
use crate::losses::RankingLoss;
use crate::ops::batch_loss::plan::BatchLossPlan;

/// Floats of the scores of a tile: half of a MiB.
const TILE_FLOATS: usize = 1 << 17;
/// Users of a tile at most.
const TILE_USERS: usize = 32;
/// Pieces of a batch at most; each has a gradient of the shared negatives of its own.
const PIECES: usize = 16;
/// Floats of the gradient of shared negatives that one thread sums at a time.
const SUMMED: usize = 1 << 12;
/// Rows whose squares one thread sums at a time.
const SQUARED_ROWS: usize = 256;

/// The ranking loss of a batch.
pub(super) struct Ranking {
    pub(super) value: f64,
    /// The cost of each positive at temperature 1; empty where the loss has none.
    pub(super) costs: Vec<f32>,
    /// By the scored rows, `[n_rows, width]`.
    pub(super) gradient: Vec<f32>,
}

/// The ranking loss and its gradient.
pub(super) fn ranking(plan: &BatchLossPlan, rows: &[f32], width: usize) -> Ranking {
    let layout = plan.layout;
    let scored = &rows[..layout.n_rows() * width];
    let unit = plan.similarity.unit.then(|| unit_rows(scored, width));
    let vectors = unit.as_deref().unwrap_or(scored);
    let items = layout.batch * width;
    let per_positive = items + layout.batch * width;
    let shared = per_positive + layout.batch * layout.per_positive * width;
    let batch = Vectors {
        plan,
        width,
        users: &vectors[..items],
        positives: &vectors[items..per_positive],
        per_positive: &vectors[per_positive..shared],
        shared: match layout.in_batch {
            true => Panels::new(
                &[&vectors[shared..], &vectors[items..per_positive]].concat(),
                width,
            ),
            false => Panels::new(&vectors[shared..], width),
        },
        comparison: comparison(plan),
    };
    let mut gradient = vec![0.0; scored.len()];
    let (of_users, rest) = gradient.split_at_mut(items);
    let (of_positives, rest) = rest.split_at_mut(items);
    let (of_per_positive, of_shared) =
        rest.split_at_mut(layout.batch * layout.per_positive * width);
    let (value, costs) = batch.run(Gradients {
        users: of_users,
        positives: of_positives,
        per_positive: of_per_positive,
        shared: of_shared,
    });
    if plan.similarity.unit {
        pull_back_unit(scored, &mut gradient, width);
    }
    Ranking {
        value,
        costs,
        gradient,
    }
}

fn comparison(plan: &BatchLossPlan) -> Comparison {
    let layout = plan.layout;
    let all = layout.batch * (layout.per_positive + layout.n_shared());
    let n_valid = all - plan.shared.known.len();
    Comparison {
        loss: plan.loss,
        per_user: 1.0 / layout.batch as f32,
        per_negative: 1.0 / n_valid.max(1) as f32,
    }
}

/// A batch's vectors as they are compared.
struct Vectors<'a> {
    plan: &'a BatchLossPlan,
    width: usize,
    users: &'a [f32],
    positives: &'a [f32],
    per_positive: &'a [f32],
    shared: Panels,
    comparison: Comparison,
}

/// The gradients of some users' rows, and of all shared negatives.
struct Gradients<'a> {
    users: &'a mut [f32],
    positives: &'a mut [f32],
    per_positive: &'a mut [f32],
    shared: &'a mut [f32],
}

/// The result of one piece of the batch.
struct Piece {
    value: f64,
    /// Of its positives at temperature 1, where the loss has them.
    costs: Vec<f32>,
    /// `[n_panels, PANEL, width]`
    of_shared: Vec<f32>,
}

impl Vectors<'_> {
    /// 64 negatives at a time, per-positive ones first.
    fn panels_per_user(&self) -> usize {
        self.per_positive_panels() + self.shared.len()
    }

    fn per_positive_panels(&self) -> usize {
        self.plan.layout.per_positive.div_ceil(PANEL)
    }

    /// Users of a tile.
    fn tile_users(&self) -> usize {
        let floats = self.panels_per_user() * PANEL;
        (TILE_FLOATS / floats.max(1)).clamp(4, TILE_USERS)
    }

    fn run(&self, out: Gradients<'_>) -> (f64, Vec<f32>) {
        let layout = self.plan.layout;
        let tile = self.tile_users();
        let piece_users = layout.batch.div_ceil(PIECES).next_multiple_of(tile);
        let width = self.width;
        let floats = piece_users * layout.per_positive * width;
        let mut pieces: Vec<(usize, Gradients<'_>)> = Vec::new();
        let mut rest = out.per_positive;
        let users = out.users.chunks_mut(piece_users * width);
        let positives = out.positives.chunks_mut(piece_users * width);
        for (number, (users, positives)) in users.zip(positives).enumerate() {
            let (per_positive, tail) = rest.split_at_mut(floats.min(rest.len()));
            rest = tail;
            let gradients = Gradients {
                users,
                positives,
                per_positive,
                shared: &mut [],
            };
            pieces.push((number * piece_users, gradients));
        }
        let done: Vec<Piece> = pieces
            .into_par_iter()
            .map(|(first, gradients)| self.piece(first, gradients))
            .collect();
        // In-batch negatives have no rows of their own: their gradients are the positives'.
        let own = out.shared.len();
        add_pieces(out.shared, &done, 0);
        if layout.in_batch {
            add_pieces(out.positives, &done, own);
        }
        let value = done.iter().map(|piece| piece.value).sum();
        (
            value,
            done.into_iter().flat_map(|piece| piece.costs).collect(),
        )
    }

    /// Some users from `first` on, on the calling thread.
    fn piece(&self, first: usize, gradients: Gradients<'_>) -> Piece {
        let width = self.width;
        let mut piece = Piece {
            value: 0.0,
            costs: Vec::new(),
            of_shared: vec![0.0; self.shared.len() * PANEL * width],
        };
        let tile = self.tile_users();
        let mut scores = vec![[0.0; PANEL]; self.panels_per_user() * tile];
        let mut packed = vec![[0.0; PANEL]; self.panels_per_user()];
        let n_users = gradients.users.len() / width;
        let isa = Isa::detect_fused();
        let floats_each = self.plan.layout.per_positive * width;
        let mut rest = gradients.per_positive;
        let users = gradients.users.chunks_mut(tile * width);
        let positives = gradients.positives.chunks_mut(tile * width);
        for (number, (of_users, of_positives)) in users.zip(positives).enumerate() {
            let start = number * tile;
            let end = (start + tile).min(n_users);
            let (of_per_positive, tail) = rest.split_at_mut((end - start) * floats_each);
            rest = tail;
            let tile = TileOf {
                vectors: self,
                users: first + start..first + end,
                scores: &mut scores,
                packed: &mut packed,
                value: &mut piece.value,
                costs: &mut piece.costs,
                gradients: Gradients {
                    users: of_users,
                    positives: of_positives,
                    per_positive: of_per_positive,
                    shared: &mut piece.of_shared,
                },
            };
            run(isa, tile);
        }
        piece
    }

    fn rows<'a>(&self, table: &'a [f32], users: &Range<usize>, rows_each: usize) -> &'a [f32] {
        let each = rows_each * self.width;
        &table[users.start * each..users.end * each]
    }
}

/// A tile of users.
struct TileOf<'a> {
    vectors: &'a Vectors<'a>,
    users: Range<usize>,
    /// Scores of the batch-shared panels, `[n_panels, users]`; then the derivative by each score.
    scores: &'a mut [Lanes],
    /// One user's scores: per-positive negatives, then batch-shared ones; then the derivative by each score.
    packed: &'a mut [Lanes],
    value: &'a mut f64,
    costs: &'a mut Vec<f32>,
    gradients: Gradients<'a>,
}

impl Kernel for TileOf<'_> {
    #[inline(always)]
    fn run<A: Arithmetic>(mut self) {
        let vectors = self.vectors;
        let n = self.users.len();
        let user_rows = vectors.rows(vectors.users, &self.users, 1);
        let panels = || 0..vectors.shared.len();
        for (panel, scores) in panels().zip(self.scores.chunks_exact_mut(n)) {
            vectors.shared.score::<A>(panel, user_rows, scores);
        }
        for at in 0..n {
            self.compare::<A>(at);
        }
        for (panel, weights) in panels().zip(self.scores.chunks_exact(n)) {
            vectors.shared.spread::<A>(
                panel,
                weights,
                user_rows,
                self.gradients.users,
                self.gradients.shared,
            );
        }
    }
}

impl TileOf<'_> {
    /// The loss of the user at a place of the tile: its value, the gradients of the user, of the positive and of the
    /// per-positive negatives, and the derivative by each score of a batch-shared negative.
    #[inline(always)]
    fn compare<A: Arithmetic>(&mut self, at: usize) {
        let (vectors, n) = (self.vectors, self.users.len());
        let (width, layout) = (vectors.width, vectors.plan.layout);
        let user = self.users.start + at;
        let row = |table, rows_each| vectors.rows(table, &(user..user + 1), rows_each);
        let user_row = row(vectors.users, 1);
        let positive_row = row(vectors.positives, 1);
        let negative_rows = row(vectors.per_positive, layout.per_positive);

        let (per_positive, shared) = self.packed.split_at_mut(vectors.per_positive_panels());
        let per_positive = per_positive.as_flattened_mut();
        per_positive.fill(f32::NEG_INFINITY);
        for (score, row) in per_positive.iter_mut().zip(rows_of(negative_rows, width)) {
            *score = dot(user_row, row);
        }
        for (lanes, scores) in shared.iter_mut().zip(self.scores.chunks_exact(n)) {
            *lanes = scores[at];
        }
        let mut positive = dot(user_row, positive_row);
        let inverse_temperature = vectors.plan.inverse_temperature(user);
        vectors.prepare(user, &mut positive, self.packed);
        let n_valid = layout.per_positive + layout.n_shared() - vectors.plan.known(user).len();
        if vectors.plan.loss.has_costs() {
            self.costs
                .push(cost_at_one::<A>(positive, self.packed, n_valid));
        }
        vectors.correct(user, 1.0 / inverse_temperature, &mut positive, self.packed);
        let cost = vectors.comparison.of::<A>(Scores {
            positive,
            negatives: self.packed,
            n_valid,
            inverse_temperature,
        });
        *self.value += cost.value;

        let scale = vectors.plan.similarity.scale;
        let (per_positive, shared) = self.packed.split_at(vectors.per_positive_panels());
        for (lanes, scores) in shared.iter().zip(self.scores.chunks_exact_mut(n)) {
            for (score, &weight) in scores[at].iter_mut().zip(lanes) {
                *score = weight * scale;
            }
        }
        let of_user = row_mut(self.gradients.users, at, width);
        let of_positive = cost.of_positive * scale;
        add_scaled(of_user, of_positive, positive_row);
        let positives = row_mut(self.gradients.positives, at, width);
        add_scaled(positives, of_positive, user_row);
        let first = at * layout.per_positive;
        let weights = per_positive.as_flattened().iter();
        for ((item, row), &weight) in (first..).zip(rows_of(negative_rows, width)).zip(weights) {
            add_scaled(of_user, weight * scale, row);
            let negative = row_mut(self.gradients.per_positive, item, width);
            add_scaled(negative, weight * scale, user_row);
        }
    }
}

impl Vectors<'_> {
    /// Turns inner products into the scores that are compared: scales them, and makes the score of a negative that does
    /// not count minus infinity.
    #[inline(always)]
    fn prepare(&self, user: usize, positive: &mut f32, packed: &mut [Lanes]) {
        let plan = self.plan;
        let scale = plan.similarity.scale;
        if scale != 1.0 {
            *positive *= scale;
            packed
                .iter_mut()
                .flatten()
                .for_each(|score| *score *= scale);
        }
        let shared = packed[self.per_positive_panels()..].as_flattened_mut();
        shared[plan.layout.n_shared()..].fill(f32::NEG_INFINITY);
        for &place in plan.known(user) {
            shared[place as usize] = f32::NEG_INFINITY;
        }
    }

    /// Corrects a softmax for how its candidates were drawn: what its exponents lose, the scores lose times the
    /// temperature.
    #[inline(always)]
    fn correct(&self, user: usize, temperature: f32, positive: &mut f32, packed: &mut [Lanes]) {
        let Some(log_q) = &self.plan.log_q else {
            return;
        };
        if matches!(self.plan.loss, RankingLoss::Softmax { .. }) {
            *positive -= log_q.positives[user] * temperature;
        }
        let each = self.plan.layout.per_positive;
        let (per_positive, shared) = packed.split_at_mut(self.per_positive_panels());
        let of_own = &log_q.negatives[user * each..][..each];
        subtract(per_positive.as_flattened_mut(), of_own, temperature);
        subtract(shared.as_flattened_mut(), &log_q.shared, temperature);
    }
}

/// `scores -= factor * log_q`, as far as there are corrections.
#[inline(always)]
fn subtract(scores: &mut [f32], log_q: &[f32], factor: f32) {
    for (score, log_q) in scores.iter_mut().zip(log_q) {
        *score -= log_q * factor;
    }
}

/// Adds the pieces' gradients of the shared negatives from float `first` on, in the order of pieces.
fn add_pieces(onto: &mut [f32], pieces: &[Piece], first: usize) {
    onto.par_chunks_mut(SUMMED)
        .enumerate()
        .for_each(|(at, onto)| {
            for piece in pieces {
                add(onto, &piece.of_shared[first + at * SUMMED..]);
            }
        });
}

/// The sum of squares of the regularized rows.
pub(super) fn squares(plan: &BatchLossPlan, rows: &[f32], width: usize) -> f64 {
    if !plan.regularized {
        return 0.0;
    }
    let parts: Vec<f64> = plan
        .regularized_rows(rows, width)
        .par_chunks((SQUARED_ROWS * width).max(1))
        .map(|part| part.chunks(width).map(|row| f64::from(dot(row, row))).sum())
        .collect();
    parts.iter().sum()
}

/// The gradient of all rows: that of the ranking loss times `of_ranking`, and of the squares times
/// `of_squares`.
pub(super) fn backward(
    plan: &BatchLossPlan,
    rows: &[f32],
    mut ranking: Vec<f32>,
    of_ranking: f32,
    of_squares: f32,
) -> Vec<f32> {
    if of_ranking != 1.0 {
        ranking
            .par_iter_mut()
            .for_each(|value| *value *= of_ranking);
    }
    let twice = 2.0 * of_squares;
    if plan.layout.more_sets > 0 {
        let squared = &rows[ranking.len()..];
        match plan.regularized {
            true => ranking.extend(squared.iter().map(|value| twice * value)),
            false => ranking.resize(rows.len(), 0.0),
        }
    } else if plan.regularized {
        add_scaled(&mut ranking, twice, rows);
    }
    ranking
}

impl BatchLossPlan {
    fn regularized_rows<'a>(&self, rows: &'a [f32], width: usize) -> &'a [f32] {
        match self.layout.more_sets {
            0 => rows,
            _ => &rows[self.layout.n_rows() * width..],
        }
    }
}

#[inline(always)]
fn rows_of(table: &[f32], width: usize) -> std::slice::ChunksExact<'_, f32> {
    table.chunks_exact(width)
}

#[inline(always)]
fn row_mut(table: &mut [f32], at: usize, width: usize) -> &mut [f32] {
    &mut table[at * width..][..width]
}

#[inline(always)]
fn add_scaled(onto: &mut [f32], weight: f32, row: &[f32]) {
    for (sum, &value) in onto.iter_mut().zip(row) {
        *sum += weight * value;
    }
}
