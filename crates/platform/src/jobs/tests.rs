use super::queue::{Failure, Times};
use super::*;
use crate::testing::{Client, platform};
use crate::videos::{NewVideo, Origin, Video};
use http::{Method, StatusCode};
use std::collections::HashSet;
use std::time::Duration;

const TIMES: Times = Times { lease: Duration::from_secs(30), retry: Duration::ZERO };
const NO_LEASE: Times = Times { lease: Duration::ZERO, ..TIMES };
const KINDS: [&str; 3] = [kinds::PROBE, kinds::TRANSCODE, kinds::THUMBNAILS];

async fn video(platform: &Platform, owner: &Client) -> Video {
    let new = NewVideo {
        user_id: owner.id,
        room_id: None,
        broadcast_id: None,
        origin: Origin::Upload,
        name: None,
        title: "a video".to_owned(),
        privacy: "public".to_owned(),
        state: State::Probing,
        starts_at: None,
    };
    videos::create(&platform.db, new).await.unwrap()
}

async fn put(platform: &Platform, video: &Video, kind: &str, priority: i64) -> i64 {
    enqueue(&platform.db, video.id, kind, &json!({}), priority).await.unwrap()
}

async fn take(platform: &Platform, times: Times) -> Option<Job> {
    queue::take(platform, &KINDS, times).await.unwrap()
}

async fn state(platform: &Platform, id: i64) -> (String, String) {
    let query = sql("SELECT state, failure FROM jobs WHERE id = $1").bind(id);
    platform.db.one(query).await.unwrap()
}

/// Lets a moment pass, so that a lease of nothing is over.
async fn moment() {
    tokio::time::sleep(Duration::from_millis(3)).await;
}

#[tokio::test]
async fn each_job_is_taken_once_however_many_take_at_once() {
    let platform = platform().await;
    let owner = Client::new(&platform, "owner").await;
    let video = video(&platform, &owner).await;
    for _ in 0..20 {
        put(&platform, &video, kinds::TRANSCODE, 0).await;
    }
    let mut takers = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let platform = platform.clone();
        takers.spawn(async move {
            let mut ids = Vec::new();
            while let Some(job) = take(&platform, TIMES).await {
                ids.push(job.id);
            }
            ids
        });
    }
    let taken: Vec<i64> = takers.join_all().await.into_iter().flatten().collect();
    let different: HashSet<i64> = taken.iter().copied().collect();
    // With rows locked by others PostgreSQL may answer "nothing" early, so one look more.
    let mut rest = 0;
    while take(&platform, TIMES).await.is_some() {
        rest += 1;
    }
    assert_eq!((taken.len() + rest, different.len()), (20, taken.len()));
}

#[tokio::test]
async fn the_urgent_job_is_first_then_the_oldest_and_other_kinds_are_left_alone() {
    let platform = platform().await;
    let owner = Client::new(&platform, "owner").await;
    let video = video(&platform, &owner).await;
    let slow = put(&platform, &video, kinds::TRANSCODE, 0).await;
    let slower = put(&platform, &video, kinds::TRANSCODE, 0).await;
    let first = put(&platform, &video, kinds::THUMBNAILS, PRIORITY_SHORT).await;
    put(&platform, &video, "import", PRIORITY_FIRST).await;
    let (_, list) = owner.get(&format!("/api/v1/videos/{}/jobs", video.public_id)).await;
    assert_eq!(list[2]["place"], 4, "{list}");
    assert_eq!(list[2]["waits_for"], "No worker is running; it waits until one is.");
    workers::seen(&platform.db, 1, "ffmpeg is missing").await.unwrap();
    let (_, list) = owner.get(&format!("/api/v1/videos/{}/jobs", video.public_id)).await;
    assert_eq!(list[2]["waits_for"], "It waits: ffmpeg is missing.");
    let mut order = Vec::new();
    while let Some(job) = take(&platform, TIMES).await {
        order.push(job.id);
    }
    assert_eq!(order, [first, slow, slower]);
}

