use super::{finish, folder};
use crate::clock::now_ms;
use crate::db::sql;
use crate::testing::{Client, config, platform, platform_with};
use crate::{Platform, videos};
use axum::body::Body;
use axum::extract::ConnectInfo;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use hyper::body::Frame;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;
use tower::ServiceExt;

mod importing;
mod limits;

const UPLOADS: &str = "/api/v1/uploads";

struct Answer {
    status: StatusCode,
    headers: HeaderMap,
    body: Value,
}

impl Answer {
    fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    fn offset(&self) -> usize {
        self.header("upload-offset").parse().unwrap_or_else(|_| panic!("{} {}", self.status, self.body))
    }

    fn code(&self) -> &str {
        self.body["error"]["code"].as_str().unwrap_or_default()
    }
}

/// What a tus client sends.
async fn tus(
    platform: &Arc<Platform>,
    client: &Client,
    method: Method,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path).header("tus-resumable", "1.0.0");
    if let Some(token) = &client.token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request.extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 5000))));
    let (router, _) = crate::openapi::api();
    let router = router.with_state(platform.clone());
    let response = router.oneshot(request.body(body.into()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    assert_eq!(parts.headers["tus-resumable"], "1.0.0");
    Answer {
        status: parts.status,
        headers: parts.headers,
        body: serde_json::from_slice(&bytes).unwrap_or(Value::Null),
    }
}

async fn create(platform: &Arc<Platform>, client: &Client, bytes: usize) -> Answer {
    let (length, metadata) = (bytes.to_string(), format!("filename {}", STANDARD.encode("a film.mp4")));
    let headers = [("upload-length", length.as_str()), ("upload-metadata", metadata.as_str())];
    tus(platform, client, Method::POST, UPLOADS, &headers, Body::empty()).await
}

/// Begins an upload and gives its address.
async fn begun(platform: &Arc<Platform>, client: &Client, bytes: usize) -> String {
    let made = create(platform, client, bytes).await;
    assert_eq!(made.status, StatusCode::CREATED, "{}", made.body);
    made.header("location").to_owned()
}

async fn patch(
    platform: &Arc<Platform>,
    client: &Client,
    at: &str,
    offset: usize,
    more: &[(&str, &str)],
    body: impl Into<Body>,
) -> Answer {
    let offset = offset.to_string();
    let mut headers =
        vec![("content-type", "application/offset+octet-stream"), ("upload-offset", offset.as_str())];
    headers.extend(more);
    tus(platform, client, Method::PATCH, at, &headers, body).await
}

async fn head(platform: &Arc<Platform>, client: &Client, at: &str) -> Answer {
    tus(platform, client, Method::HEAD, at, &[], Body::empty()).await
}

/// The beginning of an MP4 file, and then anything.
fn film(bytes: usize) -> Vec<u8> {
    let mut film: Vec<u8> = (0..bytes).map(|i| (i * 31 % 251) as u8).collect();
    film[..12].copy_from_slice(b"\0\0\0\x18ftypisom");
    film
}

/// A body that comes bit by bit, and the one who sends it.
fn slow() -> (mpsc::Sender<io::Result<Bytes>>, Body) {
    let (sender, receiver) = mpsc::channel(8);
    (sender, Body::new(Slow(receiver)))
}

struct Slow(mpsc::Receiver<io::Result<Bytes>>);

impl hyper::body::Body for Slow {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(Frame::data)))
    }
}

