//! What an error of PostgreSQL means, and what to do about it.

use std::error::Error as _;

use tokio_postgres::Error;
use tokio_postgres::error::SqlState;

use crate::stores::error::StoreError;

/// The error of a server, or of the way to it.
pub(super) fn refused(place: &str, error: &Error) -> StoreError {
    let Some(told) = error.as_db_error() else {
        return unreached(place, error);
    };
    let mut reason = told.message().to_owned();
    if let Some(detail) = told.detail() {
        reason = format!(
            "{reason} ({})",
            detail.trim_end_matches('.').replace('\n', ", ")
        );
    }
    let code = told.code();
    let is = |codes: &[&SqlState]| codes.contains(&code);
    if is(&[&SqlState::LOCK_NOT_AVAILABLE]) {
        return StoreError::Busy {
            place: place.to_owned(),
            reason:
                "another export or a reader holds what is to be replaced, for longer than a minute"
                    .to_owned(),
        };
    }
    let remedy = if is(&[
        &SqlState::INVALID_PASSWORD,
        &SqlState::INVALID_AUTHORIZATION_SPECIFICATION,
    ]) {
        "check user and password in the address, or the variable `PGPASSWORD`"
    } else if is(&[&SqlState::INVALID_CATALOG_NAME]) {
        "make it with `createdb`, or name another one at the end of the address"
    } else if is(&[&SqlState::INSUFFICIENT_PRIVILEGE]) {
        "let the user make tables in the schema, and own those of earlier exports"
    } else if is(&[&SqlState::DISK_FULL]) {
        "free space on the server's disk, and export again; readers keep what was there"
    } else if is(&[&SqlState::DEPENDENT_OBJECTS_STILL_EXIST]) {
        "let what depends on the table select from it by a function, or drop it before the export"
    } else if is(&[&SqlState::DUPLICATE_TABLE]) {
        "rename that table, or choose another beginning of names with `--name NAME`"
    } else {
        "readers keep what was there; correct it and export again"
    };
    StoreError::failed(place, reason, remedy)
}

/// The way to the server failed.
fn unreached(place: &str, error: &Error) -> StoreError {
    let mut last: &dyn std::error::Error = error;
    while let Some(source) = last.source() {
        last = source;
    }
    let cause = last.to_string();
    let is_certificate = cause.contains("certificate") || cause.contains("UnknownIssuer");
    let (reason, remedy) = if is_certificate {
        (
            cause,
            "name the authority that signed the server's certificate, as in `&sslrootcert=ca.pem`, and the server as the certificate does",
        )
    } else if cause.contains("does not support TLS") {
        (
            cause,
            "turn on `ssl` at the server, or give `sslmode=disable` to connect without TLS",
        )
    } else if error.source().is_none() && error.is_closed() {
        (
            "the server ended the connection".to_owned(),
            "look into its log, and export again; readers keep what was there",
        )
    } else {
        (cause, "check host and port, and that the server runs")
    };
    StoreError::failed(place, reason, remedy)
}
