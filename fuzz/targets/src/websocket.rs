//! What viewers send on a WebSocket.

use crate::input::pieces;
use bytes::Bytes;
use gateway::websocket::{Error, Reader};
use std::collections::VecDeque;

/// Frames mean the same whatever the pieces they come in; a viewer is answered no more than it sent.
pub fn websocket(data: &[u8]) {
    let whole = hear([data]);
    assert_eq!(whole, hear(pieces(data)));
    assert!(whole.0.iter().map(Bytes::len).sum::<usize>() <= data.len());
}

/// The answers, and how it ended: whether with a goodbye.
fn hear<'a>(input: impl IntoIterator<Item = &'a [u8]>) -> (VecDeque<Bytes>, Result<bool, Error>) {
    let (mut reader, mut answers) = (Reader::default(), VecDeque::new());
    for piece in input {
        match reader.hear(piece, &mut answers) {
            Ok(false) => {}
            end => return (answers, end),
        }
    }
    (answers, Ok(false))
}
