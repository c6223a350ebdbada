//! `weir publish`: sends a file to an RTMP server in real time, over and over. Codecs beyond H.264, AAC and MP3 go as
//! Enhanced RTMP has them.

use super::analysis::bit_rate;
use super::media_file::MediaFile;
use anyhow::{Context, bail};
use clap::Args;
use flv::TagType;
use gateway::ingest::pull::masked;
use gateway::ingest::rtmp_client::RtmpClient;
use media::{MediaKind, Metadata, Packet, Timestamp, Track, TrackId};
use rtmp::ClientRole;
use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;
use tokio::time::Instant;

#[derive(Args)]
pub(super) struct Publish {
    /// The file: FLV, MP4 or MPEG-TS.
    file: PathBuf,
    /// Where to: rtmp://host/app/name, with ?sign=… if the server asks for it.
    url: String,
    /// Stops at the end of the file.
    #[arg(long, alias = "no-loop")]
    once: bool,
    /// So many times as fast as it is.
    #[arg(long, default_value_t = 1.0, value_parser = parse_speed)]
    speed: f64,
}

/// How often a line says how it goes.
const REPORT_INTERVAL: Duration = Duration::from_secs(5);
/// Packets of the file that are looked at to describe its tracks before the first is sent.
const LOOK_AHEAD_PACKETS: usize = 500;

fn parse_speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok().filter(|speed| (0.01..=1000.0).contains(speed));
    speed.ok_or_else(|| format!("{text:?} is no speed; expected a number from 0.01 to 1000"))
}

impl Publish {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let url = rtmp::Url::parse(&self.url)?;
        let (tracks, metadata) = self.look_ahead().with_context(|| self.file.display().to_string())?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let mut client = RtmpClient::connect(ClientRole::Publish, &url).await?;
            say(&format!("publishing {} to {}", self.file.display(), masked(&self.url)));
            let onmetadata = flv::metadata_body(&tracks, metadata.as_ref());
            client.push(TagType::Script, 0, &[&onmetadata])?;
            let mut player = Player::new(self.speed);
            let result = tokio::select! {
                result = self.play(&mut player, &mut client) => result,
                result = tokio::signal::ctrl_c() => result.map_err(Into::into),
            };
            say(&player.totals());
            result?;
            Ok(client.close().await?)
        })
    }

    /// What the file is made of, from its first packets.
    fn look_ahead(&self) -> anyhow::Result<(Vec<Track>, Option<Metadata>)> {
        let mut file = MediaFile::open(&self.file)?;
        let mut tracks = BTreeMap::new();
        let mut is_any_sent = false;
        for _ in 0..LOOK_AHEAD_PACKETS {
            let Some(packet) = file.next_packet()? else { break };
            if packet.is_config() {
                tracks.insert(
                    packet.track_id,
                    Track::from_config(packet.track_id, packet.codec, packet.payload)?,
                );
            } else if let Some(track) = tracks.get_mut(&packet.track_id).filter(|_| packet.is_keyframe()) {
                track.learn_size(&packet.payload);
            }
            is_any_sent |= packet.track_id.kind != MediaKind::Data;
        }
        if !is_any_sent {
            bail!("holds no pictures and no sound that can be published");
        }
        Ok((tracks.into_values().collect(), file.metadata().cloned()))
    }

    async fn play(&self, player: &mut Player, client: &mut RtmpClient) -> anyhow::Result<()> {
        loop {
            let mut file = MediaFile::open(&self.file)?;
            while let Some(packet) = file.next_packet().with_context(|| self.file.display().to_string())? {
                player.send(packet, client).await?;
            }
            if self.once {
                return Ok(());
            }
            player.start_over()?;
        }
    }
}

/// Where the player is in time.
struct Player {
    speed: f64,
    started: Instant,
    reported: Instant,
    reported_bytes: u64,
    bytes: u64,
    /// How many times the file was played before.
    loops: u64,
    /// Added to the file's times so that they begin at 0 and go on from one loop to the next; known from the first
    /// packet of a loop on.
    offset_micros: Option<i64>,
    /// Where this loop begins, and how far it has come with the last packet's length.
    loop_start_micros: i64,
    loop_end_micros: i64,
    tracks: BTreeMap<TrackId, Sent>,
}

#[derive(Default)]
struct Sent {
    config: bytes::Bytes,
    /// In this loop.
    last_micros: Option<i64>,
    step_micros: i64,
}

impl Player {
    fn new(speed: f64) -> Self {
        let now = Instant::now();
        Self {
            speed,
            started: now,
            reported: now,
            reported_bytes: 0,
            bytes: 0,
            loops: 0,
            offset_micros: None,
            loop_start_micros: 0,
            loop_end_micros: 0,
            tracks: BTreeMap::new(),
        }
    }

    /// Waits until the packet is due and sends it.
    async fn send(&mut self, mut packet: Packet, client: &mut RtmpClient) -> anyhow::Result<()> {
        if !self.place(&mut packet) {
            return Ok(());
        }
        let due =
            self.started + Duration::from_micros(packet.dts.as_micros().unsigned_abs()).div_f64(self.speed);
        let Some(header) = flv::body_header(&packet) else { return Ok(()) };
        let payload = flv::body_payload(&packet);
        client.listen_until(due).await?;
        let timestamp_ms = flv::timestamp_ms(packet.dts);
        client.push(packet.track_id.kind.into(), timestamp_ms, &[&header, &payload])?;
        client.flush().await?;
        self.bytes += (header.len() + payload.len()) as u64;
        self.report(packet.dts);
        Ok(())
    }

