//! Fields that name several categories: what stands between them, told by the whole column.

use serde::{Deserialize, Serialize};

/// How the fields of a column name their categories.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CategoryFields {
    /// Between `|`.
    #[default]
    Bars,
    /// Between `;`.
    Semicolons,
    /// Between commas.
    Commas,
    /// As a list between brackets, its values perhaps quoted: `['Crime', 'Film, Noir']`.
    Brackets,
}

impl CategoryFields {
    /// Of the fields of a column: a list where every field is one, else what the column has anywhere of `|`, `;` and
    /// commas, in this order.
    pub fn of<'a>(fields: impl Iterator<Item = &'a str> + Clone) -> Self {
        let has = |separator: char| fields.clone().any(|field| field.contains(separator));
        let mut known = fields
            .clone()
            .map(str::trim)
            .filter(|field| !field.is_empty());
        let is_list = |field: &str| field.starts_with('[') && field.ends_with(']');
        if fields.clone().any(is_list) && known.all(is_list) {
            Self::Brackets
        } else if has('|') {
            Self::Bars
        } else if has(';') {
            Self::Semicolons
        } else if has(',') {
            Self::Commas
        } else {
            Self::Bars
        }
    }

    /// The field that names these categories; `None` where one of them holds what stands between two.
    #[cfg(feature = "serve")]
    pub(crate) fn join(self, categories: &[String]) -> Option<String> {
        let between = match self {
            Self::Bars => '|',
            Self::Semicolons => ';',
            Self::Commas => ',',
            Self::Brackets => '"',
        };
        if categories.iter().any(|category| category.contains(between)) {
            return None;
        }
        Some(match self {
            Self::Brackets => {
                let quoted: Vec<String> = categories
                    .iter()
                    .map(|category| format!("\"{category}\""))
                    .collect();
                format!("[{}]", quoted.join(", "))
            }
            _ => categories.join(&between.to_string()),
        })
    }

    /// The categories that a field names.
    pub fn split(self, field: &str) -> Vec<&str> {
        let parts: Vec<&str> = match self {
            Self::Bars => field.split('|').collect(),
            Self::Semicolons => field.split(';').collect(),
            Self::Commas => field.split(',').collect(),
            Self::Brackets => in_brackets(field),
        };
        let parts = parts.into_iter().map(str::trim);
        parts.filter(|category| !category.is_empty()).collect()
    }
}

/// The values of a list; commas within quotes are letters.
fn in_brackets(field: &str) -> Vec<&str> {
    let field = field.trim();
    let list = field
        .strip_prefix('[')
        .and_then(|list| list.strip_suffix(']'));
    let mut rest = list.unwrap_or(field).trim();
    let mut values = Vec::new();
    while let Some(first) = rest.chars().next() {
        let quoted = matches!(first, '"' | '\'').then(|| &rest[1..]);
        let end = quoted.and_then(|text| Some((text, text.find(first)?)));
        let after = match end {
            Some((text, end)) => {
                values.push(&text[..end]);
                &text[end + 1..]
            }
            None => {
                let end = rest.find(',').unwrap_or(rest.len());
                values.push(&rest[..end]);
                &rest[end..]
            }
        };
        rest = after.trim_start_matches([' ', ',']);
    }
    values
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_column_tells_what_stands_between() {
        for (fields, expected) in [
            (
                &["Crime | Drama", "Film, Noir", ""][..],
                &["Crime", "Drama", "Film, Noir"][..],
            ),
            (&["a, b", "c"], &["a", "b", "c"]),
            (&["a; b, c", "d,e"], &["a", "b, c", "d,e"]),
            (&["tea", "red wine"], &["tea", "red wine"]),
            (
                &["['Crime', \"Film, Noir\"]", "[]", "[\"Children's\"]"],
                &["Crime", "Film, Noir", "Children's"],
            ),
            (&["[a, b c]", ""], &["a", "b c"]),
            (&["[a, b]", "c, d"], &["[a", "b]", "c", "d"]),
        ] {
            let kind = CategoryFields::of(fields.iter().copied());
            let found: Vec<&str> = fields.iter().flat_map(|field| kind.split(field)).collect();
            assert_eq!(found, expected, "{fields:?} {kind:?}");
        }
    }
}
