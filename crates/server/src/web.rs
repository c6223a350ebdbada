//! The web pages, built into the program: the app, the plain watch page, the player for other people's pages.
//!
//! The page of a room or a video gets its title and what the player needs written into it ([`head`]), so that nobody has
//! to ask before the first picture. What is asked for that is asked of the API, with the caller's own credentials: a page
//! knows no more than who opens it. [`oembed`] tells other sites how to show one in theirs.

mod head;
mod oembed;

use crate::http::OverTls;
use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Path, Request};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use rust_embed::RustEmbed;
use serde_json::Value;
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
    let site = site.merge(oembed::router(api.clone()));
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
                Some(AppPage::Plain) => page(Shell::App.file(), HERE, request.headers()),
                Some(AppPage::Of(subject, shell)) => {
                    let asker = Asker::of(&request);
                    let headers = request.headers().clone();
                    let language = head::language(request.uri().query().unwrap_or_default(), &headers);
                    drop(request);
                    let html = match asker.about(&api, &subject).await {
                        Some(told) => {
                            let origin = asker.origin();
                            let site_name = asker.site_name(&api).await;
                            let page = head::Page { subject: &subject, shell, told: &told, origin: &origin };
                            page.html(&site_name, language)
                        }
                        None => None,
                    };
                    match html {
                        Some(html) => html_response(html, shell.policy()),
                        None => page(shell.file(), shell.policy(), &headers),
                    }
                }
            }
        }
    }))
}

/// Pages that are drawn in the browser.
#[derive(Debug, PartialEq, Eq)]
enum AppPage {
    /// One that asks for everything itself.
    Plain,
    /// One that is about something.
    Of(Subject, Shell),
}

/// What a page is about, by its address.
#[derive(Debug, PartialEq, Eq)]
enum Subject {
    /// A room, by its number or stream name.
    Room(String),
    /// A video, by its id or name.
    Video(String),
}

/// What draws it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shell {
    /// The app.
    App,
    /// The player alone, for other people's pages.
    Embed,
}

impl Shell {
    fn file(self) -> &'static str {
        match self {
            Self::App => "index.html",
            Self::Embed => "embed.html",
        }
    }

    fn policy(self) -> &'static str {
        match self {
            Self::App => HERE,
            Self::Embed => ANYWHERE,
        }
    }
}

/// Which page of the app is at `path`, if any. Of `/live/…` only what has no ending is one: the rest is media.
fn page_of(path: &str) -> Option<AppPage> {
    if let Some(subject) = path.strip_prefix("/embed").and_then(subject_of) {
        return Some(AppPage::Of(subject, Shell::Embed));
    }
    if let Some(subject) = subject_of(path) {
        return Some(AppPage::Of(subject, Shell::App));
    }
    let path = path.strip_prefix('/')?;
    let (area, rest) = path.split_once('/').unwrap_or((path, ""));
    match area {
        "" | "browse" | "search" | "login" | "register" | "setup" => {
            rest.is_empty().then_some(AppPage::Plain)
        }
        "c" | "studio" | "me" | "settings" | "admin" => Some(AppPage::Plain),
        _ => (area.starts_with('@') && rest.is_empty()).then_some(AppPage::Plain),
    }
}

