use super::*;
use crate::delivery::segmented::testing;
use crate::delivery::{Feeds, http};
use crate::writer::{self, Writers};
use crate::{Gateway, delivery::segmented};
use ::http::{StatusCode, header};
use axum::body::{Body, to_bytes};
use axum::extract::ConnectInfo;
use axum::response::Response;
use hub::{Action, Credential, Gate, GateFuture, Grant, Hub, Refusal, RefusalKind, Request};
use media::Timestamp;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Mutex, PoisonError};
use tower::ServiceExt;

/// A library of what was put into it.
#[derive(Default)]
struct Shelf(Mutex<HashMap<String, Arc<Video>>>);

impl Library for Shelf {
    fn find<'a>(&'a self, address: &'a str) -> LibraryFuture<'a> {
        let videos = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = videos.get(address).cloned();
        Box::pin(async move {
            match address {
                "away" => Err(LibraryAway("the database does not answer".to_owned())),
                _ => Ok(found),
            }
        })
    }
}

/// Lets in who does not say `?refuse=`, and counts.
#[derive(Default)]
struct CountingGate(AtomicU64);

impl Gate for CountingGate {
    fn admit<'a>(&'a self, request: &'a Request) -> GateFuture<'a> {
        self.0.fetch_add(1, Relaxed);
        assert_eq!((request.action, request.path.as_str()), (Action::Play, "streams/Film12345678"));
        let is_refused = request.args.get("refuse").is_some();
        Box::pin(async move {
            match is_refused {
                true => Err(Refusal::new(RefusalKind::Unauthorized, "no")),
                false => Ok(Grant { path: request.path.clone(), credential: Credential::None }),
            }
        })
    }
}

struct House {
    gateway: Arc<Gateway>,
    gate: Arc<CountingGate>,
    shelf: Arc<Shelf>,
    objects: Objects,
    _folder: tempfile::TempDir,
}

/// Stored videos for a gateway that has none.
pub(in crate::delivery) fn none() -> Arc<Stored> {
    let objects = Objects::local(&std::env::temp_dir()).unwrap();
    Arc::new(Stored::new(&config(), Arc::new(Shelf::default()), objects))
}

fn config() -> Config {
    let (segment, ahead) = (Duration::from_secs(2), Duration::from_secs(30));
    Config { segment, open_bytes_max: 1 << 20, kept_bytes_max: 1 << 20, ahead }
}

impl House {
    /// With one video of ten seconds, `film`, whose one file is its source.
    async fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let objects = Objects::local(folder.path()).unwrap();
        let (gate, shelf) = (Arc::new(CountingGate::default()), Arc::new(Shelf::default()));
        let hub = Hub::new(hub::Config::default());
        let segmented_config = segmented::Config {
            target: Duration::from_secs(2),
            segment_max: Duration::from_secs(20),
            window_segments: 6,
            keep_segments: 4,
            is_event: false,
            window_bytes_max: 64 << 20,
            always_on: false,
            idle_stop: Duration::from_secs(30),
        };
        let gateway = Arc::new(Gateway {
            gate: gate.clone(),
            feeds: Feeds::new(4096),
            writers: Writers::start(&writer::Config { threads: 1, stall_max: Duration::from_secs(10) })
                .unwrap(),
            segmented: segmented::Segmented::new(segmented_config, &hub),
            stored: Arc::new(Stored::new(&config(), shelf.clone(), objects.clone())),
            pulls: Arc::default(),
            apps: vec!["live".into()],
            hub,
        });
        objects.put("videos/film/source", film(10_000).into()).await.unwrap();
        let house = Self { gateway, gate, shelf, objects, _folder: folder };
        house.put(video());
        house
    }

    fn put(&self, video: Video) {
        let mut videos = self.shelf.0.lock().unwrap();
        videos.insert(video.id.clone(), Arc::new(video.clone()));
        videos.insert("film".to_owned(), Arc::new(video));
    }

    async fn ask(&self, method: &str, uri: &str, headers: &[(header::HeaderName, &str)]) -> Response {
        let mut request = ::http::Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(name, *value);
        }
        let mut request = request.body(Body::empty()).unwrap();
        request.extensions_mut().insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 1000))));
        http::router(&self.gateway).oneshot(request).await.unwrap()
    }

    async fn get(&self, uri: &str) -> (StatusCode, Vec<u8>) {
        let response = self.ask("GET", uri, &[]).await;
        (response.status(), bytes(response).await)
    }

    async fn text(&self, uri: &str) -> String {
        let (status, bytes) = self.get(uri).await;
        let text = String::from_utf8(bytes).unwrap();
        assert_eq!(status, StatusCode::OK, "{uri}: {text}");
        text
    }

    async fn code(&self, uri: &str) -> (u16, String) {
        let (status, bytes) = self.get(uri).await;
        let said: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        (status.as_u16(), said["error"]["code"].as_str().unwrap().to_owned())
    }
}

