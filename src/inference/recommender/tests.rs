//! The recommender against hand-made tables and brute force.
#![allow(clippy::unwrap_used)]

use super::*;
use crate::inference::{FoldIn, FoldInMap, RankError, ScoreHead, Tables, best_first};

fn map(keys: &[&str]) -> IdMap {
    IdMap::from_ordered_keys(keys.iter().map(|&key| key.into()).collect()).unwrap()
}

/// Users 7 and anna, items x, y and z. A history's vector is the sum of its items'.
fn recommender() -> Recommender {
    let tables = Tables::new(
        2,
        3,
        2,
        vec![1.0, 0.0, 0.0, 1.0],
        vec![3.0, 1.0, 2.0, 2.0, 1.0, 9.0],
        ScoreHead::Dot,
    );
    let tables = tables.unwrap();
    let titles = Some(vec![Some("Alien".to_owned()), None, None]);
    let seen = ItemLists::from_pairs(2, [(0, 1), (1, 2)].into_iter());
    let (users, items) = (map(&["7", "anna"]), map(&["x", "y", "z"]));
    let identity = FoldInMap::from_values(&tables, vec![1.0, 0.0, 0.0, 1.0]).unwrap();
    let scorer = Scorer::Embeddings(tables, FoldIn::known(identity));
    Recommender::new(scorer, users, items, titles, seen).unwrap()
}

/// 50 users and 300 items of random vectors; a user has seen every item that is a multiple of the user's number.
fn large() -> Recommender {
    let numbered = |n: u32| {
        let keys = (0..n).map(|at| at.to_string().into());
        IdMap::from_ordered_keys(keys.collect()).unwrap()
    };
    let pairs =
        (0..50u32).flat_map(|user| (0..300).step_by(user as usize + 1).map(move |i| (user, i)));
    let seen = ItemLists::from_pairs(50, pairs);
    let scorer = Scorer::Embeddings(
        Tables::random(50, 300, 16),
        FoldIn::of_training(seen.clone()),
    );
    Recommender::new(scorer, numbered(50), numbered(300), None, seen).unwrap()
}

fn keys(lists: &[UserList]) -> Vec<(&str, Vec<&str>)> {
    fn items(list: &UserList) -> Vec<&str> {
        list.items.iter().map(|place| &*place.item).collect()
    }
    lists
        .iter()
        .map(|list| (&*list.user, items(list)))
        .collect()
}

#[test]
fn it_is_shared_between_threads_and_answers_alike() {
    fn is_shared<T: Send + Sync>(_: &T) {}
    let ask = |recommender: &Recommender| {
        let options = ListOptions::of(7).excluding(["3", "5"]);
        let users: Vec<String> = (0..50).map(|user| user.to_string()).collect();
        let histories = [vec!["4", "9"], vec!["200"]];
        (
            recommender.recommend(&users, &options),
            recommender.recommend_for_each(&histories, &options),
            recommender.similar("12", 9),
        )
    };
    let recommender = large();
    is_shared(&recommender);
    let expected = ask(&large());
    // Nothing is made yet: the threads race for the panels, the index of keys and the fold-in map.
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(|| ask(&recommender))).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), expected);
        }
    });
}

#[test]
fn lists_speak_in_keys_and_leave_out_what_was_seen() {
    let recommender = recommender();
    let lists = recommender
        .recommend(&["anna", "7"], &ListOptions::of(3))
        .unwrap();
    assert_eq!(
        keys(&lists),
        [("anna", vec!["y", "x"]), ("7", vec!["x", "z"])]
    );
    assert_eq!(lists[1].items[0].title.as_deref(), Some("Alien"));
    assert_eq!((lists[0].items[1].rank, lists[0].items[1].score), (2, 1.0));
    let seen_too = ListOptions::of(2).including_seen(true);
    let lists = recommender.recommend(&["anna"], &seen_too).unwrap();
    assert_eq!(keys(&lists), [("anna", vec!["z", "y"])]);
    let all = recommender.recommend_all(&ListOptions::of(1)).unwrap();
    let all: Result<Vec<_>, _> = all.collect();
    assert_eq!(
        keys(&all.unwrap().concat()),
        [("7", vec!["x"]), ("anna", vec!["y"])]
    );
    assert_eq!(recommender.similar("x", 1).unwrap()[0].item, "y");
}

