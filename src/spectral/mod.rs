//! The spectrum of the interactions: the normalised item graph, its leading singular vectors, and the
//! Chebyshev recurrence that filters over it and the search for its vectors share.

mod dense;
mod error;
mod item_graph;
mod subspace;

pub use error::SpectralError;
pub use item_graph::{ItemGraph, Step};
pub use subspace::{Spectrum, SpectrumRequest, leading_vectors};
