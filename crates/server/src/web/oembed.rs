//! `GET /oembed?url=…`: how another site shows a room or a video of this one ([oEmbed 1.0](https://oembed.com), JSON only).
//! It answers as to a stranger, whoever asks: what not everybody may watch is refused.

use super::head::{Page, escape, frame};
use super::{Asker, Shell, subject_of};
use axum::Router;
use axum::extract::{Query, Request};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderValue, StatusCode, header};
use serde::Deserialize;
use serde_json::{Value, json};

/// The route; `api` is asked about what is wanted.
pub fn router(api: Router) -> Router {
    Router::new().route("/oembed", get(async move |request: Request| answer(&api, request).await))
}

/// What the other site asks (oEmbed 1.0, section 2.2).
#[derive(Deserialize)]
struct Wanted {
    /// Address of a page of ours.
    url: String,
    /// Pixels the frame may have at most.
    maxwidth: Option<u64>,
    maxheight: Option<u64>,
    /// `json`, or nothing.
    format: Option<String>,
}

/// Seconds an answer may be kept.
const CACHE_S: u64 = 3600;

async fn answer(api: &Router, request: Request) -> Response {
    let Ok(Query(wanted)) = Query::<Wanted>::try_from_uri(request.uri()) else {
        return (StatusCode::BAD_REQUEST, "url= is missing, or maxwidth= or maxheight= is no number\n")
            .into_response();
    };
    if wanted.format.as_deref().is_some_and(|format| format != "json") {
        return (StatusCode::NOT_IMPLEMENTED, "format= is not json: there is no other form\n")
            .into_response();
    }
    let asker = Asker::of(&request).stranger();
    drop(request);
    let origin = asker.origin();
    let Some(subject) = path_of(&wanted.url, &origin).and_then(subject_of) else {
        return (StatusCode::NOT_FOUND, "url= is no address of a room or a video of this site\n")
            .into_response();
    };
    let Some(told) = asker.about(api, &subject).await else {
        return (StatusCode::NOT_FOUND, "there is nothing at this address\n").into_response();
    };
    let page = Page { subject: &subject, shell: Shell::Embed, told: &told, origin: &origin };
    if !page.is_for_everybody() {
        return (StatusCode::UNAUTHORIZED, "not everybody may watch this\n").into_response();
    }
    let body = describe(&page, &wanted, &asker.site_name(api).await);
    let mut response = axum::Json(body).into_response();
    let headers = response.headers_mut();
    // Pages of others may ask themselves: the answer is the same for everybody.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    response
}

/// The path of an address of this site: by whatever scheme, the host decides.
fn path_of<'a>(url: &'a str, origin: &str) -> Option<&'a str> {
    let (_, host) = origin.split_once("://")?;
    let (scheme, rest) = url.split_once("://")?;
    let (named, path) = rest.split_at_checked(rest.find('/')?)?;
    let path = path.split(['?', '#']).next()?;
    let is_ours = matches!(scheme, "http" | "https") && named.eq_ignore_ascii_case(host);
    is_ours.then(|| path.strip_suffix('/').unwrap_or(path))
}

fn describe(page: &Page<'_>, wanted: &Wanted, site_name: &str) -> Value {
    let (width, height) = fit(frame(page.told), wanted);
    let (author, username) = page.author();
    let title = page.text("title");
    let html = format!(
        "<iframe src=\"{}\" width=\"{width}\" height=\"{height}\" title=\"{}\" \
         allow=\"autoplay; fullscreen; picture-in-picture\" style=\"border:0\"></iframe>",
        page.embed_address(),
        escape(title),
    );
    let mut body = json!({
        "version": "1.0",
        "type": "video",
        "title": title,
        "author_name": author,
        "author_url": format!("{}/@{username}", page.origin),
        "provider_name": site_name,
        "provider_url": format!("{}/", page.origin),
        "cache_age": CACHE_S,
        "html": html,
        "width": width,
        "height": height,
    });
    if let Some(image) = page.image() {
        // Pictures have the shape of what they are of.
        let (width, height) = frame(page.told);
        body["thumbnail_url"] = image.into();
        body["thumbnail_width"] = width.into();
        body["thumbnail_height"] = height.into();
    }
    body
}

