use super::*;
use crate::clock::now_ms;
use crate::testing::{Client, config, platform, platform_with};
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

async fn room(mark: &Client) -> (i64, StreamPath) {
    let (status, room) = mark.post("/api/v1/rooms", json!({"title": "Evening show"})).await;
    assert_eq!(status, StatusCode::CREATED, "{room}");
    (room["id"].as_i64().unwrap(), StreamPath::parse(room["stream"].as_str().unwrap()).unwrap())
}

fn measured(duration_ms: i64) -> Measured {
    Measured {
        duration_ms,
        width: 1280,
        height: 720,
        frame_rate_milli: 25_000,
        codecs: "avc1.4d401f,mp4a.40.2".to_owned(),
        bytes: duration_ms * 100,
        parts: Vec::new(),
        stretches: Vec::new(),
    }
}

async fn recorded(platform: &Arc<Platform>, path: &StreamPath, duration_ms: i64) -> Video {
    let video = begin(platform, path, 1_700_000_000_000).await.unwrap().unwrap();
    complete(platform, video.id, &measured(duration_ms)).await.unwrap();
    videos::get(&platform.db, video.id).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_broadcast_becomes_a_video_the_moment_it_ends() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let (id, path) = room(&mark).await;
    assert!(wants(&platform, &path).await.unwrap());
    let uri = format!("/api/v1/rooms/{id}/recording");
    assert_eq!(mark.get(&uri).await.0, StatusCode::NOT_FOUND);
    let video = begin(&platform, &path, 1_700_000_000_000).await.unwrap().unwrap();
    let (status, making) = mark.get(&uri).await;
    assert_eq!((status, making["id"].as_str()), (StatusCode::OK, Some(video.public_id.as_str())));
    note(&platform, video.id, &measured(4000)).await.unwrap();
    complete(&platform, video.id, &measured(9000)).await.unwrap();
    assert_eq!(mark.get(&uri).await.0, StatusCode::NOT_FOUND);
    let (_, found) = mark.get(&format!("/api/v1/videos/{}", video.public_id)).await;
    assert_eq!(found["state"], "ready");
    assert_eq!((&found["title"], &found["origin"]), (&json!("Evening show"), &json!("recording")));
    assert_eq!((&found["duration_ms"], &found["height"]), (&json!(9000), &json!(720)));
    let files = videos::files(&platform.db, video.id).await.unwrap();
    assert_eq!((files[0].name.as_str(), files[0].bytes), ("log", 900_000));
    assert_eq!(files[0].path, format!("videos/{}/log", video.public_id));
    let jobs = jobs::of_video(&platform.db, video.id).await.unwrap();
    assert_eq!(jobs.iter().map(|job| job.kind.as_str()).collect::<Vec<_>>(), ["thumbnails"]);
}

#[tokio::test]
async fn the_parts_of_a_recording_are_listed_as_files_to_download() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let (_, path) = room(&mark).await;
    let whole = recorded(&platform, &path, 9000).await;
    let downloads = async |video: &Video| {
        let (_, found) = mark.get(&format!("/api/v1/videos/{}", video.public_id)).await;
        found["downloads"].clone()
    };
    let found = downloads(&whole).await;
    assert_eq!(found.as_array().map(Vec::len), Some(1), "{found}");
    assert_eq!(found[0]["address"], json!(format!("/streams/{}/download.mp4", whole.public_id)));
    assert_eq!((&found[0]["part"], &found[0]["duration_ms"]), (&json!(null), &json!(9000)));

    let video = begin(&platform, &path, 1_700_000_000_000).await.unwrap().unwrap();
    let part =
        |start_ms, height| Part { start_ms, duration_ms: 4500, width: height * 16 / 9, height, bytes: 100 };
    let two = Measured { parts: vec![part(0, 720), part(4500, 1080)], ..measured(9000) };
    complete(&platform, video.id, &two).await.unwrap();
    let found = downloads(&video).await;
    assert_eq!(found.as_array().map(Vec::len), Some(2), "{found}");
    let address = format!("/streams/{}/download.mp4?part=2", video.public_id);
    assert_eq!((&found[1]["address"], &found[1]["part"]), (&json!(address), &json!(2)));
    assert_eq!((&found[1]["start_ms"], &found[1]["height"]), (&json!(4500), &json!(1080)));
}

