//! What can be wrong with a configuration, each with its place and its remedy.

use crate::failure::{Fails, Failure};
use thiserror::Error;

/// A refused configuration.
///
/// `place` is the file's name, the environment variable's name, or `--set` for a flag.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SettingError {
    /// The file is not TOML.
    #[error("{place}: not valid TOML: {reason}; correct that line")]
    Syntax {
        /// File and line.
        place: String,
        /// The parser's words.
        reason: String,
    },
    /// The file is written in a version this program does not know.
    #[error(
        "{place}: format_version is {found}, and this program reads only version {known}; use the program that wrote it, or write `format_version = {known}` after checking every key"
    )]
    FormatVersion {
        /// Where it was read.
        place: String,
        /// The version found.
        found: String,
        /// The version this program knows.
        known: u32,
    },
    /// A key that means nothing.
    #[error("{place}: unknown key \"{key}\"; {hint}")]
    UnknownKey {
        /// Where it was read.
        place: String,
        /// Full path of the key.
        key: String,
        /// A key it may have meant, or those there are.
        hint: String,
    },
    /// A setting by its name and by an earlier one.
    #[error(
        "{place}: \"{old}\" and \"{new}\" are one setting, and both are given; remove \"{old}\""
    )]
    BothNames {
        /// Where they were read.
        place: String,
        /// The earlier name.
        old: String,
        /// The name.
        new: String,
    },
    /// A `SAGEBRUSH_` variable that means nothing.
    #[error("unknown environment variable {name}; {hint}")]
    UnknownVariable {
        /// The variable.
        name: String,
        /// A variable it may have meant, and what to do.
        hint: String,
    },
    /// A value of the wrong type.
    #[error("{place}: \"{key}\" must be {expected}, but is {found}")]
    WrongType {
        /// Where it was read.
        place: String,
        /// Full path of the key.
        key: String,
        /// The type wanted, in words.
        expected: String,
        /// What was there.
        found: String,
    },
    /// A word that is not among the known ones.
    #[error("{place}: \"{key}\" cannot be \"{value}\"; {hint}")]
    UnknownChoice {
        /// Where it was read.
        place: String,
        /// Full path of the key.
        key: String,
        /// What was there.
        value: String,
        /// A choice it may have meant, and every known one.
        hint: String,
    },
    /// A value of the right type that makes no sense.
    #[error("{place}: \"{key}\" is {value}, but must be {allowed}")]
    OutOfRange {
        /// Where it was read.
        place: String,
        /// Full path of the key.
        key: String,
        /// What was there.
        value: String,
        /// What is allowed, in words.
        allowed: String,
    },
    /// A setting the chosen model does not have.
    #[error("{place}: \"{key}\" does not apply to model \"{model}\": {remedy}")]
    NotForModel {
        /// Where the setting was read.
        place: String,
        /// Full path of the key.
        key: String,
        /// The chosen model.
        model: &'static str,
        /// What to do.
        remedy: String,
    },
    /// A complete file lacks a key.
    #[error(
        "{place}: key \"{key}\" is missing, and a run directory's file must be complete; copy the file again from the run that wrote it"
    )]
    MissingKey {
        /// The file.
        place: String,
        /// Full path of the key.
        key: String,
    },
}

impl Fails for SettingError {
    fn failure(&self) -> Failure {
        Failure::Usage
    }
}
