//! Exit codes (sysexits): what a script can tell from how the program ended.

use std::process::ExitCode;

/// How a command failed, for scripts; the message is for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The arguments or the configuration are wrong.
    Usage = 2,
    /// Data or a model is damaged or not what it should be.
    BadData = 65,
    /// An input file or directory is missing.
    InputMissing = 66,
    /// The device is not in this build or not on this machine.
    DeviceUnavailable = 69,
    /// A mistake of ours.
    Internal = 70,
    /// An output cannot be written.
    CannotWrite = 74,
    /// Stopped by SIGINT or SIGTERM; a checkpoint was saved.
    Interrupted = 130,
}

impl From<Failure> for ExitCode {
    fn from(failure: Failure) -> Self {
        Self::from(failure as u8)
    }
}
