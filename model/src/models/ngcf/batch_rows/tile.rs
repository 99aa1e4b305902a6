//! One layer on a tile of packed rows that fit the cache, forwards and backwards.

use super::plan::{Form, Plan};
use crate::kernels::cpu::isa::{Arithmetic, Kernel};
use crate::kernels::cpu::small_product::{add_product, add_transposed_product};
use crate::kernels::cpu::sums::add;
use crate::ops::dropout::ElementDropout;

/// Rows of a tile.
pub(super) const TILE_ROWS: usize = 64;

/// The first (or only) activation passed its argument on unchanged.
const FIRST_OPEN: u8 = 1;
/// The second one did.
const SECOND_OPEN: u8 = 2;
/// Dropout kept the element.
const KEPT: u8 = 4;

/// A layer's parameters, or their gradients.
pub(super) struct Weights<T> {
    pub(super) first: T,
    pub(super) second: T,
    /// The biases, end to end.
    pub(super) biases: T,
}

impl<'a> Weights<&'a mut [f32]> {
    /// The parts of one layer's parameters.
    pub(super) fn of(all: &'a mut [f32], from: usize, to: usize) -> Self {
        let (first, rest) = all.split_at_mut(from * to);
        let (second, biases) = rest.split_at_mut(from * to);
        Self {
            first,
            second,
            biases,
        }
    }
}

/// One layer as its tiles see it.
pub(super) struct LayerPass<'a> {
    pub(super) form: Form,
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) slope: f32,
    pub(super) elements: Option<ElementDropout>,
    pub(super) weights: Weights<&'a [f32]>,
}

impl<'a> LayerPass<'a> {
    /// `parameters` are those of this layer.
    pub(super) fn new(plan: &Plan, layer: usize, parameters: &'a [f32]) -> Self {
        let slope = plan.slope(layer);
        let (form, layer) = (plan.form, &plan.layers[layer]);
        let (first, rest) = parameters.split_at(layer.from * layer.to);
        let (second, biases) = rest.split_at(layer.from * layer.to);
        Self {
            form,
            from: layer.from,
            to: layer.to,
            slope,
            elements: layer.dropout.elements,
            weights: Weights {
                first,
                second,
                biases,
            },
        }
    }
}

/// Packed rows, and buffers for the results made of them.
#[derive(Default)]
pub(super) struct Tile {
    /// The nodes' own rows, `[rows, from]`; then their gradient.
    pub(super) own: Vec<f32>,
    /// The sums they received, `[rows, from]`; then their gradient.
    pub(super) received: Vec<f32>,
    /// The inputs of W1 and of W2, `[rows, from]` each; then their gradients.
    first: Vec<f32>,
    second: Vec<f32>,
    /// The output, `[rows, to]`; in the backward pass its gradient.
    pub(super) made: Vec<f32>,
    other: Vec<f32>,
    pub(super) codes: Vec<u8>,
    factors: Vec<f32>,
}

impl Tile {
    /// Makes room for `rows` rows. The caller fills `received`.
    pub(super) fn fit(&mut self, rows: usize, from: usize, to: usize) {
        for table in [&mut self.own, &mut self.first, &mut self.second] {
            table.resize(rows * from, 0.0);
        }
        for table in [&mut self.made, &mut self.other] {
            table.resize(rows * to, 0.0);
        }
        self.codes.resize(rows * to, 0);
        self.factors.resize(to, 0.0);
    }

    /// The inputs of W1 and W2.
    #[inline(always)]
    fn mix(&mut self, form: Form) {
        let inputs = self.own.iter().zip(&self.received);
        let outputs = self.first.iter_mut().zip(&mut self.second);
        for ((&e, &s), (first, second)) in inputs.zip(outputs) {
            (*first, *second) = match form {
                Form::Lecture { .. } => (e, s),
                Form::Paper => (s + e, s * e),
                Form::Official => (s, e * s),
            };
        }
    }

    /// Turns the gradients in `first` and `second` into those of `own` and `received`, in their places.
    #[inline(always)]
    fn unmix(&mut self, form: Form) {
        let gradients = self.first.iter().zip(&self.second);
        let inputs = self.own.iter_mut().zip(&mut self.received);
        for ((&first, &second), (e, s)) in gradients.zip(inputs) {
            (*e, *s) = match form {
                Form::Lecture { .. } => (first, second),
                Form::Paper => (first + *s * second, first + *e * second),
                Form::Official => (*s * second, first + *e * second),
            };
        }
    }
}

/// Makes `made` and `codes` of `own` and `received`.
pub(super) struct ForwardTile<'a> {
    pub(super) pass: &'a LayerPass<'a>,
    pub(super) nodes: &'a [u32],
    pub(super) tile: &'a mut Tile,
}

