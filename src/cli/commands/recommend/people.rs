//! Whom lists are made for: users of the run, a history by hand, or the histories of a file.

use std::collections::HashSet;

use super::Blocks;
use crate::cli::args::RecommendArgs;
use crate::cli::commands::item_choice::some_of;
use crate::cli::session::Session;
use crate::cli::terminal::count;
use crate::config::DataConfig;
use crate::data::{DataError, Dataset, ItemLists, Place, Role, read_configured, read_key_list};
use crate::error::Result;
use crate::finished::OpenRun;
use crate::inference::{ListOptions, Recommender};
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
        let history = history(args, recommender)?;
        let answer = recommender.recommend_for(&history, options)?;
        for unknown in &answer.unknown {
            tracing::warn!("left out of the history: {unknown}");
        }
        return Ok(Box::new(std::iter::once(Ok(vec![answer.list]))));
    }
    let users = match args.all {
        true => (0..recommender.users().len() as u32).collect(),
        false => named(session, args, recommender)?,
    };
    let mine = |&user: &u32| {
        let key = recommender.users().key(user);
        args.shard.is_none_or(|shard| shard.has(key))
    };
    let users: Vec<u32> = users.into_iter().filter(mine).collect();
    Ok(Box::new(recommender.recommend_each(users, options)?))
}

/// The users of `--user` and `--users`, each once; unknown ones are told, unless all are.
fn named(session: &Session, args: &RecommendArgs, recommender: &Recommender) -> Result<Vec<u32>> {
    let users = recommender.users();
    let mut keys = args.users.clone();
    for path in &args.users_files {
        let of_file = read_key_list(path, Role::User, &|key| users.id(key).is_some())?;
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
fn history(args: &RecommendArgs, recommender: &Recommender) -> Result<Vec<String>> {
    let is_known = |key: &str| recommender.items().id(key).is_some();
    let mut items = Vec::new();
    for text in &args.history {
        items.extend(keys_between_commas(text, &is_known));
    }
    items.extend(args.history_items.iter().cloned());
    for path in &args.history_files {
        items.extend(read_key_list(path, Role::Item, &is_known)?);
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
    let log = read_histories(run, path)?;
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
    // What was rated below the minimum of the training is had, and says nothing of what is liked.
    let minimum = run.config.data.min_rating.unwrap_or(f32::NEG_INFINITY);
    let rows = &log.interactions;
    let is_liked = |row: usize| rows.weights.as_ref().is_none_or(|all| all[row] >= minimum);
    let lists = |of: &dyn Fn(usize) -> bool| {
        let pairs = (0..rows.len()).filter(|&row| of(row));
        let pairs = pairs.filter_map(|row| {
            let item = of_run[rows.items[row] as usize]?;
            Some((rows.users[row], item))
        });
        let pairs: Vec<(u32, u32)> = pairs.collect();
        ItemLists::from_pairs(log.users.len(), pairs.into_iter())
    };
    let (liked, has) = (lists(&is_liked), lists(&|_| true));
    let names: Vec<String> = log.users.keys().iter().map(|key| key.to_string()).collect();
    let blocks = (0..names.len())
        .step_by(PEOPLE_PER_BLOCK)
        .map(move |start| {
            let people = start..names.len().min(start + PEOPLE_PER_BLOCK);
            let part = |lists: &ItemLists| {
                let of = |person: usize| {
                    lists
                        .of(person as u32)
                        .iter()
                        .map(move |&item| (person, item))
                };
                let pairs = people.clone().flat_map(of);
                let pairs = pairs.map(|(person, item)| ((person - start) as u32, item));
                ItemLists::from_pairs(people.len(), pairs)
            };
            let (liked, has) = (part(&liked), part(&has));
            run.recommender
                .recommend_people(&names[people], &liked, &has, options)
        });
    Ok(Box::new(blocks))
}

/// Reads a log of people and their items: by the columns of the run's own log, or else by the usual ones.
fn read_histories(run: &OpenRun, path: &std::path::Path) -> Result<Dataset> {
    let usual = DataConfig {
        train: vec![path.to_owned()],
        ..DataConfig::default()
    };
    let columns = &run.config.data.columns;
    let named = DataConfig {
        columns: columns.clone(),
        ..usual.clone()
    };
    let read = match read_configured(&named) {
        Err(error) if *columns != usual.columns => read_configured(&usual).map_err(|_| error),
        read => read,
    };
    Ok(read?.0)
}

#[cfg(test)]
mod tests {
    use super::*;

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
