//! The web pages, built into the program: the app, the plain watch page, the player for other people's pages.
//!
//! A room's page gets its title and what the player needs written into it, so that nobody has to ask before the first
//! picture. What is asked for that is asked of the API, with the caller's own credentials: a page knows no more than who
//! opens it.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Path, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use rust_embed::RustEmbed;
use std::net::SocketAddr;
use tower::ServiceExt;

/// What `web/` was built into.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
#[allow_missing = true]
struct Files;

/// The parts of the pages, and the pages that need nothing of the rest.
pub fn router() -> Router {
    Router::new()
        .route("/watch/{*path}", get(async |headers: HeaderMap| page("watch.html", ANYWHERE, &headers)))
        .route("/embed/{*path}", get(async |headers: HeaderMap| page("embed.html", ANYWHERE, &headers)))
        .route(
            "/assets/{*path}",
            get(async |Path(path): Path<String>, headers: HeaderMap| {
                file(&format!("assets/{path}"), "public, max-age=31536000, immutable", &headers)
            }),
        )
        .route("/favicon.svg", get(async |headers: HeaderMap| file("favicon.svg", A_DAY, &headers)))
        .route(
            "/manifest.webmanifest",
            get(async |headers: HeaderMap| file("manifest.webmanifest", A_DAY, &headers)),
        )
}

const A_DAY: &str = "public, max-age=86400";

/// Puts the app's pages in front of `site`: their addresses lie among those of media and cannot be routes of their own.
pub fn in_front_of(site: Router) -> Router {
    let api = site.clone();
    site.layer(from_fn(move |request: Request, next: Next| {
        let api = api.clone();
        async move {
            let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
            match page_of(request.uri().path()).filter(|_| is_read) {
                None => {
                    let is_page_wanted = is_read && wants_page(&request);
                    let response = next.run(request).await;
                    let is_missing = is_page_wanted && response.status() == StatusCode::NOT_FOUND;
                    if is_missing { missing_page() } else { response }
                }
                Some(AppPage::Plain) => page("index.html", HERE, request.headers()),
                Some(AppPage::Room(id)) => {
                    let headers = request.headers().clone();
                    let question = room_question(&id, &request);
                    drop(request);
                    let room = match question {
                        Some(question) => room(api, question).await,
                        None => None,
                    };
                    match room.as_ref().and_then(room_page) {
                        Some(html) => html_response(html),
                        None => page("index.html", HERE, &headers),
                    }
                }
            }
        }
    }))
}

/// Pages the app draws.
#[derive(Debug, PartialEq, Eq)]
enum AppPage {
    Plain,
    /// A room, by its number or stream name.
    Room(String),
}

/// Which page of the app is at `path`, if any. Of `/live/…` only what has no ending is one: the rest is media.
fn page_of(path: &str) -> Option<AppPage> {
    let path = path.strip_prefix('/')?;
    let (area, rest) = path.split_once('/').unwrap_or((path, ""));
    let is_word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match area {
        "live" => is_word(rest).then(|| AppPage::Room(rest.to_owned())),
        "v" => is_word(rest).then_some(AppPage::Plain),
        "" | "browse" | "search" | "login" | "register" | "setup" => {
            rest.is_empty().then_some(AppPage::Plain)
        }
        "c" | "studio" | "me" | "settings" | "admin" => Some(AppPage::Plain),
        _ => (area.starts_with('@') && rest.is_empty()).then_some(AppPage::Plain),
    }
}

/// Whether somebody looks at an address with a browser: not a program, and not for a file.
fn wants_page(request: &Request) -> bool {
    let path = request.uri().path();
    let is_file = path.rsplit('/').next().is_some_and(|name| name.contains('.'));
    let accepts = request.headers().get(header::ACCEPT).and_then(|value| value.to_str().ok());
    !is_file && !path.starts_with("/api/") && accepts.is_some_and(|accepts| accepts.contains("text/html"))
}

