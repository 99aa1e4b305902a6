//! The tables whose rows the sparse product reads: one table, two tables end to end, or a few rows of one.

/// Rows of one width, by node.
pub(crate) trait Rows: Copy + Sync {
    /// Whether rows lie scattered over more than a cache, so that requesting them ahead pays.
    const FAR: bool;

    /// The row of a node; `None` is a row of zeros.
    fn row(&self, node: usize) -> Option<&[f32]>;
}

/// No rows: all zeros.
#[derive(Clone, Copy)]
pub(crate) struct Zeros;

impl Rows for Zeros {
    const FAR: bool = false;

    #[inline(always)]
    fn row(&self, _node: usize) -> Option<&[f32]> {
        None
    }
}

/// One table, row-major.
#[derive(Clone, Copy)]
pub(crate) struct Table<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) width: usize,
}

impl Rows for Table<'_> {
    const FAR: bool = true;

    #[inline(always)]
    fn row(&self, node: usize) -> Option<&[f32]> {
        Some(&self.values[node * self.width..][..self.width])
    }
}

/// Users' rows, then items' rows, in two buffers: what a concatenation would be, without the copy.
#[derive(Clone, Copy)]
pub(crate) struct TwoTables<'a> {
    pub(crate) users: &'a [f32],
    pub(crate) items: &'a [f32],
    pub(crate) width: usize,
}

impl TwoTables<'_> {
    pub(crate) fn n_users(&self) -> usize {
        self.users.len() / self.width.max(1)
    }
}

impl Rows for TwoTables<'_> {
    const FAR: bool = true;

    #[inline(always)]
    fn row(&self, node: usize) -> Option<&[f32]> {
        let start = node * self.width;
        Some(match start.checked_sub(self.users.len()) {
            None => &self.users[start..][..self.width],
            Some(start) => &self.items[start..][..self.width],
        })
    }
}

/// Some nodes' rows, packed; every other row is zero.
#[derive(Clone, Copy)]
pub(crate) struct Packed<'a> {
    pub(crate) values: &'a [f32],
    pub(crate) width: usize,
    /// Where each node's row is packed, or [`Packed::ABSENT`].
    pub(crate) slots: &'a [u32],
}

impl Packed<'_> {
    pub(crate) const ABSENT: u32 = u32::MAX;
}

impl Rows for Packed<'_> {
    const FAR: bool = false;

    #[inline(always)]
    fn row(&self, node: usize) -> Option<&[f32]> {
        match self.slots[node] {
            Self::ABSENT => None,
            slot => Some(&self.values[slot as usize * self.width..][..self.width]),
        }
    }
}
