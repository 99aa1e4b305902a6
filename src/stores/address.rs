//! The address of a place as it is given, and as it may be shown: without a password.

use std::fmt;
use std::path::{Path, PathBuf};

use super::error::StoreError;

/// Schemes of object stores that can be written.
const OBJECTS: [&str; 7] = ["s3", "s3a", "gs", "az", "azure", "abfs", "abfss"];

/// Where to export to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Address {
    /// `postgres://USER:PASSWORD@HOST/DATABASE`
    Postgres(Secret),
    /// `redis://HOST`, `rediss://HOST` with TLS
    Redis(Secret),
    /// `s3://BUCKET/KEY` and the like
    Object(String),
    /// A file.
    File(PathBuf),
}

/// An address that may hold a password. It shows itself without.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret(String);

impl Secret {
    /// The address with the password, for the one who connects.
    #[cfg(any(feature = "postgres", feature = "redis"))]
    pub(super) fn whole(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&without_password(&self.0))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres(secret) | Self::Redis(secret) => secret.fmt(f),
            Self::Object(url) => f.write_str(url),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

impl Address {
    /// Reads an address.
    ///
    /// # Errors
    /// Standard output, and schemes that nothing here writes to.
    pub(crate) fn parse(text: &str) -> Result<Self, StoreError> {
        if text == "-" {
            return Err(StoreError::Usage(
                "`export` does not write to standard output: `sagebrush recommend --all` and `sagebrush embed --out -` do"
                    .to_owned(),
            ));
        }
        let Some((scheme, _)) = text.split_once("://") else {
            return Ok(Self::File(Path::new(text).to_owned()));
        };
        match scheme {
            "postgres" | "postgresql" => Ok(Self::Postgres(Secret(text.to_owned()))),
            "redis" | "rediss" | "valkey" | "valkeys" => Ok(Self::Redis(Secret(text.to_owned()))),
            _ if OBJECTS.contains(&scheme) => Ok(Self::Object(text.to_owned())),
            _ => Err(StoreError::Usage(format!(
                "`{scheme}://` is no place to export to; there are postgres://, redis://, s3://, gs://, az:// and files"
            ))),
        }
    }

    /// The ending of a file's or an object's name, such as `npy`.
    pub(crate) fn ending(&self) -> Option<&str> {
        let path = match self {
            Self::File(path) => path,
            Self::Object(url) => Path::new(url),
            Self::Postgres(_) | Self::Redis(_) => return None,
        };
        path.extension()?.to_str()
    }
}

/// An address with `***` in place of a password, wherever it stands.
fn without_password(url: &str) -> String {
    let (scheme, rest) = url.split_once("://").unwrap_or(("", url));
    // A password may hold what it should not, so what counts is the last `@`.
    let rest = match rest.rsplit_once('@') {
        Some((who, place)) => match who.split_once(':') {
            Some((user, _)) => format!("{user}:***@{place}"),
            None => rest.to_owned(),
        },
        None => rest.to_owned(),
    };
    let hidden = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if name.contains("password") => format!("{name}=***"),
        _ => pair.to_owned(),
    };
    let rest = match rest.split_once('?') {
        Some((place, query)) => {
            let pairs: Vec<String> = query.split('&').map(hidden).collect();
            format!("{place}?{}", pairs.join("&"))
        }
        None => rest,
    };
    format!("{scheme}://{rest}")
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn no_password_is_shown() {
        for (url, shown) in [
            (
                "postgres://me:pw@db:5432/shop",
                "postgres://me:***@db:5432/shop",
            ),
            (
                "postgres://me:p/w@:x?y@db/shop",
                "postgres://me:***@db/shop",
            ),
            ("redis://:pw@db", "redis://:***@db"),
            (
                "postgres://me@db/shop?password=pw&sslmode=require",
                "postgres://me@db/shop?password=***&sslmode=require",
            ),
            ("redis://db:6379/1", "redis://db:6379/1"),
        ] {
            let address = Address::parse(url).unwrap();
            assert_eq!(address.to_string(), shown);
            let debug = format!("{address:?}");
            assert!(!debug.contains("pw") && !debug.contains("p/w"), "{debug}");
        }
    }

    #[test]
    fn schemes_tell_places_apart() {
        let file = Address::parse("out/lists.parquet").unwrap();
        assert_eq!(
            (file.ending(), file.to_string()),
            (Some("parquet"), "out/lists.parquet".to_owned())
        );
        let object = Address::parse("s3://bucket/a/items.npy").unwrap();
        assert_eq!(object.ending(), Some("npy"));
        assert!(matches!(object, Address::Object(_)));
        for (text, part) in [
            ("http://x/y", "`http://`"),
            ("mysql://x", "postgres://"),
            ("-", "standard output"),
        ] {
            let message = Address::parse(text).unwrap_err().to_string();
            assert!(message.contains(part), "{message}");
        }
    }
}
