//! What the folders of a file say of all its rows, as Hive and Spark name them: `dt=2024-01-01/event=view`.

use std::path::{Component, Path};

/// Names and values of the folders of a path, the innermost last. A value is as it was before it was made a name: `%3A` is
/// a colon.
pub(super) fn folder_columns(path: &Path) -> Vec<(String, String)> {
    let folders = path.parent().into_iter().flat_map(Path::components);
    folders
        .filter_map(|folder| match folder {
            Component::Normal(name) => name.to_str(),
            _ => None,
        })
        .filter_map(|name| name.split_once('='))
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| (decoded(name), decoded(value)))
        .collect()
}

fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let digit = |at: usize| {
        bytes
            .get(at)
            .and_then(|&byte| char::from(byte).to_digit(16))
    };
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while let Some(&byte) = bytes.get(at) {
        match (byte, digit(at + 1), digit(at + 2)) {
            (b'%', Some(high), Some(low)) => {
                out.push((high * 16 + low) as u8);
                at += 3;
            }
            _ => {
                out.push(byte);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_are_columns_and_the_file_is_none() {
        let path = Path::new("/log/dt=2024-01-01/x=a%3Ab%/=1/plain/e=1=2/k=v.csv");
        let expected = [("dt", "2024-01-01"), ("x", "a:b%"), ("e", "1=2")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(folder_columns(path), expected);
        assert_eq!(folder_columns(Path::new("k=v.csv")), []);
    }
}
