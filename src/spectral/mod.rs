//! Eigenvectors and singular vectors: those of the normalised interactions, with the Chebyshev recurrence that graph
//! filters share, those of items' content, and of small dense matrices.

mod co_occurrence;
#[cfg(feature = "train")]
mod components;
mod dense;
mod eigen;
mod error;
mod subspace;

pub use co_occurrence::{CoOccurrence, Step};
#[cfg(feature = "train")]
pub(crate) use components::leading_directions;
pub(crate) use eigen::falling_eigen;
pub use error::SpectralError;
pub use subspace::{Spectrum, SpectrumRequest, leading_vectors};