#[test]
fn ids_get_the_lists_of_their_keys() {
    let recommender = recommender();
    let options = ListOptions::of(3);
    let ids = |list: &[Ranked]| -> Vec<u32> { list.iter().map(|place| place.item).collect() };
    let lists = recommender.recommend_ids(&[1, 0], &options).unwrap();
    assert_eq!([ids(&lists[0]), ids(&lists[1])], [[1, 0], [0, 2]]);
    let error = recommender.recommend_ids(&[2], &options).unwrap_err();
    let (user, n_users) = (2, 2);
    assert_eq!(error, RankError::UnknownUser { user, n_users }.into());
    assert_eq!(
        ids(&recommender.similar_ids(&[0], &ListOptions::of(1)).unwrap()[0]),
        [1]
    );
    let unknown = RecommenderError::UnknownItemId {
        item: 3,
        n_items: 3,
    };
    let similar = recommender.similar_ids(&[0, 3], &options);
    assert_eq!(similar, Err(unknown.clone()));
    let answers = recommender
        .recommend_for_ids(&[vec![0, 0], vec![3], vec![]], &options)
        .unwrap();
    // x is (3, 1): y scores 8 and z 12.
    assert_eq!(ids(answers[0].as_ref().unwrap()), [2, 1]);
    assert_eq!(answers[1], Err(unknown));
    assert_eq!(answers[2], Err(RecommenderError::EmptyHistory));
}

#[test]
fn exclusions_and_choices_are_those_of_brute_force() {
    let recommender = large();
    let users: Vec<u32> = (0..50).collect();
    let all = ListOptions::of(300).including_seen(true);
    let scored = recommender.recommend_ids(&users, &all).unwrap();
    let excluded = |item: u32| item % 3 == 1;
    let chosen = |item: u32| item % 10 < 4;
    let named = |is_named: &dyn Fn(u32) -> bool| -> Vec<String> {
        let items = (0..300).filter(|&item| is_named(item));
        // A key that nobody knows changes nothing, nor does one that stands there twice.
        let odd = ["unknown", "13", "13"].map(str::to_owned);
        items.map(|item| item.to_string()).chain(odd).collect()
    };
    for (k, without, among, include_seen) in [
        (1, true, false, false),
        (20, true, true, false),
        (20, false, true, true),
        (250, true, false, true),
        (250, true, true, false),
    ] {
        let mut options = ListOptions::of(k).including_seen(include_seen);
        if without {
            options = options.excluding(named(&excluded));
        }
        if among {
            options = options.among(named(&chosen));
        }
        let allowed = |user: u32, item: u32| {
            (include_seen || !recommender.seen().contains(user, item))
                && !(without && (excluded(item) || item == 13))
                && (!among || chosen(item) || item == 13)
        };
        // All users at once, and few.
        for users in [&users[..], &users[20..24]] {
            let lists = recommender.recommend_ids(users, &options).unwrap();
            for (&user, list) in users.iter().zip(&lists) {
                let mut expected: Vec<Ranked> = scored[user as usize].clone();
                expected.sort_by(best_first);
                expected.retain(|place| allowed(user, place.item));
                expected.truncate(k);
                assert_eq!(list, &expected);
            }
        }
    }
}

#[test]
fn a_choice_without_a_known_item_is_refused() {
    let ask = |only: &[&str]| {
        let options = ListOptions::of(1).among(only.iter().copied());
        recommender().recommend(&["7"], &options)
    };
    let message = ask(&["X ", "w"]).unwrap_err().to_string();
    assert!(message.contains("unknown item `X `"), "{message}");
    assert!(message.contains("did you mean `x`?"), "{message}");
    assert_eq!(keys(&ask(&["w", "z"]).unwrap()), [("7", vec!["z"])]);
    assert_eq!(keys(&ask(&[]).unwrap()), [("7", vec![])]);
}

#[test]
fn new_items_are_listed_beside_the_others() {
    let new = map(&["new"]);
    let titles = vec![Some("Aliens".to_owned())];
    let with = recommender().with_items(&new, titles, &[0.0, 8.0]).unwrap();
    let options = ListOptions::of(2);
    let list = &with.recommend(&["anna"], &options).unwrap()[0];
    assert_eq!((&*list.items[0].item, list.items[0].score), ("new", 8.0));
    assert_eq!(list.items[0].title.as_deref(), Some("Aliens"));
    assert_eq!(with.similar("new", 1).unwrap()[0].item, "z");
    let answer = with.recommend_for(&["new"], &options).unwrap();
    assert_eq!(keys(&[answer.list]), [(HISTORY, vec!["z", "y"])]);
    assert!(with.with_items(&map(&["odd"]), vec![None], &[1.0]).is_err());
}

