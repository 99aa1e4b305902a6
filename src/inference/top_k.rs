//! Exact top-K over the whole catalogue: the one ranking that evaluation, export and serving share, but for
//! [`rank_many`](ScoreSource::rank_many), which sums the same scores in another order.

use std::borrow::Cow;

use rayon::prelude::*;

use super::rank_error::RankError;
use super::score_source::{Part, ScoreSource};
use super::selection::{Ranked, Selection};
use crate::data::ItemLists;

/// Users ranked together; one block is one unit of parallel work. Each panel of items is fetched once a block.
const USERS_PER_BLOCK: usize = 192;

/// The `k` best items of each of `users`, in the order of `users`: higher score first, then smaller item id.
///
/// All items compete; those in the user's `seen` list are left out, so a user with fewer than `k`
/// unseen items gets fewer, and nobody gets more than the catalogue holds. Runs on rayon's current pool; the result does not depend on its size.
///
/// # Errors
/// `k` of 0, a user out of range, or a NaN score (the first in the order of
/// `users`, then of items; seen items count too).
pub fn top_k(
    source: &dyn ScoreSource,
    users: &[u32],
    k: usize,
    seen: Option<&ItemLists>,
) -> Result<Vec<Vec<Ranked>>, RankError> {
    ranked_in_blocks(source, users, k, seen, &[], USERS_PER_BLOCK)
}

/// The `k` best items of each of `users` without the `excluded` ones (ascending), otherwise as [`top_k`].
///
/// # Errors
/// As [`top_k`], and when `excluded` does not ascend or names unknown items.
pub fn top_k_without(
    source: &dyn ScoreSource,
    users: &[u32],
    k: usize,
    seen: Option<&ItemLists>,
    excluded: &[u32],
) -> Result<Vec<Vec<Ranked>>, RankError> {
    check_items(excluded, source.n_items())?;
    ranked_in_blocks(source, users, k, seen, excluded, USERS_PER_BLOCK)
}

/// The `k` best items of each of `users` among `items` (ascending) alone, otherwise as [`top_k`]. The scores are the
/// same; a list is shorter where `items` holds fewer than `k` unseen ones.
///
/// # Errors
/// As [`top_k`], and when `items` do not ascend or are unknown. Items not asked for are not scored, so a NaN among
/// them goes unseen.
pub fn top_k_among(
    source: &dyn ScoreSource,
    users: &[u32],
    k: usize,
    seen: Option<&ItemLists>,
    items: &[u32],
) -> Result<Vec<Vec<Ranked>>, RankError> {
    check(source, users, k, seen)?;
    check_items(items, source.n_items())?;
    if items.is_empty() {
        return Ok(vec![Vec::new(); users.len()]);
    }
    let places = (0..users.len() as u32).collect::<Vec<_>>();
    let seen = seen.map(|seen| {
        let place = |item| items.binary_search(&item).ok().map(|place| place as u32);
        let of = |&at: &u32| {
            let known = seen.of(users[at as usize]).iter();
            known.filter_map(move |&item| Some((at, place(item)?)))
        };
        ItemLists::from_pairs(users.len(), places.iter().flat_map(of))
    });
    let own = source.part(users, items);
    let tiles = Part::new(source, users, items);
    let lists = ranked_in_blocks(
        own.as_deref().unwrap_or(&tiles),
        &places,
        k.min(items.len()),
        seen.as_ref(),
        &[],
        USERS_PER_BLOCK,
    );
    let mut lists = lists.map_err(|error| match error {
        RankError::NotANumber { user, item } => RankError::NotANumber {
            user: users[user as usize],
            item: items[item as usize],
        },
        other => other,
    })?;
    for ranked in lists.iter_mut().flatten() {
        ranked.item = items[ranked.item as usize];
    }
    Ok(lists)
}

/// [`top_k`] with `users_per_block` users in a block.
pub(super) fn ranked_in_blocks(
    source: &dyn ScoreSource,
    users: &[u32],
    k: usize,
    seen: Option<&ItemLists>,
    excluded: &[u32],
    users_per_block: usize,
) -> Result<Vec<Vec<Ranked>>, RankError> {
    check(source, users, k, seen)?;
    let k = k.min(source.n_items());
    if excluded.is_empty()
        && let Some(lists) = source.rank(users, k, seen)
    {
        return lists;
    }
    // One block gains nothing from the pool, and callers on threads of their own need not wait for it.
    if users.len() <= users_per_block {
        return rank_block(source, users, k, seen, excluded);
    }
    let blocks: Vec<Result<Vec<Vec<Ranked>>, RankError>> = users
        .par_chunks(users_per_block)
        .map(|block| rank_block(source, block, k, seen, excluded))
        .collect();
    let mut lists = Vec::with_capacity(users.len());
    for block in blocks {
        lists.extend(block?);
    }
    Ok(lists)
}

pub(super) fn check_k(k: usize) -> Result<(), RankError> {
    match k {
        0 => Err(RankError::ZeroK),
        _ => Ok(()),
    }
}

fn check(
    source: &dyn ScoreSource,
    users: &[u32],
    k: usize,
    seen: Option<&ItemLists>,
) -> Result<(), RankError> {
    check_k(k)?;
    let n_users = source.n_users();
    match seen {
        Some(seen) if seen.n_users() != n_users => {
            return Err(RankError::SeenUsers {
                seen: seen.n_users(),
                n_users,
            });
        }
        _ => {}
    }
    match users.iter().find(|&&user| user as usize >= n_users) {
        Some(&user) => Err(RankError::UnknownUser { user, n_users }),
        None => Ok(()),
    }
}

/// Refuses a list of items that does not ascend or leaves the catalogue.
fn check_items(items: &[u32], n_items: usize) -> Result<(), RankError> {
    let steps = items.windows(2).find(|pair| pair[0] >= pair[1]);
    let beyond = items.last().filter(|&&item| item as usize >= n_items);
    match steps.map(|pair| &pair[1]).or(beyond) {
        Some(&item) => Err(RankError::ItemList { item, n_items }),
        None => Ok(()),
    }
}

/// Two ascending lists as one. Nothing is copied where one of them is empty.
fn merged<'a>(a: &'a [u32], b: &'a [u32]) -> Cow<'a, [u32]> {
    if b.is_empty() {
        return Cow::Borrowed(a);
    }
    if a.is_empty() {
        return Cow::Borrowed(b);
    }
    let mut both = [a, b].concat();
    both.sort_unstable();
    both.dedup();
    Cow::Owned(both)
}

fn rank_block(
    source: &dyn ScoreSource,
    users: &[u32],
    k: usize,
    seen: Option<&ItemLists>,
    excluded: &[u32],
) -> Result<Vec<Vec<Ranked>>, RankError> {
    let hidden = |&user: &u32| merged(seen.map_or(&[][..], |seen| seen.of(user)), excluded);
    let hidden: Vec<Cow<'_, [u32]>> = users.iter().map(hidden).collect();
    let mut selections: Vec<Selection<'_>> = hidden
        .iter()
        .map(|hidden| Selection::new(k, hidden))
        .collect();
    source.offer_all(users, &mut selections);
    let finish = |(&user, selection): (&u32, Selection<'_>)| {
        selection
            .finish()
            .map_err(|item| RankError::NotANumber { user, item })
    };
    users.iter().zip(selections).map(finish).collect()
}
