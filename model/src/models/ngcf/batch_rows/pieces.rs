//! The work of one thread at a time: pieces of a list of rows, and the parts of tables they write.
//!
//! Pieces depend on the list alone, never on the number of threads, so neither do sums over pieces.

/// Rows of a piece.
const PIECE_ROWS: usize = 512;

/// Cuts an ascending list of nodes into pieces, none of which holds both users and items.
pub(super) fn pieces(nodes: &[u32], n_users: usize) -> Vec<&[u32]> {
    let (users, items) = nodes.split_at(nodes.partition_point(|&n| (n as usize) < n_users));
    users
        .chunks(PIECE_ROWS)
        .chain(items.chunks(PIECE_ROWS))
        .collect()
}

/// The part of a table that one piece writes: from its first row to its last.
pub(super) struct Part<'a, T> {
    first: usize,
    width: usize,
    values: &'a mut [T],
}

impl<T: Copy> Part<'_, T> {
    pub(super) fn row(&self, node: u32) -> &[T] {
        &self.values[(node as usize - self.first) * self.width..][..self.width]
    }

    pub(super) fn put(&mut self, node: u32, row: &[T]) {
        self.values[(node as usize - self.first) * self.width..][..self.width].copy_from_slice(row);
    }
}

/// Cuts a table, given as its users' and its items' half, into the parts of ascending, disjoint
/// pieces.
pub(super) fn parts<'a, T>(
    (users, items): (&'a mut [T], &'a mut [T]),
    width: usize,
    n_users: usize,
    pieces: &[&[u32]],
) -> Vec<Part<'a, T>> {
    let of_users = pieces.partition_point(|piece| (piece[0] as usize) < n_users);
    let (of_users, of_items) = pieces.split_at(of_users);
    let mut all = Vec::with_capacity(pieces.len());
    for (mut rest, mut at, pieces) in [(users, 0, of_users), (items, n_users, of_items)] {
        for piece in pieces {
            let (first, last) = (piece[0] as usize, piece[piece.len() - 1] as usize);
            let (own, tail) = rest[(first - at) * width..].split_at_mut((last + 1 - first) * width);
            all.push(Part {
                first,
                width,
                values: own,
            });
            (rest, at) = (tail, last + 1);
        }
    }
    all
}
