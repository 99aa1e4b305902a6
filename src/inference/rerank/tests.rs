//! Re-ranked lists: what they promise whatever the numbers, by hand, and likeness against dense algebra.
#![allow(clippy::unwrap_used)]

use nalgebra::DMatrix;
use proptest::prelude::*;

use super::*;
use crate::config::EaseSettings;
use crate::data::{Csr, ItemLists};
use crate::inference::{Ease, FoldIn, ItemKnn, Popularity, ScoreHead, Tables, filter, top_k};

const USERS: usize = 9;
const ITEMS: usize = 150;
const NAMES: [&str; 5] = ["a", "b", "c", "d", "e"];

fn nobody(n_users: usize) -> ItemLists {
    ItemLists::from_pairs(n_users, std::iter::empty())
}

fn scorer() -> Scorer {
    let fold_in = FoldIn::of_training(nobody(USERS));
    Scorer::Embeddings(Tables::random(USERS, ITEMS, 5), fold_in)
}

/// Items have no category, one or two of five.
fn categories() -> ItemCategories {
    let of = |item: usize| {
        let names = [NAMES[item % 5], NAMES[item * item % 5]];
        names.into_iter().take(item % 3)
    };
    ItemCategories::new((0..ITEMS).map(of))
}

fn lists(reranker: &Reranker<'_>, scorer: &Scorer, k: usize) -> Lists {
    let best = |users: &[u32], k: usize| top_k(scorer.source(), users, k, None);
    let users: Vec<u32> = (0..USERS as u32).collect();
    reranker.lists(&users, k, &best).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    /// Items once each, with the model's scores; no category above its cap, and a list is short only where no further
    /// item has room.
    #[test]
    fn every_list_holds_what_was_asked_for(
        diversity in 0.0..=1.0f64,
        popularity_damping in 0.0..3.0f64,
        cap in 1..12usize,
        k in 1..40usize,
    ) {
        let (scorer, categories) = (scorer(), categories());
        let counts: Vec<f32> = (0..ITEMS).map(|item| (item * 7 % 31) as f32).collect();
        let settings = Reranking { diversity, popularity_damping, category_cap: Some(cap) };
        let counts = Some((&counts[..], 30.0));
        let reranker = Reranker::new(settings, &scorer, counts, Some(&categories)).unwrap();
        let users: Vec<u32> = (0..USERS as u32).collect();
        let all = top_k(scorer.source(), &users, ITEMS, None).unwrap();
        for (list, all) in lists(&reranker, &scorer, k).iter().zip(&all) {
            let mut items: Vec<u32> = list.iter().map(|place| place.item).collect();
            items.sort_unstable();
            items.dedup();
            prop_assert_eq!(items.len(), list.len());
            prop_assert!(list.iter().all(|place| all.contains(place)));
            let n_of = |name: u32| {
                let has = |item: &&u32| categories.of_item(**item).contains(&name);
                items.iter().filter(has).count()
            };
            prop_assert!((0..5).all(|name| n_of(name) <= cap));
            let is_full = |item: u32| categories.of_item(item).iter().any(|&name| n_of(name) == cap);
            let others = (0..ITEMS as u32).filter(|item| items.binary_search(item).is_err());
            prop_assert!(list.len() == k || others.clone().all(is_full));
        }
    }

    #[test]
    fn without_diversity_damping_or_a_cap_nothing_changes(k in 1..200usize) {
        let scorer = scorer();
        let reranker = Reranker::new(Reranking::default(), &scorer, None, None).unwrap();
        let users: Vec<u32> = (0..USERS as u32).collect();
        let plain = top_k(scorer.source(), &users, k, None).unwrap();
        prop_assert_eq!(lists(&reranker, &scorer, k), plain);
    }
}

/// One user; items of scores 4, 3, 2 and 0, of which the first has all interactions.
#[test]
fn damping_by_hand() {
    let items = vec![4.0, 3.0, 2.0, 0.0];
    let tables = Tables::new(1, 4, 1, vec![1.0], items, ScoreHead::Dot).unwrap();
    let scorer = Scorer::Embeddings(tables, FoldIn::of_training(nobody(1)));
    let counts = [99.0, 9.0, 0.0, 0.0];
    let order = |popularity_damping: f64| -> Vec<u32> {
        let settings = Reranking {
            popularity_damping,
            ..Reranking::default()
        };
        let reranker = Reranker::new(settings, &scorer, Some((&counts, 99.0)), None).unwrap();
        let best = |users: &[u32], k: usize| top_k(scorer.source(), users, k, None);
        let lists = reranker.lists(&[0], 3, &best).unwrap();
        lists[0].iter().map(|place| place.item).collect()
    };
    // Relevance 1, .75, .5 and 0; log 100 / log 100 = 1 and log 10 / log 100 = .5.
    assert_eq!(order(0.4), [0, 1, 2]);
    // .4, .45, .5 and 0.
    assert_eq!(order(0.6), [2, 1, 0]);
    // -1, -.25, .5 and 0.
    assert_eq!(order(2.0), [2, 3, 1]);
}

