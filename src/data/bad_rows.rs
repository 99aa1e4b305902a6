//! Rows with something wrong in them: the first is refused, or they are left out, counted and told of.

use serde::{Deserialize, Serialize};

use super::error::{DataError, Position};

/// How many bad rows are told of one by one.
pub(super) const TOLD: usize = 10;

/// A row that was left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BadRow {
    /// The file, and the line or row in it.
    pub place: String,
    /// What is wrong with it.
    pub reason: String,
}

/// The bad rows of one input.
pub(super) struct BadRows {
    skip: bool,
    count: u64,
    /// The first of the file, in its order.
    first: Vec<(Position, BadRow)>,
}

impl BadRows {
    /// Of a file: with `skip` bad rows are left out, and the first is an error otherwise.
    pub(super) fn new(skip: bool) -> Self {
        Self {
            skip,
            count: 0,
            first: Vec::new(),
        }
    }

    /// Whether bad rows are left out.
    pub(super) fn skips(&self) -> bool {
        self.skip
    }

    /// Takes what is wrong with a row, at whichever point it comes to light.
    pub(super) fn take(&mut self, error: DataError) -> Result<(), DataError> {
        let Some(place) = error.row() else {
            return Err(error);
        };
        if !self.skip {
            return Err(DataError::BadRow {
                fault: Box::new(error),
            });
        }
        self.count += 1;
        let at = self
            .first
            .partition_point(|(position, _)| *position <= place.position);
        if at < TOLD {
            let place_text = place.to_string();
            let message = error.to_string();
            let reason = message
                .strip_prefix(&format!("{place_text}: "))
                .unwrap_or(&message)
                .to_owned();
            let row = BadRow {
                place: place_text,
                reason,
            };
            self.first.insert(at, (place.position, row));
            self.first.truncate(TOLD);
        }
        Ok(())
    }
}

/// The bad rows of all inputs of a log.
#[derive(Default)]
pub(super) struct BadRowsOfLog {
    pub(super) count: u64,
    pub(super) first: Vec<BadRow>,
}

impl BadRowsOfLog {
    /// Adds those of the next input.
    pub(super) fn add(&mut self, of_input: BadRows) {
        self.count += of_input.count;
        let room = TOLD.saturating_sub(self.first.len());
        let told = of_input.first.into_iter().map(|(_, row)| row);
        self.first.extend(told.take(room));
    }

    /// Refuses more of them than the share of all rows that may be left out, and tells of those there are.
    pub(super) fn check(&self, good_rows: u64, max_share: f64) -> Result<(), DataError> {
        let Some(first) = self.first.first() else {
            return Ok(());
        };
        let rows = good_rows + self.count;
        if self.count as f64 > max_share * rows as f64 {
            return Err(DataError::TooManyBadRows {
                bad: self.count,
                rows,
                max_share,
                first: format!("{}: {}", first.place, first.reason),
            });
        }
        let told: Vec<String> = self
            .first
            .iter()
            .map(|row| format!("\n  {}: {}", row.place, row.reason))
            .collect();
        let more = match self.count > told.len() as u64 {
            true => "\n  …",
            false => "",
        };
        tracing::warn!(
            "{} of {rows} rows are left out, as `--on-bad-row skip` asks:{}{more}",
            self.count,
            told.concat()
        );
        Ok(())
    }
}
