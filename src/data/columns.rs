//! Finds which column of a file means what, by the usual names and by overrides.

use serde::{Deserialize, Serialize};

use super::error::{DataError, Place, Role};

/// The column name that stands for "ignore this column even if it is there".
pub const IGNORED_COLUMN: &str = "-";

/// Column names to use instead of the usual ones; `-` for rating or timestamp ignores the column.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ColumnNames {
    /// The user column.
    pub user: Option<String>,
    /// The item column.
    pub item: Option<String>,
    /// The rating or weight column.
    pub weight: Option<String>,
    /// The timestamp column.
    pub timestamp: Option<String>,
    /// The column of types of events; `None` finds it by the usual names.
    pub event: Option<String>,
    /// Whether events are read, since they have weights. Then ratings are read only where their column is named.
    pub reads_events: bool,
    /// Whether a name that a file does not have gives way to the usual ones, and types of events may be absent.
    #[serde(skip)]
    pub or_usual: bool,
    /// Names and values that the folders of a file give all its rows, as in `dt=2024-01-01`. A time whose column is
    /// named and not in the file is looked for here, and so is a type of event.
    #[serde(skip)]
    pub of_folders: Vec<(String, String)>,
}

impl ColumnNames {
    /// Whether the ratings of files without a header are wanted.
    pub(super) fn wants_weights(&self) -> bool {
        self.weight.as_deref() != Some(IGNORED_COLUMN)
    }

    /// Refuses types of events where no column has a name.
    pub(super) fn refuse_events_without_names(&self, place: &Place) -> Result<(), DataError> {
        match self.reads_events {
            true => Err(missing(&[], Role::Event, self.event.as_deref(), place)),
            false => Ok(()),
        }
    }

    /// What the folders tell that the file, of this header, does not: the column of times where that is named, and the
    /// one of events.
    fn of_folders(&self, header: &[String]) -> OfFolders {
        if self.of_folders.is_empty() {
            return OfFolders::default();
        }
        let folders: Vec<String> = self
            .of_folders
            .iter()
            .map(|(name, _)| name.clone())
            .collect();
        let whole = Place::whole("");
        let find = |names: &[String], role, name: Option<&str>| {
            find_column(names, role, name, &whole).ok().flatten()
        };
        let beside = |role, name: Option<&str>| match find(header, role, name) {
            Some(_) => None,
            None => find(&folders, role, name),
        };
        let time = self.timestamp.as_deref();
        OfFolders {
            timestamp: time.and_then(|name| beside(Role::Timestamp, Some(name))),
            event: match self.reads_events {
                true => beside(Role::Event, self.event.as_deref()),
                false => None,
            },
        }
    }

    /// Whether the timestamps of files without a header are wanted.
    pub(super) fn wants_timestamps(&self) -> bool {
        self.timestamp.as_deref() != Some(IGNORED_COLUMN)
    }
}

/// What was taken for what in one input, by the names in the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DetectedColumns {
    /// The input.
    pub path: String,
    /// The user column.
    pub user: String,
    /// The item column.
    pub item: String,
    /// The rating column, if any.
    pub weight: Option<String>,
    /// The timestamp column, if any.
    pub timestamp: Option<String>,
    /// The column of types of events, where they are read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub event: Option<String>,
    /// Whether the rating column was found by a name that other columns have, too: text in it makes it no rating.
    #[serde(skip)]
    pub(super) weight_is_likely: bool,
    /// Whether users' keys came as texts in a table of types, though all of them may be numbers.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub user_is_text: bool,
    /// The same of items' keys.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub item_is_text: bool,
}

impl DetectedColumns {
    /// What is what, in a line.
    pub(super) fn meanings(&self) -> String {
        let mut found = format!("user = {}, item = {}", self.user, self.item);
        if let Some(weight) = &self.weight {
            found.push_str(&format!(", rating = {weight}"));
        }
        if let Some(event) = &self.event {
            found.push_str(&format!(", event = {event}"));
        }
        if let Some(timestamp) = &self.timestamp {
            found.push_str(&format!(", timestamp = {timestamp}"));
        }
        found
    }
}

/// Positions of the columns in a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) user: usize,
    pub(super) item: usize,
    pub(super) weight: Option<usize>,
    pub(super) timestamp: Option<usize>,
    pub(super) event: Option<usize>,
    /// See [`DetectedColumns::weight_is_likely`].
    pub(super) weight_is_likely: bool,
    /// What is in [`ColumnNames::of_folders`] instead.
    pub(super) of_folders: OfFolders,
}

/// What the folders of a file tell of its rows, by the position of the folder.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct OfFolders {
    pub(super) timestamp: Option<usize>,
    pub(super) event: Option<usize>,
}

