use super::pair::Pair;
use super::{message, message_at};
use crate::command::{encode, encode_values};
use crate::message::type_id;
use crate::{ClientEvent, ClientRole, MediaKind, MessageHeader, encode_message, status};
use bytes::BytesMut;
use flv::amf0::Value;

fn media(payload: &[u8]) -> BytesMut {
    let mut bytes = BytesMut::new();
    encode_message(&mut bytes, &MessageHeader::media(MediaKind::Video, 1, 0), &[payload], 60_000);
    bytes
}

#[test]
fn media_alone_says_that_the_play_has_started() {
    let mut pair = Pair::new(ClientRole::Play, "rtmp://h/live/cam");
    pair.drive();
    pair.hear(&media(&[1, 2, 3]));
    assert!(matches!(
        &pair.client_events[..],
        [ClientEvent::Ready { message_stream_id: 1, .. }, ClientEvent::Media(_)]
    ));
}

#[test]
fn data_about_the_play_is_not_part_of_the_stream() {
    let mut pair = Pair::ready(ClientRole::Play);
    let values = ["onStatus".into(), Value::object([("code", Value::from("NetStream.Data.Start"))])];
    pair.hear(&message(1, type_id::DATA_AMF0, &encode_values(&values)));
    pair.hear(&message(1, type_id::DATA_AMF0, &encode_values(&["onMetaData".into(), Value::Null])));
    let values = ["onPlayStatus".into(), Value::object([("code", Value::from(status::PLAY_COMPLETE))])];
    pair.hear(&message(1, type_id::DATA_AMF0, &encode_values(&values)));
    let [ClientEvent::Media(metadata), ClientEvent::Ended { code }] = &pair.client_events[..] else {
        panic!("{:?}", pair.client_events);
    };
    assert!(metadata.payload.starts_with(b"\x02\x00\x0aonMetaData"));
    assert_eq!(code, status::PLAY_COMPLETE);
}

#[test]
fn aggregates_are_taken_apart() {
    let mut pair = Pair::ready(ClientRole::Play);
    let tag = [&[8, 0, 0, 1, 0, 0, 9, 0, 0, 0, 0, 0xAF][..], &[0, 0, 0, 12]].concat();
    pair.hear(&message_at(700, 1, type_id::AGGREGATE, &tag.repeat(2)));
    let times: Vec<_> = pair
        .client_events
        .iter()
        .map(|event| match event {
            ClientEvent::Media(media) => media.timestamp_ms,
            event => panic!("{event:?}"),
        })
        .collect();
    assert_eq!(times, [700, 700]);
}

#[test]
fn an_error_to_connect_or_create_stream_is_a_refusal() {
    let info = Value::object(
        [("level", "error"), ("code", "X.Rejected"), ("description", "full")].map(|(k, v)| (k, v.into())),
    );
    for transaction_id in [1.0, 4.0, 5.0] {
        let mut pair = Pair::new(ClientRole::Publish, "rtmp://h/live/cam");
        pair.drive();
        pair.hear(&message(
            0,
            type_id::COMMAND_AMF0,
            &encode("_error", transaction_id, &[Value::Null, info.clone()]),
        ));
        let refused = ClientEvent::Refused { code: "X.Rejected".to_owned(), description: "full".to_owned() };
        assert_eq!(pair.client_events, [refused]);
    }
    // Servers that do not know these commands say so; that is no reason to give up.
    let mut pair = Pair::new(ClientRole::Publish, "rtmp://h/live/cam");
    pair.drive();
    pair.hear(&message(0, type_id::COMMAND_AMF0, &encode("_error", 2.0, &[Value::Null, info])));
    assert!(pair.client_events.is_empty());
}

#[test]
fn nothing_is_sent_before_the_server_has_said_yes() {
    let mut pair = Pair::new(ClientRole::Publish, "rtmp://h/live/cam");
    pair.drive();
    assert_eq!(pair.client.send_media(MediaKind::Audio, 0, &[&[1]]), Err(crate::Error::NotPublishing));
    let mut pair = Pair::ready(ClientRole::Play);
    assert_eq!(pair.client.send_media(MediaKind::Audio, 0, &[&[1]]), Err(crate::Error::NotPublishing));
}

#[test]
fn nothing_happens_after_the_end() {
    let mut pair = Pair::ready(ClientRole::Play);
    pair.server.end_play(1);
    pair.drive();
    pair.hear(&media(&[1, 2, 3]));
    pair.hear(&message(0, type_id::COMMAND_AMF0, &encode("close", 0.0, &[])));
    assert_eq!(pair.client_events.len(), 1);
}

#[test]
fn media_that_waits_is_no_answer_that_nobody_reads() {
    let mut pair = Pair::ready(ClientRole::Publish);
    pair.client.send_media(MediaKind::Video, 0, &[&[0; 1 << 20]]).unwrap();
    assert!(pair.client.unsent_bytes() > 1 << 20);
    pair.hear(&message(0, type_id::USER_CONTROL, &[0, 6, 0, 0, 0, 0]));
    pair.hear(&message(0, type_id::USER_CONTROL, &[0, 6, 0, 0, 0, 0]));
}