async fn wait_for(what: &str, mut check: impl AsyncFnMut() -> bool) {
    for _ in 0..500 {
        if check().await {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{what} did not happen");
}

fn files(platform: &Platform) -> usize {
    std::fs::read_dir(folder(platform)).map_or(0, Iterator::count)
}

#[tokio::test]
async fn a_file_that_came_in_parts_is_the_video_s_source_and_is_looked_at() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let film = film(5_000_000);
    let made = create(&platform, &mark, film.len()).await;
    assert_eq!(made.status, StatusCode::CREATED);
    assert!(made.header("upload-expires").ends_with("GMT"));
    let (at, video_id) = (made.header("location").to_owned(), made.header("weir-video-id").to_owned());
    let video = videos::by_address(&platform.db, &video_id).await.unwrap().unwrap();
    assert_eq!((video.state.as_str(), video.title.as_str()), ("waiting", "a film"));
    assert_eq!(video.privacy, "private");

    let (_, listed) = mark.get(UPLOADS).await;
    assert_eq!(listed["items"][0]["video_id"], json!(video_id));
    let mut offset = 0;
    for length in [1, 300, 2_000_000, 2_999_699] {
        let answer = patch(&platform, &mark, &at, offset, &[], film[offset..offset + length].to_vec()).await;
        assert_eq!(answer.status, StatusCode::NO_CONTENT, "{}", answer.body);
        offset += length;
        assert_eq!(answer.offset(), offset);
        assert_eq!(head(&platform, &mark, &at).await.offset(), offset);
    }
    let video = videos::get(&platform.db, video.id).await.unwrap().unwrap();
    assert_eq!((video.state.as_str(), video.bytes), ("probing", 5_000_000));
    let source = platform.objects.read_all(&format!("videos/{video_id}/source")).await.unwrap();
    assert_eq!(Sha256::digest(&source), Sha256::digest(&film));
    let (jobs,) =
        platform.db.one::<(i64,)>(sql("SELECT COUNT(*) FROM jobs WHERE kind = 'probe'")).await.unwrap();
    assert_eq!((jobs, files(&platform)), (1, 0));
    let (_, listed) = mark.get(UPLOADS).await;
    assert_eq!(listed["items"], json!([]));
    // A client that missed the last answer hears of it still.
    let answer = head(&platform, &mark, &at).await;
    assert_eq!((answer.status, answer.offset()), (StatusCode::OK, film.len()));
    assert_eq!(answer.header("weir-video-id"), video_id);
    assert_eq!(
        tus(&platform, &mark, Method::DELETE, &at, &[], Body::empty()).await.code(),
        "upload_complete"
    );
}

#[tokio::test]
async fn the_first_bytes_may_come_with_the_creation_and_all_the_others_too() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let film = film(100_000);
    for first in [0, 600, film.len()] {
        let headers = [("upload-length", "100000"), ("content-type", "application/offset+octet-stream")];
        let made = tus(&platform, &mark, Method::POST, UPLOADS, &headers, film[..first].to_vec()).await;
        assert_eq!((made.status, made.offset()), (StatusCode::CREATED, first), "{}", made.body);
        let video = videos::by_address(&platform.db, made.header("weir-video-id")).await.unwrap().unwrap();
        assert_eq!(video.state, if first == film.len() { "probing" } else { "waiting" });
    }
}

#[tokio::test]
async fn what_came_before_a_break_is_kept_and_the_rest_goes_on_there() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let film = film(300_000);
    let at = begun(&platform, &mark, film.len()).await;
    let (sender, body) = slow();
    let cut = async {
        sender.send(Ok(Bytes::from(film[..70_000].to_vec()))).await.unwrap();
        sender.send(Ok(Bytes::from(film[70_000..100_000].to_vec()))).await.unwrap();
        sender.send(Err(io::ErrorKind::ConnectionReset.into())).await.unwrap();
    };
    let (answer, ()) = tokio::join!(patch(&platform, &mark, &at, 0, &[], body), cut);
    assert_eq!(answer.code(), "upload_broken_off");
    assert_eq!(head(&platform, &mark, &at).await.offset(), 100_000);
    let answer = patch(&platform, &mark, &at, 100_000, &[], film[100_000..].to_vec()).await;
    assert_eq!((answer.status, answer.offset()), (StatusCode::NO_CONTENT, film.len()));
}

