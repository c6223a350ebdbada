use super::*;
use crate::chunk::encode_message;
use crate::message::MessageHeader;
use bytes::BytesMut;
use proptest::prelude::*;

const VIDEO: u8 = 9;

fn reader() -> ChunkReader {
    ChunkReader::new(Limits::default())
}

fn read_all(reader: &mut ChunkReader, mut input: &[u8]) -> Result<Vec<Message>, Error> {
    let mut messages = Vec::new();
    while let Some(message) = reader.read(&mut input)? {
        messages.push(message);
    }
    assert!(input.is_empty());
    Ok(messages)
}

fn u24(value: u32) -> [u8; 3] {
    let [_, a, b, c] = value.to_be_bytes();
    [a, b, c]
}

/// The header of a type 0 chunk on a chunk stream below 64.
fn type_0(chunk_stream_id: u8, timestamp: u32, length: u32, type_id: u8) -> Vec<u8> {
    [&[chunk_stream_id][..], &u24(timestamp), &u24(length), &[type_id], &1u32.to_le_bytes()].concat()
}

fn type_1(chunk_stream_id: u8, delta: u32, length: u32, type_id: u8) -> Vec<u8> {
    [&[0x40 | chunk_stream_id][..], &u24(delta), &u24(length), &[type_id]].concat()
}

fn type_2(chunk_stream_id: u8, delta: u32) -> Vec<u8> {
    [&[0x80 | chunk_stream_id][..], &u24(delta)].concat()
}

fn type_3(chunk_stream_id: u8) -> Vec<u8> {
    vec![0xC0 | chunk_stream_id]
}

fn set_chunk_size(bytes: u32) -> Vec<u8> {
    [type_0(2, 0, 4, type_id::SET_CHUNK_SIZE), bytes.to_be_bytes().to_vec()].concat()
}

#[test]
fn each_header_type_leaves_out_what_is_known() {
    let input = [
        type_0(5, 1000, 2, VIDEO),
        b"ab".to_vec(),
        type_1(5, 40, 3, 8),
        b"cde".to_vec(),
        type_2(5, 20),
        b"fgh".to_vec(),
        type_3(5),
        b"ijk".to_vec(),
    ];
    let messages = read_all(&mut reader(), &input.concat()).unwrap();
    let seen: Vec<_> =
        messages.iter().map(|m| (m.timestamp_ms, m.type_id, m.message_stream_id, &m.payload[..])).collect();
    assert_eq!(
        seen,
        [(1000, 9, 1, &b"ab"[..]), (1040, 8, 1, b"cde"), (1060, 8, 1, b"fgh"), (1080, 8, 1, b"ijk")]
    );
}

#[test]
fn a_message_that_begins_with_type_3_adds_the_last_delta() {
    let input =
        [type_0(4, 0, 1, 8), vec![0], type_1(4, 24, 1, 8), vec![0], type_3(4), vec![0], type_3(4), vec![0]];
    let times: Vec<_> =
        read_all(&mut reader(), &input.concat()).unwrap().iter().map(|m| m.timestamp_ms).collect();
    assert_eq!(times, [0, 24, 48, 72]);
}

#[test]
fn chunk_stream_ids_have_one_two_or_three_bytes() {
    for (basic_header, id) in
        [(vec![63], 63), (vec![0, 0], 64), (vec![0, 255], 319), (vec![1, 0xFF, 0xFF], 65599)]
    {
        let header = [&basic_header[..], &[0, 0, 7, 0, 0, 1, 9, 1, 0, 0, 0, 0xAA]].concat();
        let mut reader = reader();
        let messages = read_all(&mut reader, &header).unwrap();
        assert_eq!((messages.len(), messages[0].timestamp_ms), (1, 7));
        assert_eq!(reader.streams[0].id, id);
        let mut encoded = BytesMut::new();
        let header_of =
            MessageHeader { chunk_stream_id: id, message_stream_id: 1, type_id: 9, timestamp_ms: 7 };
        encode_message(&mut encoded, &header_of, &[&[0xAA]], 128);
        assert_eq!(encoded, header);
    }
}

#[test]
fn chunks_of_several_messages_may_alternate() {
    let input = [
        type_0(4, 0, 200, 8),
        vec![1; 128],
        type_0(6, 5, 130, 9),
        vec![2; 128],
        type_3(4),
        vec![1; 72],
        type_3(6),
        vec![2; 2],
    ];
    let messages = read_all(&mut reader(), &input.concat()).unwrap();
    assert_eq!(messages.iter().map(|m| m.payload.clone()).collect::<Vec<_>>(), [vec![1; 200], vec![2; 130]]);
}

