//! A file of keys, one a line, or the column of keys of any log: whom to make lists for, what to leave out.

use std::path::Path;

use super::columns::{ColumnNames, IGNORED_COLUMN, find_column};
use super::error::{DataError, Place, Role};
use super::lines::Lines;
use super::read::read_log;
use super::source::{Origin, Source, Text, open};
use super::{Dataset, ReadOptions};

/// Reads the keys of users or items, each once. A line that `is_known` is a key as it stands, whatever it holds;
/// otherwise quotes around it do not count, and of a log without a header its first field does.
///
/// # Errors
/// A file that cannot be read, or a table without such a column.
pub fn read_key_list(
    path: &Path,
    role: Role,
    is_known: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>, DataError> {
    let origin = Origin::File(path, None);
    let column = match open(&origin)? {
        Source::Parquet { .. } => Column::AnyOf(names_of(role)),
        Source::Text(text) => match column_of(&text, role, is_known) {
            Column::None => return distinct(of_lines(text, role, is_known)?),
            column => column,
        },
    };
    match column {
        Column::Json => distinct(of_json_lines(&origin, role)?),
        Column::Named(name) => of_table(&origin, role, &name),
        Column::AnyOf(names) => {
            let mut last = None;
            for name in names {
                match of_table(&origin, role, name) {
                    Err(error @ DataError::ColumnMissing { .. }) => last = Some(error),
                    read => return read,
                }
            }
            Err(last.unwrap_or_else(|| empty(&path.display().to_string())))
        }
        Column::None => Err(empty(&path.display().to_string())),
    }
}

/// Where the keys of a file are.
enum Column {
    /// One a line.
    None,
    /// In the column of this name.
    Named(String),
    /// In a column of one of these names.
    AnyOf(&'static [&'static str]),
    /// In a member of each line.
    Json,
}

fn names_of(role: Role) -> &'static [&'static str] {
    match role {
        Role::Item => &["item_id", "itemid", "item", "movie_id", "product_id", "iid"],
        _ => &["user_id", "userid", "user", "uid"],
    }
}

fn column_of(text: &Text<'_>, role: Role, is_known: &dyn Fn(&str) -> bool) -> Column {
    let first = text.sample().split(|&byte| byte == b'\n');
    let first = first.map(<[u8]>::trim_ascii).find(|line| !line.is_empty());
    let Some(first) = first.and_then(|line| str::from_utf8(line).ok()) else {
        return Column::None;
    };
    if first.starts_with('{') {
        return Column::Json;
    }
    if is_known(first) {
        return Column::None;
    }
    let names: Vec<String> = first
        .split(['\t', ',', ';', '|'])
        .map(|name| name.split(':').next().unwrap_or_default())
        .map(|name| name.trim().trim_matches('"').to_owned())
        .collect();
    match find_column(&names, role, None, &Place::whole("")) {
        Ok(Some(_)) if names.len() == 1 => Column::None,
        Ok(Some(at)) => Column::Named(names[at].clone()),
        _ => Column::None,
    }
}

/// The keys of one column, read as both columns of a log; in the order of ids.
fn of_table(origin: &Origin<'_>, role: Role, name: &str) -> Result<Vec<String>, DataError> {
    let ignored = Some(IGNORED_COLUMN.to_owned());
    let options = ReadOptions {
        columns: ColumnNames {
            user: Some(name.to_owned()),
            item: Some(name.to_owned()),
            weight: ignored.clone(),
            timestamp: ignored,
            ..ColumnNames::default()
        },
        ..ReadOptions::default()
    };
    let read = read_log(std::slice::from_ref(origin), &[], &options, u32::MAX);
    let read = read.map_err(|error| match error {
        DataError::HeaderOrRow { fault } => *fault,
        other => other,
    });
    let (Dataset { users, .. }, _) = read.map_err(|error| match error {
        // The reader names the first role that it misses.
        DataError::ColumnMissing {
            place,
            wanted,
            found,
            ..
        } => DataError::ColumnMissing {
            place,
            role,
            wanted,
            found,
        },
        other => other,
    })?;
    Ok(users.keys().iter().map(|key| key.to_string()).collect())
}

