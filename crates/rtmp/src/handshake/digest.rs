//! Signatures in handshake packets, which Flash Player introduced with version 9 and asks for before it plays H.264.
//!
//! C1 and S1 hold a digest: HMAC-SHA-256 over the packet without the digest itself, with a key that everybody knows.
//! Its place follows from four bytes of the packet, in one of two layouts. C2 and S2 end with a digest over their other
//! bytes, whose key is made from the digest of the packet they answer. It proves nothing; clients insist on it.

use super::{PACKET_BYTES, Packet, put_at};
use hmac::{Hmac, Mac};
use sha2::Sha256;

const DIGEST_BYTES: usize = 32;

pub(super) type Digest = [u8; DIGEST_BYTES];

/// In which half of the packet the digest is. "Scheme 0" and "scheme 1" in other programs, not always in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Behind time and version: ffmpeg and librtmp.
    FirstHalf,
    /// Behind the 764 bytes of a public key: newer Flash Players.
    SecondHalf,
}

impl Place {
    /// Where the four bytes stand that say how far behind them the digest begins.
    const fn offset_at(self) -> usize {
        match self {
            Self::FirstHalf => 8,
            Self::SecondHalf => 772,
        }
    }

    fn digest_at(self, packet: &Packet) -> usize {
        let offset_at = self.offset_at();
        let offset: usize = packet.iter().skip(offset_at).take(4).copied().map(usize::from).sum();
        // A block has 764 bytes: 4 of offset, 32 of digest, and 728 places where the digest may begin.
        (offset % 728).saturating_add(offset_at).saturating_add(4)
    }
}

/// Who signs; each side has its own key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signer {
    Client,
    Server,
}

impl Signer {
    /// The key of C1 and S1.
    const fn short_key(self) -> &'static [u8] {
        match self {
            Self::Client => b"Genuine Adobe Flash Player 001",
            Self::Server => b"Genuine Adobe Flash Media Server 001",
        }
    }

    /// The key from which that of C2 and S2 is made.
    fn long_key(self) -> Vec<u8> {
        [self.short_key(), &LONG_KEY_END].concat()
    }
}

const LONG_KEY_END: [u8; 32] = [
    0xF0, 0xEE, 0xC2, 0x4A, 0x80, 0x68, 0xBE, 0xE8, 0x2E, 0x00, 0xD0, 0xD1, 0x02, 0x9E, 0x7E, 0x57, 0x6E,
    0xEC, 0x5D, 0x2D, 0x29, 0x80, 0x6F, 0xAB, 0x93, 0xB8, 0xE6, 0x36, 0xCF, 0xEB, 0x31, 0xAE,
];

/// The digest of a first packet and where it is; `None` if the packet is not signed.
pub(super) fn find(packet: &Packet, signer: Signer) -> Option<(Place, Digest)> {
    [Place::FirstHalf, Place::SecondHalf].into_iter().find_map(|place| {
        let sent: &Digest = packet.get(place.digest_at(packet)..)?.first_chunk()?;
        (*sent == first_packet_digest(packet, place, signer)).then_some((place, *sent))
    })
}

/// Signs a first packet.
pub(super) fn sign(packet: &mut Packet, place: Place, signer: Signer) {
    let digest = first_packet_digest(packet, place, signer);
    put_at(packet, place.digest_at(packet), &digest);
}

/// Signs the packet that answers the one with `digest`.
pub(super) fn sign_answer(packet: &mut Packet, digest: &Digest, signer: Signer) {
    let key = hmac(&signer.long_key(), &[digest]);
    let end = PACKET_BYTES - DIGEST_BYTES;
    let signature = hmac(&key, &[packet.get(..end).unwrap_or_default()]);
    put_at(packet, end, &signature);
}

fn first_packet_digest(packet: &Packet, place: Place, signer: Signer) -> Digest {
    let at = place.digest_at(packet);
    let before = packet.get(..at).unwrap_or_default();
    let behind = packet.get(at.saturating_add(DIGEST_BYTES)..).unwrap_or_default();
    hmac(signer.short_key(), &[before, behind])
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Digest {
    // HMAC takes keys of every length; the error of `new_from_slice` cannot happen.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else { return [0; DIGEST_BYTES] };
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
