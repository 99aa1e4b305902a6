//! Whom a list is for: a user as the run knows her, or somebody by a history, with what was taken since.

use std::sync::Arc;

use super::answers::Unknown;
use super::interactions::Added;
use super::problem::Problem;
use super::ranking::{List, Person, Work};
use super::snapshot::Snapshot;
use super::state::App;
use crate::inference::ListOptions;

/// Whom a list is for.
#[derive(Debug)]
pub(super) enum Who {
    /// A user as the run knows her.
    User(u32),
    /// Somebody by a history.
    Person(Person),
}

/// A user by key: by the model's own knowledge, or by a history where something was taken since. Of whom nothing is known
/// at all the history is empty.
pub(super) fn of_user(snapshot: &Snapshot, added: &Added, key: &str) -> Who {
    let recommender = &snapshot.run.recommender;
    let user = recommender.users().id(key);
    let new: Vec<u32> = match added.of(key) {
        Some(items) => items
            .iter()
            .filter_map(|item| snapshot.item(item))
            .collect(),
        None => Vec::new(),
    };
    match user {
        None => Who::Person(stranger(snapshot, new)),
        Some(user) => with_new(snapshot, user, new),
    }
}

/// A user of the run who has taken some items since. Those that the model knows her by already change nothing.
fn with_new(snapshot: &Snapshot, user: u32, mut new: Vec<u32>) -> Who {
    let run = &snapshot.run;
    let known = run.histories.of(user);
    new.retain(|item| known.binary_search(item).is_err());
    if new.is_empty() {
        return Who::User(user);
    }
    let start = run.histories.row_ptr()[user as usize];
    let weight = |at: usize| run.weights.get(start + at).copied().unwrap_or(1.0);
    let mut history: Vec<(u32, f32)> = (0..)
        .zip(known)
        .map(|(at, &item)| (item, weight(at)))
        .collect();
    history.extend(new.iter().map(|&item| (item, 1.0)));
    history.sort_by_key(|&(item, _)| item);
    history.dedup_by_key(|&mut (item, _)| item);
    let seen = [run.recommender.seen().of(user), &new].concat();
    Who::Person(Person {
        weights: match run.weights.is_empty() {
            true => Vec::new(),
            false => history.iter().map(|&(_, weight)| weight).collect(),
        },
        history: history.into_iter().map(|(item, _)| item).collect(),
        seen: ascending(seen),
    })
}

/// Somebody by a history of keys, and the keys that no item of the run has.
pub(super) fn of_history(snapshot: &Snapshot, keys: &[String]) -> (Who, Unknown) {
    let mut unknown = Unknown::default();
    let id = |key: &String| {
        let id = snapshot.item(key);
        if id.is_none() {
            unknown.add(key);
        }
        id
    };
    let known = keys.iter().filter_map(id).collect();
    (Who::Person(stranger(snapshot, known)), unknown)
}

/// Somebody who is no user of the run; each item counts 1.
fn stranger(snapshot: &Snapshot, items: Vec<u32>) -> Person {
    let history = ascending(items);
    Person {
        weights: match snapshot.run.weights.is_empty() {
            true => Vec::new(),
            false => vec![1.0; history.len()],
        },
        seen: history.clone(),
        history,
    }
}

fn ascending(mut items: Vec<u32>) -> Vec<u32> {
    items.sort_unstable();
    items.dedup();
    items
}

/// A list for each, in their order.
///
/// # Errors
/// Options that cannot be met.
pub(super) async fn lists(
    app: &App,
    snapshot: &Arc<Snapshot>,
    options: ListOptions,
    whom: Vec<Who>,
) -> Result<Vec<List>, Problem> {
    let (mut users, mut people, mut are_users) = (Vec::new(), Vec::new(), Vec::new());
    for who in whom {
        are_users.push(matches!(who, Who::User(_)));
        match who {
            Who::User(user) => users.push(user),
            Who::Person(person) => people.push(person),
        }
    }
    let ranked = async |work: Work, is_empty: bool| match is_empty {
        true => Ok(Vec::new()),
        false => app.ranking.lists(snapshot, options.clone(), work).await,
    };
    let (no_users, no_people) = (users.is_empty(), people.is_empty());
    let (of_users, of_people) = tokio::join!(
        ranked(Work::Users(users), no_users),
        ranked(Work::People(people), no_people)
    );
    let (mut of_users, mut of_people) = (of_users?.into_iter(), of_people?.into_iter());
    let next = |is_user: bool| match is_user {
        true => of_users.next(),
        false => of_people.next(),
    };
    let lists: Vec<List> = are_users.into_iter().filter_map(next).collect();
    for list in &lists {
        count(app, list.source.name());
    }
    Ok(lists)
}

fn count(app: &App, source: &'static str) {
    let of_source = super::metrics::OfSource { source };
    app.metrics.lists.get_or_create(&of_source).inc();
}
