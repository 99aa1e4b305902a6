//! Rows into a new table, by binary COPY.

use std::pin::pin;

use pgvector::Vector;
use tokio_postgres::binary_copy::BinaryCopyInWriter;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Error};

use super::fault::refused;
use super::tables::Table;
use crate::data::whole_number;
use crate::error::Result;
use crate::observer::{Event, Observer};
use crate::stores::content::{Source, Vectors, What};

/// A key as its column takes it.
enum Key<'a> {
    Number(i64),
    Text(&'a str),
}

impl<'a> Key<'a> {
    fn of(key: &'a str, is_number: bool) -> Self {
        let number = is_number.then(|| whole_number(key)).flatten();
        number.map_or(Self::Text(key), Self::Number)
    }

    fn sql(&self) -> &(dyn ToSql + Sync) {
        match self {
            Self::Number(number) => number,
            Self::Text(text) => text,
        }
    }
}

/// Sends the lists of all users; how many rows they were.
pub(super) async fn lists(
    client: &Client,
    table: &Table,
    source: &Source<'_>,
    observer: &dyn Observer,
    place: &str,
) -> Result<usize> {
    let fail = |error: Error| refused(place, &error);
    let types = table.column_types(client).await.map_err(fail)?;
    let sink = client.copy_in(&table.copy()).await.map_err(fail)?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    let mut sent = 0;
    for block in source.lists(observer)? {
        for list in block? {
            let user = Key::of(&list.user, table.types.users_are_numbers);
            let source = list.source.name();
            for listed in &list.items {
                let item = Key::of(&listed.item, table.types.items_are_numbers);
                let rank = i32::try_from(listed.rank).unwrap_or(i32::MAX);
                let mut row: Vec<&(dyn ToSql + Sync)> =
                    vec![user.sql(), &rank, item.sql(), &listed.score];
                if table.has_titles {
                    row.push(&listed.title);
                }
                row.push(&source);
                writer.as_mut().write(&row).await.map_err(fail)?;
                sent += 1;
            }
        }
    }
    writer.finish().await.map_err(fail)?;
    observer.event(Event::WorkEnds);
    Ok(sent)
}

/// Sends vectors; how many rows they were.
pub(super) async fn vectors(
    client: &Client,
    table: &Table,
    source: &Source<'_>,
    vectors: &Vectors<'_>,
    observer: &dyn Observer,
) -> Result<usize, Error> {
    let types = table.column_types(client).await?;
    let sink = client.copy_in(&table.copy()).await?;
    let mut writer = pin!(BinaryCopyInWriter::new(sink, &types));
    let (what, is_number) = match table.what {
        What::Users => ("vectors of users", table.types.users_are_numbers),
        What::Items | What::Lists => ("vectors of items", table.types.items_are_numbers),
    };
    let n_pieces = vectors.keys.len() as u64;
    observer.event(Event::WorkBegins { what, n_pieces });
    for (id, (key, row)) in (0..).zip(vectors.rows()) {
        let key = Key::of(key, is_number);
        let vector = Vector::from(row.to_vec());
        let title = source.recommender.title(id);
        let mut cells: Vec<&(dyn ToSql + Sync)> = vec![key.sql(), &vector];
        if table.what == What::Items && table.has_titles {
            cells.push(&title);
        }
        writer.as_mut().write(&cells).await?;
        observer.event(Event::PieceDone);
    }
    writer.finish().await?;
    observer.event(Event::WorkEnds);
    Ok(vectors.keys.len())
}
