use super::{CHUNK_SIZE, Server, handshake, message, pair::Pair};
use crate::command::encode;
use crate::message::type_id;
use crate::{ClientRole, Error, Limits, ServerSession};
use flv::amf0::Value;
use proptest::prelude::*;

#[test]
fn a_connect_of_nested_objects_is_refused() {
    // "connect", 1, and an object in an object in an object …
    let nested = |depth| {
        [&b"\x02\x00\x07connect\x00\x3f\xf0\0\0\0\0\0\0"[..], &b"\x03\x00\x01a".repeat(depth)].concat()
    };
    let mut server = Server::new();
    let error = server.session.handle_input(&message(0, type_id::COMMAND_AMF0, &nested(10_000))).unwrap_err();
    assert!(matches!(error, Error::Amf(flv::Error::AmfDepth { .. })), "{error:?}");
    let mut server = Server::new();
    let error = server.session.handle_input(&message(0, type_id::COMMAND_AMF0, &nested(80_000))).unwrap_err();
    assert!(matches!(error, Error::MessageTooLarge { .. }), "{error:?}");
}

#[test]
fn strangers_cannot_make_us_hold_long_messages() {
    let begin_video = [4, 0, 0, 0, 1, 0, 1, 9, 1, 0, 0, 0]; // 65537 bytes
    let mut server = Server::connected();
    let expected = Error::MessageTooLarge { type_id: 9, bytes: 65537, max_bytes: 64 << 10 };
    assert_eq!(server.session.handle_input(&begin_video), Err(expected.clone()));
    let mut server = Server::publishing();
    assert_eq!(server.session.handle_input(&begin_video), Ok(()));
    let mut server = Server::publishing();
    server.session.end_publish(1);
    assert_eq!(server.session.handle_input(&begin_video), Err(expected));
}

#[test]
fn a_peer_that_never_reads_answers_gets_an_error() {
    let ping = message(0, type_id::USER_CONTROL, &[0, 6, 0, 0, 0, 0]);
    let mut server = Server::connected();
    let error = (0..100_000).find_map(|_| server.session.handle_input(&ping).err());
    assert_eq!(error, Some(Error::TooMuchUnsent { max_bytes: 64 << 10 }));
    // In one go too, before the caller could have written anything.
    let mut server = Server::connected();
    assert!(server.session.handle_input(&ping.repeat(100_000)).is_err());
    assert!(server.session.poll_transmit().unwrap().len() < (64 << 10) + 100);
    // One that reads may go on for ever.
    let mut server = Server::connected();
    for _ in 0..10_000 {
        server.session.handle_input(&ping).unwrap();
        server.session.poll_transmit().unwrap();
    }
}

#[test]
fn an_acknowledgement_window_of_0_asks_for_none() {
    let mut server = Server::publishing();
    server.session.handle_input(&message(0, type_id::WINDOW_ACK_SIZE, &[0; 4])).unwrap();
    let video = message(1, type_id::VIDEO, &[0; 10_000]);
    for _ in 0..300 {
        server.session.handle_input(&video).unwrap();
    }
    assert!(server.answers().is_empty());
    // One of 1 byte gets an answer per read, not per byte.
    server.session.handle_input(&message(0, type_id::WINDOW_ACK_SIZE, &[0, 0, 0, 1])).unwrap();
    server.answers();
    server.session.handle_input(&video).unwrap();
    assert_eq!(server.answers().len(), 1);
}

#[test]
fn control_messages_that_are_too_short_are_errors() {
    for type_id in [type_id::SET_CHUNK_SIZE, type_id::ABORT, type_id::WINDOW_ACK_SIZE, type_id::USER_CONTROL]
    {
        let mut server = Server::connected();
        let error = server.session.handle_input(&message(0, type_id, &[0])).unwrap_err();
        assert!(matches!(error, Error::Truncated { bytes: 1, .. }), "{error:?}");
    }
    let mut server = Server::connected();
    assert!(server.session.handle_input(&message(0, type_id::USER_CONTROL, &[0, 6, 1])).is_err());
    let mut server = Server::publishing();
    for aggregate in [&[8, 0, 0][..], &[8, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 1]] {
        assert!(server.session.handle_input(&message(1, type_id::AGGREGATE, aggregate)).is_err());
    }
}

