//! The recommender's results: ranked lists in keys.

use serde::Serialize;

use super::error::RecommenderError;
use super::why::Why;

/// One place of a list, in raw terms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// The place, from 1.
    pub rank: u32,
    /// The item's key.
    pub item: String,
    /// Its score, or its similarity.
    pub score: f32,
    /// Its title, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// Why it is listed, where [`ListOptions::reasons`](super::ListOptions::reasons) asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<Box<Why>>,
}

/// What the places of a list are scored by.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ListSource {
    /// The model.
    #[default]
    Model,
    /// The number of training interactions of each item: the model knows nothing of this user.
    Popularity,
}

impl ListSource {
    /// Whether it is the model, as it usually is.
    pub fn is_model(&self) -> bool {
        *self == Self::Model
    }

    /// The name in lists: `model` or `popularity`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Popularity => "popularity",
        }
    }

    pub(crate) fn of(is_cold: bool) -> Self {
        match is_cold {
            true => Self::Popularity,
            false => Self::Model,
        }
    }
}

/// The recommendations of one user.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UserList {
    /// The user's key.
    pub user: String,
    /// What it is made of.
    #[serde(skip_serializing_if = "ListSource::is_model")]
    pub source: ListSource,
    /// Best first, as the model or the re-ranking has it; shorter than asked for when fewer items may be listed.
    pub items: Vec<Listed>,
}

/// The recommendations for a history.
#[derive(Debug, Clone, PartialEq)]
pub struct ForHistory {
    /// The list; its user is [`HISTORY`].
    pub list: UserList,
    /// One for each key that the model does not know and that was left out.
    pub unknown: Vec<RecommenderError>,
}

/// Stands in place of a user's key in the list for a history.
pub const HISTORY: &str = "(history)";
