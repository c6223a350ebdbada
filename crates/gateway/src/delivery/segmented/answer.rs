//! Requests for HLS and DASH.

use super::address::{self, Address, Item, playlist_name};
use super::body::{Text, respond_pieces};
use super::packager::Kind;
use super::rewind::{self, Past};
use super::{CachedText, Log, Packaged, unix_ms};
use crate::Gateway;
use crate::delivery::http::{MediaError, MediaRequest, error_response};
use axum::response::Response;
use http::{HeaderValue, Method, StatusCode, header};
use hub::{Refusal, RefusalKind, Session, StreamState, Subscriber};
use packaging::{dash, hls};
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use store::{DashOptions, HlsOptions, Name, Snapshot};
use tokio::time::timeout;

/// Bytes of a query that is carried on to every name in a playlist.
pub(crate) const QUERY_BYTES_MAX: usize = 1024;
/// A player that begins with less than this many target durations stalls before the next segment is there.
const START_TARGETS: u32 = 2;
/// Keyframes come a little early at times.
const START_TOLERANCE: Duration = Duration::from_millis(100);
/// The first player waits this long for a good beginning…
const GOOD_START_WAIT_MAX: Duration = Duration::from_secs(10);
/// …and this long for any: hls.js gives up on a playlist after 20 s.
const START_WAIT_MAX: Duration = Duration::from_secs(18);
/// Where DASH players ask what time it is.
pub(super) const TIME_URI: &str = "/api/v1/time";
/// Texts kept per log; there is one per form, and per name when several lead to one stream.
const TEXTS_MAX: usize = 8;

/// Whether a URL path is that of a segment or init segment, going by its name alone.
pub(crate) fn is_piece(path: &str) -> bool {
    address::in_folder(path).is_some_and(|address| matches!(address.item, Item::Piece(_)))
}

impl Gateway {
    /// Answers a request for a playlist, a manifest, a segment or an init segment.
    pub(crate) async fn segmented(
        self: &Arc<Self>,
        path: &str,
        mut request: MediaRequest,
    ) -> Result<Response, MediaError> {
        let address = self.segmented_address(path)?;
        // What a player says of its list makes it nobody else, and is not carried on.
        if request.query.contains(rewind::SKIP) {
            request.query = rewind::without_skip(&request.query);
        }
        if request.query.len() > QUERY_BYTES_MAX {
            let len = request.query.len();
            return Err(MediaError::BadRequest(format!(
                "the query has {len} bytes, expected at most {QUERY_BYTES_MAX}: it stands behind every name of a playlist"
            )));
        }
        let (packaged, session) = self.admit_segmented(&address, &request).await?;
        let (response, bytes) = match address.item {
            Item::Piece(name) => packaged.piece(name, &request).await?,
            _ => match self.text(&packaged, &address, &request).await? {
                Some(text) => text.respond(&request.headers),
                None => return Ok(not_ready()),
            },
        };
        if request.method != Method::HEAD {
            session.bytes.fetch_add(bytes as u64, Relaxed);
            packaged.stream.counters().add_bytes(session.protocol, bytes as u64);
        }
        Ok(response)
    }

    /// What a URL path asks for. Inside the folder of a stream comes first, unless there is only the flat one.
    fn segmented_address(&self, path: &str) -> Result<Address, MediaError> {
        let is_there = |address: &Address| {
            self.has_stream(&address.path) || self.segmented.find(&address.path).is_some()
        };
        let in_folder = address::in_folder(path);
        if let Some(address) = in_folder.clone().filter(is_there) {
            return Ok(address);
        }
        let flat = address::flat(path);
        flat.clone().filter(is_there).or(in_folder).or(flat).ok_or_else(|| {
            MediaError::NotFound(format!(
                "{path} is no media address; expected for example /live/name.m3u8, /live/name/index.m3u8 or /live/name/index.mpd"
            ))
        })
    }

    /// Lets a viewer in: one who was let in before at once, another one when the gate says so.
    async fn admit_segmented(
        self: &Arc<Self>,
        address: &Address,
        request: &MediaRequest,
    ) -> Result<(Arc<Packaged>, Arc<Session>), MediaError> {
        let protocol = address.item.protocol();
        let user_agent = request.headers.get(header::USER_AGENT).map_or(&b""[..], HeaderValue::as_bytes);
        let key_in =
            |packaged: &Packaged| packaged.viewers.key(request.remote, protocol, &request.query, user_agent);
        let known = self.segmented.find(&address.path).filter(|packaged| {
            // A new stream of the same path has new viewers.
            self.hub.get(&address.path).is_none_or(|stream| Arc::ptr_eq(&stream, &packaged.stream))
        });
        if let Some(packaged) = known
            && let Some(session) = packaged.viewers.known(&key_in(&packaged))
        {
            return allowed(packaged, session);
        }
        let to_gate = request.to_gate(address.path.clone(), protocol);
        let packaged = match self.admit_player(&to_gate).await {
            Ok(stream) => self.segmented.open(&stream),
            // Its end may still be fetched.
            Err(MediaError::NotLive(path)) => self.segmented.find(&path).ok_or(MediaError::NotLive(path))?,
            Err(error) => return Err(error),
        };
        let session = packaged.viewers.add(&packaged.stream, key_in(&packaged), Session::new(&to_gate));
        allowed(packaged, session)
    }

