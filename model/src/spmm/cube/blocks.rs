//! How rows are cut for a device: blocks that fit its buffers, segments that keep its units busy.

use std::ops::Range;

use burn_cubecl::CubeDevice;
use burn_cubecl::tensor::CubeTensor;

use super::integers;
use crate::spmm::SEGMENT_EDGES;

/// Cuts the rows into blocks of at most `block_edges` edges; no row is longer than a block.
pub(super) fn split_rows(row_ptr: &[u32], block_edges: usize) -> Vec<Range<usize>> {
    let n_rows = row_ptr.len() - 1;
    let mut blocks = Vec::new();
    let mut start = 0;
    for row in 0..n_rows {
        if (row_ptr[row + 1] - row_ptr[start]) as usize > block_edges {
            blocks.push(start..row);
            start = row;
        }
    }
    if start < n_rows {
        blocks.push(start..n_rows);
    }
    blocks
}

/// The rows of a block with more than [`SEGMENT_EDGES`] edges.
#[derive(Clone, Debug)]
pub(super) struct LongRows {
    pub(super) n_rows: usize,
    pub(super) n_segments: usize,
    /// Rows of the block, `[n_rows]`.
    pub(super) rows: CubeTensor,
    /// Edges of the block at which each segment starts and ends, `[n_segments]`.
    pub(super) starts: CubeTensor,
    pub(super) ends: CubeTensor,
    /// Segments of each long row, `[n_rows + 1]`.
    pub(super) row_segments: CubeTensor,
}

/// [`LongRows`] on the host.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Segments {
    rows: Vec<u32>,
    starts: Vec<u32>,
    ends: Vec<u32>,
    row_segments: Vec<u32>,
}

impl Segments {
    /// Cuts each long row of a block into segments of at most [`SEGMENT_EDGES`] edges.
    pub(super) fn new(row_ptr: &[u32]) -> Self {
        let mut segments = Self {
            row_segments: vec![0],
            ..Self::default()
        };
        for (row, bounds) in row_ptr.windows(2).enumerate() {
            if (bounds[1] - bounds[0]) as usize <= SEGMENT_EDGES {
                continue;
            }
            segments.rows.push(row as u32);
            for start in (bounds[0]..bounds[1]).step_by(SEGMENT_EDGES) {
                segments.starts.push(start);
                let end = start.saturating_add(SEGMENT_EDGES as u32);
                segments.ends.push(end.min(bounds[1]));
            }
            segments.row_segments.push(segments.starts.len() as u32);
        }
        segments
    }

    pub(super) fn upload(self, device: &CubeDevice) -> Option<LongRows> {
        (!self.rows.is_empty()).then(|| LongRows {
            n_rows: self.rows.len(),
            n_segments: self.starts.len(),
            rows: integers(self.rows, device),
            starts: integers(self.starts, device),
            ends: integers(self.ends, device),
            row_segments: integers(self.row_segments, device),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_hold_whole_rows_up_to_the_limit() {
        let row_ptr = [0, 3, 3, 5, 9, 10];
        assert_eq!(split_rows(&row_ptr, 100), vec![0..5]);
        assert_eq!(split_rows(&row_ptr, 5), vec![0..3, 3..5]);
        assert_eq!(split_rows(&row_ptr, 4), vec![0..2, 2..3, 3..4, 4..5]);
        assert_eq!(split_rows(&[0], 4), Vec::<Range<usize>>::new());
    }

    #[test]
    fn only_long_rows_are_cut() {
        let edges = SEGMENT_EDGES as u32;
        let row_ptr = [0, edges, 3 * edges + 1, 3 * edges + 2];
        let segments = Segments::new(&row_ptr);
        assert_eq!(segments.rows, vec![1]);
        assert_eq!(segments.starts, vec![edges, 2 * edges, 3 * edges]);
        assert_eq!(segments.ends, vec![2 * edges, 3 * edges, 3 * edges + 1]);
        assert_eq!(segments.row_segments, vec![0, 3]);
    }
}
