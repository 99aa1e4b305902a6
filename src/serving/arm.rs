//! What an arm is called: the last part of its run's path. Names, headers and labels of metrics are made of it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use axum::http::HeaderValue;
use prometheus_client::encoding::{EncodeLabel, EncodeLabelSet, LabelSetEncoder};

use super::error::ServeError;
use crate::run::last_part;

/// Bytes of a name at most.
const BYTES_MAX: usize = 64;

/// The name of an arm, which a header, a query and a label can hold as it is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct ArmName(Arc<str>);

impl ArmName {
    /// The last part of a path.
    ///
    /// # Errors
    /// Other characters than letters and digits of ASCII, `.`, `_` and `-`.
    pub(super) fn of(run: &Path) -> Result<Self, ServeError> {
        let whole = last_part(run);
        let name = whole.file_name().unwrap_or_default().to_string_lossy();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"._-".contains(&byte);
        match (1..=BYTES_MAX).contains(&name.len()) && name.bytes().all(is_plain) {
            true => Ok(Self(name.into())),
            false => Err(ServeError::ArmName {
                run: run.to_owned(),
            }),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// As a header.
    pub(super) fn header(&self) -> HeaderValue {
        // A plain name is always one.
        HeaderValue::from_str(&self.0).unwrap_or(HeaderValue::from_static(""))
    }
}

impl fmt::Display for ArmName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The arm that something is of; no label where the service has one run.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct InArm(Option<Label>);

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Label {
    Of(ArmName),
    Several,
}

impl InArm {
    pub(super) fn of(arm: Option<&ArmName>) -> Self {
        Self(arm.cloned().map(Label::Of))
    }

    /// A batch that several arms answered.
    pub(super) fn several() -> Self {
        Self(Some(Label::Several))
    }
}

impl EncodeLabelSet for InArm {
    fn encode(&self, encoder: &mut LabelSetEncoder) -> fmt::Result {
        let name = match &self.0 {
            None => return Ok(()),
            Some(Label::Of(name)) => name.as_str(),
            // No arm is called so.
            Some(Label::Several) => "(several)",
        };
        ("arm", name).encode(encoder.encode_label())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn arms_are_called_by_the_last_part_of_their_path() {
        let name = |run: &str| ArmName::of(Path::new(run)).map(|name| name.to_string());
        assert_eq!(name("runs/next/").unwrap(), "next");
        assert_eq!(name("2026-11-30T02.15").unwrap(), "2026-11-30T02.15");
        for wrong in ["a b", "ü", "a,b", "a\nb"] {
            assert!(
                name(wrong).unwrap_err().to_string().contains("ln -s"),
                "{wrong}"
            );
        }
        assert!(name(&"x".repeat(65)).is_err());
    }
}
