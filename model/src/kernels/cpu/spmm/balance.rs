//! Cuts a matrix's rows into pieces of about equal work for threads.

use std::ops::Range;

/// The output row costs about as much as this many edges.
const ROW_WORK: usize = 2;

/// Cuts the rows into at most `pieces` ranges of about equal work, counted in edges.
pub(super) fn split_by_work(row_ptr: &[u32], pieces: usize) -> Vec<Range<usize>> {
    let n_rows = row_ptr.len() - 1;
    let work_before = |row: usize| (row_ptr[row] - row_ptr[0]) as usize + ROW_WORK * row;
    let total = work_before(n_rows);
    let mut ranges = Vec::with_capacity(pieces);
    let mut start = 0;
    for piece in 1..=pieces {
        let target = total * piece / pieces;
        let end = if piece == pieces {
            n_rows
        } else {
            start + binary_search(n_rows - start, |i| work_before(start + i) < target)
        };
        if end > start {
            ranges.push(start..end);
            start = end;
        }
    }
    ranges
}

/// The first index of `0..len` for which `below` is false, `below` being monotone.
fn binary_search(len: usize, below: impl Fn(usize) -> bool) -> usize {
    let (mut low, mut high) = (0, len);
    while low < high {
        let middle = low + (high - low) / 2;
        if below(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn pieces_cover_all_rows_once_even_when_one_row_holds_every_edge() {
        let row_ptr = [0, 0, 0, 1_000_000, 1_000_000];
        let ranges = split_by_work(&row_ptr, 64);
        assert_eq!(ranges.first().unwrap().start, 0);
        assert_eq!(ranges.last().unwrap().end, 4);
        assert!(ranges.windows(2).all(|pair| pair[0].end == pair[1].start));
    }
}
