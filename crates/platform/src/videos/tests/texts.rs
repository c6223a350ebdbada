use super::{lasting, ready, room_of, text};
use crate::db::sql;
use crate::testing::{Client, platform};
use crate::videos::{self, NewVideo, Origin, State, Stretch};
use bytes::Bytes;
use http::{Method, StatusCode};
use serde_json::{Value, json};

const SRT: &str = "1\n00:00:01,000 --> 00:00:02,000\n<font color=red>你好</font>\n";

#[tokio::test]
async fn captions_are_kept_as_plain_webvtt_by_language_and_go() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    let address = ready(&platform, &owner, "v").await;
    let at = |language: &str| format!("{address}/captions/{language}");
    assert_eq!(text(&fan, Method::PUT, &at("en"), SRT).await.0, StatusCode::FORBIDDEN);
    let (status, made) = text(&owner, Method::PUT, &at("ZH-hant-tw"), SRT).await;
    assert_eq!(status, StatusCode::OK, "{made}");
    let (status, vtt) = text(&fan, Method::GET, &at("zh-Hant-TW"), "").await;
    assert_eq!((status, vtt.as_str()), (StatusCode::OK, "WEBVTT\n\n00:00:01.000 --> 00:00:02.000\n你好\n"));
    let id = address.rsplit('/').next().unwrap();
    let object = format!("videos/{id}/captions-zh-Hant-TW.vtt");
    assert_eq!(platform.objects.read_all(&object).await.unwrap(), vtt.as_bytes());
    assert_eq!(fan.get(&address).await.1["captions"][0]["language"], "zh-Hant-TW");

    for (language, body, code, said) in [
        ("en_US", SRT, "language", "en_US"),
        ("..%2Fx", SRT, "language", "../x"),
        ("en", "no captions", "captions", "Line 1:"),
        ("en", "1\n00:00:01,000 --> soon\nx", "captions", "Line 2:"),
    ] {
        let (status, answer) = text(&owner, Method::PUT, &at(language), body).await;
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(
            (status, answer["error"]["code"].as_str()),
            (StatusCode::BAD_REQUEST, Some(code)),
            "{answer}"
        );
        assert!(answer["error"]["message"].as_str().unwrap().contains(said), "{answer}");
    }
    let large = format!("{SRT}{}", " \n".repeat(60_000));
    assert_eq!(text(&owner, Method::PUT, &at("en"), &large).await.0, StatusCode::PAYLOAD_TOO_LARGE);
    for language in ["en", "de"] {
        assert_eq!(text(&owner, Method::PUT, &at(language), SRT).await.0, StatusCode::OK);
    }
    assert_eq!(text(&owner, Method::PUT, &at("fr"), SRT).await.0, StatusCode::CONFLICT, "captions_max");
    assert_eq!(
        text(&owner, Method::PUT, &at("en"), SRT).await.0,
        StatusCode::OK,
        "in place of those there are"
    );
    assert_eq!(owner.delete(&at("zh-Hant-TW")).await.0, StatusCode::NO_CONTENT);
    assert_eq!(text(&fan, Method::GET, &at("zh-Hant-TW"), "").await.0, StatusCode::NOT_FOUND);
    assert_eq!(platform.objects.size(&object).await.unwrap(), None);
}

#[tokio::test]
async fn chapters_are_within_the_video_and_come_as_webvtt_too() {
    let platform = platform().await;
    let owner = Client::new(&platform, "owner").await;
    let address = lasting(&platform, &owner, "v", 100_000).await;
    let set = async |chapters: Value| owner.patch(&address, json!({"chapters": chapters})).await;
    let (status, seen) =
        set(json!([{"start_ms": 50_000, "title": "b"}, {"start_ms": 0, "title": "<a>"}])).await;
    assert_eq!((status, &seen["chapters"][0]["title"]), (StatusCode::OK, &json!("<a>")));
    let (_, vtt) =
        text(&Client::anonymous(&platform), Method::GET, &format!("{address}/chapters.vtt"), "").await;
    assert!(vtt.contains("00:00:50.000 --> 00:01:40.000\nb\n") && vtt.contains("&lt;a&gt;"), "{vtt}");
    for bad in [
        json!([{"start_ms": 100_000, "title": "x"}]),
        json!([{"start_ms": 0, "title": ""}]),
        json!([{"start_ms": 0, "title": "x", "end_ms": 5}]),
        json!([{"start_ms": 1.5, "title": "x"}]),
    ] {
        assert_eq!(set(bad.clone()).await.0, StatusCode::BAD_REQUEST, "{bad}");
    }
    assert_eq!(set(json!([])).await.1["chapters"], json!([]));
}

#[tokio::test]
async fn a_cover_is_one_of_the_pictures_of_the_video_or_an_uploaded_one() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    let address = ready(&platform, &owner, "v").await;
    let id = address.rsplit('/').next().unwrap();
    let set = async |cover: &str| owner.patch(&address, json!({"cover": cover})).await;
    assert_eq!(set("thumb-1").await.0, StatusCode::NOT_FOUND, "there is none yet");
    let object = format!("videos/{id}/thumb-1.jpg");
    platform.objects.put(&object, Bytes::from_static(b"jpeg")).await.unwrap();
    let thumb = format!("/streams/{id}/thumb-1.jpg");
    assert_eq!(set("thumb-1").await.1["cover"], json!(thumb));
    assert_eq!(set(&thumb).await.1["cover"], json!(thumb));
    assert_eq!(owner.get(&address).await.1["thumbs"], json!([thumb]));
    assert_eq!(fan.get(&address).await.1["thumbs"], json!([]));
    assert_eq!(set("/media/images/x.jpg").await.1["cover"], "/media/images/x.jpg");
    for bad in ["thumb-3", "javascript:alert(1)", "/streams/other/thumb-1.jpg", "../thumb-1"] {
        assert_eq!(set(bad).await.0, StatusCode::BAD_REQUEST, "{bad}");
    }
    assert_eq!(set("").await.1["cover"], "");
}

