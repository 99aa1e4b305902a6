//! Rows whose keys wait to be looked up together.

use super::Sink;
use crate::data::error::{DataError, Position, Role};
use crate::data::key::{KeyBatch, KeyFault};

/// How many rows wait before their keys are looked up, first all users and then all items: cache misses of
/// consecutive look-ups overlap.
const WAITING_ROWS: usize = 256;

pub(super) type FoundId = Result<u32, KeyFault>;

/// Rows whose keys are still to be looked up.
#[derive(Default)]
pub(super) struct WaitingRows {
    pub(super) users: KeyBatch,
    pub(super) items: KeyBatch,
    /// Position, weight and timestamp of each.
    pub(super) rest: Vec<(Position, f32, i64)>,
}

impl WaitingRows {
    pub(super) fn is_full(&self) -> bool {
        self.rest.len() == WAITING_ROWS || self.users.is_heavy() || self.items.is_heavy()
    }

    fn clear(&mut self) {
        self.users.clear();
        self.items.clear();
        self.rest.clear();
    }
}

impl Sink<'_> {
    /// Takes the rows that wait.
    pub(super) fn flush(&mut self) -> Result<(), DataError> {
        let mut waiting = std::mem::take(&mut self.waiting);
        if self.skips_bad_rows() {
            self.leave_out_bad_keys(&mut waiting)?;
        }
        self.ids.0.clear();
        self.ids
            .0
            .extend(waiting.users.iter().map(|key| self.users.id(key)));
        self.ids.1.clear();
        self.ids
            .1
            .extend(waiting.items.iter().map(|key| self.items.id(key)));
        for (row, &(at, weight, timestamp)) in waiting.rest.iter().enumerate() {
            let (user, item) = (self.ids.0[row], self.ids.1[row]);
            match (user, item) {
                (Ok(user), Ok(item)) => self.push(at, user, item, weight, timestamp)?,
                (Err(fault), _) => self.bad_row(self.key_error(at, Role::User, fault))?,
                (_, Err(fault)) => self.bad_row(self.key_error(at, Role::Item, fault))?,
            }
        }
        waiting.clear();
        self.waiting = waiting;
        Ok(())
    }

    /// Takes the rows of bad keys out of those that wait, before a good key beside a bad one gets an id.
    pub(super) fn leave_out_bad_keys(
        &mut self,
        waiting: &mut WaitingRows,
    ) -> Result<(), DataError> {
        let mut keep = vec![true; waiting.rest.len()];
        let keys = waiting.users.iter().zip(waiting.items.iter());
        for (row, (user, item)) in keys.enumerate() {
            let fault = match (user.fault(), item.fault()) {
                (Some(fault), _) => (Role::User, fault),
                (_, Some(fault)) => (Role::Item, fault),
                (None, None) => continue,
            };
            keep[row] = false;
            let at = waiting.rest[row].0;
            self.bad_row(self.key_error(at, fault.0, fault.1))?;
        }
        if keep.contains(&false) {
            waiting.users.retain(&keep);
            waiting.items.retain(&keep);
            let mut keep = keep.iter();
            waiting.rest.retain(|_| keep.next() == Some(&true));
        }
        Ok(())
    }
}
