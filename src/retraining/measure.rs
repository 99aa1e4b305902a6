//! Measures the serving run and the candidate on the same users and the same held-out interactions.

use std::collections::BTreeMap;
use std::path::Path;

use super::held_out::{HeldOut, HeldOutUser};
use super::place::Place;
use super::served::Served;
use crate::data::ItemLists;
use crate::error::Result;
use crate::evaluation::{self, Bootstrap, Comparison, PerUser, ndcg, recall};
use crate::inference::{ListOptions, Ranked};

/// Places of a list that are looked at.
const DEPTH: usize = 20;
/// Users whose lists are made at once.
const USERS_AT_ONCE: usize = 4096;

/// The list of each user, by what she was trained on and what she has taken since.
fn lists_of(served: &Served, users: &[HeldOutUser]) -> Result<Vec<Vec<Ranked>>> {
    let recommender = &served.run.recommender;
    let k = DEPTH.min(recommender.items().len());
    let (mut pairs, mut weights, mut seen) = (Vec::new(), Vec::new(), Vec::new());
    // Those whom the model knows by themselves, and the number of the others.
    let (mut by_id, mut is_known, mut n_people) = (Vec::new(), Vec::new(), 0);
    for user in users {
        let id = recommender.users().id(&user.key);
        let known = user
            .known
            .iter()
            .filter_map(|item| recommender.items().id(item));
        let mut known: Vec<u32> = known.collect();
        known.sort_unstable();
        let history = served.run.history(id, known.clone());
        is_known.push(history.is_none());
        let Some((history, counts)) = history else {
            by_id.extend(id);
            continue;
        };
        pairs.extend(history.into_iter().map(|item| (n_people, item)));
        weights.extend(counts);
        let own = id.map_or(&[][..], |id| recommender.seen().of(id));
        seen.extend(own.iter().chain(&known).map(|&item| (n_people, item)));
        n_people += 1;
    }
    let lists =
        |pairs: Vec<(u32, u32)>| ItemLists::from_pairs(n_people as usize, pairs.into_iter());
    let (histories, seen) = (lists(pairs), lists(seen));
    let options = ListOptions::of(k);
    let mut of_users = recommender.recommend_ids(&by_id, &options)?.into_iter();
    let of_people = recommender.people_ids(&histories, &weights, &seen, &options)?;
    let mut of_people = of_people.into_iter().map(|(_, list)| list);
    let next = |is_known: bool| match is_known {
        true => of_users.next(),
        false => of_people.next(),
    };
    Ok(is_known.into_iter().filter_map(next).collect())
}

/// `ndcg` and `recall` of each user.
fn measured(served: &Served, held_out: &HeldOut) -> Result<BTreeMap<String, Vec<f64>>> {
    let items = served.run.recommender.items();
    let (mut ndcgs, mut recalls) = (Vec::new(), Vec::new());
    for users in held_out.users().chunks(USERS_AT_ONCE) {
        for (user, list) in users.iter().zip(lists_of(served, users)?) {
            let is_hit = |place: &Ranked| user.held_out.contains(items.key(place.item));
            let hits: Vec<bool> = list.iter().map(is_hit).collect();
            ndcgs.push(ndcg(&hits, user.held_out.len(), DEPTH));
            recalls.push(recall(&hits, user.held_out.len(), DEPTH));
        }
    }
    Ok(BTreeMap::from([
        (format!("ndcg@{DEPTH}"), ndcgs),
        (format!("recall@{DEPTH}"), recalls),
    ]))
}

/// The candidate against the serving run, user by user.
pub(super) fn compare(
    place: &Place,
    name: &str,
    serving: &Served,
    candidate: &Path,
    held_out: &HeldOut,
) -> Result<Comparison> {
    let candidate = Served::open(candidate)?;
    let per_user = |run: &Served| -> Result<PerUser> {
        Ok(PerUser {
            fingerprint: String::new(),
            users: (0..held_out.n_users() as u32).collect(),
            metrics: measured(run, held_out)?,
        })
    };
    let (first, second) = (per_user(serving)?, per_user(&candidate)?);
    let names = (place.serving_name(), name);
    Ok(evaluation::compare(
        (&names.0, &first),
        (names.1, &second),
        Bootstrap::default(),
    )?)
}