#[tokio::test]
async fn a_request_that_hangs_is_ended_by_the_one_that_comes_after_it() {
    let platform = platform().await;
    let mark = Arc::new(Client::new(&platform, "mark").await);
    let film = film(300_000);
    let at = begun(&platform, &mark, film.len()).await;
    let (sender, body) = slow();
    let hanging = {
        let (platform, mark, at) = (platform.clone(), mark.clone(), at.clone());
        tokio::spawn(async move { patch(&platform, &mark, &at, 0, &[], body).await })
    };
    sender.send(Ok(Bytes::from(film[..50_000].to_vec()))).await.unwrap();
    wait_for("the first bytes are read", async || sender.capacity() == sender.max_capacity()).await;
    assert_eq!(head(&platform, &mark, &at).await.offset(), 50_000);
    let answer = patch(&platform, &mark, &at, 50_000, &[], film[50_000..].to_vec()).await;
    assert_eq!((answer.status, answer.offset()), (StatusCode::NO_CONTENT, film.len()));
    drop(sender);
    let ended = hanging.await.unwrap();
    assert_eq!((ended.status, ended.code()), (StatusCode::LOCKED, "upload_taken_over"));
}

#[tokio::test]
async fn who_asks_how_far_it_is_while_that_cannot_be_said_is_to_ask_again_and_not_to_begin_anew() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let at = begun(&platform, &mark, 1000).await;
    platform.db.close().await;
    assert_eq!(head(&platform, &mark, &at).await.status, StatusCode::LOCKED);
    let answer = patch(&platform, &mark, &at, 0, &[], film(100)).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
}

#[tokio::test]
async fn what_is_not_certain_is_never_told_and_cut_off_when_it_goes_on() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let film = film(200_000);
    let at = begun(&platform, &mark, film.len()).await;
    patch(&platform, &mark, &at, 0, &[], film[..80_000].to_vec()).await;
    let file = folder(&platform).join(at.rsplit('/').next().unwrap());
    // As if the server had been killed after it wrote and before it knew that the disk has it.
    let mut garbage = std::fs::OpenOptions::new().append(true).open(&file).unwrap();
    std::io::Write::write_all(&mut garbage, &[9; 5000]).unwrap();
    assert_eq!(head(&platform, &mark, &at).await.offset(), 80_000);
    assert_eq!(std::fs::metadata(&file).unwrap().len(), 80_000);
    // As if the disk had lost what it confirmed.
    garbage.set_len(30_000).unwrap();
    assert_eq!(head(&platform, &mark, &at).await.offset(), 30_000);
    let answer = patch(&platform, &mark, &at, 30_000, &[], film[30_000..].to_vec()).await;
    assert_eq!(answer.offset(), film.len());
    let (path,) = platform.db.one::<(String,)>(sql("SELECT path FROM video_files")).await.unwrap();
    assert_eq!(platform.objects.read_all(&path).await.unwrap(), film);
}

#[tokio::test]
async fn bytes_that_do_not_add_up_are_refused_with_460_and_not_kept() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let film = film(3_000_000);
    let at = begun(&platform, &mark, film.len()).await;
    let sum = format!("sha256 {}", STANDARD.encode(Sha256::digest(&film)));
    let mut changed = film.clone();
    changed[1_500_000] ^= 1;
    let answer = patch(&platform, &mark, &at, 0, &[("upload-checksum", &sum)], changed).await;
    assert_eq!((answer.status.as_u16(), answer.code()), (460, "checksum_mismatch"));
    let half = patch(&platform, &mark, &at, 0, &[("upload-checksum", &sum)], film[..9].to_vec()).await;
    assert_eq!(half.status.as_u16(), 460);
    assert_eq!(head(&platform, &mark, &at).await.offset(), 0);
    let answer = patch(&platform, &mark, &at, 0, &[("upload-checksum", &sum)], film.clone()).await;
    assert_eq!((answer.status, answer.offset()), (StatusCode::NO_CONTENT, film.len()));
    let answer = patch(&platform, &mark, &at, 0, &[("upload-checksum", "crc32 AAAA")], Body::empty()).await;
    assert_eq!(answer.code(), "upload_checksum");
}

#[tokio::test]
async fn of_an_upload_that_is_ended_nothing_stays() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let at = begun(&platform, &mark, 1000).await;
    patch(&platform, &mark, &at, 0, &[], film(700)).await;
    assert_eq!(files(&platform), 1);
    let ended = tus(&platform, &mark, Method::DELETE, &at, &[], Body::empty()).await;
    assert_eq!(ended.status, StatusCode::NO_CONTENT);
    assert_eq!(head(&platform, &mark, &at).await.status, StatusCode::NOT_FOUND);
    assert_eq!(patch(&platform, &mark, &at, 700, &[], vec![0; 300]).await.code(), "upload_not_found");
    assert_eq!(mark.get("/api/v1/videos?mine=true").await.1["items"], json!([]));
    assert_eq!(files(&platform), 0);
}

