//! The unit of a column of times: one for all of a log, told by all of its numbers.

use std::ops::Range;

use super::error::{DataError, Place};
use super::unit::Unit;

/// What the times of an input are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeKind {
    /// Numbers that say no unit.
    Numbers,
    /// Dates as text, taken as seconds.
    Dates,
    /// Of a type that says its unit, taken as seconds.
    Typed,
}

/// What a size of numbers tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Tells {
    Little,
    /// They are of the years 1990 to 2100 in their unit.
    Recent,
    /// They may write a date.
    Date(Unit),
}

/// Numbers from `start` to the next start: the unit by which they lie between the years 1973 and 5138, and what else they tell.
type Size = (i64, Unit, Tells);

/// 1990 and 2100, in seconds.
const RECENT: Range<i64> = 631_152_000..4_102_444_800;

#[rustfmt::skip]
const SIZES: [Size; 19] = [
    (i64::MIN, Unit::Nanoseconds, Tells::Little),
    (-99_999_999_999_999_999, Unit::Microseconds, Tells::Little),
    (-99_999_999_999_999, Unit::Milliseconds, Tells::Little),
    (-99_999_999_999, Unit::Seconds, Tells::Little),
    (19_000_101, Unit::Seconds, Tells::Date(Unit::Days)),
    (21_001_232, Unit::Seconds, Tells::Little),
    (RECENT.start, Unit::Seconds, Tells::Recent),
    (RECENT.end, Unit::Seconds, Tells::Little),
    (100_000_000_000, Unit::Milliseconds, Tells::Little),
    (RECENT.start * 1_000, Unit::Milliseconds, Tells::Recent),
    (RECENT.end * 1_000, Unit::Milliseconds, Tells::Little),
    (19_000_101_000_000, Unit::Milliseconds, Tells::Date(Unit::DaysAndTimes)),
    (21_001_231_235_960, Unit::Milliseconds, Tells::Little),
    (100_000_000_000_000, Unit::Microseconds, Tells::Little),
    (RECENT.start * 1_000_000, Unit::Microseconds, Tells::Recent),
    (RECENT.end * 1_000_000, Unit::Microseconds, Tells::Little),
    (100_000_000_000_000_000, Unit::Nanoseconds, Tells::Little),
    (RECENT.start * 1_000_000_000, Unit::Nanoseconds, Tells::Recent),
    (RECENT.end * 1_000_000_000, Unit::Nanoseconds, Tells::Little),
];

fn size_of(number: i64) -> usize {
    SIZES.partition_point(|size| size.0 <= number).max(1) - 1
}

/// The first number of a size, and where it stood.
#[derive(Debug, Clone)]
struct Sighting {
    size: usize,
    number: i64,
    place: Place,
}

/// The times of a log while it is read: which sizes its numbers have, and which of its rows hold numbers.
#[derive(Debug)]
pub(super) struct TimeColumn {
    /// The size of the last number: others of it are no news.
    last: (i64, i64),
    sightings: Vec<Sighting>,
    /// From which row on the times are of a kind.
    kinds: Vec<(usize, TimeKind)>,
}

impl TimeColumn {
    pub(super) fn new() -> Self {
        Self {
            last: (i64::MIN, i64::MAX),
            sightings: Vec::new(),
            kinds: Vec::new(),
        }
    }

    /// Says what the times of the next input are, the first of them in this row.
    pub(super) fn begin(&mut self, kind: TimeKind, row: usize) {
        self.last = match kind {
            TimeKind::Numbers => (0, -1),
            TimeKind::Dates | TimeKind::Typed => (i64::MIN, i64::MAX),
        };
        if self.kinds.last().is_none_or(|&(_, last)| last != kind) {
            self.kinds.push((row, kind));
        }
    }

    /// Whether a number like this came just before.
    #[inline]
    pub(super) fn is_no_news(&self, number: i64) -> bool {
        (self.last.0..=self.last.1).contains(&number)
    }

    /// Takes note of a number.
    pub(super) fn note(&mut self, number: i64, place: impl FnOnce() -> Place) {
        let size = size_of(number);
        let next = SIZES.get(size + 1).map_or(i64::MAX, |next| next.0 - 1);
        self.last = (SIZES[size].0, next);
        if self.sightings.iter().all(|sighting| sighting.size != size) {
            let place = place();
            self.sightings.push(Sighting {
                size,
                number,
                place,
            });
        }
    }