#[test]
fn an_aggregate_cannot_multiply() {
    let empty_tag = [8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    let mut server = Server::publishing();
    let aggregate = message(1, type_id::AGGREGATE, &empty_tag.repeat(5000));
    assert_eq!(server.session.handle_input(&aggregate), Err(Error::TooManyTags { max: 4096 }));
}

#[test]
fn commands_have_an_order() {
    let mut server = Server::new();
    let error = server.command(0, "createStream", 1.0, &[Value::Null]).unwrap_err();
    assert_eq!(error, Error::NotConnected { name: "createStream".to_owned() });
    let mut server = Server::connected();
    assert_eq!(server.command(0, "connect", 2.0, &[]), Err(Error::AlreadyConnected));
    let mut server = Server::connected();
    let error = server.command(7, "publish", 2.0, &[Value::Null, "cam".into()]).unwrap_err();
    assert_eq!(error, Error::NoMessageStream { command: "publish", message_stream_id: 7 });
    let mut server = Server::connected();
    assert!(server.command(7, "play", 2.0, &[Value::Null, "cam".into()]).is_err());
    let mut server = Server::connected();
    let nameless = server.session.handle_input(&message(0, type_id::COMMAND_AMF0, &[5]));
    assert_eq!(nameless, Err(Error::NoCommandName));
}

#[test]
fn an_error_shows_only_the_start_of_a_made_up_name() {
    let mut server = Server::new();
    let error = server.command(0, &"x".repeat(10_000), 1.0, &[]).unwrap_err();
    assert!(error.to_string().len() < 100, "{error}");
}

#[test]
fn message_streams_are_limited() {
    let mut server = Server::with_limits(Limits { message_streams_max: 3, ..Limits::default() });
    server.command(0, "connect", 1.0, &[]).unwrap();
    for _ in 0..5 {
        server.command(0, "createStream", 2.0, &[Value::Null]).unwrap();
    }
    let names: Vec<_> = server.told().into_iter().map(|(_, name, _)| name).collect();
    assert_eq!(names, ["_result", "_result", "_result", "_result", "_error", "_error"]);
}

#[test]
fn an_idle_session_is_small() {
    let mut server = Server::playing();
    server.events();
    assert_eq!(server.session.poll_transmit(), None);
    let size = size_of::<ServerSession>();
    assert!(size < 512, "{size} bytes in place");
    assert!(server.session.events.capacity() <= 64);
    assert!(size_of::<crate::Event>() <= 72, "{} bytes per event", size_of::<crate::Event>());
}

#[test]
fn a_burst_of_events_leaves_no_memory_behind() {
    let mut server = Server::publishing();
    server.session.handle_input(&message(1, type_id::AUDIO, &[1]).repeat(10_000)).unwrap();
    assert_eq!(server.events().len(), 10_000);
    assert!(server.session.events.capacity() <= 64);
}

/// Chunks that are likely to be understood, as far as chunks go.
fn any_input() -> impl Strategy<Value = Vec<u8>> {
    let command = prop_oneof![
        Just("connect"),
        Just("createStream"),
        Just("publish"),
        Just("play"),
        Just("pause"),
        Just("deleteStream"),
        Just("closeStream"),
        Just("FCPublish"),
        Just("FCUnpublish"),
        Just("getStreamLength"),
        Just("seek"),
        Just("x"),
    ];
    let value = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Boolean),
        (-2i32..4).prop_map(|n| Value::Number(n.into())),
        "[a-z?=&]{0,5}".prop_map(Value::String),
    ];
    let values = prop::collection::vec(value, 0..4);
    let command = (0u32..3, command, -1i32..6, values).prop_map(|(stream, name, transaction_id, values)| {
        message(stream, type_id::COMMAND_AMF0, &encode(name, transaction_id.into(), &values)).to_vec()
    });
    let payload = prop::collection::vec(any::<u8>(), 0..40);
    let other = (0u32..3, 0u8..23, payload.clone())
        .prop_map(|(stream, type_id, payload)| message(stream, type_id, &payload).to_vec());
    prop::collection::vec(prop_oneof![4 => command, 2 => other, 1 => payload], 0..20)
        .prop_map(|parts| parts.concat())
}

/// Everything a server says about `input`, given in pieces.
fn outcome(input: &[u8], piece_bytes: usize) -> (Vec<crate::Event>, Vec<u8>, Option<Error>) {
    let mut session = ServerSession::new(Limits::default(), CHUNK_SIZE);
    session.handle_input(&handshake()).unwrap();
    let (mut events, mut sent, mut error) = (Vec::new(), Vec::new(), None);
    for piece in input.chunks(piece_bytes) {
        error = session.handle_input(piece).err();
        events.extend(std::iter::from_fn(|| session.poll_event()));
        sent.extend(session.poll_transmit().unwrap_or_default());
        if error.is_some() {
            break;
        }
    }
    (events, sent, error)
}

proptest! {
    #[test]
    fn any_input_is_handled_the_same_way_however_it_is_cut(input in any_input(), piece_bytes in 1usize..20) {
        let whole = outcome(&input, usize::MAX);
        // A window of few bytes is acknowledged once per read, so what is sent differs then.
        let (events, _, error) = outcome(&input, piece_bytes);
        prop_assert_eq!((events, error), (whole.0, whole.2));
        prop_assert!(whole.1.len() < 200 * (input.len() + 20));
    }

    #[test]
    fn any_bytes_from_the_first_on_are_survived(bytes in prop::collection::vec(any::<u8>(), 0..4000), has_version: bool) {
        let mut session = ServerSession::new(Limits::default(), CHUNK_SIZE);
        if has_version {
            session.handle_input(&[3]).unwrap();
        }
        let _ = session.handle_input(&bytes);
    }

    #[test]
    fn a_client_survives_any_server(bytes in any_input()) {
        let mut pair = Pair::ready(ClientRole::Play);
        let _ = pair.client.handle_input(&bytes);
    }
}
