//! The names of versions, and how those that are read no more expire.

use std::fmt;

use redis::{Connection, Pipeline, RedisResult, cmd};

use crate::stores::content::Source;

/// Hexadecimal digits of a run's id, and of what else tells versions apart.
const DIGITS: [usize; 2] = [12, 8];
/// Keys that are looked at together.
const PAGE: usize = 1000;
/// Changes when values change their form.
const FORM: u32 = 1;

/// The name of a version: the run's id and a hash of the options of lists.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Version(String);

impl Version {
    /// The version of these lists of this run.
    pub(super) fn of(source: &Source<'_>) -> Self {
        let text = format!("{FORM} {:?}", source.options);
        let hash = blake3::hash(text.as_bytes()).to_hex();
        Self(format!("{}-{}", source.run, &hash[..DIGITS[1]]))
    }

    /// A name that could be ours.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (run, options) = text.split_once('-')?;
        let is_hex = |part: &str, digits| {
            part.len() == digits && part.bytes().all(|byte| byte.is_ascii_hexdigit())
        };
        (is_hex(run, DIGITS[0]) && is_hex(options, DIGITS[1])).then(|| Self(text.to_owned()))
    }

    /// The version that a key below `name` is of.
    fn of_key(name: &str, key: &[u8]) -> Option<Self> {
        let rest = key.strip_prefix(name.as_bytes())?.strip_prefix(b":")?;
        let end = rest.iter().position(|&byte| byte == b':')?;
        Self::parse(std::str::from_utf8(&rest[..end]).ok()?)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Lets every key of a version that is not read expire after `keep_s` seconds, unless it does already. It also finds what
/// killed exports left behind. A page is changed only while the pointer stays the same, so an export that switches it
/// meanwhile loses nothing.
pub(super) fn retire(connection: &mut Connection, name: &str, keep_s: u64) -> RedisResult<()> {
    let pointer = format!("{name}:current");
    let mut cursor: u64 = 0;
    loop {
        cmd("WATCH").arg(&pointer).exec(connection)?;
        let current: Option<String> = cmd("GET").arg(&pointer).query(connection)?;
        let mut scan = cmd("SCAN");
        scan.arg(cursor).arg("MATCH").arg(format!("{name}:*"));
        let (next, keys): (u64, Vec<Vec<u8>>) = scan.arg("COUNT").arg(PAGE).query(connection)?;
        let is_old = |key: &Vec<u8>| {
            let version = Version::of_key(name, key);
            version.is_some_and(|version| current.as_ref() != Some(&version.0))
        };
        let old: Vec<Vec<u8>> = keys.into_iter().filter(is_old).collect();
        if !expire(connection, &old, keep_s)? {
            continue;
        }
        cursor = next;
        if cursor == 0 {
            return cmd("UNWATCH").exec(connection);
        }
    }
}

/// Sets the time of those keys that have none; `false` where the watched pointer changed, so that nothing was set.
fn expire(connection: &mut Connection, keys: &[Vec<u8>], keep_s: u64) -> RedisResult<bool> {
    let mut ask = Pipeline::new();
    keys.iter().for_each(|key| {
        ask.cmd("TTL").arg(key);
    });
    let times: Vec<i64> = match keys.is_empty() {
        true => return Ok(true),
        false => ask.query(connection)?,
    };
    let mut set = Pipeline::new();
    set.atomic();
    for (key, time) in keys.iter().zip(times) {
        if time == -1 {
            set.cmd("EXPIRE").arg(key).arg(keep_s).ignore();
        }
    }
    match set.is_empty() {
        true => Ok(true),
        false => Ok(set.query::<Option<()>>(connection)?.is_some()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn only_keys_of_versions_are_ours() {
        let name = "0123456789ab-01234567";
        assert_eq!(Version::parse(name).unwrap().to_string(), name);
        for other in [
            "",
            "cache",
            "0123456789ab",
            "0123456789ab-0123456",
            "x123456789ab-01234567",
        ] {
            assert_eq!(Version::parse(other), None, "{other}");
        }
        let of_key = |key: &str| Version::of_key("shop", key.as_bytes());
        assert_eq!(
            of_key(&format!("shop:{name}:user:a:b")),
            Version::parse(name)
        );
        for other in [
            "shop:current",
            "shop:cache:1",
            "shopping:0123456789ab-01234567:user:1",
            "shop",
        ] {
            assert_eq!(of_key(other), None, "{other}");
        }
    }
}
