//! The layers a configuration is put together from: a file, the environment, flags.

use std::collections::BTreeMap;
use std::fmt;

use toml::{Table, Value};

use super::error::ConfigError;
use super::strict::{self, Key, Kind, SECTIONS};

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

/// Checked values and their origins by key path; a later layer replaces an earlier one.
pub(super) type Values = BTreeMap<&'static str, (Value, Origin)>;

/// Variables with our prefix that other programs of the project read.
const FOREIGN_VARIABLES: [&str; 4] = [
    "SAGEBRUSH_DATA",
    "SAGEBRUSH_REQUIRE_GPU",
    "SAGEBRUSH_CI_TARGET",
    "SAGEBRUSH_LEDGER",
];

/// Adds the keys of a TOML file.
pub(super) fn add_file(name: &str, text: &str, values: &mut Values) -> Result<(), ConfigError> {
    let table = parse(name, text)?;
    if let Some(version) = table.get("format_version") {
        strict::check_version(name, version)?;
    }
    add_table(&Origin::File(name.to_owned()), "", table, values)
}

fn parse(name: &str, text: &str) -> Result<Table, ConfigError> {
    text.parse::<Table>().map_err(|error| {
        let start = error.span().map_or(0, |span| span.start);
        let before = text.as_bytes().iter().take(start);
        let line = 1 + before.filter(|byte| **byte == b'\n').count();
        ConfigError::Syntax {
            place: format!("{name}:{line}"),
            reason: error.message().to_owned(),
        }
    })
}

/// Adds the keys of the command line, nested by section as in a file.
pub(super) fn add_flags(flags: Table, values: &mut Values) -> Result<(), ConfigError> {
    add_table(&Origin::Flag, "", flags, values)
}

fn add_table(
    origin: &Origin,
    section: &str,
    table: Table,
    values: &mut Values,
) -> Result<(), ConfigError> {
    for (name, value) in table {
        let path = if section.is_empty() {
            name
        } else {
            format!("{section}.{name}")
        };
        if let Some(key) = strict::find(&path) {
            let checked = key.check(&origin.place(), value)?;
            values.insert(key.path, (checked, origin.clone()));
            continue;
        }
        let known = SECTIONS.contains(&path.as_str());
        match value {
            Value::Table(inner) if known || !inner.is_empty() => {
                add_table(origin, &path, inner, values)?;
            }
            other if known => return Err(not_a_section(origin, path, &other)),
            _ => {
                return Err(ConfigError::UnknownKey {
                    place: origin.place(),
                    nearest: strict::nearest_key(&path),
                    key: path,
                });
            }
        }
    }
    Ok(())
}

fn not_a_section(origin: &Origin, path: String, value: &Value) -> ConfigError {
    ConfigError::WrongType {
        place: origin.place(),
        expected: format!("a section, [{path}]"),
        key: path,
        found: format!("{} ({value})", value.type_str()),
    }
}

/// Adds every `SAGEBRUSH_SECTION_KEY` variable.
pub(super) fn add_environment(
    variables: impl Iterator<Item = (String, String)>,
    values: &mut Values,
) -> Result<(), ConfigError> {
    let ours: BTreeMap<String, String> = variables
        .filter(|(name, _)| name.starts_with("SAGEBRUSH_"))
        .filter(|(name, _)| !FOREIGN_VARIABLES.contains(&name.as_str()))
        .collect();
    for (name, text) in ours {
        let known = strict::KEYS
            .iter()
            .find(|key| strict::variable(key.path) == name);
        let Some(key) = known else {
            return Err(ConfigError::UnknownVariable {
                nearest: strict::nearest_variable(&name),
                name,
            });
        };
        let checked = key.check(&name, value_of_text(key, &text))?;
        values.insert(key.path, (checked, Origin::Variable(name)));
    }
    Ok(())
}

/// Reads a variable's text as the key's type; what does not parse stays a text, for the check to
/// refuse. Lists are separated by commas.
fn value_of_text(key: &Key, text: &str) -> Value {
    let integer = |part: &str| {
        let parsed = part.trim().parse().map(Value::Integer);
        parsed.unwrap_or_else(|_| Value::String(part.to_owned()))
    };
    let parts = || {
        text.split(',')
            .map(str::trim)
            .filter(|part| !part.is_empty())
    };
    match key.kind {
        Kind::Version | Kind::Integer(..) => integer(text),
        Kind::Number(_) => text
            .trim()
            .parse()
            .map_or_else(|_| Value::String(text.to_owned()), Value::Float),
        Kind::Flag => text
            .trim()
            .parse()
            .map_or_else(|_| Value::String(text.to_owned()), Value::Boolean),
        Kind::Choice(_) | Kind::Text | Kind::Metric | Kind::Size => Value::String(text.to_owned()),
        Kind::Texts => Value::Array(parts().map(|part| Value::String(part.to_owned())).collect()),
        Kind::Integers(..) => Value::Array(parts().map(integer).collect()),
    }
}