impl Kernel for ForwardTile<'_> {
    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let Self { pass, nodes, tile } = self;
        let (form, from, to, weights) = (pass.form, pass.from, pass.to, &pass.weights);
        tile.mix(form);
        let mut biases = weights.biases.chunks_exact(to);
        fill_rows(&mut tile.made, to, biases.next());
        add_product::<A>(&tile.first, from, weights.first, to, &mut tile.made);
        if form.activates_apart() {
            fill_rows(&mut tile.other, to, biases.next());
            add_product::<A>(&tile.second, from, weights.second, to, &mut tile.other);
        } else {
            add_product::<A>(&tile.second, from, weights.second, to, &mut tile.made);
        }
        activate(pass, tile);
        if let Some(dropout) = &pass.elements {
            let rows = tile.made.chunks_exact_mut(to);
            for ((&node, made), codes) in
                nodes.iter().zip(rows).zip(tile.codes.chunks_exact_mut(to))
            {
                dropout.factors(node as usize * to, &mut tile.factors);
                for ((made, code), &factor) in made.iter_mut().zip(codes).zip(&tile.factors) {
                    *made *= factor;
                    *code = if factor == 0.0 { *code & !KEPT } else { *code };
                }
            }
        }
    }
}

#[inline(always)]
fn fill_rows(table: &mut [f32], width: usize, row: Option<&[f32]>) {
    match row {
        Some(row) => table
            .chunks_exact_mut(width)
            .for_each(|out| out.copy_from_slice(row)),
        None => table.fill(0.0),
    }
}

#[inline(always)]
fn activate(pass: &LayerPass<'_>, tile: &mut Tile) {
    let slope = pass.slope;
    let leaky = |x: f32| if x > 0.0 { x } else { slope * x };
    let open = |x: f32, code: u8| if x > 0.0 { code } else { 0 };
    let outputs = tile.made.iter_mut().zip(&mut tile.codes);
    if pass.form.activates_apart() {
        for ((made, code), &other) in outputs.zip(&tile.other) {
            *code = open(*made, FIRST_OPEN) | open(other, SECOND_OPEN) | KEPT;
            *made = leaky(*made) + leaky(other);
        }
    } else {
        for (made, code) in outputs {
            *code = open(*made, FIRST_OPEN) | KEPT;
            *made = leaky(*made);
        }
    }
}

/// Turns `own`, `received`, `codes` and the gradient in `made` into the gradients of `own` and
/// `received`, in their places; adds this tile's share to the gradients of the parameters.
pub(super) struct BackwardTile<'a> {
    pub(super) pass: &'a LayerPass<'a>,
    /// W1 and W2 transposed.
    pub(super) transposed: &'a [Vec<f32>; 2],
    pub(super) tile: &'a mut Tile,
    pub(super) gradients: Weights<&'a mut [f32]>,
}

impl Kernel for BackwardTile<'_> {
    #[inline(always)]
    fn run<A: Arithmetic>(self) {
        let (pass, tile, gradients) = (self.pass, self.tile, self.gradients);
        let (form, from, to) = (pass.form, pass.from, pass.to);
        deactivate(pass, tile);
        let apart = form.activates_apart();
        let mut biases = gradients.biases.chunks_exact_mut(to);
        for sums in [&tile.made, &tile.other] {
            if let Some(bias) = biases.next() {
                sums.chunks_exact(to).for_each(|row| add(bias, row));
            }
        }
        tile.mix(form);
        let second = if apart { &tile.other } else { &tile.made };
        add_transposed_product::<A>(&tile.first, from, &tile.made, to, gradients.first);
        add_transposed_product::<A>(&tile.second, from, second, to, gradients.second);
        tile.first.fill(0.0);
        tile.second.fill(0.0);
        add_product::<A>(&tile.made, to, &self.transposed[0], from, &mut tile.first);
        add_product::<A>(second, to, &self.transposed[1], from, &mut tile.second);
        tile.unmix(form);
    }
}

/// Turns the gradient of the output into those of the activations' arguments.
#[inline(always)]
fn deactivate(pass: &LayerPass<'_>, tile: &mut Tile) {
    let slope = pass.slope;
    let scale = pass.elements.map_or(1.0, |dropout| dropout.scale());
    let kept = |code: u8| if code & KEPT != 0 { scale } else { 0.0 };
    let open = |code: u8, bit: u8| if code & bit != 0 { 1.0 } else { slope };
    let gradients = tile.made.iter_mut().zip(&tile.codes);
    if pass.form.activates_apart() {
        for ((made, &code), other) in gradients.zip(&mut tile.other) {
            let gradient = *made * kept(code);
            *made = gradient * open(code, FIRST_OPEN);
            *other = gradient * open(code, SECOND_OPEN);
        }
    } else {
        for (made, &code) in gradients {
            *made *= kept(code) * open(code, FIRST_OPEN);
        }
    }
}
