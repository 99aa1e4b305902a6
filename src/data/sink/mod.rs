//! Takes the rows of every format reader: keys become ids, fields become numbers, and errors get a place.

mod faults;
mod fields;
mod waiting;

use std::cell::Cell;

use super::bad_rows::BadRows;
use super::columns::{ColumnNames, Columns, DetectedColumns, OfFolders};
use super::error::{DataError, Place, Position, Role, excerpt};
use super::events::EventWeights;
use super::key::{Key, trimmed};
use super::key_table::KeyTable;
use super::raw_log::RawLog;
use super::times::TimeKind;
use waiting::{FoundId, WaitingRows};

/// One row as text.
#[derive(Debug, Clone, Copy)]
pub(super) struct TextRow<'a> {
    pub(super) user: &'a [u8],
    pub(super) item: &'a [u8],
    pub(super) weight: Option<&'a [u8]>,
    pub(super) timestamp: Option<&'a [u8]>,
}

/// What a test file has in common with the log read before it.
struct Overlap {
    train_users: u32,
    train_items: u32,
    user_known: bool,
    item_known: bool,
    first: Option<Position>,
}

/// Takes the rows of one input.
pub(super) struct Sink<'a> {
    name: String,
    users: &'a mut KeyTable,
    items: &'a mut KeyTable,
    log: &'a mut RawLog,
    first_of_log: bool,
    overlap: Option<Overlap>,
    time_format: Option<&'a str>,
    /// What the times of this input are, once the first is there.
    time_kind: Option<TimeKind>,
    rows: u64,
    columns: Option<DetectedColumns>,
    /// What to do with bad rows; `None` where their faults are errors and no option is there to change that.
    bad_rows: Option<BadRows>,
    remarks: Vec<String>,
    /// Whether numbers may have a comma for a point.
    decimal_commas: bool,
    /// What events weigh; empty where they are not read.
    events: EventWeights,
    /// What the event of the next row weighs, where events are read.
    event: Option<f32>,
    /// The time of all rows, where their folder tells it.
    time_of_folder: Option<i64>,
    /// Whether something in the rating column, which is one by a likely name, is no rating.
    no_rating: Cell<bool>,
    waiting: WaitingRows,
    /// Ids of the waiting users and items, while they are looked up.
    ids: (Vec<FoundId>, Vec<FoundId>),
}

impl<'a> Sink<'a> {
    /// A sink for one input; `first_of_log` when no input filled this log before.
    pub(super) fn new(
        name: &str,
        users: &'a mut KeyTable,
        items: &'a mut KeyTable,
        log: &'a mut RawLog,
        first_of_log: bool,
    ) -> Self {
        let name = name.to_owned();
        Self {
            name,
            users,
            items,
            log,
            first_of_log,
            overlap: None,
            time_format: None,
            time_kind: None,
            rows: 0,
            columns: None,
            bad_rows: None,
            remarks: Vec::new(),
            decimal_commas: false,
            events: EventWeights::default(),
            event: None,
            time_of_folder: None,
            no_rating: Cell::new(false),
            waiting: WaitingRows::default(),
            ids: Default::default(),
        }
    }

    /// Reads times as text in this form of `strftime` and in no other.
    pub(super) fn expect_times(&mut self, format: Option<&'a str>) {
        self.time_format = format;
    }

