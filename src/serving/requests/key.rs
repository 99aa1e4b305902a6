//! The key of a user or an item in a path.

use axum::extract::{FromRequestParts, Path};
use axum::http::request::Parts;

use super::super::problem::Problem;

/// Bytes of a key at most.
pub(super) const KEY_BYTES_MAX: usize = 4096;

/// A key in a path, decoded: `a%2Fb%20c` is `a/b c`.
pub(in super::super) struct PathKey(pub(in super::super) String);

impl<S: Send + Sync> FromRequestParts<S> for PathKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        let key = Path::<String>::from_request_parts(parts, state).await;
        let Path(key) = key.map_err(|_| {
            Problem::unreadable(
                "the key in the path is not UTF-8 once it is decoded",
                "write each of its bytes that is no letter or digit as `%` and two hexadecimal digits of its UTF-8",
            )
        })?;
        checked(&key).map(|key| Self(key.to_owned()))
    }
}

/// A key without white space around it, as keys of a log are read.
pub(super) fn checked(key: &str) -> Result<&str, Problem> {
    let key = key.trim();
    match key.len() {
        0 => Err(Problem::unmet("a key is empty", "")),
        1..=KEY_BYTES_MAX => Ok(key),
        n => Err(Problem::unmet(
            format!("a key has {n} bytes, and {KEY_BYTES_MAX} at most are a key"),
            "",
        )),
    }
}
