//! Which sites' pages may ask from a browser: none, unless they are named.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::error::ServeError;

/// Every site.
const ANY: &str = "*";
/// How long a browser may remember that it may ask.
const MAX_AGE: Duration = Duration::from_secs(600);

/// The sites as a browser names them: a scheme, a host and perhaps a port.
///
/// # Errors
/// What is none.
pub(super) fn origins(given: &[String]) -> Result<Vec<HeaderValue>, ServeError> {
    let origin = |origin: &String| {
        let wrong = || ServeError::Origin {
            origin: origin.clone(),
        };
        let header = HeaderValue::from_str(origin).map_err(|_| wrong())?;
        match origin == ANY || is_origin(origin) {
            true => Ok(header),
            false => Err(wrong()),
        }
    };
    given.iter().map(origin).collect()
}

fn is_origin(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else {
        return false;
    };
    let has_scheme = matches!(uri.scheme_str(), Some("http" | "https"));
    has_scheme
        && uri.authority().is_some()
        && !text.ends_with('/')
        && uri.path() == "/"
        && uri.query().is_none()
}

/// Answers browsers for these sites.
pub(super) fn layer(origins: &[HeaderValue]) -> CorsLayer {
    let allowed = match origins.iter().any(|origin| origin == ANY) {
        true => AllowOrigin::any(),
        false => AllowOrigin::list(origins.iter().cloned()),
    };
    CorsLayer::new()
        .allow_origin(allowed)
        .allow_methods([Method::GET, Method::POST, Method::DELETE])
        .allow_headers([
            header::AUTHORIZATION,
            header::CONTENT_TYPE,
            HeaderName::from_static("traceparent"),
            HeaderName::from_static("tracestate"),
        ])
        .expose_headers([
            HeaderName::from_static("sagebrush-run"),
            HeaderName::from_static("sagebrush-arm"),
        ])
        .max_age(MAX_AGE)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn sites_are_named_as_browsers_name_them() {
        for right in ["*", "https://shop.example", "http://localhost:3000"] {
            assert_eq!(origins(&[right.to_owned()]).unwrap(), [right]);
        }
        for wrong in [
            "shop.example",
            "https://shop.example/",
            "https://a/b",
            "ftp://a",
            "",
            "null",
            "https://a\nb",
        ] {
            assert!(origins(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
