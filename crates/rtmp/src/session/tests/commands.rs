use super::{Server, message, message_at, status};
use crate::message::{type_id, user_control};
use crate::session::{StreamEvent, status as code};
use crate::{Capabilities, Event, Media, MediaKind, PublishType};
use flv::amf0::Value;

fn result(value: &str) -> (u32, String, String) {
    (0, "_result".to_owned(), value.to_owned())
}

#[test]
fn connect_is_answered_with_windows_chunk_size_and_success() {
    let mut server = Server::new();
    let object = Value::object([
        ("app", Value::from("live?a=1")),
        ("flashVer", "FMLE/3.0".into()),
        ("tcUrl", "rtmp://h/live?a=1".into()),
        ("objectEncoding", 3.0.into()),
    ]);
    server.command(0, "connect", 1.0, &[object]).unwrap();
    let [Event::Connected(connect)] = &server.events()[..] else { panic!() };
    assert_eq!((connect.app.as_str(), connect.flash_ver.as_str()), ("live?a=1", "FMLE/3.0"));
    assert_eq!(connect.capabilities, Capabilities::default());
    assert!(!connect.capabilities.is_enhanced());

    let bytes = server.session.poll_transmit().unwrap();
    // Set Chunk Size stands before everything that could be longer than 128 bytes.
    let set_chunk_size = [&[2, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0][..], &60_000u32.to_be_bytes()].concat();
    assert_eq!(bytes[16 + 17..][..16], set_chunk_size);
    let mut rest = &bytes[16 + 17 + 16..];
    super::ChunkReader::read(&mut server.reader, &mut &set_chunk_size[..]).unwrap();
    let answer = server.reader.read(&mut rest).unwrap().unwrap();
    assert_eq!(super::told(&answer), (0, "_result".to_owned(), code::CONNECT_SUCCESS.to_owned()));
    let info = crate::command::Command::decode(&answer).unwrap().arg(0).clone();
    assert_eq!(info.get("objectEncoding"), Some(&Value::Number(3.0)));
    assert_eq!(info.get("fourCcList"), None, "not asked for");
}

#[test]
fn capabilities_are_read_in_both_shapes_and_answered() {
    let flags = Value::object([("hvc1", Value::from(1.0)), ("av01", 2.0.into())]);
    let enhanced = Value::object([
        ("fourCcList", Value::StrictArray(vec!["vp09".into(), 5.0.into()])),
        ("videoFourCcInfoMap", flags),
        ("audioFourCcInfoMap", Value::object([("*", 4.0)].map(|(key, value)| (key, Value::from(value))))),
        ("capsEx", 15.0.into()),
    ]);
    let mut server = Server::new();
    server.command(0, "connect", 1.0, &[enhanced]).unwrap();
    let [Event::Connected(connect)] = &server.events()[..] else { panic!() };
    let capabilities = &connect.capabilities;
    assert!(capabilities.is_enhanced());
    assert_eq!(capabilities.caps_ex, 15);
    assert_eq!(capabilities.four_ccs, ["vp09"]);
    assert_eq!(capabilities.video, [("hvc1".to_owned(), 1), ("av01".to_owned(), 2)]);
    let answers = server.answers();
    let answer = crate::command::Command::decode(answers.last().unwrap()).unwrap();
    let ours = Capabilities::read(answer.arg(0));
    assert_eq!(ours.caps_ex, 14);
    assert!(ours.takes("hvc1") && ours.takes("Opus") && !ours.takes("vvc1"));
}

#[test]
fn a_peer_takes_a_codec_that_it_decodes_or_forwards() {
    let with =
        |name: &str, flags| Capabilities { video: vec![(name.to_owned(), flags)], ..Capabilities::default() };
    assert!(with("hvc1", 1).takes("hvc1"));
    assert!(with("hvc1", 4).takes("hvc1"));
    assert!(!with("hvc1", 2).takes("hvc1"), "only encodes");
    assert!(with("*", 1).takes("hvc1"));
    assert!(!with("av01", 7).takes("hvc1"));
}

