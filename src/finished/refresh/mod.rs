//! Brings a finished run up to date with a newer log, without training: popularity, what users have, new users and items.

mod new_log;
mod state;

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::forget::{purge_listed, refuse_listed};
use super::new_items::{ItemMaker, NewItem, read_kept};
use super::open_run::{OpenRun, Seen};
use super::{Sources, card, embed};
use crate::config::DataConfig;
use crate::data::{Dataset, IdMap, iso_date, read_configured};
use crate::error::{Result, Usage};
use crate::numbers::{count, counted};
use crate::observer::{Observer, remark};
use crate::run::{
    Beside, File, LockedRun, Replace, RunBeside, RunWriter, beside, carry_forgotten, list_beside,
};
use new_log::NewLog;
use state::State;

const COMMAND: &str = "refresh";

/// Files that stay as they are.
const COPIED: [File; 10] = [
    File::Config,
    File::Forgotten,
    File::Began,
    File::Model,
    File::FoldIn,
    File::Encoder,
    File::ItemGraph,
    File::Data,
    File::Metrics,
    File::Contest,
];

/// What a refresh is asked for.
pub(crate) struct Request<'a> {
    pub(crate) run: &'a Path,
    pub(crate) log: Newer<'a>,
    /// The files of items' vectors, for a model that reads them.
    pub(crate) vectors: &'a [PathBuf],
    /// A new run; `None` replaces the old one.
    pub(crate) out: Option<&'a Path>,
}

/// A newer log.
pub(crate) enum Newer<'a> {
    /// How it is read, its item file included.
    Files(&'a DataConfig),
    /// One that was read before, and its item file.
    Read(&'a Dataset, Option<&'a Path>),
}

impl Newer<'_> {
    fn items(&self) -> Option<&Path> {
        match self {
            Self::Files(data) => data.items.as_deref(),
            Self::Read(_, items) => *items,
        }
    }
}

/// What a refresh did.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Refreshed {
    /// Pairs that are new, or newer.
    pub interactions: usize,
    /// New users.
    pub users: usize,
    /// New items.
    pub items: usize,
    /// Of the new items, those that the model could make a vector for.
    pub items_with_vectors: usize,
    /// The newest interaction that was known before, in seconds since 1970.
    pub moment_before: Option<i64>,
    /// The newest that is known now.
    pub moment: Option<i64>,
}

/// `None` where the log holds nothing that the run does not know.
pub(crate) fn refresh(observer: &dyn Observer, request: &Request<'_>) -> Result<Option<Refreshed>> {
    let target = match request.out {
        Some(out) => Target::New(LockedRun::to_create(out, Replace::Nothing, COMMAND)?),
        None => Target::Same(LockedRun::to_resume(request.run, COMMAND)?),
    };
    take_out_listed(observer, request, &target)?;
    let run = OpenRun::open(request.run, Seen::Everything)?;
    let mut log = match request.log {
        Newer::Files(data) => {
            let mut data = data.clone();
            data.forget.extend(list_beside(request.run));
            NewLog::of(&run, &read_configured(&data)?.0)?
        }
        Newer::Read(log, _) => NewLog::of(&run, log)?,
    };
    let before = State::of(&run)?;
    let moment_before = before.moment();
    let mut state = before.with(&log);
    let n_new = state.n_new;
    if n_new == 0 && log.n_new_users() == 0 && log.n_new_items() == 0 {
        return Ok(None);
    }
    check_newer(&log, &state, moment_before)?;
    let items_with_vectors = match (request.log.items(), run.dir.has(File::Encoder)) {
        (Some(items), true) => add_vectors(&run, &log, &mut state, items, request.vectors)?,
        _ => 0,
    };
    let items_with_vectors = items_with_vectors + add_kept(&run, &mut log, &mut state)?;
    if items_with_vectors < log.n_new_items() {
        let n = log.n_new_items() - items_with_vectors;
        let by = match state.prior.is_some() {
            true => "rank by their recent popularity alone",
            false => "have no score of their own",
        };
        let said = format!(
            "{} without a vector: they {by} until the next training",
            counted(n, "new item")
        );
        remark(observer, &said);
    }
    state.place_users(&run)?;
    remark_on_test(observer, &run, &state);
    let refreshed = Refreshed {
        interactions: n_new,
        users: log.n_new_users(),
        items: log.n_new_items(),
        items_with_vectors,
        moment_before,
        moment: state.moment(),
    };
    match target {
        Target::New(locked) => {
            let out = locked.path().to_owned();
            write(&run, &log, &state, &mut locked.begin()?)?;
            carry_forgotten(request.run, &out)?;
        }
        Target::Same(lock) => {
            let (beside, mut writer) = RunBeside::begin(request.run, COMMAND)?;
            write(&run, &log, &state, &mut writer)?;
            drop(writer);
            beside.take_its_place()?;
            drop(lock);
        }
    }
    Ok(Some(refreshed))
}

