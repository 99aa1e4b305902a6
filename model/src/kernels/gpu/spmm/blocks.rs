//! How rows are cut for a device: blocks that fit its buffers, segments that keep its units busy.

use std::ops::Range;

use burn_cubecl::CubeDevice;
use burn_cubecl::tensor::CubeTensor;

use crate::kernels::cpu::spmm::rows::Packed;
use crate::kernels::gpu::launch::integers;

/// Rows with more edges than this are a cube's, so that one unit never walks a popular item's whole list alone.
pub(super) const LONG_ROW_EDGES: usize = 512;
/// The most edges one cube sums.
const SEGMENT_EDGES: usize = 2048;

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

/// Whether a row of a block is summed by cubes of its own.
pub(super) fn is_long(row_ptr: &[u32], row: usize) -> bool {
    (row_ptr[row + 1] - row_ptr[row]) as usize > LONG_ROW_EDGES
}

/// Long rows of a block on the device.
#[derive(Clone, Debug)]
pub(super) struct LongRows {
    pub(super) n_segments: usize,
    /// [`Segments::segments`]
    pub(super) segments: CubeTensor,
    /// Rows of several segments: how many, and [`Segments::split`].
    pub(super) split: Option<(usize, CubeTensor)>,
}

/// [`LongRows`] on the host.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Segments {
    /// First edge, the edge after the last, row in the block, and row of the result or [`Packed::ABSENT`] where the row
    /// has other segments.
    segments: Vec<[u32; 4]>,
    /// First segment, the one after the last, row in the block, row of the result.
    split: Vec<[u32; 4]>,
}

impl Segments {
    /// Cuts long rows of a block, each with its row of the result, into segments of at most [`SEGMENT_EDGES`] edges;
    /// edges are counted from the block's first.
    pub(super) fn new(row_ptr: &[u32], rows: impl Iterator<Item = (u32, u32)>) -> Self {
        let mut cut = Self::default();
        let edge = |row: u32| row_ptr[row as usize] - row_ptr[0];
        for (row, out) in rows {
            let (start, end) = (edge(row), edge(row + 1));
            let is_split = (end - start) as usize > SEGMENT_EDGES;
            let target = if is_split { Packed::ABSENT } else { out };
            let first = cut.segments.len() as u32;
            for start in (start..end).step_by(SEGMENT_EDGES) {
                let full = start.saturating_add(SEGMENT_EDGES as u32);
                cut.segments.push([start, full.min(end), row, target]);
            }
            if is_split {
                let end = cut.segments.len() as u32;
                cut.split.push([first, end, row, out]);
            }
        }
        cut
    }

    pub(super) fn upload(self, device: &CubeDevice) -> Option<LongRows> {
        let n_split = self.split.len();
        (!self.segments.is_empty()).then(|| LongRows {
            n_segments: self.segments.len(),
            segments: integers(self.segments.concat(), device),
            split: (n_split > 0).then(|| (n_split, integers(self.split.concat(), device))),
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
    fn rows_beyond_a_segment_are_cut_and_others_are_one() {
        let edges = SEGMENT_EDGES as u32;
        let row_ptr = [0, 5, 5 + edges, 3 * edges + 6];
        assert!(!is_long(&row_ptr, 0) && is_long(&row_ptr, 1));
        let segments = Segments::new(&row_ptr, [(1, 7), (2, 4)].into_iter());
        let absent = Packed::ABSENT;
        let expected = [
            [5, 5 + edges, 1, 7],
            [5 + edges, 5 + 2 * edges, 2, absent],
            [5 + 2 * edges, 5 + 3 * edges, 2, absent],
            [5 + 3 * edges, 6 + 3 * edges, 2, absent],
        ];
        assert_eq!(segments.segments, expected);
        assert_eq!(segments.split, [[1, 4, 2, 4]]);
    }
}
