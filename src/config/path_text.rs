//! Paths as text, for files, variables and flags: what is not UTF-8 in a path is written `\\xHH`, and read so.

use std::path::{Path, PathBuf};

/// The path as a text that [`from_text`] turns back.
#[cfg(unix)]
pub(crate) fn to_text(path: &Path) -> String {
    use std::os::unix::ffi::OsStrExt;
    let mut text = String::new();
    for chunk in path.as_os_str().as_bytes().utf8_chunks() {
        // A path that has such an escape by itself keeps it, too.
        text.push_str(&chunk.valid().replace("\\x", "\\x5cx"));
        for byte in chunk.invalid() {
            text.push_str(&format!("\\x{byte:02x}"));
        }
    }
    text
}

/// The path of a text.
#[cfg(unix)]
pub(crate) fn from_text(text: &str) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    let mut bytes = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find("\\x") {
        let digits = rest.get(at + 2..at + 4);
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let length = if byte.is_some() { 4 } else { 2 };
        bytes.extend_from_slice(&rest.as_bytes()[..at]);
        match byte {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(b"\\x"),
        }
        rest = &rest[at + length..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    std::ffi::OsString::from_vec(bytes).into()
}

#[cfg(not(unix))]
pub(crate) fn to_text(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}

#[cfg(not(unix))]
pub(crate) fn from_text(text: &str) -> PathBuf {
    text.into()
}

/// A path that a setting may have.
pub(super) mod one {
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serializer};

    #[allow(clippy::ref_option)]
    pub(in crate::config) fn serialize<S: Serializer>(
        path: &Option<PathBuf>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        match path {
            Some(path) => serializer.serialize_some(&super::to_text(path)),
            None => serializer.serialize_none(),
        }
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<PathBuf>, D::Error> {
        let text = Option::<String>::deserialize(deserializer)?;
        Ok(text.map(|text| super::from_text(&text)))
    }
}

/// Paths that a setting has.
pub(super) mod many {
    use std::path::PathBuf;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(in crate::config) fn serialize<S: Serializer>(
        paths: &[PathBuf],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(paths.iter().map(|path| super::to_text(path)))
    }

    pub(in crate::config) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<PathBuf>, D::Error> {
        let texts = Vec::<String>::deserialize(deserializer)?;
        Ok(texts.iter().map(|text| super::from_text(text)).collect())
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;

    use super::*;

    #[test]
    fn every_path_comes_back() {
        for (bytes, text) in [
            (&b"logs/a b.csv"[..], "logs/a b.csv"),
            (b"b\xff.csv", "b\\xff.csv"),
            ("é\u{fffd}".as_bytes(), "é\u{fffd}"),
            (b"\xc3(\\x\xe9", "\\xc3(\\x5cx\\xe9"),
            (b"a\\xff", "a\\x5cxff"),
            (b"a\\b", "a\\b"),
        ] {
            let path = Path::new(OsStr::from_bytes(bytes));
            assert_eq!(to_text(path), text);
            assert_eq!(from_text(text), path);
        }
        assert_eq!(from_text("\\xyz\\x"), Path::new("\\xyz\\x"));
    }
}
