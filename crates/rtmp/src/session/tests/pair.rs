use super::CHUNK_SIZE;
use crate::{
    ClientEvent, ClientRole, ClientSession, Event, Limits, MediaKind, MessageHeader, RequestId,
    ServerSession, Url, encode_message, status,
};
use bytes::{Bytes, BytesMut};

/// Client and server with nothing between them.
pub(super) struct Pair {
    pub(super) client: ClientSession,
    pub(super) server: ServerSession,
    pub(super) client_events: Vec<ClientEvent>,
    pub(super) server_events: Vec<Event>,
    /// How many bytes arrive at once.
    piece_bytes: usize,
}

impl Pair {
    pub(super) fn new(role: ClientRole, url: &str) -> Self {
        Self::in_pieces(role, url, usize::MAX)
    }

    fn in_pieces(role: ClientRole, url: &str, piece_bytes: usize) -> Self {
        let url = Url::parse(url).unwrap();
        Self {
            client: ClientSession::new(role, url, Limits::default(), CHUNK_SIZE, 1),
            server: ServerSession::new(Limits::default(), CHUNK_SIZE),
            client_events: Vec::new(),
            server_events: Vec::new(),
            piece_bytes,
        }
    }

    /// Carries bytes until both are silent.
    pub(super) fn drive(&mut self) {
        loop {
            let (to_server, to_client) = (self.client.poll_transmit(), self.server.poll_transmit());
            if to_server.is_none() && to_client.is_none() {
                break;
            }
            for piece in to_server.unwrap_or_default().chunks(self.piece_bytes) {
                self.server.handle_input(piece).unwrap();
                self.server_events.extend(std::iter::from_fn(|| self.server.poll_event()));
            }
            for piece in to_client.unwrap_or_default().chunks(self.piece_bytes) {
                self.hear(piece);
            }
        }
    }

    /// What the client does with bytes from the server.
    pub(super) fn hear(&mut self, bytes: &[u8]) {
        self.client.handle_input(bytes).unwrap();
        self.client_events.extend(std::iter::from_fn(|| self.client.poll_event()));
    }

    pub(super) fn request(&self) -> RequestId {
        let request = self.server_events.iter().rev().find_map(|event| match event {
            Event::PublishRequested { request, .. } | Event::PlayRequested { request, .. } => Some(*request),
            _ => None,
        });
        request.unwrap()
    }

    /// A client that publishes or plays, for both of which the server has said yes.
    pub(super) fn ready(role: ClientRole) -> Self {
        let mut pair = Self::new(role, "rtmp://h/live/cam");
        pair.drive();
        let request = pair.request();
        match role {
            ClientRole::Publish => pair.server.accept_publish(request),
            ClientRole::Play => pair.server.accept_play(request),
        }
        pair.drive();
        assert!(matches!(pair.client_events.as_slice(), [ClientEvent::Ready { message_stream_id: 1, .. }]));
        pair.server_events.clear();
        pair.client_events.clear();
        pair
    }
}

fn publish_in_pieces(piece_bytes: usize) -> (Vec<Event>, Vec<ClientEvent>) {
    let mut pair = Pair::in_pieces(ClientRole::Publish, "rtmp://h:1936/live/cam?sign=1-a", piece_bytes);
    pair.drive();
    pair.server.accept_publish(pair.request());
    pair.drive();
    pair.client.send_media(MediaKind::Video, 0xFF_FFF0, &[b"head", &[7; 100_000]]).unwrap();
    pair.client.send_media(MediaKind::Audio, 0x100_0000, &[&[8; 3]]).unwrap();
    pair.drive();
    pair.client.close();
    pair.drive();
    (pair.server_events, pair.client_events)
}

#[test]
fn a_published_stream_arrives_as_it_was_sent() {
    let (server, client) = publish_in_pieces(usize::MAX);
    let [Event::Connected(connect), Event::PublishRequested { stream_name, .. }, rest @ ..] =
        server.as_slice()
    else {
        panic!("{server:?}");
    };
    assert_eq!((connect.app.as_str(), connect.tc_url.as_str()), ("live", "rtmp://h:1936/live"));
    assert!(connect.capabilities.takes("hvc1") && connect.capabilities.takes("Opus"));
    assert_eq!(stream_name, "cam?sign=1-a");
    let [Event::Media(video), Event::Media(audio), Event::PublishEnded { message_stream_id: 1 }] = rest
    else {
        panic!("{rest:?}");
    };
    assert_eq!((video.kind, video.timestamp_ms, video.payload.len()), (MediaKind::Video, 0xFF_FFF0, 100_004));
    assert_eq!(
        (audio.kind, audio.timestamp_ms, &audio.payload[..]),
        (MediaKind::Audio, 0x100_0000, &[8; 3][..])
    );
    // Nothing is told about an end that the client itself has made.
    let [ClientEvent::Ready { message_stream_id: 1, capabilities }] = client.as_slice() else {
        panic!("{client:?}")
    };
    assert!(capabilities.takes("av01") && !capabilities.takes("vvc1"));
}

