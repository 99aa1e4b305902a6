//! Why items are listed, and re-ranked lists, by hand.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::inference::{FoldIn, FoldInMap, ItemPrior, PriorSettings, ScoreHead, Tables};

fn map(keys: &[&str]) -> IdMap {
    IdMap::from_ordered_keys(keys.iter().map(|&key| key.into()).collect()).unwrap()
}

fn lists(pairs: &[(u32, u32)]) -> ItemLists {
    ItemLists::from_pairs(2, pairs.iter().copied())
}

/// Users 7, who has y, and anna, who has nothing; items x (3, 1), y (2, 2) and z (1, 9). A history's vector is the sum of
/// its items' over the root of their number.
fn recommender(head: ScoreHead) -> Recommender {
    let users = vec![1.0, 0.0, 0.0, 1.0];
    let items = vec![3.0, 1.0, 2.0, 2.0, 1.0, 9.0];
    let tables = Tables::new(2, 3, 2, users, items, head).unwrap();
    let titles = Some(vec![Some("Alien".to_owned()), None, None]);
    let identity = FoldInMap::from_values(&tables, vec![1.0, 0.0, 0.0, 1.0]).unwrap();
    let scorer = Scorer::Embeddings(tables, FoldIn::known(identity));
    let (users, items) = (map(&["7", "anna"]), map(&["x", "y", "z"]));
    Recommender::new(scorer, users, items, titles, lists(&[(0, 1)])).unwrap()
}

fn explained() -> Recommender {
    let of_training = lists(&[(0, 1)]);
    let recommender = recommender(ScoreHead::Dot).explained_by(of_training, Vec::new());
    recommender.unwrap()
}

fn assert_near(found: f32, expected: f64) {
    assert!(
        (f64::from(found) - expected).abs() < 1e-5,
        "{found}, {expected}"
    );
}

#[test]
fn the_shares_of_a_history_add_up_to_its_scores() {
    let all = ListOptions::of(1).with_reasons(9);
    let answer = explained().recommend_for(&["y", "x", "y"], &all).unwrap();
    let place = &answer.list.items[0];
    let why = place.why.as_ref().unwrap();
    // z . (x + y) / sqrt 2 = (12 + 20) / sqrt 2.
    let root = 2f64.sqrt();
    assert_eq!((&*place.item, why.how), ("z", How::Exact));
    let items: Vec<(&str, Option<&str>)> = why
        .items
        .iter()
        .map(|reason| (&*reason.item, reason.title.as_deref()))
        .collect();
    assert_eq!(items, [("y", None), ("x", Some("Alien"))]);
    assert_near(why.items[0].share, 20.0 / root);
    assert_near(why.items[1].share, 12.0 / root);
    assert_near(place.score, 32.0 / root);
    assert_eq!((why.others, why.popularity), (0.0, 0.0));
    let one = ListOptions::of(1).with_reasons(1);
    let answer = explained().recommend_for(&["x", "y"], &one).unwrap();
    let why = answer.list.items[0].why.clone().unwrap();
    assert_eq!(why.items.len(), 1);
    assert_near(why.others, 12.0 / root);
}

/// User 7 is (1, 0) and has y: a new user with y would be (2, 2), so x would have 8 and has 3.
#[test]
fn what_a_trained_vector_says_beyond_its_items_is_the_rest() {
    let options = ListOptions::of(2).with_reasons(9);
    let list = &explained().recommend(&["7"], &options).unwrap()[0];
    let why = list.items[0].why.as_ref().unwrap();
    assert_eq!((&*list.items[0].item, list.items[0].score), ("x", 3.0));
    assert_eq!((why.how, &*why.items[0].item), (How::Similar, "y"));
    assert_near(why.items[0].share, 8.0);
    assert_near(why.rest, -5.0);
    let each = explained();
    let each = each.recommend_each([0], &options).unwrap();
    let each: Result<Vec<_>, _> = each.collect();
    assert_eq!(&each.unwrap().concat()[0], list);
}

