use super::digest::{Place, Signer};
use super::*;

/// C0 and C1 of a client that signs.
fn signed_start(place: Place) -> Vec<u8> {
    let mut c1 = filler(7);
    put_at(&mut c1, 4, &[9, 0, 124, 2]);
    digest::sign(&mut c1, place, Signer::Client);
    [&[VERSION][..], &c1].concat()
}

fn server_answer(start: &[u8]) -> (Packet, Packet) {
    let mut out = BytesMut::new();
    let done = Handshake::server().read(&mut { start }, &mut out).unwrap();
    assert!(!done, "the client's last packet is missing");
    let (version, packets) = out.split_first().unwrap();
    assert_eq!((*version, packets.len()), (VERSION, 2 * PACKET_BYTES));
    (*packets.first_chunk().unwrap(), *packets.last_chunk().unwrap())
}

#[test]
fn a_client_that_signs_gets_signed_packets_in_its_own_layout() {
    for place in [Place::FirstHalf, Place::SecondHalf] {
        let start = signed_start(place);
        let (s1, s2) = server_answer(&start);
        let (answered_place, _) = digest::find(&s1, Signer::Server).unwrap();
        assert_eq!(answered_place, place);
        assert_ne!(s1[4..8], [0; 4], "some clients look for signatures only behind a version");
        let (_, client_digest) = digest::find(start[1..].first_chunk().unwrap(), Signer::Client).unwrap();
        let mut expected = s2;
        digest::sign_answer(&mut expected, &client_digest, Signer::Server);
        assert_eq!(s2, expected);
        assert_ne!(s2[..1504], s1[..1504]);
    }
}

#[test]
fn a_client_that_does_not_sign_gets_its_packet_back() {
    let start = [&[VERSION][..], &filler(3)].concat();
    let (s1, s2) = server_answer(&start);
    assert_eq!(s2, start[1..]);
    assert_eq!(s1[..8], [0; 8]);
    assert_eq!(digest::find(&s1, Signer::Server), None);
}

#[test]
fn clients_in_use_are_recognised() {
    let captures = [
        (&include_bytes!("../testdata/ffmpeg_h264_aac.rtmp")[..], true),
        (include_bytes!("../testdata/gst_rtmp2sink.rtmp"), false),
        (include_bytes!("../testdata/rtmpdump_play.rtmp"), false),
    ];
    for (capture, signs) in captures {
        let c1 = capture[1..].first_chunk().unwrap();
        assert_eq!(digest::find(c1, Signer::Client).is_some(), signs);
    }
}

#[test]
fn ffmpeg_has_signed_our_first_packet_with_the_same_keys() {
    let capture = include_bytes!("../testdata/ffmpeg_play.rtmp");
    let (s1, _) = server_answer(&capture[..1 + PACKET_BYTES]);
    let (_, server_digest) = digest::find(&s1, Signer::Server).unwrap();
    let c2: Packet = *capture[1 + PACKET_BYTES..].first_chunk().unwrap();
    let mut expected = c2;
    digest::sign_answer(&mut expected, &server_digest, Signer::Client);
    assert_eq!(c2, expected);
}

#[test]
fn a_broken_signature_is_none() {
    let mut start = signed_start(Place::FirstHalf);
    start[1000] ^= 1;
    let (_, s2) = server_answer(&start);
    assert_eq!(s2, start[1..]);
}

/// Everything both sides send until both are done, each written as soon as it can be and read in pieces.
fn shake(piece_bytes: usize) -> (Vec<u8>, Vec<u8>) {
    let (mut to_server, mut to_client) = (BytesMut::new(), BytesMut::new());
    let mut client = Handshake::client(42, &mut to_server);
    let mut server = Handshake::server();
    let (mut sent_to_server, mut sent_to_client) = (Vec::new(), Vec::new());
    let (mut server_done, mut client_done) = (false, false);
    while !(to_server.is_empty() && to_client.is_empty()) {
        let bytes = to_server.split_to(to_server.len().min(piece_bytes));
        sent_to_server.extend_from_slice(&bytes);
        server_done |= server.read(&mut &bytes[..], &mut to_client).unwrap();
        let bytes = to_client.split_to(to_client.len().min(piece_bytes));
        sent_to_client.extend_from_slice(&bytes);
        client_done |= client.read(&mut &bytes[..], &mut to_server).unwrap();
    }
    assert!(server_done && client_done);
    (sent_to_server, sent_to_client)
}

#[test]
fn both_sides_agree_however_bytes_arrive() {
    let whole = shake(10_000);
    assert_eq!(whole.0.len(), 1 + 2 * PACKET_BYTES);
    assert_eq!(whole.1.len(), 1 + 2 * PACKET_BYTES);
    assert_eq!(whole.0[1 + PACKET_BYTES..], whole.1[1..1 + PACKET_BYTES], "C2 is S1");
    assert_eq!(shake(1), whole);
    assert_eq!(shake(1000), whole);
}

#[test]
fn bytes_behind_the_handshake_are_left() {
    let mut out = BytesMut::new();
    let input = [&signed_start(Place::SecondHalf)[..], &[0; PACKET_BYTES], b"chunks"].concat();
    let mut rest = &input[..];
    assert!(Handshake::server().read(&mut rest, &mut out).unwrap());
    assert_eq!(rest, b"chunks");
}

#[test]
fn other_versions_are_refused_at_the_first_byte() {
    for version in [0, 6, b'G', 255] {
        let error = Handshake::server().read(&mut &[version][..], &mut BytesMut::new()).unwrap_err();
        assert_eq!(error, Error::Version { version });
    }
}
