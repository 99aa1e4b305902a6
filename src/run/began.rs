//! `began.json`: the settings a run began with, and what may differ from them when it is resumed.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use toml::{Table, Value};

use super::{Checkpoint, Difference, File, RunDir, RunError, RunWriter};

/// What changes no bit of an epoch's result, or how many epochs there are.
const MAY_DIFFER: [&str; 7] = [
    "training.epochs",
    "training.patience",
    "training.prefetch",
    "run.device",
    "run.ledger",
    "run.memory_limit",
    "run.temp_dir",
];
/// Files may lie elsewhere: the hashes of what is in them are compared instead.
const FILES: [&str; 5] = [
    "data.train",
    "data.test",
    "data.items",
    "data.forget",
    "features.vectors",
];

/// The content of `began.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Began {
    /// The program that began the run, with its version.
    pub tool: String,
    /// The complete settings, as TOML.
    pub settings: String,
    /// The folder that relative paths in the settings are from, where its path is text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

/// The folder that relative paths are from, where its path is text.
#[must_use]
pub fn folder_now() -> Option<String> {
    let folder = std::env::current_dir().ok()?;
    folder.into_os_string().into_string().ok()
}

impl Began {
    /// A run that this program begins now.
    #[must_use]
    pub fn now(settings: String) -> Self {
        Self {
            tool: concat!("sagebrush ", env!("CARGO_PKG_VERSION")).to_owned(),
            settings,
            folder: folder_now(),
        }
    }
}

/// The settings that differ between two complete configurations and must not, by key.
#[must_use]
pub fn differences(began: &Table, now: &Table) -> Vec<Difference> {
    let (began, now) = (flat(began), flat(now));
    let keys = began
        .keys()
        .chain(now.keys().filter(|key| !began.contains_key(*key)));
    let mut found: Vec<Difference> = keys
        .filter(|key| !MAY_DIFFER.contains(&key.as_str()) && !FILES.contains(&key.as_str()))
        .filter(|key| began.get(*key) != now.get(*key))
        .map(|key| Difference {
            key: key.clone(),
            began: began.get(key).map(|&value| value.clone()),
            now: now.get(key).map(|&value| value.clone()),
        })
        .collect();
    found.sort_by(|a, b| a.key.cmp(&b.key));
    found
}

/// Values by dotted key.
fn flat(table: &Table) -> BTreeMap<String, &Value> {
    fn walk<'a>(before: &str, table: &'a Table, found: &mut BTreeMap<String, &'a Value>) {
        for (name, value) in table {
            let key = match before {
                "" => name.clone(),
                before => format!("{before}.{name}"),
            };
            match value {
                Value::Table(inner) => walk(&key, inner, found),
                value => {
                    found.insert(key, value);
                }
            }
        }
    }
    let mut found = BTreeMap::new();
    walk("", table, &mut found);
    found
}

impl RunDir {
    /// The settings the run began with, as TOML. A run of format 1 has no record of them but those of its newest
    /// checkpoint; `None` where there is neither.
    ///
    /// # Errors
    /// A record that is damaged.
    pub fn began(&self, checkpoint: Option<&Checkpoint>) -> Result<Option<String>, RunError> {
        if self.has(File::Began) {
            let began: Began = self.read_json(File::Began)?;
            return Ok(Some(began.settings));
        }
        Ok(checkpoint.map(|checkpoint| checkpoint.config_toml.clone()))
    }
}

impl RunDir {
    /// The folder that relative paths in the settings are from; `None` where the run has no record of it.
    ///
    /// # Errors
    /// A record that is damaged.
    pub fn began_in(&self) -> Result<Option<PathBuf>, RunError> {
        if !self.has(File::Began) {
            return Ok(None);
        }
        let began: Began = self.read_json(File::Began)?;
        Ok(began.folder.map(PathBuf::from))
    }
}

impl RunWriter {
    /// Writes `began.json`.
    pub fn write_began(&mut self, began: &Began) -> Result<(), RunError> {
        self.write_pretty_json(File::Began, began)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn what_changes_the_result_is_listed_with_both_values() {
        let began = table(
            "seed = 1\n[model]\nname = \"mf\"\ndim = 8\n[training]\nepochs = 3\nlearning_rate = 0.02\n\
             [data]\ntrain = [\"log.csv\"]\nmin_rating = 3.0",
        );
        let now = table(
            "seed = 1\n[model]\nname = \"mf\"\ndim = 16\n[training]\nepochs = 9\nlearning_rate = 0.05\nclip = 1.0\n\
             [data]\ntrain = [\"/elsewhere/log.csv\"]\n[run]\ndevice = \"gpu\"",
        );
        let found: Vec<String> = differences(&began, &now)
            .iter()
            .map(Difference::to_string)
            .collect();
        let expected = [
            "`data.min_rating` was 3.0 and is not set",
            "`model.dim` was 8 and is 16",
            "`training.clip` was not set and is 1.0",
            "`training.learning_rate` was 0.02 and is 0.05",
        ];
        assert_eq!(found, expected);
        assert!(differences(&began, &began).is_empty());
    }
}
