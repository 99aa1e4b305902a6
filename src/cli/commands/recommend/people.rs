//! Whom lists are made for: users of the run, a history by hand, or the histories of a file.

use std::collections::HashSet;
use std::ops::Range;

use super::Blocks;
use crate::cli::args::RecommendArgs;
use crate::cli::commands::item_choice::{own_item_columns, some_of};
use crate::cli::session::Session;
use crate::cli::terminal::count;
use crate::data::{DataError, Dataset, ItemLists, Place, Role, read_histories, read_key_list};
use crate::error::Result;
use crate::finished::OpenRun;
use crate::inference::ListOptions;
use crate::observer::remark;

/// Histories of a file that lists are made for together.
const PEOPLE_PER_BLOCK: usize = 4096;

/// The lists that were asked for.
pub(super) fn lists<'a>(
    session: &Session,
    run: &'a OpenRun,
    args: &RecommendArgs,
    options: &'a ListOptions,
) -> Result<Blocks<'a>> {
    let recommender = &run.recommender;
    if let Some(path) = &args.histories {
        return of_file(session, run, path, options);
    }
    if args.has_history() {
        let history = history(args, run)?;
        let answer = recommender.recommend_for(&history, options)?;
        for unknown in &answer.unknown {
            tracing::warn!("left out of the history: {unknown}");
        }
        return Ok(Box::new(std::iter::once(Ok(vec![answer.list]))));
    }
    let users = match args.all {
        true => (0..recommender.users().len() as u32).collect(),
        false => named(session, args, run)?,
    };
    let mine = |&user: &u32| {
        let key = recommender.users().key(user);
        args.shard.is_none_or(|shard| shard.has(key))
    };
    let users: Vec<u32> = users.into_iter().filter(mine).collect();
    Ok(Box::new(recommender.recommend_each(users, options)?))
}

/// The users of `--user` and `--users`, each once; unknown ones are told, unless all are.
fn named(session: &Session, args: &RecommendArgs, run: &OpenRun) -> Result<Vec<u32>> {
    let recommender = &run.recommender;
    let users = recommender.users();
    let own: Vec<&str> = run
        .config
        .data
        .columns
        .user
        .iter()
        .map(String::as_str)
        .collect();
    let mut keys = args.users.clone();
    for path in &args.users_files {
        let of_file = read_key_list(path, Role::User, &own, users)?;
        if of_file.is_empty() {
            let place = Place::whole(&path.display().to_string());
            return Err(DataError::Empty { place }.into());
        }
        keys.extend(of_file);
    }
    let mut taken = HashSet::new();
    keys.retain(|key| taken.insert(key.clone()));
    let known: Vec<u32> = keys.iter().filter_map(|key| users.id(key)).collect();
    let mut unknown = keys.iter().filter(|key| users.id(key).is_none());
    if let Some(first) = unknown.clone().next() {
        let Err(error) = recommender.user_id(first) else {
            return Ok(known);
        };
        if known.is_empty() {
            return Err(error.into());
        }
        let n = unknown.clone().count();
        let text = match n {
            1 => format!("{error}; the others have their lists"),
            n => format!(
                "no list for {} of {} users whom the run does not know: {}",
                count(n as u64),
                count(keys.len() as u64),
                some_of(unknown.by_ref().map(String::as_str), n)
            ),
        };
        remark(session, &text);
    }
    Ok(known)
}

/// The items of `--history`, `--history-item` and `--history-file`.
fn history(args: &RecommendArgs, run: &OpenRun) -> Result<Vec<String>> {
    let known = run.recommender.items();
    let is_known = |key: &str| known.id(key).is_some();
    let mut items = Vec::new();
    for text in &args.history {
        items.extend(keys_between_commas(text, &is_known));
    }
    items.extend(args.history_items.iter().cloned());
    for path in &args.history_files {
        items.extend(read_key_list(
            path,
            Role::Item,
            &own_item_columns(run),
            known,
        )?);
    }
    Ok(items)
}

/// The keys of a text between commas. A key may itself hold commas: the longest known one counts.
fn keys_between_commas(text: &str, is_known: &dyn Fn(&str) -> bool) -> Vec<String> {
    /// More commas than this are in no key.
    const PARTS_MAX: usize = 16;
    if is_known(text) {
        return vec![text.to_owned()];
    }
    let parts: Vec<&str> = text.split(',').collect();
    let (mut keys, mut at) = (Vec::new(), 0);
    while at < parts.len() {
        let joined = |n: usize| parts[at..at + n].join(",").trim().to_owned();
        let most = PARTS_MAX.min(parts.len() - at);
        let n = (1..=most)
            .rev()
            .find(|&n| is_known(&joined(n)))
            .unwrap_or(1);
        let key = joined(n);
        if !key.is_empty() {
            keys.push(key);
        }
        at += n;
    }
    keys
}

