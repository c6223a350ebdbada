//! The client's side of a connection: publishes one stream, or plays one.

use super::link::Link;
use super::{Media, aggregate, status};
use crate::command::{Command, encode, encode_values};
use crate::message::{MediaKind, Message, MessageHeader, type_id, user_control};
use crate::{Capabilities, Error, Limits, Url};
use bytes::Bytes;
use flv::amf0::{self, Value};
use std::collections::VecDeque;

/// What a client connects for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClientRole {
    /// To send a stream.
    Publish,
    /// To receive a stream.
    Play,
}

/// What a [`ClientSession`] has to tell.
#[derive(Clone, Debug, PartialEq)]
pub enum ClientEvent {
    /// The server has accepted: media may be sent, or follows.
    Ready {
        /// What the media belongs to.
        message_stream_id: u32,
        /// What the server knows beyond legacy codecs.
        capabilities: Capabilities,
    },
    /// Media of the stream that is played.
    Media(Media),
    /// The server does not want it. Nothing more will come.
    Refused {
        /// Such as those of [`status`](crate::status).
        code: String,
        /// The server's words.
        description: String,
    },
    /// The server has ended what was ready. Nothing more will come.
    Ended {
        /// Such as those of [`status`](crate::status).
        code: String,
    },
}

/// One connection to a server, for one stream. It connects, creates a stream and publishes or plays by itself.
#[derive(Debug)]
pub struct ClientSession {
    link: Link,
    role: ClientRole,
    url: Url,
    outgoing_chunk_size: u32,
    events: VecDeque<ClientEvent>,
    state: State,
    message_stream_id: u32,
    capabilities: Capabilities,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Connecting,
    /// Publish or play is asked for, or will be as soon as there is a message stream.
    Requesting,
    Ready,
    Over,
}

/// What answers refer to.
mod transaction {
    pub(super) const NONE: f64 = 0.0;
    pub(super) const CONNECT: f64 = 1.0;
    pub(super) const RELEASE_STREAM: f64 = 2.0;
    pub(super) const FC_PUBLISH: f64 = 3.0;
    pub(super) const CREATE_STREAM: f64 = 4.0;
    pub(super) const PUBLISH_OR_PLAY: f64 = 5.0;
    pub(super) const FC_UNPUBLISH: f64 = 6.0;
}

/// What we call ourselves; the first word is what servers look for.
const FLASH_VER_PUBLISH: &str = "FMLE/3.0 (compatible; Weir)";
const FLASH_VER_PLAY: &str = "LNX 9,0,124,2 (compatible; Weir)";

/// All legacy codecs (RTMP 1.0 §7.2.1.1).
const AUDIO_CODECS: f64 = 0x0FFF as f64;
const VIDEO_CODECS: f64 = 0x00FF as f64;

/// `play` start, in what servers take as milliseconds or seconds: live, or else recorded.
const PLAY_LIVE_OR_RECORDED: f64 = -2000.0;

/// How much a server should send ahead of time, in milliseconds; live servers take no notice.
const BUFFER_LENGTH_MS: u32 = 3000;

impl ClientSession {
    /// Begins with the handshake, whose filling bytes come from `seed`. Media is sent in chunks of
    /// `outgoing_chunk_size` bytes.
    pub fn new(role: ClientRole, url: Url, limits: Limits, outgoing_chunk_size: u32, seed: u64) -> Self {
        Self {
            link: Link::client(limits, seed),
            role,
            url,
            outgoing_chunk_size,
            events: VecDeque::new(),
            state: State::Connecting,
            message_stream_id: 0,
            capabilities: Capabilities::default(),
        }
    }

    /// Takes what the socket has read. After an error the connection is of no use.
    pub fn handle_input(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let mut input = bytes;
        self.link.count_received(bytes.len());
        if !self.link.is_handshaken() {
            if !self.link.shake_hands(&mut input)? {
                return Ok(());
            }
            self.send_connect();
        }
        while let Some(message) = self.link.receive(&mut input)? {
            self.on_message(&message)?;
        }
        self.link.acknowledge();
        Ok(())
    }