#[test]
fn the_order_of_flash_media_live_encoder_is_answered_step_by_step() {
    let mut server = Server::connected();
    server.command(0, "releaseStream", 2.0, &[Value::Null, "cam".into()]).unwrap();
    server.command(0, "FCPublish", 3.0, &[Value::Null, "cam".into()]).unwrap();
    server.command(0, "createStream", 4.0, &[Value::Null]).unwrap();
    assert_eq!(server.told(), [result("Undefined"), result("Undefined"), result("Number(2.0)")]);
    let values = [Value::Null, "cam".into(), "record".into()];
    server.command(2, "publish", 5.0, &values).unwrap();
    let [Event::PublishRequested { request, message_stream_id: 2, stream_name, publish_type }] =
        &server.events()[..]
    else {
        panic!()
    };
    assert_eq!((stream_name.as_str(), *publish_type), ("cam", PublishType::Record));
    assert!(server.told().is_empty(), "nothing before the caller has decided");
    server.session.accept_publish(*request);
    let fc_publish = (0, "onFCPublish".to_owned(), code::PUBLISH_START.to_owned());
    assert_eq!(server.told(), [fc_publish, status(2, code::PUBLISH_START)]);
    server.command(0, "FCUnpublish", 6.0, &[Value::Null, "cam".into()]).unwrap();
    server.command(0, "deleteStream", 7.0, &[Value::Null, 2.0.into()]).unwrap();
    let fc_unpublish = (0, "onFCUnpublish".to_owned(), code::UNPUBLISH_SUCCESS.to_owned());
    assert_eq!(server.told(), [fc_unpublish, result("Undefined"), status(2, code::UNPUBLISH_SUCCESS)]);
    assert_eq!(server.events(), [Event::PublishEnded { message_stream_id: 2 }]);
}

#[test]
fn commands_framed_as_amf3_are_understood() {
    let mut server = Server::connected();
    let command = super::encode("publish", 5.0, &[Value::Null, "cam".into(), "live".into()]);
    let framed = [&[0][..], &command].concat();
    server.session.handle_input(&message(1, type_id::COMMAND_AMF3, &framed)).unwrap();
    assert!(matches!(&server.events()[..], [Event::PublishRequested { .. }]));
}

#[test]
fn data_loses_the_byte_that_only_amf3_messages_have() {
    let mut server = Server::publishing();
    let body = b"\x02\x00\x0aonMetaData\x05";
    let framed = [&[0][..], body].concat();
    server.session.handle_input(&message(1, type_id::DATA_AMF3, &framed)).unwrap();
    server.session.handle_input(&message(1, type_id::DATA_AMF0, body)).unwrap();
    let media = Event::Media(Media {
        message_stream_id: 1,
        kind: MediaKind::Data,
        timestamp_ms: 0,
        payload: body[..].into(),
    });
    assert_eq!(server.events(), [media.clone(), media]);
}

#[test]
fn an_aggregate_is_taken_apart_and_keeps_distances() {
    let tag = |tag_type: u8, time: u32, body: &[u8]| {
        let [top, high, middle, low] = time.to_be_bytes();
        let length = [0, 0, body.len() as u8];
        [
            &[tag_type][..],
            &length,
            &[high, middle, low, top],
            &[0; 3],
            body,
            &[0, 0, 0, 11 + body.len() as u8],
        ]
        .concat()
    };
    let payload = [tag(8, 500, b"a"), tag(9, 510, b"bc"), tag(99, 511, b"?"), tag(8, 523, b"d")].concat();
    let mut server = Server::publishing();
    server.session.handle_input(&message_at(9000, 1, type_id::AGGREGATE, &payload)).unwrap();
    let events = server.events();
    let seen: Vec<_> = events
        .iter()
        .map(|event| match event {
            Event::Media(media) => (media.kind, media.timestamp_ms, &media.payload[..]),
            event => panic!("{event:?}"),
        })
        .collect();
    let expected = [
        (MediaKind::Audio, 9000, &b"a"[..]),
        (MediaKind::Video, 9010, b"bc"),
        (MediaKind::Audio, 9023, b"d"),
    ];
    assert_eq!(seen, expected);
}