#[test]
fn an_extended_timestamp_is_repeated_in_every_chunk() {
    let time = 0xFFFF_0000u32;
    let mut extended = type_0(4, 0xFF_FFFF, 130, 9);
    extended.extend(time.to_be_bytes());
    extended.extend([7; 128]);
    extended.extend([&type_3(4)[..], &time.to_be_bytes(), &[7; 2]].concat());
    // A small delta follows, so that its chunks have no extension.
    extended.extend([type_2(4, 0x1_0000), vec![8; 128], type_3(4), vec![8; 2]].concat());
    let messages = read_all(&mut reader(), &extended).unwrap();
    let seen: Vec<_> = messages.iter().map(|m| (m.timestamp_ms, m.payload.len())).collect();
    assert_eq!(seen, [(time, 130), (0, 130)]);
}

#[test]
fn a_chunk_size_holds_from_the_next_chunk_on() {
    let input = [
        type_0(4, 0, 200, 8),
        vec![1; 128], // begun in chunks of 128 …
        set_chunk_size(150),
        type_3(4),
        vec![1; 72],
        type_0(4, 0, 150, 8),
        vec![2; 150],
    ];
    let messages = read_all(&mut reader(), &input.concat()).unwrap();
    assert_eq!(messages.iter().map(|m| m.payload.len()).collect::<Vec<_>>(), [200, 150]);
}

#[test]
fn chunk_sizes_nobody_needs_are_refused_and_huge_ones_mean_whole_messages() {
    for bytes in [0, 1, 127] {
        let refused = Error::ChunkSize { bytes, min_bytes: 128 };
        assert_eq!(read_all(&mut reader(), &set_chunk_size(bytes)), Err(refused));
    }
    for bytes in [128, 0xFF_FFFF, 0x7FFF_FFFF, 0xFFFF_FFFF] {
        let mut reader = reader();
        assert_eq!(read_all(&mut reader, &set_chunk_size(bytes)), Ok(vec![]));
        assert_eq!(reader.chunk_size, bytes.min(CHUNK_SIZE_MAX));
        assert_eq!(read_all(&mut reader, &type_0(4, 0, 100_000, 9)).map(|messages| messages.len()), Ok(0));
        assert_eq!(reader.streams[1].payload.capacity(), 0, "room only for what has come");
    }
}

#[test]
fn an_aborted_message_is_forgotten() {
    let abort = [type_0(2, 0, 4, type_id::ABORT), 4u32.to_be_bytes().to_vec()].concat();
    let input = [type_0(4, 0, 200, 8), vec![1; 128], abort, type_0(4, 0, 3, 8), vec![2; 3]].concat();
    let mut reader = reader();
    let messages = read_all(&mut reader, &input).unwrap();
    assert_eq!(messages.iter().map(|m| m.payload.clone()).collect::<Vec<_>>(), [vec![2; 3]]);
    assert_eq!(reader.unfinished_bytes, 0);
}

#[test]
fn empty_messages_are_messages() {
    let input = [type_0(4, 10, 0, 8), type_3(4), type_3(4)].concat();
    let times: Vec<_> = read_all(&mut reader(), &input).unwrap().iter().map(|m| m.timestamp_ms).collect();
    assert_eq!(times, [10, 20, 30]);
}

#[test]
fn a_declared_length_alone_takes_no_memory() {
    let mut reader = reader();
    for id in 3..63 {
        read_all(&mut reader, &[type_0(id, 0, 8 << 20, VIDEO), vec![0; 128]].concat()).unwrap();
    }
    let reserved: usize = reader.streams.iter().map(|stream| stream.payload.capacity()).sum();
    assert!(reserved <= FIRST_ALLOCATION_BYTES + 60 * FIRST_ALLOCATION_BYTES_INTERLEAVED, "{reserved}");
}

#[test]
fn a_long_message_never_reserves_more_than_twice_what_has_come() {
    let mut reader = reader();
    read_all(&mut reader, &set_chunk_size(CHUNK_SIZE_MAX)).unwrap();
    read_all(&mut reader, &type_0(4, 0, 8 << 20, VIDEO)).unwrap();
    let mut received = 0;
    while received + 10_000 < 8 << 20 {
        read_all(&mut reader, &[0; 10_000]).unwrap();
        received += 10_000;
        let capacity = reader.streams[1].payload.capacity();
        assert!(capacity <= (2 * received).max(FIRST_ALLOCATION_BYTES), "{capacity} for {received}");
    }
    let last = read_all(&mut reader, &vec![0; (8 << 20) - received]).unwrap();
    assert_eq!(last[0].payload.len(), 8 << 20);
}

#[test]
fn a_message_that_fits_one_step_gets_its_exact_room_at_once() {
    let mut reader = reader();
    read_all(&mut reader, &set_chunk_size(CHUNK_SIZE_MAX)).unwrap();
    read_all(&mut reader, &[type_0(4, 0, 30_000, VIDEO), vec![0; 10]].concat()).unwrap();
    assert_eq!(reader.streams[1].payload.capacity(), 30_000);
}

