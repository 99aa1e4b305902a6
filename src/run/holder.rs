//! The process that holds the lock of a run, as other processes see it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The process that holds a lock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The process.
    pub pid: u32,
    /// Its command, such as `evaluate`.
    pub command: String,
    /// Since when, in seconds since 1970.
    pub since: u64,
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let second = self.since % 86_400;
        let (hour, minute) = (second / 3600, second / 60 % 60);
        let command = self.command.escape_debug();
        write!(
            f,
            "{command}, process {}, since {hour:02}:{minute:02}:{:02} UTC",
            self.pid,
            second % 60
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_one_of_day() {
        let holder = Holder {
            pid: 4711,
            command: "evaluate".into(),
            since: 86_400 * 20_000 + 10 * 3600 + 31 * 60 + 2,
        };
        let expected = "evaluate, process 4711, since 10:31:02 UTC";
        assert_eq!(holder.to_string(), expected);
    }
}