#[tokio::test]
async fn a_recording_of_nothing_is_no_video() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let (_, path) = room(&mark).await;
    let video = begin(&platform, &path, 1).await.unwrap().unwrap();
    complete(&platform, video.id, &Measured::default()).await.unwrap();
    assert!(videos::get(&platform.db, video.id).await.unwrap().is_none());
}

#[tokio::test]
async fn the_host_says_whether_it_is_recorded_and_the_site_whether_anything_is() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let (id, path) = room(&mark).await;
    let uri = format!("/api/v1/rooms/{id}");
    let (_, changed) =
        mark.call(Method::PATCH, &uri, Some(json!({"is_recorded": false, "keep_days": 7}))).await;
    assert_eq!((&changed["is_recorded"], &changed["keep_days"]), (&json!(false), &json!(7)));
    assert!(!wants(&platform, &path).await.unwrap());
    for wrong in [json!({"keep_days": 0}), json!({"clips": "some"})] {
        assert_eq!(mark.call(Method::PATCH, &uri, Some(wrong)).await.0, StatusCode::BAD_REQUEST);
    }
    let other = StreamPath::parse("live/other").unwrap();
    assert!(!wants(&platform, &other).await.unwrap());
    let mut all = config();
    all.recordings.streams = Streams::All;
    let platform = platform_with(all).await;
    assert!(wants(&platform, &other).await.unwrap());
    assert!(begin(&platform, &other, 1).await.unwrap().is_none(), "nobody could own it");
    let anna = Client::new(&platform, "anna").await;
    users::make_admin(&platform.db, "anna").await.unwrap();
    let video = begin(&platform, &other, 1).await.unwrap().unwrap();
    assert_eq!((video.title.as_str(), video.privacy.as_str()), ("live/other", "unlisted"));
    assert_eq!(anna.get(&format!("/api/v1/videos/{}", video.public_id)).await.0, StatusCode::OK);
}

#[tokio::test]
async fn recordings_that_a_dead_server_left_open_are_found() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let (_, path) = room(&mark).await;
    let video = begin(&platform, &path, 1).await.unwrap().unwrap();
    let found = left_open(&platform, now_ms() + 1).await.unwrap();
    assert_eq!(found.iter().map(|video| video.id).collect::<Vec<_>>(), [video.id]);
    assert!(left_open(&platform, now_ms() - 60_000).await.unwrap().is_empty());
    complete(&platform, video.id, &measured(2000)).await.unwrap();
    assert!(left_open(&platform, now_ms() + 1).await.unwrap().is_empty());
}

async fn age(platform: &Platform, video: &Video, days: i64) {
    let update = sql("UPDATE videos SET created_at = $2 WHERE id = $1");
    platform.db.execute(update.bind(video.id).bind(now_ms() - days * 86_400_000)).await.unwrap();
}

async fn left(platform: &Platform, videos: &[&Video]) -> Vec<bool> {
    retention::tidy(platform).await.unwrap();
    let mut left = Vec::new();
    for video in videos {
        left.push(videos::get(&platform.db, video.id).await.unwrap().is_some());
    }
    left
}

#[tokio::test]
async fn recordings_go_when_they_are_older_than_the_room_or_the_site_keeps_them() {
    let mut keep = config();
    keep.recordings.keep_days = 30;
    let platform = platform_with(keep).await;
    let mark = Client::new(&platform, "mark").await;
    let ((id, short), (_, plain)) = (room(&mark).await, room(&mark).await);
    mark.call(Method::PATCH, &format!("/api/v1/rooms/{id}"), Some(json!({"keep_days": 7}))).await;
    let mut all = Vec::new();
    for (path, days) in [(&short, 8), (&short, 6), (&plain, 31), (&plain, 29), (&plain, 31)] {
        let video = recorded(&platform, path, 1000).await;
        age(&platform, &video, days).await;
        all.push(video);
    }
    platform.recordings.watched(&all[4].public_id);
    let all: Vec<_> = all.iter().collect();
    assert_eq!(
        left(&platform, &all).await,
        [false, true, false, true, true],
        "the last one is being watched"
    );
}

#[tokio::test]
async fn the_oldest_recordings_of_a_room_go_when_they_are_too_many_bytes() {
    let mut keep = config();
    keep.recordings.keep_bytes = 250_000;
    let platform = platform_with(keep).await;
    let mark = Client::new(&platform, "mark").await;
    let ((_, one), (_, other)) = (room(&mark).await, room(&mark).await);
    let mut all = Vec::new();
    for path in [&one, &one, &other, &one] {
        all.push(recorded(&platform, path, 1000).await);
    }
    let all: Vec<_> = all.iter().collect();
    assert_eq!(left(&platform, &all).await, [false, true, true, true]);
}

