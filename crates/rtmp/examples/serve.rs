//! A server for trying encoders and players: `cargo run -p rtmp --example serve -- 127.0.0.1:1935 [capture file]`.
//!
//! Prints every event, keeps all media and gives it to every player from the beginning. The capture file gets what the
//! first connection sends.
use bytes::{Bytes, BytesMut};
use rtmp::{Event, Limits, MessageHeader, ServerSession, encode_message};
use std::fs::File;
use std::io::{ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

const CHUNK_SIZE: u32 = 60_000;

/// All media of the publisher, encoded for message stream 1.
type Log = Arc<Mutex<Vec<Bytes>>>;

fn main() -> std::io::Result<()> {
    let mut args = std::env::args().skip(1);
    let listener = TcpListener::bind(args.next().unwrap_or_else(|| "127.0.0.1:1935".to_owned()))?;
    let mut capture = args.next().map(File::create).transpose()?;
    let log = Log::default();
    for socket in listener.incoming() {
        let (socket, log, capture) = (socket?, log.clone(), capture.take());
        std::thread::spawn(move || println!("closed: {:?}", serve(socket, &log, capture)));
    }
    Ok(())
}

fn serve(
    mut socket: TcpStream,
    log: &Log,
    mut capture: Option<File>,
) -> Result<(), Box<dyn std::error::Error>> {
    socket.set_read_timeout(Some(Duration::from_millis(10)))?;
    let mut session = ServerSession::new(Limits::default(), CHUNK_SIZE);
    let mut buffer = vec![0; 1 << 16];
    let mut played: Option<usize> = None;
    loop {
        match socket.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => {
                let bytes = buffer.get(..count).unwrap_or_default();
                if let Some(capture) = &mut capture {
                    capture.write_all(bytes)?;
                }
                session.handle_input(bytes)?;
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error.into()),
        }
        while let Some(event) = session.poll_event() {
            match event {
                Event::Media(media) => {
                    let mut bytes = BytesMut::new();
                    let header = MessageHeader::media(media.kind, 1, media.timestamp_ms);
                    encode_message(&mut bytes, &header, &[&media.payload], CHUNK_SIZE);
                    log.lock().map_err(|_| "poisoned")?.push(bytes.freeze());
                    continue;
                }
                Event::PublishRequested { request, .. } => session.accept_publish(request),
                Event::PlayRequested { request, .. } => {
                    session.accept_play(request);
                    played = Some(0);
                }
                Event::PlayEnded { .. } => played = None,
                _ => {}
            }
            println!("{event:?}");
        }
        while let Some(bytes) = session.poll_transmit() {
            socket.write_all(&bytes)?;
        }
        if let Some(played) = &mut played {
            let media: Vec<Bytes> =
                log.lock().map_err(|_| "poisoned")?.iter().skip(*played).cloned().collect();
            *played += media.len();
            media.iter().try_for_each(|bytes| socket.write_all(bytes))?;
        }
    }
}
