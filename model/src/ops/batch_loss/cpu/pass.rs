//! The loss of a batch on the host: slices in, slices out, no Burn.
//!
//! Users go in tiles whose scores fit a core's cache: scored, compared and spread back before they
//! leave it. Pieces of whole tiles are a function of the batch alone, and what they add to shared
//! negatives is summed in their order, so the bits do not depend on the number of threads.

use std::ops::Range;

use rayon::prelude::*;

use super::compare::{Comparison, Scores};
use super::panels::{Lanes, PANEL, Panels};
use super::plan::ObjectivePlan;
use crate::dense::{self, Arithmetic, Kernel, add, dot};
use crate::dense_layer::{pull_back_unit, unit_rows};

/// Floats of the scores of a tile: half of a MiB.
const TILE_FLOATS: usize = 1 << 17;
/// Users of a tile at most.
const TILE_USERS: usize = 32;
/// Pieces of a batch at most; each has a gradient of the shared negatives of its own.
const PIECES: usize = 16;
/// Rows whose squares one thread sums at a time.
const SQUARED_ROWS: usize = 256;

/// The ranking loss and its gradient by the scored rows, `[n_rows, width]`.
pub(super) fn ranking(plan: &ObjectivePlan, rows: &[f32], width: usize) -> (f64, Vec<f32>) {
    let layout = plan.layout;
    let scored = &rows[..layout.n_rows() * width];
    let unit = plan.similarity.unit.then(|| unit_rows(scored, width));
    let vectors = unit.as_deref().unwrap_or(scored);
    let items = layout.batch * width;
    let own = items + layout.batch * width;
    let shared = own + layout.batch * layout.own * width;
    let batch = Vectors {
        plan,
        width,
        users: &vectors[..items],
        positives: &vectors[items..own],
        own: &vectors[own..shared],
        shared: Panels::new(&vectors[shared..], width),
        comparison: comparison(plan),
    };
    let mut gradient = vec![0.0; scored.len()];
    let (of_users, rest) = gradient.split_at_mut(items);
    let (of_positives, rest) = rest.split_at_mut(items);
    let (of_own, of_shared) = rest.split_at_mut(layout.batch * layout.own * width);
    let value = batch.run(Gradients {
        users: of_users,
        positives: of_positives,
        own: of_own,
        shared: of_shared,
    });
    if plan.similarity.unit {
        pull_back_unit(scored, &mut gradient, width);
    }
    (value, gradient)
}

fn comparison(plan: &ObjectivePlan) -> Comparison {
    let layout = plan.layout;
    let all = layout.batch * (layout.own + layout.shared);
    let n_valid = all - plan.shared.known.len();
    Comparison {
        loss: plan.loss,
        per_user: 1.0 / layout.batch as f32,
        per_negative: 1.0 / n_valid.max(1) as f32,
    }
}

/// A batch's vectors as they are compared.
struct Vectors<'a> {
    plan: &'a ObjectivePlan,
    width: usize,
    users: &'a [f32],
    positives: &'a [f32],
    own: &'a [f32],
    shared: Panels,
    comparison: Comparison,
}

/// The gradients of some users' rows, and of all shared negatives.
struct Gradients<'a> {
    users: &'a mut [f32],
    positives: &'a mut [f32],
    own: &'a mut [f32],
    shared: &'a mut [f32],
}

/// What a piece of the batch came to.
struct Piece {
    value: f64,
    /// `[n_panels, PANEL, width]`
    of_shared: Vec<f32>,
}

