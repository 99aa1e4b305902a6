//! JSON lines and arrays of objects: ids are strings or whole numbers of any size.

use std::borrow::Cow;

use crate::data::columns::{ColumnNames, Columns};
use crate::data::error::{DataError, Place, Position, Role};
use crate::data::json::{Objects, Path, find, first_names, inner_names, key_text, unquoted};
use crate::data::key::{Key, trimmed};
use crate::data::sink::Sink;
use crate::data::source::Text;

/// Reads objects. The names of the members of the first of them, as many as the sample holds, decide what means what.
pub(super) fn read(
    text: Text<'_>,
    names: &ColumnNames,
    sink: &mut Sink<'_>,
) -> Result<(), DataError> {
    let mut header = first_names(text.sample());
    let mut objects = Objects::new(text);
    let mut wanted: Option<Wanted> = None;
    while let Some((at, object)) = objects.next_object()? {
        let wanted = match &wanted {
            Some(wanted) => wanted,
            None => {
                if header.is_empty() {
                    header = first_names(object);
                }
                let place = sink.place(at);
                if let (true, Err(reason)) = (header.is_empty(), find(object, &[], &mut [])) {
                    sink.bad_row(DataError::BadJson { place, reason })?;
                    continue;
                }
                &*wanted.insert(Wanted::new(&header, names, sink, &place)?)
            }
        };
        match wanted.row(object, at, sink) {
            Ok(row) => {
                let (user, item) = (Key::of(trimmed(&row.user)), Key::of(trimmed(&row.item)));
                sink.key_row(at, user, item, row.weight, row.timestamp)?;
            }
            Err(error) => sink.bad_row(error)?,
        }
    }
    Ok(())
}

/// The members to read: user and item, then rating and time where there are any.
struct Wanted {
    paths: Vec<Path>,
    weight: Option<usize>,
    timestamp: Option<usize>,
    event: Option<usize>,
}

/// What one object says.
struct Row<'l> {
    user: Cow<'l, [u8]>,
    item: Cow<'l, [u8]>,
    weight: f32,
    timestamp: i64,
}

impl Wanted {
    fn new(
        header: &[String],
        names: &ColumnNames,
        sink: &mut Sink<'_>,
        place: &Place,
    ) -> Result<Self, DataError> {
        let columns = Columns::find(header, names, place)?;
        sink.begin(&columns, header, names)?;
        let mut paths = Vec::new();
        let mut add = |column: usize| {
            paths.push(Path::new(&header[column]));
            paths.len() - 1
        };
        add(columns.user);
        add(columns.item);
        let weight = columns.weight.map(&mut add);
        let timestamp = columns.timestamp.map(&mut add);
        let event = columns.event.map(&mut add);
        Ok(Self {
            paths,
            weight,
            timestamp,
            event,
        })
    }

    fn row<'l>(
        &self,
        object: &'l [u8],
        at: Position,
        sink: &mut Sink<'_>,
    ) -> Result<Row<'l>, DataError> {
        let mut found = [None; 5];
        let bad = |reason| DataError::BadJson {
            place: sink.place(at),
            reason,
        };
        find(object, &self.paths, &mut found[..self.paths.len()]).map_err(bad)?;
        let value = |column: usize, role| {
            found[column].ok_or_else(|| DataError::MissingMember {
                place: sink.place(at),
                role,
                member: self.paths[column].name().to_owned(),
            })
        };
        let key = |column: usize, role: Role| {
            let value = value(column, role)?;
            key_text(value).map_err(|reason| {
                let inner = inner_names(self.paths[column].name(), value);
                bad(match inner.first() {
                    Some(path) => format!(
                        "the {role} is an object: name the member that is its id, as in `{} {path}`",
                        role.option()
                    ),
                    None => format!("{role}: {reason}"),
                })
            })
        };
        let weight = match self.weight {
            Some(column) if found[column].is_none() && sink.weight_is_likely() => sink.no_rating(),
            Some(column) => sink.weight(at, unquoted(value(column, Role::Weight)?))?,
            None => 0.0,
        };
        let (user, item) = (key(0, Role::User)?, key(1, Role::Item)?);
        let timestamp = match self.timestamp {
            Some(column) => {
                let written = unquoted(value(column, Role::Timestamp)?);
                sink.timestamp(at, written)?
            }
            None => 0,
        };
        if let Some(column) = self.event {
            let written = found[column].ok_or_else(|| DataError::MissingMember {
                place: sink.place(at),
                role: Role::Event,
                member: self.paths[column].name().to_owned(),
            })?;
            sink.event(at, unquoted(written))?;
        }
        Ok(Row {
            user,
            item,
            weight,
            timestamp,
        })
    }
}