impl Columns {
    /// Finds the columns of a header, overrides first, then the usual names in order of preference.
    pub(super) fn find(
        header: &[String],
        names: &ColumnNames,
        place: &Place,
    ) -> Result<Self, DataError> {
        let find = |role, name: &Option<String>| {
            let found = find_column(header, role, name.as_deref(), place);
            match found {
                Err(_) if names.or_usual => find_column(header, role, None, place),
                found => found,
            }
        };
        let needed = |role, name: &Option<String>| {
            find(role, name)?.ok_or_else(|| missing(header, role, None, place))
        };
        let optional = |role, name: &Option<String>| match name.as_deref() {
            Some(IGNORED_COLUMN) => Ok(None),
            _ => find(role, name),
        };
        let of_folders = names.of_folders(header);
        let event = match names.reads_events && of_folders.event.is_none() {
            true if names.or_usual => find(Role::Event, &names.event)?,
            true => Some(needed(Role::Event, &names.event)?),
            false => None,
        };
        let any_event = event.or(of_folders.event);
        let sure = match (any_event, &names.weight) {
            (Some(_), None) => None,
            _ => optional(Role::Weight, &names.weight)?,
        };
        let likely = match (any_event, &names.weight) {
            (None, None) => find_column(header, Role::LikelyWeight, None, place)?,
            _ => None,
        };
        Ok(Self {
            user: needed(Role::User, &names.user)?,
            item: needed(Role::Item, &names.item)?,
            weight: sure.or(likely),
            timestamp: match of_folders.timestamp {
                Some(_) => None,
                None => optional(Role::Timestamp, &names.timestamp)?,
            },
            event,
            weight_is_likely: sure.is_none() && likely.is_some(),
            of_folders,
        })
    }

    /// Whether rows have times.
    pub(super) fn has_timestamps(&self) -> bool {
        self.timestamp.is_some() || self.of_folders.timestamp.is_some()
    }

    /// Whether rows have weights: their ratings, or what their events weigh.
    pub(super) fn has_weights(&self) -> bool {
        self.weight.is_some() || self.event.is_some() || self.of_folders.event.is_some()
    }

    /// What was found, for the report.
    pub(super) fn describe(
        &self,
        header: &[String],
        names: &ColumnNames,
        path: &str,
    ) -> DetectedColumns {
        let name = |column: usize| header.get(column).cloned().unwrap_or_default();
        let of_folder = |at: usize| names.of_folders.get(at).map(|(name, _)| name.clone());
        DetectedColumns {
            path: path.to_owned(),
            user: name(self.user),
            item: name(self.item),
            weight: self.weight.map(name),
            timestamp: (self.timestamp.map(name)).or_else(|| of_folder(self.of_folders.timestamp?)),
            event: (self.event.map(name)).or_else(|| of_folder(self.of_folders.event?)),
            weight_is_likely: self.weight_is_likely,
            user_is_text: false,
            item_is_text: false,
        }
    }
}

/// The position of one column: the named one (an error when it is not there), or the first usual one.
pub(super) fn find_column(
    header: &[String],
    role: Role,
    name: Option<&str>,
    place: &Place,
) -> Result<Option<usize>, DataError> {
    if let Some(name) = name {
        return header
            .iter()
            .position(|column| column == name)
            .or_else(|| {
                header
                    .iter()
                    .position(|column| column.eq_ignore_ascii_case(name))
            })
            .map(Some)
            .ok_or_else(|| missing(header, role, Some(name), place));
    }
    let plain: Vec<String> = header.iter().map(|column| plain_name(column)).collect();
    let usual = usual_names(role).iter();
    Ok(usual
        .into_iter()
        .find_map(|usual| plain.iter().position(|column| column == usual)))
}

pub(super) fn missing(
    header: &[String],
    role: Role,
    name: Option<&str>,
    place: &Place,
) -> DataError {
    const SHOWN: usize = 20;
    let shown: Vec<String> = header
        .iter()
        .take(SHOWN)
        .map(|name| super::error::excerpt(name.as_bytes()))
        .collect();
    let more = if header.len() > SHOWN { ", …" } else { "" };
    DataError::ColumnMissing {
        place: place.clone(),
        role,
        wanted: name
            .map(|name| format!(" called `{name}`"))
            .unwrap_or_default(),
        found: format!("{}{more}", shown.join(", ")),
    }
}

/// Names as people write them in one spelling: `user_id`, `userId` and `User ID` are the same.
pub(super) fn plain_name(column: &str) -> String {
    let letters = column.chars().filter(|c| !matches!(c, '_' | '-' | ' '));
    letters.flat_map(char::to_lowercase).collect()
}

