//! The handshake (RTMP 1.0 §5.2): 1 + 1536 + 1536 bytes each way.
//!
//! A server answers a client that signs its first packet (the digest handshake, see [`digest`]) with signed packets,
//! and any other with plain ones. A client does the plain handshake, which every server takes. What a peer sends back
//! of our own packet is counted and not compared: clients in use get it wrong, and nothing is gained.

mod digest;

use crate::Error;
use bytes::{BufMut, BytesMut};

/// Bytes of C1, S1, C2 and S2.
const PACKET_BYTES: usize = 1536;

/// The version byte of plain RTMP (RTMP 1.0 §5.2.2).
const VERSION: u8 = 3;

/// What the server says in S1 and clients take as its version. Some verify S2 only if it is not 0.
const SERVER_VERSION: [u8; 4] = [4, 5, 0, 1];

type Packet = [u8; PACKET_BYTES];

/// One side of a handshake, up to its last byte.
#[derive(Debug)]
pub(crate) struct Handshake {
    side: Side,
    /// C0 and C1, or S0 and S1, as far as they have arrived.
    received: Vec<u8>,
    /// What is left of C2 or S2.
    echo_left_bytes: usize,
}

#[derive(Clone, Copy, Debug)]
enum Side {
    Server,
    Client,
}

impl Handshake {
    pub(crate) fn server() -> Self {
        Self { side: Side::Server, received: Vec::new(), echo_left_bytes: PACKET_BYTES }
    }

    /// Says C0 and C1. `seed` makes the filling bytes.
    pub(crate) fn client(seed: u64, out: &mut BytesMut) -> Self {
        out.put_u8(VERSION);
        // Time 0 and version 0: a client that signs nothing (RTMP 1.0 §5.2.3).
        let mut packet = filler(seed);
        put_at(&mut packet, 0, &[0; 8]);
        out.put_slice(&packet);
        Self { side: Side::Client, received: Vec::new(), echo_left_bytes: PACKET_BYTES }
    }

    /// Reads off `input` and appends what is to be answered; `true` when the handshake is over.
    pub(crate) fn read(&mut self, input: &mut &[u8], out: &mut BytesMut) -> Result<bool, Error> {
        let missing = (1 + PACKET_BYTES).saturating_sub(self.received.len());
        if missing > 0 {
            let (bytes, rest) = input.split_at_checked(missing).unwrap_or((input, &[]));
            self.received.extend_from_slice(bytes);
            *input = rest;
            let Some((version, packet)) = self.received.split_first() else { return Ok(false) };
            if *version != VERSION {
                return Err(Error::Version { version: *version });
            }
            let Some(packet) = packet.first_chunk() else { return Ok(false) };
            match self.side {
                Side::Server => answer_as_server(packet, out),
                Side::Client => out.put_slice(packet),
            }
        }
        let skipped = self.echo_left_bytes.min(input.len());
        self.echo_left_bytes = self.echo_left_bytes.saturating_sub(skipped);
        *input = input.get(skipped..).unwrap_or_default();
        Ok(self.echo_left_bytes == 0)
    }
}

/// Says S0, S1 and S2.
fn answer_as_server(c1: &Packet, out: &mut BytesMut) {
    out.put_u8(VERSION);
    // The filling bytes need to be different from connection to connection and no secret (§5.2.3).
    let mut s1 =
        filler(c1.iter().fold(0, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(u64::from(*byte))));
    put_at(&mut s1, 0, &[0; 4]);
    put_at(&mut s1, 4, &SERVER_VERSION);
    match digest::find(c1, digest::Signer::Client) {
        Some((place, client_digest)) => {
            digest::sign(&mut s1, place, digest::Signer::Server);
            out.put_slice(&s1);
            let mut s2 =
                filler(!u64::from_le_bytes([s1[8], s1[9], s1[10], s1[11], s1[12], s1[13], s1[14], s1[15]]));
            digest::sign_answer(&mut s2, &client_digest, digest::Signer::Server);
            out.put_slice(&s2);
        }
        None => {
            // A client that signs nothing may take a version for a promise to sign.
            put_at(&mut s1, 4, &[0; 4]);
            out.put_slice(&s1);
            out.put_slice(c1);
        }
    }
}

/// A packet of bytes that look random (SplitMix64).
fn filler(seed: u64) -> Packet {
    let mut packet = [0; PACKET_BYTES];
    let mut state = seed;
    for place in packet.chunks_exact_mut(8) {
        state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut word = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        place.copy_from_slice(&(word ^ (word >> 31)).to_le_bytes());
    }
    packet
}

fn put_at(packet: &mut Packet, at: usize, bytes: &[u8]) {
    if let Some(place) = packet.get_mut(at..).and_then(|rest| rest.get_mut(..bytes.len())) {
        place.copy_from_slice(bytes);
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
