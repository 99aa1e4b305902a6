//! What a retraining began with. It is on record, so that one that was stopped resumes with the same.

use std::fs;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::ToRetrain;
use super::error::RetrainError;
use super::kept;
use super::outcome::Verdict;
use super::place::Place;
use crate::config::{RunConfig, SplitMethod};
use crate::data::{
    Cleaning, Dataset, SourceFile, item_column_names, items_input, part_files, read_configured,
    read_item_titles,
};
use crate::error::Result;
use crate::run::{RunDir, RunError, list_beside, write_atomically};

/// What a retraining began with.
#[derive(Debug)]
pub(super) struct Plan {
    /// The name of the new run.
    pub(super) name: String,
    /// The name of the run that is served.
    pub(super) serving: String,
    /// The settings of the new run: those of the serving one, with the logs of now.
    pub(super) config: RunConfig,
    /// The kept interactions.
    interactions: PathBuf,
    /// The files that were read; empty before they were.
    sources: Vec<SourceFile>,
    /// By what it is published, once that is decided.
    verdict: Option<Verdict>,
}

/// The same on disk.
#[derive(Serialize, Deserialize)]
struct Stored {
    name: String,
    serving: String,
    config: String,
    sources: Vec<SourceFile>,
    verdict: Option<Verdict>,
}

impl Plan {
    /// The plan of a retraining of the same run and logs that was stopped, or else a new one.
    pub(super) fn resumed_or_new(place: &Place, asked: &ToRetrain<'_>) -> Result<Self> {
        let stopped = Self::of(place)?.filter(|plan| plan.serving == place.serving_name());
        let Some(plan) = stopped else {
            return Self::new(place, asked);
        };
        let same = settings(place, asked)?;
        match plan.config == same {
            true => Ok(plan),
            false => Self::new(place, asked),
        }
    }

    /// The plan on record; `None` where there is none.
    pub(super) fn of(place: &Place) -> Result<Option<Self>> {
        let path = file(place);
        if !path.exists() {
            return Ok(None);
        }
        let text = fs::read(&path).map_err(RunError::unreadable(&path))?;
        let stored: Stored = serde_json::from_slice(&text)
            .map_err(|error| RunError::damaged(&path, error.to_string()))?;
        Ok(Some(Self {
            config: RunConfig::from_toml(&path.display().to_string(), &stored.config)?,
            name: stored.name,
            serving: stored.serving,
            interactions: place.interactions(),
            sources: stored.sources,
            verdict: stored.verdict,
        }))
    }

    /// A new plan: what there is of one before is removed, and the interactions that are kept by now are copied.
    pub(super) fn new(place: &Place, asked: &ToRetrain<'_>) -> Result<Self> {
        place.clean()?;
        let work = place.work();
        fs::create_dir_all(&work).map_err(RetrainError::cannot_write(&work))?;
        let mut files = vec![
            place.interactions_of(&place.serving_name()),
            place.link().with_file_name(format!(
                "{}.interactions.jsonl",
                super::place::name_of(place.link())
            )),
        ];
        files.extend_from_slice(asked.interactions);
        kept::gather(&files, asked.interactions, &place.interactions())?;
        Ok(Self {
            name: place.new_name(),
            serving: place.serving_name(),
            config: settings(place, asked)?,
            interactions: place.interactions(),
            sources: Vec::new(),
            verdict: None,
        })
    }

    /// Reads the logs and the kept interactions into one data set.
    pub(super) fn read(&self) -> Result<(Dataset, Cleaning)> {
        let data = &self.config.data;
        let (log, cleaning) = read_configured(data)?;
        if log.interactions.timestamps.is_none() {
            let run = PathBuf::from(&self.serving);
            return Err(RetrainError::NoTimes { run }.into());
        }
        let Some(kept) = kept::read(&self.interactions, data)? else {
            return Ok((log, cleaning));
        };
        // What a service takes is something that the user wanted: no rating, but as good as the least that counts.
        let least = data.min_rating.unwrap_or(1.0).max(1.0);
        let mut joined = log.joined_with(kept, data.repeats, least);
        if joined.titles.is_some()
            && let Some(items) = items_input(data)?
        {
            let titles = read_item_titles(&items, &item_column_names(data), &joined.items)?;
            joined.titles = Some(titles);
        }
        Ok((joined, cleaning))
    }

    /// Whether the files are those it began with.
    pub(super) fn agrees_with(&self, dataset: &Dataset) -> bool {
        self.sources.is_empty() || self.sources == dataset.sources
    }

    /// Remembers the files that were read.
    pub(super) fn began_with(&mut self, dataset: &Dataset, place: &Place) -> Result<()> {
        self.sources.clone_from(&dataset.sources);
        self.write(place)
    }

    /// Remembers that its run is to be published, and why.
    pub(super) fn is_good(&mut self, verdict: &Verdict, place: &Place) -> Result<()> {
        self.verdict = Some(verdict.clone());
        self.write(place)
    }

    /// Puts it on record.
    fn write(&self, place: &Place) -> Result<()> {
        let stored = Stored {
            name: self.name.clone(),
            serving: self.serving.clone(),
            config: self.config.to_toml(),
            sources: self.sources.clone(),
            verdict: self.verdict.clone(),
        };
        let text = serde_json::to_vec_pretty(&stored)?;
        write_atomically(&file(place), |out| out.write_all(&text))?;
        Ok(())
    }
}

/// Ends a publication that was cut short, and names its run; `None` where there was none.
pub(super) fn finish_publishing(place: &Place) -> Result<Option<String>> {
    let Some(plan) = Plan::of(place)? else {
        return Ok(None);
    };
    let Some(verdict) = plan.verdict.filter(|_| place.run(&plan.name).exists()) else {
        return Ok(None);
    };
    place.publish(&plan.name, &verdict)?;
    Ok(Some(plan.name))
}

fn file(place: &Place) -> PathBuf {
    place.work().join("plan.json")
}

/// The settings of the serving run, which learn from all its logs and the new ones. What is newest is held out in place of
/// a test part.
fn settings(place: &Place, asked: &ToRetrain<'_>) -> Result<RunConfig> {
    let run = RunDir::open(place.serving())?;
    let name = place.serving().join("config.toml").display().to_string();
    let mut config = RunConfig::from_toml(&name, &run.config()?)?;
    let began_in = run.began_in()?;
    let data = &mut config.data;
    let tested = std::mem::take(&mut data.test);
    data.train.extend(tested);
    let listed = data.train.iter_mut().chain(&mut data.items);
    for path in listed.chain(&mut data.forget) {
        *path = found(path, began_in.as_deref());
    }
    // What a service or `forget` has put on the list since.
    let list = list_beside(asked.link).filter(|list| !data.forget.contains(list));
    data.forget.extend(list);
    for path in config.features.iter_mut().flat_map(|own| &mut own.vectors) {
        *path = found(path, began_in.as_deref());
    }
    for log in asked.logs {
        if !data.train.contains(log) {
            data.train.push(log.clone());
        }
    }
    if data.train.is_empty() && data.bundled.is_none() {
        let run = asked.link.to_owned();
        return Err(RetrainError::NoLog { run }.into());
    }
    config.split.method = Some(SplitMethod::Given);
    Ok(config)
}

/// A file where it is named, or else below the folder that the run was begun in.
fn found(path: &Path, began_in: Option<&Path>) -> PathBuf {
    let there = began_in.map(|folder| folder.join(path));
    match there {
        Some(there) if part_files(path).is_err() && part_files(&there).is_ok() => there,
        _ => path.to_owned(),
    }
}