/// The frame made smaller until it fits, in its shape.
fn fit((width, height): (u64, u64), wanted: &Wanted) -> (u64, u64) {
    let most = |max: Option<u64>, of: u64| max.unwrap_or(of).clamp(1, of.max(1));
    let (max_width, max_height) = (most(wanted.maxwidth, width), most(wanted.maxheight, height));
    if max_width * height <= max_height * width {
        (max_width, (max_width * height / width).max(1))
    } else {
        ((max_height * width / height).max(1), max_height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::testing::text;
    use axum::body::Body;
    use http::HeaderMap;
    use tower::ServiceExt;

    async fn ask(query: &str) -> (StatusCode, Value) {
        let video = async |axum::extract::Path(id): axum::extract::Path<String>, headers: HeaderMap| {
            let privacy = match id.as_str() {
                "open" => "public",
                "quiet" => "unlisted",
                "locked" => "password",
                "own" if headers.contains_key(header::COOKIE) => "private",
                _ => return StatusCode::NOT_FOUND.into_response(),
            };
            let told = json!({
                "id": id, "title": "\"Sea\" <b>", "privacy": privacy, "width": 1920, "height": 1080,
                "cover": "/streams/open/thumb-0.jpg", "user": {"name": "Mei", "username": "mei"},
            });
            axum::Json(told).into_response()
        };
        let api = Router::new().route("/api/v1/videos/{id}", get(video));
        let request = Request::get(format!("/oembed?{query}"))
            .header(header::HOST, "weir.example")
            .header(header::COOKIE, "weir_session=owner")
            .header("x-forwarded-proto", "https");
        let request = request.body(Body::empty()).expect("a request");
        let response = router(api).oneshot(request).await.expect("an answer");
        let status = response.status();
        (status, serde_json::from_str(&text(response).await).unwrap_or_default())
    }

    #[tokio::test]
    async fn other_sites_learn_how_to_show_a_video() {
        let (status, told) =
            ask("url=https%3A%2F%2Fweir.example%2Fv%2Fopen%3Ft%3D3&maxwidth=320&format=json").await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!([&told["type"], &told["author_name"], &told["title"]], ["video", "Mei", "\"Sea\" <b>"]);
        assert_eq!([&told["width"], &told["height"]], [320, 180]);
        assert_eq!(told["thumbnail_url"], "https://weir.example/streams/open/thumb-0.jpg");
        let html = told["html"].as_str().expect("a frame");
        assert!(
            html.starts_with("<iframe src=\"https://weir.example/embed/v/open\" width=\"320\""),
            "{html}"
        );
        assert!(html.contains("title=\"&quot;Sea&quot; &lt;b&gt;\""), "{html}");
        assert_eq!(ask("url=http%3A%2F%2Fweir.example%2Fv%2Fquiet").await.0, StatusCode::OK);
    }

    #[tokio::test]
    async fn what_not_everybody_may_watch_is_told_to_nobody_not_even_when_its_owner_asks() {
        for (id, status) in [("own", 404), ("nothing", 404), ("locked", 401)] {
            let (got, told) = ask(&format!("url=https%3A%2F%2Fweir.example%2Fv%2F{id}")).await;
            assert_eq!((got.as_u16(), told), (status, Value::Null), "{id}");
        }
    }

    #[tokio::test]
    async fn what_is_not_asked_rightly_is_refused() {
        for (query, status) in [
            ("", 400),
            ("url=https%3A%2F%2Fweir.example%2Fv%2Fopen&maxwidth=wide", 400),
            ("url=https%3A%2F%2Fweir.example%2Fv%2Fopen&format=xml", 501),
            ("url=https%3A%2F%2Felsewhere.example%2Fv%2Fopen", 404),
            ("url=https%3A%2F%2Fweir.example%2Fadmin", 404),
            ("url=javascript%3A%2F%2Fweir.example%2Fv%2Fopen", 404),
        ] {
            assert_eq!(ask(query).await.0.as_u16(), status, "{query}");
        }
    }

    #[test]
    fn frames_keep_their_shape() {
        let within = |maxwidth, maxheight| {
            let wanted = Wanted { url: String::new(), maxwidth, maxheight, format: None };
            fit((640, 360), &wanted)
        };
        assert_eq!(within(None, None), (640, 360));
        assert_eq!(within(Some(9_999), Some(90)), (160, 90));
        assert_eq!(within(Some(0), Some(0)), (1, 1));
    }
}