/// What is nobody's address, said by the app in the reader's language.
fn missing_page() -> Response {
    let mut response = page("index.html", HERE, &HeaderMap::new());
    *response.status_mut() = StatusCode::NOT_FOUND;
    response
}

/// Digits of a room's number at most; what is longer is a stream name.
const NUMBER_DIGITS_MAX: usize = 19;
/// Bytes of the API's answer about a room at most.
const ROOM_BYTES_MAX: usize = 64 * 1024;

/// What the API is asked about a room, by who sent `request`.
fn room_question(id: &str, request: &Request) -> Option<Request> {
    let is_number = id.len() <= NUMBER_DIGITS_MAX && id.bytes().all(|byte| byte.is_ascii_digit());
    let path = if is_number { format!("/api/v1/rooms/{id}") } else { format!("/api/v1/rooms/by-name/{id}") };
    let mut question = Request::get(path).body(Body::empty()).ok()?;
    for name in [header::COOKIE, header::HOST] {
        if let Some(value) = request.headers().get(&name) {
            question.headers_mut().insert(name, value.clone());
        }
    }
    if let Some(remote) = request.extensions().get::<ConnectInfo<SocketAddr>>() {
        question.extensions_mut().insert(*remote);
    }
    Some(question)
}

/// What the API says of a room; nothing when it refuses.
async fn room(api: Router, question: Request) -> Option<serde_json::Value> {
    let answer = api.oneshot(question).await.ok()?;
    if answer.status() != StatusCode::OK {
        return None;
    }
    let body = to_bytes(answer.into_body(), ROOM_BYTES_MAX).await.ok()?;
    serde_json::from_slice(&body).ok()
}

/// The app's page with the room's title and data in its head, and the engine that will play it on its way.
fn room_page(room: &serde_json::Value) -> Option<String> {
    let html = String::from_utf8(Files::get("index.html")?.data.into_owned()).ok()?;
    let (before, after) = html.split_once("</head>")?;
    let title = escape(room["title"].as_str().unwrap_or_default());
    let host = escape(room["host"]["name"].as_str().unwrap_or_default());
    // Inside a script element only `<` could end it; JSON may write any character by its number.
    let data = room.to_string().replace('<', "\\u003c");
    let engine = Files::iter().find(|name| name.starts_with("assets/mpegts-") && name.ends_with(".js"));
    let engine =
        engine.map(|name| format!("<link rel=\"modulepreload\" href=\"/{name}\" />")).unwrap_or_default();
    let before = before.replacen("<title>Weir</title>", &format!("<title>{title} · Weir</title>"), 1);
    Some(format!(
        "{before}<meta property=\"og:type\" content=\"video.other\" /><meta property=\"og:title\" content=\"{title}\" />\
         <meta property=\"og:description\" content=\"{host}\" />{engine}\
         <script type=\"application/json\" id=\"room-data\">{data}</script></head>{after}"
    ))
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

/// Pages run their own scripts only and may fetch media from where they were told; blobs are for media sources.
macro_rules! policy {
    ($more:literal) => {
        concat!(
            "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; ",
            "connect-src 'self' ws: wss: http: https:; worker-src 'self' blob:; style-src 'self' 'unsafe-inline'; ",
            "script-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'",
            $more
        )
    };
}

/// For pages with a player alone: other sites may show them in a frame.
const ANYWHERE: &str = policy!("");
/// For the app: whoever is signed in must not be made to click inside a frame of another site.
const HERE: &str = policy!("; frame-ancestors 'self'");

fn page(name: &str, policy: &'static str, headers: &HeaderMap) -> Response {
    let mut response = file(name, "no-cache", headers);
    if response.status() == StatusCode::NOT_FOUND {
        return (
            StatusCode::NOT_FOUND,
            "The web pages are not built in: run `make web` and build again. Streams and the API work all the same.\n",
        )
            .into_response();
    }
    page_headers(&mut response, policy);
    response
}

/// A page made for one request: it may hold a token that is for its reader only.
fn html_response(html: String) -> Response {
    let mut response = html.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type("index.html")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    page_headers(&mut response, HERE);
    response
}

fn page_headers(response: &mut Response, policy: &'static str) {
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("same-origin"));
}

