//! Which items lists may hold: `--only`, `--exclude`, `--category`, and the remark on a K beyond the catalogue.

use std::path::PathBuf;

use crate::cli::args::ItemArgs;
use crate::cli::session::Session;
use crate::cli::terminal::count;
use crate::data::{DataError, Place, Role, read_key_list};
use crate::error::Result;
use crate::finished::OpenRun;
use crate::inference::ListOptions;
use crate::observer::remark;

/// Keys that a remark names.
const NAMED: usize = 5;

/// The options of lists of `k` items; keys of the files that the run does not know are told.
pub(super) fn options(
    session: &Session,
    run: &OpenRun,
    args: &ItemArgs,
    k: usize,
) -> Result<ListOptions> {
    let mut options = ListOptions::of(k);
    options.category = args.category.clone();
    if !args.only.is_empty() {
        let only = keys(session, run, "--only", &args.only)?;
        if let (true, Some(path)) = (only.is_empty(), args.only.first()) {
            let place = Place::whole(&path.display().to_string());
            return Err(DataError::Empty { place }.into());
        }
        options = options.among(only);
    }
    let excluded = keys(session, run, "--exclude", &args.exclude)?;
    Ok(options.excluding(excluded))
}

fn keys(session: &Session, run: &OpenRun, flag: &str, paths: &[PathBuf]) -> Result<Vec<String>> {
    let known = run.recommender.items();
    let is_known = |key: &str| known.id(key).is_some();
    let mut all = Vec::new();
    for path in paths {
        let keys = read_key_list(path, Role::Item, &own_item_columns(run), known)?;
        let unknown = || keys.iter().filter(|key| !is_known(key)).map(String::as_str);
        let n = unknown().count();
        if n > 0 {
            let text = format!(
                "{flag} {}: {} of {} items are not in the run: {}",
                path.display(),
                count(n as u64),
                count(keys.len() as u64),
                some_of(unknown(), n)
            );
            remark(session, &text);
        }
        all.extend(keys);
    }
    Ok(all)
}

/// What the log of a run and its item file call the column of items, where that was told.
pub(super) fn own_item_columns(run: &OpenRun) -> Vec<&str> {
    let data = &run.config.data;
    let names = [&data.columns.item, &data.item_id_column].into_iter();
    names.flatten().map(String::as_str).collect()
}

/// The first of `n` keys, and how many more there are.
pub(super) fn some_of<'a>(keys: impl Iterator<Item = &'a str>, n: usize) -> String {
    let named: Vec<String> = keys.take(NAMED).map(|key| format!("`{key}`")).collect();
    match n.saturating_sub(named.len()) {
        0 => named.join(", "),
        more => format!("{} and {} more", named.join(", "), count(more as u64)),
    }
}

/// Says that lists are shorter than asked for, where there are not so many items.
pub(super) fn remark_on_k(session: &Session, k: usize, n_items: usize, what: &str) {
    if k > n_items {
        let text = format!(
            "the catalogue has {} {what}, so lists are shorter than the {} of K",
            count(n_items as u64),
            count(k as u64)
        );
        remark(session, &text);
    }
}
