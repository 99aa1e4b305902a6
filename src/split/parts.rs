//! The parts of a split, and what all methods need to fill them.

use crate::data::Interactions;

/// The part an interaction goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Train,
    Validation,
    Test,
}

/// How many of `n` a fraction takes, rounded, leaving at least one.
pub(super) fn share(n: usize, fraction: f64) -> usize {
    ((n as f64 * fraction).round() as usize).min(n.saturating_sub(1))
}

/// Calls `cut` with each user's rows; the log is sorted by user, so they lie together.
pub(super) fn per_user(
    log: &Interactions,
    mut cut: impl FnMut(u32, &mut [u32], &mut [Part]),
) -> Vec<Part> {
    let mut parts = vec![Part::Train; log.len()];
    let (mut start, mut rows) = (0, Vec::new());
    for users in log.users.chunk_by(|a, b| a == b) {
        let end = start + users.len() as u32;
        rows.clear();
        rows.extend(start..end);
        cut(users[0], &mut rows, &mut parts);
        start = end;
    }
    parts
}

pub(super) fn mark(parts: &mut [Part], rows: &[u32], part: Part) {
    rows.iter().for_each(|&row| parts[row as usize] = part);
}
