use super::*;
use crate::MediaKind;
use proptest::prelude::*;

fn encoded(header: &MessageHeader, payload: &[u8], chunk_size: u32) -> BytesMut {
    let mut out = BytesMut::new();
    encode_message(&mut out, header, &[payload], chunk_size);
    out
}

#[test]
fn a_message_has_one_full_header_and_one_byte_per_further_chunk() {
    let header = MessageHeader::media(MediaKind::Video, 1, 0x01_0203);
    let expected = [
        &[6, 1, 2, 3, 0, 0, 5, 9, 1, 0, 0, 0][..], // chunk stream 6, time, length 5, video, message stream 1
        b"ab",
        &[0xC6],
        b"cd",
        &[0xC6],
        b"e",
    ];
    assert_eq!(encoded(&header, b"abcde", 2), expected.concat());
}

#[test]
fn no_chunk_follows_a_message_that_ends_with_its_chunk() {
    let header = MessageHeader::media(MediaKind::Audio, 1, 0);
    assert_eq!(encoded(&header, &[7; 256], 128).len(), 12 + 256 + 1);
    assert_eq!(encoded(&header, &[], 128).len(), 12);
}

#[test]
fn a_long_time_is_written_into_every_chunk() {
    let header = MessageHeader::media(MediaKind::Data, 1, 0xFF_FFFF);
    let expected = [
        &[5, 255, 255, 255, 0, 0, 3, 18, 1, 0, 0, 0][..],
        &[0, 255, 255, 255],
        b"ab",
        &[0xC5, 0, 255, 255, 255],
        b"c",
    ];
    assert_eq!(encoded(&header, b"abc", 2), expected.concat());
}

#[test]
fn a_message_too_long_for_its_header_is_not_written() {
    let header = MessageHeader::media(MediaKind::Video, 1, 0);
    assert!(encoded(&header, &vec![0; 0x100_0000], 1 << 20).is_empty());
}

#[test]
fn pieces_share_the_payload() {
    let payload = Bytes::from(vec![7; 1000]);
    let mut pieces = Vec::new();
    message_pieces(&mut pieces, &MessageHeader::media(MediaKind::Video, 1, 0), b"head", payload.clone(), 300);
    let shared: Vec<&Bytes> =
        pieces.iter().filter(|piece| payload.as_ptr_range().contains(&piece.as_ptr())).collect();
    assert_eq!(shared.iter().map(|piece| piece.len()).collect::<Vec<_>>(), [296, 300, 300, 104]);
}

proptest! {
    #[test]
    fn pieces_are_the_bytes_of_the_message(
        prefix in prop::collection::vec(any::<u8>(), 0..20),
        payload in prop::collection::vec(any::<u8>(), 0..700),
        chunk_size in 1u32..300,
        timestamp_ms in any::<u32>(),
    ) {
        let header = MessageHeader::media(MediaKind::Video, 1, timestamp_ms);
        let mut whole = BytesMut::new();
        encode_message(&mut whole, &header, &[&prefix, &payload], chunk_size);
        let mut pieces = Vec::new();
        message_pieces(&mut pieces, &header, &prefix, payload.into(), chunk_size);
        prop_assert_eq!(pieces.concat(), whole);
        prop_assert!(pieces.iter().all(|piece| !piece.is_empty()));
    }
}