#[test]
fn unknown_keys_get_a_remedy() {
    let recommender = recommender();
    let options = ListOptions::of(1);
    let message = |key: &str| {
        recommender
            .recommend(&[key], &options)
            .unwrap_err()
            .to_string()
    };
    assert!(message("Anna ").contains("unknown user `Anna `"));
    assert!(message("Anna ").contains("did you mean `anna`?"));
    assert!(message("007").contains("did you mean `7`?"));
    assert!(message("8").contains("its 2 users have keys such as `7`"));
    let message = recommender.similar("q", 1).unwrap_err().to_string();
    assert!(message.contains("unknown item `q`"));
}

#[test]
fn a_history_leaves_out_itself_and_what_is_unknown() {
    let recommender = recommender();
    let ask = |history: &[&str]| recommender.recommend_for(history, &ListOptions::of(3));
    let answer = ask(&["x", "q", "x"]).unwrap();
    assert_eq!(
        keys(std::slice::from_ref(&answer.list)),
        [(HISTORY, vec!["z", "y"])]
    );
    assert_eq!(answer.unknown.len(), 1);
    assert!(answer.unknown[0].to_string().contains("unknown item `q`"));
    assert_eq!(ask(&["x"]).unwrap().list, answer.list);
    let message = ask(&["q"]).unwrap_err().to_string();
    assert!(message.contains("unknown item `q`"));
    assert_eq!(ask(&[]).unwrap_err(), RecommenderError::EmptyHistory);
}

#[test]
fn a_bad_history_spoils_nothing_for_the_others() {
    let recommender = recommender();
    let options = ListOptions::of(2);
    let histories = [vec!["x"], vec![], vec!["q"], vec!["z", "r"]];
    let answers = recommender
        .recommend_for_each(&histories, &options)
        .unwrap();
    assert_eq!(answers.len(), 4);
    for (history, answer) in histories.iter().zip(&answers) {
        assert_eq!(
            answer.as_ref().ok().map(|answer| &answer.list),
            recommender
                .recommend_for(history, &options)
                .ok()
                .map(|answer| answer.list)
                .as_ref()
        );
    }
    assert_eq!(answers[1], Err(RecommenderError::EmptyHistory));
    assert!(answers[2].is_err());
    assert_eq!(answers[3].as_ref().unwrap().unknown.len(), 1);
    let none: [Vec<&str>; 0] = [];
    assert_eq!(recommender.recommend_for_each(&none, &options), Ok(vec![]));
    let zero = ListOptions::of(0);
    let refused = recommender.recommend_for_each(&histories, &zero);
    assert_eq!(refused, Err(RankError::ZeroK.into()));
}

/// Item `big` is so long that its own history's scores are not numbers.
#[test]
fn a_history_that_cannot_be_ranked_spoils_nothing_for_the_others() {
    let big = f32::MAX;
    let items = vec![1.0, 0.0, 2.0, 0.0, big, -big];
    let tables = Tables::new(1, 3, 2, vec![1.0, 1.0], items, ScoreHead::Dot).unwrap();
    let scale = FoldInMap::from_values(&tables, vec![4.0, 0.0, 0.0, 4.0]).unwrap();
    let scorer = Scorer::Embeddings(tables, FoldIn::known(scale));
    let seen = ItemLists::from_pairs(1, std::iter::empty());
    let (users, items) = (map(&["u"]), map(&["a", "b", "big"]));
    let recommender = Recommender::new(scorer, users, items, None, seen).unwrap();
    let options = ListOptions::of(1).among(["a", "b"]);
    let histories = [vec!["a"], vec!["big"]];
    let answers = recommender
        .recommend_for_each(&histories, &options)
        .unwrap();
    assert_eq!(answers[0].as_ref().unwrap().list.items[0].item, "b");
    let error = answers[1].as_ref().unwrap_err();
    assert!(matches!(
        error,
        RecommenderError::Rank(RankError::NotANumber { .. })
    ));
}

