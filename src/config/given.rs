//! What the layers give before the model is decided: the settings that candidates for a model share.

use std::fmt::Write;
use std::path::Path;

use toml::{Table, Value};

use super::error::SettingError;
use super::layers::{self, Origin, Values};
use super::resolve::{DRAW, Resolved, complete, insert, lookup, written};
use super::sections::setting::Setting;
use super::sections::{AUTO, ModelName, RunConfig, SECTIONS};
use super::table::settings;
use super::write::{Notes, notes_for_people};

/// The setting that names the model.
const MODEL: &str = "model.name";

/// The layers put together, whatever the model will be.
#[derive(Clone, Debug)]
pub struct Given {
    values: Values,
}

/// A setting of a candidate's own: its key, and its value as an environment variable has it.
pub type Own = (&'static str, &'static str);

impl Given {
    /// Puts flags over the environment over a file, as [`resolve`](super::resolve) does.
    ///
    /// # Errors
    /// Any layer holds an unknown key, a wrong type, an unknown choice or a value out of range.
    pub fn new(
        file: Option<(&str, &str)>,
        env: impl Iterator<Item = (String, String)>,
        flags: Table,
    ) -> Result<Self, SettingError> {
        let values = layers::put_together(file, env, flags)?;
        Ok(Self { values })
    }

    /// What a complete configuration says of data, split, seed, measurements and limits; nothing of a model.
    ///
    /// # Errors
    /// A configuration put together by hand that has no TOML form.
    pub fn shared_of(config: &RunConfig) -> Result<Self, SettingError> {
        let mut given = Self::new(
            Some(("the configuration", &config.to_toml())),
            std::iter::empty(),
            Table::new(),
        )?;
        given.values.retain(|key, _| {
            let setting = settings().find(|setting| setting.key == *key);
            *key != MODEL && setting.is_some_and(is_shared)
        });
        Ok(given)
    }

    /// The model that a layer names; `None` where none does, and for `auto`.
    #[must_use]
    pub fn model(&self) -> Option<ModelName> {
        ModelName::from_name(self.named_model()?)
    }

    /// Whether a layer asks for a contest by name.
    #[must_use]
    pub fn names_auto(&self) -> bool {
        self.named_model() == Some(AUTO)
    }

    fn named_model(&self) -> Option<&str> {
        self.values.get(MODEL)?.0.as_str()
    }

    /// Adds a list of forgotten keys to those that are given.
    pub fn forget_also(&mut self, list: &Path) {
        let text = Value::from(super::path_text::to_text(list));
        let none = || (Value::Array(Vec::new()), Origin::Flag);
        let (lists, _) = self.values.entry("data.forget").or_insert_with(none);
        if let Value::Array(lists) = lists
            && !lists.contains(&text)
        {
            lists.push(text);
        }
    }

    /// `training.metric`, where it is given.
    #[must_use]
    pub fn metric(&self) -> Option<String> {
        let (value, _) = self.values.get("training.metric")?;
        value.as_str().map(str::to_owned)
    }

    /// The configuration of the model that is named, or of the default one.
    ///
    /// # Errors
    /// As [`resolve`](super::resolve).
    pub fn resolved(self) -> Result<Resolved, SettingError> {
        complete(self.values)
    }

    /// The configuration of one candidate: what is given and its model has, over its own settings, over the defaults of
    /// its model.
    ///
    /// # Errors
    /// Values that the model cannot have together.
    pub fn of_candidate(&self, model: ModelName, own: &[Own]) -> Result<Resolved, SettingError> {
        let mut values = Values::new();
        for setting in settings().filter(|setting| setting.is_of(model)) {
            let text = own.iter().find(|(key, _)| *key == setting.key);
            if let Some((_, text)) = text {
                let value = setting.check("a candidate", setting.accepts.value_of_text(text))?;
                values.insert(setting.key, (value, Origin::Default));
            }
            if let Some(held) = self.values.get(setting.key) {
                values.insert(setting.key, held.clone());
            }
        }
        values.insert(MODEL, (model.as_str().into(), Origin::Default));
        complete(values)
    }

    /// Refuses a setting that none of these models has.
    ///
    /// # Errors
    /// The first such setting, with its place.
    pub fn check_for_any_of(&self, models: &[ModelName]) -> Result<(), SettingError> {
        let of_none = |setting: &&Setting| !models.iter().any(|model| setting.is_of(*model));
        let given = settings().filter(|setting| self.values.contains_key(setting.key));
        match given.filter(|setting| setting.key != MODEL).find(of_none) {
            None => Ok(()),
            Some(setting) => {
                let names: Vec<&str> = setting.models.iter().map(|name| name.as_str()).collect();
                let names = names.join("` or `--model ");
                Err(SettingError::NotForModel {
                    place: self.values[setting.key].1.place(),
                    key: setting.key.to_owned(),
                    model: AUTO,
                    remedy: format!(
                        "no candidate has it; name the model with `--model {names}`, or remove the key"
                    ),
                })
            }
        }
    }

