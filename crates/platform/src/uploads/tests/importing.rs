//! Files fetched from a real server that breaks off, changes its mind and lies.

use super::*;
use axum::Router;
use axum::extract::Request as Asked;
use axum::response::{IntoResponse, Response};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use tokio::net::TcpListener;

/// A server with a film that sends `piece` bytes of it for each request, with Range or without.
struct Origin {
    url: String,
    asked: Arc<Mutex<Vec<String>>>,
}

async fn origin(film: Vec<u8>, piece: usize, answer: fn(&Asked, &[u8], usize, usize) -> Response) -> Origin {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let url = format!("http://{}/a%20film.mp4", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let shared = Arc::new((film, asked.clone(), AtomicUsize::new(0)));
    let app = Router::new().fallback(move |request: Asked| {
        let (film, log, count) = &*shared;
        let range = request.headers().get(header::RANGE).map_or("", |range| range.to_str().unwrap());
        log.lock().unwrap().push(range.to_owned());
        let answer = answer(&request, film, piece, count.fetch_add(1, SeqCst));
        async move { answer }
    });
    tokio::spawn(async move { axum::serve(listener, app).await });
    Origin { url, asked }
}

/// Says that all of it comes, and breaks off after `piece` bytes.
fn breaking(request: &Asked, film: &[u8], piece: usize, _: usize) -> Response {
    let begin = request.headers().get(header::RANGE).map_or(0, |range| {
        assert_eq!(request.headers()[header::IF_RANGE], "\"one\"");
        range.to_str().unwrap().trim_start_matches("bytes=").trim_end_matches('-').parse().unwrap()
    });
    let (sender, body) = slow();
    let end = (begin + piece).min(film.len());
    let (piece, is_last) = (Bytes::from(film[begin..end].to_vec()), end == film.len());
    tokio::spawn(async move {
        sender.send(Ok(piece)).await.unwrap();
        if !is_last {
            // What was sent has to be out before the connection is cut.
            tokio::time::sleep(Duration::from_millis(100)).await;
            sender.send(Err(io::ErrorKind::ConnectionReset.into())).await.unwrap();
        }
    });
    let status = if begin > 0 { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let headers = [
        (header::ETAG, "\"one\"".to_owned()),
        (header::CONTENT_LENGTH, (film.len() - begin).to_string()),
        (header::CONTENT_RANGE, format!("bytes {begin}-{}/{}", film.len() - 1, film.len())),
    ];
    (status, headers, body).into_response()
}

async fn importing(hosts: &[&str]) -> Arc<Platform> {
    let mut config = config();
    config.uploads.import_hosts = hosts.iter().map(|host| (*host).to_owned()).collect();
    config.outbound.allow = vec!["127.0.0.1".parse().unwrap()];
    platform_with(config).await
}

/// Imports, and gives the video when it is clear what becomes of it.
async fn import(platform: &Arc<Platform>, mark: &Client, url: &str) -> videos::Video {
    let (status, answer) = mark.post("/api/v1/videos/import", json!({"url": url, "privacy": "public"})).await;
    assert_eq!(status, StatusCode::ACCEPTED, "{answer}");
    settled(platform, answer["video_id"].as_str().unwrap()).await
}

async fn settled(platform: &Arc<Platform>, id: &str) -> videos::Video {
    let video = async || videos::by_address(&platform.db, id).await.unwrap().unwrap();
    wait_for("the import ends", async || video().await.state != "waiting").await;
    let video = video().await;
    assert_eq!(video.origin, "import");
    video
}

#[tokio::test]
async fn a_file_is_fetched_through_breaks_and_becomes_a_video() {
    let film = film(250_000);
    let origin = origin(film.clone(), 100_000, breaking).await;
    let platform = importing(&["127.0.0.1"]).await;
    let mark = Client::new(&platform, "mark").await;
    let video = import(&platform, &mark, &origin.url).await;
    let id = &video.public_id;
    wait_for("the job is done", async || {
        let (_, jobs) = mark.get(&format!("/api/v1/videos/{id}/jobs")).await;
        jobs.to_string().contains(r#""kind":"import","#) && jobs.to_string().contains(r#""state":"done""#)
    })
    .await;
    assert_eq!((video.state.as_str(), video.bytes), ("probing", 250_000));
    assert_eq!(platform.objects.read_all(&format!("videos/{id}/source")).await.unwrap(), film);
    assert_eq!(*origin.asked.lock().unwrap(), ["", "bytes=100000-", "bytes=200000-"]);
}

#[tokio::test]
async fn a_file_that_changed_meanwhile_is_fetched_anew() {
    let film = film(150_000);
    // With another ETag an If-Range is answered with all of it.
    let origin = origin(film.clone(), 100_000, |request, film, piece, count| {
        if count == 0 { breaking(request, film, piece, 0) } else { film.to_vec().into_response() }
    })
    .await;
    let platform = importing(&["127.0.0.1"]).await;
    let mark = Client::new(&platform, "mark").await;
    let video = import(&platform, &mark, &origin.url).await;
    assert_eq!(platform.objects.read_all(&format!("{}/source", video.objects_prefix())).await.unwrap(), film);
}

#[tokio::test]
async fn hosts_that_are_not_listed_and_addresses_within_the_network_are_not_called() {
    let origin = origin(film(1000), 1000, breaking).await;
    for (hosts, status, code) in [
        (vec![], StatusCode::FORBIDDEN, "import_off"),
        (vec!["*.example.org"], StatusCode::FORBIDDEN, "import_host"),
    ] {
        let platform = importing(&hosts).await;
        let mark = Client::new(&platform, "mark").await;
        let (answered, answer) = mark.post("/api/v1/videos/import", json!({"url": origin.url})).await;
        assert_eq!((answered, answer["error"]["code"].as_str().unwrap()), (status, code));
    }
    let mut config = config();
    config.uploads.import_hosts = vec!["*".to_owned()];
    let platform = platform_with(config).await;
    let mark = Client::new(&platform, "mark").await;
    for url in ["ftp://h/x", "file:///etc/passwd", "http://", ""] {
        let (status, answer) = mark.post("/api/v1/videos/import", json!({"url": url})).await;
        assert_eq!(
            (status, &answer["error"]["code"]),
            (StatusCode::BAD_REQUEST, &json!("import_url")),
            "{url}"
        );
    }
    let video = import(&platform, &mark, &origin.url).await;
    assert_eq!(video.state, "failed");
    assert!(video.failure.contains("outbound.allow"), "{}", video.failure);
    assert_eq!(*origin.asked.lock().unwrap(), Vec::<String>::new());
}

#[tokio::test]
async fn redirects_are_followed_to_listed_hosts_alone() {
    let origin = origin(film(1000), 1000, |request, film, piece, _| match request.uri().query() {
        Some("away") => (StatusCode::FOUND, [(header::LOCATION, "http://localhost:1/x")]).into_response(),
        Some("round") => (StatusCode::FOUND, [(header::LOCATION, "?round")]).into_response(),
        Some("here") => (StatusCode::FOUND, [(header::LOCATION, "/other.mp4")]).into_response(),
        _ => breaking(request, film, piece, 0),
    })
    .await;
    let platform = importing(&["127.0.0.1"]).await;
    let mark = Client::new(&platform, "mark").await;
    for (query, state, failure) in [
        ("here", "probing", ""),
        ("away", "failed", "does not import from \"localhost\""),
        ("round", "failed", "redirects more than"),
    ] {
        let video = import(&platform, &mark, &format!("{}?{query}", origin.url)).await;
        assert_eq!(video.state, state, "{query}");
        assert!(video.failure.contains(failure), "{query}: {}", video.failure);
    }
}

#[tokio::test]
async fn what_is_too_large_no_file_or_no_video_fails_in_words() {
    let platform = importing(&["127.0.0.1"]).await;
    let mark = Client::new(&platform, "mark").await;
    let origin = origin(film(1000), 1000, |request, film, piece, _| {
        let (sender, body) = slow();
        match request.uri().query() {
            Some("missing") => StatusCode::NOT_FOUND.into_response(),
            Some("huge") => {
                tokio::spawn(async move { sender.closed().await });
                ([(header::CONTENT_LENGTH, "100000001")], body).into_response()
            }
            Some("text") => "#EXTM3U\n".repeat(100).into_response(),
            Some("empty") => StatusCode::OK.into_response(),
            _ => breaking(request, film, piece, 0),
        }
    })
    .await;
    for (query, failure) in
        [("missing", "404"), ("huge", "uploads.bytes_max"), ("text", "a playlist"), ("empty", "no bytes")]
    {
        let video = import(&platform, &mark, &format!("{}?{query}", origin.url)).await;
        assert_eq!(video.state, "failed", "{query}");
        assert!(video.failure.contains(failure), "{query}: {}", video.failure);
    }
    assert_eq!(files(&platform), 0);
    assert_eq!(mark.get(UPLOADS).await.1["items"], json!([]));
}

#[tokio::test]
async fn a_host_that_is_away_may_come_back_and_the_import_goes_on() {
    let film = film(200_000);
    let origin = origin(film.clone(), 120_000, |request, film, piece, count| match count {
        1..=3 => StatusCode::SERVICE_UNAVAILABLE.into_response(),
        _ => breaking(request, film, piece, 0),
    })
    .await;
    let platform = importing(&["127.0.0.1"]).await;
    let mark = Client::new(&platform, "mark").await;
    let (_, answer) = mark.post("/api/v1/videos/import", json!({"url": origin.url})).await;
    let id = answer["video_id"].as_str().unwrap();
    let jobs = format!("/api/v1/videos/{id}/jobs");
    wait_for("the first attempt fails", async || mark.get(&jobs).await.1.to_string().contains("503")).await;
    assert_eq!(mark.get(UPLOADS).await.1["items"][0]["received_bytes"], 120_000);
    assert_eq!(videos::by_address(&platform.db, id).await.unwrap().unwrap().state, "waiting");
    // The time before the next attempt is over.
    platform.db.execute(sql("UPDATE jobs SET run_after = 0")).await.unwrap();
    platform.uploads.import_wanted.notify_one();
    let video = settled(&platform, id).await;
    assert_eq!(platform.objects.read_all(&format!("{}/source", video.objects_prefix())).await.unwrap(), film);
}

#[tokio::test]
async fn an_import_that_is_cancelled_ends_with_its_file() {
    let origin = origin(film(1000), 1000, |_, film, _, _| {
        let (sender, body) = slow();
        sender.try_send(Ok(Bytes::from(film[..700].to_vec()))).unwrap();
        tokio::spawn(async move { sender.closed().await });
        ([(header::CONTENT_LENGTH, "1000")], body).into_response()
    })
    .await;
    let platform = importing(&["127.0.0.1"]).await;
    let mark = Client::new(&platform, "mark").await;
    let (_, answer) = mark.post("/api/v1/videos/import", json!({"url": origin.url})).await;
    wait_for("it is fetched", async || files(&platform) == 1).await;
    let job = answer["job_id"].as_i64().unwrap();
    assert!(crate::jobs::cancel(&platform, job).await.unwrap());
    let video = settled(&platform, answer["video_id"].as_str().unwrap()).await;
    assert_eq!((video.state.as_str(), video.failure.as_str()), ("failed", "The import was cancelled."));
    assert_eq!(files(&platform), 0);
}
