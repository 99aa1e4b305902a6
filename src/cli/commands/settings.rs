//! The settings of a command: its flags over the environment over the file over the defaults.

use std::ffi::OsString;

use toml::{Table, Value};

use crate::cli::args::InspectArgs;
#[cfg(feature = "train")]
use crate::cli::args::{DemoArgs, SettingsArgs};
#[cfg(feature = "train")]
use crate::cli::session::Session;
#[cfg(feature = "train")]
use crate::config::Given;
use crate::config::{self, DataConfig, Resolved, RunConfig};
use crate::error::{Result, Usage};
#[cfg(feature = "train")]
use crate::failure::{Fails, Failure};

/// The name of the bundled data set.
const BUNDLED: &str = "movietweetings-100k";

/// The settings of the one model that `command` is about, and whether any layer names it.
#[cfg(feature = "train")]
pub(super) fn of_one_model(
    session: &Session,
    args: &SettingsArgs,
    command: &str,
) -> Result<Resolved> {
    let given = of_training(args)?;
    if given.names_auto() {
        return Err(Usage(format!(
            "`sagebrush {command}` is about one model: name it with `--model`; `sagebrush train` holds a contest of several"
        ))
        .into());
    }
    if given.model().is_none() {
        session.say(&format!(
            "no model is named: this is about {}; `--model` names another",
            config::DEFAULT_MODEL
        ));
    }
    Ok(given.resolved()?)
}

/// What is given for a training: flags over `SAGEBRUSH_*` over the file.
#[cfg(feature = "train")]
pub(super) fn of_training(args: &SettingsArgs) -> Result<Given> {
    let file = match (&args.config, &args.recipe) {
        (None, None) => None,
        (None, Some(name)) => {
            let text = super::reproduce::settings_of(name)?;
            Some((format!("recipe {name}"), text.to_owned()))
        }
        (Some(path), _) => {
            let name = path.display().to_string();
            let text = std::fs::read_to_string(path).map_err(|source| Unreadable {
                path: name.clone(),
                source,
            })?;
            Some((name, text))
        }
    };
    let file = file
        .as_ref()
        .map(|(name, text)| (name.as_str(), text.as_str()));
    Ok(Given::new(file, environment(), flags_of_training(args)?)?)
}

/// The settings that `inspect` makes use of.
pub(super) fn of_inspection(args: &InspectArgs) -> Result<Resolved> {
    let mut flags = Flags {
        table: args.data.0.clone(),
    };
    flags.set("run.memory_limit", args.memory_limit.clone());
    Ok(config::resolve(None, environment(), flags.table)?)
}

/// How a newer log is read: as the run's own, with these flags over that.
pub(super) fn of_refresh(run: &RunConfig, flags: &Table) -> Result<DataConfig> {
    let given = |key: &str| {
        let data = flags.get("data").and_then(Value::as_table);
        data.is_some_and(|data| data.contains_key(key))
    };
    if !given("train") && !given("bundled") {
        return Err(Usage(
            "name the newer log, as in `sagebrush refresh --run my-run today.csv`".to_owned(),
        )
        .into());
    }
    for (key, flag) in [("test", "--test"), ("k_core", "--k-core")] {
        if given(key) {
            return Err(Usage(format!("`{flag}` means nothing to `refresh`: leave it out")).into());
        }
    }
    let name = "the settings of the run";
    let resolved = config::resolve(
        Some((name, &run.to_toml())),
        std::iter::empty(),
        flags.clone(),
    )?;
    let mut data = resolved.config.data;
    (data.test, data.k_core) = (Vec::new(), None);
    if !given("bundled") {
        data.bundled = None;
    }
    if !given("train") {
        data.train = Vec::new();
    }
    if !given("items") {
        data.items = None;
    }
    Ok(data)
}

/// What is given for the contest of the demonstration.
#[cfg(feature = "train")]
pub(super) fn of_demo(args: &DemoArgs) -> Result<Given> {
    let mut flags = Flags::default();
    flags.set("data.bundled", Some(BUNDLED));
    flags.set("run.device", Some(args.device.as_str()));
    flags.set("seed", Some(seed(args.seed)?));
    Ok(Given::new(None, environment(), flags.table)?)
}

/// A seed as a setting.
#[cfg(feature = "train")]
pub(super) fn seed(seed: u64) -> Result<i64> {
    i64::try_from(seed).map_err(|_| Usage(format!("the seed {seed} is beyond {}", i64::MAX)).into())
}

#[cfg(feature = "train")]
fn flags_of_training(args: &SettingsArgs) -> Result<Table> {
    let mut flags = Flags {
        table: args.data.0.clone(),
    };
    flags.table.extend(args.flags.0.clone());
    flags.parse_all("--set", &args.settings)?;
    Ok(flags.table)
}

/// Settings as `KEY=VALUE`; `place` is for messages.
#[cfg(feature = "train")]
pub(super) fn of_pairs(place: &str, pairs: &[String]) -> Result<Table> {
    let mut flags = Flags::default();
    flags.parse_all(place, pairs)?;
    Ok(flags.table)
}

/// The environment; a variable that is not Unicode is none of ours.
fn environment() -> impl Iterator<Item = (String, String)> {
    let unicode = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(unicode)
}

#[derive(Default)]
struct Flags {
    table: Table,
}

impl Flags {
    fn set(&mut self, key: &str, value: Option<impl Into<Value>>) {
        if let Some(value) = value {
            config::insert(&mut self.table, key, value.into());
        }
    }

    #[cfg(feature = "train")]
    fn parse_all(&mut self, place: &str, settings: &[String]) -> Result<()> {
        settings
            .iter()
            .try_for_each(|setting| self.parse(place, setting))
    }

    #[cfg(feature = "train")]
    /// `KEY=VALUE`, the value as in TOML; what is not TOML is a string.
    fn parse(&mut self, place: &str, setting: &str) -> Result<()> {
        let Some((key, value)) = setting.split_once('=') else {
            return Err(Usage(format!(
                "{place}: `{setting}` has no `=`: write KEY=VALUE, such as `training.patience=5`"
            ))
            .into());
        };
        let value = value.trim();
        let parsed = value
            .parse::<Value>()
            .unwrap_or_else(|_| Value::String(value.to_owned()));
        config::insert(&mut self.table, key.trim(), parsed);
        Ok(())
    }
}

/// A file named on the command line that cannot be read.
#[cfg(feature = "train")]
#[derive(Debug, thiserror::Error)]
#[error("{path}: cannot be read ({source}); check the path")]
struct Unreadable {
    path: String,
    source: std::io::Error,
}

#[cfg(feature = "train")]
impl Fails for Unreadable {
    fn failure(&self) -> Failure {
        Failure::InputMissing
    }
}
