//! How something failed, in the kinds that a script can tell apart: each error says which it is.

/// How something failed; the number is the program's exit code (sysexits).
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
    /// Stopped by SIGINT or SIGTERM.
    Interrupted = 130,
}

/// An error that knows which kind of failure it is.
pub trait Fails: std::error::Error {
    /// The kind of failure.
    fn failure(&self) -> Failure;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::GraphError;
    use crate::spectral::SpectralError;
    use crate::split::SplitError;

    #[test]
    fn the_number_of_a_failure_is_that_of_sysexits() {
        // EX_DATAERR is 65; 2 and 130 are the shells' numbers for wrong usage and for SIGINT.
        let n_entries = 1 << 40;
        assert_eq!(GraphError::TooManyEntries { n_entries }.failure() as u8, 65);
        assert_eq!(SplitError::NoTestFile.failure() as u8, 2);
        assert_eq!(SpectralError::Stopped.failure() as u8, 130);
    }
}