#[test]
fn bytes_one_at_a_time_give_the_same_events() {
    let whole = publish_in_pieces(usize::MAX);
    assert_eq!(publish_in_pieces(1), whole);
    assert_eq!(publish_in_pieces(1000), whole);
}

#[test]
fn a_played_stream_arrives_as_it_was_encoded_for_all() {
    let mut pair = Pair::ready(ClientRole::Play);
    let mut shared = BytesMut::new();
    encode_message(&mut shared, &MessageHeader::media(MediaKind::Video, 1, 40), &[&[7; 200_000]], CHUNK_SIZE);
    encode_message(&mut shared, &MessageHeader::media(MediaKind::Audio, 1, 41), &[&[8; 5]], CHUNK_SIZE);
    let shared = shared.freeze();
    pair.hear(&shared);
    // An answer of the session may stand between any two messages of the shared encoding.
    pair.server.send_ping(5);
    pair.drive();
    pair.hear(&shared);
    let media: Vec<_> = pair
        .client_events
        .iter()
        .map(|event| match event {
            ClientEvent::Media(media) => (media.kind, media.timestamp_ms, media.payload.len()),
            event => panic!("{event:?}"),
        })
        .collect();
    let once = [(MediaKind::Video, 40, 200_000), (MediaKind::Audio, 41, 5)];
    assert_eq!(media, [once, once].concat());
}

#[test]
fn a_refusal_says_why() {
    for (role, code) in
        [(ClientRole::Publish, status::PUBLISH_BAD_NAME), (ClientRole::Play, status::PLAY_STREAM_NOT_FOUND)]
    {
        let mut pair = Pair::new(role, "rtmp://h/live/cam");
        pair.drive();
        pair.server.refuse(pair.request(), code, "live/cam");
        pair.drive();
        let refused = ClientEvent::Refused { code: code.to_owned(), description: "live/cam".to_owned() };
        assert_eq!(pair.client_events, [refused]);
        assert!(pair.client.send_media(MediaKind::Audio, 0, &[]).is_err());
    }
}

#[test]
fn both_sides_hear_of_an_end() {
    let mut pair = Pair::ready(ClientRole::Publish);
    pair.server.end_publish(1);
    pair.drive();
    assert_eq!(pair.client_events, [ClientEvent::Ended { code: status::UNPUBLISH_SUCCESS.to_owned() }]);

    let mut pair = Pair::ready(ClientRole::Play);
    pair.server.end_play(1);
    pair.drive();
    assert_eq!(pair.client_events, [ClientEvent::Ended { code: status::PLAY_UNPUBLISH_NOTIFY.to_owned() }]);

    let mut pair = Pair::ready(ClientRole::Play);
    pair.client.close();
    pair.drive();
    assert_eq!(pair.server_events, [Event::PlayEnded { message_stream_id: 1 }]);
}

#[test]
fn metadata_is_sent_as_a_frame_that_servers_keep() {
    let mut pair = Pair::ready(ClientRole::Publish);
    let name = b"\x02\x00\x0aonMetaData";
    pair.client.send_media(MediaKind::Data, 0, &[name, &[5]]).unwrap();
    pair.client.send_media(MediaKind::Data, 0, &[b"\x02\x00\x06onText", &[5]]).unwrap();
    pair.drive();
    let payloads: Vec<Bytes> = pair
        .server_events
        .iter()
        .map(|event| match event {
            Event::Media(media) => media.payload.clone(),
            event => panic!("{event:?}"),
        })
        .collect();
    assert_eq!(
        payloads,
        [&b"\x02\x00\x0d@setDataFrame\x02\x00\x0aonMetaData\x05"[..], b"\x02\x00\x06onText\x05"]
    );
}

#[test]
fn received_bytes_are_acknowledged() {
    let mut pair = Pair::ready(ClientRole::Publish);
    for _ in 0..30 {
        pair.client.send_media(MediaKind::Video, 0, &[&[0; 100_000]]).unwrap();
    }
    let before = pair.server.bytes_received();
    let bytes = pair.client.poll_transmit().unwrap();
    pair.server.handle_input(&bytes).unwrap();
    assert_eq!(pair.server.bytes_received(), before + bytes.len() as u64);
    let acknowledged = (pair.server.bytes_received() as u32).to_be_bytes();
    let answer = pair.server.poll_transmit().unwrap();
    assert_eq!(answer[..], [&[2, 0, 0, 0, 0, 0, 4, 3, 0, 0, 0, 0][..], &acknowledged].concat());
}