    /// The text of a playlist or manifest; `None` when there is no segment yet and the wait was long.
    async fn text(
        &self,
        packaged: &Arc<Packaged>,
        address: &Address,
        request: &MediaRequest,
    ) -> Result<Option<Arc<Text>>, MediaError> {
        let query = request.query.as_str();
        let past = Past::asked_for(&request.args)?;
        let past = past.and_then(|past| packaged.recording().map(|recording| (past, recording)));
        let kind = match past {
            Some(_) => self.kind(packaged, address.item.recorded()).await?,
            None => self.kind(packaged, address.item).await?,
        };
        let is_delta = past.is_some() && rewind::wants_delta(&request.args);
        let Some(kind) = kind else { return Ok(None) };
        let Some(log) = self.segmented.log(packaged, kind) else {
            return Err(MediaError::NotLive(packaged.stream.path().clone()));
        };
        let Some(snapshot) = log.ready(self.segmented.config.target).await else { return Ok(None) };
        let version = snapshot.version();
        let is_shared = query.is_empty() || (past.is_some() && rewind::is_common(query));
        if is_shared {
            let texts = log.texts.lock().unwrap_or_else(PoisonError::into_inner);
            let cached = texts
                .iter()
                .find(|cached| cached.is_of(address, query, is_delta) && cached.version == version);
            if let Some(cached) = cached {
                return Ok(Some(cached.text.clone()));
            }
        }
        let text = match &past {
            Some((past, recording)) => {
                let rewind = recording.rewind;
                self.make_past(packaged, address, past, query, is_delta, &snapshot, &recording.log(), rewind)
            }
            None => self.make_text(packaged, address, kind, query, &snapshot),
        };
        let text = Arc::new(text);
        if is_shared {
            let mut texts = log.texts.lock().unwrap_or_else(PoisonError::into_inner);
            texts.retain(|cached| !cached.is_of(address, query, is_delta));
            if texts.len() == TEXTS_MAX {
                texts.remove(0);
            }
            let (item, prefix, query) = (address.item, address.prefix.clone(), query.to_owned());
            texts.push(CachedText { item, prefix, query, is_delta, version, text: text.clone() });
        }
        Ok(Some(text))
    }

    /// The kind of segments that a playlist or manifest is made of.
    async fn kind(&self, packaged: &Packaged, item: Item) -> Result<Option<Kind>, MediaError> {
        let stream = &packaged.stream;
        // Tracks are known with the first keyframe.
        if stream.start().is_none() && !matches!(stream.state(), StreamState::Ended(_)) {
            let mut subscriber = Subscriber::new(stream.clone());
            if timeout(START_WAIT_MAX, subscriber.next()).await.is_err() {
                return Ok(None);
            }
        }
        let tracks = stream.tracks();
        let kind = match item {
            Item::MediaPlaylist(Some(kind)) => kind,
            Item::MediaPlaylist(None) if Kind::Ts.fits(&tracks) => Kind::Ts,
            Item::Multivariant => Kind::preferred(&tracks),
            Item::MediaPlaylist(None) | Item::Manifest | Item::Piece(_) => Kind::Cmaf,
        };
        if kind.fits(&tracks) {
            return Ok(Some(kind));
        }
        let codecs: Vec<_> = tracks.iter().map(|track| track.codec.to_string()).collect();
        Err(MediaError::Unsupported(format!(
            "{} has {}, which HLS with MPEG-TS does not carry; use {}/index.m3u8",
            stream.path(),
            codecs.join(" and "),
            stream.path().name(),
        )))
    }

    fn make_text(
        &self,
        packaged: &Packaged,
        address: &Address,
        kind: Kind,
        query: &str,
        snapshot: &Snapshot,
    ) -> Text {
        let config = &self.segmented.config;
        let (target, prefix, query) = (config.target, address.prefix.clone(), query.to_owned());
        match address.item {
            Item::Multivariant => {
                let mut variants: Vec<_> =
                    snapshot.variant(playlist_name(kind).to_owned(), target).into_iter().collect();
                for variant in &mut variants {
                    variant.frame_rate = variant.frame_rate.or(packaged.stream.metadata().frame_rate);
                }
                let independent_segments = snapshot.listed().iter().all(|segment| segment.span.independent);
                let playlist = hls::MultivariantPlaylist {
                    independent_segments,
                    query,
                    variants,
                    renditions: Vec::new(),
                };
                Text::new(hls::MIME_TYPE, playlist.to_string())
            }
            Item::Manifest => {
                let options = DashOptions {
                    target,
                    time_shift: snapshot.listed().iter().map(|segment| segment.span.duration).sum(),
                    prefix,
                    query,
                    now_ms: unix_ms(),
                    utc_timing_uri: TIME_URI.to_owned(),
                };
                Text::new(dash::MIME_TYPE, on_the_wall_clock(snapshot.mpd(&options), snapshot).to_string())
            }
            Item::MediaPlaylist(_) | Item::Piece(_) => {
                let options = HlsOptions { target, prefix, query };
                let mut playlist = snapshot.media_playlist(&options);
                playlist.discontinuity_sequence += discontinuities_before(snapshot);
                Text::new(hls::MIME_TYPE, playlist.to_string())
            }
        }
    }
}

