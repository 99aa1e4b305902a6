//! How much memory training will take, estimated from the counts of a data set.

use serde::{Deserialize, Serialize};

const FLOAT_BYTES: u64 = 4;

/// Bytes of working memory that training takes, per kind of model; an estimate.
///
/// With `T = (users + items) · dim · 4` bytes for one table and `P` bytes of parameters, each is
/// `4 P` (parameters, gradients, two Adam moments), plus what autodiff keeps for the backward pass,
/// plus the graph (8 bytes an edge, both ways):
///
/// | model | parameters `P` | kept activations | graph |
/// |---|---|---|---|
/// | mf | `T` | none beyond the batch | none |
/// | lightgcn | `T` | `(layers + 2) T` | `16 · edges` |
/// | ngcf | `T` and `layers · 2 (dim² + dim) · 4` | `8 · layers · T` | `16 · edges` |
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryForecast {
    /// Embedding width the forecast is for.
    pub dim: usize,
    /// Propagation layers the forecast is for.
    pub layers: usize,
    /// Matrix factorization, bytes.
    pub mf: u64,
    /// LightGCN, bytes.
    pub lightgcn: u64,
    /// NGCF, any variant, bytes.
    pub ngcf: u64,
}

impl MemoryForecast {
    /// The forecast for a number of nodes (users and items together) and edges.
    pub fn new(nodes: u64, edges: u64, dim: usize, layers: usize) -> Self {
        let (width, depth) = (dim as u64, layers as u64);
        let table = nodes.saturating_mul(width).saturating_mul(FLOAT_BYTES);
        let graph = edges.saturating_mul(16);
        let tables = |n: u64| table.saturating_mul(n);
        let square = width.saturating_mul(width).saturating_add(width);
        let transforms = depth.saturating_mul(2).saturating_mul(square);
        let transforms = transforms.saturating_mul(FLOAT_BYTES);
        let ngcf = tables(4 + 8 * depth).saturating_add(transforms.saturating_mul(4));
        Self {
            dim,
            layers,
            mf: tables(4),
            lightgcn: tables(4 + depth + 2).saturating_add(graph),
            ngcf: ngcf.saturating_add(graph),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_forecast_is_the_formula() {
        // 5 nodes, 7 edges, dim 2, 3 layers: a table is 40 bytes, the graph 112.
        let forecast = MemoryForecast::new(5, 7, 2, 3);
        assert_eq!(forecast.mf, 160);
        assert_eq!(forecast.lightgcn, 160 + 5 * 40 + 112);
        assert_eq!(forecast.ngcf, 160 + 24 * 40 + 4 * (3 * 2 * 6 * 4) + 112);
    }
}