#[test]
fn limits_name_what_is_wrong() {
    let too_long = type_0(4, 0, (8 << 20) + 1, VIDEO);
    let expected = Error::MessageTooLarge { type_id: VIDEO, bytes: (8 << 20) + 1, max_bytes: 8 << 20 };
    assert_eq!(read_all(&mut reader(), &too_long), Err(expected));

    let long_command = type_0(3, 0, (64 << 10) + 1, type_id::COMMAND_AMF0);
    let expected = Error::MessageTooLarge { type_id: 20, bytes: (64 << 10) + 1, max_bytes: 64 << 10 };
    assert_eq!(read_all(&mut reader(), &long_command), Err(expected));

    let many: Vec<u8> =
        (0..65).flat_map(|id| [&[0, id][..], &[0, 0, 0, 0, 0, 1, 9, 0, 0, 0, 0, 0]].concat()).collect();
    assert_eq!(read_all(&mut reader(), &many), Err(Error::TooManyChunkStreams { max: 64 }));

    for (header, header_type) in [(type_2(7, 0), 2), (type_3(7), 3)] {
        let expected = Error::NoEarlierHeader { chunk_stream_id: 7, header_type };
        assert_eq!(read_all(&mut reader(), &header), Err(expected));
    }

    let overlapping = [type_0(4, 0, 200, 8), vec![1; 128], type_0(4, 0, 3, 8)].concat();
    let expected = Error::UnfinishedMessage { chunk_stream_id: 4, missing_bytes: 72 };
    assert_eq!(read_all(&mut reader(), &overlapping), Err(expected));
}

#[test]
fn unfinished_messages_are_limited_together() {
    let limits = Limits { message_bytes_max: 1000, ..Limits::default() };
    let mut reader = ChunkReader::new(limits);
    let begun = |id| {
        [type_0(id, 0, 1000, VIDEO), vec![0; 128], [type_3(id), vec![0; 128]].concat().repeat(6)].concat()
    };
    read_all(&mut reader, &[begun(4), begun(5)].concat()).unwrap();
    assert_eq!(read_all(&mut reader, &begun(6)), Err(Error::TooMuchUnfinished { max_bytes: 2000 }));
}

fn any_message() -> impl Strategy<Value = (MessageHeader, Vec<u8>)> {
    let times = prop_oneof![any::<u32>(), 0xFF_FFFEu32..0x100_0001];
    let payload = prop::collection::vec(any::<u8>(), 0..600);
    (2u32..400, 0u32..3, prop_oneof![Just(8u8), Just(9), Just(18), Just(20)], times, payload).prop_map(
        |(chunk_stream_id, message_stream_id, type_id, timestamp_ms, payload)| {
            (MessageHeader { chunk_stream_id, message_stream_id, type_id, timestamp_ms }, payload)
        },
    )
}

/// Feeds `input` in pieces of the given sizes, over and over.
fn read_in_pieces(input: &[u8], sizes: &[usize]) -> (Vec<Message>, Option<Error>) {
    let (mut reader, mut messages, mut rest) = (reader(), Vec::new(), input);
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (mut piece, behind) = rest.split_at(rest.len().min(*size));
        rest = behind;
        loop {
            match reader.read(&mut piece) {
                Ok(Some(message)) => messages.push(message),
                Ok(None) => break,
                Err(error) => return (messages, Some(error)),
            }
        }
        let held: usize = reader.streams.iter().map(|stream| stream.payload.len()).sum();
        assert_eq!(held, reader.unfinished_bytes);
    }
    (messages, None)
}

proptest! {
    #[test]
    fn what_is_written_is_read_again(messages in prop::collection::vec(any_message(), 1..20), chunk_size in 128u32..300) {
        let mut bytes = BytesMut::from(&set_chunk_size(chunk_size)[..]);
        for (header, payload) in &messages {
            let (a, b) = payload.split_at(payload.len() / 3);
            encode_message(&mut bytes, header, &[a, b], chunk_size);
        }
        let read = read_all(&mut reader(), &bytes).unwrap();
        prop_assert_eq!(read.len(), messages.len());
        for (read, (header, payload)) in read.iter().zip(&messages) {
            prop_assert_eq!(&read.payload, payload);
            prop_assert_eq!(
                (read.message_stream_id, read.type_id, read.timestamp_ms),
                (header.message_stream_id, header.type_id, header.timestamp_ms)
            );
        }
        prop_assert_eq!(read_in_pieces(&bytes, &[1]).0, read.clone());
        prop_assert_eq!(read_in_pieces(&bytes, &[3, 17, 1, 200]).0, read);
    }

    #[test]
    fn any_bytes_end_in_messages_or_an_error_the_same_way_however_they_are_cut(
        bytes in prop::collection::vec(prop_oneof![Just(0u8), Just(3), Just(9), Just(0xC3), Just(0x43), any::<u8>()], 0..2000),
        sizes in prop::collection::vec(1usize..50, 1..8),
    ) {
        let whole = read_in_pieces(&bytes, &[bytes.len().max(1)]);
        prop_assert_eq!(read_in_pieces(&bytes, &sizes), whole);
    }
}
