//! RTMP connections: publishers stay with their task, players leave for the writers.

use crate::delivery::http::MediaError;
use crate::delivery::rtmp::RtmpPeer;
use crate::delivery::{Feeds, Format, Selection, task};
use crate::writer::{NewViewer, Peer};
use crate::{Connected, Gateway, Limiter, Permit};
use bytes::Bytes;
use flv::{BodyDemuxer, TagType};
use hub::{
    Action, Args, ClientInfo, Protocol, Publisher, Refusal, RefusalKind, Request, Session, SessionId, Stream,
    StreamPath,
};
use media::Packet;
use rtmp::{Connect, Event, Media, RequestId, ServerSession, Target, status};
use std::cell::RefCell;
use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::net::IpAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Poll, ready};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, ReadBuf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep_until, timeout};

/// How RTMP connections are treated.
#[derive(Clone, Debug)]
pub struct Config {
    /// From the first byte to an accepted publish or play.
    pub handshake_timeout: Duration,
    /// From an accepted publish to its first packet.
    pub first_packet_timeout: Duration,
    /// Between two packets of a publisher.
    pub silence_timeout: Duration,
    /// Bytes of the chunks we send.
    pub chunk_size: u32,
    /// Bytes of one message at most.
    pub message_bytes_max: usize,
    /// Chunk streams of one connection at most.
    pub chunk_streams_max: usize,
}

/// Serves RTMP connections.
#[derive(Clone)]
pub struct RtmpServer {
    /// What it serves.
    pub gateway: Arc<Gateway>,
    /// How many connections there may be.
    pub limiter: Arc<Limiter>,
    /// How they are treated.
    pub config: Config,
}

/// Why a connection is closed.
#[derive(Debug, thiserror::Error)]
enum Closed {
    #[error("the peer is gone")]
    Gone,
    #[error(transparent)]
    Protocol(#[from] rtmp::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error("{0}")]
    Refused(String),
    #[error("nothing was published or played within {0:?} (rtmp.handshake_timeout_ms)")]
    Handshake(Duration),
    #[error("the publisher sent nothing for {0:?} (rtmp.first_packet_timeout_ms, rtmp.silence_timeout_ms)")]
    Silent(Duration),
    #[error(transparent)]
    Push(#[from] hub::PushError),
    #[error(transparent)]
    Media(#[from] flv::Error),
    #[error("the peer took no answer for {0:?}")]
    Unread(Duration),
    #[error("closed by the server")]
    Kicked,
}

/// Room for what is read at once, one per thread.
const READ_BYTES: usize = 64 << 10;
/// A peer must take an answer within this time.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(10);
/// RTMP's clock has 32 bits of milliseconds.
const CLOCK_WRAP: Duration = Duration::from_millis(1 << 32);
/// A peer that is closed may take this long to hear why.
const LAST_WORDS: Duration = Duration::from_millis(500);
/// Pause after an error of accept, such as too many open files.
const ACCEPT_BACK_OFF: Duration = Duration::from_millis(100);

impl RtmpServer {
    /// Accepts connections until the process ends.
    pub async fn serve(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((socket, remote)) => {
                    let Some(permit) = self.limiter.admit(remote.ip()) else { continue };
                    let _ = socket.set_nodelay(true);
                    let server = self.clone();
                    tokio::spawn(async move { server.serve_socket(socket, remote.ip(), permit).await });
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept an RTMP connection");
                    tokio::time::sleep(ACCEPT_BACK_OFF).await;
                }
            }
        }
    }

    /// Serves a connection whose socket can be handed to the writers.
    async fn serve_socket(self, socket: TcpStream, remote: IpAddr, permit: Permit) {
        let mut connection = Connection::new(&self, socket, remote);
        match connection.run().await {
            Ok(Some(player)) => {
                let Connection { io, session, connect, .. } = connection;
                match io.into_std() {
                    Ok(socket) => self.gateway.writers.add(NewViewer {
                        socket,
                        feed: self.gateway.feeds.feed(&player.stream, player.format()),
                        peer: player.peer(self.gateway.feeds.clone(), session),
                        head: player.unsent,
                        session: player.session,
                        connected: connect.map(|connect| connect.connected),
                        permit: Some(permit),
                    }),
                    Err(_) => player.stream.remove_viewer(&player.session),
                }
            }
            Ok(None) => {}
            Err(error) => connection.close(&error).await,
        }
    }

    /// Serves a connection that stays with its task, such as one behind TLS.
    pub async fn serve_stream<S>(&self, stream: S, remote: IpAddr)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let mut connection = Connection::new(self, stream, remote);
        match connection.run().await {
            Ok(Some(player)) => {
                let Connection { io, session, connect, .. } = connection;
                let feed = self.gateway.feeds.feed(&player.stream, player.format());
                let peer = player.peer(self.gateway.feeds.clone(), session);
                task::serve(io, feed, peer, &player.session, player.unsent).await;
                player.stream.remove_viewer(&player.session);
                drop(connect);
            }
            Ok(None) => {}
            Err(error) => connection.close(&error).await,
        }
    }
}

