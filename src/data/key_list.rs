//! A file of keys, one a line, or the column of keys of any table: whom to make lists for, what to leave out.

use std::path::Path;

use super::IdMap;
use super::columns::find_column;
use super::error::{DataError, Place, Role};
use super::formats::{Format, Layout, Sample, is_data, recognize_items, split_double_colon};
use super::item_file::{ItemFile, by_content, checked_key};
use super::lines::Lines;
use super::source::{Origin, Source, Text, open};

/// Reads the keys of users or items in the order of the file, each once.
///
/// A line that is a `known` key is one as it stands, whatever it holds. A table, of any format of an item file, has its
/// keys in the column of the first of `own` that is there, else in that of a usual name, else in that whose values are
/// known. Of a log without a header the first field of a line that is known counts, in place of the line.
///
/// # Errors
/// A file that cannot be read, or a table without such a column.
pub fn read_key_list(
    path: &Path,
    role: Role,
    own: &[&str],
    known: &IdMap,
) -> Result<Vec<String>, DataError> {
    let origin = Origin::File(path, None);
    let find = |header: &[String]| column_of(header, role, own);
    let keys = match open(&origin)? {
        Source::Text(text) if !is_table(&text, &origin, role, known, &find)? => {
            of_lines(text, role, known)?
        }
        source => of_table(ItemFile::of_source(source, role)?, &origin, known, &find)?,
    };
    let mut taken = hashbrown::HashSet::<String, foldhash::quality::RandomState>::default();
    let as_known = |key: String| match known.id(&key) {
        Some(id) => known.key(id).to_owned(),
        None => key,
    };
    Ok(keys
        .into_iter()
        .map(as_known)
        .filter(|key| taken.insert(key.clone()))
        .collect())
}

/// The column of one of these names, else that of a usual one.
fn column_of(header: &[String], role: Role, own: &[&str]) -> Option<usize> {
    let mut names = own.iter().map(|&name| Some(name)).chain([None]);
    names.find_map(|name| find_column(header, role, name, &Place::whole("")).ok()?)
}

/// Whether a text is a table rather than a key a line.
fn is_table(
    text: &Text<'_>,
    origin: &Origin<'_>,
    role: Role,
    known: &IdMap,
    find: &dyn Fn(&[String]) -> Option<usize>,
) -> Result<bool, DataError> {
    let sample = Sample::new(text.sample(), text.is_all());
    let Some(first) = sample.first_line() else {
        return Ok(false);
    };
    let is_known = str::from_utf8(first).is_ok_and(|line| known.id(line).is_some());
    let Some(layout) = recognize_items(&sample, role).filter(|_| !is_known) else {
        return Ok(false);
    };
    match layout.format {
        Format::JsonLines => Ok(true),
        // Films have titles behind their keys, logs have items.
        Format::MovieLens if layout == Layout::of_films() => Ok(role == Role::Item),
        Format::MovieLens => {
            let mut fields = split_double_colon(first);
            let second = fields.nth(1).and_then(|field| str::from_utf8(field).ok());
            let is_title = second.is_none_or(|field| field.trim().parse::<f64>().is_err());
            Ok(role == Role::Item && is_title)
        }
        _ => {
            let header = sample.header(&layout);
            match header.len() {
                1 => Ok(false),
                _ if find(&header).is_some() => Ok(true),
                _ if is_data(&header) || !origin.is_read_again() => Ok(false),
                _ => Ok(by_content(origin, known)?.is_some()),
            }
        }
    }
}

/// The keys of a table.
fn of_table(
    file: ItemFile<'_>,
    origin: &Origin<'_>,
    known: &IdMap,
    find: &dyn Fn(&[String]) -> Option<usize>,
) -> Result<Vec<String>, DataError> {
    let role = file.keys;
    let column = match find(&file.header) {
        Some(column) => Some(column),
        None if origin.is_read_again() => by_content(origin, known)?,
        None => None,
    };
    let column = column.ok_or_else(|| DataError::NoKeys {
        place: file.header_place.clone(),
        role,
        found: file.header.join(", "),
    })?;
    let mut keys = Vec::new();
    file.for_each_row(&[column], |at, values| {
        keys.push(checked_key(role, at, values)?.into_owned());
        Ok(())
    })?;
    Ok(keys)
}

fn of_lines(text: Text<'_>, role: Role, known: &IdMap) -> Result<Vec<String>, DataError> {
    let origin = text.origin.clone();
    let mut lines = Lines::new(text);
    let mut keys = Vec::new();
    while let Some((number, line)) = lines.next_line()? {
        let line = str::from_utf8(line).map_err(|_| DataError::InvalidUtf8 {
            place: origin.line(number),
            role,
        })?;
        let line = line.trim();
        let is_header = || find_column(&[bare(line)], role, None, &origin.line(number));
        if keys.is_empty() && known.id(line).is_none() && matches!(is_header(), Ok(Some(_))) {
            continue;
        }
        keys.push(key_of(line, role, known));
    }
    Ok(keys)
}

fn bare(line: &str) -> String {
    let name = line.split(':').next().unwrap_or_default();
    name.trim_matches('"').to_owned()
}

