//! Errors of input: each names its place, what is wrong there, and what to do.

mod place;
mod role;
mod shown;

use std::io;

use crate::failure::{Fails, Failure};

pub use place::{Place, Position};
pub use role::Role;
pub(super) use shown::{excerpt, reason};

/// Errors of reading a data set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DataError {
    /// The file cannot be opened: it is missing, or may not be read.
    #[error("{path}: cannot be opened ({source}); check the path and its permissions")]
    MissingInput {
        /// The path as given.
        path: String,
        /// What the system said.
        source: io::Error,
    },
    /// A path of another machine, from which this build does not read.
    #[error("{path}: it is not a file of this machine, and this build reads no others; {remedy}")]
    Remote {
        /// The path as given.
        path: String,
        /// What to do.
        remedy: String,
    },
    /// An object store or a web server has no such object.
    #[error(
        "{path}: there is no such object, and none below it; check the bucket and the key, and the region or the \
         endpoint in the environment"
    )]
    RemoteMissing {
        /// The path as given.
        path: String,
    },
    /// An object store or a web server that refuses access.
    #[error("{path}: it may not be read ({reason}); {remedy}")]
    RemoteDenied {
        /// The path as given.
        path: String,
        /// Why.
        reason: String,
        /// Where credentials are looked for.
        remedy: String,
    },
    /// An object store or a web server that does not answer, or not as it should.
    #[error(
        "{path}: it cannot be read ({reason}); check the connection and the address, and the endpoint in the \
         environment, and try again"
    )]
    RemoteFailed {
        /// The path as given.
        path: String,
        /// What was said last.
        reason: String,
    },
    /// A folder where a file is needed.
    #[error("{path}: it is a folder, and a file is needed; name a file in it")]
    Folder {
        /// The path as given.
        path: String,
    },
    /// A folder without files.
    #[error(
        "{path}: the folder holds no file to read (those whose names begin with `_` or `.` are passed over); check \
         the path"
    )]
    EmptyFolder {
        /// The path as given.
        path: String,
    },
    /// A pattern that matches nothing, or is none.
    #[error("{pattern}: {reason}; check the path")]
    NoMatch {
        /// The pattern as given.
        pattern: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A file that is something else than a log.
    #[error("{place}: the file is {what}; {remedy}")]
    NotData {
        /// The file.
        place: Place,
        /// What it is.
        what: &'static str,
        /// What to do.
        remedy: String,
    },
    /// A file that is not in the encoding it should be in.
    #[error(
        "{place}: the text is not valid {encoding}; name its encoding, as with `--encoding latin1`, or save it as UTF-8"
    )]
    BadEncoding {
        /// How far reading got.
        place: Place,
        /// The encoding.
        encoding: &'static str,
    },
    /// A file that is not what its format says.
    #[error("{error}; the file was read as `{asked}`, as asked for, and looks like {looks}")]
    OtherFormat {
        /// What was wrong with it.
        error: Box<DataError>,
        /// The format asked for.
        asked: &'static str,
        /// What it looks like.
        looks: String,
    },
    /// Reading failed half way.
    #[error("{place}: reading failed ({source}); check the disk or the connection and try again")]
    Unreadable {
        /// How far reading got.
        place: Place,
        /// What the system said.
        source: io::Error,
    },
    /// A compressed stream ends early or is corrupt.
    #[error(
        "{place}: the {compression} stream is cut short or damaged ({source}); \
         copy or download the file again"
    )]
    DamagedCompression {
        /// The line at which the stream broke.
        place: Place,
        /// `gzip` or `zstd`.
        compression: &'static str,
        /// What the decoder said.
        source: io::Error,
    },
    /// A column that is named and not there.
    #[error("{place}: there is no column \"{column}\"; there are {known}")]
    UnknownColumn {
        /// The header.
        place: Place,
        /// What was asked for.
        column: String,
        /// What is there.
        known: String,
    },
    /// No format fits the content.
    #[error(
        "{place}: the format is not recognized; give it by name as `--format csv` (one of {known}), and text that is \
         not UTF-8 its encoding as `--encoding latin1`"
    )]
    UnknownFormat {
        /// The file.
        place: Place,
        /// The formats there are.
        known: String,
    },
    /// No format of item files, or of lists of keys, fits the content.
    #[error(
        "{place}: the format is not recognized, and there is none to name here: a table needs a header and commas, \
         tabs, `;` or `|` between its columns, or is in JSON or Parquet"
    )]
    UnknownTable {
        /// The file.
        place: Place,
    },
    /// The first row has no names of columns, and its values do not tell what they mean.
    #[error(
        "{place}: the file has no header, for its first row is `{row}`, and what its columns mean is not certain; \
         name them in order, as `--columns {columns}` (`-` for one to leave out)"
    )]
    NoHeader {
        /// The file.
        place: Place,
        /// The first row, shortened.
        row: String,
        /// Names that fit the values.
        columns: String,
    },
    /// A first row without the names that are looked for: it may be no header.
    #[error(
        "{fault}; if this row is data and the file has no header, name its columns in order, as `--columns user,item`"
    )]
    HeaderOrRow {
        /// The column that is missing.
        fault: Box<DataError>,
    },
    /// Lines of numbers that are rows as well as adjacency lists.
    #[error(
        "{place}: lines such as `{row}` are rows of a user, an item and more, or lists of a user and the user's items; \
         for rows name the columns, as `--columns {columns}`, for lists use `--format adjacency-lists`"
    )]
    RowsOrLists {
        /// The file.
        place: Place,
        /// The first row, shortened.
        row: String,
        /// Names that fit the values.
        columns: String,
    },
    /// A user with two adjacency lists.
    #[error(
        "{place}: the user of this line headed one before, and an adjacency list has all items of its user; if the \
         lines are rows of a user, an item and more, name the columns, as `--columns user,item,rating`; if they are \
         lists all the same, use `--format adjacency-lists`"
    )]
    RepeatedList {
        /// The second line.
        place: Place,
    },
    /// Names of columns were given for a file that has a header.
    #[error(
        "{place}: the file has a header, `{row}`, and `--columns` is for files without one; leave it out, or name \
         columns of the header with `--user-column` and `--item-column`"
    )]
    HeaderThere {
        /// The file.
        place: Place,
        /// The header, shortened.
        row: String,
    },
    /// A quote that nothing closes.
    #[error(
        "{place}: a quote opens a field here and none closes it before the end of the file; close it, or double it \
         within quotes (`\"\"`) where it is a letter"
    )]
    UnclosedQuote {
        /// The line of the quote.
        place: Place,
    },
    /// The build lacks the reader this file needs.
    #[error(
        "{place}: this build cannot read Parquet; build with `--features parquet`, \
         or convert the file to CSV"
    )]
    ParquetFeature {
        /// The file.
        place: Place,
    },
    /// There is no data at all.
    #[error("{place}: the file holds no data rows; check that it was written completely")]
    Empty {
        /// The file.
        place: Place,
    },
    /// A needed column is not there.
    #[error(
        "{place}: there is no {role} column{wanted}; found: {found}; name the column with `{} NAME`",
        role.option()
    )]
    ColumnMissing {
        /// The header, or the first record.
        place: Place,
        /// What is looked for.
        role: Role,
        /// ` called X` where a name was asked for.
        wanted: String,
        /// The columns that are there.
        found: String,
    },
    /// A file of new items, or a list of users or items, without a column of their keys.
    #[error(
        "{place}: there is no {role} column; found: {found}; name the column of the {role}s' keys `{role}_id`"
    )]
    NoKeys {
        /// The file.
        place: Place,
        /// Whose keys.
        role: Role,
        /// The columns that are there.
        found: String,
    },
    /// A column has a type that cannot mean what it should.
    #[error("{place}: the {role} column `{column}` has type {found}; {remedy}")]
    ColumnType {
        /// The file.
        place: Place,
        /// What the column should mean.
        role: Role,
        /// Its name.
        column: String,
        /// Its type.
        found: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A record has more or fewer fields than the first.
    #[error(
        "{place}: the row has {found} fields where {expected} are expected; \
         check its separators and quotes"
    )]
    Ragged {
        /// The row.
        place: Place,
        /// Fields of the header or of the first row.
        expected: String,
        /// Fields of this row.
        found: usize,
    },
    /// A key is empty.
    #[error("{place}: the {role} id is empty; fill it in or remove the row")]
    EmptyKey {
        /// The row.
        place: Place,
        /// Which key.
        role: Role,
    },
    /// A key that is stored as a number and is none that names anything.
    #[error("{place}: the {role} id {text} is not a whole number; write ids that are not as text")]
    NotAWholeKey {
        /// The row.
        place: Place,
        /// Which key.
        role: Role,
        /// The number.
        text: String,
    },
    /// Text that is not UTF-8.
    #[error(
        "{place}: the {role} is not valid UTF-8; name the file's encoding, as with `--encoding latin1`, or convert \
         it, as with `iconv -t UTF-8`"
    )]
    InvalidUtf8 {
        /// The row.
        place: Place,
        /// Which field.
        role: Role,
    },
    /// A rating or a timestamp that is not a number.
    #[error("{place}: the {role} `{text}` is not a number; {remedy}")]
    NotANumber {
        /// The row.
        place: Place,
        /// Rating or timestamp.
        role: Role,
        /// The field, shortened.
        text: String,
        /// What to do.
        remedy: &'static str,
    },
    /// A timestamp that is not what it should be.
    #[error("{place}: the timestamp `{text}` is not {expected}; {remedy}")]
    NotATime {
        /// The row.
        place: Place,
        /// The field, shortened.
        text: String,
        /// What it should be.
        expected: &'static str,
        /// What to do.
        remedy: &'static str,
    },
    /// Timestamps in two units.
    #[error(
        "{place}: the timestamp `{text}` looks like {unit}, but {before}; \
         a log has one unit: correct the times, or say which it is with {units}"
    )]
    MixedTimes {
        /// The row.
        place: Place,
        /// Its timestamp.
        text: String,
        /// The unit in which it is of recent years.
        unit: &'static str,
        /// A timestamp of another unit, where that is, and which unit.
        before: Box<str>,
        /// The options that choose one.
        units: Box<str>,
    },
    /// Numbers that write dates, beside others that do not.
    #[error(
        "{place}: the timestamp `{text}` looks like a date written as one number, but {others} others \
         do not; correct them, or say what they count with `--time-unit s`"
    )]
    NotAllDates {
        /// The first that looks like a date.
        place: Place,
        /// Its timestamp.
        text: String,
        /// How many do not.
        others: u64,
    },
    /// A rating or timestamp that no finite value of its type holds.
    #[error(
        "{place}: the {role} `{text}` is not a finite number in range; correct it, or ignore the column with `{} -`",
        role.option()
    )]
    NotFinite {
        /// The row.
        place: Place,
        /// Rating or timestamp.
        role: Role,
        /// The field, shortened.
        text: String,
    },
    /// A row with something wrong in it, where bad rows are not left out.
    #[error("{fault}; `--on-bad-row skip` leaves such rows out")]
    BadRow {
        /// What is wrong.
        fault: Box<DataError>,
    },
    /// More rows are bad than may be left out.
    #[error(
        "{bad} of {rows} rows cannot be read, more than a share of {max_share}; the first is {first}; \
         correct the file, check its columns, or raise the share with `--max-bad-share`"
    )]
    TooManyBadRows {
        /// Rows with something wrong in them.
        bad: u64,
        /// All rows.
        rows: u64,
        /// The share that may be left out.
        max_share: f64,
        /// Place of the first, and what is wrong with it.
        first: String,
    },
    /// An event that no weight was given for.
    #[error(
        "{place}: the event `{text}` has no weight (those of {known} have one): add it, as in `--event-weight \
         '{text}=1'`; with 0 it is not trained on"
    )]
    UnknownEvent {
        /// The row.
        place: Place,
        /// The event, shortened.
        text: String,
        /// The events that have weights.
        known: String,
    },
    /// A line or record beyond [`MAX_LINE_BYTES`](super::MAX_LINE_BYTES).
    #[error(
        "{place}: the row is longer than {limit} bytes; \
         check for a missing line end or an unclosed quote"
    )]
    LineTooLong {
        /// The row.
        place: Place,
        /// The limit, bytes.
        limit: usize,
    },
    /// A line that is not the JSON object it should be.
    #[error("{place}: not a JSON object with an id as string or whole number ({reason}); fix it")]
    BadJson {
        /// The line.
        place: Place,
        /// What the parser said.
        reason: String,
    },
    /// An object that lacks a member.
    #[error(
        "{place}: {} has no \"{member}\"; {}",
        place.position,
        missing_member_remedy(*role)
    )]
    MissingMember {
        /// The line or row.
        place: Place,
        /// What the member means.
        role: Role,
        /// Its name, or the path to it.
        member: String,
    },
    /// A codec that there is no decoder for.
    #[error(
        "{place}: the Parquet data is compressed with {codec}, which is not read here; \
         write it again with another codec, such as zstd or snappy"
    )]
    ParquetCodec {
        /// The row group.
        place: Place,
        /// The codec's name in Parquet.
        codec: String,
    },
    /// A Parquet file that does not decode.
    #[error("{place}: the Parquet data does not decode ({reason}); write or download it again")]
    BadParquet {
        /// The file or the row group.
        place: Place,
        /// What the decoder said.
        reason: String,
    },
    /// A file of vectors that is not what it should be.
    #[error("{place}: {reason}")]
    BadVectors {
        /// The file.
        place: Place,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// More keys or interactions than `u32` numbers.
    #[error("{place}: more than {limit} {what}; split the log or filter it first")]
    TooMany {
        /// Where the limit was met.
        place: Place,
        /// Users, items or interactions.
        what: &'static str,
        /// The largest number there may be.
        limit: u64,
    },
    /// Some inputs have a column that others lack.
    #[error(
        "{place}: this file and the ones before it do not all have a {role} column; \
         add it everywhere, or ignore it with `{} -`",
        role.option()
    )]
    MixedColumns {
        /// The file that differs.
        place: Place,
        /// The column.
        role: Role,
    },
    /// A minimum rating was asked for where there are no ratings.
    #[error(
        "{place}: a minimum rating needs a rating column; name it with `--weight-column NAME`, or drop the minimum"
    )]
    NoRatings {
        /// The first input.
        place: Place,
    },
    /// The filters left nothing.
    #[error(
        "{place}: no interaction is left of {rows} rows{}",
        what_was_removed(*forgotten, *zero_weight, *below_min_rating, *k_core)
    )]
    NothingLeft {
        /// The first input.
        place: Place,
        /// Rows read.
        rows: u64,
        /// Removed as those of forgotten users and withdrawn items.
        forgotten: u64,
        /// Removed as events that weigh 0.
        zero_weight: u64,
        /// Removed by the minimum rating.
        below_min_rating: u64,
        /// Removed by the k-core.
        k_core: u64,
    },
    /// A test file that shares no user, or no item, with the log.
    #[error(
        "{place}: none of the {role} ids of this test file occurs in the log, starting here; \
         check that both files use the same ids"
    )]
    UnknownTest {
        /// The first row with an unknown key.
        place: Place,
        /// Users or items.
        role: Role,
    },
}

