//! A list of forgotten keys, as files have it: users by a keyed hash, so that the list does not tell who they were, and
//! withdrawn items by their keys.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::failure::{Fails, Failure};

/// Bytes of a salt, and of the hash of a user's key.
const BYTES: usize = 32;

/// A line of a list. The first one is the salt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ForgottenLine {
    /// The key of the hashes, 64 hexadecimal digits.
    Salt(String),
    /// The keyed BLAKE3 hash of a user's key, 64 hexadecimal digits.
    User(String),
    /// The key of an item.
    Item(String),
}

/// The keys of a list.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Forgotten {
    /// `None` until the list has its first line.
    salt: Option<[u8; BYTES]>,
    users: HashSet<[u8; BYTES]>,
    items: HashSet<Box<str>>,
}

/// Why a list of forgotten keys cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ForgottenError {
    /// The system does not give it.
    #[error(
        "{}: the list of forgotten keys cannot be read ({source}); restore it, or take it out of `data.forget`",
        path.display()
    )]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is something else.
    #[error("{}:{line}: {what}; give a list that `sagebrush forget` wrote", path.display())]
    NoList {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
}

impl Fails for ForgottenError {
    fn failure(&self) -> Failure {
        match self {
            Self::Unreadable { .. } => Failure::InputMissing,
            Self::NoList { .. } => Failure::BadData,
        }
    }
}

impl Forgotten {
    /// Reads a list. A last line that a crash tore is left out.
    ///
    /// # Errors
    /// A file that cannot be read, or is no such list.
    pub fn read(path: &Path) -> Result<Self, ForgottenError> {
        let text = std::fs::read(path).map_err(|source| ForgottenError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        let mut list = Self::default();
        let whole = text.split_inclusive(|&byte| byte == b'\n');
        for (at, line) in whole.filter(|line| line.ends_with(b"\n")).enumerate() {
            let wrong = |what: String| ForgottenError::NoList {
                path: path.to_owned(),
                line: at + 1,
                what,
            };
            let line = serde_json::from_slice(line).map_err(|error| wrong(error.to_string()))?;
            list.take(line).map_err(|what| wrong(what.to_owned()))?;
        }
        Ok(list)
    }

    /// Takes a line of the file.
    ///
    /// # Errors
    /// What is wrong with it where it stands.
    pub fn take(&mut self, line: ForgottenLine) -> Result<(), &'static str> {
        match line {
            ForgottenLine::Salt(_) if self.salt.is_some() => return Err("a second salt"),
            ForgottenLine::Salt(salt) => {
                self.salt = Some(bytes_of(&salt).ok_or("a salt that is not 64 digits")?);
            }
            _ if self.salt.is_none() => return Err("the salt is missing, which is the first line"),
            ForgottenLine::User(hash) => {
                let hash = bytes_of(&hash).ok_or("a hash that is not 64 digits")?;
                self.users.insert(hash);
            }
            ForgottenLine::Item(key) => {
                self.items.insert(key.into());
            }
        }
        Ok(())
    }

    /// The lines that put these keys on the list: none for those that are on it, and the salt first where it has none yet.
    #[must_use]
    pub fn lines_for(
        &self,
        users: &[String],
        items: &[String],
        new_salt: [u8; BYTES],
    ) -> Vec<ForgottenLine> {
        let mut lines = Vec::new();
        let salt = self.salt.unwrap_or(new_salt);
        let new_users = users.iter().filter(|key| !self.has_user(key));
        lines.extend(
            new_users.map(|key| ForgottenLine::User(hash(&salt, key).to_hex().to_string())),
        );
        let new_items = items.iter().filter(|key| !self.has_item(key));
        lines.extend(new_items.map(|key| ForgottenLine::Item(key.trim().to_owned())));
        if self.salt.is_none() && !lines.is_empty() {
            let salt = blake3::Hash::from_bytes(salt).to_hex().to_string();
            lines.insert(0, ForgottenLine::Salt(salt));
        }
        lines
    }

    /// Whether a user was forgotten.
    #[must_use]
    pub fn has_user(&self, key: &str) -> bool {
        let salt = self.salt.filter(|_| !self.users.is_empty());
        salt.is_some_and(|salt| self.users.contains(hash(&salt, key).as_bytes()))
    }

    /// Whether an item was withdrawn.
    #[must_use]
    pub fn has_item(&self, key: &str) -> bool {
        self.items.contains(key.trim())
    }

    /// The withdrawn items, in no order.
    pub fn items(&self) -> impl Iterator<Item = &str> {
        self.items.iter().map(|key| &**key)
    }

    /// Whether nothing is on it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.users.is_empty() && self.items.is_empty()
    }

    /// How many users are on it.
    #[must_use]
    pub fn n_users(&self) -> usize {
        self.users.len()
    }

    /// How many items are on it.
    #[must_use]
    pub fn n_items(&self) -> usize {
        self.items.len()
    }
}

fn hash(salt: &[u8; BYTES], key: &str) -> blake3::Hash {
    blake3::keyed_hash(salt, key.trim().as_bytes())
}

fn bytes_of(digits: &str) -> Option<[u8; BYTES]> {
    blake3::Hash::from_hex(digits)
        .ok()
        .map(|hash| *hash.as_bytes())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const SALT: [u8; BYTES] = *b"whats the Elvish word for friend";

    fn owned(keys: &[&str]) -> Vec<String> {
        keys.iter().map(|&key| key.to_owned()).collect()
    }

    #[test]
    fn keys_are_found_again_and_users_are_not_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let lines = Forgotten::default().lines_for(&owned(&["ann", "42"]), &owned(&["x y"]), SALT);
        let line = |line: &ForgottenLine| serde_json::to_string(line).unwrap() + "\n";
        let text: String = lines.iter().map(line).collect();
        assert!(!text.contains("ann") && text.contains("{\"item\":\"x y\"}"));
        std::fs::write(&path, format!("{text}{{\"user\":\"torn")).unwrap();
        let list = Forgotten::read(&path).unwrap();
        for key in ["ann", " 42 "] {
            assert!(list.has_user(key) && !list.has_item(key));
        }
        assert!(!list.has_user("bob") && !list.has_user("x y") && list.has_item("x y"));
        assert_eq!((list.n_users(), list.n_items()), (2, 1));
        let more = list.lines_for(&owned(&["ann", "bob"]), &owned(&["x y"]), [0; BYTES]);
        assert_eq!(more.len(), 1, "what is on it is not put on it again");
        let empty = Forgotten::default();
        assert!(empty.lines_for(&[], &[], SALT).is_empty());
        assert!(!empty.has_user("") && empty.is_empty());
    }

    #[test]
    fn what_is_no_list_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let user = format!("{{\"user\":\"{}\"}}\n", "0".repeat(64));
        for (text, expected) in [
            ("user_id,item_id\n", ":1: expected"),
            (&*user, ":1: the salt is missing"),
            ("{\"salt\":\"12\"}\n", ":1: a salt that is not 64 digits"),
        ] {
            std::fs::write(&path, text).unwrap();
            let said = Forgotten::read(&path).unwrap_err().to_string();
            assert!(said.contains(expected), "{said}");
        }
        let missing = Forgotten::read(&folder.path().join("none")).unwrap_err();
        assert_eq!(missing.failure(), Failure::InputMissing);
    }
}
