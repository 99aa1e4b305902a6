//! Filters against dense algebra of another program, and what every source of scores must hold.
#![allow(clippy::unwrap_used)]

use serde::Deserialize;

use super::*;
use crate::evaluation::{EvaluationData, recall_and_ndcg};
use crate::inference::score_source::all_scores;
use crate::inference::top_k;
use crate::inference::{Popularity, Scorer};
use crate::spectral::{SpectrumRequest, leading_vectors};

/// Written by `tests/fixtures/filters/oracle.py`.
#[derive(Deserialize)]
struct Oracle {
    n_users: usize,
    n_items: usize,
    pairs: Vec<(u32, u32)>,
    #[serde(rename = "gf-cf")]
    gf_cf: Vec<f32>,
    chebycf: Vec<f32>,
}

fn oracle() -> Oracle {
    let text = include_str!("../../../tests/fixtures/filters/scores.json");
    serde_json::from_str(text).unwrap()
}

fn gf_cf() -> FilterShape {
    FilterShape {
        response: Response::linear(),
        degree_power: 0.0,
        low_pass_weight: 0.3,
        low_pass_degree_power: 0.5,
    }
}

fn chebycf() -> FilterShape {
    FilterShape {
        response: Response::plateau(8, 1.5),
        degree_power: 0.4,
        low_pass_weight: 0.2,
        low_pass_degree_power: 0.4,
    }
}

fn fitted(shape: &FilterShape, train: &ItemLists, n_items: usize, n_vectors: usize) -> GraphFilter {
    let graph = CoOccurrence::new(train, n_items).unwrap();
    let request = SpectrumRequest {
        n_vectors,
        tolerance: 1e-5,
        seed: 42,
    };
    let spectrum = leading_vectors(&graph, request, &|| false).unwrap();
    let n_vectors = spectrum.values.len();
    GraphFilter::new(shape, graph, train.clone(), &spectrum.vectors, n_vectors).unwrap()
}

#[test]
fn scores_are_those_of_dense_algebra_elsewhere() {
    let oracle = oracle();
    let train = ItemLists::from_pairs(oracle.n_users, oracle.pairs.iter().copied());
    for (shape, n_vectors, expected) in [
        (gf_cf(), 12, &oracle.gf_cf),
        (chebycf(), 15, &oracle.chebycf),
    ] {
        let found = all_scores(&fitted(&shape, &train, oracle.n_items, n_vectors));
        let rows = found
            .chunks(oracle.n_items)
            .zip(expected.chunks(oracle.n_items));
        for (found, expected) in rows {
            let largest = expected
                .iter()
                .fold(0f32, |max, score| max.max(score.abs()));
            for (found, expected) in found.iter().zip(expected) {
                let error = (found - expected).abs();
                assert!(error <= 1e-4 * largest, "{found} is not {expected}");
            }
        }
    }
}

/// Lists by the table of single items are those of the scores of whole histories, weights, the prior and what users have
/// counted in.
#[test]
fn lists_of_many_are_those_of_each() {
    let oracle = oracle();
    let train = ItemLists::from_pairs(oracle.n_users, oracle.pairs.iter().copied());
    let weights = (0..train.n_pairs()).map(|at| 0.5 + (at % 7) as f32);
    let weights: Vec<f32> = weights.collect();
    let added: Vec<f32> = (0..oracle.n_items)
        .map(|at| 0.01 * (at % 5) as f32)
        .collect();
    let users: Vec<u32> = (0..oracle.n_users as u32).rev().collect();
    for (shape, n_vectors) in [(gf_cf(), 12), (gf_cf(), 0), (chebycf(), 15)] {
        let even = fitted(&shape, &train, oracle.n_items, n_vectors);
        let weighing = even.clone().weighing(weights.clone());
        for (filter, added) in [(weighing, &added[..]), (even, &[])] {
            let wanted = ManyLists {
                users: &users,
                k: 5,
                seen: &train,
                added,
            };
            let found = many::by_table_of(&filter, &wanted).unwrap();
            let all = all_scores(&filter);
            for (&user, list) in users.iter().zip(&found) {
                let of = |item: usize| {
                    let own = all[user as usize * oracle.n_items + item];
                    own + added.get(item).unwrap_or(&0.0)
                };
                let mut rest: Vec<f32> = (0..oracle.n_items)
                    .filter(|&item| !train.of(user).contains(&(item as u32)))
                    .map(of)
                    .collect();
                rest.sort_by(|a, b| b.total_cmp(a));
                assert_eq!(list.len(), 5);
                let largest = rest[0].abs();
                for (place, best) in list.iter().zip(rest) {
                    let error = (place.score - of(place.item as usize)).abs();
                    assert!(
                        error.max((place.score - best).abs()) <= 1e-5 * largest,
                        "{place:?}"
                    );
                }
            }
        }
    }
}

