//! The error message for a key that the model does not know, made at a bounded cost.

use super::error::RecommenderError;
use crate::data::IdMap;

/// A key as near as two spellings of one name; numbers apart by a digit are different things.
const NEAR: f64 = 0.9;
/// Keys that are compared with an unknown one: a hundredth of a second. With more keys, only other spellings of it are
/// looked up.
const COMPARED_MAX: usize = 100_000;

/// Writes the errors of one call. Only its first unknown key is compared with all keys.
pub(super) struct UnknownKeys {
    kind: &'static str,
    compared_max: usize,
}

impl UnknownKeys {
    pub(super) fn users() -> Self {
        Self::of("user")
    }

    pub(super) fn items() -> Self {
        Self::of("item")
    }

    fn of(kind: &'static str) -> Self {
        Self {
            kind,
            compared_max: COMPARED_MAX,
        }
    }

    /// The error for `key`, which is not in `map`.
    pub(super) fn error(&mut self, key: &str, map: &IdMap) -> RecommenderError {
        let compare = map.len() <= std::mem::take(&mut self.compared_max);
        let near = match compare {
            true => nearest(key, map),
            false => other_spelling(key, map),
        };
        let kind = self.kind;
        let remedy = match (near, map.keys().first()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, Some(first)) => {
                format!(
                    "its {} {kind}s have keys such as `{first}`, written as in the log",
                    map.len()
                )
            }
            (None, None) => format!("it knows no {kind} at all"),
        };
        RecommenderError::UnknownKey {
            kind,
            key: key.to_owned(),
            remedy,
        }
    }
}

/// The same key without spaces around it, in another case or without leading zeros, if it is known.
fn other_spelling<'a>(key: &str, map: &'a IdMap) -> Option<&'a str> {
    let key = key.trim();
    let spellings = [
        key.to_owned(),
        key.to_lowercase(),
        key.to_uppercase(),
        key.trim_start_matches('0').to_owned(),
    ];
    let id = spellings.iter().find_map(|key| map.id(key))?;
    Some(map.key(id))
}

/// The known key that is most like `key`, if any is like it.
fn nearest<'a>(key: &str, map: &'a IdMap) -> Option<&'a str> {
    let folded = key.trim().to_lowercase();
    let numeric = !folded.is_empty() && folded.bytes().all(|byte| byte.is_ascii_digit());
    let stripped = folded.trim_start_matches('0');
    let nearness = |known: &str| match known.to_lowercase() {
        known if known == folded || (numeric && known == stripped) => 1.0,
        _ if numeric => 0.0,
        known => strsim::jaro_winkler(&known, &folded),
    };
    map.keys()
        .iter()
        .map(|known| (nearness(known), &**known))
        .filter(|&(near, _)| near >= NEAR)
        .reduce(|best, next| if next.0 > best.0 { next } else { best })
        .map(|(_, known)| known)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn remedy(unknown: &mut UnknownKeys, key: &str, map: &IdMap) -> String {
        unknown.error(key, map).to_string()
    }

    #[test]
    fn only_the_first_key_of_a_call_is_compared_with_all() {
        let keys = ["annabel", "7"].map(Into::into).to_vec();
        let map = IdMap::from_ordered_keys(keys).unwrap();
        let mut unknown = UnknownKeys::users();
        assert!(remedy(&mut unknown, "anabel", &map).contains("did you mean `annabel`?"));
        assert!(remedy(&mut unknown, "anabel", &map).contains("keys such as `annabel`"));
        assert!(remedy(&mut unknown, " ANNABEL", &map).contains("did you mean `annabel`?"));
        assert!(remedy(&mut unknown, "007", &map).contains("did you mean `7`?"));
    }

    #[test]
    fn many_keys_are_looked_up_and_not_compared() {
        let keys = (0..=COMPARED_MAX).map(|at| format!("name-{at}").into());
        let map = IdMap::from_ordered_keys(keys.collect()).unwrap();
        let message = |key: &str| remedy(&mut UnknownKeys::items(), key, &map);
        assert!(message("nmae-77").contains("its 100001 items have keys such as `name-0`"));
        assert!(message("NAME-77 ").contains("did you mean `name-77`?"));
    }
}
