//! What is exported: the lists of all users, the vectors of items, those of users.

use std::borrow::Cow;

use sagebrush_model::ScoreHead;
use serde::Serialize;

use super::error::StoreError;
use crate::data::IdMap;
use crate::error::Result;
use crate::export::KeyTypes;
use crate::inference::{ListOptions, Recommender, UserList};
use crate::numbers::count;
use crate::observer::{Event, Observer, remark};

/// A part of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum What {
    /// The top K of every user.
    Lists,
    /// A vector an item.
    Items,
    /// A vector a user.
    Users,
}

impl What {
    /// Its name in options, tables and files.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lists => "lists",
            Self::Items => "items",
            Self::Users => "users",
        }
    }
}

/// A run, opened to be exported.
pub(crate) struct Source<'a> {
    pub(crate) recommender: &'a Recommender,
    /// How lists are made.
    pub(crate) options: &'a ListOptions,
    /// The run's id.
    pub(crate) run: String,
    /// The model's name.
    pub(crate) model: String,
}

/// A table of vectors, in the order of the run.
pub(super) struct Vectors<'a> {
    pub(super) keys: Cow<'a, IdMap>,
    /// `[keys.len() x dim]`, row-major.
    pub(super) table: Cow<'a, [f32]>,
    pub(super) dim: usize,
    /// Users without a row: nothing of them was trained on.
    pub(super) n_left_out: usize,
}

impl<'a> Source<'a> {
    /// Which keys are numbers.
    pub(super) fn types(&self) -> KeyTypes {
        KeyTypes::of(self.recommender.users(), self.recommender.items())
    }

    /// The vectors of items or of users whose inner products are the scores, the prior included. Users of whom nothing was
    /// trained on are left out: their lists are what is popular, which no vector of theirs says.
    ///
    /// # Errors
    /// A model without vectors, or one whose score is no inner product.
    pub(super) fn vectors(&self, what: What) -> Result<Vectors<'a>, StoreError> {
        let known = self.recommender;
        let refused = |why: &str| {
            StoreError::Usage(format!(
                "{} {why}, so there are no {} for a vector store; export its lists with `--what lists`",
                self.model,
                what.name()
            ))
        };
        let Some(tables) = known.scorer().tables() else {
            return Err(refused("scores histories and has no vectors"));
        };
        if !matches!(tables.head(), ScoreHead::Dot) {
            return Err(refused(
                "scores by a network over two vectors and not by their inner product",
            ));
        }
        let dim = tables.dim();
        if what != What::Users {
            return Ok(Vectors {
                keys: Cow::Borrowed(known.items()),
                table: Cow::Borrowed(tables.items()),
                dim,
                n_left_out: 0,
            });
        }
        let users = known.users();
        let warm: Vec<u32> = (0..users.len() as u32)
            .filter(|&user| !known.is_cold(user))
            .collect();
        let n_left_out = users.len() - warm.len();
        if n_left_out == 0 {
            return Ok(Vectors {
                keys: Cow::Borrowed(users),
                table: Cow::Borrowed(tables.users()),
                dim,
                n_left_out,
            });
        }
        let row = |&user: &u32| &tables.users()[user as usize * dim..][..dim];
        let keys = warm.iter().map(|&user| users.key(user).into()).collect();
        Ok(Vectors {
            // Some of distinct keys are distinct.
            keys: Cow::Owned(IdMap::from_ordered_keys(keys).unwrap_or_default()),
            table: Cow::Owned(warm.iter().flat_map(row).copied().collect()),
            dim,
            n_left_out,
        })
    }

    /// The lists of all users, some thousand at a time, each told to `observer` as it goes out.
    ///
    /// # Errors
    /// Options that cannot be met.
    pub(super) fn lists<'s>(
        &'s self,
        observer: &'s dyn Observer,
    ) -> Result<impl Iterator<Item = Result<Vec<UserList>>> + 's> {
        let n_pieces = self.recommender.users().len() as u64;
        let what = "lists of users";
        observer.event(Event::WorkBegins { what, n_pieces });
        let blocks = self.recommender.recommend_all(self.options)?;
        Ok(blocks.map(move |block| {
            let block = block?;
            block.iter().for_each(|_| observer.event(Event::PieceDone));
            Ok(block)
        }))
    }

    /// What a row of a part is, in words.
    pub(super) fn form(&self, what: What) -> Result<String, StoreError> {
        Ok(match what {
            What::Lists => format!("lists of {}", self.options.k),
            What::Items | What::Users => format!("vectors of {}", self.vectors(what)?.dim),
        })
    }

    /// Rows of a part, at most.
    pub(super) fn n_rows(&self, what: What) -> Result<usize, StoreError> {
        let n_items = self.recommender.items().len();
        let n_users = self.recommender.users().len();
        Ok(match what {
            What::Lists => n_users.saturating_mul(self.options.k.min(n_items)),
            What::Items | What::Users => self.vectors(what)?.keys.len(),
        })
    }
}

impl Vectors<'_> {
    /// Says which users have no row.
    pub(super) fn tell(&self, observer: &dyn Observer) {
        if self.n_left_out > 0 {
            let text = format!(
                "{} users have no vector here: nothing of them was trained on, and their lists are what is popular (`--what lists`)",
                count(self.n_left_out as u64)
            );
            remark(observer, &text);
        }
    }

    /// The rows with their keys.
    #[cfg(feature = "postgres")]
    pub(super) fn rows(&self) -> impl Iterator<Item = (&str, &[f32])> {
        let keys = self.keys.keys().iter().map(|key| &**key);
        keys.zip(self.table.chunks_exact(self.dim))
    }
}