#[test]
fn media_that_was_sent_before_the_answer_follows_the_request() {
    let mut server = Server::connected();
    let publish = super::encode("publish", 5.0, &[Value::Null, "cam".into(), "live".into()]);
    let input = [message(1, type_id::COMMAND_AMF0, &publish), message(1, type_id::VIDEO, &[7; 100])].concat();
    server.session.handle_input(&input).unwrap();
    assert!(matches!(&server.events()[..], [Event::PublishRequested { .. }, Event::Media(_)]));
}

#[test]
fn media_of_who_does_not_publish_is_ignored() {
    let mut server = Server::connected();
    server.session.handle_input(&message(1, type_id::VIDEO, &[7; 100])).unwrap();
    assert!(server.events().is_empty());
    let mut server = Server::publishing();
    server.session.handle_input(&message(2, type_id::VIDEO, &[7; 100])).unwrap();
    assert!(server.events().is_empty());
}

#[test]
fn a_player_is_told_what_players_wait_for() {
    let mut server = Server::connected();
    let values = [Value::Null, "cam?token=1".into(), Value::Number(-1.0), Value::Number(-1.0), false.into()];
    server.command(1, "play", 0.0, &values).unwrap();
    let events = server.events();
    let [Event::PlayRequested { request, message_stream_id: 1, stream_name, start, reset: false, .. }] =
        &events[..]
    else {
        panic!("{events:?}")
    };
    assert_eq!((stream_name.as_str(), *start), ("cam?token=1", -1.0));
    server.session.accept_play(*request);
    let answers = server.answers();
    let kinds: Vec<_> = answers.iter().map(|answer| answer.type_id).collect();
    assert_eq!(
        kinds,
        [type_id::USER_CONTROL, type_id::COMMAND_AMF0, type_id::COMMAND_AMF0, type_id::DATA_AMF0]
    );
    assert_eq!(answers[0].payload[..], [0, 0, 0, 0, 0, 1], "Stream Begin");
    assert_eq!(super::told(&answers[1]), status(1, code::PLAY_RESET));
    assert_eq!(super::told(&answers[2]), status(1, code::PLAY_START));
    assert!(answers[3].payload.starts_with(b"\x02\x00\x11|RtmpSampleAccess"));
}

#[test]
fn what_a_player_says_while_it_plays_becomes_events() {
    let mut server = Server::playing();
    server.command(1, "pause", 0.0, &[Value::Null, true.into(), 1000.0.into()]).unwrap();
    server.command(1, "pause", 0.0, &[Value::Null, false.into(), 1000.0.into()]).unwrap();
    server.command(1, "receiveAudio", 0.0, &[Value::Null, false.into()]).unwrap();
    server.command(1, "receiveVideo", 0.0, &[Value::Null, true.into()]).unwrap();
    server.command(1, "seek", 0.0, &[Value::Null, 5000.0.into()]).unwrap();
    assert_eq!(
        server.events(),
        [
            Event::PauseRequested { message_stream_id: 1, paused: true },
            Event::PauseRequested { message_stream_id: 1, paused: false },
            Event::ReceiveAudio { message_stream_id: 1, enabled: false },
            Event::ReceiveVideo { message_stream_id: 1, enabled: true },
        ]
    );
    let told = [code::PAUSE_NOTIFY, code::UNPAUSE_NOTIFY, code::SEEK_FAILED].map(|code| status(1, code));
    assert_eq!(server.told(), told);
}

#[test]
fn a_player_may_change_to_another_stream() {
    let mut server = Server::playing();
    server.command(1, "play", 0.0, &[Value::Null, "other".into()]).unwrap();
    let events = server.events();
    let [Event::PlayEnded { .. }, Event::PlayRequested { stream_name, .. }] = &events[..] else {
        panic!("{events:?}")
    };
    assert_eq!(stream_name, "other");
}

#[test]
fn a_message_stream_publishes_one_stream_at_a_time() {
    let mut server = Server::publishing();
    server.command(1, "publish", 0.0, &[Value::Null, "other".into()]).unwrap();
    assert_eq!(server.told(), [status(1, code::PUBLISH_BAD_NAME)]);
    assert!(server.events().is_empty());
    server.command(1, "closeStream", 0.0, &[Value::Null]).unwrap();
    assert_eq!(server.events(), [Event::PublishEnded { message_stream_id: 1 }]);
    server.request_publish("other");
}