    /// Whether all times so far are on one scale.
    pub(super) fn is_one_scale(&self) -> bool {
        let numbers = self.kinds.iter().filter(|kind| kind.1 == TimeKind::Numbers);
        matches!(numbers.count(), n if n == 0 || n == self.kinds.len())
    }

    /// The unit that the numbers so far speak for.
    pub(super) fn unit_so_far(&self) -> Unit {
        largest(&self.sightings)
    }

    /// The rows of a log of `n_rows` whose times are numbers.
    pub(super) fn numbers(&self, n_rows: usize) -> impl Iterator<Item = Range<usize>> {
        let ends = self.kinds.iter().skip(1).map(|&(row, _)| row);
        let spans = self.kinds.iter().zip(ends.chain([n_rows]));
        spans.filter_map(|(&(row, kind), end)| (kind == TimeKind::Numbers).then_some(row..end))
    }

    /// What the times are, for the record; nothing where there are none.
    pub(super) fn describe(&self, unit: Unit) -> Vec<&'static str> {
        let mut names = Vec::new();
        for &(_, kind) in &self.kinds {
            let name = match kind {
                TimeKind::Numbers => unit.name(),
                TimeKind::Dates => "date",
                TimeKind::Typed => "typed",
            };
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }
}

/// The unit of all numbers of these columns; `numbers` hands over each of them.
///
/// Where all have the size of times of one unit, it is that one; where they are dates as `20240501`, days. Where there
/// are more sizes, it is the unit in which most are of recent years, and without a recent year that of the largest.
///
/// # Errors
/// Numbers of recent years in two units, and dates beside what is none.
pub(super) fn unit_of(
    columns: &[&TimeColumn],
    numbers: impl Fn(&mut dyn FnMut(i64)),
) -> Result<Unit, DataError> {
    let mut seen: Vec<Sighting> = Vec::new();
    for sighting in columns.iter().flat_map(|column| &column.sightings) {
        if seen.iter().all(|before| before.size != sighting.size) {
            seen.push(sighting.clone());
        }
    }
    let tells = |sighting: &&Sighting| SIZES[sighting.size].2;
    let share = |holds: &dyn Fn(i64) -> bool| {
        let (mut n, mut n_that_hold) = (0u64, 0u64);
        numbers(&mut |number| {
            n += 1;
            n_that_hold += u64::from(holds(number));
        });
        (n_that_hold, n)
    };
    let mut recent = seen.iter().filter(|seen| tells(seen) == Tells::Recent);
    match (recent.next(), recent.next()) {
        (Some(one), Some(other)) => Err(mixed(one, other)),
        (Some(recent), None) => {
            let (_, unit, _) = SIZES[recent.size];
            let is_one_unit = seen.iter().all(|seen| SIZES[seen.size].1 == unit);
            let (n_recent, n) = match is_one_unit {
                true => (1, 1),
                false => share(&|number| size_of(number) == recent.size),
            };
            Ok(match 2 * n_recent >= n {
                true => unit,
                false => largest(&seen),
            })
        }
        (None, _) => {
            let dates = seen.iter().find_map(|sighting| match tells(&sighting) {
                Tells::Date(unit) => Some((sighting, unit)),
                _ => None,
            });
            let Some((first, unit)) = dates else {
                return Ok(largest(&seen));
            };
            let is_date = |number| size_of(number) == first.size && unit.is_date(number);
            match share(&is_date) {
                (dates, n) if dates == n => Ok(unit),
                (dates, n) if 2 * dates > n => Err(DataError::NotAllDates {
                    place: first.place.clone(),
                    text: first.number.to_string(),
                    others: n - dates,
                }),
                _ => Ok(largest(&seen)),
            }
        }
    }
}

/// The largest unit that the size of a number speaks for.
fn largest(seen: &[Sighting]) -> Unit {
    let units = seen.iter().map(|sighting| SIZES[sighting.size].1);
    units.max().unwrap_or(Unit::Seconds)
}

