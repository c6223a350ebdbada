use super::{Sample, advice};
use crate::rooms;
use crate::testing::{Client, platform};
use http::StatusCode;
use hub::{Action, Args, Credential, Protocol, Request, Session, SessionId};
use std::sync::Arc;

fn good(at: i64) -> Sample {
    Sample {
        at_ms: at * 2000,
        video_bps: 3_000_000,
        audio_bps: 128_000,
        frame_rate: 30.0,
        keyframe_interval_ms: Some(2000),
        video_codec: Some("avc1.64001f".into()),
        audio_codec: Some("mp4a.40.2".into()),
        ..Sample::default()
    }
}

#[test]
fn a_good_stream_needs_no_advice_and_each_fault_has_its_own() {
    let series = |change: fn(&mut Sample)| {
        let mut samples: Vec<Sample> = (0..20).map(good).collect();
        samples[15..].iter_mut().for_each(change);
        advice::of(&samples)
    };
    assert_eq!(series(|_| ()), [""; 0]);
    assert_eq!(advice::of(&[]), [""; 0]);
    for (change, expected) in [
        (
            (|s| s.keyframe_interval_ms = Some(10_000)) as fn(&mut Sample),
            "Keyframe interval is 10 s: set it to 2 s in OBS",
        ),
        (|s| s.audio_codec = None, "No sound"),
        (|s| s.audio_codec = Some("mp4a.6b".into()), "MP3"),
        (|s| s.dropped = 1, "5 packets"),
        (|s| s.av_skew_ms = -900, "900 ms behind"),
        (|s| s.frame_rate = 6.0, "Only 6 of 30"),
    ] {
        let advice = series(change);
        assert_eq!(advice.len(), 1, "{advice:?}");
        assert!(advice[0].contains(expected), "{advice:?}");
    }
}

#[tokio::test]
async fn the_host_sees_how_its_stream_comes_in_and_others_do_not() {
    let platform = platform().await;
    let (host, other) = (Client::new(&platform, "host").await, Client::new(&platform, "other").await);
    let (admin, nobody) = (Client::admin(&platform, "admin").await, Client::anonymous(&platform));
    let user = crate::accounts::users::by_id(&platform.db, host.id).await.unwrap().unwrap();
    let room = rooms::current_of(&platform, &user).await.unwrap();
    let request = Request {
        action: Action::Publish,
        path: room.path().unwrap(),
        args: Args::default(),
        remote: [127, 0, 0, 1].into(),
        protocol: Protocol::Rtmp,
        session_id: SessionId::random(),
        client: Arc::default(),
    };
    let session = Arc::new(Session::new(&request));
    let publisher = platform.hub.publish(&request.path, &session, &Credential::None, None).unwrap();
    platform.health.measure(&platform.hub, 1000);
    let path = format!("/api/v1/rooms/{}/health", room.id);
    let (_, health) = host.get(&path).await;
    assert_eq!(health["is_there"], true, "{health}");
    assert!(health["advice"].to_string().contains("No picture"), "{health}");
    for (who, expected) in
        [(&admin, StatusCode::OK), (&other, StatusCode::FORBIDDEN), (&nobody, StatusCode::UNAUTHORIZED)]
    {
        assert_eq!(who.get(&path).await.0, expected);
    }
    drop(publisher);
    platform.hub.end(&request.path, hub::StopReason::PublisherGone);
    platform.health.measure(&platform.hub, 3000);
    assert!(platform.health.samples(&request.path).is_empty());
}
