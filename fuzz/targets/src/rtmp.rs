//! RTMP: chunks, the sessions of both sides, addresses.

use crate::input::{Input, pieces};
use bytes::{Bytes, BytesMut};
use rtmp::{
    ChunkReader, ClientEvent, ClientRole, ClientSession, Error, Event, Limits, MediaKind, Message,
    MessageHeader, ServerSession, StreamEvent, Target, Url, encode_message, message_pieces, query_args,
};

/// Small, so that a fuzzer finds them.
const LIMITS: Limits = Limits {
    message_bytes_max: 4 << 10,
    command_bytes_max: 2 << 10,
    chunk_streams_max: 8,
    chunk_size_min: 128,
    message_streams_max: 4,
    unsent_control_bytes_max: 16 << 10,
};

/// RTMP 1.0 §5.4.1.
const CHUNK_SIZE_INITIAL: u32 = 128;

/// §5.2: version 3, and what fills the two packets is all the same to both sides.
const HANDSHAKE: [u8; 1 + 1536 + 1536] = {
    let mut bytes = [0; 1 + 1536 + 1536];
    bytes[0] = 3;
    bytes
};

/// Chunks mean the same whatever the pieces they come in; messages can be written, and read as the same again.
pub fn rtmp_chunks(data: &[u8]) {
    let mut input = Input(data);
    let chunk_stream_id = u32::from(input.u16()) + 2;
    let whole = read_messages([input.0]);
    assert_eq!(whole, read_messages(pieces(input.0)));

    let mut written = BytesMut::new();
    for message in &whole.0 {
        let before = written.len();
        let header = MessageHeader {
            chunk_stream_id,
            message_stream_id: message.message_stream_id,
            type_id: message.type_id,
            timestamp_ms: message.timestamp_ms,
        };
        let (prefix, payload) = message.payload.split_at(message.payload.len().min(7));
        encode_message(&mut written, &header, &[prefix, payload], CHUNK_SIZE_INITIAL);
        let mut shared = Vec::new();
        let payload = Bytes::copy_from_slice(payload);
        message_pieces(&mut shared, &header, prefix, payload, CHUNK_SIZE_INITIAL);
        assert_eq!(shared.concat(), written[before..]);
    }
    assert_eq!(read_messages([&written[..]]), (whole.0, None));
}

fn read_messages<'a>(input: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Message>, Option<Error>) {
    let mut reader = ChunkReader::new(LIMITS);
    let mut messages = Vec::new();
    for mut piece in input {
        loop {
            match reader.read(&mut piece) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
        assert!(piece.is_empty(), "what was not read would be lost");
    }
    (messages, None)
}

/// What both sides make of the first bytes; the digest handshake is in the corpus.
pub fn rtmp_handshake(data: &[u8]) {
    let answers = |input: &mut dyn Iterator<Item = &[u8]>| {
        let (mut server, mut out) = (ServerSession::new(LIMITS, 4096), BytesMut::new());
        for piece in input {
            if server.handle_input(piece).is_err() {
                break;
            }
            if !server.is_handshaken() {
                out.extend_from_slice(&server.poll_transmit().unwrap_or_default());
            }
        }
        out.truncate(HANDSHAKE.len());
        out
    };
    let head = &data[..data.len().min(HANDSHAKE.len() - 1)];
    assert_eq!(answers(&mut [head].into_iter()), answers(&mut pieces(head)));
    let mut client = client(ClientRole::Publish);
    let _ = client.handle_input(head);
}

/// A server behind the handshake: what clients say, whether their requests are let in or refused.
pub fn rtmp_server(data: &[u8]) {
    let mut server = ServerSession::new(LIMITS, 4096);
    server.handle_input(&HANDSHAKE).expect("a plain handshake");
    assert!(server.is_handshaken());
    let mut answered = 0u32;
    for piece in pieces(data) {
        if let Err(error) = server.handle_input(piece) {
            let _ = error.to_string();
            return;
        }
        while let Some(event) = server.poll_event() {
            answered += 1;
            match event {
                Event::PublishRequested { request, .. } | Event::PlayRequested { request, .. }
                    if answered.is_multiple_of(3) =>
                {
                    server.refuse(request, "NetStream.Publish.BadName", "not today");
                }
                Event::PublishRequested { request, message_stream_id, .. } => {
                    server.accept_publish(request);
                    if answered.is_multiple_of(5) {
                        server.end_publish(message_stream_id);
                    }
                }
                Event::PlayRequested { request, message_stream_id, .. } => {
                    server.accept_play(request);
                    server.send_stream_event(message_stream_id, StreamEvent::Dry);
                    if answered.is_multiple_of(5) {
                        server.end_play(message_stream_id);
                    }
                }
                Event::Media(media) => assert!(media.payload.len() <= LIMITS.message_bytes_max),
                _ => {}
            }
        }
        // A peer that reads now and then.
        if piece.len() > 8 {
            let unsent = server.poll_transmit().unwrap_or_default();
            assert!(unsent.len() < 8 * LIMITS.unsent_control_bytes_max, "{} bytes wait", unsent.len());
        }
    }
}

/// A client behind the handshake, as a publisher or a player: what servers say.
pub fn rtmp_client(data: &[u8]) {
    let mut input = Input(data);
    let role = if input.u8().is_multiple_of(2) { ClientRole::Publish } else { ClientRole::Play };
    let mut client = client(role);
    client.handle_input(&HANDSHAKE).expect("a plain handshake");
    for piece in pieces(input.0) {
        if let Err(error) = client.handle_input(piece) {
            let _ = error.to_string();
            return;
        }
        while let Some(event) = client.poll_event() {
            match event {
                ClientEvent::Ready { .. } if role == ClientRole::Publish => {
                    client.send_media(MediaKind::Video, 0, &[&[0x17, 0], piece]).expect("ready");
                }
                ClientEvent::Media(media) => assert!(media.payload.len() <= LIMITS.message_bytes_max),
                _ => {}
            }
        }
        client.poll_transmit();
    }
    client.close();
}

fn client(role: ClientRole) -> ClientSession {
    let url = Url::parse("rtmp://localhost/live/mark?sign=1").expect("an address");
    ClientSession::new(role, url, LIMITS, 4096, 1)
}

/// Addresses, and the three texts in which clients hide names and queries.
pub fn rtmp_url(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(url) = Url::parse(text) {
        assert!(!url.host.is_empty() && url.port > 0 && !url.stream_name.is_empty());
    }
    let mut parts = text.splitn(3, '\n');
    let mut part = || parts.next().unwrap_or_default();
    let target = Target::resolve(part(), part(), part());
    assert!(!target.app.contains('?') && !target.name.contains('?'), "{target:?}");
    assert!(query_args(text).count() <= rtmp::QUERY_ARGS_MAX);
}
