//! The sparse product for CubeCL runtimes (wgpu).

use std::sync::Arc;

use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;

use super::PropagateBackend;
use crate::graph::Matrix;
use crate::kernels::gpu::spmm::{Affine, Operand, horner};

impl PropagateBackend for CubeBackend {
    fn spmm(x: CubeTensor, matrix: Arc<Matrix>, transposed: bool) -> CubeTensor {
        let source = &Operand::table(x);
        matrix.resident().affine(&Affine {
            transposed,
            base: None,
            source,
            scale: 1.0,
        })
    }

    fn spmm_mean(
        x: CubeTensor,
        matrix: Arc<Matrix>,
        transposed: bool,
        layers: usize,
    ) -> CubeTensor {
        let matrix = matrix.resident();
        if layers == 0 {
            return x;
        }
        let x = Operand::table(x);
        let before_last = horner(matrix, &x, transposed, layers - 1);
        matrix.affine(&Affine {
            transposed,
            base: Some(&x),
            source: before_last.as_ref().unwrap_or(&x),
            scale: 1.0 / (layers + 1) as f32,
        })
    }
}