impl Vectors<'_> {
    /// 64 negatives at a time, each user's own first.
    fn panels_per_user(&self) -> usize {
        self.own_panels() + self.shared.len()
    }

    fn own_panels(&self) -> usize {
        self.plan.layout.own.div_ceil(PANEL)
    }

    /// Users of a tile.
    fn tile_users(&self) -> usize {
        let floats = self.panels_per_user() * PANEL;
        (TILE_FLOATS / floats.max(1)).clamp(4, TILE_USERS)
    }

    fn run(&self, out: Gradients<'_>) -> f64 {
        let layout = self.plan.layout;
        let tile = self.tile_users();
        let piece_users = layout.batch.div_ceil(PIECES).next_multiple_of(tile);
        let width = self.width;
        let own = piece_users * layout.own * width;
        let mut pieces: Vec<(usize, Gradients<'_>)> = Vec::new();
        let mut own_rest = out.own;
        let users = out.users.chunks_mut(piece_users * width);
        let positives = out.positives.chunks_mut(piece_users * width);
        for (number, (users, positives)) in users.zip(positives).enumerate() {
            let (own, rest) = own_rest.split_at_mut(own.min(own_rest.len()));
            own_rest = rest;
            let gradients = Gradients {
                users,
                positives,
                own,
                shared: &mut [],
            };
            pieces.push((number * piece_users, gradients));
        }
        let done: Vec<Piece> = pieces
            .into_par_iter()
            .map(|(first, gradients)| self.piece(first, gradients))
            .collect();
        out.shared
            .par_chunks_mut(PANEL * width)
            .enumerate()
            .for_each(|(panel, out)| {
                for piece in &done {
                    let part = &piece.of_shared[panel * PANEL * width..];
                    add(out, part);
                }
            });
        done.iter().map(|piece| piece.value).sum()
    }

    /// Some users from `first` on, on the calling thread.
    fn piece(&self, first: usize, gradients: Gradients<'_>) -> Piece {
        let width = self.width;
        let mut piece = Piece {
            value: 0.0,
            of_shared: vec![0.0; self.shared.len() * PANEL * width],
        };
        let tile = self.tile_users();
        let mut scores = vec![[0.0; PANEL]; self.panels_per_user() * tile];
        let mut packed = vec![[0.0; PANEL]; self.panels_per_user()];
        let n_users = gradients.users.len() / width;
        let isa = dense::detect();
        let own = self.plan.layout.own * width;
        let mut own_rest = gradients.own;
        let users = gradients.users.chunks_mut(tile * width);
        let positives = gradients.positives.chunks_mut(tile * width);
        for (number, (of_users, of_positives)) in users.zip(positives).enumerate() {
            let start = number * tile;
            let end = (start + tile).min(n_users);
            let (of_own, rest) = own_rest.split_at_mut((end - start) * own);
            own_rest = rest;
            let tile = TileOf {
                vectors: self,
                users: first + start..first + end,
                scores: &mut scores,
                packed: &mut packed,
                value: &mut piece.value,
                gradients: Gradients {
                    users: of_users,
                    positives: of_positives,
                    own: of_own,
                    shared: &mut piece.of_shared,
                },
            };
            dense::run(isa, tile);
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
    /// Shared panels' scores, `[n_panels, users]`.
    scores: &'a mut [Lanes],
    /// One user's scores: own, then shared.
    packed: &'a mut [Lanes],
    value: &'a mut f64,
    gradients: Gradients<'a>,
}

impl Kernel for TileOf<'_> {
    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self {
            vectors,
            users,
            scores,
            packed,
            value,
            gradients,
        } = self;
        let (width, n_own) = (vectors.width, vectors.plan.layout.own);
        let n = users.len();
        let user_rows = vectors.rows(vectors.users, &users, 1);
        let positive_rows = vectors.rows(vectors.positives, &users, 1);
        let own_rows = vectors.rows(vectors.own, &users, n_own);
        for (panel, scores) in (0..vectors.shared.len()).zip(scores.chunks_exact_mut(n)) {
            vectors.shared.score::<A>(panel, user_rows, scores);
        }
        for (at, user) in users.enumerate() {
            let row = |table, at: usize| row_of(table, at, width);
            let user_row = row(user_rows, at);
            let own_panels = vectors.own_panels();
            let (own, shared) = packed.split_at_mut(own_panels);
            let own = own.as_flattened_mut();
            own.fill(f32::NEG_INFINITY);
            for (k, score) in own.iter_mut().enumerate().take(n_own) {
                *score = dot(user_row, row(own_rows, at * n_own + k));
            }
            for (lanes, scores) in shared.iter_mut().zip(scores.chunks_exact(n)) {
                *lanes = scores[at];
            }
            let mut positive = dot(user_row, row(positive_rows, at));
            vectors.prepare(user, &mut positive, packed);
            let n_valid = n_own + vectors.plan.layout.shared - vectors.plan.known(user).len();
            let cost = vectors.comparison.of::<A>(Scores {
                positive,
                negatives: packed,
                n_valid,
            });
            *value += cost.value;
            let scale = vectors.plan.similarity.scale;
            let (own, shared) = packed.split_at(own_panels);
            for (lanes, scores) in shared.iter().zip(scores.chunks_exact_mut(n)) {
                for (score, &weight) in scores[at].iter_mut().zip(lanes) {
                    *score = weight * scale;
                }
            }
            let of_user = row_mut(gradients.users, at, width);
            let of_positive = cost.of_positive * scale;
            add_scaled(of_user, of_positive, row(positive_rows, at));
            add_scaled(
                row_mut(gradients.positives, at, width),
                of_positive,
                user_row,
            );
            for (k, &weight) in own.as_flattened().iter().enumerate().take(n_own) {
                let item = at * n_own + k;
                add_scaled(of_user, weight * scale, row(own_rows, item));
                add_scaled(
                    row_mut(gradients.own, item, width),
                    weight * scale,
                    user_row,
                );
            }
        }
        for (panel, weights) in (0..vectors.shared.len()).zip(scores.chunks_exact(n)) {
            vectors.shared.spread::<A>(
                panel,
                weights,
                user_rows,
                gradients.users,
                gradients.shared,
            );
        }
    }
}

impl Vectors<'_> {
    /// From inner products to what is compared: scaled, corrected for how items were drawn, and out of
    /// reach where a negative does not count.
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
        let shared = packed[self.own_panels()..].as_flattened_mut();
        if let Some(log_q) = &plan.shared.log_q {
            let temperature = plan.loss.temperature();
            *positive -= log_q.positives[user] * temperature;
            for (score, log_q) in shared.iter_mut().zip(&log_q.shared) {
                *score -= log_q * temperature;
            }
        }
        shared[plan.layout.shared..].fill(f32::NEG_INFINITY);
        for &place in plan.known(user) {
            shared[place as usize] = f32::NEG_INFINITY;
        }
    }
}

/// The sum of squares of the regularized rows.
pub(super) fn squares(plan: &ObjectivePlan, rows: &[f32], width: usize) -> f64 {
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
    plan: &ObjectivePlan,
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
    if plan.layout.stacked {
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

impl ObjectivePlan {
    fn regularized_rows<'a>(&self, rows: &'a [f32], width: usize) -> &'a [f32] {
        match self.layout.stacked {
            true => &rows[self.layout.n_rows() * width..],
            false => rows,
        }
    }
}

#[inline(always)]
fn row_of(table: &[f32], at: usize, width: usize) -> &[f32] {
    &table[at * width..][..width]
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
