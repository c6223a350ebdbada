//! The API's routes with their description in OpenAPI 3.1, and what holds for all of them.

use crate::Platform;
use axum::Router;
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, OpenApi, Ref, RefOr, ResponseBuilder};

/// A refusal or a failure.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "a shape to describe; answers are made by crate::Error")]
struct ErrorAnswer {
    /// What was wrong.
    error: ErrorBody,
}

/// What was wrong.
#[derive(Serialize, ToSchema)]
#[allow(dead_code, reason = "a shape to describe")]
struct ErrorBody {
    /// Stable; what a client translates.
    code: String,
    /// For people, in English.
    message: String,
}

const DESCRIPTION: &str = "Accounts, rooms, chat, gifts and what is around them.\n\n\
    Who calls shows a session's token or an API token as `Authorization: Bearer …`; browsers have the cookie of their \
    session, and their pages' `Origin` must be this site's for everything that changes something. Every error has the \
    form `{\"error\":{\"code\":\"…\",\"message\":\"…\"}}` with a code that stays and a sentence for people; 429 and 503 say in \
    `Retry-After` when to try again. Lists come in pages: `next` of one is `cursor` of the next. Times are unix \
    milliseconds.";

/// All routes under `/api/v1/`, and their description.
pub fn api() -> (Router<Arc<Platform>>, OpenApi) {
    let (router, mut description) = crate::routes().split_for_parts();
    description.info.title = "Weir".to_owned();
    description.info.version = env!("CARGO_PKG_VERSION").to_owned();
    description.info.description = Some(DESCRIPTION.to_owned());
    let components = description.components.get_or_insert_default();
    for (name, schema) in [
        (ErrorAnswer::name(), <ErrorAnswer as utoipa::PartialSchema>::schema()),
        (ErrorBody::name(), <ErrorBody as utoipa::PartialSchema>::schema()),
    ] {
        components.schemas.insert(name.into_owned(), schema);
    }
    let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
    components.add_security_scheme("token", SecurityScheme::Http(bearer));
    let cookie = ApiKey::Cookie(ApiKeyValue::new(crate::caller::SESSION_COOKIE));
    components.add_security_scheme("session", SecurityScheme::ApiKey(cookie));
    let none: [&str; 0] = [];
    description.security = Some(vec![
        SecurityRequirement::default(),
        SecurityRequirement::new("token", none),
        SecurityRequirement::new("session", none),
    ]);
    for item in description.paths.paths.values_mut() {
        for operation in operations(item) {
            let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("ErrorAnswer"))).build();
            let refusal = ResponseBuilder::new()
                .description("Refused or failed; the code says why")
                .content("application/json", content)
                .build();
            for statuses in ["4XX", "5XX"] {
                operation.responses.responses.insert(statuses.to_owned(), RefOr::T(refusal.clone()));
            }
        }
    }
    (router, description)
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch]
        .into_iter()
        .filter_map(Option::as_mut)
}
