//! What to look for, from the query of a URL.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use form_urlencoded::parse;
use utoipa::IntoParams;

use super::super::problem::Problem;
use super::super::settings::Limits;
use super::super::state::State;
use super::query::number;

/// Found by a search that names no number.
const FOUND: usize = 10;
/// Items of a history that names no number.
const SHOWN: usize = 100;
/// Bytes of a query at most.
const QUERY_BYTES_MAX: usize = 200;

/// A search.
#[derive(Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct SearchQuery {
    /// Words that a key or a title holds, or parts of words; case and accents do not count. Without it the most popular come.
    #[param(required = false)]
    pub(in super::super) query: String,
    /// How many at most.
    #[param(required = false, minimum = 1, default = 10)]
    pub(in super::super) limit: usize,
}

impl SearchQuery {
    fn read(query: &str, limits: &Limits) -> Result<Self, Problem> {
        let mut read = Self {
            query: String::new(),
            limit: FOUND.min(limits.k),
        };
        for (name, value) in parse(query.as_bytes()) {
            match &*name {
                "query" => read.query = value.into_owned(),
                "limit" => read.limit = limit(&value, limits)?,
                other => return Err(no_such(other, "`query` and `limit`")),
            }
        }
        if read.query.len() > QUERY_BYTES_MAX {
            return Err(Problem::unmet(
                format!("`query` has {} bytes", read.query.len()),
                &format!("give a part of a key or a title, of {QUERY_BYTES_MAX} bytes at most"),
            ));
        }
        Ok(read)
    }
}

impl FromRequestParts<State> for SearchQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        Self::read(parts.uri.query().unwrap_or_default(), &state.limits)
    }
}

/// How much of a history to tell.
#[derive(Debug, PartialEq, Eq, IntoParams)]
#[into_params(parameter_in = Query)]
pub(in super::super) struct HistoryQuery {
    /// Items at most.
    #[param(required = false, minimum = 1, default = 100)]
    pub(in super::super) limit: usize,
}

impl FromRequestParts<State> for HistoryQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &State) -> Result<Self, Problem> {
        let mut read = Self {
            limit: SHOWN.min(state.limits.k),
        };
        for (name, value) in parse(parts.uri.query().unwrap_or_default().as_bytes()) {
            match &*name {
                "limit" => read.limit = limit(&value, &state.limits)?,
                other => return Err(no_such(other, "`limit`")),
            }
        }
        Ok(read)
    }
}

fn limit(value: &str, limits: &Limits) -> Result<usize, Problem> {
    match number("limit", value)? {
        n if (1..=limits.k).contains(&n) => Ok(n),
        n => Err(Problem::unmet(
            format!("`limit` is {n}"),
            &format!(
                "ask for 1 to {}; `sagebrush serve --max-k` is the limit",
                limits.k
            ),
        )),
    }
}

fn no_such(name: &str, known: &str) -> Problem {
    let remedy = format!("there is {known}");
    Problem::unmet(format!("there is no parameter `{name}`"), &remedy)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn searches_are_read_and_bounded() {
        let read = |query: &str| SearchQuery::read(query, &Limits::default());
        let of = |query: &str, limit| SearchQuery {
            query: query.to_owned(),
            limit,
        };
        assert_eq!(read("").unwrap(), of("", 10));
        assert_eq!(read("query=a%20b+c&limit=3").unwrap(), of("a b c", 3));
        let long = format!("query={}", "x".repeat(201));
        for wrong in ["limit=0", "limit=1001", "limit=-1", "q=a", "k=3", &long] {
            assert_eq!(read(wrong).unwrap_err().status.as_u16(), 422, "{wrong}");
        }
    }
}
