//! What both sides of a connection share: bytes to messages, protocol control, what waits to be sent.

use crate::chunk::{CHUNK_SIZE_INITIAL, ChunkReader, encode_message};
use crate::handshake::Handshake;
use crate::message::{Message, MessageHeader, first_u32, type_id, user_control};
use crate::{Error, Limits};
use bytes::{Bytes, BytesMut};

/// After how many received bytes a peer wants an acknowledgement, until it says so itself; and what we tell it.
pub(super) const WINDOW_ACK_SIZE_BYTES: u32 = 2_500_000;

#[derive(Debug)]
pub(super) struct Link {
    /// `None` when it is over.
    handshake: Option<Box<Handshake>>,
    reader: ChunkReader,
    out: BytesMut,
    /// How much of `out` the peer has caused.
    answer_bytes: usize,
    answer_bytes_max: usize,
    chunk_size: u32,
    bytes_received: u64,
    bytes_acknowledged: u64,
    window_ack_size: u32,
}

impl Link {
    pub(super) fn server(limits: Limits) -> Self {
        Self::new(Handshake::server(), BytesMut::new(), limits)
    }

    pub(super) fn client(limits: Limits, seed: u64) -> Self {
        let mut out = BytesMut::new();
        Self::new(Handshake::client(seed, &mut out), out, limits)
    }

    fn new(handshake: Handshake, out: BytesMut, limits: Limits) -> Self {
        Self {
            handshake: Some(Box::new(handshake)),
            reader: ChunkReader::new(limits),
            out,
            answer_bytes: 0,
            answer_bytes_max: limits.unsent_control_bytes_max,
            chunk_size: CHUNK_SIZE_INITIAL,
            bytes_received: 0,
            bytes_acknowledged: 0,
            window_ack_size: WINDOW_ACK_SIZE_BYTES,
        }
    }

    pub(super) fn is_handshaken(&self) -> bool {
        self.handshake.is_none()
    }

    pub(super) fn bytes_received(&self) -> u64 {
        self.bytes_received
    }

    pub(super) fn set_message_bytes_max(&mut self, bytes: usize) {
        self.reader.set_message_bytes_max(bytes);
    }

    pub(super) fn count_received(&mut self, bytes: usize) {
        self.bytes_received = self.bytes_received.wrapping_add(u64::try_from(bytes).unwrap_or(u64::MAX));
    }

    /// Goes on with the handshake; `true` when it is over.
    pub(super) fn shake_hands(&mut self, input: &mut &[u8]) -> Result<bool, Error> {
        if let Some(handshake) = &mut self.handshake {
            if !handshake.read(input, &mut self.out)? {
                return Ok(false);
            }
            self.handshake = None;
        }
        Ok(true)
    }

    /// The next message that is not for the link itself.
    pub(super) fn receive(&mut self, input: &mut &[u8]) -> Result<Option<Message>, Error> {
        loop {
            self.check_unsent()?;
            let Some(message) = self.reader.read(input)? else { return Ok(None) };
            match message.type_id {
                // What the peer has received does not hold us up: who writes media looks at the socket.
                type_id::ACKNOWLEDGEMENT => {}
                // 0 would be an acknowledgement per byte; it stands for none.
                type_id::WINDOW_ACK_SIZE => {
                    self.window_ack_size =
                        first_u32(&message.payload, "Window Acknowledgement Size (RTMP 1.0 §5.4.4)")?;
                }
                // §5.4.5 wants an answer if it differs from what we said, which we never change.
                type_id::SET_PEER_BANDWIDTH => {
                    self.send_control(type_id::WINDOW_ACK_SIZE, &WINDOW_ACK_SIZE_BYTES.to_be_bytes());
                }
                type_id::USER_CONTROL => self.on_user_control(&message.payload)?,
                _ => return Ok(Some(message)),
            }
        }
    }

    fn on_user_control(&mut self, payload: &[u8]) -> Result<(), Error> {
        let too_short = || Error::Truncated { what: "User Control (RTMP 1.0 §6.2)", bytes: payload.len() };
        let (event, data) = payload.split_first_chunk().ok_or_else(too_short)?;
        if u16::from_be_bytes(*event) == user_control::PING_REQUEST {
            let sent_ms = data.first_chunk().ok_or_else(too_short)?;
            self.send_user_control(user_control::PING_RESPONSE, u32::from_be_bytes(*sent_ms));
        }
        Ok(())
    }

    fn check_unsent(&self) -> Result<(), Error> {
        if self.answer_bytes > self.answer_bytes_max {
            return Err(Error::TooMuchUnsent { max_bytes: self.answer_bytes_max });
        }
        Ok(())
    }

    /// Acknowledges what was received, if it is time to.
    pub(super) fn acknowledge(&mut self) {
        let unacknowledged = self.bytes_received.wrapping_sub(self.bytes_acknowledged);
        if self.window_ack_size > 0 && unacknowledged >= u64::from(self.window_ack_size) {
            self.bytes_acknowledged = self.bytes_received;
            // The count has 32 bits and wraps around (§5.4.3).
            let count = (self.bytes_received & u64::from(u32::MAX)) as u32;
            self.send_control(type_id::ACKNOWLEDGEMENT, &count.to_be_bytes());
        }
    }

    /// Announces the size of our chunks, which holds from the next message on.
    pub(super) fn send_chunk_size(&mut self, chunk_size: u32) {
        self.send_control(type_id::SET_CHUNK_SIZE, &chunk_size.to_be_bytes());
        self.chunk_size = chunk_size;
    }

    pub(super) fn send_control(&mut self, type_id: u8, payload: &[u8]) {
        self.send(&MessageHeader::control(type_id), payload);
    }

    pub(super) fn send_user_control(&mut self, event: u16, data: u32) {
        let [high, low] = event.to_be_bytes();
        let [a, b, c, d] = data.to_be_bytes();
        self.send_control(type_id::USER_CONTROL, &[high, low, a, b, c, d]);
    }

    pub(super) fn send(&mut self, header: &MessageHeader, payload: &[u8]) {
        let before = self.out.len();
        self.send_media(header, &[payload]);
        self.answer_bytes = self.answer_bytes.saturating_add(self.out.len().saturating_sub(before));
    }

    /// As [`send`](Self::send), but not counted as caused by the peer.
    pub(super) fn send_media(&mut self, header: &MessageHeader, parts: &[&[u8]]) {
        encode_message(&mut self.out, header, parts, self.chunk_size);
    }

    pub(super) fn unsent_bytes(&self) -> usize {
        self.out.len()
    }

    pub(super) fn take_unsent(&mut self) -> Option<Bytes> {
        self.answer_bytes = 0;
        // Taken as a whole, so that an idle connection keeps no buffer.
        let out = std::mem::take(&mut self.out);
        (!out.is_empty()).then(|| out.freeze())
    }
}
