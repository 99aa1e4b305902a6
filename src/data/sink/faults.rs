//! What is wrong with a field, and the way out.

use super::Sink;
use crate::data::error::{DataError, Position, Role, excerpt};
use crate::data::key::KeyFault;
use crate::data::numbers::NumberFault;
use crate::data::time_text::TimeFault;

/// What a time may be, and the way out.
const TIMESTAMP_REMEDY: &str = "give a number since 1970 or a date such as `2021-07-18 11:31:28`, \
    or ignore the times with `--timestamp-column -`";
const DATE_REMEDY: &str = "give a number since 1970 or a date such as `2021-07-18 11:31:28`, say how \
    dates are written, as with `--time-format %d/%m/%Y`, or ignore the times with `--timestamp-column -`";
const FORMAT_REMEDY: &str =
    "correct it or `--time-format`, or ignore the times with `--timestamp-column -`";
const WEIGHT_REMEDY: &str = "correct it, or ignore the ratings with `--weight-column -`";

impl Sink<'_> {
    /// The error of a field that is no number.
    pub(in crate::data) fn number_error(
        &self,
        at: Position,
        role: Role,
        fault: NumberFault,
        field: &[u8],
    ) -> DataError {
        let (place, text) = (self.place(at), excerpt(field));
        let remedy = match role {
            Role::Weight => WEIGHT_REMEDY,
            _ => TIMESTAMP_REMEDY,
        };
        match fault {
            NumberFault::NotANumber => DataError::NotANumber {
                place,
                role,
                text,
                remedy,
            },
            NumberFault::NotFinite => DataError::NotFinite { place, role, text },
        }
    }

    /// The error of a field that is no time.
    pub(super) fn time_error(&self, at: Position, fault: TimeFault, field: &[u8]) -> DataError {
        let (expected, remedy) = match fault {
            TimeFault::NotFinite => {
                return self.number_error(at, Role::Timestamp, NumberFault::NotFinite, field);
            }
            TimeFault::Neither => ("a number or a date", DATE_REMEDY),
            TimeFault::NotANumber => ("a number, as those before it are", TIMESTAMP_REMEDY),
            TimeFault::NotADate => ("a date, as those before it are", DATE_REMEDY),
            TimeFault::NotAsSaid => ("in the form of `--time-format`", FORMAT_REMEDY),
        };
        DataError::NotATime {
            place: self.place(at),
            text: excerpt(field),
            expected,
            remedy,
        }
    }

    pub(super) fn key_error(&self, at: Position, role: Role, fault: KeyFault) -> DataError {
        let place = self.place(at);
        match fault {
            KeyFault::Empty => DataError::EmptyKey { place, role },
            KeyFault::InvalidUtf8 => DataError::InvalidUtf8 { place, role },
            KeyFault::TooMany => {
                let (what, table) = match role {
                    Role::User => ("users", &*self.users),
                    _ => ("items", &*self.items),
                };
                DataError::TooMany {
                    place,
                    what,
                    limit: u64::from(table.limit()),
                }
            }
        }
    }
}
