//! Puts the layers together into one complete configuration and writes it back as TOML.

use std::fmt::Write;

use toml::{Table, Value};

use super::choices::{
    DeviceName, IdOrder, LossKind, ModelName, NegativeDistribution, Optimizer, Schedule, ScoreKind,
};
use super::defaults::DEFAULT_MODEL;
use super::error::ConfigError;
use super::layers::{self, Origin, Values};
use super::sections::RunConfig;
use super::strict::{self, KEYS};

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
) -> Result<Resolved, ConfigError> {
    let mut values = Values::new();
    if let Some((name, text)) = file {
        layers::add_file(name, text, &mut values)?;
    }
    layers::add_environment(env, &mut values)?;
    layers::add_flags(flags, &mut values)?;
    complete(values)
}

fn complete(values: Values) -> Result<Resolved, ConfigError> {
    check_places(&values)?;
    let mut table = Table::try_from(RunConfig::defaults_for(model_name(&values)))
        .map_err(|error| internal(&error))?;
    for (path, (value, _)) in &values {
        insert(&mut table, path, value.clone());
    }
    let config: RunConfig = table.try_into().map_err(|error| internal(&error))?;
    let resolved = Resolved { config, values };
    resolved.check_model()?;
    Ok(resolved)
}

/// Refuses keys that mean nothing to the chosen model.
fn check_places(values: &Values) -> Result<(), ConfigError> {
    let model = model_name(values);
    let misplaced = |(key, (_, origin)): (&&'static str, &(Value, Origin))| {
        strict::misplaced(key, model).map(|remedy| ConfigError::NotForModel {
            place: origin.place(),
            key: (*key).to_owned(),
            model: model.as_str(),
            remedy,
        })
    };
    values.iter().find_map(misplaced).map_or(Ok(()), Err)
}

fn model_name(values: &Values) -> ModelName {
    let given = values.get("model.name");
    given
        .and_then(|(value, _)| value.as_str())
        .and_then(ModelName::from_name)
        .unwrap_or(DEFAULT_MODEL)
}

/// The typed structs and the table of keys disagree, or a value does not fit this machine.
fn internal(error: &dyn std::fmt::Display) -> ConfigError {
    ConfigError::Syntax {
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

fn lookup<'a>(table: &'a Table, path: &str) -> Option<&'a Value> {
    match path.split_once('.') {
        None => table.get(path),
        Some((section, rest)) => lookup(table.get(section)?.as_table()?, rest),
    }
}

impl Resolved {
    pub(super) fn values(&self) -> &Values {
        &self.values
    }