async fn bytes(response: Response) -> Vec<u8> {
    to_bytes(response.into_body(), usize::MAX).await.unwrap().to_vec()
}

/// An MP4 file of pictures and sound.
fn film(ms: i64) -> Vec<u8> {
    let tracks = testing::tracks();
    let mut file = mp4::init_segment(&tracks).unwrap().to_vec();
    let packets = testing::stream(0, ms, 1000);
    for track in &tracks {
        let of_track: Vec<_> = packets.iter().filter(|packet| packet.track_id == track.id).cloned().collect();
        let end = Timestamp::from_millis(ms);
        file.extend_from_slice(&mp4::fragment(1, track, &of_track, end).unwrap().0);
    }
    file
}

fn source() -> StoredFile {
    StoredFile {
        name: "source".into(),
        kind: FileKind::Source,
        path: "videos/film/source".into(),
        version: 0x1a,
        is_playable: true,
        is_mp4: true,
        height: 720,
    }
}

fn video() -> Video {
    Video {
        id: "Film12345678".into(),
        title: "The Film".into(),
        is_public: true,
        not_ready: None,
        objects: "videos/film".into(),
        files: StoredFiles::Files(vec![source()]),
        captions: Vec::new(),
    }
}

fn names(playlist: &str) -> Vec<&str> {
    playlist.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[tokio::test]
async fn a_segment_is_the_same_however_often_it_is_asked_for_and_is_read_no_more_when_it_is_kept() {
    let house = House::new().await;
    let pictures = house.text("/streams/film/source-0000001a/video0.m3u8").await;
    let uri = format!("/streams/film/source-0000001a/{}", names(&pictures)[1]);
    let first = house.get(&uri).await;
    assert_eq!((first.0, house.get(&uri).await == first), (StatusCode::OK, true));
    // Its file is emptied under its name, which whoever reads it would notice.
    let file = house.objects.local_path("videos/film/source").unwrap();
    std::fs::write(file, b"").unwrap();
    assert!(house.get(&uri).await == first);
    let part = bytes(house.ask("GET", &uri, &[(header::RANGE, "bytes=10-99")]).await).await;
    assert!(part == first.1[10..100]);
    let other = format!("/streams/film/source-0000001a/{}", names(&pictures)[2]);
    let broken = house.ask("GET", &other, &[]).await;
    assert!(to_bytes(broken.into_body(), usize::MAX).await.is_err(), "it is read out of the file");
}

#[tokio::test]
async fn playlists_lead_to_segments_with_the_token_of_the_request() {
    let house = House::new().await;
    let master = house.text("/streams/film/master.m3u8?sign=1-ab").await;
    assert_eq!(names(&master), ["source-0000001a/video0.m3u8?sign=1-ab"]);
    assert!(master.contains("URI=\"source-0000001a/audio0.m3u8?sign=1-ab\""), "{master}");
    let flat = house.text("/streams/film.m3u8").await;
    assert_eq!(names(&flat), ["film/source-0000001a/video0.m3u8"]);
    let pictures = house.text("/streams/film/source-0000001a/video0.m3u8?sign=1-ab").await;
    assert_eq!(names(&pictures).len(), 5);
    assert!(pictures.contains("#EXT-X-ENDLIST"), "{pictures}");

    let mut media = Vec::new();
    for name in std::iter::once("video0-0.mp4").chain(names(&pictures)) {
        let (status, bytes) = house.get(&format!("/streams/film/source-0000001a/{name}")).await;
        assert_eq!(status, StatusCode::OK, "{name}");
        media.extend(bytes);
    }
    let index = mp4::Index::read(&mut std::io::Cursor::new(media)).unwrap();
    assert_eq!(index.tracks[0].samples.len(), 250);
}

#[tokio::test]
async fn a_manifest_names_segments_that_are_there() {
    let house = House::new().await;
    for (address, folder) in [("film/manifest.mpd", ""), ("film.mpd", "film/")] {
        let mpd = house.text(&format!("/streams/{address}")).await;
        let template = format!("media=\"{folder}$RepresentationID$-0-$Time$.m4s\"");
        assert!(mpd.contains(&template), "{mpd}");
        assert!(mpd.contains("id=\"source-0000001a/video0\""), "{mpd}");
    }
    let (status, bytes) = house.get("/streams/film/source-0000001a/video0-0-0.m4s").await;
    assert_eq!((status, &bytes[4..8]), (StatusCode::OK, &b"moof"[..]));
}

#[tokio::test]
async fn the_gate_is_asked_once_per_viewer_and_again_when_a_video_becomes_private() {
    let house = House::new().await;
    let playlist = "/streams/film/source-0000001a/video0.m3u8";
    for _ in 0..3 {
        house.text(playlist).await;
    }
    assert_eq!(house.gate.0.load(Relaxed), 1);
    assert_eq!(house.code("/streams/film/master.m3u8?refuse=1").await, (403, "play_refused".into()));
    assert_eq!(house.code("/streams/film/thumb-0.jpg?refuse=1").await, (403, "play_refused".into()));
    house.put(Video { is_public: false, ..video() });
    let asked = house.gate.0.load(Relaxed);
    house.text(playlist).await;
    assert_eq!(house.gate.0.load(Relaxed), asked + 1);
}

#[tokio::test]
async fn what_never_changes_is_kept_by_caches_that_may() {
    let house = House::new().await;
    let segment = "/streams/film/source-0000001a/video0-0-0.m4s";
    let response = house.ask("GET", segment, &[]).await;
    assert_eq!(response.headers()[header::CACHE_CONTROL], "public, max-age=31536000, immutable");
    let etag = response.headers()[header::ETAG].to_str().unwrap().to_owned();
    let again = house.ask("GET", segment, &[(header::IF_NONE_MATCH, &etag)]).await;
    assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
    house.put(Video { is_public: false, ..video() });
    let response = house.ask("GET", segment, &[]).await;
    assert_eq!(response.headers()[header::CACHE_CONTROL], "private, max-age=3600, immutable");
    // Another file of that name has another folder.
    house.put(Video { files: StoredFiles::Files(vec![StoredFile { version: 7, ..source() }]), ..video() });
    assert_eq!(house.code(segment).await, (404, "not_found".into()));
}

#[tokio::test]
async fn a_download_can_go_on_where_it_stopped() {
    let house = House::new().await;
    let (uri, whole) = ("/streams/film/download.mp4", film(10_000));
    let response = house.ask("GET", uri, &[]).await;
    let etag = response.headers()[header::ETAG].to_str().unwrap().to_owned();
    assert!(response.headers()[header::CONTENT_DISPOSITION].to_str().unwrap().contains("The Film.mp4"));
    assert_eq!(bytes(response).await, whole);
    let from = whole.len() - 100;
    let range = format!("bytes={from}-");
    let rest = house.ask("GET", uri, &[(header::RANGE, &range), (header::IF_RANGE, &etag)]).await;
    assert_eq!(rest.status(), StatusCode::PARTIAL_CONTENT);
    let content_range = format!("bytes {from}-{}/{}", whole.len() - 1, whole.len());
    assert_eq!(rest.headers()[header::CONTENT_RANGE], content_range.as_str());
    assert_eq!(bytes(rest).await, &whole[from..]);
    let other = house.ask("GET", uri, &[(header::RANGE, &range), (header::IF_RANGE, "\"other\"")]).await;
    assert_eq!((other.status(), bytes(other).await.len()), (StatusCode::OK, whole.len()));
    let beyond = house.ask("GET", uri, &[(header::RANGE, "bytes=9999999-")]).await;
    assert_eq!(beyond.status(), StatusCode::RANGE_NOT_SATISFIABLE);
    let head = house.ask("HEAD", uri, &[]).await;
    assert_eq!(head.headers()[header::CONTENT_LENGTH], whole.len().to_string().as_str());
    assert!(bytes(head).await.is_empty());
}

#[tokio::test]
async fn fragments_begin_at_the_keyframe_before_the_moment_asked_for() {
    let house = House::new().await;
    let samples = async |uri: &str| {
        let (status, bytes) = house.get(uri).await;
        assert_eq!(status, StatusCode::OK);
        let index = mp4::Index::read(&mut std::io::Cursor::new(bytes)).unwrap();
        let first = |track: &mp4::StoredTrack| track.time(track.samples.get(0).unwrap().pts()).as_millis();
        index.tracks.iter().map(|track| (first(track), track.samples.len())).collect::<Vec<_>>()
    };
    assert_eq!(samples("/streams/film.mp4").await[0], (0, 250));
    let from_middle = samples("/streams/film.mp4?start=5.5").await;
    assert_eq!((from_middle.len(), from_middle[0]), (2, (4000, 150)));
    assert_eq!(samples("/streams/film.mp4?start=5.5&only=video").await, [(4000, 150)]);
    assert_eq!(house.code("/streams/film.mp4?start=-1").await, (400, "bad_request".into()));
    assert_eq!(house.code("/streams/film.mp4?audio=7&only=audio").await, (404, "not_found".into()));
    assert_eq!(house.code("/streams/film.mp4?file=1080p").await, (404, "not_found".into()));
}

#[tokio::test]
async fn a_video_is_opened_once_for_all_who_wait_and_forgotten_when_others_need_the_room() {
    let house = House::new().await;
    let file = source();
    let open = &house.gateway.stored.open;
    let (one, two) = tokio::join!(open.open(&file), open.open(&file));
    assert!(Arc::ptr_eq(&one.unwrap(), &two.unwrap()));
    assert_eq!(open.sizes().0, 1);
    let bytes = open.sizes().1;
    assert!(bytes > 1000, "{bytes}");
    for version in 0..(2 * config().open_bytes_max / bytes) as u32 {
        open.open(&StoredFile { version: version + 100, ..file.clone() }).await.unwrap();
    }
    assert!(open.sizes().1 <= config().open_bytes_max, "{:?}", open.sizes());
}

#[tokio::test]
async fn what_cannot_be_played_is_said_in_the_one_form() {
    let house = House::new().await;
    for (uri, code) in [
        ("/streams/nothing.m3u8", (404, "not_found")),
        ("/streams/away.m3u8", (503, "library_away")),
        ("/streams/film/none", (404, "not_found")),
        ("/streams/film/source-0000001a/video1.m3u8", (404, "not_found")),
        ("/streams/film/source-0000001a/video0-0-1.m4s", (404, "not_found")),
        ("/streams/film/captions-de.m3u8", (404, "not_found")),
        ("/streams/film/thumb-0.jpg", (404, "not_found")),
        (&format!("/streams/film.m3u8?a={}", "b".repeat(1100)), (400, "bad_request")),
    ] {
        assert_eq!(house.code(uri).await, (code.0, code.1.to_owned()), "{uri}");
    }
    house.put(Video { not_ready: Some("it is being looked at".into()), ..video() });
    assert_eq!(house.code("/streams/film.m3u8").await, (404, "video_not_ready".into()));
    let broken = StoredFile { path: "videos/film/broken".into(), ..source() };
    house.objects.put("videos/film/broken", vec![7; 5000].into()).await.unwrap();
    house.put(Video { files: StoredFiles::Files(vec![broken]), ..video() });
    assert_eq!(house.code("/streams/film.m3u8").await, (415, "codec_not_supported".into()));
    let gone = StoredFile { path: "videos/film/gone".into(), ..source() };
    house.put(Video { files: StoredFiles::Files(vec![gone.clone()]), ..video() });
    assert_eq!(house.code("/streams/film.m3u8").await, (404, "not_found".into()));
    // It is asked for again, and may be there then.
    house.objects.put("videos/film/gone", film(1000).into()).await.unwrap();
    house.text("/streams/film.m3u8").await;
}

#[tokio::test]
async fn a_list_of_ts_segments_is_what_the_flat_address_gives() {
    let house = House::new().await;
    let list = StoredFile {
        name: "tutorial".into(),
        kind: FileKind::List,
        path: "videos/film/tutorial".into(),
        is_playable: false,
        is_mp4: false,
        ..source()
    };
    house
        .objects
        .put("videos/film/tutorial/list.m3u8", "#EXTM3U\n#EXTINF:10,\nlist0.ts\n".into())
        .await
        .unwrap();
    house.objects.put("videos/film/tutorial/list0.ts", vec![0x47; 188].into()).await.unwrap();
    house.put(Video { files: StoredFiles::Files(vec![source(), list]), ..video() });
    let flat = house.text("/streams/film.m3u8?sign=1").await;
    assert_eq!(names(&flat), ["film/tutorial-0000001a/list0.ts?sign=1"]);
    assert_eq!(names(&house.text("/streams/film/tutorial-0000001a/list.m3u8").await), ["list0.ts"]);
    let response = house.ask("GET", "/streams/film/tutorial-0000001a/list0.ts", &[]).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "video/mp2t");
    assert_eq!(bytes(response).await.len(), 188);
    assert!(house.text("/streams/film/master.m3u8").await.contains("source-0000001a/video0.m3u8"));
}

