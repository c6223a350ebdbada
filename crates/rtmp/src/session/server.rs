//! The server's side of a connection.

use super::commands;
use super::event::{Event, RequestId, StreamEvent};
use super::link::Link;
use super::{Media, aggregate, status};
use crate::command::{Command, encode, encode_values};
use crate::message::{MediaKind, Message, MessageHeader, type_id, user_control};
use crate::{Error, Limits};
use bytes::Bytes;
use flv::amf0::Value;
use std::collections::VecDeque;

/// One connection of a client, as a server sees it.
///
/// Answers wait for [`poll_transmit`](Self::poll_transmit). Take them only when the socket can have more: a peer that
/// makes us answer and never reads then gets an error from [`handle_input`](Self::handle_input).
#[derive(Debug)]
pub struct ServerSession {
    pub(super) link: Link,
    pub(super) limits: Limits,
    pub(super) outgoing_chunk_size: u32,
    pub(super) events: VecDeque<Event>,
    pub(super) streams: Vec<MessageStream>,
    pub(super) is_connected: bool,
    /// The peer follows the order of Flash Media Live Encoder and wants its answers.
    pub(super) has_fc_publish: bool,
    pub(super) requests: u32,
}

/// What `createStream` makes.
#[derive(Debug)]
pub(super) struct MessageStream {
    pub(super) id: u32,
    pub(super) role: Role,
    /// Not answered yet.
    pub(super) request: Option<RequestId>,
    pub(super) stream_name: String,
}

/// What a message stream is used for, or will be when the request is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Role {
    Idle,
    Publish,
    Play,
}

/// Above this many events the queue's memory is given back when it was emptied.
const EVENTS_KEPT_MAX: usize = 64;

impl ServerSession {
    /// Waits for the client's handshake. Chunks of `outgoing_chunk_size` bytes are announced in the answer to
    /// `connect`, so that all media may be encoded with it.
    pub fn new(limits: Limits, outgoing_chunk_size: u32) -> Self {
        let mut link = Link::server(limits);
        link.set_message_bytes_max(limits.command_bytes_max);
        Self {
            link,
            limits,
            outgoing_chunk_size,
            events: VecDeque::new(),
            streams: Vec::new(),
            is_connected: false,
            has_fc_publish: false,
            requests: 0,
        }
    }

    /// Takes what the socket has read. After an error the connection is of no use.
    pub fn handle_input(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut input = bytes;
        self.link.count_received(bytes.len());
        if self.link.shake_hands(&mut input)? {
            while let Some(message) = self.link.receive(&mut input)? {
                self.on_message(&message)?;
            }
            self.link.acknowledge();
        }
        Ok(())
    }

    /// What has happened, oldest first.
    pub fn poll_event(&mut self) -> Option<Event> {
        let event = self.events.pop_front();
        if self.events.is_empty() && self.events.capacity() > EVENTS_KEPT_MAX {
            self.events = VecDeque::new();
        }
        event
    }

