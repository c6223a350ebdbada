//! The ways out: one file per format, and the feeds they fill.

mod feed;
pub mod flv;
pub mod fmp4;
pub mod http;
pub mod rtmp;
pub mod segmented;
pub mod stored;
pub mod task;
pub mod ts;

pub use feed::Feed;
pub(crate) use feed::{Batch, FeedRead, Lag, PacketFormat, Unit, UnitFormat};

use hub::{Protocol, Stream};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

/// Numbers of MP4 fragments have to grow (ISO/IEC 14496-12 §8.8.5), no more. VLC 3 believes what a fragment says of its
/// time only when the number is not the next one, and here the next one may be of another track.
pub(crate) const FRAGMENT_SEQUENCE_STEP: u32 = 2;

/// A form in which the packets of a stream are written to live viewers; viewers of one form share every byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// FLV over HTTP.
    HttpFlv(Selection),
    /// FLV tags as messages of a WebSocket.
    WsFlv(Selection),
    /// RTMP chunks on one message stream.
    Rtmp {
        /// The tracks.
        selection: Selection,
        /// The message stream the player plays on.
        message_stream_id: u32,
    },
    /// MPEG-TS over HTTP.
    HttpTs,
    /// Fragmented MP4 over HTTP.
    HttpFmp4,
    /// Fragmented MP4, a fragment per message of a WebSocket.
    WsFmp4,
}

/// Which tracks a viewer wants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Selection {
    /// Sound.
    pub audio: bool,
    /// Pictures.
    pub video: bool,
}

impl Selection {
    /// All tracks.
    pub const ALL: Self = Self { audio: true, video: true };

    /// Whether a packet is wanted.
    pub(crate) fn takes(self, packet: &media::Packet) -> bool {
        match packet.track_id.kind {
            media::MediaKind::Audio => self.audio,
            media::MediaKind::Video => self.video,
            media::MediaKind::Data => true,
        }
    }
}

impl Format {
    /// The protocol its viewers are counted under.
    pub const fn protocol(self) -> Protocol {
        match self {
            Self::HttpFlv(_) => Protocol::HttpFlv,
            Self::WsFlv(_) => Protocol::WsFlv,
            Self::Rtmp { .. } => Protocol::Rtmp,
            Self::HttpTs => Protocol::HttpTs,
            Self::HttpFmp4 => Protocol::HttpFmp4,
            Self::WsFmp4 => Protocol::WsFmp4,
        }
    }
}

/// The feeds that have viewers.
pub struct Feeds {
    rtmp_chunk_size: u32,
    /// By address of the stream, which a feed keeps alive, and format.
    feeds: Mutex<HashMap<(usize, Format), Weak<Feed>>>,
}

impl Feeds {
    /// None yet. RTMP viewers get chunks of `rtmp_chunk_size` bytes.
    pub fn new(rtmp_chunk_size: u32) -> Arc<Self> {
        Arc::new(Self { rtmp_chunk_size, feeds: Mutex::default() })
    }

    /// The feed of `stream` in `format`: the one others watch already, or a new one.
    pub fn feed(&self, stream: &Arc<Stream>, format: Format) -> Arc<Feed> {
        let mut feeds = self.feeds.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (Arc::as_ptr(stream).addr(), format);
        if let Some(feed) = feeds.get(&key).and_then(Weak::upgrade) {
            return feed;
        }
        feeds.retain(|_, feed| feed.strong_count() > 0);
        let stream = stream.clone();
        let protocol = format.protocol();
        let feed = Arc::new(match format {
            Format::HttpFlv(selection) => {
                Feed::of_packets(stream, protocol, Box::new(flv::Flv::over_http(selection)))
            }
            Format::WsFlv(selection) => {
                Feed::of_packets(stream, protocol, Box::new(flv::Flv::over_websocket(selection)))
            }
            Format::Rtmp { selection, message_stream_id } => Feed::of_packets(
                stream,
                protocol,
                Box::new(rtmp::Rtmp::new(selection, message_stream_id, self.rtmp_chunk_size)),
            ),
            Format::HttpTs => Feed::of_units(stream, protocol, Box::new(ts::Ts::default())),
            Format::HttpFmp4 => Feed::of_units(stream, protocol, Box::new(fmp4::Fmp4::over_http())),
            Format::WsFmp4 => Feed::of_units(stream, protocol, Box::new(fmp4::Fmp4::over_websocket())),
        });
        feeds.insert(key, Arc::downgrade(&feed));
        feed
    }
}