#[tokio::test]
async fn a_job_whose_worker_went_away_is_taken_again_and_the_one_that_comes_back_has_lost_it() {
    let platform = platform().await;
    let owner = Client::new(&platform, "owner").await;
    let video = video(&platform, &owner).await;
    let id = put(&platform, &video, kinds::PROBE, 0).await;
    let lost = take(&platform, NO_LEASE).await.unwrap();
    moment().await;
    let again = take(&platform, TIMES).await.unwrap();
    assert_eq!((again.id, again.attempts), (id, 2));
    assert!(!queue::keep(&platform, &lost, 500, None, TIMES).await.unwrap());
    assert!(!queue::finish(&platform, &lost, &[]).await.unwrap());
    queue::fail(&platform, &lost, &Failure { reason: "late".into(), is_final: true }, TIMES).await.unwrap();
    assert!(queue::keep(&platform, &again, 500, Some(2000), TIMES).await.unwrap());
    let next = NewJob { kind: kinds::THUMBNAILS, detail: json!({}), priority: PRIORITY_SHORT };
    assert!(queue::finish(&platform, &again, &[next]).await.unwrap());
    assert_eq!(state(&platform, id).await.0, "done");
    assert_eq!(take(&platform, TIMES).await.unwrap().kind, kinds::THUMBNAILS);
    assert!(take(&platform, TIMES).await.is_none());
}

#[tokio::test]
async fn a_job_is_tried_three_times_with_pauses_and_then_its_video_has_failed_with_the_reason() {
    let platform = platform().await;
    let owner = Client::new(&platform, "owner").await;
    let video = video(&platform, &owner).await;
    let id = put(&platform, &video, kinds::PROBE, 0).await;
    let failure = Failure { reason: "the disk is full".into(), is_final: false };
    for attempt in 1..=3 {
        let job = take(&platform, TIMES).await.unwrap();
        assert_eq!(job.attempts, attempt);
        queue::fail(&platform, &job, &failure, TIMES).await.unwrap();
    }
    assert_eq!(state(&platform, id).await, ("failed".into(), "the disk is full".into()));
    assert!(take(&platform, TIMES).await.is_none());
    let failed = videos::get(&platform.db, video.id).await.unwrap().unwrap();
    assert_eq!((failed.state.as_str(), failed.failure.as_str()), ("failed", "the disk is full"));

    let admin = Client::admin(&platform, "admin").await;
    let path = format!("/api/v1/admin/jobs/{id}/retry");
    assert_eq!(admin.post(&path, json!({})).await.0, StatusCode::NO_CONTENT);
    assert_eq!(videos::get(&platform.db, video.id).await.unwrap().unwrap().state, "probing");
    let job = take(&platform, TIMES).await.unwrap();
    let patient = Times { retry: Duration::from_secs(10), ..TIMES };
    queue::fail(&platform, &job, &failure, patient).await.unwrap();
    assert!(take(&platform, TIMES).await.is_none(), "it waits for its pause");
}

#[tokio::test]
async fn a_job_that_ends_its_worker_each_time_is_given_up() {
    let platform = platform().await;
    let owner = Client::new(&platform, "owner").await;
    let video = video(&platform, &owner).await;
    let id = put(&platform, &video, kinds::PROBE, 0).await;
    for _ in 0..3 {
        assert!(take(&platform, NO_LEASE).await.is_some());
        moment().await;
    }
    assert!(take(&platform, TIMES).await.is_none());
    assert_eq!(state(&platform, id).await.0, "failed");
    assert_eq!(videos::get(&platform.db, video.id).await.unwrap().unwrap().state, "failed");
}

#[tokio::test]
async fn what_a_worker_gives_back_does_not_count_as_tried() {
    let platform = platform().await;
    let owner = Client::new(&platform, "owner").await;
    let video = video(&platform, &owner).await;
    put(&platform, &video, kinds::PROBE, 0).await;
    for _ in 0..5 {
        let job = take(&platform, TIMES).await.unwrap();
        assert_eq!(job.attempts, 1);
        queue::give_back(&platform, &job).await.unwrap();
    }
}

