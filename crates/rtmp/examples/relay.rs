//! Plays from one server and publishes to another: `cargo run -p rtmp --example relay -- rtmp://a/live/x rtmp://b/live/y`.
use rtmp::{ClientEvent, ClientRole, ClientSession, Limits, Url};
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

struct Connection {
    socket: TcpStream,
    session: ClientSession,
}

impl Connection {
    fn open(role: ClientRole, url: &str) -> Result<Self> {
        let url = Url::parse(url)?;
        let socket = TcpStream::connect((url.host.as_str(), url.port))?;
        socket.set_read_timeout(Some(Duration::from_millis(5)))?;
        let mut connection =
            Self { socket, session: ClientSession::new(role, url, Limits::default(), 60_000, 1) };
        while connection.session.bytes_received() == 0 {
            connection.turn()?;
        }
        Ok(connection)
    }

    /// Writes what waits, reads what has come; `false` at the end of the connection.
    fn turn(&mut self) -> Result<bool> {
        while let Some(bytes) = self.session.poll_transmit() {
            self.socket.write_all(&bytes)?;
        }
        let mut buffer = [0; 1 << 14];
        match self.socket.read(&mut buffer) {
            Ok(0) => return Ok(false),
            Ok(count) => self.session.handle_input(buffer.get(..count).unwrap_or_default())?,
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(true)
    }
}

fn main() -> Result<()> {
    let urls: Vec<String> = std::env::args().skip(1).collect();
    let [from, to] = urls.as_slice() else { return Err("two addresses are needed".into()) };
    let mut publisher = Connection::open(ClientRole::Publish, to)?;
    loop {
        publisher.turn()?;
        match publisher.session.poll_event() {
            Some(event @ ClientEvent::Ready { .. }) => break println!("publisher: {event:?}"),
            Some(event) => return Err(format!("{event:?}").into()),
            None => {}
        }
    }
    let mut player = Connection::open(ClientRole::Play, from)?;
    let mut is_open = true;
    while is_open {
        is_open = player.turn()?;
        while let Some(event) = player.session.poll_event() {
            match event {
                ClientEvent::Media(media) => {
                    publisher.session.send_media(media.kind, media.timestamp_ms, &[&media.payload])?;
                }
                ClientEvent::Ready { .. } => println!("player: {event:?}"),
                ClientEvent::Refused { .. } | ClientEvent::Ended { .. } => {
                    println!("player: {event:?}");
                    is_open = false;
                }
            }
        }
        publisher.turn()?;
    }
    publisher.session.close();
    publisher.turn()?;
    Ok(())
}