/// Lists under the names that a log gives its people, who need not be users of the run.
fn of_file<'a>(
    session: &Session,
    run: &'a OpenRun,
    path: &std::path::Path,
    options: &'a ListOptions,
) -> Result<Blocks<'a>> {
    let log = read_histories(path, &run.config.data)?;
    let items = run.recommender.items();
    let of_run: Vec<Option<u32>> = log.items.keys().iter().map(|key| items.id(key)).collect();
    let unknown = || {
        of_run
            .iter()
            .zip(log.items.keys())
            .filter(|item| item.0.is_none())
    };
    let n_unknown = unknown().count();
    if n_unknown > 0 {
        let text = format!(
            "left out of the histories: {} of {} items, which the run does not know: {}",
            count(n_unknown as u64),
            count(of_run.len() as u64),
            some_of(unknown().map(|item| &**item.1), n_unknown)
        );
        remark(session, &text);
    }
    let histories = Histories::of(run, &log, &of_run);
    let names: Vec<String> = log.users.keys().iter().map(|key| key.to_string()).collect();
    let blocks = (0..names.len())
        .step_by(PEOPLE_PER_BLOCK)
        .map(move |start| {
            let people = start..names.len().min(start + PEOPLE_PER_BLOCK);
            let (liked, weights) = histories.liked_of(people.clone());
            let has = lists_of(people.clone(), &histories.has);
            let names = &names[people];
            run.recommender
                .recommend_people_weighing(names, &liked, &weights, &has, options)
        });
    Ok(Box::new(blocks))
}

/// What people of a log have, by the items of the run: by person, then item, each once.
struct Histories {
    /// What says something of what is liked, and how much it weighs.
    liked: Vec<(u32, u32, f32)>,
    has: Vec<(u32, u32, f32)>,
    /// Whether weights count.
    are_weighed: bool,
}

impl Histories {
    /// Of a log whose items are these in the run. What was rated below the minimum of the training, or is an event that
    /// weighs 0, is had, and says nothing of what is liked.
    fn of(run: &OpenRun, log: &Dataset, of_run: &[Option<u32>]) -> Self {
        let data = &run.config.data;
        let rows = &log.interactions;
        let weighs = run.recommender.scorer().weighs_histories();
        let minimum = data.min_rating.unwrap_or(f32::NEG_INFINITY);
        let above_zero = weighs || !data.event_weights.is_empty();
        let is_liked = |weight: f32| weight >= minimum && (!above_zero || weight > 0.0);
        let entry = |row: usize| {
            let item = of_run[rows.items[row] as usize]?;
            let weight = rows.weights.as_ref().map(|all| all[row]);
            Some((rows.users[row], item, weight))
        };
        let entries = || (0..rows.len()).filter_map(entry);
        let plain =
            |(person, item, weight): (u32, u32, Option<f32>)| (person, item, weight.unwrap_or(1.0));
        let liked = entries().filter(|(.., weight)| weight.is_none_or(is_liked));
        Self {
            liked: distinct(liked.map(plain).collect()),
            has: distinct(entries().map(plain).collect()),
            are_weighed: weighs && rows.weights.is_some(),
        }
    }

    /// The lists of some people, and the weights of their items, where these count.
    fn liked_of(&self, people: Range<usize>) -> (ItemLists, Vec<f32>) {
        let weights = match self.are_weighed {
            true => part(&people, &self.liked)
                .iter()
                .map(|entry| entry.2)
                .collect(),
            false => Vec::new(),
        };
        (lists_of(people, &self.liked), weights)
    }
}

/// Sorted by person and item; of two keys of one item, which the run knows as the same, the greater weight stays.
fn distinct(mut entries: Vec<(u32, u32, f32)>) -> Vec<(u32, u32, f32)> {
    entries.sort_by(|a, b| (a.0, a.1).cmp(&(b.0, b.1)).then(b.2.total_cmp(&a.2)));
    entries.dedup_by_key(|entry| (entry.0, entry.1));
    entries
}

/// The entries of some people.
fn part<'e>(people: &Range<usize>, entries: &'e [(u32, u32, f32)]) -> &'e [(u32, u32, f32)] {
    let place = |person: usize| entries.partition_point(|entry| (entry.0 as usize) < person);
    &entries[place(people.start)..place(people.end)]
}

fn lists_of(people: Range<usize>, entries: &[(u32, u32, f32)]) -> ItemLists {
    let first = people.start as u32;
    let pairs = part(&people, entries).iter();
    let pairs = pairs.map(|&(person, item, _)| (person - first, item));
    ItemLists::from_pairs(people.len(), pairs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_entries_of_some_people_by_item_and_once() {
        let entries = distinct(vec![
            (1, 5, 2.0),
            (0, 9, 1.0),
            (1, 2, 3.0),
            (1, 5, 4.0),
            (3, 1, 1.0),
        ]);
        assert_eq!(entries[..3], [(0, 9, 1.0), (1, 2, 3.0), (1, 5, 4.0)]);
        let lists = lists_of(1..3, &entries);
        assert_eq!(
            (lists.of(0), lists.of(1), lists.n_users()),
            (&[2, 5][..], &[][..], 2)
        );
    }

    #[test]
    fn commas_in_keys_and_between_them() {
        let known = ["O'Neil, Ann", "Lem", "a,b", "a", "b", "c,d,e"];
        let keys = |text: &str| keys_between_commas(text, &|key| known.contains(&key));
        assert_eq!(keys("O'Neil, Ann"), ["O'Neil, Ann"]);
        assert_eq!(keys("Lem,O'Neil, Ann"), ["Lem", "O'Neil, Ann"]);
        assert_eq!(keys("O'Neil, Ann, Lem"), ["O'Neil, Ann", "Lem"]);
        // The longest key counts, whatever its parts are.
        assert_eq!(keys("a,b,a"), ["a,b", "a"]);
        assert_eq!(keys("c,d,e,x,b"), ["c,d,e", "x", "b"]);
        assert_eq!(keys(" x , ,Lem,"), ["x", "Lem"]);
    }
}