    /// What is given, as TOML. Reading it back with [`Given::new`] gives the same. `split.draw` is always told.
    ///
    /// # Errors
    /// A value has no TOML form.
    pub fn to_toml(&self) -> Result<String, SettingError> {
        let mut table = Table::new();
        insert(
            &mut table,
            DRAW,
            RunConfig::default().split.draw.as_str().into(),
        );
        for (path, (value, _)) in &self.values {
            insert(&mut table, path, value.clone());
        }
        written(&table)
    }

    /// The settings that all candidates share, as TOML for people: those that every model has, and those that are given.
    /// Read back it asks for the same contest.
    #[must_use]
    pub fn to_annotated_toml(&self) -> String {
        let defaults = Table::try_from(RunConfig::default()).unwrap_or_default();
        let value_of = |setting: &Setting| -> Option<Value> {
            if setting.key == MODEL {
                return Some(AUTO.into());
            }
            let given = self.values.get(setting.key).map(|(value, _)| value.clone());
            let default = || lookup(&defaults, setting.key).cloned();
            given.or_else(|| is_shared(setting).then(default).flatten())
        };
        let mut text = String::new();
        for section in SECTIONS {
            let mut is_open = section.name.is_empty();
            for setting in section.settings {
                let Some(value) = value_of(setting) else {
                    continue;
                };
                if !is_open {
                    is_open = true;
                    let _ = writeln!(text, "\n[{}]", section.name);
                }
                let origin = self.values.get(setting.key).map(|(_, origin)| origin);
                let Notes { above, behind } =
                    notes_for_people(setting, origin.unwrap_or(&Origin::Default));
                let name = setting.key.rsplit('.').next().unwrap_or(setting.key);
                let _ = writeln!(text, "{above}{name} = {value}{behind}");
            }
        }
        text
    }
}

/// Whether every model has it.
fn is_shared(setting: &Setting) -> bool {
    ModelName::ALL.iter().all(|model| setting.is_of(*model))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn given(text: &str) -> Given {
        Given::new(Some(("run.toml", text)), std::iter::empty(), Table::new()).unwrap()
    }

    #[test]
    fn what_is_given_holds_for_every_candidate_that_has_it() {
        let given = given("seed = 7\n[model]\nname = 'auto'\ndim = 8\n[filter]\nvectors = 9\n");
        assert!(given.names_auto() && given.model().is_none());
        let own = [("model.dim", "16"), ("loss.l2", "0.25")];
        let mf = given.of_candidate(ModelName::Mf, &own).unwrap().config;
        let mut expected = RunConfig::defaults_for(ModelName::Mf);
        (expected.seed, expected.model.dim, expected.loss.l2) = (7, 8, 0.25);
        assert_eq!(mf, expected);
        let own = [("filter.vectors", "64"), ("filter.low_pass_weight", "1")];
        let filter = given.of_candidate(ModelName::GfCf, &own).unwrap().config;
        let filter = filter.filter.unwrap();
        assert_eq!((filter.vectors, filter.low_pass_weight), (9, 1.0));
    }

    #[test]
    fn a_setting_of_no_candidate_is_refused_with_the_models_that_have_it() {
        let given = given("[ngcf_lecture]\nlast_activation = 'linear'\n");
        let models = [ModelName::Mf, ModelName::GfCf];
        let text = given.check_for_any_of(&models).unwrap_err().to_string();
        assert!(
            text.starts_with(
                "run.toml: \"ngcf_lecture.last_activation\" does not apply to model \"auto\""
            ),
            "{text}"
        );
        assert!(text.contains("`--model ngcf-lecture`"), "{text}");
        let all = ModelName::ALL;
        given.check_for_any_of(all).unwrap();
    }

    #[test]
    fn what_is_given_comes_back() {
        let text = "seed = 7\n[model]\ndim = 8\n[data]\ntrain = ['a.csv']\n[loss]\nl2 = 0.5\n";
        let given = given(text);
        let again = self::given(&given.to_toml().unwrap());
        let mf = |given: &Given| given.of_candidate(ModelName::Mf, &[]).unwrap().config;
        assert_eq!(mf(&given), mf(&again));
        let shown = given.to_annotated_toml();
        let shared = self::given(&shown);
        assert!(shared.names_auto());
        assert_eq!(mf(&given), mf(&shared));
        assert!(
            shown.contains("dim = 8 # from run.toml") && !shown.contains("init_std"),
            "{shown}"
        );
    }

    #[test]
    fn of_a_configuration_only_what_all_models_have_is_shared() {
        let mut config = RunConfig::defaults_for(ModelName::LightGcn);
        (config.seed, config.split.test_fraction, config.model.dim) = (3, 0.3, 5);
        let given = Given::shared_of(&config).unwrap();
        let filter = given.of_candidate(ModelName::GfCf, &[]).unwrap().config;
        assert_eq!((filter.seed, filter.split.test_fraction), (3, 0.3));
        let mf = given.of_candidate(ModelName::Mf, &[]).unwrap().config;
        assert_eq!(mf.model.dim, 64);
    }
}