#[test]
fn impossible_k_is_refused() {
    let recommender = recommender();
    let ask = |k: usize| {
        recommender
            .recommend(&["7"], &ListOptions::of(k))
            .unwrap_err()
    };
    assert_eq!(ask(0), RankError::ZeroK.into());
    // Beyond the catalogue there is what there is.
    let of = |k| recommender.recommend(&["7"], &ListOptions::of(k));
    assert_eq!(of(400), of(3));
    assert_eq!(recommender.similar("x", 99), recommender.similar("x", 2));
}

/// User 7 was trained on x and y, anna on nothing; nobody was trained on z.
fn with_training(items_have_features: bool) -> Recommender {
    let train = ItemLists::from_pairs(2, [(0, 0), (0, 1)].into_iter());
    let recommender = recommender().with_popularity(&train, items_have_features);
    recommender.unwrap()
}

#[test]
fn those_whom_training_does_not_know_get_what_most_have() {
    let options = ListOptions::of(3);
    let (plain, known) = (recommender(), with_training(false));
    let lists = known.recommend(&["anna", "7"], &options).unwrap();
    assert_eq!(lists[1], plain.recommend(&["7"], &options).unwrap()[0]);
    // Anna has z; x and y have one training user each.
    assert_eq!(keys(&lists[..1]), [("anna", vec!["x", "y"])]);
    assert_eq!(lists[0].source, ListSource::Popularity);
    assert_eq!((known.is_cold(0), known.is_cold(1)), (false, true));
    let all = known.recommend_all(&options).unwrap();
    let all: Result<Vec<_>, _> = all.collect();
    assert_eq!(all.unwrap().concat(), [lists[1].clone(), lists[0].clone()]);

    let answers = known
        .recommend_for_each(&[vec!["z"], vec!["x", "z"]], &options)
        .unwrap();
    let [of_z, of_both] = &answers[..] else {
        panic!()
    };
    let (of_z, of_both) = (
        &of_z.as_ref().unwrap().list,
        &of_both.as_ref().unwrap().list,
    );
    assert_eq!(
        (of_z.source, of_both.source),
        (ListSource::Popularity, ListSource::Model)
    );
    assert_eq!(
        keys(std::slice::from_ref(of_z)),
        [(HISTORY, vec!["x", "y"])]
    );
    // Where vectors are made of features, an item says something whoever has it.
    let by_features = with_training(true).recommend_for(&["z"], &options).unwrap();
    assert_eq!(
        by_features.list,
        plain.recommend_for(&["z"], &options).unwrap().list
    );

    let list = known.popular(&options).unwrap().unwrap();
    assert_eq!(keys(&[list]), [(HISTORY, vec!["x", "y", "z"])]);
    assert_eq!(plain.popular(&options), Ok(None));
    let lists = |pairs: &[(u32, u32)]| ItemLists::from_pairs(2, pairs.iter().copied());
    let (liked, has) = (lists(&[(0, 0)]), lists(&[(0, 0), (0, 1), (1, 1)]));
    let people = known
        .recommend_people(&["ann", "bob"], &liked, &has, &options)
        .unwrap();
    assert_eq!(keys(&people), [("ann", vec!["z"]), ("bob", vec!["x", "z"])]);
    assert_eq!(people[1].source, ListSource::Popularity);
}

#[test]
fn a_category_holds_its_items_and_no_others() {
    let of = [&["Drama"][..], &["Crime"], &["Crime", "Drama"]];
    let categories = ItemCategories::new(of.map(|names| names.iter().copied()));
    let known = recommender().with_categories(categories).unwrap();
    let list = |options: ListOptions| known.recommend(&["7"], &options.including_seen(true));
    let of = |name: &str| ListOptions::of(3).of_category(name);
    assert_eq!(keys(&list(of("Crime")).unwrap()), [("7", vec!["y", "z"])]);
    assert_eq!(
        keys(&list(of("crime").excluding(["y"])).unwrap()),
        [("7", vec!["z"])]
    );
    assert_eq!(
        keys(&list(of("Drama").among(["y", "z"])).unwrap()),
        [("7", vec!["z"])]
    );
    let similar = known
        .similar_among("x", &of("Crime").excluding(["z"]))
        .unwrap();
    assert_eq!((similar.len(), &*similar[0].item), (1, "y"));
    let message = list(of("War")).unwrap_err().to_string();
    assert!(
        message.contains("`War`") && message.contains("Crime, Drama"),
        "{message}"
    );
    let message = recommender()
        .recommend(&["7"], &of("War"))
        .unwrap_err()
        .to_string();
    assert!(message.contains("`--items FILE`"), "{message}");
}
