//! The definition of a setting: everything this program knows of one key of the configuration.

use std::fmt;

use toml::Value;

use super::RunConfig;
use super::model_name::ModelName;
use crate::config::accepts::{Accepts, SettingType};
use crate::config::error::SettingError;

/// One setting. The parser, the checks, the help of flags, `--print-config`, the space of `tune` and
/// `docs/configuration.md` are made of these; the sections declare them.
#[derive(Clone, Copy)]
pub struct Setting {
    /// Its dotted path, such as `training.epochs`.
    pub key: &'static str,
    /// What it does, as its documentation has it; [`Setting::help`] is the text without the space before it.
    pub(in crate::config) raw_help: &'static str,
    /// Its type and range.
    pub accepts: Accepts,
    /// The models that have it.
    pub models: &'static [ModelName],
    /// Narrower ranges of some models.
    pub limits: &'static [Limit],
    /// What it must not be beside other settings.
    pub rules: &'static [Rule],
    /// Keys it had before: read, with a remark, and never written.
    pub old: &'static [&'static str],
    /// What it means that the file of a stored run does not have it.
    pub absent: Absent,
    /// Whether `tune` may vary it.
    pub tune: Tune,
    /// The flag that sets it, beside `--set`.
    pub flag: Option<Flag>,
}

/// A narrower range that a setting has for some models.
#[derive(Clone, Copy)]
pub struct Limit {
    /// The models.
    pub models: &'static [ModelName],
    /// Their range.
    pub accepts: Accepts,
    /// Why, and what to do, in a clause.
    pub remedy: &'static str,
}

/// A combination of settings that is refused.
#[derive(Clone, Copy)]
pub struct Rule {
    /// Whether a configuration has it.
    pub broken: fn(&RunConfig) -> bool,
    /// Why it is refused, and what to do, in a clause.
    pub remedy: &'static str,
}

/// What it means that a stored run's file does not have a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Absent {
    /// The file is incomplete, and refused.
    Refused,
    /// No value, or today's default: it could not matter.
    Default,
    /// The run is from before the setting existed, and did what this value (in TOML) does now.
    Was(&'static str),
}

/// A flag of `train` and its kin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Its name without the dashes; empty for the files that stand without one.
    pub long: &'static str,
    /// What `--help` calls its value; empty for a switch.
    pub value: &'static str,
}

/// Whether `tune` may vary a setting.
#[derive(Clone, Copy)]
pub enum Tune {
    /// Where `--vary` names it.
    Asked,
    /// Where `--vary` names nothing, too.
    Usually(&'static [Usual]),
    /// Never, for this reason.
    Fixed(&'static str),
}

/// A range that `tune` searches where nobody says what to vary.
#[derive(Clone, Copy)]
pub struct Usual {
    /// Its place among the settings searched: the order decides what is drawn for which.
    pub place: u8,
    /// The values.
    pub over: Over,
    /// In which configurations.
    pub when: fn(&RunConfig) -> bool,
    /// The same in words, for the documentation.
    pub when_words: &'static str,
}

/// The values a search draws from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Over {
    /// Each as often.
    Values(&'static [&'static str]),
    /// Evenly between two numbers.
    Linear(f64, f64),
    /// Evenly between the logarithms of two numbers.
    Log(f64, f64),
}

impl fmt::Display for Over {
    /// As `--vary` takes it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |number: f64| match number != 0.0 && number.abs() < 1e-3 {
            true => format!("{number:e}"),
            false => number.to_string(),
        };
        match *self {
            Self::Values(values) => f.write_str(&values.join(",")),
            Self::Linear(low, high) | Self::Log(low, high) => {
                write!(f, "{}..{}", short(low), short(high))
            }
        }
    }
}

impl Setting {
    /// What the settings of a section have in common; [`super::section`] adds the rest.
    pub(in crate::config) const fn of_section(models: &'static [ModelName]) -> Self {
        Self {
            key: "",
            raw_help: "",
            accepts: Accepts::Text,
            models,
            limits: &[],
            rules: &[],
            old: &[],
            absent: Absent::Refused,
            tune: Tune::Asked,
            flag: None,
        }
    }

    /// With what follows from the type of its values.
    pub(in crate::config) const fn of_type<T: SettingType>(self) -> Self {
        Self {
            accepts: T::ACCEPTS,
            absent: match T::MAY_BE_ABSENT {
                true => Absent::Default,
                false => self.absent,
            },
            ..self
        }
    }

    /// What it does.
    #[must_use]
    pub fn help(&self) -> &'static str {
        self.raw_help.trim_start()
    }

    /// Whether `model` has it.
    #[must_use]
    pub fn is_of(&self, model: ModelName) -> bool {
        self.models.contains(&model)
    }

    /// Whether its values are whole numbers.
    #[must_use]
    pub fn is_integer(&self) -> bool {
        matches!(self.accepts, Accepts::Whole(..))
    }

    /// The value in its final type.
    ///
    /// # Errors
    /// The value has the wrong type, is not a known choice or is out of range.
    pub fn check(&self, place: &str, value: Value) -> Result<Value, SettingError> {
        self.accepts.check(self.key, place, value)
    }

    /// The variable that sets it: `training.epochs` is `SAGEBRUSH_TRAINING_EPOCHS`.
    #[must_use]
    pub fn variable(&self) -> String {
        variable(self.key)
    }

    /// Why it means nothing to `model`, and what to do; `None` where it means something.
    pub(in crate::config) fn misplaced(&self, model: ModelName) -> Option<String> {
        if self.is_of(model) {
            return None;
        }
        let is_of_training = ModelName::ALL
            .iter()
            .all(|model| self.is_of(*model) == model.is_trained());
        if is_of_training {
            return Some(format!("{model} is fitted, not trained; remove the key"));
        }
        let names: Vec<&str> = self.models.iter().map(|model| model.as_str()).collect();
        let have = match names.len() {
            1 => "has",
            _ => "have",
        };
        let names = names.join(" and ");
        Some(format!("only {names} {have} it; remove the key"))
    }
}

/// The variable that sets the key at `path`: `training.epochs` is `SAGEBRUSH_TRAINING_EPOCHS`.
pub(in crate::config) fn variable(path: &str) -> String {
    format!("SAGEBRUSH_{}", path.replace('.', "_").to_ascii_uppercase())
}
