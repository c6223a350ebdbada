//! Client and server in memory, and what real clients sent.

mod captures;
mod client;
mod commands;
mod hostile;
mod pair;

use crate::chunk::{ChunkReader, encode_message};
use crate::command::{Command, encode};
use crate::message::{Message, MessageHeader, type_id};
use crate::{Event, Limits, RequestId, ServerSession};
use bytes::BytesMut;
use flv::amf0::Value;

const CHUNK_SIZE: u32 = 60_000;

/// A server that has just shaken hands, and what to read its answers with.
struct Server {
    session: ServerSession,
    reader: ChunkReader,
}

impl Server {
    fn new() -> Self {
        Self::with_limits(Limits::default())
    }

    fn with_limits(limits: Limits) -> Self {
        let mut session = ServerSession::new(limits, CHUNK_SIZE);
        session.handle_input(&handshake()).unwrap();
        assert!(session.is_handshaken());
        session.poll_transmit().unwrap();
        Self { session, reader: ChunkReader::new(Limits::default()) }
    }

    /// A server to which a client has connected and for which it has created message stream 1.
    fn connected() -> Self {
        let mut server = Self::new();
        server.command(0, "connect", 1.0, &[Value::object([("app", Value::from("live"))])]).unwrap();
        server.command(0, "createStream", 2.0, &[Value::Null]).unwrap();
        server.events();
        server.answers();
        server
    }

    fn publishing() -> Self {
        let mut server = Self::connected();
        let request = server.request_publish("cam");
        server.session.accept_publish(request);
        server.answers();
        server
    }

    fn playing() -> Self {
        let mut server = Self::connected();
        let request = server.request_play("cam");
        server.session.accept_play(request);
        server.answers();
        server
    }

    fn request_publish(&mut self, name: &str) -> RequestId {
        self.command(1, "publish", 5.0, &[Value::Null, name.into(), "live".into()]).unwrap();
        match self.events().as_slice() {
            [Event::PublishRequested { request, .. }] => *request,
            events => panic!("{events:?}"),
        }
    }

    fn request_play(&mut self, name: &str) -> RequestId {
        self.command(1, "play", 5.0, &[Value::Null, name.into()]).unwrap();
        match self.events().as_slice() {
            [Event::PlayRequested { request, .. }] => *request,
            events => panic!("{events:?}"),
        }
    }

    fn command(
        &mut self,
        stream: u32,
        name: &str,
        transaction_id: f64,
        values: &[Value],
    ) -> Result<(), crate::Error> {
        self.session.handle_input(&message(
            stream,
            type_id::COMMAND_AMF0,
            &encode(name, transaction_id, values),
        ))
    }

    fn events(&mut self) -> Vec<Event> {
        std::iter::from_fn(|| self.session.poll_event()).collect()
    }

    fn answers(&mut self) -> Vec<Message> {
        let bytes = self.session.poll_transmit().unwrap_or_default();
        let mut rest = &bytes[..];
        let messages = std::iter::from_fn(|| self.reader.read(&mut rest).unwrap()).collect();
        assert!(rest.is_empty());
        messages
    }

    /// The commands among the answers: message stream, name, and `code` or the first value.
    fn told(&mut self) -> Vec<(u32, String, String)> {
        let answers = self.answers();
        answers.iter().filter(|answer| answer.type_id == type_id::COMMAND_AMF0).map(told).collect()
    }
}

fn told(answer: &Message) -> (u32, String, String) {
    let command = Command::decode(answer).unwrap();
    let code = command.arg(0).get("code").and_then(Value::as_str).map(ToOwned::to_owned);
    (answer.message_stream_id, command.name.clone(), code.unwrap_or_else(|| format!("{:?}", command.arg(0))))
}

/// What a client sends before its first chunk.
fn handshake() -> Vec<u8> {
    [&[3][..], &[0; 2 * 1536]].concat()
}

/// A message in one chunk, or in chunks of the initial size.
fn message(message_stream_id: u32, type_id: u8, payload: &[u8]) -> BytesMut {
    message_at(0, message_stream_id, type_id, payload)
}

fn message_at(timestamp_ms: u32, message_stream_id: u32, type_id: u8, payload: &[u8]) -> BytesMut {
    let mut bytes = BytesMut::new();
    let header = MessageHeader { chunk_stream_id: 7, message_stream_id, type_id, timestamp_ms };
    encode_message(&mut bytes, &header, &[payload], 128);
    bytes
}

fn status(stream: u32, code: &str) -> (u32, String, String) {
    (stream, "onStatus".to_owned(), code.to_owned())
}
