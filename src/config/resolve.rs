//! Puts the layers together into one complete configuration.

use toml::{Table, Value};

use super::error::SettingError;
use super::layers::{self, Origin, Values};
use super::sections::setting::{Absent, Setting};
use super::sections::{DEFAULT_MODEL, ModelName, RunConfig, SplitDraw};
use super::table::settings;

/// The setting that tells the splits of version 0.1 from those of today.
pub(super) const DRAW: &str = "split.draw";

/// A complete configuration and where each of its values came from.
#[derive(Clone, Debug)]
pub struct Resolved {
    /// The configuration.
    pub config: RunConfig,
    values: Values,
}

/// Resolves flags over environment over file over the chosen model's defaults.
///
/// `file` is a name for messages and the file's text; `flags` is nested by section as a file is.
/// The model is looked for in all layers first, so that its defaults fill what is left.
///
/// # Errors
/// Any layer holds an unknown key, a wrong type, an unknown choice or a value out of range, or a
/// setting the chosen model does not have.
pub fn resolve(
    file: Option<(&str, &str)>,
    env: impl Iterator<Item = (String, String)>,
    flags: Table,
) -> Result<Resolved, SettingError> {
    complete(layers::put_together(file, env, flags)?)
}

pub(super) fn complete(values: Values) -> Result<Resolved, SettingError> {
    let model = model_name(&values)?;
    let place_of = |key: &str| {
        let origin = values.get(key).map(|(_, origin)| origin);
        origin.unwrap_or(&Origin::Default).place()
    };
    let refused = |setting: &Setting, remedy: String| SettingError::NotForModel {
        place: place_of(setting.key),
        key: setting.key.to_owned(),
        model: model.as_str(),
        remedy,
    };
    let given = settings().filter(|setting| values.contains_key(setting.key));
    for setting in given {
        if let Some(remedy) = setting.misplaced(model) {
            return Err(refused(setting, remedy));
        }
    }
    let mut table =
        Table::try_from(RunConfig::defaults_for(model)).map_err(|error| internal(&error))?;
    for (path, (value, _)) in &values {
        insert(&mut table, path, value.clone());
    }
    let of_model = || settings().filter(|setting| setting.is_of(model));
    for setting in of_model() {
        let value = lookup(&table, setting.key);
        if let Some(remedy) = value.and_then(|value| beyond_limit(setting, model, value)) {
            return Err(refused(setting, remedy.to_owned()));
        }
    }
    let config: RunConfig = table.try_into().map_err(|error| internal(&error))?;
    for setting in of_model() {
        let broken = |rule: &&super::Rule| (rule.broken)(&config);
        if let Some(rule) = setting.rules.iter().find(broken) {
            return Err(refused(setting, rule.remedy.to_owned()));
        }
    }
    Ok(Resolved { config, values })
}

/// What to do about a value outside the range that the model has.
fn beyond_limit(setting: &Setting, model: ModelName, value: &Value) -> Option<&'static str> {
    let is_beyond = |limit: &&super::Limit| {
        let checked = limit.accepts.check(setting.key, "", value.clone());
        limit.models.contains(&model) && checked.is_err()
    };
    setting
        .limits
        .iter()
        .find(is_beyond)
        .map(|limit| limit.remedy)
}

fn model_name(values: &Values) -> Result<ModelName, SettingError> {
    let Some((value, origin)) = values.get("model.name") else {
        return Ok(DEFAULT_MODEL);
    };
    let name = value.as_str().unwrap_or_default();
    ModelName::from_name(name).ok_or_else(|| SettingError::UnknownChoice {
        place: origin.place(),
        key: "model.name".to_owned(),
        value: name.to_owned(),
        hint: format!(
            "a contest of models is held by `sagebrush train` alone; name one of {}",
            ModelName::NAMES.join(", ")
        ),
    })
}

/// The typed structs and the definitions disagree, or a value does not fit this machine.
fn internal(error: &dyn std::fmt::Display) -> SettingError {
    SettingError::Syntax {
        place: "the resolved configuration".to_owned(),
        reason: error.to_string(),
    }
}

/// Inserts at a dotted path; a scalar in the way is replaced by a table, which the strict reader then
/// refuses by name.
pub(crate) fn insert(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((section, rest)) => {
            let entry = table
                .entry(section)
                .or_insert_with(|| Value::Table(Table::new()));
            if !entry.is_table() {
                *entry = Value::Table(Table::new());
            }
            if let Value::Table(inner) = entry {
                insert(inner, rest, value);
            }
        }
    }
}

pub(super) fn lookup<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => table.get(path),
        Some((section, rest)) => lookup(table.get(section)?.as_table()?, rest),
    }
}

impl Resolved {
    /// Where the value at `path` (such as `training.epochs`) came from.
    #[must_use]
    pub fn origin(&self, path: &str) -> Origin {
        let found = self.values.get(path);
        found.map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// What was set by a file, a variable or a flag, without the defaults, as TOML. Reading it back with
    /// [`resolve`], alone or under more flags, fills the rest with the defaults of the model. `split.draw` is always
    /// told: a text without it is of version 0.1 (see `with_draw_of_before`).
    ///
    /// # Errors
    /// A value has no TOML form.
    pub fn given_toml(&self) -> Result<String, SettingError> {
        let mut table = Table::new();
        insert(&mut table, DRAW, self.config.split.draw.as_str().into());
        for (path, (value, _)) in &self.values {
            insert(&mut table, path, value.clone());
        }
        written(&table)
    }
}

/// What [`Resolved::given_toml`] wrote, with the draw of splits that version 0.1 had where that version wrote it.
///
/// # Errors
/// A text that is not TOML.
pub(crate) fn with_draw_of_before(given: &str) -> Result<String, SettingError> {
    let mut table: Table = given.parse().map_err(|error| internal(&error))?;
    if lookup(&table, DRAW).is_none() {
        insert(&mut table, DRAW, SplitDraw::PerUser.as_str().into());
    }
    written(&table)
}

pub(super) fn written(table: &Table) -> Result<String, SettingError> {
    toml::to_string(table).map_err(|error| SettingError::Syntax {
        place: Origin::Default.to_string(),
        reason: error.to_string(),
    })
}

impl RunConfig {
    /// Reads a run directory's complete file; `name` is for messages.
    ///
    /// # Errors
    /// As [`resolve`], and when a key that has no "absent" meaning is missing: a stored run never
    /// falls back on today's defaults.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, SettingError> {
        let mut values = Values::new();
        layers::add_file(name, text, &mut values)?;
        let model = model_name(&values)?;
        for setting in settings().filter(|setting| setting.is_of(model)) {
            if values.contains_key(setting.key) {
                continue;
            }
            match setting.absent {
                Absent::Refused => {
                    return Err(SettingError::MissingKey {
                        place: name.to_owned(),
                        key: setting.key.to_owned(),
                    });
                }
                Absent::Default => {}
                Absent::Was(text) => {
                    let value = text.parse::<Value>().map_err(|error| internal(&error))?;
                    values.insert(setting.key, (value, Origin::Default));
                }
            }
        }
        complete(values).map(|resolved| resolved.config)
    }
}