    /// The form in which times are text, where one is given.
    pub(super) fn time_format(&self) -> Option<&'a str> {
        self.time_format
    }

    /// Says what the times of this input are, before its first row.
    pub(super) fn begin_times(&mut self, kind: TimeKind) {
        self.time_kind = Some(kind);
        let row = self.log.len();
        self.log.times_mut().begin(kind, row);
    }

    /// Watches whether the keys of this input were known when it was opened.
    pub(super) fn expect_overlap(&mut self, train_users: u32, train_items: u32) {
        let (user_known, item_known) = (false, false);
        let first = None;
        self.overlap = Some(Overlap {
            train_users,
            train_items,
            user_known,
            item_known,
            first,
        });
    }

    /// Leaves bad rows out with `skip`, and names the option that does so in their errors otherwise.
    pub(super) fn set_bad_rows(&mut self, skip: bool) {
        self.bad_rows = Some(BadRows::new(skip));
    }

    /// The rows left out.
    pub(super) fn take_bad_rows(&mut self) -> Option<BadRows> {
        self.bad_rows.take()
    }

    /// Whether bad rows are left out.
    pub(super) fn skips_bad_rows(&self) -> bool {
        self.bad_rows.as_ref().is_some_and(BadRows::skips)
    }

    /// Takes what is wrong with a row: an error, or a note of it where bad rows are left out.
    #[cold]
    pub(super) fn bad_row(&mut self, error: DataError) -> Result<(), DataError> {
        match &mut self.bad_rows {
            Some(bad_rows) => bad_rows.take(error),
            None => Err(error),
        }
    }

    /// Says which optional columns the rows will have; once, before the first row.
    pub(super) fn set_layout(&mut self, weights: bool, timestamps: bool) -> Result<(), DataError> {
        let likely = self.weight_is_likely();
        let mut weights = weights;
        if self.first_of_log {
            self.log.set_columns(weights, timestamps);
            self.log.set_weights_are_likely(likely);
        }
        // What may be something else is a rating only where all files have it.
        if self.log.has_weights() != weights && (likely || self.log.weights_are_likely()) {
            weights = false;
            self.forget_ratings();
        }
        let mixed = |role| DataError::MixedColumns {
            place: Place::whole(&self.name),
            role,
        };
        if self.log.has_weights() != weights {
            return Err(mixed(Role::Weight));
        }
        if self.log.has_timestamps() != timestamps {
            return Err(mixed(Role::Timestamp));
        }
        Ok(())
    }

    /// Whether the rating column may be something else.
    pub(super) fn weight_is_likely(&self) -> bool {
        self.columns
            .as_ref()
            .is_some_and(|columns| columns.weight_is_likely)
    }

    /// Takes note that the rating column, which may be something else, is: in place of its value.
    pub(super) fn no_rating(&self) -> f32 {
        self.no_rating.set(true);
        0.0
    }

    /// Reads no ratings: those there are were something else.
    fn forget_ratings(&mut self) {
        self.log.forget_weights();
        self.log.set_weights_are_likely(false);
        if let Some(columns) = &mut self.columns {
            columns.weight = None;
        }
    }

    /// Says what events weigh; before the first row.
    pub(super) fn weigh_events(&mut self, events: &EventWeights) {
        self.events = events.clone();
    }

    /// Takes the event of the row that comes next.
    pub(super) fn event(&mut self, at: Position, field: &[u8]) -> Result<(), DataError> {
        let field = field.trim_ascii();
        match self.events.of(field) {
            Some(weight) => {
                self.event = Some(weight);
                Ok(())
            }
            None => Err(DataError::UnknownEvent {
                place: self.place(at),
                text: excerpt(field),
                known: self.events.names(),
            }),
        }
    }

    /// What a row weighs: its rating, what its event weighs, or their product.
    #[inline]
    pub(super) fn weighed(&self, rating: f32) -> f32 {
        match self.event {
            None => rating,
            Some(event) => match self
                .columns
                .as_ref()
                .is_some_and(|found| found.weight.is_some())
            {
                true => event * rating,
                false => event,
            },
        }
    }

    /// Takes note of the columns that a header names, and of what folders tell beside them; before the first row.
    pub(super) fn begin(
        &mut self,
        columns: &Columns,
        header: &[String],
        names: &ColumnNames,
    ) -> Result<(), DataError> {
        self.columns = Some(columns.describe(header, names, &self.name));
        self.set_layout(columns.has_weights(), columns.has_timestamps())?;
        self.take_folders(columns.of_folders, names)
    }

    /// Takes the time and the type of event that folders tell of all rows; after [`set_layout`](Self::set_layout).
    pub(super) fn take_folders(
        &mut self,
        found: OfFolders,
        names: &ColumnNames,
    ) -> Result<(), DataError> {
        let value = |at: usize| names.of_folders.get(at).map(|(_, value)| value.as_bytes());
        if let Some(event) = found.event.and_then(value) {
            self.event(Position::Whole, event)?;
        }
        if let Some(time) = found.timestamp.and_then(value) {
            self.time_of_folder = Some(self.timestamp(Position::Whole, time)?);
        }
        Ok(())
    }

    /// Notes what a person should know of how this input was read.
    pub(super) fn remark(&mut self, remark: String) {
        self.remarks.push(remark);
    }

    /// The remarks so far.
    pub(super) fn take_remarks(&mut self) -> Vec<String> {
        std::mem::take(&mut self.remarks)
    }

    /// Numbers may have a comma for a point, as where commas do not separate fields.
    pub(super) fn allow_decimal_commas(&mut self) {
        self.decimal_commas = true;
    }

    /// Takes a row of text fields; white space around them does not count. What is wrong with its keys
    /// comes to light with a later row or [`after`](Self::after) all.
    #[inline]
    pub(super) fn text_row(&mut self, at: Position, row: TextRow<'_>) -> Result<(), DataError> {
        match row
            .timestamp
            .map_or(Ok(0), |field| self.timestamp(at, field))
        {
            Ok(timestamp) => self.timed_row(at, row, timestamp),
            Err(error) => self.bad_row(error),
        }
    }

    /// Takes a row of text fields whose time is known to be `timestamp`, as [`text_row`](Self::text_row) does.
    #[inline]
    pub(super) fn timed_row(
        &mut self,
        at: Position,
        row: TextRow<'_>,
        timestamp: i64,
    ) -> Result<(), DataError> {
        let weight = match row.weight.map_or(Ok(0.0), |field| self.weight(at, field)) {
            Ok(weight) => weight,
            Err(error) => return self.bad_row(error),
        };
        let user = Key::of(trimmed(row.user));
        let item = Key::of(trimmed(row.item));
        self.key_row(at, user, item, weight, timestamp)
    }

    /// Takes a row of keys and numbers, as [`text_row`](Self::text_row) does.
    #[inline]
    pub(super) fn key_row(
        &mut self,
        at: Position,
        user: Key<'_>,
        item: Key<'_>,
        weight: f32,
        timestamp: i64,
    ) -> Result<(), DataError> {
        let timestamp = self.time_of_folder.unwrap_or(timestamp);
        self.waiting.users.push(user);
        self.waiting.items.push(item);
        self.waiting
            .rest
            .push((at, self.weighed(weight), timestamp));
        if self.waiting.is_full() {
            self.flush()?;
        }
        Ok(())
    }

    /// How a reader ended, after the rows that wait: an error in one of them comes first.
    pub(super) fn after(&mut self, read: Result<(), DataError>) -> Result<(), DataError> {
        self.flush().and(read)
    }

    /// The provisional id of a user key.
    #[inline]
    pub(super) fn user(&mut self, at: Position, key: Key<'_>) -> Result<u32, DataError> {
        let id = self.users.id(key);
        id.map_err(|fault| self.key_error(at, Role::User, fault))
    }

    /// The provisional id of an item key.
    #[inline]
    pub(super) fn item(&mut self, at: Position, key: Key<'_>) -> Result<u32, DataError> {
        let id = self.items.id(key);
        id.map_err(|fault| self.key_error(at, Role::Item, fault))
    }

    /// Takes a row of ids and numbers.
    #[inline]
    pub(super) fn push(
        &mut self,
        at: Position,
        user: u32,
        item: u32,
        weight: f32,
        timestamp: i64,
    ) -> Result<(), DataError> {
        if let Some(overlap) = &mut self.overlap {
            overlap.user_known |= user < overlap.train_users;
            overlap.item_known |= item < overlap.train_items;
            overlap.first.get_or_insert(at);
        }
        self.rows += 1;
        if self.log.has_timestamps() && !self.log.times().is_no_news(timestamp) {
            let place = || Place::new(&self.name, at);
            self.log.times_mut().note(timestamp, place);
        }
        self.log.push(user, item, weight, timestamp);
        let limit = u64::from(u32::MAX);
        if self.log.len() as u64 > limit {
            return Err(DataError::TooMany {
                place: self.place(at),
                what: "interactions",
                limit,
            });
        }
        Ok(())
    }

    /// The rows taken and the columns named; an error when a test file has nothing in common with
    /// the log.
    pub(super) fn finish(mut self) -> Result<(u64, Option<DetectedColumns>), DataError> {
        if self.no_rating.get() {
            self.forget_ratings();
        }
        if let Some(Overlap {
            first: Some(first),
            user_known,
            item_known,
            ..
        }) = self.overlap
        {
            let unknown = |role| DataError::UnknownTest {
                place: self.place(first),
                role,
            };
            // Keys such as `1.0` may turn out to be known when all are there.
            if !user_known && !self.users.holds_whole_floats() {
                return Err(unknown(Role::User));
            }
            if !item_known && !self.items.holds_whole_floats() {
                return Err(unknown(Role::Item));
            }
        }
        Ok((self.rows, self.columns))
    }

    /// A position in this input.
    pub(super) fn place(&self, at: Position) -> Place {
        Place::new(&self.name, at)
    }
}
