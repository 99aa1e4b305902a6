//! Leading vectors against a dense decomposition by another library.

use nalgebra::DMatrix;

use super::*;
use crate::data::ItemLists;

/// Users like the items of their group and now and then others; group sizes follow a power law.
fn lists(n_users: u32, n_items: u32) -> ItemLists {
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let pairs: Vec<(u32, u32)> = (0..n_users)
        .flat_map(|user| (0..3 + user % 17).map(move |_| user))
        .map(|user| {
            let u: f64 = rng.random();
            let item = (u * u * f64::from(n_items)) as u32;
            let shifted = (item + (user % 5) * n_items / 5) % n_items;
            (user, shifted)
        })
        .collect();
    ItemLists::from_pairs(n_users as usize, pairs.into_iter())
}

fn dense(lists: &ItemLists, n_items: usize) -> DMatrix<f64> {
    let mut r = DMatrix::zeros(lists.n_users(), n_items);
    for (user, item) in lists.pairs() {
        r[(user as usize, item as usize)] = 1.0;
    }
    let inverse_root = |sum: f64| if sum > 0.0 { sum.sqrt().recip() } else { 0.0 };
    let users = r.column_sum().map(inverse_root);
    let items = r.row_sum().map(inverse_root);
    DMatrix::from_fn(r.nrows(), r.ncols(), |u, i| users[u] * r[(u, i)] * items[i])
}

fn request(n_vectors: usize, tolerance: f64) -> SpectrumRequest {
    SpectrumRequest {
        n_vectors,
        tolerance,
        seed: 42,
    }
}

#[test]
fn values_and_span_are_those_of_a_dense_decomposition() {
    let (n_users, n_items, k) = (300, 200, 24);
    let lists = lists(n_users, n_items);
    let graph = CoOccurrence::new(&lists, n_items as usize).unwrap();
    let found = leading_vectors(&graph, request(k, 1e-5), &|| false).unwrap();
    assert!(found.residual <= 1e-5 && found.rounds > 1);
    let matrix = dense(&lists, n_items as usize);
    let mut svd = matrix.clone().svd(false, true);
    svd.sort_by_singular_values();
    for (found, expected) in found.values.iter().zip(&svd.singular_values) {
        assert!((f64::from(*found) - expected).abs() < 1e-6);
    }
    let ours = found.vectors.iter().map(|&x| f64::from(x));
    let ours = DMatrix::from_row_iterator(n_items as usize, k, ours);
    let theirs = svd.v_t.unwrap().rows(0, k).transpose();
    let gap = (&ours * ours.transpose() - &theirs * theirs.transpose()).norm();
    assert!(gap < 1e-3, "projectors differ by {gap}");
    for column in 0..k {
        let v = ours.column(column);
        let s = f64::from(found.values[column]);
        let u = &matrix * v / s;
        let residual = (matrix.transpose() * u - v * s).norm();
        assert!(residual < 2e-5, "residual {residual} of vector {column}");
    }
}

#[test]
fn more_vectors_than_there_are_stop_at_the_rank() {
    // Two users with the same items and one with another: rank 2.
    let pairs = [(0, 0), (0, 1), (1, 0), (1, 1), (2, 2)];
    let graph = CoOccurrence::new(&ItemLists::from_pairs(3, pairs.into_iter()), 5).unwrap();
    let found = leading_vectors(&graph, request(100, 1e-5), &|| false).unwrap();
    assert_eq!(found.values.len(), 2);
    assert!(found.values.iter().all(|value| (value - 1.0).abs() < 1e-5));
    assert_eq!(found.vectors.len(), 10);
    let none = leading_vectors(&graph, request(0, 1e-5), &|| false).unwrap();
    assert!(none.values.is_empty() && none.vectors.is_empty());
}

/// All users of a group have the same items: two singular values of 1, and else nothing.
#[test]
fn a_spectrum_that_falls_to_nothing_at_once_is_found() {
    let pairs = (0..20u32).flat_map(|user| (0..200).map(move |at| (user, 2 * at + user % 2)));
    let graph = CoOccurrence::new(&ItemLists::from_pairs(20, pairs), 400).unwrap();
    for seed in 0..5 {
        let request = SpectrumRequest {
            seed,
            ..request(8, 1e-4)
        };
        let found = leading_vectors(&graph, request, &|| false).unwrap();
        assert_eq!(found.values.len(), 2, "seed {seed}: {:?}", found.values);
        assert!(found.values.iter().all(|value| (value - 1.0).abs() < 1e-5));
        assert!(found.residual <= 1e-4 && found.vectors.iter().all(|x| x.is_finite()));
    }
}

#[test]
fn threads_change_no_bit_and_the_seed_no_span() {
    let lists = lists(200, 300);
    let graph = CoOccurrence::new(&lists, 300).unwrap();
    let on = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        let pool = pool.build().unwrap();
        pool.install(|| leading_vectors(&graph, request(80, 1e-4), &|| false).unwrap())
    };
    let one = on(1);
    assert_eq!(one, on(2));
    assert_eq!(one, on(5));
}

#[test]
fn a_tolerance_beyond_single_precision_is_missed_by_little_and_a_stop_is_an_error() {
    let lists = lists(60, 80);
    let graph = CoOccurrence::new(&lists, 80).unwrap();
    let found = leading_vectors(&graph, request(8, 1e-12), &|| false).unwrap();
    assert_eq!((found.values.len(), found.rounds), (8, ROUNDS_MAX));
    assert!(
        found.residual > 1e-12 && found.residual < 1e-5,
        "{}",
        found.residual
    );
    let mut svd = dense(&lists, 80).svd(false, false);
    svd.sort_by_singular_values();
    for (found, expected) in found.values.iter().zip(&svd.singular_values) {
        assert!((f64::from(*found) - expected).abs() < 1e-6);
    }
    let stopped = leading_vectors(&graph, request(8, 1e-4), &|| true);
    assert_eq!(stopped, Err(SpectralError::Stopped));
}