#[tokio::test]
async fn a_recording_comes_with_what_was_said_while_it_was_live() {
    let platform = platform().await;
    let (owner, fan) = (Client::new(&platform, "owner").await, Client::new(&platform, "fan").await);
    let room = room_of(&owner).await;
    let starts_at = 1_700_000_000_000_i64;
    for (text, at, deleted_at) in [
        ("before", -1, None),
        ("start", 0, None),
        ("middle", 30_000, None),
        ("gone", 31_000, Some(1_i64)),
        ("end", 59_999, None),
        ("after", 60_000, None),
    ] {
        let insert =
            sql("INSERT INTO comments (room_id, user_id, content, colour, mode, created_at, deleted_at) \
             VALUES ($1, $2, $3, '#ffffff', 'scroll', $4, $5)");
        let insert = insert.bind(room).bind(fan.id).bind(text).bind(starts_at + at).bind(deleted_at);
        platform.db.execute(insert).await.unwrap();
    }
    let new = NewVideo {
        user_id: owner.id,
        room_id: Some(room),
        broadcast_id: None,
        origin: Origin::Recording,
        name: None,
        title: "night".to_owned(),
        privacy: "public".to_owned(),
        state: State::Ready,
        starts_at: Some(starts_at),
    };
    let video = videos::create(&platform.db, new).await.unwrap();
    videos::measured(&platform.db, video.id, 60_000, 0, 0, 0).await.unwrap();
    let address = format!("/api/v1/videos/{}", video.public_id);
    assert_eq!(fan.get(&address).await.1["has_danmaku"], true);
    let shots = async |from: i64, to: i64| -> Vec<(i64, String)> {
        let (status, page) = fan.get(&format!("{address}/danmaku?from_ms={from}&to_ms={to}")).await;
        assert_eq!(status, StatusCode::OK, "{page}");
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|shot| (shot["at_ms"].as_i64().unwrap(), shot["content"].as_str().unwrap().to_owned()))
            .collect()
    };
    let said = |at: i64, text: &str| (at, text.to_owned());
    assert_eq!(shots(0, 600_000).await, [said(0, "start"), said(30_000, "middle"), said(59_999, "end")]);
    assert_eq!(shots(1, 30_001).await, [said(30_000, "middle")]);
    for bad in ["from_ms=0&to_ms=600001", "from_ms=-1&to_ms=5", "from_ms=5&to_ms=5", "from_ms=0", ""] {
        assert_eq!(fan.get(&format!("{address}/danmaku?{bad}")).await.0, StatusCode::BAD_REQUEST, "{bad}");
    }
    // Of a broadcast's recording it is what was said in the broadcast, also when less is left of the pictures.
    let begin = sql("INSERT INTO broadcasts (room_id, started_at) VALUES ($1, $2) RETURNING id");
    let (broadcast,): (i64,) = platform.db.one(begin.bind(room).bind(starts_at)).await.unwrap();
    let of_it = sql("UPDATE comments SET broadcast_id = $1 WHERE content IN ('middle', 'after')");
    platform.db.execute(of_it.bind(broadcast)).await.unwrap();
    let of_it = sql("UPDATE videos SET broadcast_id = $1 WHERE id = $2").bind(broadcast).bind(video.id);
    platform.db.execute(of_it).await.unwrap();
    assert_eq!(shots(0, 600_000).await, [said(30_000, "middle"), said(60_000, "after")]);
    // The encoder was away from 10 s on, and came back after 15 s.
    let stretch =
        |position_ms, at_ms, duration_ms| Stretch { position_ms, starts_at: starts_at + at_ms, duration_ms };
    let stretches = [stretch(0, 0, 10_000), stretch(10_000, 25_000, 60_000)];
    videos::set_stretches(&platform.db, video.id, &stretches).await.unwrap();
    let (_, page) = fan.get(&format!("{address}/danmaku?from_ms=0&to_ms=600000")).await;
    let moments =
        |at: usize| (page["items"][at]["at_ms"].as_i64(), page["items"][at]["position_ms"].as_i64());
    assert_eq!((moments(0), moments(1)), ((Some(30_000), Some(15_000)), (Some(60_000), Some(45_000))));
    videos::set_stretches(&platform.db, video.id, &stretches[..1]).await.unwrap();
    platform.db.execute(sql("UPDATE videos SET origin = 'clip'")).await.unwrap();
    assert_eq!(shots(0, 600_000).await.last(), Some(&said(59_999, "end")));

    let upload = ready(&platform, &owner, "upload").await;
    let (_, none) = fan.get(&format!("{upload}/danmaku?from_ms=0&to_ms=1000")).await;
    assert_eq!(none, json!({"items": [], "next_ms": null}));
}