    /// Where the value at `path` (such as `training.epochs`) came from.
    #[must_use]
    pub fn origin(&self, path: &str) -> Origin {
        let found = self.values.get(path);
        found.map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    /// The complete configuration as TOML; each line that is not a default ends in its origin.
    ///
    /// Reading it back with [`resolve`] gives an equal configuration.
    #[must_use]
    pub fn to_annotated_toml(&self) -> String {
        render(&self.config, |path| match self.origin(path) {
            Origin::Default => None,
            origin => Some(one_line(&origin.to_string())),
        })
    }

    fn check_model(&self) -> Result<(), ConfigError> {
        let model = &self.config.model;
        let is_mf = model.name == ModelName::Mf;
        let sampling = &self.config.sampling;
        let checks = [
            (
                "model.last_activation",
                model.last_activation.is_some() && model.name != ModelName::NgcfLecture,
                "only ngcf-lecture has it; remove the key",
            ),
            (
                "model.layers",
                is_mf && model.layers != 0,
                "it propagates nothing; remove the key or set it to 0",
            ),
            (
                "model.message_dropout",
                is_mf && model.message_dropout != 0.0,
                NO_GRAPH,
            ),
            (
                "model.node_dropout",
                is_mf && model.node_dropout != 0.0,
                NO_GRAPH,
            ),
            (
                "model.edge_dropout",
                is_mf && model.edge_dropout != 0.0,
                NO_GRAPH,
            ),
            (
                "model.layers",
                model.name == ModelName::PinSage && model.layers == 0,
                "its layers are what makes vectors of features; set it to 1 or more",
            ),
            (
                "model.message_dropout",
                model.name == ModelName::PinSage && model.message_dropout != 0.0,
                "it drops neighbourhoods only (`model.node_dropout`); remove the key or set it to 0",
            ),
            (
                "model.edge_dropout",
                model.name == ModelName::PinSage && model.edge_dropout != 0.0,
                "it drops neighbourhoods only (`model.node_dropout`); remove the key or set it to 0",
            ),
            (
                "features.text",
                self.config.features.as_ref().is_some_and(|features| {
                    features.text.is_empty()
                        && features.categories.is_empty()
                        && features.numbers.is_empty()
                        && features.vectors.is_empty()
                }),
                "an item is made of its features; name columns of the item file, or files of vectors",
            ),
            (
                "run.device",
                self.config.run.device != DeviceName::Cpu && model.name.is_filter(),
                "a graph filter runs on the CPU; remove the key or set it to `cpu`",
            ),
            (
                "training.optimizer",
                self.config.training.optimizer == Optimizer::LazyAdam
                    && !(is_mf && self.config.run.device == DeviceName::Cpu),
                "lazy-adam moves the rows of a batch only, which is for `mf` on the device `cpu`; use `adam`",
            ),
            (
                "sampling.negatives",
                sampling.negatives == 0
                    && sampling.shared == 0
                    && !sampling.in_batch
                    && (sampling.hard == 0 || sampling.curriculum),
                "nothing is compared with the positives; set it, or `sampling.shared`, to 1 or more",
            ),
            (
                "sampling.hard_to",
                sampling.hard > 0 && sampling.hard_to <= sampling.hard_from,
                "the band of ranks is empty; it ends above `sampling.hard_from`",
            ),
            (
                "score.kind",
                self.config.score.kind == ScoreKind::Mlp
                    && (sampling.shared > 0 || sampling.in_batch)
                    && !self.config.loss.cosine,
                "a perceptron has a hidden layer a pair, too many with shared negatives; use `sampling.negatives`",
            ),
            (
                "loss.kind",
                self.config.loss.kind == LossKind::Contrastive
                    && !self.config.loss.cosine
                    && self.config.score.kind != ScoreKind::Cosine,
                "the contrastive loss is one of cosines; set `loss.cosine = true`",
            ),
        ];
        match checks.into_iter().find(|(_, refused, _)| *refused) {
            None => Ok(()),
            Some((key, _, remedy)) => Err(self.not_for_model(key, remedy)),
        }
    }

    fn not_for_model(&self, key: &str, remedy: &'static str) -> ConfigError {
        ConfigError::NotForModel {
            place: self.origin(key).place(),
            key: key.to_owned(),
            model: self.config.model.name.as_str(),
            remedy,
        }
    }
}

/// What a run did that was stored before a setting existed.
fn before_these_settings() -> [(&'static str, Value); 9] {
    let text = |text: &str| Value::String(text.to_owned());
    [
        ("data.order", text(IdOrder::Key.as_str())),
        ("loss.cosine", Value::Boolean(false)),
        ("sampling.shared", Value::Integer(0)),
        ("sampling.in_batch", Value::Boolean(false)),
        ("sampling.hard", Value::Integer(0)),
        (
            "sampling.distribution",
            text(NegativeDistribution::Uniform.as_str()),
        ),
        ("training.optimizer", text(Optimizer::Adam.as_str())),
        ("training.schedule", text(Schedule::Constant.as_str())),
        ("training.warmup_epochs", Value::Float(0.0)),
    ]
}

const NO_GRAPH: &str = "it uses no graph; remove the key or set it to 0";

/// A file's name as a comment can hold it.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}

fn render(config: &RunConfig, comment: impl Fn(&str) -> Option<String>) -> String {
    let table = match Table::try_from(config) {
        Ok(table) => table,
        Err(error) => {
            return format!(
                "# this configuration has no TOML form: {}\n",
                one_line(&error.to_string())
            );
        }
    };
    let mut text = String::new();
    let mut open_section = "";
    let written = |key: &&strict::Key| strict::misplaced(key.path, config.model.name).is_none();
    for key in KEYS.iter().filter(written) {
        let Some(value) = lookup(&table, key.path) else {
            continue;
        };
        let (section, name) = key.path.rsplit_once('.').unwrap_or(("", key.path));
        if section != open_section {
            open_section = section;
            let _ = writeln!(text, "\n[{section}]");
        }
        let _ = write!(text, "{name} = {value}");
        if let Some(origin) = comment(key.path) {
            let _ = write!(text, " # from {origin}");
        }
        text.push('\n');
    }
    text
}

impl RunConfig {
    /// The complete configuration as TOML.
    ///
    /// Every configuration that [`resolve`] gives can be written. One put together by hand with a
    /// seed above `i64::MAX` or a path that is not Unicode has no TOML form: the text is then a
    /// comment that says so, which [`RunConfig::from_toml`] refuses.
    #[must_use]
    pub fn to_toml(&self) -> String {
        render(self, |_| None)
    }

    /// Reads a run directory's complete file; `name` is for messages.
    ///
    /// # Errors
    /// As [`resolve`], and when a key that has no "absent" meaning is missing: a stored run never
    /// falls back on today's defaults.
    pub fn from_toml(name: &str, text: &str) -> Result<Self, ConfigError> {
        let mut values = Values::new();
        layers::add_file(name, text, &mut values)?;
        let model = model_name(&values);
        let needed =
            |key: &&strict::Key| !key.optional && strict::misplaced(key.path, model).is_none();
        let missing = KEYS
            .iter()
            .filter(needed)
            .find(|key| !values.contains_key(key.path));
        if let Some(key) = missing {
            return Err(ConfigError::MissingKey {
                place: name.to_owned(),
                key: key.path.to_owned(),
            });
        }
        for (key, value) in before_these_settings() {
            if strict::misplaced(key, model).is_none() {
                values.entry(key).or_insert((value, Origin::Default));
            }
        }
        complete(values).map(|resolved| resolved.config)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_run_stored_before_ids_had_an_order_numbers_by_key() {
        let text = RunConfig::default().to_toml();
        let older = text.replace("\norder = \"locality\"\n", "\n");
        assert_ne!(text, older);
        let order = |text| {
            let config = RunConfig::from_toml("config.toml", text).unwrap();
            config.data.order
        };
        assert_eq!(order(&text), IdOrder::Locality);
        assert_eq!(order(&older), IdOrder::Key);
    }
}
