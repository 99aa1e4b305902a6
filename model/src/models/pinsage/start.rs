//! A network that begins with what content alone knows.

use std::collections::BTreeMap;

use super::PinSageConfig;
use crate::parameters::HostTensor;

/// What the neighbourhood weighs beside the item at first. An item without neighbours is its own, so that content is
/// where it was; with 0 what is learned of neighbourhoods would begin with random ones.
const OF_NEIGHBOURS: f32 = 0.5;

/// The directions in which some rows differ most.
#[derive(Clone, Debug, PartialEq)]
pub struct Directions {
    /// `[width of a row, n]`, row-major: the direction of most first, each of length 1.
    pub values: Vec<f32>,
    /// How many there are.
    pub n: usize,
}

impl Directions {
    /// The axes themselves, of rows of this width.
    pub fn axes(width: usize) -> Self {
        Self {
            values: (0..width * width)
                .map(|at| f32::from(at % (width + 1) == 0))
                .collect(),
            n: width,
        }
    }

    /// The same of rows that other values follow.
    ///
    /// # Panics
    /// When these are wider.
    #[must_use]
    pub fn of_width(mut self, width: usize) -> Self {
        assert!(width * self.n >= self.values.len(), "no narrower");
        self.values.resize(width * self.n, 0.0);
        self
    }

    fn value(&self, row: usize, at: usize) -> f32 {
        self.values[row * self.n + at]
    }
}

/// What items are made of, brought down to few directions.
#[derive(Clone, Debug, PartialEq)]
pub struct ContentStart {
    /// Of bags of words (latent semantic analysis); `None` where items have no words.
    pub words: Option<Directions>,
    /// Of what the first convolution reads: words in the directions above, then other features.
    pub inputs: Directions,
}

impl PinSageConfig {
    /// Changes initial parameters so that embeddings begin as what items are made of, in the first `dim` directions of
    /// `start`: their cosines are those of content, and training goes on from there. Words' embeddings are the
    /// words' directions; a direction passes the ReLUs of every layer as two values, one for each sign; what a neighbour
    /// tells is its content, which weighs half the item's. What no direction uses keeps its random values, which nothing
    /// reads yet.
    ///
    /// # Panics
    /// When parameters or directions are of another shape than the network's.
    pub(crate) fn start_from_content(
        &self,
        start: &ContentStart,
        parameters: &mut BTreeMap<String, HostTensor>,
    ) {
        let n = start.inputs.n.min(self.hidden / 2);
        if n == 0 {
            // Nothing to begin with: what is random stays so.
            return;
        }
        let mut change = |name: String, value: &dyn Fn(usize, usize) -> Option<f32>| {
            let Some(tensor) = parameters.get_mut(&name) else {
                panic!("the network has {name}");
            };
            let columns = tensor.shape[1];
            for (at, old) in tensor.values.iter_mut().enumerate() {
                *old = value(at / columns, at % columns).unwrap_or(*old);
            }
        };
        let identity = |row: usize, column: usize| Some(f32::from(row == column));
        let sign = |at: usize| if at.is_multiple_of(2) { 1.0 } else { -1.0 };
        if let Some(words) = &start.words {
            change("words".to_owned(), &|row, at| {
                (at < words.n).then(|| words.value(row, at))
            });
        }
        for layer in 0..self.layers {
            let name = |part: &str| format!("layers.{layer}.{part}.weight");
            for part in ["self", "near"] {
                match layer {
                    0 => change(name(part), &|row, at| {
                        (at / 2 < n).then(|| sign(at) * start.inputs.value(row, at / 2))
                    }),
                    _ => change(name(part), &identity),
                }
            }
            change(name("pooled"), &|row, at| {
                Some(if row == at { OF_NEIGHBOURS } else { 0.0 })
            });
        }
        change("head.hidden.weight".to_owned(), &identity);
        change("head.output.weight".to_owned(), &|row, at| {
            Some(match row / 2 < n && row / 2 == at {
                true => sign(row),
                false => 0.0,
            })
        });
    }
}
