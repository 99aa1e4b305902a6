//! The OpenAPI document: what it says of the service as a whole, and the faults that every route may answer.

use std::collections::BTreeMap;

use utoipa::openapi::security::{Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, Response, ResponseBuilder};
use utoipa::{IntoResponses, Modify, OpenApi};

use super::problem::Fault;

/// The document without its routes.
#[derive(OpenApi)]
#[openapi(
    info(
        title = "Sagebrush",
        description = "Lists of a recommender. Every answer has the id of the run that it comes from, in the member `run` \
                       and in the header `sagebrush-run`: the first 12 hexadecimal digits of the BLAKE3 hash of its MANIFEST.json.",
        license(name = "MIT OR Apache-2.0")
    ),
    components(schemas(Fault)),
    modifiers(&Bearer),
    security((), ("token" = [])),
    tags(
        (name = "lists", description = "Lists"),
        (name = "interactions", description = "Interactions"),
        (name = "items", description = "Items"),
        (name = "forgetting", description = "Forgetting"),
        (name = "service", description = "The service")
    )
)]
pub(super) struct Document;

/// Tokens, which a service asks for where it has a file of them.
struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
        let components = document.components.get_or_insert_default();
        components.add_security_scheme("token", scheme);
    }
}

/// What any route may answer in place of what it was asked for.
pub(super) struct Faults;

impl IntoResponses for Faults {
    fn responses() -> BTreeMap<String, RefOr<Response>> {
        let faults = [
            ("400", "The request cannot be read"),
            ("401", "A token is missing"),
            ("404", "The run has no such item, or there is no such path"),
            ("413", "The request is larger than the service takes"),
            ("422", "The request can be read, and not met"),
            ("429", "Too many requests are worked on already"),
            ("500", "A mistake of the service"),
            ("501", "The service, or the run, does no such thing"),
            ("503", "The service cannot do it now"),
            ("504", "The answer took too long"),
        ];
        let fault = |said: &str| {
            let schema = Ref::from_schema_name("Fault");
            let content = ContentBuilder::new().schema(Some(schema)).build();
            ResponseBuilder::new()
                .description(said)
                .content("application/json", content)
                .build()
        };
        let entry = |(status, said): (&str, &str)| (status.to_owned(), fault(said).into());
        faults.map(entry).into()
    }
}