#[test]
fn an_answer_to_a_request_that_was_taken_back_does_nothing() {
    let mut server = Server::connected();
    let request = server.request_publish("cam");
    server.command(0, "deleteStream", 0.0, &[Value::Null, 1.0.into()]).unwrap();
    assert_eq!(server.events(), [Event::PublishEnded { message_stream_id: 1 }]);
    server.told();
    server.session.accept_publish(request);
    server.session.accept_play(request);
    server.session.refuse(request, code::PUBLISH_BAD_NAME, "");
    assert!(server.told().is_empty());
}

#[test]
fn a_refused_stream_can_be_asked_for_again() {
    let mut server = Server::connected();
    let request = server.request_publish("cam");
    server.session.refuse(request, code::PUBLISH_UNAUTHORIZED, "no sign");
    assert_eq!(server.told(), [status(1, code::PUBLISH_UNAUTHORIZED)]);
    server.request_play("cam");
}

#[test]
fn small_questions_get_small_answers() {
    let mut server = Server::connected();
    server.command(0, "getStreamLength", 8.0, &[Value::Null, "cam".into()]).unwrap();
    server.command(0, "_checkbw", 9.0, &[Value::Null]).unwrap();
    server.command(0, "FCSubscribe", 0.0, &[Value::Null, "cam".into()]).unwrap();
    server.command(0, "makeCoffee", 10.0, &[Value::Null]).unwrap();
    server.command(0, "makeTea", 0.0, &[Value::Null]).unwrap();
    assert_eq!(
        server.told(),
        [
            result("Number(0.0)"),
            result("Undefined"),
            (0, "onFCSubscribe".to_owned(), code::PLAY_START.to_owned()),
            (0, "_error".to_owned(), code::CALL_FAILED.to_owned()),
        ]
    );
}

#[test]
fn message_stream_ids_are_used_again() {
    let mut server = Server::connected();
    server.command(0, "createStream", 3.0, &[Value::Null]).unwrap();
    server.command(0, "deleteStream", 0.0, &[Value::Null, 1.0.into()]).unwrap();
    server.command(0, "createStream", 4.0, &[Value::Null]).unwrap();
    assert_eq!(server.told(), [result("Number(2.0)"), result("Number(1.0)")]);
}

#[test]
fn pings_are_answered_and_sent() {
    let mut server = Server::connected();
    server.session.handle_input(&message(0, type_id::USER_CONTROL, &[0, 6, 1, 2, 3, 4])).unwrap();
    assert_eq!(server.answers()[0].payload[..], [0, 7, 1, 2, 3, 4]);
    server.session.send_ping(0x0102_0304);
    assert_eq!(server.answers()[0].payload[..], [0, 6, 1, 2, 3, 4]);
}

#[test]
fn a_buffer_length_is_no_question() {
    let mut server = Server::playing();
    let [high, low] = user_control::SET_BUFFER_LENGTH.to_be_bytes();
    server
        .session
        .handle_input(&message(0, type_id::USER_CONTROL, &[high, low, 0, 0, 0, 1, 0, 0, 3, 0xE8]))
        .unwrap();
    assert!(server.answers().is_empty() && server.events().is_empty());
}

#[test]
fn a_player_hears_of_the_end_and_of_pauses_of_its_stream() {
    let mut server = Server::playing();
    server.session.send_stream_event(1, StreamEvent::Dry);
    assert_eq!(server.answers()[0].payload[..], [0, 2, 0, 0, 0, 1]);
    server.session.end_play(1);
    let answers = server.answers();
    assert_eq!(answers[0].payload[..], [0, 1, 0, 0, 0, 1], "Stream EOF");
    let told: Vec<_> = answers.iter().skip(1).map(super::told).collect();
    assert_eq!(told, [status(1, code::PLAY_UNPUBLISH_NOTIFY), status(1, code::PLAY_STOP)]);
    server.session.end_play(1);
    assert!(server.answers().is_empty(), "once is enough");
}
