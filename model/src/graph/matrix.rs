//! A sparse matrix where its products are computed: CPU backends read the host's arrays, a GPU holds its own.

use std::sync::Arc;

use burn::tensor::Device;

use super::csr::SparseMatrix;
use crate::kernels::buffers::buffer_limit_bytes;
use crate::kernels::cpu::spmm::CsrView;
#[cfg(feature = "gpu")]
use crate::kernels::gpu::{launch, spmm::CubeMatrix};

/// Bytes of one column or one value of an edge.
const EDGE_BYTES: u64 = 4;

/// A matrix on one device and, where its pattern is symmetric, its transpose: the same pattern with other values.
#[derive(Debug)]
pub(crate) struct Matrix {
    csr: SparseMatrix,
    /// Values of the transpose in the same edge order; those of `csr` itself, as a shared handle, when the matrix equals
    /// its transpose.
    transposed: Arc<Vec<f32>>,
    #[cfg(feature = "gpu")]
    cube: Option<CubeMatrix>,
}

impl Matrix {
    /// Puts the matrix where `device` can read it, in blocks of whole rows of at most `block_edges` edges.
    /// `transposed` are the values of the transpose; `None` for a matrix that equals its transpose, or of which no
    /// transpose is asked.
    pub(crate) fn new(
        csr: SparseMatrix,
        transposed: Option<Vec<f32>>,
        block_edges: usize,
        device: &Device,
    ) -> Self {
        #[cfg(not(feature = "gpu"))]
        let _ = (block_edges, device);
        let transposed = transposed.map_or_else(|| csr.shared_values(), Arc::new);
        Self {
            #[cfg(feature = "gpu")]
            cube: launch::device(device)
                .map(|at| CubeMatrix::new(csr.view(), &transposed, block_edges, &at)),
            csr,
            transposed,
        }
    }

    /// The same pattern with other values.
    pub(crate) fn with_values(&self, values: Vec<f32>, transposed: Vec<f32>) -> Self {
        let csr = self.csr.with_values(values);
        let transposed = Arc::new(transposed);
        Self {
            #[cfg(feature = "gpu")]
            cube: self
                .cube
                .as_ref()
                .map(|cube| cube.with_values(csr.view().values, &transposed)),
            csr,
            transposed,
        }
    }

    /// Number of rows.
    #[cfg(feature = "gpu")]
    pub(crate) fn n_rows(&self) -> usize {
        self.csr.n_rows()
    }

    /// Number of edges.
    pub(crate) fn n_edges(&self) -> usize {
        self.csr.n_entries()
    }

    /// The matrix, or its transpose, on the host.
    pub(crate) fn view(&self, transposed: bool) -> CsrView<'_> {
        match transposed {
            true => CsrView {
                values: &self.transposed,
                ..self.csr.view()
            },
            false => self.csr.view(),
        }
    }

    /// The matrix on the GPU.
    ///
    /// # Panics
    /// When it lives on another device.
    #[cfg(feature = "gpu")]
    pub(crate) fn resident(&self) -> &CubeMatrix {
        let Some(cube) = &self.cube else {
            panic!("the table and the adjacency live on different devices");
        };
        cube
    }
}

/// The most edges that one buffer of `device` holds.
pub(crate) fn block_edges_of(device: &Device) -> usize {
    buffer_limit_bytes(device).map_or(usize::MAX, |bytes| {
        usize::try_from(bytes / EDGE_BYTES).unwrap_or(usize::MAX)
    })
}