fn of_json_lines(origin: &Origin<'_>, role: Role) -> Result<Vec<String>, DataError> {
    let Source::Text(text) = open(origin)? else {
        return Ok(Vec::new());
    };
    let origin = text.origin.clone();
    let mut lines = Lines::new(text);
    let mut keys = Vec::new();
    while let Some((number, line)) = lines.next_line()? {
        let members = serde_json::from_slice::<serde_json::Map<String, serde_json::Value>>(line);
        let members = members.unwrap_or_default();
        let names: Vec<String> = members.keys().cloned().collect();
        let place = origin.line(number);
        let at = find_column(&names, role, None, &place)?;
        let key = at.and_then(|at| match &members[&names[at]] {
            serde_json::Value::String(text) => Some(text.trim().to_owned()),
            serde_json::Value::Number(number) => Some(number.to_string()),
            _ => None,
        });
        let missing = || super::columns::missing(&names, role, None, &place);
        keys.push(key.ok_or_else(missing)?);
    }
    Ok(keys)
}

fn of_lines(
    text: Text<'_>,
    role: Role,
    is_known: &dyn Fn(&str) -> bool,
) -> Result<Vec<String>, DataError> {
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
        if keys.is_empty() && !is_known(line) && matches!(is_header(), Ok(Some(_))) {
            continue;
        }
        keys.push(key_of(line, role, is_known));
    }
    Ok(keys)
}

fn bare(line: &str) -> String {
    let name = line.split(':').next().unwrap_or_default();
    name.trim_matches('"').to_owned()
}

/// The key of a line: all of it, but where only a part of it is known.
fn key_of(line: &str, role: Role, is_known: &dyn Fn(&str) -> bool) -> String {
    let unquoted = line
        .strip_prefix('"')
        .and_then(|line| line.strip_suffix('"'))
        .map(|line| line.replace("\"\"", "\""));
    let place = match role {
        Role::Item => 1,
        _ => 0,
    };
    let field = |separator: &str| {
        let mut fields = line.split(separator);
        let first = fields.next().map(str::trim);
        let field = match place {
            0 => first,
            _ => fields.next().map(str::trim),
        };
        (line.contains(separator)).then(|| field.unwrap_or_default().to_owned())
    };
    let parts = ["::", "\t", ",", ";", " "].into_iter().filter_map(field);
    if is_known(line) {
        return line.to_owned();
    }
    let mut candidates = unquoted.clone().into_iter().chain(parts);
    let known = candidates.find(|key| is_known(key));
    known.or(unquoted).unwrap_or_else(|| line.to_owned())
}

fn distinct(keys: Vec<String>) -> Result<Vec<String>, DataError> {
    let mut taken = hashbrown::HashSet::<String, foldhash::quality::RandomState>::default();
    Ok(keys
        .into_iter()
        .filter(|key| taken.insert(key.clone()))
        .collect())
}

fn empty(path: &str) -> DataError {
    DataError::Empty {
        place: Place::whole(path),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn read(name: &str, content: &[u8], role: Role, known: &[&str]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        read_key_list(&path, role, &|key| known.contains(&key)).unwrap()
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
                &["1", "7", "nobody"],
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
                read(name, text.as_bytes(), Role::User, &known),
                expected,
                "{name}"
            );
        }
        let items = read(
            "items",
            b"7::20::5::16\n7::1::4::16\n",
            Role::Item,
            &["20", "1"],
        );
        assert_eq!(items, ["20", "1"]);
        // A user may be called as a column is.
        assert_eq!(
            read("odd", b"user\n7\n", Role::User, &["user"]),
            ["user", "7"]
        );
    }
}