    /// What is to be written to the socket next.
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        self.link.take_unsent()
    }

    /// Whether the handshake is over.
    pub fn is_handshaken(&self) -> bool {
        self.link.is_handshaken()
    }

    /// All bytes given to [`handle_input`](Self::handle_input).
    pub fn bytes_received(&self) -> u64 {
        self.link.bytes_received()
    }

    /// Lets a publisher publish. Does nothing if the request was taken back meanwhile.
    pub fn accept_publish(&mut self, request: RequestId) {
        let Some((id, stream_name)) = self.answer(request, Role::Publish) else { return };
        if self.has_fc_publish {
            let info = status_info("status", status::PUBLISH_START, &stream_name);
            self.send_command(0, "onFCPublish", 0.0, &[Value::Null, info]);
        }
        self.send_stream_event(id, StreamEvent::Begin);
        self.send_status(id, "status", status::PUBLISH_START, "publishing");
    }

    /// Lets a player play: media may be written next. Does nothing if the request was taken back meanwhile.
    pub fn accept_play(&mut self, request: RequestId) {
        let Some((id, _)) = self.answer(request, Role::Play) else { return };
        self.send_stream_event(id, StreamEvent::Begin);
        self.send_status(id, "status", status::PLAY_RESET, "playing and resetting");
        self.send_status(id, "status", status::PLAY_START, "playing");
        // Flash Player gives pages access to pictures and sound only if it is told to.
        let access = encode_values(&["|RtmpSampleAccess".into(), true.into(), true.into()]);
        self.link.send(&MessageHeader::media(MediaKind::Data, id, 0), &access);
    }

    /// Refuses a publish or play with one of the codes of [`status`], or another.
    pub fn refuse(&mut self, request: RequestId, code: &str, description: &str) {
        let Some(stream) = self.streams.iter_mut().find(|stream| stream.request == Some(request)) else {
            return;
        };
        let id = stream.id;
        stream.clear();
        self.update_message_limit();
        self.send_status(id, "error", code, description);
    }

    /// Tells a publisher that its publish is over.
    pub fn end_publish(&mut self, message_stream_id: u32) {
        if self.take_role(message_stream_id, Role::Publish) {
            self.send_status(message_stream_id, "status", status::UNPUBLISH_SUCCESS, "no longer publishing");
        }
    }

    /// Tells a player that its stream is over.
    pub fn end_play(&mut self, message_stream_id: u32) {
        if self.take_role(message_stream_id, Role::Play) {
            self.send_stream_event(message_stream_id, StreamEvent::Eof);
            self.send_status(
                message_stream_id,
                "status",
                status::PLAY_UNPUBLISH_NOTIFY,
                "no longer published",
            );
            self.send_status(message_stream_id, "status", status::PLAY_STOP, "stopped");
        }
    }

    /// Tells a player about its stream.
    pub fn send_stream_event(&mut self, message_stream_id: u32, event: StreamEvent) {
        let event = match event {
            StreamEvent::Begin => user_control::STREAM_BEGIN,
            StreamEvent::Eof => user_control::STREAM_EOF,
            StreamEvent::Dry => user_control::STREAM_DRY,
        };
        self.link.send_user_control(event, message_stream_id);
    }

    /// Asks the peer for a sign of life, which shows in [`bytes_received`](Self::bytes_received).
    pub fn send_ping(&mut self, now_ms: u32) {
        self.link.send_user_control(user_control::PING_REQUEST, now_ms);
    }

    fn on_message(&mut self, message: &Message) -> Result<(), Error> {
        match message.type_id {
            type_id::COMMAND_AMF0 | type_id::COMMAND_AMF3 => {
                let command = Command::decode(message)?;
                commands::on_command(self, &command, message.message_stream_id)?;
            }
            type_id::AGGREGATE if self.has_publish(message.message_stream_id) => {
                self.events.extend(aggregate::split(message)?.into_iter().map(Event::Media));
            }
            type_id => {
                if let Some(kind) = MediaKind::of_type(type_id)
                    && self.has_publish(message.message_stream_id)
                {
                    self.events.push_back(Event::Media(Media::of(message, kind)));
                }
            }
        }
        Ok(())
    }

    pub(super) fn stream(&mut self, id: u32) -> Option<&mut MessageStream> {
        self.streams.iter_mut().find(|stream| stream.id == id)
    }

    fn has_publish(&self, id: u32) -> bool {
        self.streams.iter().any(|stream| stream.id == id && stream.role == Role::Publish)
    }

    /// Strangers cannot make us hold long messages.
    pub(super) fn update_message_limit(&mut self) {
        let has_publisher = self.streams.iter().any(|stream| stream.role == Role::Publish);
        let Limits { message_bytes_max, command_bytes_max, .. } = self.limits;
        self.link.set_message_bytes_max(if has_publisher { message_bytes_max } else { command_bytes_max });
    }

    /// The message stream of a request that is still wanted, and the stream name; the request then counts as answered.
    fn answer(&mut self, request: RequestId, role: Role) -> Option<(u32, String)> {
        let is_it = |stream: &&mut MessageStream| stream.request == Some(request) && stream.role == role;
        let stream = self.streams.iter_mut().find(is_it)?;
        stream.request = None;
        Some((stream.id, stream.stream_name.clone()))
    }

    /// Ends what the message stream is used for, if it is used for `role`.
    pub(super) fn take_role(&mut self, id: u32, role: Role) -> bool {
        let Some(stream) = self.stream(id).filter(|stream| stream.role == role) else { return false };
        stream.clear();
        self.update_message_limit();
        true
    }

    pub(super) fn send_command(
        &mut self,
        message_stream_id: u32,
        name: &str,
        transaction_id: f64,
        values: &[Value],
    ) {
        self.link.send(&MessageHeader::command(message_stream_id), &encode(name, transaction_id, values));
    }

    pub(super) fn send_status(&mut self, message_stream_id: u32, level: &str, code: &str, description: &str) {
        let info = status_info(level, code, description);
        self.send_command(message_stream_id, "onStatus", 0.0, &[Value::Null, info]);
    }
}

impl MessageStream {
    pub(super) fn new(id: u32) -> Self {
        Self { id, role: Role::Idle, request: None, stream_name: String::new() }
    }

    fn clear(&mut self) {
        *self = Self::new(self.id);
    }
}

/// The object that says what has happened (RTMP 1.0 §7.2.2).
pub(super) fn status_info(level: &str, code: &str, description: &str) -> Value {
    Value::object(
        [("level", level), ("code", code), ("description", description)]
            .map(|(key, text)| (key, text.into())),
    )
}
