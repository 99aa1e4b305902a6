//! What lists may hold, from the query of a URL.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use form_urlencoded::parse;
use utoipa::IntoParams;

use super::super::problem::Problem;
use super::body::Key;
use super::key::checked;
use super::options::Filters;
use crate::data::IdMap;

/// The query of a list. `only` and `exclude` may be given several times; a value that is no key itself is split at its
/// commas.
#[derive(Debug, Default, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct ListQuery {
    /// Items of the list at most.
    #[param(minimum = 1, default = 10, nullable = false)]
    k: Option<usize>,
    /// The only category that the list may hold.
    #[param(nullable = false)]
    category: Option<String>,
    /// The only items that the list may hold: several times, or with commas between them.
    #[param(nullable = false, inline)]
    only: Option<Vec<String>>,
    /// Items that the list does not hold: several times, or with commas between them.
    #[param(required = false, inline)]
    exclude: Vec<String>,
    /// Whether the list may hold what the user has.
    #[param(required = false, default = false)]
    include_seen: bool,
    /// How much variety counts beside relevance, from 0 (not at all) to 1.
    #[param(required = false, default = 0.0)]
    diversity: f64,
    /// How much popular items lose, from 0 (nothing) on.
    #[param(required = false, default = 0.0)]
    damp_popularity: f64,
    /// Items of one category that the list holds at most.
    #[param(minimum = 1, nullable = false)]
    category_cap: Option<usize>,
    /// How many of the user's items each place names that speak for it; no reasons are told where it is absent.
    #[param(nullable = false)]
    explain: Option<usize>,
}

impl ListQuery {
    fn read(query: &str) -> Result<Self, Problem> {
        let mut read = Self::default();
        for (name, value) in parse(query.as_bytes()) {
            match &*name {
                // The arm is chosen before anything is read by its run.
                "arm" => {}
                "k" => read.k = Some(number(&name, &value)?),
                "category" => read.category = Some(value.into_owned()),
                "only" => read.only.get_or_insert_default().push(value.into_owned()),
                "exclude" => read.exclude.push(value.into_owned()),
                "include_seen" => read.include_seen = truth(&value)?,
                "diversity" => read.diversity = weight(&name, &value)?,
                "damp_popularity" => read.damp_popularity = weight(&name, &value)?,
                "category_cap" => read.category_cap = Some(number(&name, &value)?),
                "explain" => read.explain = Some(number(&name, &value)?),
                other => {
                    return Err(Problem::unmet(
                        format!("there is no parameter `{other}`"),
                        "there are `k`, `category`, `only`, `exclude`, `include_seen`, `diversity`, `damp_popularity`, \
                         `category_cap` and `explain`",
                    ));
                }
            }
        }
        Ok(read)
    }

    /// The same as a body says it; values that are no key of an item are split at their commas.
    ///
    /// # Errors
    /// A key that is empty or too long.
    pub(in super::super) fn filters(self, items: &IdMap) -> Result<Filters, Problem> {
        let only = self.only.map(|values| split(&values, items)).transpose()?;
        Ok(Filters {
            k: self.k,
            category: self.category,
            only,
            exclude: split(&self.exclude, items)?,
            include_seen: self.include_seen,
            diversity: self.diversity,
            damp_popularity: self.damp_popularity,
            category_cap: self.category_cap,
            explain: self.explain,
        })
    }
}

impl<S: Sync> FromRequestParts<S> for ListQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        Self::read(parts.uri.query().unwrap_or_default())
    }
}

pub(super) fn number(name: &str, value: &str) -> Result<usize, Problem> {
    value.parse().map_err(|_| {
        Problem::unmet(
            format!("`{name}` is `{value}`, which is no number of items"),
            "give a whole number, such as 10",
        )
    })
}

fn weight(name: &str, value: &str) -> Result<f64, Problem> {
    value.parse().map_err(|_| {
        Problem::unmet(
            format!("`{name}` is `{value}`, which is no number"),
            "give a number, such as 0.3",
        )
    })
}

fn truth(value: &str) -> Result<bool, Problem> {
    match value {
        "true" | "1" | "" => Ok(true),
        "false" | "0" => Ok(false),
        _ => Err(Problem::unmet(
            format!("`include_seen` is `{value}`"),
            "it is `true` or `false`",
        )),
    }
}

fn split(values: &[String], items: &IdMap) -> Result<Vec<Key>, Problem> {
    let mut keys = Vec::new();
    for value in values {
        if items.id(value).is_some() {
            keys.push(Key(value.clone()));
            continue;
        }
        for part in value.split(',') {
            keys.push(Key(checked(part)?.to_owned()));
        }
    }
    Ok(keys)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn values_are_keys_or_keys_between_commas() {
        let items = ["a", "b", "x, y"].map(Into::into).to_vec();
        let items = IdMap::from_ordered_keys(items).unwrap();
        let read = |query: &str| ListQuery::read(query).and_then(|read| read.filters(&items));
        let filters = read("k=3&only=a,b&only=x,%20y&exclude=q%2Fr+s&include_seen=true").unwrap();
        let keys = |keys: &[&str]| {
            keys.iter()
                .map(|&key| Key(key.to_owned()))
                .collect::<Vec<_>>()
        };
        assert_eq!(filters.k, Some(3));
        assert_eq!(filters.only, Some(keys(&["a", "b", "x, y"])));
        assert_eq!(filters.exclude, keys(&["q/r s"]));
        assert!(filters.include_seen);
        for wrong in [
            "k=-1",
            "k=NaN",
            "k=1.5",
            "k=",
            "z=1",
            "only=",
            "include_seen=maybe",
            "diversity=much",
            "explain=yes",
        ] {
            assert_eq!(read(wrong).unwrap_err().status.as_u16(), 422, "{wrong}");
        }
        let huge = "k=99999999999999999999999";
        assert!(
            read(huge)
                .unwrap_err()
                .fault
                .error
                .contains("no number of items")
        );
    }
}
