//! The one error type of the library: what went wrong, in words, and the kind of failure.

use std::fmt;
use std::io;

use crate::failure::{Fails, Failure};

/// What stopped a call. It prints as one sentence with the place and a remedy.
#[derive(Debug)]
pub struct Error {
    context: Option<String>,
    cause: Box<dyn Fails>,
}

/// The result of a call into the library.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// The kind of failure, by which a script or a caller decides what to do.
    pub fn failure(&self) -> Failure {
        self.cause.failure()
    }

    /// The input that is wrong, and the number of its line or row from 1, where the failure is about one.
    pub fn input(&self) -> Option<(&str, Option<u64>)> {
        self.cause.input()
    }

    /// The same error with a few words in front of it.
    #[must_use]
    pub(crate) fn context(self, context: impl Into<String>) -> Self {
        Self {
            context: Some(match self.context {
                None => context.into(),
                Some(inner) => format!("{}: {inner}", context.into()),
            }),
            cause: self.cause,
        }
    }

    /// The cause, where it has the type asked for.
    pub(crate) fn cause<E: Fails>(&self) -> Option<&E> {
        let cause: &dyn std::error::Error = &*self.cause;
        cause.downcast_ref()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.context {
            None => write!(f, "{}", self.cause),
            Some(context) => write!(f, "{context}: {}", self.cause),
        }
    }
}

/// It has no source: the message repeats the cause in words, and a printer that walks the sources would say it twice.
impl std::error::Error for Error {}

impl<E: Fails> From<E> for Error {
    fn from(cause: E) -> Self {
        Self {
            context: None,
            cause: Box::new(cause),
        }
    }
}

/// A mistake in how the library or the program was called.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

impl Fails for Usage {
    fn failure(&self) -> Failure {
        Failure::Usage
    }
}

/// Something that the rest of the program promises never to happen.
#[derive(Debug, thiserror::Error)]
#[error("{0}; this is a mistake in sagebrush, please report it")]
pub(crate) struct Unexpected(pub(crate) &'static str);

impl Fails for Unexpected {
    fn failure(&self) -> Failure {
        Failure::Internal
    }
}

impl Fails for io::Error {
    fn failure(&self) -> Failure {
        Failure::Internal
    }
}

impl Fails for burn::tensor::ExecutionError {
    fn failure(&self) -> Failure {
        Failure::DeviceUnavailable
    }
}

impl Fails for sagebrush_model::ParameterError {
    fn failure(&self) -> Failure {
        Failure::BadData
    }
}

impl Fails for serde_json::Error {
    fn failure(&self) -> Failure {
        Failure::Internal
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_prints_its_cause_once_after_its_context() {
        let error = Error::from(Usage("give a number".to_owned()));
        assert_eq!(error.to_string(), "give a number");
        let error = error.context("inner").context("outer");
        assert_eq!(error.to_string(), "outer: inner: give a number");
        assert_eq!(error.failure(), Failure::Usage);
        assert!(error.cause::<Usage>().is_some() && error.cause::<Unexpected>().is_none());
        let denied = io::Error::from(io::ErrorKind::PermissionDenied);
        let source: Option<&dyn std::error::Error> = std::error::Error::source(&error);
        assert!(source.is_none() && std::error::Error::source(&Error::from(denied)).is_none());
    }
}