fn usual_names(role: Role) -> &'static [&'static str] {
    match role {
        Role::User => &[
            "userid",
            "user",
            "uid",
            "username",
            "customerid",
            "customer",
            "visitorid",
            "visitor",
            "reviewerid",
            "reviewer",
            "memberid",
            "accountid",
            "profileid",
            "playerid",
            "sessionid",
        ],
        Role::Item | Role::ItemId => &[
            "itemid",
            "movieid",
            "item",
            "iid",
            "productid",
            "product",
            "asin",
            "parentasin",
            "sku",
            "stockcode",
            "businessid",
            "bookid",
            "isbn",
            "songid",
            "trackid",
            "artistid",
            "articleid",
            "newsid",
            "videoid",
            "gameid",
            "movie",
        ],
        Role::Weight => &["rating", "weight", "score", "count"],
        Role::LikelyWeight => &[
            "label",
            "liked",
            "like",
            "islike",
            "isliked",
            "clicked",
            "click",
            "isclick",
            "isclicked",
            "purchased",
            "purchase",
            "ispurchase",
            "ispurchased",
            "bought",
            "isbought",
            "converted",
            "conversion",
            "isconverted",
        ],
        Role::Event => &[
            "event",
            "eventtype",
            "eventname",
            "action",
            "actiontype",
            "behavior",
            "behaviour",
            "behaviortype",
            "behaviourtype",
            "interactiontype",
            "activity",
            "activitytype",
            "feedbacktype",
            "type",
        ],
        Role::Timestamp => &[
            "timestamp",
            "time",
            "ts",
            "date",
            "unixtimestamp",
            "unixtime",
            "unixreviewtime",
            "timestampms",
            "tsms",
            "timems",
            "eventtimestamp",
            "datetime",
            "datetimeutc",
            "timestamputc",
            "eventtime",
            "eventdate",
            "eventts",
            "createdat",
            "createdtime",
            "createtime",
            "creationtime",
            "createddate",
            "creationdate",
            "datecreated",
            "ratedat",
            "clickedat",
            "viewedat",
            "playedat",
            "watchedat",
            "purchasedat",
            "orderedat",
            "occurredat",
            "updatedat",
            "reviewtime",
            "reviewdate",
        ],
        Role::Header => &[],
        Role::Category => &["genres", "genre", "categories", "category"],
        Role::Title => &[
            "title",
            "movietitle",
            "itemtitle",
            "name",
            "itemname",
            "productname",
        ],
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn usual_names_are_found_in_any_spelling() {
        let place = Place::whole("x.csv");
        let found = |names: &[&str]| {
            Columns::find(&header(names), &ColumnNames::default(), &place).unwrap()
        };
        let all = Columns {
            user: 0,
            item: 1,
            weight: Some(2),
            timestamp: Some(3),
            event: None,
            weight_is_likely: false,
            of_folders: OfFolders::default(),
        };
        assert_eq!(found(&["userId", "movieId", "rating", "timestamp"]), all);
        assert_eq!(found(&["UID", "Product ID", "Score", "ts"]), all);
        let few = found(&["date", "iid", "user"]);
        assert_eq!(
            (few.user, few.item, few.weight, few.timestamp),
            (2, 1, None, Some(0))
        );
    }

    #[test]
    fn what_was_found_by_older_names_still_is() {
        let place = Place::whole("x.csv");
        let names = |names: &[&str]| {
            let header = header(names);
            let columns = Columns::find(&header, &ColumnNames::default(), &place).unwrap();
            let found = columns.describe(&header, &ColumnNames::default(), "");
            (found.user, found.item, found.timestamp.unwrap_or_default())
        };
        let found = |user: &str, item: &str, time: &str| (user.into(), item.into(), time.into());
        assert_eq!(
            names(&[
                "created_at",
                "sku",
                "session_id",
                "uid",
                "productId",
                "date"
            ]),
            found("uid", "productId", "date")
        );
        assert_eq!(
            names(&["reviewerID", "asin", "reviewTime", "unixReviewTime"]),
            found("reviewerID", "asin", "unixReviewTime")
        );
        assert_eq!(
            names(&["visitorid", "business_id", "datetime_utc"]),
            found("visitorid", "business_id", "datetime_utc")
        );
    }

    #[test]
    fn overrides_win_and_a_missing_one_lists_what_is_there() {
        let place = Place::whole("x.csv");
        let header = header(&["user", "item", "artist", "rating"]);
        let names = ColumnNames {
            item: Some("Artist".into()),
            weight: Some("-".into()),
            ..ColumnNames::default()
        };
        let columns = Columns::find(&header, &names, &place).unwrap();
        assert_eq!((columns.item, columns.weight), (2, None));
        let names = ColumnNames {
            user: Some("who".into()),
            ..ColumnNames::default()
        };
        let message = Columns::find(&header, &names, &place)
            .unwrap_err()
            .to_string();
        assert!(message.contains("`who`") && message.contains("user, item, artist, rating"));
    }
}
