//! Eigenvectors, singular vectors and inverses: those of the normalised interactions, with the Chebyshev recurrence that graph
//! filters share, those of items' content, of small dense matrices, and the inverse of a large one.

mod co_occurrence;
#[cfg(feature = "train")]
mod components;
mod dense;
mod eigen;
mod error;
mod inverse;
mod segments;
mod subspace;

pub use co_occurrence::{CoOccurrence, Step};
#[cfg(feature = "train")]
pub(crate) use components::leading_directions;
pub(crate) use dense::{inner, turn};
pub(crate) use eigen::falling_eigen;
pub use error::SpectralError;
pub use inverse::invert_positive;
pub use subspace::{Spectrum, SpectrumRequest, leading_vectors};