    /// What has happened, oldest first.
    pub fn poll_event(&mut self) -> Option<ClientEvent> {
        self.events.pop_front()
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

    /// Bytes that wait for [`poll_transmit`](Self::poll_transmit).
    pub fn unsent_bytes(&self) -> usize {
        self.link.unsent_bytes()
    }

    /// Sends media; `parts` one after the other are the body of an FLV tag.
    pub fn send_media(&mut self, kind: MediaKind, timestamp_ms: u32, parts: &[&[u8]]) -> Result<(), Error> {
        if self.role != ClientRole::Publish || self.state != State::Ready {
            return Err(Error::NotPublishing);
        }
        let header = MessageHeader::media(kind, self.message_stream_id, timestamp_ms);
        if kind == MediaKind::Data {
            // Servers keep for later players what is sent as a data frame, and only that.
            let body = parts.concat();
            let prefix = if body.starts_with(&encode_values(&["onMetaData".into()])) {
                encode_values(&["@setDataFrame".into()])
            } else {
                Default::default()
            };
            self.link.send_media(&header, &[&prefix, &body]);
        } else {
            self.link.send_media(&header, parts);
        }
        Ok(())
    }

    /// Takes leave: what waits is written, then the connection may be closed.
    pub fn close(&mut self) {
        if matches!(self.state, State::Requesting | State::Ready) && self.message_stream_id != 0 {
            if self.role == ClientRole::Publish {
                self.send_name("FCUnpublish", transaction::FC_UNPUBLISH);
            }
            let id = f64::from(self.message_stream_id);
            self.send_command(0, "deleteStream", transaction::NONE, &[Value::Null, id.into()]);
        }
        self.state = State::Over;
    }

    fn send_connect(&mut self) {
        let is_publish = self.role == ClientRole::Publish;
        let mut object = vec![("app", self.url.app.as_str().into())];
        if is_publish {
            object.push(("type", "nonprivate".into()));
        }
        object.push(("flashVer", if is_publish { FLASH_VER_PUBLISH } else { FLASH_VER_PLAY }.into()));
        object.push(("tcUrl", self.url.tc_url.as_str().into()));
        object.push(("fpad", false.into()));
        object.push(("audioCodecs", AUDIO_CODECS.into()));
        object.push(("videoCodecs", VIDEO_CODECS.into()));
        object.push(("objectEncoding", 0.0.into()));
        object.extend(Capabilities::ours());
        self.send_command(0, "connect", transaction::CONNECT, &[Value::object(object)]);
    }

    fn on_message(&mut self, message: &Message) -> Result<(), Error> {
        match message.type_id {
            type_id::COMMAND_AMF0 | type_id::COMMAND_AMF3 => self.on_command(&Command::decode(message)?),
            type_id::AGGREGATE => {
                for media in aggregate::split(message)? {
                    self.on_media(media);
                }
            }
            type_id => {
                if let Some(kind) = MediaKind::of_type(type_id) {
                    let media = Media::of(message, kind);
                    if kind == MediaKind::Data {
                        self.on_data(media);
                    } else {
                        self.on_media(media);
                    }
                }
            }
        }
        Ok(())
    }

    fn on_media(&mut self, media: Media) {
        let is_ours = self.role == ClientRole::Play && media.message_stream_id == self.message_stream_id;
        // Some servers send no status before the media, but all send audio or video only to who asked for it.
        if is_ours && self.state == State::Requesting && media.kind != MediaKind::Data {
            self.become_ready();
        }
        if is_ours && matches!(self.state, State::Requesting | State::Ready) {
            self.events.push_back(ClientEvent::Media(media));
        }
    }

    /// Data that a server says about the play, and not as a part of the stream.
    fn on_data(&mut self, media: Media) {
        // What cannot be read is not for us either.
        let name = amf0::Decoder::new(&media.payload).next_value().ok().flatten();
        match name.as_ref().and_then(Value::as_str) {
            Some("|RtmpSampleAccess" | "onStatus") => {}
            Some("onPlayStatus") => {
                let values = amf0::decode_all(&media.payload).unwrap_or_default();
                let code = values.iter().find_map(|value| value.get("code")?.as_str());
                if code == Some(status::PLAY_COMPLETE) {
                    self.ended(status::PLAY_COMPLETE.to_owned());
                }
            }
            _ => self.on_media(media),
        }
    }

    fn on_command(&mut self, command: &Command) {
        let info = command.arg(0);
        let text = |key| info.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
        match (command.name.as_str(), command.transaction_id) {
            ("_result", transaction::CONNECT) if self.state == State::Connecting => {
                self.capabilities = Capabilities::read(info);
                self.send_requests();
            }
            ("_result", transaction::CREATE_STREAM) if self.state == State::Requesting => {
                // A float to integer cast saturates.
                self.message_stream_id = info.as_f64().map_or(0, |id| id as u32);
                self.send_publish_or_play();
            }
            ("_error", transaction::CONNECT | transaction::CREATE_STREAM | transaction::PUBLISH_OR_PLAY) => {
                self.refused(text("code"), text("description"));
            }
            ("onStatus", _) => self.on_status(text("code"), &text("level"), text("description")),
            ("close", _) => self.ended(status::CONNECT_CLOSED.to_owned()),
            _ => {}
        }
    }

    fn on_status(&mut self, code: String, level: &str, description: String) {
        match (code.as_str(), self.role) {
            (status::PUBLISH_START, ClientRole::Publish) | (status::PLAY_START, ClientRole::Play) => {
                self.become_ready();
            }
            (status::PLAY_STOP | status::PLAY_COMPLETE | status::PLAY_UNPUBLISH_NOTIFY, ClientRole::Play)
            | (status::UNPUBLISH_SUCCESS, ClientRole::Publish)
            | (status::CONNECT_CLOSED, _) => self.ended(code),
            _ if level == "error" => self.refused(code, description),
            _ => {}
        }
    }

    /// The order of Flash Media Live Encoder, which every server knows.
    fn send_requests(&mut self) {
        self.state = State::Requesting;
        self.link.send_chunk_size(self.outgoing_chunk_size);
        if self.role == ClientRole::Publish {
            self.send_name("releaseStream", transaction::RELEASE_STREAM);
            self.send_name("FCPublish", transaction::FC_PUBLISH);
        }
        self.send_command(0, "createStream", transaction::CREATE_STREAM, &[Value::Null]);
    }

    fn send_publish_or_play(&mut self) {
        let id = self.message_stream_id;
        let name = Value::from(self.url.stream_name.as_str());
        match self.role {
            ClientRole::Publish => {
                let values = [Value::Null, name, "live".into()];
                self.send_command(id, "publish", transaction::PUBLISH_OR_PLAY, &values);
            }
            ClientRole::Play => {
                let values = [Value::Null, name, PLAY_LIVE_OR_RECORDED.into()];
                self.send_command(id, "play", transaction::PUBLISH_OR_PLAY, &values);
                let mut buffer_length = user_control::SET_BUFFER_LENGTH.to_be_bytes().to_vec();
                buffer_length.extend(id.to_be_bytes());
                buffer_length.extend(BUFFER_LENGTH_MS.to_be_bytes());
                self.link.send_control(type_id::USER_CONTROL, &buffer_length);
            }
        }
    }

    fn become_ready(&mut self) {
        if self.state == State::Requesting && self.message_stream_id != 0 {
            self.state = State::Ready;
            let capabilities = std::mem::take(&mut self.capabilities);
            let message_stream_id = self.message_stream_id;
            self.events.push_back(ClientEvent::Ready { message_stream_id, capabilities });
        }
    }

    fn refused(&mut self, code: String, description: String) {
        if std::mem::replace(&mut self.state, State::Over) != State::Over {
            self.events.push_back(ClientEvent::Refused { code, description });
        }
    }

    fn ended(&mut self, code: String) {
        if std::mem::replace(&mut self.state, State::Over) != State::Over {
            self.events.push_back(ClientEvent::Ended { code });
        }
    }

    fn send_name(&mut self, command: &str, transaction_id: f64) {
        let name = Value::from(self.url.stream_name.as_str());
        self.send_command(0, command, transaction_id, &[Value::Null, name]);
    }

    fn send_command(&mut self, message_stream_id: u32, name: &str, transaction_id: f64, values: &[Value]) {
        self.link.send(&MessageHeader::command(message_stream_id), &encode(name, transaction_id, values));
    }
}
