//! Exact top-K over the whole catalogue: the one ranking that evaluation, export and serving share.

use rayon::prelude::*;

use super::score_source::{Part, ScoreSource};
use super::selection::{Ranked, Selection};
use crate::data::ItemLists;
use crate::failure::{Fails, Failure};

/// Users ranked together; one block is one unit of parallel work. Each panel of items is fetched once a block.
const USERS_PER_BLOCK: usize = 192;

/// Why no ranking came out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RankError {
    /// A list of no items was asked for.
    #[error("K is 0, so every list would be empty; ask for at least 1 item")]
    ZeroK,
    /// More items were asked for than there are.
    #[error("K is {k}, but the catalogue holds {n_items} items; ask for at most {n_items}")]
    KTooLarge {
        /// Items asked for.
        k: usize,
        /// Items there are.
        n_items: usize,
    },
    /// A user id that the scores do not cover.
    #[error("user id {user} is unknown: there are {n_users} users, numbered from 0")]
    UnknownUser {
        /// The inside id.
        user: u32,
        /// Users there are.
        n_users: usize,
    },
    /// A list of items to rank among that is not one.
    #[error(
        "the items to rank among must ascend, each once and below {n_items}; item id {item} does not"
    )]
    Among {
        /// The item out of place.
        item: u32,
        /// Items there are.
        n_items: usize,
    },
    /// Seen lists made for another set of users.
    #[error(
        "the seen items cover {seen} users, but {n_users} users are scored; both must come from one data set"
    )]
    SeenUsers {
        /// Users of the seen lists.
        seen: usize,
        /// Users there are.
        n_users: usize,
    },
    /// A score that cannot be ranked.
    #[error(
        "the score of item id {item} for user id {user} is not a number; the model has diverged: train again with a smaller learning rate"
    )]
    NotANumber {
        /// The inside user id.
        user: u32,
        /// The inside item id.
        item: u32,
    },
    /// The device that ranks failed.
    #[error("the device failed while ranking: {0}; try `--device cpu`")]
    Device(String),
    /// More similar items were asked for than there are others.
    #[error("K is {k}, but there are {others} other items; ask for at most {others}")]
    TooManySimilar {
        /// Items asked for.
        k: usize,
        /// Items there are beside the one asked about.
        others: usize,
    },
    /// A vector that has no direction to compare.
    #[error(
        "the vector of item id {item} holds a value that is not a number; the model has diverged: train again with a smaller learning rate"
    )]
    VectorNotANumber {
        /// The inside item id.
        item: u32,
    },
}

