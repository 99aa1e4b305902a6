//! The kinds of failure that a script or a caller tells apart.

/// The kind of a failure. The program's exit codes follow from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// The arguments or the configuration are wrong.
    Usage,
    /// Data or a model is damaged, or is not what it should be.
    BadData,
    /// An input file or directory is missing.
    InputMissing,
    /// The device is not in this build or not on this machine.
    DeviceUnavailable,
    /// A mistake in Sagebrush itself.
    Internal,
    /// An output cannot be written.
    CannotWrite,
    /// Another process is writing the same run. Trying again later may do.
    Busy,
    /// The caller asked for a stop. A training has saved a checkpoint.
    Interrupted,
}

/// An error that knows the kind of its failure. Each error type of the crate implements it beside its definition.
///
/// The message of such an error is complete: it repeats its cause in words, so that a caller prints it alone.
pub trait Fails: std::error::Error + Send + Sync + 'static {
    /// The kind of this failure.
    fn failure(&self) -> Failure;

    /// The input that is wrong, and the number of its line or row from 1, where one is.
    fn input(&self) -> Option<(&str, Option<u64>)> {
        None
    }
}
