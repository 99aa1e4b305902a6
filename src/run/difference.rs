//! A setting whose value differs from the one a run began with.

use std::fmt;

use toml::Value;

/// A setting that has changed since the run began.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// The setting.
    pub key: String,
    /// Its value when the run began; `None` where it had none.
    pub began: Option<Value>,
    /// Its value now.
    pub now: Option<Value>,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |value: &Option<Value>| match value {
            Some(value) => value.to_string(),
            None => "not set".to_owned(),
        };
        let (began, now) = (shown(&self.began), shown(&self.now));
        write!(f, "`{}` was {began} and is {now}", self.key)
    }
}
