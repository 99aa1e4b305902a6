//! Films without a header: `item::title::genres`, and `u.item` of MovieLens 100K, which tells each genre by a 0 or a 1.

use std::borrow::Cow;

use super::{At, BETWEEN_VALUES, utf8};
use crate::data::error::{DataError, Role};
use crate::data::formats::{FILM_FIELDS, split_double_colon};

/// The columns of `item::title::genres`.
pub(super) const DOUBLE_COLON: [&str; 3] = ["item", "title", "genres"];

/// The columns of `u.item`, its genres in one.
pub(super) const FILM: [&str; 6] = [
    "item",
    "title",
    "release_date",
    "video_release_date",
    "url",
    "genres",
];

/// The genres of `u.item` in the order of their fields. The first stands for none.
const GENRES: [&str; 19] = [
    "",
    "Action",
    "Adventure",
    "Animation",
    "Children's",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Fantasy",
    "Film-Noir",
    "Horror",
    "Musical",
    "Mystery",
    "Romance",
    "Sci-Fi",
    "Thriller",
    "War",
    "Western",
];

/// The fields of `item::title::genres`; a title may itself hold `::`, and genres may be left out.
pub(super) fn split_double_colons<'l>(
    content: &'l [u8],
    at: At<'_>,
) -> Result<[&'l str; 3], DataError> {
    let content = utf8(content, Role::Title, at)?;
    let found = split_double_colon(content.as_bytes()).count();
    let (Some((key, rest)), 2..) = (content.split_once("::"), found) else {
        let expected = "2 or 3".to_owned();
        return Err(DataError::Ragged {
            place: at(),
            expected,
            found,
        });
    };
    let (title, genres) = rest.rsplit_once("::").unwrap_or((rest, ""));
    Ok([key, title, genres])
}

/// The fields of a line of `u.item`, which is in Latin-1 unless it is UTF-8.
pub(super) fn split_film(content: &[u8], at: At<'_>) -> Result<[String; 6], DataError> {
    let text = match str::from_utf8(content) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => content.iter().map(|&byte| char::from(byte)).collect(),
    };
    let fields: Vec<&str> = text.split('|').collect();
    let Ok([key, title, released, video, url, told @ ..]) =
        <[&str; FILM_FIELDS]>::try_from(fields.as_slice())
    else {
        return Err(DataError::Ragged {
            place: at(),
            expected: FILM_FIELDS.to_string(),
            found: fields.len(),
        });
    };
    let genres = told
        .iter()
        .zip(GENRES)
        .filter(|(told, _)| told.trim() == "1");
    let genres = genres
        .map(|(_, genre)| genre)
        .filter(|genre| !genre.is_empty());
    let genres = genres.collect::<Vec<_>>().join(&BETWEEN_VALUES.to_string());
    Ok([key, title, released, video, url, &genres].map(str::to_owned))
}
