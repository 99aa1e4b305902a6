//! Rows without a header: what their columns mean, and whether lines of numbers are rows or lists, by the values.

use std::collections::HashSet;

/// Fields of one line, as text without white space around them.
pub(super) type Row = Vec<String>;

/// Whole numbers from here on are times rather than ratings: in seconds, of the year 1973 and later.
const FIRST_TIME: f64 = 1e8;

/// The value of a number, its decimal point possibly a comma.
pub(super) fn number(field: &str) -> Option<f64> {
    let starts = |text: &str| text.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    if !starts(field.trim_start_matches(['-', '+'])) {
        return None;
    }
    let value = match field.split_once(',') {
        None => field.parse(),
        Some((whole, part)) if !part.is_empty() => format!("{whole}.{part}").parse(),
        Some(_) => return None,
    };
    value.ok().filter(|value: &f64| value.is_finite())
}

fn is_whole(field: &str) -> bool {
    number(field).is_some_and(|value| value.fract() == 0.0)
}

/// Whether a number is a day such as 20240501.
fn is_day(value: f64) -> bool {
    let day = value as i64;
    (19_700_101..21_000_000).contains(&day)
        && (1..=12).contains(&(day / 100 % 100))
        && (1..=31).contains(&(day % 100))
}

fn is_rating(field: &str) -> bool {
    number(field).is_some_and(|value| value.abs() < FIRST_TIME)
}

/// Whether a field is a time: a large number, a day, or a date as text.
pub(super) fn is_time(field: &str) -> bool {
    let is_date = || {
        let digits = field.bytes().take_while(u8::is_ascii_digit).count();
        digits == 4 && field[4..].starts_with(['-', '/'])
    };
    match number(field) {
        Some(value) => value >= FIRST_TIME || is_day(value),
        None => is_date(),
    }
}

/// Whether a record can be no header: one of its fields is a number, or starts as a date does.
pub(in crate::data) fn is_data(row: &[String]) -> bool {
    row.iter()
        .any(|field| number(field).is_some() || is_time(field))
}

/// The width of all rows, if it is one.
pub(super) fn width(rows: &[Row]) -> Option<usize> {
    let width = rows.first()?.len();
    rows.iter().all(|row| row.len() == width).then_some(width)
}

/// Whether a user heads two rows.
pub(super) fn any_user_repeats(rows: &[Row]) -> bool {
    let mut users = HashSet::new();
    !rows.iter().all(|row| users.insert(row.first()))
}

/// What two to four columns mean, where their values leave no doubt: a user, an item, a rating, a time.
pub(super) fn certain_names(rows: &[Row], any_keys: bool) -> Option<Vec<String>> {
    let width = width(rows)?;
    let all = |column: usize, fits: fn(&str) -> bool| rows.iter().all(|row| fits(&row[column]));
    let is_certain = (2..=4).contains(&width)
        && (any_keys || all(0, is_whole) && all(1, is_whole))
        && (width < 3 || all(2, is_rating) && !all(2, is_time))
        && (width < 4 || all(3, is_time));
    let names = ["user", "item", "rating", "timestamp"].into_iter();
    is_certain.then(|| names.take(width).map(str::to_owned).collect())
}

/// Names for `--columns` that fit the values, as a proposal.
pub(super) fn proposed_names(rows: &[Row]) -> String {
    let width = rows.first().map_or(0, Vec::len);
    let (mut any_rating, mut any_time) = (false, false);
    let rows: Vec<&Row> = rows.iter().filter(|row| row.len() == width).collect();
    let name = |column: usize| {
        let all = |fits: fn(&str) -> bool| rows.iter().all(|row| fits(&row[column]));
        match column {
            0 => "user",
            1 => "item",
            _ if !any_time && all(is_time) => {
                any_time = true;
                "timestamp"
            }
            _ if !any_rating && all(is_rating) => {
                any_rating = true;
                "rating"
            }
            _ => "-",
        }
    };
    let names: Vec<&str> = (0..width).map(name).collect();
    names.join(",")
}

/// What lines of numbers are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// `user item item …`
    Lists,
    /// `user item rating …`
    Rows,
    /// One as well as the other.
    Doubtful,
}

/// What whole numbers between blanks are. A user who heads two lines makes rows of them, if all lines are as long; so do
/// times behind the item. Lists have keys of items throughout, ratings have a few small values.
pub(super) fn rows_or_lists(rows: &[Row]) -> Numbers {
    /// The largest rating in use.
    const BEST_RATING: f64 = 10.0;
    let Some(width @ 3..=4) = width(rows) else {
        return Numbers::Lists;
    };
    if any_user_repeats(rows) {
        return Numbers::Rows;
    }
    let all = |column: usize, fits: fn(&str) -> bool| rows.iter().all(|row| fits(&row[column]));
    let largest = |column: usize| {
        let values = rows.iter().filter_map(|row| number(&row[column]));
        values.fold(0.0, f64::max)
    };
    let are_times = |column: usize| all(column, is_time) && !all(1, is_time);
    if width == 4 && are_times(3) && !are_times(2) {
        Numbers::Rows
    } else if are_times(2) || are_times(width - 1) {
        Numbers::Doubtful
    } else if largest(2) > BEST_RATING && 4.0 * largest(2) >= largest(1) {
        Numbers::Lists
    } else {
        Numbers::Doubtful
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(lines: &[&str]) -> Vec<Row> {
        let row = |line: &&str| line.split(' ').map(str::to_owned).collect();
        lines.iter().map(row).collect()
    }

    #[test]
    fn rows_are_told_from_lists() {
        for (lines, expected) in [
            (&["1 10 5", "1 11 4", "2 10 3"][..], Numbers::Rows),
            (&["1 10 5 1626607888", "2 11 4 1603158259"], Numbers::Rows),
            (&["0 10 5", "1 11 4", "2 9 3"], Numbers::Doubtful),
            (&["0 10 1626607888", "1 11 1603158259"], Numbers::Doubtful),
            (&["0 4012 37", "1 17 30511"], Numbers::Lists),
            (&["0 1 2 3", "1 4"], Numbers::Lists),
            (&["0 1", "0 2"], Numbers::Lists),
            (&["0 1 2 3 4", "0 2 3 4 5"], Numbers::Lists),
        ] {
            assert_eq!(rows_or_lists(&rows(lines)), expected, "{lines:?}");
        }
    }

    #[test]
    fn names_are_certain_where_the_values_are() {
        let names =
            |lines: &[&str]| certain_names(&rows(lines), false).map(|names| names.join(","));
        let certain = Some("user,item,rating,timestamp".to_owned());
        assert_eq!(
            names(&["1 103 5 1626607888", "2 9 3.5 1603158259"]),
            certain
        );
        assert_eq!(
            names(&["1 103 3,5", "2 9 4"]).as_deref(),
            Some("user,item,rating")
        );
        assert_eq!(names(&["1 103", "2 9"]).as_deref(), Some("user,item"));
        for doubtful in [
            &["1 103 1626607888"][..],
            &["1 103 20240501"],
            &["1 103 5 7"],
            &["1 103 5 1626607888 9"],
            &["ann 103 5"],
            &["1 103 5", "1 104"],
            &["7"],
        ] {
            assert_eq!(names(doubtful), None, "{doubtful:?}");
        }
        assert_eq!(
            proposed_names(&rows(&["1 9 1626607888"])),
            "user,item,timestamp"
        );
        assert_eq!(
            proposed_names(&rows(&["a b x 4 2021-07-18 9"])),
            "user,item,-,rating,timestamp,-"
        );
    }
}
