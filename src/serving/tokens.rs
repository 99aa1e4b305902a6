//! Bearer tokens: several, each with the name of who has it, compared in constant time.

use std::path::Path;

use axum::http::{HeaderMap, header};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::error::ServeError;

/// The tokens that are accepted. Only their hashes are kept.
#[derive(Debug)]
pub(super) struct Tokens(Vec<Token>);

#[derive(Debug)]
struct Token {
    name: String,
    hash: [u8; 32],
}

impl Tokens {
    /// Reads a `name:token` a line; empty lines and those that begin with `#` are left out.
    ///
    /// # Errors
    /// A file that cannot be read, a line that is none of these, two of a name, no token at all.
    pub(super) fn read(path: &Path) -> Result<Self, ServeError> {
        let text = std::fs::read_to_string(path).map_err(|source| ServeError::TokenFile {
            path: path.to_owned(),
            source,
        })?;
        let mut tokens: Vec<Token> = Vec::new();
        for (line, text) in (1..).zip(text.lines()) {
            let text = text.trim();
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            let wrong = |what| ServeError::Token {
                path: path.to_owned(),
                line,
                what,
            };
            let (name, token) = text.split_once(':').ok_or_else(|| wrong("no `:` in it"))?;
            let (name, token) = (name.trim(), token.trim());
            if name.is_empty() || token.is_empty() {
                return Err(wrong("a name or a token is empty"));
            }
            if tokens.iter().any(|known| known.name == name) {
                return Err(wrong("a second token of this name"));
            }
            tokens.push(Token {
                name: name.to_owned(),
                hash: *blake3::hash(token.as_bytes()).as_bytes(),
            });
        }
        match tokens.is_empty() {
            true => Err(ServeError::NoToken {
                path: path.to_owned(),
            }),
            false => Ok(Self(tokens)),
        }
    }

    /// The name of the token that a request carries; `None` where it carries none of these. All are compared, and how
    /// long that takes depends on none of them.
    pub(super) fn name_of(&self, headers: &HeaderMap) -> Option<&str> {
        let given = headers.get(header::AUTHORIZATION)?.as_bytes();
        let (scheme, token) = given.split_at_checked(b"Bearer ".len())?;
        if !scheme.eq_ignore_ascii_case(b"Bearer ") {
            return None;
        }
        let given = blake3::hash(token.trim_ascii());
        let mut found = u32::MAX;
        for (at, token) in (0..).zip(&self.0) {
            let is_it: Choice = token.hash[..].ct_eq(&given.as_bytes()[..]);
            found.conditional_assign(&at, is_it);
        }
        self.0.get(found as usize).map(|token| &*token.name)
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Tokens, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("tokens");
        std::fs::write(&path, text).unwrap();
        Tokens::read(&path).map_err(|error| error.to_string())
    }

    #[test]
    fn a_token_is_known_by_its_name() {
        let tokens = read("# ours\nshop: s3:cret \n\nmail:other\n").unwrap();
        let name = |value: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::AUTHORIZATION, value.parse().unwrap());
            tokens.name_of(&headers).map(str::to_owned)
        };
        assert_eq!(name("Bearer s3:cret").as_deref(), Some("shop"));
        assert_eq!(name("bearer other ").as_deref(), Some("mail"));
        for wrong in [
            "Bearer s3:cre",
            "Bearer ",
            "Basic other",
            "other",
            "Bearer shop",
            "Bearer",
        ] {
            assert_eq!(name(wrong), None, "{wrong}");
        }
        assert_eq!(tokens.name_of(&HeaderMap::new()), None);
    }

    #[test]
    fn files_that_say_nothing_clear_are_refused() {
        for (text, expected) in [
            ("", "no token in it"),
            ("# none\n", "no token in it"),
            ("a:b\nc\n", ":2: no `:` in it"),
            ("a:\n", ":1: a name or a token is empty"),
            ("a:b\na:c\n", ":2: a second token of this name"),
        ] {
            let refused = read(text).unwrap_err();
            assert!(refused.contains(expected), "{refused}");
        }
    }
}