#[tokio::test]
async fn captions_and_pictures_stand_beside_the_media() {
    let house = House::new().await;
    let captions = CaptionsFile { language: "de".into(), label: "Deutsch".into() };
    house.put(Video { captions: vec![captions], ..video() });
    house
        .objects
        .put("videos/film/captions-de.vtt", "WEBVTT\n\n00:01.000 --> 00:02.000\nJa\n".into())
        .await
        .unwrap();
    house.objects.put("videos/film/thumb-1.jpg", vec![0xff; 10].into()).await.unwrap();
    let master = house.text("/streams/film.m3u8").await;
    assert!(
        master.contains("TYPE=SUBTITLES") && master.contains("URI=\"film/captions-de.m3u8\""),
        "{master}"
    );
    let playlist = house.text("/streams/film/captions-de.m3u8?sign=1").await;
    assert!(playlist.contains("#EXTINF:10.0"), "{playlist}");
    assert_eq!(names(&playlist), ["captions-de.vtt?sign=1"]);
    let file = house.text("/streams/film/captions-de.vtt").await;
    assert!(file.starts_with("WEBVTT\nX-TIMESTAMP-MAP="), "{file}");
    assert!(house.text("/streams/film.mpd").await.contains("<BaseURL>film/captions-de.vtt</BaseURL>"));
    let response = house.ask("GET", "/streams/film/thumb-1.jpg", &[]).await;
    assert_eq!(response.headers()[header::CONTENT_TYPE], "image/jpeg");
    assert_eq!(bytes(response).await.len(), 10);
}