#[tokio::test]
async fn an_upload_ends_when_its_video_is_taken_away() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let made = create(&platform, &mark, 1000).await;
    let (at, video) = (made.header("location"), made.header("weir-video-id"));
    patch(&platform, &mark, at, 0, &[], film(700)).await;
    assert_eq!(mark.delete(&format!("/api/v1/videos/{video}")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(patch(&platform, &mark, at, 700, &[], vec![0; 300]).await.code(), "upload_not_found");
    finish::tidy(&platform).await.unwrap();
    let (rows,) = platform.db.one::<(i64,)>(sql("SELECT COUNT(*) FROM uploads")).await.unwrap();
    assert_eq!((rows, files(&platform)), (0, 0));
}

#[tokio::test]
async fn uploads_that_lie_still_expire_with_their_files_and_their_videos() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let (old, new) = (begun(&platform, &mark, 1000).await, begun(&platform, &mark, 1000).await);
    for at in [&old, &new] {
        patch(&platform, &mark, at, 0, &[], film(700)).await;
    }
    let age = sql("UPDATE uploads SET expires_at = $1 WHERE public_id = $2").bind(now_ms() - 1);
    platform.db.execute(age.bind(old.rsplit('/').next().unwrap())).await.unwrap();
    let answer = patch(&platform, &mark, &old, 700, &[], vec![0; 300]).await;
    assert_eq!((answer.status, answer.code()), (StatusCode::GONE, "upload_expired"));
    std::fs::write(folder(&platform).join("of-nobody"), b"x").unwrap();
    let ages_ago = std::time::SystemTime::now() - Duration::from_secs(7200);
    std::fs::File::options()
        .write(true)
        .open(folder(&platform).join("of-nobody"))
        .unwrap()
        .set_modified(ages_ago)
        .unwrap();
    finish::tidy(&platform).await.unwrap();
    assert_eq!(files(&platform), 1);
    assert_eq!(mark.get("/api/v1/videos?mine=true").await.1["items"].as_array().unwrap().len(), 1);
    assert_eq!(head(&platform, &mark, &old).await.status, StatusCode::NOT_FOUND);
    assert_eq!(head(&platform, &mark, &new).await.offset(), 700);
}

#[tokio::test]
async fn a_complete_file_whose_server_was_ended_before_it_was_at_its_place_gets_there() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let film = film(1000);
    let made = create(&platform, &mark, film.len()).await;
    let at = made.header("location");
    patch(&platform, &mark, at, 0, &[], film[..999].to_vec()).await;
    std::fs::write(folder(&platform).join(at.rsplit('/').next().unwrap()), &film).unwrap();
    platform.db.execute(sql("UPDATE uploads SET received_bytes = 1000")).await.unwrap();
    let answer = head(&platform, &mark, at).await;
    assert_eq!(answer.offset(), 1000);
    let video = made.header("weir-video-id");
    wait_for("the video is looked at", async || {
        videos::by_address(&platform.db, video).await.unwrap().unwrap().state == "probing"
    })
    .await;
    assert_eq!(platform.objects.read_all(&format!("videos/{video}/source")).await.unwrap(), film);
    // The same again, as if it had been ended a step later: it is looked at once.
    platform.db.execute(sql("UPDATE uploads SET finished_at = NULL")).await.unwrap();
    head(&platform, &mark, at).await;
    wait_for("the upload is finished", async || {
        let open = sql("SELECT COUNT(*) FROM uploads WHERE finished_at IS NULL");
        platform.db.one::<(i64,)>(open).await.unwrap().0 == 0
    })
    .await;
    let (jobs,) = platform.db.one::<(i64,)>(sql("SELECT COUNT(*) FROM jobs")).await.unwrap();
    assert_eq!(jobs, 1);
}