/// A viewer whose `play` was accepted.
struct Player {
    stream: Arc<Stream>,
    session: Arc<Session>,
    message_stream_id: u32,
    selection: Selection,
    /// What the session has said and the socket has not taken yet.
    unsent: VecDeque<Bytes>,
}

impl Player {
    fn format(&self) -> Format {
        Format::Rtmp { selection: self.selection, message_stream_id: self.message_stream_id }
    }

    fn peer(&self, feeds: Arc<Feeds>, session: ServerSession) -> Peer {
        let stream = self.stream.clone();
        let (selection, message_stream_id) = (self.selection, self.message_stream_id);
        Peer::Rtmp(Box::new(RtmpPeer::new(session, feeds, stream, selection, message_stream_id)))
    }
}

/// One connection as long as its task has it.
struct Connection<S> {
    gateway: Arc<Gateway>,
    config: Config,
    io: S,
    remote: IpAddr,
    session: ServerSession,
    unsent: VecDeque<Bytes>,
    id: SessionId,
    connect: Option<Introduction>,
    selection: Selection,
    publishing: Option<Publishing>,
    kicked: Arc<Notify>,
}

/// What a peer that was let in said of itself.
struct Introduction {
    said: Connect,
    client: Arc<ClientInfo>,
    connected: Arc<Connected>,
}

struct Publishing {
    publisher: Publisher,
    demuxer: BodyDemuxer,
    /// Reused from message to message.
    packets: Vec<Packet>,
    message_stream_id: u32,
    last_packet_at: Instant,
    has_packet: bool,
}