/// The key of a line: all of it, but where only a part of it is known.
fn key_of(line: &str, role: Role, known: &IdMap) -> String {
    let is_known = |key: &String| known.id(key).is_some();
    if known.id(line).is_some() {
        return line.to_owned();
    }
    let unquoted = line
        .strip_prefix('"')
        .and_then(|line| line.strip_suffix('"'))
        .map(|line| line.replace("\"\"", "\""));
    let place = match role {
        Role::Item => 1,
        _ => 0,
    };
    let field = |separator: &str| {
        let field = line.split(separator).nth(place).map(str::trim);
        (line.contains(separator)).then(|| field.unwrap_or_default().to_owned())
    };
    let parts = ["::", "\t", ",", ";", " "].into_iter().filter_map(field);
    let mut candidates = unquoted.clone().into_iter().chain(parts);
    let part = candidates.find(is_known);
    part.or(unquoted).unwrap_or_else(|| line.to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn try_read(
        content: &[u8],
        role: Role,
        own: &[&str],
        known: &[&str],
    ) -> Result<Vec<String>, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("keys");
        std::fs::write(&path, content).unwrap();
        let known = known.iter().map(|&key| key.into()).collect();
        let known = IdMap::from_ordered_keys(known).unwrap();
        read_key_list(&path, role, own, &known).map_err(|error| error.to_string())
    }

    fn read(content: &[u8], role: Role, known: &[&str]) -> Vec<String> {
        try_read(content, role, &[], known).unwrap()
    }

    #[test]
    fn keys_come_one_a_line_or_as_the_column_of_a_log() {
        let known = ["1", "7", "20", "O'Neil, Ann"];
        let cases: [(&str, &str, &[&str]); 9] = [
            (
                "plain",
                "1\n7\nnobody\n 20 \r\n\n7\n",
                &["1", "7", "nobody", "20"],
            ),
            (
                "names",
                "O'Neil, Ann\n\"O'Neil, Ann\"\n7",
                &["O'Neil, Ann", "7"],
            ),
            ("header", "user_id\n7\n1\n", &["7", "1"]),
            (
                "csv",
                "when,User ID\n2020,7\n2021,1\n2022,nobody\n",
                &["7", "1", "nobody"],
            ),
            ("tsv", "user_id:token\titem_id:token\n7\t1\n", &["7"]),
            (
                "json",
                "{\"userId\": 7, \"x\": 1}\n{\"userId\": \"20\"}\n",
                &["7", "20"],
            ),
            (
                "movielens",
                "7::20::5::1600000000\n1::20::4::1600000000\n",
                &["7", "1"],
            ),
            ("lists", "7 1 20\n20 1\n", &["7", "20"]),
            ("empty", "", &[]),
        ];
        for (name, text, expected) in cases {
            assert_eq!(
                read(text.as_bytes(), Role::User, &known),
                expected,
                "{name}"
            );
        }
        let items = read(b"7::20::5::16\n7::1::4::16\n", Role::Item, &["20", "1"]);
        assert_eq!(items, ["20", "1"]);
        // A user may be called as a column is.
        assert_eq!(read(b"user\n7\n", Role::User, &["user"]), ["user", "7"]);
    }

    #[test]
    fn tables_of_any_format_keep_their_order_and_each_key_once() {
        let known = ["1", "7", "20"];
        let expected = ["20", "7", "nobody", "1"];
        for (text, role) in [
            (
                "rating,customer\n5,20\n4,7\n3,20\n2,nobody\n1,1.0\n",
                Role::User,
            ),
            (
                "when;Visitor ID\n1;20\n2;\"7\"\n3;nobody\n4;1\n",
                Role::User,
            ),
            (
                "[{\"sku\": 20}, {\"x\": 1, \"sku\": \"7\"},\n {\"sku\": \"nobody\"}, {\"sku\": 1}]",
                Role::Item,
            ),
            (
                "20::A film::War\n7::B::War\nnobody::C::War\n1::D::War\n",
                Role::Item,
            ),
            // No usual name: the column whose values are known.
            ("who,stars\n20,x\n7,x\nnobody,x\n1,x\n", Role::User),
            (
                "{\"who\": 20}\n{\"who\": 7}\n{\"who\": \"nobody\"}\n{\"who\": 1}\n",
                Role::User,
            ),
        ] {
            assert_eq!(read(text.as_bytes(), role, &known), expected, "{text}");
        }
    }

    #[test]
    fn the_column_of_the_runs_own_name_comes_first() {
        let text = b"user,fan\n1,20\n7,1\n";
        let known = ["1", "7", "20"];
        let of = |own| try_read(text, Role::User, &[own], &known).unwrap();
        assert_eq!(of("fan"), ["20", "1"]);
        assert_eq!(of("absent"), ["1", "7"]);
        let fault = try_read(b"{\"a\": 5}", Role::User, &[], &known).unwrap_err();
        assert!(
            fault
                .contains("no user column; found: a; name the column of the users' keys `user_id`"),
            "{fault}"
        );
        let fault = try_read(b"user,x\n1,2\n,3\n", Role::User, &[], &known).unwrap_err();
        assert!(
            fault.ends_with("keys:3: the user id is empty; fill it in or remove the row"),
            "{fault}"
        );
    }
}