fn file(path: &str, cache: &'static str, request: &HeaderMap) -> Response {
    let Some(file) = Files::get(path) else {
        return (StatusCode::NOT_FOUND, "no such file\n").into_response();
    };
    let hash: String =
        file.metadata.sha256_hash().iter().take(16).map(|byte| format!("{byte:02x}")).collect();
    let etag = format!("\"{hash}\"");
    let is_known =
        request.get(header::IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        axum::body::Bytes::from(file.data.into_owned()).into_response()
    };
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(cache));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        headers.insert(header::ETAG, etag);
    }
    response
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::testing::text;

    #[test]
    fn pages_of_the_app_are_told_from_media_and_the_api() {
        for path in [
            "/",
            "/browse",
            "/login",
            "/studio",
            "/studio/live",
            "/c/music",
            "/@mei",
            "/v/aB3",
            "/admin/users",
        ] {
            assert_eq!(page_of(path), Some(AppPage::Plain), "{path}");
        }
        for id in ["7", "AbCdEfGhIjKlMnOpQrSt"] {
            assert_eq!(page_of(&format!("/live/{id}")), Some(AppPage::Room(id.to_owned())));
        }
        for path in [
            "/live/demo.flv",
            "/live/demo/index.m3u8",
            "/live/",
            "/v/",
            "/v/a.mp4",
            "/api/v1/rooms",
            "/assets/a.js",
            "/media/x",
            "/watch/live/a",
        ] {
            assert_eq!(page_of(path), None, "{path}");
        }
    }

    #[test]
    fn people_get_a_page_for_an_address_that_is_nobodys_and_programs_do_not() {
        let asked = |path: &str, accept: &str| {
            wants_page(
                &Request::get(path).header(header::ACCEPT, accept).body(Body::empty()).expect("a request"),
            )
        };
        let browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        assert!(asked("/nowhere", browser));
        assert!(asked("/some/where/", browser));
        for (path, accept) in [("/nowhere", "*/*"), ("/nowhere.png", browser), ("/api/v1/nothing", browser)] {
            assert!(!asked(path, accept), "{path} {accept}");
        }
    }

    #[test]
    fn what_people_write_stays_text_in_a_rooms_page() {
        let room =
            serde_json::json!({"title": "</script><script>alert(1)</script>\"", "host": {"name": "<b>"}});
        let Some(html) = room_page(&room) else {
            assert!(Files::get("index.html").is_none(), "the page is built in but has no head");
            return;
        };
        assert!(!html.contains("<script>alert"), "{html}");
        assert!(!html.contains("content=\"<b>"), "{html}");
        let (_, data) = html.split_once("id=\"room-data\">").expect("the data is in the page");
        let (data, _) = data.split_once("</script>").expect("the data ends");
        assert_eq!(serde_json::from_str::<serde_json::Value>(data).expect("the data is JSON"), room);
    }

    #[tokio::test]
    async fn a_rooms_page_asks_the_api_as_its_reader_and_leaves_media_alone() {
        let site = Router::new()
            .route(
                "/api/v1/rooms/{id}",
                get(async |headers: HeaderMap| match headers.get(header::COOKIE) {
                    Some(cookie) => format!("{{\"title\":{cookie:?}}}"),
                    None => "{}".to_owned(),
                }),
            )
            .route("/live/{*rest}", get(async || "media"));
        let request =
            Request::get("/live/7").header(header::COOKIE, "a=b").body(Body::empty()).expect("a request");
        let question = room_question("7", &request).expect("a question");
        let told = room(site.clone(), question).await.expect("the API answers");
        assert_eq!(told["title"], "a=b");
        let media = Request::get("/live/7.flv").body(Body::empty()).expect("a request");
        let response = in_front_of(site).oneshot(media).await.expect("an answer");
        assert_eq!(text(response).await, "media");
    }
}
