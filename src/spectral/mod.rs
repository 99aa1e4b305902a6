//! The spectrum of the interactions: the normalised item graph, its leading singular vectors, and the
//! Chebyshev recurrence that filters over it and the search for its vectors share.

mod co_occurrence;
mod dense;
mod error;
mod subspace;

pub use co_occurrence::{CoOccurrence, Step};
pub use error::SpectralError;
pub use subspace::{Spectrum, SpectrumRequest, leading_vectors};
