//! Half-steps against dense algebra of another library, the loss, and fold-in.
#![allow(clippy::unwrap_used)]

use nalgebra::{DMatrix, DVector};

use super::*;
use crate::inference::{FoldIn, Scorer, top_k};

const USERS: usize = 70;
const ITEMS: usize = 45;

/// Histories of 0 to 44 items: shorter and longer than a vector.
fn train() -> ItemLists {
    let has = |u: u32, i: u32| (u * 31 + i * i * 7 + u * i) % 97 < u + 2;
    let pairs = (0..USERS as u32).flat_map(|u| (0..ITEMS as u32 - 1).map(move |i| (u, i)));
    ItemLists::from_pairs(USERS, pairs.filter(|&(u, i)| u > 0 && has(u, i)))
}

fn config(dim: usize) -> IalsConfig {
    IalsConfig {
        dim,
        alpha: 0.2,
        l2: 0.05,
        l2_power: 1.0,
        iterations: 4,
    }
}

fn matrix(table: &[f32], dim: usize) -> DMatrix<f64> {
    DMatrix::from_fn(table.len() / dim, dim, |r, c| f64::from(table[r * dim + c]))
}

/// Equation 4 of Hu et al. with the weights of Rendle et al., in double precision: the system of every pair of a user and
/// an item is written down.
#[test]
fn a_half_step_is_the_weighted_ridge_regression_of_dense_algebra() {
    let train = train();
    for dim in [5, 16, 24] {
        let (config, table) = (config(dim), start(ITEMS, dim, 3));
        let scaled: Vec<f32> = table.iter().map(|x| 9.0 * x).collect();
        let side = Side::new(&scaled, dim, &config);
        let mut found = vec![f32::NAN; USERS * dim];
        solve_all(train.rows(), &side, &mut found);
        let h = matrix(&scaled, dim);
        let mut lengths = [false; 2];
        for user in 0..USERS {
            let history = train.of(user as u32);
            lengths[usize::from(history.len() < side.width)] = true;
            let ridge = 0.05 * (history.len() as f64 + 0.2 * ITEMS as f64);
            let mut system = DMatrix::identity(dim, dim) * ridge;
            let mut right = DVector::zeros(dim);
            for item in 0..ITEMS {
                let row = h.row(item).transpose();
                let has = train.contains(user as u32, item as u32);
                let weight = 0.2 + if has { 1.0 } else { 0.0 };
                system += &row * row.transpose() * weight;
                if has {
                    right += row;
                }
            }
            let expected = system.try_inverse().unwrap() * right;
            for (found, expected) in found[user * dim..][..dim].iter().zip(&expected) {
                let error = (f64::from(*found) - expected).abs();
                assert!(error < 2e-5, "{dim}, {user}: {found} is not {expected}");
            }
        }
        assert_eq!(lengths, [true; 2], "both kinds of systems, {dim}");
    }
}

fn loss(train: &ItemLists, tables: &Tables, config: &IalsConfig) -> f64 {
    let (w, h) = (
        matrix(tables.users(), tables.dim()),
        matrix(tables.items(), tables.dim()),
    );
    let by_item = train.users_by_item(ITEMS);
    let scores = &w * h.transpose();
    let mut loss = 0.0;
    for user in 0..USERS {
        for item in 0..ITEMS {
            let score = scores[(user, item)];
            loss += config.alpha * score * score;
            if train.contains(user as u32, item as u32) {
                loss += (1.0 - score) * (1.0 - score);
            }
        }
        let n = train.of(user as u32).len() as f64;
        let frequency = n + config.alpha * ITEMS as f64;
        loss += config.l2 * frequency.powf(config.l2_power) * w.row(user).norm_squared();
    }
    for item in 0..ITEMS {
        let n = f64::from(by_item.degree(item as u32));
        let frequency = n + config.alpha * USERS as f64;
        loss += config.l2 * frequency.powf(config.l2_power) * h.row(item).norm_squared();
    }
    loss
}

#[test]
fn the_loss_falls_with_each_iteration() {
    let train = train();
    for l2_power in [0.0, 0.5, 1.0] {
        let of = |iterations| {
            let config = IalsConfig {
                iterations,
                l2_power,
                ..config(8)
            };
            let tables = factorize(&train, ITEMS, &config, 7, &|_| true).unwrap();
            loss(&train, &tables, &config)
        };
        let losses: Vec<f64> = [1, 2, 3, 5, 8].map(of).to_vec();
        assert!(losses.is_sorted_by(|a, b| a > b), "{losses:?}");
        assert!(losses[4] < 0.9 * train.n_pairs() as f64, "{losses:?}");
    }
}

#[test]
fn a_known_user_is_found_again_by_the_history_and_gets_the_list() {
    let train = train();
    let tables = factorize(&train, ITEMS, &config(16), 7, &|_| true).unwrap();
    let users = tables.users().to_vec();
    let own = tables.with_users(users.clone());
    let scorer = Scorer::Embeddings(tables, FoldIn::of_ials(config(16)));
    for user in [3, 20, 69] {
        let history = train.of(user).iter().map(|&item| (0, item));
        let history = ItemLists::from_pairs(1, history);
        let somebody = scorer.fold_in(&history).unwrap();
        let list = &top_k(&*somebody, &[0], 5, Some(&history)).unwrap()[0];
        let expected = &top_k(&own, &[user], 5, Some(&train)).unwrap()[0];
        let items = |list: &[crate::inference::Ranked]| -> Vec<u32> {
            list.iter().map(|place| place.item).collect()
        };
        assert_eq!(items(list), items(expected));
        for (found, expected) in list.iter().zip(expected) {
            assert!((found.score - expected.score).abs() < 1e-5);
        }
    }
    assert!(users[..16] == [0.0; 16], "nobody without a history");
}

#[test]
fn the_bits_do_not_depend_on_the_number_of_threads_and_a_stop_is_heard() {
    let train = train();
    let factors = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let factors = || factorize(&train, ITEMS, &config(16), 7, &|_| true).unwrap();
        let tables = pool.build().unwrap().install(factors);
        [tables.users().to_vec(), tables.items().to_vec()]
    };
    assert!(factors(1) == factors(3));
    let stopped = factorize(&train, ITEMS, &config(4), 7, &|at| at < 1).err();
    assert_eq!(stopped, Some(IalsError::Stopped));
}