#[tokio::test]
async fn the_owner_hears_of_progress_and_can_cancel_and_others_cannot() {
    let platform = platform().await;
    let (owner, other) = (Client::new(&platform, "owner").await, Client::new(&platform, "other").await);
    let video = video(&platform, &owner).await;
    let id = put(&platform, &video, kinds::TRANSCODE, 0).await;
    let job = take(&platform, TIMES).await.unwrap();
    let mut heard = platform.bus.listen();
    queue::keep(&platform, &job, 250, Some(3000), TIMES).await.unwrap();
    let Ok(Event::ToUser { user_id, event, payload }) = heard.try_recv() else { panic!("nothing was told") };
    assert_eq!((user_id, event.as_str()), (owner.id, "job"));
    assert_eq!((&payload["progress_milli"], &payload["eta_ms"]), (&json!(250), &json!(3000)));
    assert_eq!(payload["video_id"], json!(video.public_id));

    let path = format!("/api/v1/videos/{}/jobs/{id}", video.public_id);
    assert_eq!(other.delete(&path).await.0, StatusCode::NOT_FOUND);
    assert_eq!(owner.delete(&path).await.0, StatusCode::NO_CONTENT);
    assert_eq!(owner.delete(&path).await.0, StatusCode::CONFLICT);
    assert!(!queue::keep(&platform, &job, 500, None, TIMES).await.unwrap());
    let cancelled = videos::get(&platform.db, video.id).await.unwrap().unwrap();
    assert_eq!(cancelled.state, "failed");
}

#[tokio::test]
async fn asking_twice_for_a_profile_is_asking_once() {
    let platform = platform().await;
    let owner = Client::new(&platform, "owner").await;
    let video = video(&platform, &owner).await;
    let path = format!("/api/v1/videos/{}/jobs", video.public_id);
    let wish = Some(json!({"profile": "tutorial"}));
    assert_eq!(owner.call(Method::POST, &path, wish.clone()).await.0, StatusCode::CONFLICT);
    let source = videos::NewFile {
        video_id: video.id,
        name: "source".to_owned(),
        kind: videos::FileKind::Source,
        path: "x".to_owned(),
        container: String::new(),
        codecs: String::new(),
        is_playable: false,
        width: 0,
        height: 0,
        frame_rate_milli: 0,
        bits_per_second: 0,
        bytes: 1,
    };
    videos::add_file(&platform.db, source).await.unwrap();
    let (status, first) = owner.call(Method::POST, &path, wish.clone()).await;
    assert_eq!((status, &first["profile"]), (StatusCode::ACCEPTED, &json!("tutorial")));
    assert_eq!(owner.call(Method::POST, &path, wish).await.1["id"], first["id"]);
}

#[tokio::test]
async fn admins_see_all_jobs_and_who_does_them() {
    let platform = platform().await;
    let admin = Client::admin(&platform, "admin").await;
    let video = video(&platform, &admin).await;
    put(&platform, &video, kinds::PROBE, 0).await;
    workers::seen(&platform.db, 2, "").await.unwrap();
    let (_, jobs) = admin.get("/api/v1/admin/jobs?state=waiting").await;
    assert_eq!((&jobs["waiting"], &jobs["items"][0]["video_id"]), (&json!(1), &json!(video.public_id)));
    assert_eq!((&jobs["workers"][0]["at_once"], &jobs["workers"][0]["problem"]), (&json!(2), &json!("")));
    assert_eq!(admin.get("/api/v1/admin/jobs?state=done").await.1["items"], json!([]));
    workers::gone(&platform.db).await.unwrap();
    assert_eq!(admin.get("/api/v1/admin/jobs").await.1["workers"], json!([]));
}
