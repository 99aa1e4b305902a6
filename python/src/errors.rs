//! From the library's errors to the exceptions of `sagebrush.errors`, in words that a caller from Python can follow.

use pyo3::prelude::*;
use pyo3::types::PyDict;
use sagebrush::config::SettingError;
use sagebrush::{Error, Failure, RecommenderError};

/// A failure that has not become an exception yet.
#[derive(Debug)]
pub(crate) enum Fault {
    /// The library's.
    Library(Error),
    /// A wrong setting.
    Setting(SettingError),
    /// No answer for a user or an item.
    Recommender(RecommenderError),
    /// A setting that no setting can be, in words.
    WrongSetting(String),
    /// A mistake of the caller, in words.
    Usage(String),
    /// A panic, with its message.
    Panic(String),
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        Self::Library(error)
    }
}

impl From<SettingError> for Fault {
    fn from(error: SettingError) -> Self {
        Self::Setting(error)
    }
}

impl From<RecommenderError> for Fault {
    fn from(error: RecommenderError) -> Self {
        Self::Recommender(error)
    }
}

impl Fault {
    /// Whether a caller asked for the stop.
    pub(crate) fn is_interrupt(&self) -> bool {
        matches!(self, Self::Library(error) if error.failure() == Failure::Interrupted)
    }

    /// The exception.
    pub(crate) fn raised(self, py: Python<'_>) -> PyErr {
        self.exception(py).unwrap_or_else(|error| error)
    }

    fn exception(self, py: Python<'_>) -> PyResult<PyErr> {
        let details = PyDict::new(py);
        let (class, message) = match self {
            Self::Usage(message) => ("UsageError", message),
            Self::WrongSetting(message) => ("SettingError", message),
            Self::Setting(error) => ("SettingError", error.to_string()),
            Self::Panic(message) => ("InternalError", bug_report(&message)),
            Self::Recommender(RecommenderError::UnknownKey { kind, key, remedy }) => {
                details.set_item("kind", kind)?;
                details.set_item("key", &key)?;
                let message =
                    format!("unknown {kind} `{key}`: the model was trained without it; {remedy}");
                ("UnknownKeyError", message)
            }
            Self::Recommender(error) => {
                let message = error.to_string();
                (class_of(Error::from(error).failure()), message)
            }
            Self::Library(error) => {
                let class = match (error.failure(), error.input()) {
                    (Failure::BadData, Some((file, line))) => {
                        details.set_item("file", file)?;
                        details.set_item("line", line)?;
                        "DataError"
                    }
                    (failure, _) => class_of(failure),
                };
                (class, error.to_string())
            }
        };
        let class = py.import("sagebrush.errors")?.getattr(class)?;
        let raised = class.call((said(&message),), Some(&details))?;
        Ok(PyErr::from_value(raised))
    }
}

fn class_of(failure: Failure) -> &'static str {
    match failure {
        Failure::Usage => "UsageError",
        // `NotBetter` is of `sagebrush retrain`, which the package calls as a command.
        Failure::BadData | Failure::NotBetter => "RunError",
        Failure::InputMissing => "MissingInputError",
        Failure::DeviceUnavailable => "DeviceError",
        Failure::Internal => "InternalError",
        Failure::CannotWrite => "WriteError",
        Failure::Busy => "BusyError",
        Failure::Interrupted => "Interrupted",
    }
}

fn bug_report(message: &str) -> String {
    format!(
        "{message}\nThis is a mistake in sagebrush {}, not in your data or code. Please report it with this message and what \
         you called.",
        env!("CARGO_PKG_VERSION")
    )
}

/// The message with the program's options as arguments: `--min-rating 4` is `min_rating=4`, `--set a.b=c` is `a.b=c`, and
/// `-`, which ignores a column, is `False`.
pub(crate) fn said(message: &str) -> String {
    let message = message.replace(
        "`Run::resume` or `sagebrush train --resume` resumes",
        "`Run.resume` resumes it",
    );
    let message = message.replace("`Split::new`", "`Dataset.split`");
    let mut said = String::new();
    let mut rest = &*message;
    while let Some((before, after)) = rest.split_once("`--") {
        said.push_str(before);
        let Some((option, after)) = after.split_once('`') else {
            said.push_str("`--");
            rest = after;
            break;
        };
        said.push_str(&format!("`{}`", argument(option)));
        rest = after;
    }
    said.push_str(rest);
    said
}

fn argument(option: &str) -> String {
    let (name, value) = option.split_once([' ', '=']).unwrap_or((option, ""));
    if name == "set" {
        return value.to_owned();
    }
    let name = match name {
        "user-column" | "item-column" | "weight-column" | "timestamp-column" | "event-column" => {
            name.trim_end_matches("-column")
        }
        name => name,
    };
    let name = name.replace('-', "_");
    match value {
        "" => name,
        "-" => format!("{name}=False"),
        word if word.starts_with(|letter: char| letter.is_ascii_lowercase()) => {
            format!("{name}={word:?}")
        }
        value => format!("{name}={value}"),
    }
}