/// Discontinuities before a window, as its playlists count them: windows of one stream that follow each other begin at
/// other numbers, so that players know the timeline is another one. The numbers stay small, because players keep a list
/// by them: hls.js goes through all of it, holes and all, whenever it reads a playlist.
pub(super) fn discontinuities_before(snapshot: &Snapshot) -> u64 {
    snapshot.first_sequence() % DISCONTINUITIES_MAX
}

const DISCONTINUITIES_MAX: u64 = 10_000;

/// The same manifest with times since 1970 instead of the start of the stream, and with names for its periods that no
/// other window uses. So players can go on when the window is another one, after a restart of the server or when
/// packaging had stopped: to them that is a new period of the same presentation.
pub(super) fn on_the_wall_clock(mut mpd: dash::Mpd, snapshot: &Snapshot) -> dash::Mpd {
    let origin =
        Duration::from_millis(snapshot.origin_wall_ms().and_then(|ms| ms.try_into().ok()).unwrap_or(0));
    match &mut mpd.presentation {
        dash::Presentation::Live(live) => live.availability_start_ms = 0,
        dash::Presentation::Ended { duration } => *duration += origin,
    }
    for period in &mut mpd.periods {
        period.start += origin;
        period.id = format!("{}-{}", snapshot.first_sequence(), period.id);
    }
    mpd
}

fn allowed(
    packaged: Arc<Packaged>,
    session: Arc<Session>,
) -> Result<(Arc<Packaged>, Arc<Session>), MediaError> {
    if session.is_kicked() {
        packaged.stream.remove_viewer(&session);
        return Err(Refusal::new(RefusalKind::Forbidden, "this viewer was asked to leave").into());
    }
    Ok((packaged, session))
}

/// The answer to those who waited in vain.
fn not_ready() -> Response {
    let mut response = error_response(
        StatusCode::SERVICE_UNAVAILABLE,
        "no_segment_yet",
        "the stream has no complete segment yet; ask again in a few seconds",
    );
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
    response
}

impl Packaged {
    async fn piece(&self, name: Name, request: &MediaRequest) -> Result<(Response, usize), MediaError> {
        let kind = if matches!(name, Name::Ts { .. }) { Kind::Ts } else { Kind::Cmaf };
        let log = self.logs()[kind as usize].clone();
        let pieces = log.and_then(|log| {
            log.touch();
            log.window.snapshot().read(&name)
        });
        let pieces = match pieces {
            Some(pieces) => Some(pieces),
            None => self.recorded_piece(&name).await?,
        };
        let pieces = pieces.ok_or_else(|| {
            MediaError::NotFound(format!("{} has no {name} any more, or not yet", self.stream.path()))
        })?;
        Ok(respond_pieces(name.mime_type(), pieces, &request.headers))
    }
}

impl CachedText {
    fn is_of(&self, address: &Address, query: &str, is_delta: bool) -> bool {
        (self.item, &self.prefix, self.query.as_str()) == (address.item, &address.prefix, query)
            && self.is_delta == is_delta
    }
}

impl Log {
    /// The window, as soon as a player can begin without stalling soon; after some time, as soon as it can begin.
    async fn ready(&self, target: Duration) -> Option<Arc<Snapshot>> {
        let good_start = async {
            let mut snapshot = self.window.snapshot();
            while !is_good_start(&snapshot, target) {
                snapshot = self.window.wait_for_segment(snapshot.next_sequence()).await;
            }
            snapshot
        };
        let any_start_wait = START_WAIT_MAX - GOOD_START_WAIT_MAX;
        let snapshot = match timeout(GOOD_START_WAIT_MAX, good_start).await {
            Ok(snapshot) => snapshot,
            Err(_) => timeout(any_start_wait, self.window.wait_for_first_segment()).await.ok()?,
        };
        (!snapshot.listed().is_empty()).then_some(snapshot)
    }
}

fn is_good_start(snapshot: &Snapshot, target: Duration) -> bool {
    let listed: Duration = snapshot.listed().iter().map(|segment| segment.span.duration).sum();
    snapshot.is_ended()
        || (snapshot.listed().len() >= START_TARGETS as usize
            && listed + START_TOLERANCE >= target * START_TARGETS)
}
