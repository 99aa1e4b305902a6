//! Lists from a GPU are those of a full sort on the host.

use std::cmp::Ordering;

use super::*;
use crate::{DeviceTables, RankingError};

/// Floats of a row.
const DIM: usize = 5;

/// Whole numbers, so that every score is exact in whatever order it is summed, and many are equal.
fn whole_numbers(n: usize, seed: u64) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    (0..n * DIM)
        .map(|_| rng.random_range(-2..3) as f32)
        .collect()
}

fn full_sort(users: &[f32], items: &[f32], user: u32, k: usize, seen: &[u32]) -> Vec<(u32, f32)> {
    let user = &users[user as usize * DIM..][..DIM];
    let score = |item: &[f32]| user.iter().zip(item).map(|(a, b)| a * b).sum::<f32>();
    let mut all: Vec<(u32, f32)> = (0..)
        .zip(items.chunks_exact(DIM).map(score))
        .filter(|(item, _)| !seen.contains(item))
        .collect();
    all.sort_by(|a, b| match b.1.partial_cmp(&a.1).unwrap() {
        Ordering::Equal => a.0.cmp(&b.0),
        by_score => by_score,
    });
    all.truncate(k);
    all
}

fn on_gpu(users: &[f32], items: &[f32]) -> Option<DeviceTables> {
    let device = gpu()?;
    Some(DeviceTables::upload(DIM, users, items, &device).unwrap())
}

/// Ties, seen items, lists that run short, one tile and many, for K from 1 to 1,000.
#[test]
fn lists_are_a_full_sort_for_every_k_and_tile() {
    let (n_users, n_items) = (13, 1_500);
    let (users, items) = (whole_numbers(n_users, 1), whole_numbers(n_items, 2));
    let Some(tables) = on_gpu(&users, &items) else {
        return;
    };
    let everything: Vec<u32> = (0..n_items as u32).collect();
    let some: Vec<u32> = (0..n_items as u32).filter(|item| item % 3 != 1).collect();
    let seen = |user: u32| match user {
        4 => &everything[..],
        5 => &everything[7..],
        user if user % 2 == 0 => &some[..],
        _ => &[],
    };
    let asked: Vec<u32> = (0..n_users as u32).rev().chain([3, 3]).collect();
    for k in [1, 20, 256, 257, 1_000] {
        for score_bytes in [1 << 26, 1] {
            let lists = tables.top_k_in_tiles(&asked, k, seen, score_bytes).unwrap();
            for (&user, list) in asked.iter().zip(&lists) {
                let expected = full_sort(&users, &items, user, k, seen(user));
                assert_eq!(list, &expected, "user {user}, K {k}, {score_bytes} bytes");
            }
        }
    }
    assert!(tables.largest_k() >= 1_000);
}

#[test]
fn signed_zeros_tie_and_infinities_rank() {
    let users = [1.0, 0.0, 0.0, 0.0, 0.0];
    let firsts = [0.0, -0.0, f32::INFINITY, f32::NEG_INFINITY, 0.0, -3.0, -0.0];
    let items: Vec<f32> = firsts
        .iter()
        .flat_map(|&first| [first, 0.0, 0.0, 0.0, 0.0])
        .collect();
    let Some(tables) = on_gpu(&users, &items) else {
        return;
    };
    let lists = tables.top_k(&[0], 7, |_| &[]).unwrap();
    let ids: Vec<u32> = lists[0].iter().map(|&(item, _)| item).collect();
    assert_eq!(ids, [2, 0, 1, 4, 6, 5, 3]);
}

#[test]
fn a_nan_names_the_first_user_and_item_even_when_seen() {
    let users = whole_numbers(3, 3);
    let mut items = whole_numbers(600, 4);
    items[590 * DIM] = f32::NAN;
    items[301 * DIM + 2] = f32::NAN;
    let Some(tables) = on_gpu(&users, &items) else {
        return;
    };
    for score_bytes in [1 << 26, 1] {
        let error = tables
            .top_k_in_tiles(&[2, 0], 5, |_| &[301], score_bytes)
            .unwrap_err();
        assert!(
            matches!(error, RankingError::NotANumber { user: 2, item: 301 }),
            "{error}"
        );
    }
}
