use media::{MediaKind, Packet, Timestamp, Track};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

/// What a stream may keep in memory, and for whom.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Bytes of one GOP at most; a larger one is not kept, and viewers who join then wait for the next keyframe.
    pub gop_bytes_max: usize,
    /// Packets of one GOP at most, for the same reason.
    pub gop_packets_max: usize,
    /// What came before the last keyframe is kept this long, so that a viewer a little behind need not skip.
    pub tail: Duration,
    /// A viewer further behind than this is moved forward to the last keyframe.
    pub lag_max: Duration,
    /// Tracks of a stream at most.
    pub tracks_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            gop_bytes_max: 32 << 20,
            gop_packets_max: 4096,
            tail: Duration::from_millis(700),
            lag_max: Duration::from_secs(5),
            tracks_max: 16,
        }
    }
}

/// The tracks of a stream at one moment, shared.
pub(crate) type Tracks = Arc<[Arc<Track>]>;

/// The last packets of a stream, each with a sequence number that never comes again.
pub(crate) struct Ring {
    limits: Limits,
    packets: VecDeque<Packet>,
    /// Sequence number of the first packet kept.
    first: u64,
    /// Sequence number and tracks at the last keyframe of the default video track, while its GOP is kept.
    gop: Option<(u64, Tracks)>,
    gop_bytes: usize,
    last_video: Option<Timestamp>,
}

/// Video that pauses longer than this counts as gone until it is back, so that sound alone can be joined.
const VIDEO_GONE_MICROS: i64 = 5_000_000;

impl Ring {
    pub(crate) fn new(limits: Limits) -> Self {
        Self { limits, packets: VecDeque::new(), first: 0, gop: None, gop_bytes: 0, last_video: None }
    }

    /// Sequence number the next packet will have.
    pub(crate) fn end(&self) -> u64 {
        self.first + self.packets.len() as u64
    }

    pub(crate) fn last_dts(&self) -> Option<Timestamp> {
        self.packets.back().map(|packet| packet.dts)
    }

    pub(crate) fn push(&mut self, packet: Packet, tracks: &Tracks) {
        let dts = packet.dts;
        if packet.is_video() && !packet.is_config() {
            self.last_video = Some(dts);
        }
        if packet.is_keyframe() && packet.track_id.index == 0 {
            self.gop = Some((self.end(), tracks.clone()));
            self.gop_bytes = 0;
        }
        self.gop_bytes += packet.payload.len();
        self.packets.push_back(packet);
        if let Some((start, _)) = &self.gop {
            let gop_packets = self.end() - start;
            if self.gop_bytes > self.limits.gop_bytes_max || gop_packets > self.limits.gop_packets_max as u64
            {
                self.gop = None;
            }
        }
        self.evict(dts);
    }

    /// Drops what neither the GOP cache nor the tail needs.
    fn evict(&mut self, now: Timestamp) {
        let keep_from = self.gop.as_ref().map_or(u64::MAX, |(start, _)| *start);
        while self.first < keep_from {
            let Some(front) = self.packets.front() else { break };
            let tail_is_large = self.packets.len() > self.limits.gop_packets_max;
            if !tail_is_large && now.saturating_since(front.dts) <= self.limits.tail {
                break;
            }
            self.packets.pop_front();
            self.first += 1;
        }
        if self.packets.capacity() > 64 && self.packets.len() < self.packets.capacity() / 4 {
            self.packets.shrink_to(self.packets.len() * 2);
        }
    }

    /// Where a viewer who joins now starts, and the tracks at that point; nothing while a keyframe is awaited.
    pub(crate) fn start(&self, tracks: &Tracks, readable_end: u64) -> Option<(u64, Tracks)> {
        if let Some((start, tracks)) = &self.gop
            && *start < readable_end
        {
            return Some((*start, tracks.clone()));
        }
        let has_video = tracks.iter().any(|track| track.id.kind == MediaKind::Video);
        let now = self.last_dts()?;
        let video_gone = !has_video
            || self.last_video.is_some_and(|last| now.micros_since(last) > VIDEO_GONE_MICROS)
            || (self.last_video.is_none()
                && self.packets.front().is_some_and(|front| now.micros_since(front.dts) > VIDEO_GONE_MICROS));
        (video_gone && !tracks.is_empty() && self.first < readable_end).then(|| (self.first, tracks.clone()))
    }

    /// Whether the stream has pictures at the moment.
    pub(crate) fn has_video_now(&self, now: Timestamp) -> bool {
        self.last_video.is_some_and(|last| now.micros_since(last) <= VIDEO_GONE_MICROS)
    }

    /// Copies up to `count` packets from `from` on into `out`; false when `from` is no longer a place to read on from.
    pub(crate) fn read(&self, from: u64, readable_end: u64, count: usize, out: &mut Vec<Packet>) -> bool {
        if from < self.first {
            return false;
        }
        if let (Some((gop_start, _)), Some(last)) = (&self.gop, self.last_dts())
            && *gop_start > from
            && let Some(packet) = self.get(from)
            && last.saturating_since(packet.dts) > self.limits.lag_max
        {
            return false;
        }
        let offset = usize::try_from(from - self.first).unwrap_or(usize::MAX);
        let count = count.min(usize::try_from(readable_end.saturating_sub(from)).unwrap_or(usize::MAX));
        out.extend(self.packets.iter().skip(offset).take(count).cloned());
        true
    }

    pub(crate) fn get(&self, sequence: u64) -> Option<&Packet> {
        self.packets.get(usize::try_from(sequence.checked_sub(self.first)?).ok()?)
    }

    pub(crate) fn get_or_first(&self, sequence: u64) -> Option<&Packet> {
        self.get(sequence.max(self.first))
    }

    /// Forgets the GOP, so that nobody starts in what came before a new publisher's first keyframe.
    pub(crate) fn forget_gop(&mut self) {
        self.gop = None;
    }
}
