//! The files of the pages, within the program. They load nothing from elsewhere and run nothing that is not among them.

use axum::body::Body;
use axum::http::header::{self, HeaderName};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

/// Scripts, styles and requests of this service alone. Texts cannot become scripts: no part of a page is made of HTML that
/// comes from data, and browsers that know trusted types hold scripts to that.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; \
                      trusted-types 'none'";

/// A file of the pages.
pub(super) struct File {
    name: &'static str,
    kind: &'static str,
    text: &'static str,
}

/// A file that lies beside this one.
macro_rules! file {
    ($name:literal, $kind:literal) => {
        File {
            name: $name,
            kind: $kind,
            text: include_str!($name),
        }
    };
}

/// What the pages load.
const ASSETS: &[File] = &[
    file!("style.css", "text/css; charset=utf-8"),
    file!("icon.svg", "image/svg+xml"),
    file!("app.js", "text/javascript; charset=utf-8"),
    file!("api.js", "text/javascript; charset=utf-8"),
    file!("client.js", "text/javascript; charset=utf-8"),
    file!("dom.js", "text/javascript; charset=utf-8"),
    file!("filters.js", "text/javascript; charset=utf-8"),
    file!("places.js", "text/javascript; charset=utf-8"),
    file!("search.js", "text/javascript; charset=utf-8"),
    file!("views.js", "text/javascript; charset=utf-8"),
];

impl File {
    /// Users, items and their lists.
    pub(super) const PAGE: Self = file!("index.html", "text/html; charset=utf-8");
    /// The API with a form for each route.
    pub(super) const API: Self = file!("api.html", "text/html; charset=utf-8");

    /// What the pages load by this name.
    pub(super) fn asset(name: &str) -> Option<&'static Self> {
        ASSETS.iter().find(|file| file.name == name)
    }

    /// The file; nothing where the browser has it already.
    pub(super) fn answer(&self, request: &HeaderMap) -> Response {
        let tag = format!("\"{}\"", &blake3::hash(self.text.as_bytes()).to_hex()[..16]);
        let is_known = request
            .get(header::IF_NONE_MATCH)
            .is_some_and(|known| known == tag.as_str());
        let headers: [(HeaderName, &str); 6] = [
            (header::CONTENT_TYPE, self.kind),
            (header::CONTENT_SECURITY_POLICY, POLICY),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::CACHE_CONTROL, "no-cache"),
            (header::ETAG, &tag),
        ];
        match is_known {
            true => (StatusCode::NOT_MODIFIED, headers).into_response(),
            false => (headers, Body::from(self.text)).into_response(),
        }
    }
}