fn mixed(one: &Sighting, other: &Sighting) -> DataError {
    let unit = |sighting: &Sighting| SIZES[sighting.size].1;
    DataError::MixedTimes {
        place: other.place.clone(),
        text: other.number.to_string(),
        unit: unit(other).words(),
        before: format!(
            "`{}` ({}) like {}",
            one.number,
            one.place,
            unit(one).words()
        )
        .into(),
        units: format!(
            "`--time-unit {}` or `--time-unit {}`",
            unit(one).name(),
            unit(other).name()
        )
        .into(),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::error::Position;

    fn unit(numbers: &[i64]) -> Result<Unit, String> {
        let mut column = TimeColumn::new();
        column.begin(TimeKind::Numbers, 0);
        for (line, &number) in (1..).zip(numbers) {
            if !column.is_no_news(number) {
                column.note(number, || Place::new("log", Position::Line(line)));
            }
        }
        let all = |take: &mut dyn FnMut(i64)| numbers.iter().for_each(|&number| take(number));
        unit_of(&[&column], all).map_err(|error| error.to_string())
    }

    #[test]
    fn sizes_are_in_order() {
        assert!(SIZES.is_sorted_by(|a, b| a.0 < b.0));
        assert_eq!((size_of(i64::MIN), size_of(i64::MAX)), (0, SIZES.len() - 1));
    }

    #[test]
    fn one_moment_in_four_units_is_one_second() {
        for (number, expected) in [
            (1_365_029_107, Unit::Seconds),
            (1_365_029_107_000, Unit::Milliseconds),
            (1_365_029_107_000_000, Unit::Microseconds),
            (1_365_029_107_999_999_999, Unit::Nanoseconds),
        ] {
            let found = unit(&[number, number + 1, 0, -1]).unwrap();
            assert_eq!((found, found.seconds(number)), (expected, 1_365_029_107));
        }
        assert_eq!(Unit::Milliseconds.seconds(-1), -1);
    }

    #[test]
    fn the_whole_column_decides() {
        let thousand_million = 1_000_000_000;
        let three = [90, 110, 120].map(|n| n * thousand_million);
        assert_eq!(unit(&three), Ok(Unit::Milliseconds));
        let since_the_log_began: Vec<i64> = (1..200).map(|n| n * thousand_million).collect();
        assert_eq!(unit(&since_the_log_began), Ok(Unit::Milliseconds));
        // The last second of the year 9999 stands for "never".
        let never = [1_626_607_888, 1_626_607_889, 253_402_300_799];
        assert_eq!(unit(&never), Ok(Unit::Seconds));
        assert_eq!(unit(&[]), Ok(Unit::Seconds));
        assert_eq!(unit(&[5, 100_000_000_000]), Ok(Unit::Milliseconds));
    }

    #[test]
    fn two_units_are_told_with_their_places() {
        let error = unit(&[1_626_607_888, 3, 1_626_607_888_000]).unwrap_err();
        for words in [
            "log:3: the timestamp `1626607888000` looks like milliseconds",
            "`1626607888` (log:1) like seconds",
            "`--time-unit s` or `--time-unit ms`",
        ] {
            assert!(error.contains(words), "{error}");
        }
        assert!(unit(&[1_626_607_888_000_000, 1_626_607_888_000]).is_err());
    }

    #[test]
    fn dates_are_no_seconds_of_1970() {
        assert_eq!(unit(&[20_240_501, 19_991_231]), Ok(Unit::Days));
        assert_eq!(Unit::Days.seconds(20_240_229), 1_709_164_800);
        let with_time = [20_240_229_000_001, 19_991_231_235_959];
        assert_eq!(unit(&with_time), Ok(Unit::DaysAndTimes));
        assert_eq!(Unit::DaysAndTimes.seconds(with_time[0]), 1_709_164_801);
        // Seconds of 1970 that happen to be below 21001231.
        assert_eq!(
            unit(&[20_240_599, 20_240_699, 20_240_501]),
            Ok(Unit::Seconds)
        );
        let error = unit(&[20_240_501, 20_240_502, 20_240_532]).unwrap_err();
        assert!(
            error.contains("log:1") && error.contains("--time-unit"),
            "{error}"
        );
    }

    #[test]
    fn what_was_read_is_described() {
        let mut column = TimeColumn::new();
        column.begin(TimeKind::Dates, 0);
        assert!(column.is_one_scale() && column.is_no_news(1 << 60));
        column.begin(TimeKind::Numbers, 4);
        column.begin(TimeKind::Numbers, 6);
        column.begin(TimeKind::Typed, 9);
        assert!(!column.is_one_scale());
        let numbers: Vec<_> = column
            .numbers(20)
            .map(|rows| (rows.start, rows.end))
            .collect();
        assert_eq!(numbers, [(4, 9)]);
        assert_eq!(column.describe(Unit::Milliseconds), ["date", "ms", "typed"]);
    }
}