/// The `k` best items of each of `users`, in the order of `users`: higher score first, then smaller item id.
///
/// All items compete; those in the user's `seen` list are left out, so a user with fewer than `k`
/// unseen items gets fewer. Runs on rayon's current pool; the result does not depend on its size.
///
/// # Errors
/// `k` of 0 or above the catalogue, a user out of range, or a NaN score (the first in the order of
/// `users`, then of items; seen items count too).
pub fn top_k(
    source: &dyn ScoreSource,
    users: &[u32],
    k: usize,
    seen: Option<&ItemLists>,
) -> Result<Vec<Vec<Ranked>>, RankError> {
    ranked_in_blocks(source, users, k, seen, USERS_PER_BLOCK)
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
    let n_items = source.n_items();
    let steps = items.windows(2).find(|pair| pair[0] >= pair[1]);
    let beyond = items.last().filter(|&&item| item as usize >= n_items);
    if let Some(&item) = steps.map(|pair| &pair[1]).or(beyond) {
        return Err(RankError::Among { item, n_items });
    }
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

fn ranked_in_blocks(
    source: &dyn ScoreSource,
    users: &[u32],
    k: usize,
    seen: Option<&ItemLists>,
    users_per_block: usize,
) -> Result<Vec<Vec<Ranked>>, RankError> {
    check(source, users, k, seen)?;
    if let Some(lists) = source.rank(users, k, seen) {
        return lists;
    }
    let blocks: Vec<Result<Vec<Vec<Ranked>>, RankError>> = users
        .par_chunks(users_per_block)
        .map(|block| rank_block(source, block, k, seen))
        .collect();
    let mut lists = Vec::with_capacity(users.len());
    for block in blocks {
        lists.extend(block?);
    }
    Ok(lists)
}

pub(super) fn check_k(k: usize, n_items: usize) -> Result<(), RankError> {
    match k {
        0 => Err(RankError::ZeroK),
        k if k > n_items => Err(RankError::KTooLarge { k, n_items }),
        _ => Ok(()),
    }
}

fn check(
    source: &dyn ScoreSource,
    users: &[u32],
    k: usize,
    seen: Option<&ItemLists>,
) -> Result<(), RankError> {
    check_k(k, source.n_items())?;
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

fn rank_block(
    source: &dyn ScoreSource,
    users: &[u32],
    k: usize,
    seen: Option<&ItemLists>,
) -> Result<Vec<Vec<Ranked>>, RankError> {
    let of = |&user: &u32| Selection::new(k, seen.map_or(&[][..], |seen| seen.of(user)));
    let mut selections: Vec<Selection<'_>> = users.iter().map(of).collect();
    source.offer_all(users, &mut selections);
    let finish = |(&user, selection): (&u32, Selection<'_>)| {
        selection
            .finish()
            .map_err(|item| RankError::NotANumber { user, item })
    };
    users.iter().zip(selections).map(finish).collect()
}

impl Fails for RankError {
    fn failure(&self) -> Failure {
        match self {
            Self::ZeroK | Self::KTooLarge { .. } => Failure::Usage,
            Self::Device(_) => Failure::DeviceUnavailable,
            _ => Failure::BadData,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::inference::{Embeddings, best_first};

    /// Scores from a table, in tiles of a chosen width.
    struct Table {
        n_items: usize,
        tile: usize,
        scores: Vec<f32>,
    }

    impl ScoreSource for Table {
        fn n_users(&self) -> usize {
            self.scores.len() / self.n_items
        }
        fn n_items(&self) -> usize {
            self.n_items
        }
        fn items_per_tile(&self) -> usize {
            self.tile
        }
        fn score_tile(&self, users: &[u32], items: std::ops::Range<usize>, out: &mut [f32]) {
            for (&user, row) in users.iter().zip(out.chunks_exact_mut(items.len())) {
                let start = user as usize * self.n_items;
                row.copy_from_slice(&self.scores[start + items.start..start + items.end]);
            }
        }
    }

    fn full_sort(table: &Table, user: u32, k: usize, seen: &ItemLists) -> Vec<Ranked> {
        let row = &table.scores[user as usize * table.n_items..][..table.n_items];
        let mut all: Vec<Ranked> = (0..)
            .zip(row)
            .filter(|&(item, _)| !seen.contains(user, item))
            .map(|(item, &score)| Ranked { item, score })
            .collect();
        all.sort_by(best_first);
        all.truncate(k);
        all
    }

    proptest! {
        /// Few distinct scores make many ties; every K, tile width and block size gives the full sort.
        #[test]
        fn equals_a_full_sort(
            n_users in 1usize..12, n_items in 1usize..70, k_draw in 0usize..1000, tile in 1usize..80,
            block in 1usize..9, levels in 1u32..30, seed in any::<u64>(),
        ) {
            let k = 1 + k_draw % n_items;
            let mut state = seed;
            let mut draw = move || {
                state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                (state >> 33) as u32
            };
            let scores = (0..n_users * n_items).map(|_| (draw() % levels) as f32 - 3.0).collect();
            let table = Table { n_items, tile, scores };
            let pairs: Vec<(u32, u32)> =
                (0..n_users * 5).map(|_| (draw() % n_users as u32, draw() % n_items as u32)).collect();
            let seen = ItemLists::from_pairs(n_users, pairs.into_iter());
            let users: Vec<u32> = (0..n_users as u32).rev().collect();
            let lists = ranked_in_blocks(&table, &users, k, Some(&seen), block).unwrap();
            for (&user, list) in users.iter().zip(&lists) {
                prop_assert_eq!(list, &full_sort(&table, user, k, &seen));
            }
        }
    }

    #[test]
    fn bits_do_not_depend_on_block_size_thread_count_or_company() {
        let source = Embeddings::random(300, 2500, 48);
        let users: Vec<u32> = (0..300).collect();
        let reference = top_k(&source, &users, 30, None).unwrap();
        let bits = |lists: &[Vec<Ranked>]| -> Vec<(u32, u32)> {
            lists
                .iter()
                .flatten()
                .map(|r| (r.item, r.score.to_bits()))
                .collect()
        };
        for threads in [1, 2, 3] {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            for block in [1, 7, 64, 300] {
                let lists = pool.install(|| ranked_in_blocks(&source, &users, 30, None, block));
                assert_eq!(bits(&lists.unwrap()), bits(&reference));
            }
        }
        let alone = top_k(&source, &[211], 30, None).unwrap();
        assert_eq!(bits(&alone), bits(&reference[211..212]));
    }

    /// A part of the catalogue: the full lists without the other items, and the same bits; by tiles and by vectors.
    #[test]
    fn among_some_items_the_others_are_left_out() {
        let vectors = Embeddings::random(60, 500, 16);
        let mut scores = vec![0.0; 60 * 500];
        let users: Vec<u32> = (0..60).rev().collect();
        vectors.score_tile(&(0..60).collect::<Vec<u32>>(), 0..500, &mut scores);
        let table = Table {
            n_items: 500,
            tile: 64,
            scores,
        };
        let items: Vec<u32> = (0..500)
            .filter(|item| item % 7 == 3 || item % 64 == 0)
            .collect();
        let pairs = (0..60u32).flat_map(|user| (0..5).map(move |at| (user, (user + at) * 7 + 3)));
        let seen = ItemLists::from_pairs(60, pairs);
        let sources: [&dyn ScoreSource; 2] = [&vectors, &table];
        for source in sources {
            let all = top_k(source, &users, 500, Some(&seen)).unwrap();
            for k in [1, 10, 200] {
                let lists = top_k_among(source, &users, k, Some(&seen), &items).unwrap();
                for (list, all) in lists.iter().zip(&all) {
                    let kept = all.iter().filter(|place| items.contains(&place.item));
                    let expected: Vec<Ranked> = kept.take(k).copied().collect();
                    assert_eq!(list, &expected);
                }
            }
        }
        assert_eq!(top_k_among(&table, &[3], 4, None, &[]), Ok(vec![vec![]]));
        let refused = |items: &[u32]| top_k_among(&table, &[3], 4, None, items).unwrap_err();
        let n_items = 500;
        assert_eq!(refused(&[4, 4]), RankError::Among { item: 4, n_items });
        assert_eq!(refused(&[5, 500]), RankError::Among { item: 500, n_items });
    }

    #[test]
    fn bad_requests_are_refused_with_their_figures() {
        let table = Table {
            n_items: 3,
            tile: 3,
            scores: vec![0.0; 6],
        };
        let seen = ItemLists::from_pairs(5, [].into_iter());
        assert_eq!(top_k(&table, &[0], 0, None), Err(RankError::ZeroK));
        assert_eq!(
            top_k(&table, &[0], 4, None),
            Err(RankError::KTooLarge { k: 4, n_items: 3 })
        );
        assert_eq!(
            top_k(&table, &[2], 1, None),
            Err(RankError::UnknownUser {
                user: 2,
                n_users: 2
            })
        );
        assert_eq!(
            top_k(&table, &[0], 1, Some(&seen)),
            Err(RankError::SeenUsers {
                seen: 5,
                n_users: 2
            })
        );
    }

    #[test]
    fn a_nan_names_the_first_user_and_item() {
        let mut scores = vec![0.0; 12];
        scores[5] = f32::NAN;
        scores[9] = f32::NAN;
        let table = Table {
            n_items: 4,
            tile: 2,
            scores,
        };
        let error = top_k(&table, &[0, 2, 1], 1, None);
        assert_eq!(error, Err(RankError::NotANumber { user: 2, item: 1 }));
    }
}
