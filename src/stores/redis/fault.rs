//! What an error of Redis means, and what to do about it.

use redis::{ErrorKind, RedisError, ServerErrorKind};

use crate::stores::error::StoreError;

/// The error of a server.
pub(super) fn refused(place: &str, error: &RedisError) -> StoreError {
    let text = error.to_string();
    let says = |part: &str| text.contains(part);
    let remedy = match error.kind() {
        ErrorKind::AuthenticationFailed => PASSWORD,
        _ if says("WRONGPASS") || says("NOAUTH") || says("invalid password") => PASSWORD,
        ErrorKind::Server(ServerErrorKind::NoPerm) => {
            "the user of the address may not do this; another one may"
        }
        ErrorKind::Server(ServerErrorKind::Moved | ServerErrorKind::CrossSlot) => {
            "it is a node of a cluster, which `export` does not write to; name a single server"
        }
        ErrorKind::Server(ServerErrorKind::ReadOnly) => "it is a replica; name the primary",
        _ if says("OOM") => {
            "raise its `maxmemory`, or let earlier versions go with `--keep-old 0`, and export again"
        }
        _ if says("MISCONF") => "free space on the server's disk, and export again",
        ErrorKind::Io => "check host and port, and that the server runs",
        _ => "readers keep what was there; correct it and export again",
    };
    StoreError::failed(place, text, remedy)
}

const PASSWORD: &str = "check the password in the address, as in redis://:PASSWORD@HOST, or the variable `REDISCLI_AUTH`";
