//! What is wrong with a request: a status, one sentence, and what to do about it.

use std::any::Any;
use std::time::Duration;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use crate::inference::{RankError, RecommenderError};
use crate::run::RunError;

/// The answer to a request that cannot be met.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(super) struct Fault {
    /// What is wrong, in a sentence.
    pub(super) error: String,
    /// What to do about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) remedy: Option<String>,
}

/// A fault with its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) status: StatusCode,
    pub(super) fault: Fault,
    /// A header that belongs to the status.
    header: Option<(header::HeaderName, &'static str)>,
}

impl Problem {
    pub(super) fn new(status: StatusCode, error: impl Into<String>, remedy: &str) -> Self {
        let remedy = (!remedy.is_empty()).then(|| remedy.to_owned());
        let error = error.into();
        Self {
            status,
            fault: Fault { error, remedy },
            header: None,
        }
    }

    /// A request that cannot be read.
    pub(super) fn unreadable(error: impl Into<String>, remedy: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, remedy)
    }

    /// A request that can be read, and not met.
    pub(super) fn unmet(error: impl Into<String>, remedy: &str) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, error, remedy)
    }

    pub(super) fn too_large(error: impl Into<String>, remedy: &str) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, error, remedy)
    }

    pub(super) fn no_such_route() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "there is nothing at this path",
            "`/openapi.json` lists the routes; a `/` in a key is written `%2F`",
        )
    }

    pub(super) fn other_method() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "this path has no such method",
            "`/openapi.json` lists the routes",
        )
    }

    pub(super) fn no_token() -> Self {
        let remedy = "send `Authorization: Bearer TOKEN` with a token of the service's file";
        let error = "a token is missing, or is not one of the service";
        Self {
            header: Some((header::WWW_AUTHENTICATE, "Bearer")),
            ..Self::new(StatusCode::UNAUTHORIZED, error, remedy)
        }
    }

    pub(super) fn too_many(limit: usize) -> Self {
        Self {
            header: Some((header::RETRY_AFTER, "1")),
            ..Self::new(
                StatusCode::TOO_MANY_REQUESTS,
                format!("{limit} requests are worked on already"),
                "ask again in a second, or less at once",
            )
        }
    }

    pub(super) fn too_slow(limit: Duration) -> Self {
        Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            format!("no answer within {} s", limit.as_secs_f64()),
            "ask for less at once",
        )
    }

    /// The service cannot do it now.
    pub(super) fn unavailable(error: impl Into<String>, remedy: &str) -> Self {
        Self {
            header: Some((header::RETRY_AFTER, "1")),
            ..Self::new(StatusCode::SERVICE_UNAVAILABLE, error, remedy)
        }
    }

    /// What was there before, and is no more.
    pub(super) fn gone(error: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, error, "")
    }

    /// What is there already.
    pub(super) fn conflict(error: impl Into<String>, remedy: &str) -> Self {
        Self::new(StatusCode::CONFLICT, error, remedy)
    }

    pub(super) fn not_possible(error: impl Into<String>, remedy: &str) -> Self {
        Self::new(StatusCode::NOT_IMPLEMENTED, error, remedy)
    }

    /// A mistake of ours.
    pub(super) fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "the service made a mistake with this request",
            "the log of the service has more; please report it",
        )
    }

    /// What a key that names the subject of a path is answered, where the run does not know it.
    pub(super) fn into_not_found(self) -> Self {
        Self {
            status: StatusCode::NOT_FOUND,
            ..self
        }
    }
}

/// The answer where a handler panicked.
pub(super) fn of_panic(panic: Box<dyn Any + Send>) -> Response {
    let said = panic.downcast_ref::<String>().map(String::as_str);
    let said = said.or_else(|| panic.downcast_ref::<&str>().copied());
    tracing::error!(panic = said.unwrap_or_default(), "a request panicked");
    Problem::internal().into_response()
}

impl From<RecommenderError> for Problem {
    fn from(error: RecommenderError) -> Self {
        match error {
            RecommenderError::UnknownKey { kind, key, remedy } => Self::unmet(
                format!("unknown {kind} `{key}`: the model was trained without it"),
                &remedy,
            ),
            RecommenderError::EmptyHistory => {
                Self::unmet("the history is empty", "name at least one item")
            }
            RecommenderError::NoCategories => Self::unmet(
                "this run knows no categories of items",
                "train with an item file that has them, or name the items in `only`",
            ),
            RecommenderError::UnknownCategory { name, known } => Self::unmet(
                format!("no item has the category `{name}`"),
                &format!("there are {known}"),
            ),
            RecommenderError::Reranking(error) => Self::unmet(error.to_string(), ""),
            error @ RecommenderError::NoShares => {
                Self::unmet(error.to_string(), "leave `explain` out")
            }
            RecommenderError::Rank(RankError::ZeroK) => {
                Self::unmet("`k` is 0", "ask for at least one item")
            }
            other => {
                tracing::error!(error = %other, "a list cannot be made");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, other.to_string(), "")
            }
        }
    }
}

impl From<RunError> for Problem {
    fn from(error: RunError) -> Self {
        tracing::error!(%error, "interactions cannot be kept");
        Self::unavailable(
            "the interactions cannot be written down, and were not taken",
            "send them again later; the log of the service says what is wrong",
        )
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let text = serde_json::to_vec(&self.fault).unwrap_or_default();
        let mut response = Response::new(Body::from(text));
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        let json = HeaderValue::from_static("application/json");
        headers.insert(header::CONTENT_TYPE, json);
        if let Some((name, value)) = self.header {
            headers.insert(name, HeaderValue::from_static(value));
        }
        response
    }
}