#[test]
fn what_cannot_be_is_refused_with_a_remedy() {
    let (scorer, counts) = (scorer(), [1.0f32; ITEMS]);
    let refused = |settings: Reranking| {
        let counts = Some((&counts[..], 1.0));
        Reranker::new(settings, &scorer, counts, None).err()
    };
    let plain = Reranking::default();
    for diversity in [-0.1, 1.1, f64::NAN, f64::INFINITY] {
        let error = refused(Reranking { diversity, ..plain }).unwrap();
        assert!(error.to_string().contains("between 0"), "{error}");
    }
    for popularity_damping in [-0.1, f64::NAN, f64::INFINITY] {
        let settings = Reranking {
            popularity_damping,
            ..plain
        };
        assert!(matches!(
            refused(settings),
            Some(RerankingError::Damping(_))
        ));
    }
    let capped = |cap| Reranking {
        category_cap: Some(cap),
        ..plain
    };
    assert_eq!(refused(capped(0)), Some(RerankingError::ZeroCap));
    assert_eq!(refused(capped(1)), Some(RerankingError::NoCategories));
    let damped = Reranking {
        popularity_damping: 0.1,
        ..plain
    };
    let no_counts = Reranker::new(damped, &scorer, None, None).err();
    assert_eq!(no_counts, Some(RerankingError::NoCounts));
    let popular = Scorer::Popularity(Popularity::of_counts(1, vec![1.0]));
    let diverse = Reranking {
        diversity: 0.1,
        ..plain
    };
    let no_likeness = Reranker::new(diverse, &popular, None, None).err();
    assert_eq!(no_likeness, Some(RerankingError::NoLikeness));
}

/// Pairs of 30 users and 12 items.
fn train() -> ItemLists {
    let has = |u: u32, i: u32| (u * 5 + i * i * 3 + u * i) % 11 < 3 + u % 3;
    let pairs = (0..30u32).flat_map(|u| (0..12u32).map(move |i| (u, i)));
    ItemLists::from_pairs(30, pairs.filter(|&(u, i)| has(u, i)))
}

fn likenesses(scorer: &Scorer) -> DMatrix<f64> {
    let items: Vec<u32> = (0..12).collect();
    let likeness = scorer.likeness(&items).unwrap();
    DMatrix::from_fn(12, 12, |a, b| likeness.of(a, b))
}

fn assert_alike(found: &DMatrix<f64>, expected: &DMatrix<f64>) {
    let error = (found - expected).abs().max();
    assert!(error < 1e-4, "{found}\nis not\n{expected}");
}

#[test]
fn likeness_in_ease_is_the_partial_correlation() {
    let train = train();
    let ease = Ease::fit(&train, 12, &EaseSettings { l2: 4.0 }, &|| false).unwrap();
    let x = DMatrix::from_fn(30, 12, |u, i| {
        f64::from(u8::from(train.contains(u as u32, i as u32)))
    });
    let gram = x.transpose() * &x + DMatrix::identity(12, 12) * 4.0;
    let p = gram.try_inverse().unwrap();
    let expected = DMatrix::from_fn(12, 12, |a, b| match a == b {
        true => 1.0,
        false => -p[(a, b)] / (p[(a, a)] * p[(b, b)]).sqrt(),
    });
    assert_alike(&likenesses(&Scorer::Ease(ease)), &expected);
}

#[test]
fn likeness_of_vectors_is_their_cosine() {
    let scorer = Scorer::ItemMeans(Tables::random(1, 12, 4));
    let table = scorer.tables().unwrap().items().to_vec();
    let rows = DMatrix::from_row_iterator(12, 4, table.into_iter().map(f64::from));
    let cosine = DMatrix::from_fn(12, 12, |a, b| {
        rows.row(a).normalize().dot(&rows.row(b).normalize())
    });
    assert_alike(&likenesses(&scorer), &cosine);
    let list = mean_likeness(&scorer, &[3, 0, 7]).unwrap();
    let expected = (cosine[(3, 0)] + cosine[(3, 7)] + cosine[(0, 7)]) / 3.0;
    assert!((list - expected).abs() < 1e-6);
    assert_eq!(mean_likeness(&scorer, &[3]), None);
}

#[test]
fn likeness_in_a_filter_is_that_of_its_low_pass_part() {
    let filter = Scorer::Filter(filter::fixture(&train(), 12, false));
    let found = likenesses(&filter);
    assert_alike(&found, &found.transpose());
    assert!((0..12).all(|at| (found[(at, at)] - 1.0).abs() < 1e-4));
    assert!(found.iter().all(|likeness| likeness.abs() < 1.0 + 1e-6));
}

#[test]
fn likeness_of_neighbours_goes_both_ways() {
    let rows = [vec![(1, 0.5)], Vec::new(), vec![(0, 0.25)]];
    let knn = ItemKnn::of_neighbours(Csr::from_rows(rows), nobody(1), Vec::new());
    let scorer = Scorer::ItemKnn(knn);
    let likeness = scorer.likeness(&[0, 1, 2]).unwrap();
    assert_eq!((likeness.of(0, 1), likeness.of(1, 0)), (0.5, 0.5));
    assert_eq!((likeness.of(0, 2), likeness.of(1, 2)), (0.25, 0.0));
    assert_eq!(likeness.of(2, 2), 1.0);
}
