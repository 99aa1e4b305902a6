//! The layers a configuration is put together from: a file, the environment, flags.

use std::collections::BTreeMap;
use std::fmt;

use toml::{Table, Value};

use super::accepts;
use super::error::SettingError;
use super::sections::setting::Setting;
use super::{remark, table};

/// Where a value came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The chosen model's default.
    Default,
    /// The file of this name.
    File(String),
    /// This environment variable.
    Variable(String),
    /// The command line.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(name) | Self::Variable(name) => f.write_str(name),
            Self::Flag => f.write_str("--flag"),
        }
    }
}

impl Origin {
    /// How an error names the place: as [`fmt::Display`], but `--set` for a flag.
    pub(super) fn place(&self) -> String {
        match self {
            Self::Flag => "--set".to_owned(),
            other => other.to_string(),
        }
    }
}

/// Checked values and their origins by key; a later layer replaces an earlier one.
pub(super) type Values = BTreeMap<&'static str, (Value, Origin)>;

/// Variables with our prefix that are no settings: tests, checks and options of the program read them.
const FOREIGN_VARIABLES: [&str; 10] = [
    "SAGEBRUSH_BLESS",
    "SAGEBRUSH_DATA",
    "SAGEBRUSH_REQUIRE_GPU",
    "SAGEBRUSH_CI_TARGET",
    "SAGEBRUSH_LEDGER",
    "SAGEBRUSH_EXPORT_TO",
    "SAGEBRUSH_EXPORT_PYTHON",
    "SAGEBRUSH_MOTO",
    "SAGEBRUSH_PGSERVER",
    "SAGEBRUSH_REQUIRE_SERVERS",
];

/// The values of one layer, with the name each was given by.
#[derive(Default)]
struct Layer {
    values: BTreeMap<&'static str, (Value, Origin, String)>,
}

impl Layer {
    /// Adds a checked value. `given` is the name it was found by, `old` whether that is an earlier one.
    fn add(
        &mut self,
        (setting, old): (&'static Setting, Option<&'static str>),
        given: &str,
        origin: Origin,
        value: Value,
    ) -> Result<(), SettingError> {
        let place = match &origin {
            Origin::Variable(_) => "the environment".to_owned(),
            other => other.place(),
        };
        let value = setting.check(&origin.place(), value)?;
        let before = self
            .values
            .insert(setting.key, (value, origin, given.to_owned()));
        if let Some((_, _, before)) = before {
            let (old, new) = match old {
                Some(_) => (given.to_owned(), before),
                None => (before, given.to_owned()),
            };
            return Err(SettingError::BothNames { place, old, new });
        }
        if let Some(old) = old {
            remark::renamed_key(old, setting.key);
        }
        Ok(())
    }

    fn put_over(self, values: &mut Values) {
        for (key, (value, origin, _)) in self.values {
            values.insert(key, (value, origin));
        }
    }

    fn add_table(
        &mut self,
        origin: &Origin,
        section: &str,
        table: Table,
    ) -> Result<(), SettingError> {
        for (name, value) in table {
            let path = match section {
                "" => name,
                section => format!("{section}.{name}"),
            };
            if let Some(found) = table::find(&path) {
                self.add(found, &path, origin.clone(), value)?;
                continue;
            }
            let known = table::is_section(&path);
            match value {
                Value::Table(inner) if known || !inner.is_empty() => {
                    self.add_table(origin, &path, inner)?;
                }
                other if known => return Err(not_a_section(origin, path, &other)),
                _ => {
                    return Err(SettingError::UnknownKey {
                        place: origin.place(),
                        hint: table::hint(&path),
                        key: path,
                    });
                }
            }
        }
        Ok(())
    }
}

/// Flags over the environment over a file; `file` is a name for messages and the file's text.
pub(super) fn put_together(
    file: Option<(&str, &str)>,
    env: impl Iterator<Item = (String, String)>,
    flags: Table,
) -> Result<Values, SettingError> {
    let mut values = Values::new();
    if let Some((name, text)) = file {
        add_file(name, text, &mut values)?;
    }
    add_environment(env, &mut values)?;
    add_flags(flags, &mut values)?;
    Ok(values)
}

/// Adds the keys of a TOML file.
pub(super) fn add_file(name: &str, text: &str, values: &mut Values) -> Result<(), SettingError> {
    let table = parse(name, text)?;
    if let Some(version) = table.get("format_version") {
        accepts::check_version(name, version)?;
    }
    let mut layer = Layer::default();
    layer.add_table(&Origin::File(name.to_owned()), "", table)?;
    layer.put_over(values);
    Ok(())
}

fn parse(name: &str, text: &str) -> Result<Table, SettingError> {
    text.parse::<Table>().map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.as_bytes().iter().take(start);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        SettingError::Syntax {
            place: format!("{name}:{line}"),
            reason: error.message().to_owned(),
        }
    })
}

/// Adds the keys of the command line, nested by section as in a file.
fn add_flags(flags: Table, values: &mut Values) -> Result<(), SettingError> {
    let mut layer = Layer::default();
    layer.add_table(&Origin::Flag, "", flags)?;
    layer.put_over(values);
    Ok(())
}

fn not_a_section(origin: &Origin, path: String, value: &Value) -> SettingError {
    SettingError::WrongType {
        place: origin.place(),
        expected: format!("a section, [{path}]"),
        key: path,
        found: format!("{} ({value})", value.type_str()),
    }
}

/// Adds every `SAGEBRUSH_SECTION_KEY` variable.
fn add_environment(
    variables: impl Iterator<Item = (String, String)>,
    values: &mut Values,
) -> Result<(), SettingError> {
    let ours: BTreeMap<String, String> = variables
        .filter(|(name, _)| name.starts_with("SAGEBRUSH_"))
        .filter(|(name, _)| !FOREIGN_VARIABLES.contains(&name.as_str()))
        .collect();
    let mut layer = Layer::default();
    for (name, text) in ours {
        let Some(found) = table::of_variable(&name) else {
            return Err(SettingError::UnknownVariable {
                hint: match table::near_variable(&name) {
                    Some(near) => format!("did you mean {near}? Unset it otherwise"),
                    None => "unset it".to_owned(),
                },
                name,
            });
        };
        let value = found.0.accepts.value_of_text(&text);
        layer.add(found, &name, Origin::Variable(name.clone()), value)?;
    }
    layer.put_over(values);
    Ok(())
}