/// 200 users in ten groups of ten items each, and a few items that everybody has now and then.
fn planted() -> (ItemLists, ItemLists) {
    let mut state = 11u64;
    let mut draw = move |n: u32| {
        state = state
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        (state >> 33) as u32 % n
    };
    let (mut train, mut held_out) = (Vec::new(), Vec::new());
    for user in 0..200 {
        for item in 0..10 {
            let pair = (user, user % 10 * 10 + item);
            match draw(10) {
                0..6 => train.push(pair),
                6..8 => held_out.push(pair),
                _ => {}
            }
        }
        train.push((user, 100 + draw(5)));
    }
    let lists = |pairs: Vec<(u32, u32)>| ItemLists::from_pairs(200, pairs.into_iter());
    (lists(train), lists(held_out))
}

#[test]
fn filters_beat_popularity_on_planted_groups() {
    let (train, held_out) = planted();
    let data = EvaluationData {
        train: &train,
        also_excluded: None,
        held_out: &held_out,
        among: None,
    };
    let recall = |source: &dyn ScoreSource| recall_and_ndcg(source, data, 5).unwrap()["recall@5"];
    let popular = recall(&Popularity::new(&train, 105));
    for shape in [gf_cf(), chebycf()] {
        let filtered = recall(&fitted(&shape, &train, 105, 10));
        assert!(
            filtered > 0.9 && popular < 0.3,
            "{filtered} against {popular}"
        );
    }
}

#[test]
fn a_score_depends_neither_on_company_nor_on_the_tile() {
    let (train, _) = planted();
    let filter = fitted(&chebycf(), &train, 105, 20);
    let all = all_scores(&filter);
    let bits = |scores: &[f32]| {
        scores
            .iter()
            .map(|score| score.to_bits())
            .collect::<Vec<_>>()
    };
    for (users, items) in [
        (&[150][..], 0..105),
        (&[3, 150, 7], 30..66),
        (&[150], 64..64),
    ] {
        let mut tile = vec![f32::NAN; users.len() * items.len()];
        filter.score_tile(users, items.clone(), &mut tile);
        for (&user, row) in users.iter().zip(tile.chunks(items.len().max(1))) {
            let whole = &all[user as usize * 105..][..105];
            assert_eq!(bits(row), bits(&whole[items.clone()]));
        }
    }
    let everybody: Vec<u32> = (0..200).collect();
    let lists = top_k(&filter, &everybody, 7, Some(&train)).unwrap();
    let place = lists[150][3];
    assert_eq!(place.score, all[150 * 105 + place.item as usize]);
}

#[test]
fn a_history_is_worth_the_same_to_whoever_has_it() {
    let (train, _) = planted();
    for shape in [gf_cf(), chebycf()] {
        let filter = fitted(&shape, &train, 105, 20);
        let history = train.of(42).iter().map(|&item| (0, item));
        let somebody = filter.with_histories(ItemLists::from_pairs(1, history));
        assert_eq!(
            all_scores(&somebody),
            all_scores(&filter)[42 * 105..][..105]
        );
        // Items from 100 on are everybody's.
        let similar = filter.similar(23, 9, &[23]).unwrap();
        let mut of_groups = similar.iter().filter(|place| place.item < 100);
        assert!(similar.len() == 9 && of_groups.clone().count() >= 4);
        assert!(of_groups.all(|place| place.item / 10 == 2 && place.item != 23));
        let all = filter.similar(23, 1000, &[23]).unwrap();
        assert_eq!((all.len(), &all[..9]), (104, &similar[..]));
        let some = filter.similar(23, 2, &[similar[0].item.min(23), similar[0].item.max(23)]);
        assert_eq!(some.unwrap(), all[1..3]);
    }
}

/// Histories are linear in their weights: somebody given with those of a user of the training has that user's scores.
#[test]
fn a_given_history_counts_by_its_weights_where_those_of_training_do() {
    let (train, _) = planted();
    let n_items = train.items().iter().max().unwrap() + 1;
    let filter = fitted(&gf_cf(), &train, n_items as usize, 4);
    let weights: Vec<f32> = (0..train.n_pairs())
        .map(|at| 1.0 + (at % 5) as f32)
        .collect();
    let plain = Scorer::Filter(filter.clone());
    let weighed = Scorer::Filter(filter.weighing(weights.clone()));
    assert!(weighed.weighs_histories() && !plain.weighs_histories());
    let scores = |source: &dyn ScoreSource| {
        let users: Vec<u32> = (0..source.n_users() as u32).collect();
        let mut scores = vec![0.0; users.len() * source.n_items()];
        source.score_tile(&users, 0..source.n_items(), &mut scores);
        scores
    };
    let given = |scorer: &Scorer, weights: &[f32]| {
        scores(&*scorer.fold_in_weighing(&train, weights).unwrap())
    };
    assert_eq!(given(&weighed, &weights), scores(weighed.source()));
    assert_eq!(given(&weighed, &[]), scores(plain.source()));
    assert_eq!(given(&plain, &weights), scores(plain.source()));
    assert_ne!(scores(weighed.source()), scores(plain.source()));
}

#[test]
fn vectors_of_another_catalogue_are_refused() {
    let (train, _) = planted();
    let graph = CoOccurrence::new(&train, 105).unwrap();
    let error = GraphFilter::new(&gf_cf(), graph, train, &[0.0; 7], 1).unwrap_err();
    assert_eq!(
        error,
        FilterError::Vectors {
            found: 7,
            expected: 105
        }
    );
}
