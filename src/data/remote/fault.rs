//! What a store's errors mean, and what to do about each.

use object_store::Error;

use crate::data::error::{DataError, reason};

/// Addresses that are asked for credentials where the environment has none.
const ASKED_FOR_CREDENTIALS: [&str; 4] = [
    "/latest/api/token",
    "/latest/meta-data",
    "computeMetadata",
    "/metadata/identity",
];

/// The error of a path.
pub(super) fn fault(path: &str, error: &Error) -> DataError {
    let whole = chain(error).join(" ");
    let path = path.to_owned();
    let cause = last_cause(error);
    let remedy = credentials(&path);
    match error {
        Error::NotFound { .. } => DataError::RemoteMissing { path },
        // A listing of a bucket that is not there.
        _ if whole.contains("404 Not Found") => DataError::RemoteMissing { path },
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => DataError::RemoteDenied {
            path,
            reason: "the store says so".to_owned(),
            remedy,
        },
        _ if lacks_credentials(error) => DataError::RemoteDenied {
            path,
            reason: "there are no credentials".to_owned(),
            remedy,
        },
        _ if whole.contains("must be specified") || whole.contains("Missing") => {
            DataError::RemoteDenied {
                path,
                reason: cause,
                remedy,
            }
        }
        _ => DataError::RemoteFailed {
            path,
            reason: cause,
        },
    }
}

/// Whether the environment has no credentials, so that the machine was asked for some.
pub(crate) fn lacks_credentials(error: &Error) -> bool {
    let whole = chain(error).join(" ");
    let asked = |address: &&str| whole.contains(*address);
    ASKED_FOR_CREDENTIALS.iter().any(asked)
}

/// Each error of a chain of causes in words.
fn chain(error: &Error) -> Vec<String> {
    let first: &dyn std::error::Error = error;
    let chain = std::iter::successors(Some(first), |error| error.source());
    chain.map(ToString::to_string).collect()
}

/// The cause behind all others, which says the matter once: the store's own message where its answer holds one.
pub(crate) fn last_cause(error: &Error) -> String {
    let cause = chain(error).pop().unwrap_or_default();
    let message = cause.split_once("<Message>").map(|(_, rest)| rest);
    let message = message.and_then(|rest| rest.split_once("</Message>"));
    reason(message.map_or(&*cause, |(message, _)| message))
}

/// Where credentials for a path are looked for.
pub(crate) fn credentials(path: &str) -> String {
    let (scheme, _) = path.split_once("://").unwrap_or_default();
    match scheme {
        "s3" | "s3a" => {
            "set `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` (and `AWS_REGION`, `AWS_SESSION_TOKEN` or \
             `AWS_ENDPOINT_URL` where they are needed), or `AWS_SKIP_SIGNATURE=true` for what is public"
        }
        "gs" => "set `GOOGLE_APPLICATION_CREDENTIALS` to a file of credentials that may read it",
        "http" | "https" => "download it, as with `curl -O`, with what the server asks for",
        _ => {
            "set `AZURE_STORAGE_ACCOUNT_NAME` and `AZURE_STORAGE_ACCOUNT_KEY`, or `AZURE_STORAGE_SAS_TOKEN`"
        }
    }
    .to_owned()
}