#[tokio::test]
async fn clips_are_cut_by_whom_the_room_allows_it() {
    let platform = platform().await;
    let (mark, anna) = (Client::new(&platform, "mark").await, Client::new(&platform, "anna").await);
    let (id, path) = room(&mark).await;
    let uri = format!("/api/v1/rooms/{id}/clips");
    let last = json!({"last_seconds": 30, "title": "The goal"});
    assert_eq!(anna.post(&uri, last.clone()).await.0, StatusCode::NOT_FOUND, "nothing is recorded");
    let video = begin(&platform, &path, now_ms()).await.unwrap().unwrap();
    let (status, clip) = anna.post(&uri, last.clone()).await;
    assert_eq!(status, StatusCode::CREATED, "{clip}");
    let clip = videos::by_address(&platform.db, clip["id"].as_str().unwrap()).await.unwrap().unwrap();
    assert_eq!((clip.title.as_str(), clip.origin.as_str(), clip.room_id), ("The goal", "clip", Some(id)));
    let query = sql("SELECT detail FROM jobs WHERE video_id = $1 AND kind = 'clip'").bind(clip.id);
    let (detail,): (String,) = platform.db.one(query).await.unwrap();
    let cut: Cut = serde_json::from_str(&detail).unwrap();
    assert_eq!((cut.from, cut.end_ms - cut.start_ms, cut.is_wall_time), (video.id, 30_000, true));

    let room_uri = format!("/api/v1/rooms/{id}");
    mark.call(Method::PATCH, &room_uri, Some(json!({"clips": "host"}))).await;
    let (status, refused) = anna.post(&uri, last.clone()).await;
    assert_eq!((status, &refused["error"]["code"]), (StatusCode::FORBIDDEN, &json!("host_only")));
    assert_eq!(mark.post(&uri, last.clone()).await.0, StatusCode::CREATED);
    mark.call(Method::PATCH, &room_uri, Some(json!({"clips": "off"}))).await;
    assert_eq!(mark.post(&uri, last).await.0, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn a_clip_has_a_sensible_length() {
    let platform = platform().await;
    let mark = Client::new(&platform, "mark").await;
    let (id, path) = room(&mark).await;
    let video = recorded(&platform, &path, 100_000).await;
    let uri = format!("/api/v1/videos/{}/clips", video.public_id);
    for (start_ms, end_ms, expected) in [
        (0, 60_000, StatusCode::CREATED),
        (0, 60_001, StatusCode::BAD_REQUEST),
        (5, 5, StatusCode::BAD_REQUEST),
        (-1, 5, StatusCode::BAD_REQUEST),
        (i64::MIN, i64::MAX, StatusCode::BAD_REQUEST),
    ] {
        let body: Value = json!({"start_ms": start_ms, "end_ms": end_ms});
        assert_eq!(mark.post(&uri, body).await.0, expected, "{start_ms}-{end_ms}");
    }
    begin(&platform, &path, now_ms()).await.unwrap();
    let uri = format!("/api/v1/rooms/{id}/clips");
    for body in [json!({}), json!({"last_seconds": 5, "start_ms": 1}), json!({"last_seconds": i64::MAX})] {
        assert_eq!(mark.post(&uri, body.clone()).await.0, StatusCode::BAD_REQUEST, "{body}");
    }
}

#[tokio::test]
async fn clips_of_a_private_recording_are_private() {
    let platform = platform().await;
    let (mark, anna) = (Client::new(&platform, "mark").await, Client::new(&platform, "anna").await);
    let (_, path) = room(&mark).await;
    let video = recorded(&platform, &path, 10_000).await;
    let uri = format!("/api/v1/videos/{}", video.public_id);
    mark.call(Method::PATCH, &uri, Some(json!({"privacy": "private"}))).await;
    let body = json!({"start_ms": 0, "end_ms": 5000});
    assert_eq!(anna.post(&format!("{uri}/clips"), body.clone()).await.0, StatusCode::NOT_FOUND);
    let (_, clip) = mark.post(&format!("{uri}/clips"), body).await;
    let clip = videos::by_address(&platform.db, clip["id"].as_str().unwrap()).await.unwrap().unwrap();
    assert_eq!(clip.privacy, "private");
    assert_eq!(clip.starts_at, Some(1_700_000_000_000));
}