#[test]
fn the_prior_has_its_share_in_tables_and_beside_them() {
    let settings = PriorSettings {
        weight: 2.0,
        half_life_days: 7.0,
        offset: 1.0,
    };
    let prior = || ItemPrior::of_popularity(settings, 0, vec![0.0, 0.0, 3.0]);
    let options = ListOptions::of(3).with_reasons(9);
    let with = explained().with_prior(&prior()).unwrap();
    let list = with.recommend_for(&["y"], &options).unwrap().list;
    let why = list.items[0].why.as_ref().unwrap();
    assert_eq!((&*list.items[0].item, why.how), ("z", How::Exact));
    assert_near(why.popularity, 2.0 * 4f64.ln());
    assert_near(list.items[0].score, 20.0 + 2.0 * 4f64.ln());

    let tables = Tables::new(1, 1, 1, vec![3.0], vec![0.5], ScoreHead::Dot).unwrap();
    let tables = tables.with_prior(2.0, &[4f32.ln()]);
    let same = FoldInMap::from_values(&tables, vec![1.0]).unwrap();
    let scorer = Scorer::Embeddings(tables, FoldIn::known(same));
    let nothing = ItemLists::from_pairs(1, std::iter::empty());
    let alone = Recommender::new(scorer, map(&["u"]), map(&["x"]), None, nothing).unwrap();
    let seen_too = options.including_seen(true);
    let list = alone.recommend_for(&["x"], &seen_too).unwrap().list;
    let why = list.items[0].why.as_ref().unwrap();
    assert_eq!(why.how, How::Exact);
    assert_near(why.items[0].share, 0.25);
    assert_near(why.popularity, 2.0 * 4f64.ln());
}

#[test]
fn popular_items_are_listed_for_being_popular() {
    let with = explained()
        .with_popularity(&lists(&[(0, 1)]), false)
        .unwrap();
    let options = ListOptions::of(1).with_reasons(3);
    let cold = with.recommend(&["anna"], &options).unwrap().remove(0);
    let popular = with.popular(&options).unwrap().unwrap();
    let stranger = with.recommend_for(&["z"], &options).unwrap().list;
    let nobody = ItemLists::from_pairs(1, std::iter::empty());
    let person = with.recommend_people(&["bob"], &nobody, &nobody, &options);
    for list in [cold, popular, stranger, person.unwrap().remove(0)] {
        let place = &list.items[0];
        assert_eq!((&*place.item, place.score), ("y", 1.0));
        assert_eq!(place.why.as_deref(), Some(&Why::popular(1.0)));
    }
}

#[test]
fn what_cannot_be_explained_is_refused() {
    let options = ListOptions::of(1).with_reasons(3);
    let untold = recommender(ScoreHead::Dot).recommend(&["7"], &options);
    assert_eq!(untold, Err(RecommenderError::NoHistories));
    let head = ScoreHead::Mlp {
        hidden: 1,
        user_weight: vec![1.0, 1.0],
        item_weight: vec![1.0, 1.0],
        bias: vec![0.0],
        output: vec![1.0],
        output_bias: 0.0,
    };
    let network = recommender(head).recommend_for(&["x"], &options);
    assert_eq!(network, Err(RecommenderError::NoShares));
    let other = ItemLists::from_pairs(5, std::iter::empty());
    let mismatch = recommender(ScoreHead::Dot).explained_by(other, Vec::new());
    assert!(matches!(mismatch, Err(RecommenderError::Mismatch { .. })));
}

/// User 7 scores x 3, y 2 and z 1; x and y are dramas.
#[test]
fn re_ranked_lists_have_the_scores_of_the_model() {
    let of = [&["Drama"][..], &["Drama"], &["War"]];
    let categories = ItemCategories::new(of.map(|names| names.iter().copied()));
    let known = explained().with_categories(categories).unwrap();
    let ask = |rerank, k| {
        let options = ListOptions::of(k).including_seen(true).reranked(rerank);
        let lists = known.recommend_ids(&[0], &options).unwrap();
        lists[0]
            .iter()
            .map(|place| (place.item, place.score))
            .collect::<Vec<_>>()
    };
    let plain = Reranking::default();
    assert_eq!(ask(plain, 9), [(0, 3.0), (1, 2.0), (2, 1.0)]);
    let capped = Reranking {
        category_cap: Some(1),
        ..plain
    };
    assert_eq!(ask(capped, 9), [(0, 3.0), (2, 1.0)]);
    // x and y are at .894, x and z at .419: .4 * .5 - .6 * .894 = -.34 and -.6 * .419 = -.25.
    let diverse = Reranking {
        diversity: 0.6,
        ..plain
    };
    assert_eq!(ask(diverse, 9), [(0, 3.0), (2, 1.0), (1, 2.0)]);
    assert_eq!(ask(diverse, 2), [(0, 3.0), (2, 1.0)]);
    let wrong = ListOptions::of(1).reranked(Reranking {
        diversity: 2.0,
        ..plain
    });
    let refused = known.recommend(&["7"], &wrong).unwrap_err();
    assert_eq!(
        refused,
        RecommenderError::Reranking(RerankingError::Diversity(2.0))
    );
}
