//! Interactions from an iterator, by the same path as those of a file.

use super::cleaning::{Cleaning, Ids, clean};
use super::error::{DataError, Place, Position, Role};
use super::hash::Tally;
use super::key_table::KeyTable;
use super::raw_log::RawLog;
use super::sink::{Sink, TextRow};
use super::times::TimeKind;
use super::{Dataset, ReadOptions, SourceFile};

/// The name of the source in messages and in a run's `data.json`.
const NAME: &str = "(interactions)";

/// One interaction in keys.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Interaction {
    /// The user's key.
    pub user: String,
    /// The item's key.
    pub item: String,
    /// A rating or weight.
    pub weight: Option<f32>,
    /// Seconds since 1970.
    pub timestamp: Option<i64>,
}

impl Interaction {
    /// An interaction without rating and time.
    pub fn new(user: impl Into<String>, item: impl Into<String>) -> Self {
        Self {
            user: user.into(),
            item: item.into(),
            ..Self::default()
        }
    }

    /// The same with a time, in seconds since 1970.
    #[must_use]
    pub fn at(mut self, timestamp: i64) -> Self {
        self.timestamp = Some(timestamp);
        self
    }

    /// The same with a rating or weight.
    #[must_use]
    pub fn weighing(mut self, weight: f32) -> Self {
        self.weight = Some(weight);
        self
    }
}

/// Collects interactions into a data set.
///
/// # Errors
/// As reading a file with the same rows.
pub(crate) fn read_interactions(
    interactions: impl IntoIterator<Item = Interaction>,
) -> Result<(Dataset, Cleaning), DataError> {
    let (mut users, mut items) = (
        KeyTable::with_limit(u32::MAX),
        KeyTable::with_limit(u32::MAX),
    );
    let (mut log, tally) = (RawLog::new(), Tally::default());
    let mut sink = Sink::new(NAME, &mut users, &mut items, &mut log, true);
    let (mut layout, mut line) = (None::<(bool, bool)>, String::new());
    for (number, interaction) in (1..).zip(interactions) {
        let Interaction {
            user,
            item,
            weight,
            timestamp,
        } = &interaction;
        let has = (weight.is_some(), timestamp.is_some());
        match layout {
            None => {
                sink.set_layout(has.0, has.1)?;
                sink.begin_times(TimeKind::Typed);
            }
            Some(first) if first != has => {
                let role = match first.0 == has.0 {
                    true => Role::Timestamp,
                    false => Role::Weight,
                };
                let place = Place::new(NAME, Position::Row(number));
                return Err(DataError::MixedColumns { place, role });
            }
            Some(_) => {}
        }
        layout = Some(has);
        let number_text = |number: Option<String>| number.unwrap_or_default();
        let weight = number_text(weight.map(|weight| weight.to_string()));
        let timestamp_text = number_text(timestamp.map(|time| time.to_string()));
        line.clear();
        for field in [user, item, &weight, &timestamp_text] {
            line.push_str(field);
            line.push('\t');
        }
        tally.add(line.as_bytes());
        let row = TextRow {
            user: user.as_bytes(),
            item: item.as_bytes(),
            weight: has.0.then_some(weight.as_bytes()),
            timestamp: None,
        };
        sink.timed_row(Position::Row(number), row, timestamp.unwrap_or(0))?;
    }
    sink.after(Ok(()))?;
    let (rows, _) = sink.finish()?;
    let place = Place::whole(NAME);
    if rows == 0 {
        return Err(DataError::Empty { place });
    }
    let mut cleaning = Cleaning {
        rows,
        time_unit: layout.and_then(|(_, timed)| timed.then(|| "s".to_owned())),
        ..Cleaning::default()
    };
    let (of_users, of_items) = (users.take_whole_floats(), items.take_whole_floats());
    log.rename(of_users.as_deref(), of_items.as_deref());
    let (ids, options) = (Ids::new(users, items), ReadOptions::default());
    let mut dataset = clean(ids, log, None, &options, &mut cleaning, &place)?;
    dataset.sources.push(SourceFile {
        path: NAME.to_owned(),
        format: "interactions".to_owned(),
        bytes: tally.bytes(),
        sha256: tally.sha256(),
        rows,
    });
    Ok((dataset, cleaning))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::read_bytes;

    #[test]
    fn an_iterator_gives_what_a_file_of_the_same_rows_gives() {
        let file = "user_id,item_id,rating,timestamp\nb,2,4.5,20\na,1,3,10\nb,2,5,30\n";
        let rows = [
            ("b", "2", 4.5, 20),
            ("a", "1", 3.0, 10),
            ("b", "2", 5.0, 30),
        ];
        let rows = rows.map(|(user, item, weight, time)| {
            Interaction::new(user, item).weighing(weight).at(time)
        });
        let (of_file, cleaning) = read_bytes(None, "log.csv", file.as_bytes()).unwrap();
        let (of_rows, same) = read_interactions(rows).unwrap();
        assert_eq!(of_rows.interactions, of_file.interactions);
        assert_eq!(of_rows.users.keys(), of_file.users.keys());
        assert_eq!(same.duplicates_merged, cleaning.duplicates_merged);
        assert_eq!(of_rows.sources[0].rows, 3);
    }

    #[test]
    fn what_is_wrong_names_the_interaction() {
        let none = read_interactions([]).unwrap_err().to_string();
        assert!(none.contains(NAME), "{none}");
        let rows = [Interaction::new("a", "1"), Interaction::new("", "2")];
        let empty = read_interactions(rows).unwrap_err().to_string();
        assert!(empty.contains('2') && empty.contains(NAME), "{empty}");
        let rows = [Interaction::new("a", "1").at(5), Interaction::new("a", "2")];
        let mixed = read_interactions(rows).unwrap_err().to_string();
        assert!(mixed.contains("time"), "{mixed}");
        let rows = [Interaction::new("a", "1").weighing(f32::NAN)];
        assert!(read_interactions(rows).is_err());
    }
}