/// What the filters removed, and the options that leave more.
fn what_was_removed(
    forgotten: u64,
    zero_weight: u64,
    below_min_rating: u64,
    k_core: u64,
) -> String {
    let filters = [
        (
            forgotten,
            "of forgotten users and withdrawn items",
            "give a log of others",
        ),
        (
            zero_weight,
            "of events that weigh 0",
            "weigh them with `--event-weight`",
        ),
        (
            below_min_rating,
            "below the minimum rating",
            "lower `--min-rating`",
        ),
        (k_core, "outside the k-core", "lower `--k-core`"),
    ];
    let removed = || filters.iter().filter(|(n, ..)| *n > 0);
    let counts: Vec<String> = removed()
        .map(|(n, what, _)| format!("{n} {what}"))
        .collect();
    let options: Vec<&str> = removed().map(|(.., option)| *option).collect();
    match counts.is_empty() {
        true => "; check that the file was written completely".to_owned(),
        false => format!(" ({}); {}", counts.join(", "), options.join(", or ")),
    }
}

fn missing_member_remedy(role: Role) -> &'static str {
    match role {
        Role::Weight => "add it, or ignore the ratings with `--weight-column -`",
        Role::Timestamp => "add it, or ignore the times with `--timestamp-column -`",
        _ => "add it, or remove the row",
    }
}

/// The error of a file that cannot be read.
pub(super) fn unreadable(name: &str, source: io::Error) -> DataError {
    DataError::Unreadable {
        place: Place::whole(name),
        source,
    }
}

impl Fails for DataError {
    fn failure(&self) -> Failure {
        match self {
            Self::MissingInput { .. } | Self::NoMatch { .. } | Self::RemoteMissing { .. } => {
                Failure::InputMissing
            }
            _ => Failure::BadData,
        }
    }
}

impl DataError {
    /// The place of a fault of one row, without which the others can be read.
    pub(super) fn row(&self) -> Option<&Place> {
        match self {
            Self::Ragged { place, .. }
            | Self::EmptyKey { place, .. }
            | Self::InvalidUtf8 { place, .. }
            | Self::NotANumber { place, .. }
            | Self::NotFinite { place, .. }
            | Self::NotATime { place, .. }
            | Self::NotAWholeKey { place, .. }
            | Self::BadJson { place, .. }
            | Self::MissingMember { place, .. } => Some(place),
            _ => None,
        }
    }

    /// Whether the input is not there at all, rather than there and wrong.
    pub fn is_missing_input(&self) -> bool {
        self.failure() == Failure::InputMissing
    }
}