/// What is on the list of forgotten keys has no place in the run: it is taken out of one that is brought up to date, and keeps
/// another one from being made of it.
fn take_out_listed(observer: &dyn Observer, request: &Request<'_>, target: &Target) -> Result<()> {
    match target {
        Target::New(_) => refuse_listed(request.run),
        Target::Same(_) => {
            if let Some(gone) = purge_listed(request.run)? {
                let said = format!(
                    "{} and {} that are on the list of forgotten keys were taken out first",
                    counted(gone.users, "user"),
                    counted(gone.items, "item")
                );
                remark(observer, &said);
            }
            Ok(())
        }
    }
}

enum Target {
    New(LockedRun),
    Same(LockedRun),
}

/// Refuses a log that ends before the run does.
fn check_newer(log: &NewLog, state: &State, before: Option<i64>) -> Result<()> {
    let (Some(newest), Some(before)) = (log.newest(), before) else {
        return Ok(());
    };
    if newest >= before {
        return Ok(());
    }
    Err(Usage(format!(
        "the log ends on {}, and the run knows what happened until {}: its {} unknown interactions are older than the \
         run. Give a log of what came after, or train again",
        iso_date(newest),
        iso_date(before),
        count(state.n_new as u64)
    ))
    .into())
}

/// Vectors of the new items that the item file describes.
fn add_vectors(
    run: &OpenRun,
    log: &NewLog,
    state: &mut State,
    items: &Path,
    vectors: &[PathBuf],
) -> Result<usize> {
    let sources = Sources {
        items,
        vectors,
        edges: &[],
    };
    let new = embed(run, &sources)?;
    let own = new.dim - usize::from(state.has_coordinate(run));
    let rows = new.vectors.chunks_exact(new.dim.max(1));
    let first = run.recommender.items().len();
    let places: HashMap<&str, usize> = log
        .new_items
        .iter()
        .map(|key| &**key)
        .zip(first..)
        .collect();
    let mut n = 0;
    for (key, row) in new.keys.keys().iter().zip(rows) {
        if let Some(&item) = places.get(&**key) {
            state.set_item(item, &row[..own]);
            n += 1;
        }
    }
    Ok(n)
}

/// Vectors of the new items that a service took and keeps beside the run, for those that have none yet.
fn add_kept(run: &OpenRun, log: &mut NewLog, state: &mut State) -> Result<usize> {
    let first = run.recommender.items().len();
    let keys = log.new_items.iter().cloned();
    let places: HashMap<Box<str>, usize> = keys.zip(first..).collect();
    if places.is_empty() || !run.dir.has(File::Encoder) {
        return Ok(0);
    }
    let mut kept = read_kept(&beside(run.dir.path(), Beside::Items))?;
    let is_wanted = |item: &NewItem| {
        let place = places.get(item.key.as_str());
        place.is_some_and(|&place| !state.has_vector(place))
    };
    kept.retain(is_wanted);
    let Some(maker) = ItemMaker::of(run)?.filter(|_| !kept.is_empty()) else {
        return Ok(0);
    };
    let made = maker.make(&kept)?;
    let dim = made.rows.len() / kept.len();
    let own = dim - usize::from(state.has_coordinate(run));
    for ((item, row), title) in kept
        .iter()
        .zip(made.rows.chunks_exact(dim))
        .zip(made.titles)
    {
        let place = places[item.key.as_str()];
        state.set_item(place, &row[..own]);
        log.give_title(place - first, title);
    }
    Ok(kept.len())
}

/// Interactions of the test part whose times nobody told do not count.
fn remark_on_test(observer: &dyn Observer, run: &OpenRun, state: &State) {
    let untold = state.n_untold_of_test(run);
    if untold > 0 && state.prior.is_some() {
        let said = format!(
            "{} of the test part of the run are not in this log: they are left out of lists, but do not count in \
             popularity, for the run keeps no times of them",
            counted(untold, "interaction")
        );
        remark(observer, &said);
    }
}

/// Writes the refreshed run.
fn write(run: &OpenRun, log: &NewLog, state: &State, writer: &mut RunWriter) -> Result<()> {
    for file in COPIED {
        if run.dir.has(file) {
            writer.copy(&run.dir, file)?;
        }
    }
    writer.copy_openings(&run.dir)?;
    let keys = |known: &IdMap, new: &[Box<str>]| {
        let all = known.keys().iter().chain(new).cloned().collect();
        IdMap::from_ordered_keys(all).unwrap_or_else(|| unreachable!("a new key is new"))
    };
    let users = keys(run.recommender.users(), &log.new_users);
    let items = keys(run.recommender.items(), &log.new_items);
    writer.write_keys(&users, &items)?;
    if let Some(titles) = log.titles(run)? {
        writer.write_titles(&titles)?;
    }
    if let Some(categories) = run.dir.item_categories(run.recommender.items().len())? {
        writer.write_item_categories(&categories.with_items(log.n_new_items()))?;
    }
    if let Some(mut categories) = run.dir.categories()? {
        categories.resize(items.len(), None);
        writer.write_categories(&categories)?;
    }
    state.write(run, writer)?;
    let card = card::model_card(writer, &run.config, &run.record, Vec::new());
    writer.write_model_card(&card)?;
    writer.finish()?;
    Ok(())
}