/// What the page at `/live/{id}` or `/v/{id}` is about.
fn subject_of(path: &str) -> Option<Subject> {
    let (area, id) = path.strip_prefix('/')?.split_once('/')?;
    let is_word = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    match area {
        "live" if is_word => Some(Subject::Room(id.to_owned())),
        "v" if is_word => Some(Subject::Video(id.to_owned())),
        _ => None,
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
/// Bytes of the API's answer at most; a page about something larger asks for it itself.
const ANSWER_BYTES_MAX: usize = 256 * 1024;

impl Subject {
    /// Where the API tells of it.
    fn question(&self) -> String {
        match self {
            Self::Room(id) => {
                let is_number = id.len() <= NUMBER_DIGITS_MAX && id.bytes().all(|byte| byte.is_ascii_digit());
                let by = if is_number { "" } else { "by-name/" };
                format!("/api/v1/rooms/{by}{id}")
            }
            Self::Video(id) => format!("/api/v1/videos/{id}"),
        }
    }
}

/// Who asks for a page: with this the API is asked.
struct Asker {
    headers: HeaderMap,
    remote: Option<ConnectInfo<SocketAddr>>,
    is_over_tls: bool,
}

impl Asker {
    fn of(request: &Request) -> Self {
        let mut headers = HeaderMap::new();
        for name in [header::COOKIE, header::HOST, HeaderName::from_static("x-forwarded-for")] {
            if let Some(value) = request.headers().get(&name) {
                headers.insert(name, value.clone());
            }
        }
        let forwarded = request.headers().get("x-forwarded-proto");
        Self {
            headers,
            remote: request.extensions().get::<ConnectInfo<SocketAddr>>().copied(),
            is_over_tls: request.extensions().get::<OverTls>().is_some()
                || forwarded.is_some_and(|scheme| scheme.as_bytes() == b"https"),
        }
    }

    /// Somebody nobody knows, from the same place.
    fn stranger(mut self) -> Self {
        self.headers.remove(header::COOKIE);
        self
    }

    /// `https://host`, as the reader wrote it; empty when that cannot be part of an address.
    fn origin(&self) -> String {
        let host = self.headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let is_sound = !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._:[]".contains(&byte));
        let scheme = if self.is_over_tls { "https" } else { "http" };
        if is_sound { format!("{scheme}://{host}") } else { String::new() }
    }

    /// What the API says of a room or a video; nothing when it refuses.
    async fn about(&self, api: &Router, subject: &Subject) -> Option<Value> {
        self.ask(api, &subject.question()).await
    }

    async fn site_name(&self, api: &Router) -> String {
        let site = self.ask(api, "/api/v1/site").await;
        site.and_then(|site| Some(site["name"].as_str()?.to_owned())).unwrap_or_else(|| "Weir".to_owned())
    }

    async fn ask(&self, api: &Router, path: &str) -> Option<Value> {
        let mut question = Request::get(path).body(Body::empty()).ok()?;
        *question.headers_mut() = self.headers.clone();
        if let Some(remote) = self.remote {
            question.extensions_mut().insert(remote);
        }
        let answer = api.clone().oneshot(question).await.ok()?;
        if answer.status() != StatusCode::OK {
            return None;
        }
        let body = to_bytes(answer.into_body(), ANSWER_BYTES_MAX).await.ok()?;
        serde_json::from_slice(&body).ok()
    }
}

/// Pages run their own scripts only and may fetch media from where they were told; blobs are for media sources, `data:` is
/// the empty track that hls.js begins captions with.
macro_rules! policy {
    ($more:literal) => {
        concat!(
            "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob: data:; ",
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
fn html_response(html: String, policy: &'static str) -> Response {
    let mut response = html.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type("index.html")));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    page_headers(&mut response, policy);
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
        for path in ["/", "/browse", "/login", "/studio", "/studio/live", "/c/music", "/@mei", "/admin/users"]
        {
            assert_eq!(page_of(path), Some(AppPage::Plain), "{path}");
        }
        for id in ["7", "AbCdEfGhIjKlMnOpQrSt"] {
            let room = || Subject::Room(id.to_owned());
            assert_eq!(page_of(&format!("/live/{id}")), Some(AppPage::Of(room(), Shell::App)));
            assert_eq!(page_of(&format!("/embed/live/{id}")), Some(AppPage::Of(room(), Shell::Embed)));
            let video = Subject::Video(id.to_owned());
            assert_eq!(page_of(&format!("/v/{id}")), Some(AppPage::Of(video, Shell::App)));
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

    /// A site that has one room and one video, and says who asked.
    fn site() -> Router {
        let told = async |headers: HeaderMap| {
            let who = headers.get(header::COOKIE).and_then(|cookie| cookie.to_str().ok()).unwrap_or("nobody");
            format!("{{\"title\":{who:?},\"privacy\":\"public\",\"play_sign\":\"s\"}}")
        };
        Router::new()
            .route("/api/v1/rooms/{id}", get(told))
            .route("/api/v1/videos/{id}", get(told))
            .route("/live/{*rest}", get(async || "media"))
            .route("/embed/{*rest}", get(async || "embed"))
    }

    #[tokio::test]
    async fn a_page_asks_the_api_as_its_reader_and_leaves_media_alone() {
        let request = Request::get("/").header(header::COOKIE, "a=b").header(header::HOST, "weir.example");
        let asker = Asker::of(&request.body(Body::empty()).expect("a request"));
        assert_eq!(asker.origin(), "http://weir.example");
        for subject in [Subject::Room("7".into()), Subject::Video("aB3".into())] {
            let told = asker.about(&site(), &subject).await.expect("the API answers");
            assert_eq!(told["title"], "a=b");
        }
        let asker = asker.stranger();
        assert_eq!(
            asker.about(&site(), &Subject::Room("7".into())).await.expect("an answer")["title"],
            "nobody"
        );
        let media = Request::get("/live/7.flv").body(Body::empty()).expect("a request");
        let response = in_front_of(site()).oneshot(media).await.expect("an answer");
        assert_eq!(text(response).await, "media");
    }

    #[test]
    fn the_host_is_part_of_addresses_only_where_it_can_be_one() {
        let asked = |host: &str, scheme: &str| {
            let request = Request::get("/").header(header::HOST, host).header("x-forwarded-proto", scheme);
            Asker::of(&request.body(Body::empty()).expect("a request")).origin()
        };
        assert_eq!(asked("[::1]:8000", "https"), "https://[::1]:8000");
        assert_eq!(asked("weir.example", "gopher"), "http://weir.example");
        assert_eq!(asked("a\"><script>", "https"), "");
    }

    #[tokio::test]
    async fn pages_for_one_reader_are_kept_by_nobody_and_only_the_player_alone_may_be_framed() {
        for (path, is_framed) in [("/v/aB3", false), ("/live/7", false), ("/embed/v/aB3", true)] {
            let request = Request::get(path).body(Body::empty()).expect("a request");
            let response = in_front_of(site()).oneshot(request).await.expect("an answer");
            if Files::get("index.html").is_none() {
                return;
            }
            let headers = response.headers();
            assert_eq!(headers[header::CACHE_CONTROL], "no-store", "{path}");
            let policy = headers[header::CONTENT_SECURITY_POLICY].to_str().expect("a policy");
            assert_eq!(!policy.contains("frame-ancestors"), is_framed, "{path}");
            assert!(text(response).await.contains("<title>nobody · Weir</title>"), "{path}");
        }
    }
}
