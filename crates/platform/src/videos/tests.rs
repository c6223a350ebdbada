use super::*;
use crate::testing::{Client, platform};
use axum::extract::ConnectInfo;
use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::BodyExt;
use serde_json::json;
use std::net::SocketAddr;
use tower::ServiceExt;

mod lists;
mod plays;
mod rights;
mod talk;
mod telling;
mod texts;

async fn video(platform: &Platform, owner: &Client, title: &str) -> Video {
    let new = NewVideo {
        user_id: owner.id,
        room_id: None,
        broadcast_id: None,
        origin: Origin::Upload,
        name: None,
        title: title.to_owned(),
        privacy: "public".to_owned(),
        state: State::Waiting,
        starts_at: None,
    };
    create(&platform.db, new).await.unwrap()
}

/// A public video that can be played; its address in the API.
async fn ready(platform: &Platform, owner: &Client, title: &str) -> String {
    let video = video(platform, owner, title).await;
    set_state(platform, video.id, State::Ready, "").await.unwrap();
    format!("/api/v1/videos/{}", video.public_id)
}

/// The same of a known length.
async fn lasting(platform: &Platform, owner: &Client, title: &str, duration_ms: i64) -> String {
    let video = video(platform, owner, title).await;
    measured(&platform.db, video.id, duration_ms, 640, 360, 1).await.unwrap();
    set_state(platform, video.id, State::Ready, "").await.unwrap();
    format!("/api/v1/videos/{}", video.public_id)
}

async fn room_of(owner: &Client) -> i64 {
    let (status, room) = owner.post("/api/v1/rooms", json!({"title": "a room"})).await;
    assert_eq!(status, StatusCode::CREATED, "{room}");
    room["id"].as_i64().unwrap()
}

fn file(video_id: i64, name: &str, bytes: i64) -> NewFile {
    NewFile {
        video_id,
        name: name.to_owned(),
        kind: FileKind::Source,
        path: String::new(),
        container: String::new(),
        codecs: String::new(),
        is_playable: false,
        width: 0,
        height: 0,
        frame_rate_milli: 0,
        bits_per_second: 0,
        bytes,
    }
}

/// Calls with a text as the body, and gives what comes as text.
async fn text(client: &Client, method: Method, path: &str, body: &str) -> (StatusCode, String) {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(token) = &client.token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    request = request.extension(ConnectInfo(SocketAddr::from(([127, 0, 0, 1], 5000))));
    let (router, _) = crate::openapi::api();
    let router = router.with_state(client.platform.clone());
    let response =
        router.oneshot(request.body(axum::body::Body::from(body.to_owned())).unwrap()).await.unwrap();
    let status = response.status();
    let bytes = response.into_body().collect().await.unwrap().to_bytes();
    (status, String::from_utf8(bytes.to_vec()).unwrap())
}

#[tokio::test]
async fn a_video_is_listed_when_it_can_be_played_and_its_owner_sees_it_before() {
    let platform = platform().await;
    let (owner, stranger) = (Client::new(&platform, "owner").await, Client::new(&platform, "stranger").await);
    let video = video(&platform, &owner, "  My\ttrip ").await;
    let address = format!("/api/v1/videos/{}", video.public_id);
    assert_eq!(stranger.get(&address).await.0, StatusCode::NOT_FOUND);
    assert_eq!(stranger.get("/api/v1/videos").await.1["items"], json!([]));
    assert_eq!(owner.get("/api/v1/videos?mine=true").await.1["items"][0]["title"], "My trip");

    arrived(&platform, video.id).await.unwrap();
    set_state(&platform, video.id, State::Ready, "").await.unwrap();
    let (status, seen) = stranger.get(&address).await;
    assert_eq!((status, &seen["state"]), (StatusCode::OK, &json!("ready")));
    assert!(seen["published_at"].is_i64() && seen["play_sign"].is_string());
    assert_eq!(stranger.get("/api/v1/videos").await.1["items"][0]["id"], json!(video.public_id));
}

#[tokio::test]
async fn a_private_video_is_a_secret_to_strangers_and_one_with_a_password_shows_its_door() {
    let platform = platform().await;
    let (owner, stranger) = (Client::new(&platform, "owner").await, Client::new(&platform, "stranger").await);
    let video = video(&platform, &owner, "Mine").await;
    set_state(&platform, video.id, State::Ready, "").await.unwrap();
    let address = format!("/api/v1/videos/{}", video.public_id);
    owner.call(Method::PATCH, &address, Some(json!({"privacy": "private"}))).await;
    assert_eq!(stranger.get(&address).await.0, StatusCode::NOT_FOUND);
    assert!(owner.get(&address).await.1["play_sign"].is_string());
    assert_eq!(owner.patch(&address, json!({"privacy": "password"})).await.0, StatusCode::BAD_REQUEST);
    owner.patch(&address, json!({"privacy": "password", "password": "sesame"})).await;
    let (status, seen) = stranger.get(&address).await;
    assert_eq!(status, StatusCode::OK);
    assert!(seen["play_sign"].is_null());
}

#[tokio::test]
async fn a_video_goes_with_its_files() {
    let platform = platform().await;
    let owner = Client::new(&platform, "owner").await;
    let video = video(&platform, &owner, "Gone").await;
    let path = format!("{}/source", video.objects_prefix());
    platform.objects.put(&path, Bytes::from_static(b"x")).await.unwrap();
    let new = NewFile { path: path.clone(), ..file(video.id, "source", 1) };
    add_file(&platform.db, new.clone()).await.unwrap();
    add_file(&platform.db, NewFile { bytes: 2, ..new }).await.unwrap();
    assert_eq!(
        files(&platform.db, video.id).await.unwrap().iter().map(|file| file.bytes).collect::<Vec<_>>(),
        [2]
    );

    let address = format!("/api/v1/videos/{}", video.public_id);
    assert_eq!(owner.call(Method::DELETE, &address, None).await.0, StatusCode::NO_CONTENT);
    assert_eq!(platform.objects.size(&path).await.unwrap(), None);
    assert_eq!(owner.get(&address).await.0, StatusCode::NOT_FOUND);
    assert!(files(&platform.db, video.id).await.unwrap().is_empty());
}
