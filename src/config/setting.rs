//! One setting by its name, for those who vary it.

use toml::{Table, Value};

use super::error::ConfigError;
use super::layers::Origin;
use super::resolve::{self, Resolved};
use super::strict::{self, Key, Kind};

/// A known key of the configuration.
#[derive(Clone, Copy)]
pub struct Setting(&'static Key);

impl Setting {
    /// The setting at a dotted path; `place` is for messages.
    ///
    /// # Errors
    /// There is none; the nearest is named.
    pub fn named(place: &str, path: &str) -> Result<Self, ConfigError> {
        let known = strict::find(path).map(Self);
        known.ok_or_else(|| ConfigError::UnknownKey {
            place: place.to_owned(),
            key: path.to_owned(),
            nearest: strict::nearest_key(path),
        })
    }

    /// Its dotted path.
    #[must_use]
    pub fn path(self) -> &'static str {
        self.0.path
    }

    /// Whether its values are whole numbers.
    #[must_use]
    pub fn is_integer(self) -> bool {
        matches!(self.0.kind, Kind::Integer(..))
    }

    /// The value in its final type.
    ///
    /// # Errors
    /// The value has the wrong type, is not a known choice or is out of range.
    pub fn check(self, place: &str, value: Value) -> Result<Value, ConfigError> {
        self.0.check(place, value)
    }
}

impl Resolved {
    /// What was set by a file, a variable or a flag, without the defaults, as TOML. Reading it back with
    /// [`resolve::resolve`], alone or under more flags, fills the rest with the defaults of the model.
    ///
    /// # Errors
    /// A value has no TOML form.
    pub fn given_toml(&self) -> Result<String, ConfigError> {
        let mut table = Table::new();
        for (path, (value, _)) in self.values() {
            resolve::insert(&mut table, path, value.clone());
        }
        toml::to_string(&table).map_err(|error| ConfigError::Syntax {
            place: Origin::Default.to_string(),
            reason: error.to_string(),
        })
    }
}