    /// Moves the packet's times to where they are in all; says whether it is to be sent.
    fn place(&mut self, packet: &mut Packet) -> bool {
        let loop_start = self.loop_start_micros;
        let offset = *self.offset_micros.get_or_insert(loop_start - packet.dts.as_micros());
        // A track that begins a little before the file's first packet begins with it.
        let micros = (packet.dts.as_micros() + offset).max(loop_start);
        let composition = packet.pts.micros_since(packet.dts);
        packet.dts = Timestamp::from_micros(micros);
        packet.pts = Timestamp::from_micros(micros + composition);
        let sent = self.tracks.entry(packet.track_id).or_default();
        if packet.is_config() {
            let is_new = sent.config != packet.payload;
            sent.config = packet.payload.clone();
            return is_new;
        }
        if let Some(last) = sent.last_micros.replace(micros).filter(|last| *last < micros) {
            sent.step_micros = micros - last;
        }
        if packet.track_id.kind != MediaKind::Data {
            self.loop_end_micros = self.loop_end_micros.max(micros + sent.step_micros);
        }
        true
    }

    /// The next loop begins where the last packet ended.
    fn start_over(&mut self) -> anyhow::Result<()> {
        if self.loop_end_micros <= self.loop_start_micros {
            bail!("the file is a single moment long and cannot be looped; use --once");
        }
        self.loop_start_micros = self.loop_end_micros;
        self.offset_micros = None;
        self.loops += 1;
        self.tracks.values_mut().for_each(|sent| sent.last_micros = None);
        Ok(())
    }

    fn report(&mut self, at: Timestamp) {
        let elapsed = self.reported.elapsed();
        if elapsed < REPORT_INTERVAL {
            return;
        }
        let bps = (self.bytes - self.reported_bytes) as f64 * 8.0 / elapsed.as_secs_f64();
        say(&format!("{}  {}  loop {}", clock(at), bit_rate(bps as u64), self.loops + 1));
        (self.reported, self.reported_bytes) = (Instant::now(), self.bytes);
    }

    fn totals(&self) -> String {
        let played = clock(Timestamp::from_micros(self.loop_end_micros));
        format!("sent {played} of media, {} bytes, in {} s", self.bytes, self.started.elapsed().as_secs())
    }
}

/// Tells who listens; that nobody does any more is no reason to stop.
fn say(line: &str) {
    let _ = writeln!(std::io::stdout(), "{line}");
}

/// Hours, minutes, seconds.
fn clock(at: Timestamp) -> String {
    let seconds = at.as_millis() / 1000;
    format!("{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

#[cfg(test)]
mod tests {
    use super::*;
    use media::{Codec, PacketKind};

    fn packet(track_id: TrackId, kind: PacketKind, dts_ms: i64, payload: &'static [u8]) -> Packet {
        let dts = Timestamp::from_millis(dts_ms);
        let pts = Timestamp::from_millis(dts_ms + 80);
        let codec = if track_id.kind == MediaKind::Video { Codec::H264 } else { Codec::Aac };
        Packet {
            track_id,
            codec,
            kind,
            dts,
            pts,
            discontinuity: false,
            payload: bytes::Bytes::from_static(payload),
        }
    }

    fn placed_ms(player: &mut Player, track_id: TrackId, dts_ms: i64) -> i64 {
        let mut packet = packet(track_id, PacketKind::Frame, dts_ms, b"x");
        assert!(player.place(&mut packet));
        assert_eq!(packet.pts.micros_since(packet.dts), 80_000);
        packet.dts.as_millis()
    }

    #[tokio::test]
    async fn times_begin_at_zero_and_go_on_from_loop_to_loop() {
        let mut player = Player::new(1.0);
        for (loop_start, times) in [(0, [-80, -40, 0]), (120, [-80, -40, 0]), (240, [-80, -40, 0])] {
            let placed = times.map(|ms| placed_ms(&mut player, TrackId::VIDEO, ms));
            assert_eq!(placed, [loop_start, loop_start + 40, loop_start + 80]);
            player.start_over().unwrap();
        }
    }

    #[tokio::test]
    async fn the_longest_track_says_how_long_a_loop_is() {
        let mut player = Player::new(1.0);
        for (track_id, ms) in [
            (TrackId::VIDEO, 0),
            (TrackId::AUDIO, 0),
            (TrackId::AUDIO, 20),
            (TrackId::VIDEO, 40),
            (TrackId::AUDIO, 100),
        ] {
            placed_ms(&mut player, track_id, ms);
        }
        player.start_over().unwrap();
        assert_eq!(placed_ms(&mut player, TrackId::VIDEO, 0), 180);
    }

    #[tokio::test]
    async fn a_config_is_sent_again_only_when_it_changed() {
        let mut player = Player::new(1.0);
        let mut sent = |payload| player.place(&mut packet(TrackId::VIDEO, PacketKind::Config, 0, payload));
        assert_eq!([sent(b"a"), sent(b"a"), sent(b"b"), sent(b"a")], [true, false, true, true]);
    }

    #[tokio::test]
    async fn a_single_moment_cannot_be_looped() {
        let mut player = Player::new(1.0);
        placed_ms(&mut player, TrackId::VIDEO, 0);
        assert!(player.start_over().unwrap_err().to_string().contains("--once"));
    }
}