/// What an event asks for beyond an answer.
enum Next {
    Nothing,
    Play(Box<Player>),
    End,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Connection<S> {
    fn new(server: &RtmpServer, io: S, remote: IpAddr) -> Self {
        let limits = rtmp::Limits {
            message_bytes_max: server.config.message_bytes_max,
            chunk_streams_max: server.config.chunk_streams_max,
            ..rtmp::Limits::default()
        };
        Self {
            gateway: server.gateway.clone(),
            session: ServerSession::new(limits, server.config.chunk_size),
            config: server.config.clone(),
            io,
            remote,
            unsent: VecDeque::new(),
            id: SessionId::random(),
            connect: None,
            selection: Selection::ALL,
            publishing: None,
            kicked: Arc::new(Notify::new()),
        }
    }

    /// Until the peer is gone, or plays and its socket can go to the writers.
    async fn run(&mut self) -> Result<Option<Player>, Closed> {
        let opened = Instant::now();
        let kicked = self.kicked.clone();
        let mut kicked = pin!(kicked.notified());
        // One timer that is looked at when it rings, rather than one set anew for each of thousands of reads.
        let mut alarm = pin!(sleep_until(self.deadline(opened)));
        loop {
            let heard = tokio::select! {
                biased;
                heard = read_into(&mut self.io, &mut self.session) => heard,
                () = &mut kicked => return Err(Closed::Kicked),
                () = &mut alarm => {
                    let deadline = self.deadline(opened);
                    if Instant::now() >= deadline {
                        return Err(self.too_late());
                    }
                    alarm.as_mut().reset(deadline);
                    continue;
                }
            };
            let awaited = self.has_packet();
            // What was understood before an error counts.
            while let Some(event) = self.session.poll_event() {
                let next = match event {
                    Event::Media(media) => {
                        self.media(media)?;
                        Next::Nothing
                    }
                    event => self.on_event(event).await?,
                };
                match next {
                    Next::Nothing => {}
                    Next::Play(mut player) => {
                        self.collect();
                        player.unsent = std::mem::take(&mut self.unsent);
                        return Ok(Some(*player));
                    }
                    Next::End => {
                        self.flush().await?;
                        return Ok(None);
                    }
                }
            }
            heard?;
            self.flush().await?;
            if self.has_packet() != awaited {
                alarm.as_mut().reset(self.deadline(opened));
            }
        }
    }

    /// Whether the publisher, if it is one, has sent a packet: each step is due within a time of its own.
    fn has_packet(&self) -> Option<bool> {
        self.publishing.as_ref().map(|publishing| publishing.has_packet)
    }

    /// Until when the peer has to do what is expected of it next.
    fn deadline(&self, opened: Instant) -> Instant {
        match &self.publishing {
            None => opened + self.config.handshake_timeout,
            Some(publishing) if publishing.has_packet => {
                publishing.last_packet_at + self.config.silence_timeout
            }
            Some(publishing) => publishing.last_packet_at + self.config.first_packet_timeout,
        }
    }

    fn too_late(&self) -> Closed {
        match &self.publishing {
            None => Closed::Handshake(self.config.handshake_timeout),
            Some(publishing) if publishing.has_packet => Closed::Silent(self.config.silence_timeout),
            Some(_) => Closed::Silent(self.config.first_packet_timeout),
        }
    }

    async fn on_event(&mut self, event: Event) -> Result<Next, Closed> {
        match event {
            Event::Connected(said) => self.connected(*said).await?,
            Event::PublishRequested { request, message_stream_id, stream_name, .. } => {
                self.publish(request, message_stream_id, &stream_name).await?;
            }
            Event::PlayRequested { request, message_stream_id, stream_name, .. } => {
                return self.play(request, message_stream_id, &stream_name).await;
            }
            Event::Media(_) => {}
            Event::PublishEnded { message_stream_id } => {
                let ends = |publishing: &Publishing| publishing.message_stream_id == message_stream_id;
                if self.publishing.as_ref().is_some_and(ends) {
                    self.session.end_publish(message_stream_id);
                    self.publishing = None;
                    return Ok(Next::End);
                }
            }
            Event::ReceiveAudio { enabled, .. } => self.selection.audio = enabled,
            Event::ReceiveVideo { enabled, .. } => self.selection.video = enabled,
            Event::PlayEnded { .. } | Event::PauseRequested { .. } => {}
        }
        Ok(Next::Nothing)
    }

    async fn connected(&mut self, said: Connect) -> Result<(), Closed> {
        let client = Arc::new(ClientInfo {
            flash_ver: said.flash_ver.clone(),
            tc_url: rtmp::split_query(&said.tc_url).0.to_owned(),
            page_url: said.page_url.clone(),
            swf_url: said.swf_url.clone(),
        });
        // The name comes later; the path only names the app.
        let target = Target::resolve(&said.tc_url, &said.app, "-");
        let path = StreamPath::from_app_and_name(&target.app, "-")
            .map_err(|error| Closed::Refused(error.to_string()))?;
        let request = self.request(Action::Connect, path, target, client.clone());
        let admitted = Connected::admit(&self.gateway, &request).await;
        let connected = admitted.map_err(|refusal| Closed::Refused(refusal.message))?;
        self.connect = Some(Introduction { said, client, connected });
        Ok(())
    }

    fn request(&self, action: Action, path: StreamPath, target: Target, client: Arc<ClientInfo>) -> Request {
        Request {
            action,
            path,
            args: Args::new(target.args),
            remote: self.remote,
            protocol: Protocol::Rtmp,
            session_id: self.id,
            client,
        }
    }

    /// What the gate is asked about a stream.
    fn stream_request(&self, action: Action, stream_name: &str) -> Result<Request, Refusal> {
        let Some(connect) = &self.connect else {
            return Err(Refusal::new(RefusalKind::Forbidden, "connect comes first"));
        };
        let target = Target::resolve(&connect.said.tc_url, &connect.said.app, stream_name);
        let path = StreamPath::from_app_and_name(&target.app, &target.name)
            .map_err(|error| Refusal::new(RefusalKind::Forbidden, error.to_string()))?;
        Ok(self.request(action, path, target, connect.client.clone()))
    }

    async fn publish(
        &mut self,
        request: RequestId,
        message_stream_id: u32,
        name: &str,
    ) -> Result<(), Closed> {
        if self.publishing.is_some() {
            self.session.refuse(
                request,
                status::PUBLISH_BAD_NAME,
                "this connection publishes already; open another one",
            );
            return Ok(());
        }
        let admitted = match self.stream_request(Action::Publish, name) {
            Ok(asked) => self.gateway.gate.admit(&asked).await.map(|grant| (asked, grant)),
            Err(refusal) => Err(refusal),
        };
        let (asked, grant) = match admitted {
            Ok(admitted) => admitted,
            Err(refusal) => {
                return self.refuse(request, status::PUBLISH_UNAUTHORIZED, &refusal.message).await;
            }
        };
        let session = self.media_session(&asked);
        let publisher =
            match self.gateway.hub.publish(&grant.path, &session, &grant.credential, Some(CLOCK_WRAP)) {
                Ok(publisher) => publisher,
                Err(error) => {
                    return self.refuse(request, status::PUBLISH_BAD_NAME, &error.to_string()).await;
                }
            };
        let kicked = self.kicked.clone();
        session.set_on_kick(move || kicked.notify_one());
        tracing::info!(stream = %grant.path, session = %self.id, remote = %self.remote, "publishing");
        self.session.accept_publish(request);
        self.publishing = Some(Publishing {
            publisher,
            demuxer: BodyDemuxer::new(),
            packets: Vec::new(),
            message_stream_id,
            last_packet_at: Instant::now(),
            has_packet: false,
        });
        Ok(())
    }

    async fn play(&mut self, request: RequestId, message_stream_id: u32, name: &str) -> Result<Next, Closed> {
        if self.publishing.is_some() {
            self.session.refuse(
                request,
                status::PLAY_FAILED,
                "this connection publishes; open another one to play",
            );
            return Ok(Next::Nothing);
        }
        let asked = match self.stream_request(Action::Play, name) {
            Ok(asked) => asked,
            Err(refusal) => {
                self.refuse(request, status::PLAY_UNAUTHORIZED, &refusal.message).await?;
                return Ok(Next::Nothing);
            }
        };
        let stream = match self.gateway.admit_player(&asked).await {
            Ok(stream) => stream,
            Err(error) => {
                let code = match &error {
                    MediaError::Refused(_) => status::PLAY_UNAUTHORIZED,
                    _ => status::PLAY_STREAM_NOT_FOUND,
                };
                self.refuse(request, code, &error.to_string()).await?;
                return Ok(Next::Nothing);
            }
        };
        let session = self.media_session(&asked);
        stream.add_viewer(&session);
        self.session.accept_play(request);
        let selection = self.selection;
        Ok(Next::Play(Box::new(Player {
            stream,
            session,
            message_stream_id,
            selection,
            unsent: VecDeque::new(),
        })))
    }

    /// The session of a publisher or player that was let in, which is what the connection is used for.
    fn media_session(&self, asked: &Request) -> Arc<Session> {
        let session = Arc::new(Session::new(asked));
        if let Some(connect) = &self.connect {
            connect.connected.carries(&session);
        }
        session
    }

    /// Says no and closes: encoders try again by connecting anew.
    async fn refuse(&mut self, request: RequestId, code: &str, why: &str) -> Result<(), Closed> {
        self.session.refuse(request, code, why);
        self.flush().await?;
        Err(Closed::Refused(why.to_owned()))
    }

    fn media(&mut self, media: Media) -> Result<(), Closed> {
        let Some(publishing) = &mut self.publishing else { return Ok(()) };
        if media.message_stream_id != publishing.message_stream_id {
            return Ok(());
        }
        publishing.last_packet_at = Instant::now();
        publishing.has_packet = true;
        publishing.publisher.session().bytes.fetch_add(media.payload.len() as u64, Relaxed);
        let tag_type = match media.kind {
            rtmp::MediaKind::Audio => TagType::Audio,
            rtmp::MediaKind::Video => TagType::Video,
            rtmp::MediaKind::Data => TagType::Script,
        };
        match publishing.demuxer.demux(tag_type, media.timestamp_ms, media.payload, &mut publishing.packets) {
            Ok(_) => {}
            // The stream's other tracks go on.
            Err(flv::Error::UnsupportedCodec { name }) => {
                tracing::debug!(codec = name, "a track is left out: its codec is not supported");
            }
            Err(error) => return Err(error.into()),
        }
        if tag_type == TagType::Script
            && let Some(metadata) = publishing.demuxer.metadata()
        {
            publishing.publisher.set_metadata(metadata.clone());
        }
        for packet in publishing.packets.drain(..) {
            publishing.publisher.push(packet)?;
        }
        Ok(())
    }

    /// Says why to the log and, where the protocol has words for it, to the peer.
    async fn close(&mut self, why: &Closed) {
        if let Some(Publishing { publisher, message_stream_id, .. }) = self.publishing.take() {
            let stream = publisher.stream().path().clone();
            match why {
                Closed::Gone => tracing::info!(%stream, session = %self.id, "the publisher is gone"),
                _ => {
                    tracing::warn!(%stream, session = %self.id, remote = %self.remote, reason = with_causes(why), "the publisher was closed");
                }
            }
            drop(publisher);
            self.session.end_publish(message_stream_id);
            let _ = timeout(LAST_WORDS, self.flush()).await;
        } else if !matches!(why, Closed::Gone) {
            tracing::info!(session = %self.id, remote = %self.remote, reason = with_causes(why), "an RTMP connection was closed");
        }
    }

    /// Takes what the session wants to say.
    fn collect(&mut self) {
        while let Some(bytes) = self.session.poll_transmit() {
            self.unsent.push_back(bytes);
        }
    }

    async fn flush(&mut self) -> Result<(), Closed> {
        self.collect();
        if self.unsent.is_empty() {
            return Ok(());
        }
        let (io, unsent) = (&mut self.io, &mut self.unsent);
        let write = async {
            while let Some(bytes) = unsent.pop_front() {
                io.write_all(&bytes).await?;
            }
            io.flush().await
        };
        match timeout(ANSWER_TIMEOUT, write).await {
            Ok(written) => Ok(written?),
            Err(_) => Err(Closed::Unread(ANSWER_TIMEOUT)),
        }
    }
}

/// What went wrong, with everything that caused it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

/// Reads once and gives the session what came, through a buffer that all connections of a thread share.
async fn read_into<S: AsyncRead + Unpin>(io: &mut S, session: &mut ServerSession) -> Result<(), Closed> {
    thread_local! {
        static BUFFER: RefCell<Box<[u8]>> = RefCell::new(vec![0; READ_BYTES].into());
    }
    poll_fn(|cx| {
        BUFFER.with_borrow_mut(|buffer| {
            let mut buffer = ReadBuf::new(buffer);
            ready!(Pin::new(&mut *io).poll_read(cx, &mut buffer))?;
            if buffer.filled().is_empty() {
                return Poll::Ready(Err(Closed::Gone));
            }
            Poll::Ready(session.handle_input(buffer.filled()).map_err(Closed::from))
        })
    })
    .await
}
