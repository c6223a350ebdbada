use crate::{Event, Limits, Media, MediaKind, ServerSession};

/// What happens when a server gets what a real client sent, saying yes to everything.
fn replay(capture: &[u8], piece_bytes: usize) -> Vec<Event> {
    let mut session = ServerSession::new(Limits::default(), 60_000);
    let mut events = Vec::new();
    for piece in capture.chunks(piece_bytes) {
        session.handle_input(piece).unwrap();
        while let Some(event) = session.poll_event() {
            match &event {
                Event::PublishRequested { request, .. } => session.accept_publish(*request),
                Event::PlayRequested { request, .. } => session.accept_play(*request),
                _ => {}
            }
            events.push(event);
        }
        session.poll_transmit();
    }
    events
}

/// Replays, in several ways, and gives app, stream name and media.
fn publish(capture: &[u8]) -> (String, String, Vec<Media>) {
    let events = replay(capture, 4096);
    assert_eq!(replay(capture, 1), events);
    assert_eq!(replay(capture, usize::MAX), events);
    let [Event::Connected(connect), Event::PublishRequested { stream_name, .. }, rest @ ..] = &events[..]
    else {
        panic!("{events:?}");
    };
    let media = rest.iter().filter_map(|event| match event {
        Event::Media(media) => Some(media.clone()),
        _ => None,
    });
    (connect.app.clone(), stream_name.clone(), media.collect())
}

fn times(media: &[Media], kind: MediaKind) -> Vec<u32> {
    media.iter().filter(|media| media.kind == kind).map(|media| media.timestamp_ms).collect()
}

#[test]
fn ffmpeg_publishes_h264_and_aac() {
    let (app, name, media) = publish(include_bytes!("../../testdata/ffmpeg_h264_aac.rtmp"));
    assert_eq!((app.as_str(), name.as_str()), ("live", "cam?sign=1-a"));
    assert_eq!(times(&media, MediaKind::Data), [0]);
    assert!(media[0].payload.starts_with(b"\x02\x00\x0d@setDataFrame\x02\x00\x0aonMetaData"));
    let (video, audio) = (times(&media, MediaKind::Video), times(&media, MediaKind::Audio));
    assert_eq!(
        video[..4],
        [0, 23, 63, 103],
        "decoder config, then 25 pictures per second behind AAC's priming"
    );
    assert_eq!(audio[..4], [0, 0, 23, 46], "decoder config, then 1024 of 44100 samples each");
    assert!(video.is_sorted() && audio.is_sorted());
}

#[test]
fn ffmpeg_publishes_mp3_whose_messages_begin_with_type_3_chunks() {
    let (app, name, media) = publish(include_bytes!("../../testdata/ffmpeg_mp3_48k.rtmp"));
    assert_eq!((app.as_str(), name.as_str()), ("live", "mp3"));
    let audio = times(&media, MediaKind::Audio);
    assert!(audio.len() > 10, "{audio:?}");
    let expected: Vec<u32> = (0..).step_by(24).take(audio.len()).collect();
    assert_eq!(audio, expected);
}

#[test]
fn gstreamer_publishes_with_both_of_its_sinks() {
    for (capture, stream_name) in [
        (&include_bytes!("../../testdata/gst_rtmp2sink.rtmp")[..], "gst"),
        (include_bytes!("../../testdata/gst_rtmpsink.rtmp"), "gst?token=t"),
    ] {
        let (app, name, media) = publish(capture);
        assert_eq!((app.as_str(), name.as_str()), ("live", stream_name));
        let video = times(&media, MediaKind::Video);
        assert!(video.len() > 2 && video.is_sorted(), "{video:?}");
    }
}

#[test]
fn rtmpdump_plays() {
    let capture = include_bytes!("../../testdata/rtmpdump_play.rtmp");
    let events = replay(capture, 4096);
    assert_eq!(replay(capture, 1), events);
    let [Event::Connected(_), Event::PlayRequested { stream_name, .. }, Event::PlayEnded { .. }] =
        &events[..]
    else {
        panic!("{events:?}");
    };
    assert_eq!(stream_name, "cam");
}
