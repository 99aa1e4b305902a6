//! The items' half of the tables: rows, score head, and values computed from them once. All scorers share it.

use std::sync::OnceLock;

use sagebrush_model::ScoreHead;

use super::mlp::project_items;
use super::panels::ItemPanels;
use crate::run::Floats;

/// The item table and the head that scores it.
#[derive(Debug)]
pub(super) struct ItemSide {
    pub(super) n_items: usize,
    pub(super) dim: usize,
    /// `[n_items x dim]`, row-major.
    pub(super) rows: Floats,
    pub(super) head: ScoreHead,
    /// The weight of the prior, which is the last number of every user's row, where the last column is the prior.
    pub(super) prior: Option<f32>,
    /// The items' half of a perceptron's hidden layer; empty for a dot product.
    pub(super) projected: Vec<f32>,
    /// The item table again, a byte a number where the processor multiplies bytes, made when the first list is asked for.
    panels: OnceLock<ItemPanels>,
    /// The lengths of the rows, made when similar items are first asked for.
    lengths: OnceLock<Vec<f64>>,
}

impl ItemSide {
    pub(super) fn new(dim: usize, rows: impl Into<Floats>, head: ScoreHead) -> Self {
        let rows = rows.into();
        Self {
            n_items: rows.len() / dim,
            dim,
            projected: project_items(&head, &rows, dim),
            rows,
            head,
            prior: None,
            panels: OnceLock::new(),
            lengths: OnceLock::new(),
        }
    }

    pub(super) fn row(&self, item: u32) -> &[f32] {
        &self.rows[item as usize * self.dim..][..self.dim]
    }

    /// The width of a row without the prior.
    pub(super) fn own_dim(&self) -> usize {
        self.dim - usize::from(self.prior.is_some())
    }

    /// The model's own part of a row: what the item is like, whoever likes it these days.
    pub(super) fn own_row(&self, item: u32) -> &[f32] {
        &self.row(item)[..self.own_dim()]
    }

    pub(super) fn panels(&self) -> &ItemPanels {
        let make = || ItemPanels::new(&self.rows, self.dim);
        self.panels.get_or_init(make)
    }

    /// The Euclidean length of the model's own part of each row, in double precision.
    pub(super) fn lengths(&self) -> &[f64] {
        self.lengths.get_or_init(|| {
            let own = |row: &'_ [f32]| inner(&row[..self.own_dim()], &row[..self.own_dim()]);
            let length = |row: &[f32]| own(row).sqrt();
            self.rows.chunks_exact(self.dim).map(length).collect()
        })
    }
}

/// The inner product in double precision.
pub(super) fn inner(a: &[f32], b: &[f32]) -> f64 {
    a.iter()
        .zip(b)
        .map(|(&x, &y)| f64::from(x) * f64::from(y))
        .sum()
}
