//! Exit codes (sysexits), by which a script can tell how the program ended.

use crate::failure::Failure;

/// The exit code of a kind of failure.
pub(super) fn exit_code(failure: Failure) -> u8 {
    match failure {
        Failure::Usage => 2,
        Failure::BadData => 65,
        Failure::InputMissing => 66,
        Failure::DeviceUnavailable => 69,
        Failure::Internal => 70,
        Failure::CannotWrite => 74,
        Failure::Busy => 75,
        Failure::Interrupted => 130,
    }
}
