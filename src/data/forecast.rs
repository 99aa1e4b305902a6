//! How much memory training will take, estimated from the counts of a data set.

use serde::{Deserialize, Serialize};

const FLOAT_BYTES: u64 = 4;

/// The program itself, and what reading the log leaves.
const BASE_BYTES: u64 = 20 << 20;

/// Bytes that training takes at its peak, per kind of model; an estimate.
///
/// With `T = (users + items) · dim · 4` bytes for one table, training holds 8 tables: parameters,
/// gradients, two Adam moments, the best epoch's parameters, and the host copies a checkpoint is
/// written from. To them come what the backward pass keeps and works with, and the graph (8 bytes an
/// edge, both ways):
///
/// | model | tables beyond the 8 | graph |
/// |---|---|---|
/// | mf | 3 | none |
/// | lightgcn | 3: the propagation is one operation | `16 · edges` |
/// | ngcf | `16 · layers` (`ngcf-lecture` about half), and `layers · 2 (dim² + dim)` weights | `16 · edges` |
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
        let ngcf = tables(8 + 16 * depth).saturating_add(transforms.saturating_mul(4));
        let total = |bytes: u64| bytes.saturating_add(BASE_BYTES);
        Self {
            dim,
            layers,
            mf: total(tables(11)),
            lightgcn: total(tables(11).saturating_add(graph)),
            ngcf: total(ngcf.saturating_add(graph)),
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
        assert_eq!(forecast.mf, BASE_BYTES + 11 * 40);
        assert_eq!(forecast.lightgcn, BASE_BYTES + 11 * 40 + 112);
        assert_eq!(
            forecast.ngcf,
            BASE_BYTES + 56 * 40 + 4 * (3 * 2 * 6 * 4) + 112
        );
    }
}
