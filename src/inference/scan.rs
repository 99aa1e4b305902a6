//! Tiles of scores on the way through the panels: every score, or by products of bytes only those that may enter a list.

use super::byte_kernel;
use super::byte_vectors::{ByteItems, ByteUsers};
use super::kernel::{ITEMS, ItemLanes, TOGETHER, Tile, USERS, UserLanes, fetch_ahead, scores_of};
use super::packing::{pack_items, pack_users};

/// From so many items on, bytes are worth their making.
const ITEMS_WORTH_BYTES: usize = 2_048;
/// Hits of a tile from which on all its scores cost less than those of the hits alone.
const DENSE: u32 = 64;

/// How the item vectors lie in memory.
#[derive(Debug, Clone)]
pub(super) enum Vectors {
    /// `[n_panels x dim]`; the last panel is filled up with zeros.
    Floats(Vec<ItemLanes>),
    /// Scores are read off the table.
    Bytes(ByteItems),
}

/// The vectors of `items`, rows of `dim` numbers of `table`, as the processor reads them best. `lengths` are those of
/// the longest vector of each panel.
pub(super) fn vectors(table: &[f32], dim: usize, items: &[u32], lengths: &[f64]) -> Vectors {
    if byte_kernel::is_quick() && items.len() >= ITEMS_WORTH_BYTES {
        Vectors::Bytes(ByteItems::new(table, dim, items, lengths))
    } else {
        floats(table, dim, items)
    }
}

/// The vectors as numbers.
pub(super) fn floats(table: &[f32], dim: usize, items: &[u32]) -> Vectors {
    Vectors::Floats(pack_items(rows_of(table, dim, items), dim))
}

/// The rows of some items of a table.
fn rows_of<'a>(
    table: &'a [f32],
    dim: usize,
    items: &'a [u32],
) -> impl ExactSizeIterator<Item = &'a [f32]> {
    items
        .iter()
        .map(move |&item| &table[item as usize * dim..][..dim])
}

/// Items, and the users that are on their way through them.
pub(super) struct Scan<'a> {
    vectors: &'a Vectors,
    dim: usize,
    /// `[n_items x dim]`, row-major.
    table: &'a [f32],
    /// The item at each position.
    items: &'a [u32],
    /// How much of the product of both lengths a computed score may be off by.
    rounding: f64,
    rows: Vec<&'a [f32]>,
    users: Vec<UserLanes>,
    user_bytes: ByteUsers,
    /// The panel whose numbers were packed last, and they.
    packed: (usize, Vec<ItemLanes>),
}

impl<'a> Scan<'a> {
    /// Without users yet.
    pub(super) fn new(
        vectors: &'a Vectors,
        dim: usize,
        table: &'a [f32],
        items: &'a [u32],
        rounding: f64,
    ) -> Self {
        Self {
            vectors,
            dim,
            table,
            items,
            rounding,
            rows: Vec::new(),
            users: Vec::new(),
            user_bytes: ByteUsers::default(),
            packed: (usize::MAX, Vec::new()),
        }
    }

    /// Takes these users from now on, in panels of [`USERS`].
    pub(super) fn take_users(&mut self, rows: Vec<&'a [f32]>) {
        self.users = pack_users(rows.iter().copied(), self.dim);
        if let Vectors::Bytes(items) = self.vectors {
            self.user_bytes = items.users(&rows, self.rounding);
        }
        self.rows = rows;
    }

    /// The hits of a panel of users among a panel of items, and their scores. A score that is no hit may be missing.
    pub(super) fn fill(
        &mut self,
        panel: usize,
        user_panel: usize,
        thresholds: &UserLanes,
        tile: &mut Tile,
    ) {
        let users = &self.users[user_panel * self.dim..][..self.dim];
        match self.vectors {
            Vectors::Floats(lanes) => {
                let (items, ahead) = lanes[panel * self.dim..].split_at(self.dim);
                let n_parts = self.rows.len().div_ceil(USERS);
                let mut parts =
                    ahead[..self.dim.min(ahead.len())].chunks(self.dim.div_ceil(n_parts));
                parts.nth(user_panel).into_iter().for_each(fetch_ahead);
                tile.fill(users, items, thresholds);
            }
            Vectors::Bytes(bytes) => {
                tile.hits = bytes.hits(&self.user_bytes, user_panel, panel, thresholds);
                if tile.hits.iter().all(|&hits| hits == 0) {
                    return;
                }
                match tile.hits.iter().map(|hits| hits.count_ones()).sum() {
                    DENSE.. => self.fill_all(panel, user_panel, thresholds, tile),
                    _ => self.fill_hits(panel, user_panel, thresholds, tile),
                }
            }
        }
    }

    /// Every score of a tile.
    fn fill_all(
        &mut self,
        panel: usize,
        user_panel: usize,
        thresholds: &UserLanes,
        tile: &mut Tile,
    ) {
        if self.packed.0 != panel {
            let rows = rows_of(self.table, self.dim, of_panel(self.items, panel));
            self.packed = (panel, pack_items(rows, self.dim));
        }
        let users = &self.users[user_panel * self.dim..][..self.dim];
        tile.fill(users, &self.packed.1, thresholds);
    }

    /// The scores of the hits of a tile. Those below the threshold are no hits any more.
    fn fill_hits(&self, panel: usize, user_panel: usize, thresholds: &UserLanes, tile: &mut Tile) {
        let items = of_panel(self.items, panel);
        let known = u32::MAX >> (ITEMS - items.len());
        let rows = self.rows[user_panel * USERS..].iter().take(USERS);
        for (lane, row) in rows.enumerate() {
            let mut left = tile.hits[lane] & known;
            tile.hits[lane] = 0;
            while left != 0 {
                let mut places = [0; TOGETHER];
                let mut n = 0;
                while left != 0 && n < TOGETHER {
                    places[n] = left.trailing_zeros() as usize;
                    left &= left - 1;
                    n += 1;
                }
                // Places beyond the last hit are those of the first one again.
                let first = places[0];
                places[n..].fill(first);
                let item =
                    |place: usize| &self.table[items[place] as usize * self.dim..][..self.dim];
                let scores = scores_of(row, places.map(item));
                for (&place, &score) in places[..n].iter().zip(&scores) {
                    tile.scores[lane][place] = score;
                    // The negated comparison lets NaN through, so that none goes unseen.
                    #[allow(clippy::neg_cmp_op_on_partial_ord)]
                    let is_hit = !(score < thresholds[lane]);
                    tile.hits[lane] |= u32::from(is_hit) << place;
                }
            }
        }
    }
}

/// The items of a panel.
fn of_panel(items: &[u32], panel: usize) -> &[u32] {
    let first = panel * ITEMS;
    &items[first..items.len().min(first + ITEMS)]
}
