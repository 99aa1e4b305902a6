//! LSA warm start: initial parameters from which embeddings begin as the items' content (latent semantic analysis,
//! Deerwester et al., 1990).

use std::collections::BTreeMap;

use super::PinSageConfig;
use crate::parameters::HostTensor;

/// Initial weight of the neighbourhood beside the item. An item without neighbours is its own neighbour, so its embedding
/// keeps the direction of its content. With 0 the first gradients of the neighbourhood would come from random weights.
const NEIGHBOURHOOD_WEIGHT: f32 = 0.5;

/// The principal components of a table: the directions in which its rows vary most.
#[derive(Clone, Debug, PartialEq)]
pub struct PrincipalComponents {
    /// `[width of a row, n]`, row-major: one component a column, of length 1, the one of largest variance first.
    pub values: Vec<f32>,
    /// Number of components.
    pub n: usize,
}

impl PrincipalComponents {
    /// The axes of rows of `width` floats: as many components as floats, each of one float alone.
    pub fn axes(width: usize) -> Self {
        Self {
            values: (0..width * width)
                .map(|at| f32::from(at % (width + 1) == 0))
                .collect(),
            n: width,
        }
    }

    /// The same components of rows of `width` floats, which have other floats after the ones of these components.
    ///
    /// # Panics
    /// When `width` is smaller than that of the components.
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

/// The principal components of items' content, from which an LSA warm start is made.
#[derive(Clone, Debug, PartialEq)]
pub struct LsaStart {
    /// Of bags of words (latent semantic analysis); `None` where items have no words.
    pub words: Option<PrincipalComponents>,
    /// Of the inputs of the first convolution: words in the components above, then other features.
    pub inputs: PrincipalComponents,
}

impl PinSageConfig {
    /// Changes initial parameters so that embeddings begin as the items' content in the first `dim` components of
    /// `start`: their cosines are those of content. Words' embeddings are the words' components. A component passes
    /// the ReLUs of every layer as two values, one for each sign. The message of a neighbour is its content, at half
    /// the weight of the item's own. Weights that no component uses keep their random values; nothing reads them at
    /// first.
    ///
    /// # Panics
    /// When parameters or components are of another shape than the network's.
    pub(crate) fn apply_lsa_start(
        &self,
        start: &LsaStart,
        parameters: &mut BTreeMap<String, HostTensor>,
    ) {
        let n = start.inputs.n.min(self.hidden / 2);
        if n == 0 {
            // No component: the random values stay.
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
                Some(if row == at { NEIGHBOURHOOD_WEIGHT } else { 0.0 })
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
