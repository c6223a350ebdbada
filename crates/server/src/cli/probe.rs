//! `weir probe`: what a file or a stream is made of.

use super::analysis::{Analysis, Report, Unit};
use super::media_file::{MediaFile, MediaFileError};
use anyhow::{Context, bail};
use clap::Args;
use flv::{BodyDemuxer, TagType};
use gateway::ingest::http_client::{self, HttpUrl};
use gateway::ingest::pull::masked;
use gateway::ingest::rtmp_client::RtmpClient;
use media::MediaKind;
use rtmp::ClientRole;
use std::collections::BTreeSet;
use std::io::{Cursor, Read, Seek};
use std::path::Path;
use std::time::Duration;
use tokio::time::{Instant, timeout_at};

#[derive(Args)]
pub(super) struct Probe {
    /// A file (FLV, MP4, MPEG-TS) or an address: http(s) with such a body, or rtmp(s).
    source: String,
    /// Prints JSON.
    #[arg(long)]
    json: bool,
    /// How long to read an address that does not end.
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=600))]
    seconds: u64,
}

/// Bytes of an HTTP body that are read at most.
const BODY_BYTES_MAX: usize = 64 << 20;
/// An RTMP server that has accepted sends its first packet within this time, or is taken for having none.
const FIRST_PACKET_TIMEOUT: Duration = Duration::from_secs(10);
/// Packets of a file that are read at most to learn its picture sizes.
const SIZE_PACKETS_MAX: usize = 1000;

impl Probe {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let report = match self.source.split_once("://") {
            None => probe_file(Path::new(&self.source))?,
            Some(("http" | "https", _)) => block_on(self.probe_http())?,
            Some(("rtmp" | "rtmps", _)) => block_on(self.probe_rtmp())?,
            Some((scheme, _)) => {
                bail!("{scheme}:// cannot be probed; expected a file, http(s):// or rtmp(s)://")
            }
        };
        match self.json {
            true => println!("{}", serde_json::to_string_pretty(&report)?),
            false => println!("{report}"),
        }
        Ok(())
    }

    async fn probe_http(&self) -> anyhow::Result<Report> {
        let shown = masked(&self.source);
        let mut answer = http_client::get(&HttpUrl::parse(&self.source)?).await?;
        let deadline = Instant::now() + Duration::from_secs(self.seconds);
        let (mut body, mut is_complete) = (Vec::new(), false);
        while body.len() < BODY_BYTES_MAX {
            match timeout_at(deadline, answer.chunk()).await {
                Ok(Ok(Some(bytes))) => body.extend_from_slice(&bytes),
                Ok(Ok(None)) => {
                    is_complete = true;
                    break;
                }
                // A live stream that is torn off still tells something.
                Ok(Err(error)) if body.is_empty() => return Err(error.into()),
                Ok(Err(_)) | Err(_) => break,
            }
        }
        let bytes = body.len();
        let content_type = answer.content_type.as_deref().unwrap_or("without Content-Type");
        let file = MediaFile::new(Cursor::new(body));
        let file = file.with_context(|| format!("{shown} ({content_type}): what came in {bytes} bytes"))?;
        let mut report = analyse(file, shown)?;
        report.is_complete = is_complete;
        report.bytes = Some(bytes as u64);
        Ok(report)
    }

    async fn probe_rtmp(&self) -> anyhow::Result<Report> {
        let shown = masked(&self.source);
        let mut client = RtmpClient::connect(ClientRole::Play, &rtmp::Url::parse(&self.source)?).await?;
        let (mut analysis, mut bodies) = (Analysis::default(), BodyDemuxer::new());
        let (mut tags, mut packets, mut unknown) = (Vec::new(), Vec::new(), BTreeSet::new());
        let mut deadline = Instant::now() + FIRST_PACKET_TIMEOUT;
        let mut has_media = false;
        let mut is_complete = false;
        loop {
            match timeout_at(deadline, client.read(&mut tags)).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) if !has_media => return Err(error.into()),
                Ok(Err(_)) => {
                    is_complete = true;
                    break;
                }
                Err(_) => break,
            }
            for tag in tags.drain(..) {
                if !has_media && tag.tag_type != TagType::Script {
                    has_media = true;
                    deadline = Instant::now() + Duration::from_secs(self.seconds);
                }
                match bodies.demux(tag.tag_type, tag.timestamp_ms, tag.body, &mut packets) {
                    Err(flv::Error::UnsupportedCodec { name }) => {
                        unknown.insert(name);
                    }
                    result => {
                        result.context("what the server sends")?;
                    }
                }
                packets.drain(..).for_each(|packet| analysis.take(&packet));
            }
        }
        if analysis.is_empty() && unknown.is_empty() {
            bail!("{shown}: the server accepted and sent no media");
        }
        let mut report = analysis.report(shown, "RTMP");
        report.is_complete = is_complete;
        report.encoder = bodies.metadata().and_then(|metadata| metadata.encoder.clone());
        report.notes.extend(unknown.iter().map(|name| format!("a track of {name}, which is not supported")));
        Ok(report)
    }
}

fn block_on<T>(future: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(future)
}

fn probe_file(path: &Path) -> anyhow::Result<Report> {
    let shown = path.display().to_string();
    let file = MediaFile::open(path).with_context(|| shown.clone())?;
    let mut report = analyse(file, shown)?;
    report.bytes = Some(std::fs::metadata(path)?.len());
    Ok(report)
}

fn analyse<R: Read + Seek>(mut file: MediaFile<R>, shown: String) -> anyhow::Result<Report> {
    let mut analysis = Analysis::default();
    let mut notes = Vec::new();
    let container = file.container().as_str();
    let fragmented = file.mp4().map(|reader| reader.index().is_fragmented);
    if file.mp4().is_some() {
        learn_sizes(&mut file, &mut analysis)?;
        count_samples(&file, &mut analysis, &mut notes);
    } else {
        loop {
            match file.next_packet() {
                Ok(Some(packet)) => analysis.take(&packet),
                Ok(None) => break,
                Err(error) if analysis.is_empty() => return Err(error).context(shown),
                Err(error) => {
                    notes.push(format!("read up to an error: {:#}", anyhow::Error::from(error)));
                    break;
                }
            }
        }
    }
    let damage = file.damage().unwrap_or_default();
    if damage != mpegts::Damage::default() {
        let mpegts::Damage { skipped_bytes, gaps, dropped_units } = damage;
        notes.push(format!(
            "damaged: {skipped_bytes} bytes between packets, {gaps} gaps, {dropped_units} units lost"
        ));
    }
    if analysis.is_empty() {
        notes.push("no track that can be read".into());
    }
    let mut report = analysis.report(shown, container);
    report.is_fragmented = fragmented;
    report.encoder = file.metadata().and_then(|metadata| metadata.encoder.clone());
    report.notes = notes;
    Ok(report)
}

/// Reads an MP4 file's tracks, and as many packets as it takes to know its picture sizes.
fn learn_sizes<R: Read + Seek>(
    file: &mut MediaFile<R>,
    analysis: &mut Analysis,
) -> Result<(), MediaFileError> {
    let tracks: Vec<_> = file
        .mp4()
        .into_iter()
        .flat_map(|reader| &reader.index().tracks)
        .map(|stored| stored.track.clone())
        .collect();
    let mut unsure: Vec<_> =
        tracks.iter().map(|track| track.id).filter(|id| id.kind == MediaKind::Video).collect();
    tracks.into_iter().for_each(|track| analysis.describe(track));
    for _ in 0..SIZE_PACKETS_MAX {
        if unsure.is_empty() {
            break;
        }
        let Some(packet) = file.next_packet()? else { break };
        if packet.is_keyframe() {
            unsure.retain(|id| *id != packet.track_id);
            analysis.learn_size(&packet);
        }
    }
    Ok(())
}

/// Counts an MP4 file's samples, whose bytes need not be read for that.
fn count_samples<R: Read + Seek>(file: &MediaFile<R>, analysis: &mut Analysis, notes: &mut Vec<String>) {
    let Some(reader) = file.mp4() else { return };
    let index = reader.index();
    for stored in &index.tracks {
        for sample in stored.samples.iter() {
            analysis.count(&Unit {
                track_id: stored.track.id,
                dts: stored.time(sample.dts),
                pts: stored.time(sample.pts()),
                bytes: sample.size as usize,
                is_keyframe: sample.is_sync,
            });
        }
    }
    for skipped in &index.skipped {
        let why =
            skipped.error.as_ref().map_or_else(|| "which is not supported".to_owned(), ToString::to_string);
        notes.push(format!("track {} of {}: {why}", skipped.number, skipped.sample_entry));
    }
    if index.is_cut_off {
        notes.push("the file is cut off".into());
    }
    if index.missing_samples > 0 {
        notes.push(format!("{} samples lie beyond the end of the file", index.missing_samples));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// What is said of a file of another crate's test data.
    fn probe(file: &str) -> Value {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(file);
        serde_json::to_value(probe_file(&path).unwrap()).unwrap()
    }

    fn codec_strings(report: &Value) -> Vec<&str> {
        report["tracks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|track| track["codec_string"].as_str().unwrap())
            .collect()
    }

    #[test]
    fn a_file_is_described_the_same_whatever_its_container() {
        for (file, container, is_fragmented) in [
            ("mp4/src/testdata/h264_aac.mp4", "MP4", Value::Bool(false)),
            ("mp4/src/testdata/h264_aac_fragmented.mp4", "MP4", Value::Bool(true)),
            ("mpegts/src/testdata/h264_aac.ts", "MPEG-TS", Value::Null),
        ] {
            let report = probe(file);
            assert_eq!(report["container"], container);
            assert_eq!(report["is_fragmented"], is_fragmented, "{file}");
            assert_eq!(codec_strings(&report), ["avc1.64000a", "mp4a.40.2"], "{file}");
            let (video, audio) = (&report["tracks"][0], &report["tracks"][1]);
            assert_eq!(
                (&video["width"], &video["height"], &video["frame_rate"]),
                (&64.into(), &64.into(), &25.0.into())
            );
            assert_eq!(
                (&video["keyframe_interval_ms"], &video["reorders"]),
                (&200.into(), &true.into()),
                "{file}"
            );
            assert_eq!((&audio["sample_rate"], &audio["channels"]), (&48_000.into(), &1.into()), "{file}");
            assert!((470..=490).contains(&report["duration_ms"].as_u64().unwrap()), "{file}: {report}");
            assert_eq!(report["notes"], Value::Array(Vec::new()), "{file}");
        }
    }

    #[test]
    fn codecs_beyond_the_old_ones_are_named() {
        for (file, codecs) in [
            ("mp4/src/testdata/av1_opus.mp4", ["av01.0.00M.08", "opus"].as_slice()),
            ("mp4/src/testdata/vp9_flac.mp4", &["vp09.00.10.08", "fLaC"]),
            ("mp4/src/testdata/h265_ac3.mp4", &["hvc1.1.6.L30.90", "ac-3"]),
            ("mpegts/src/testdata/eac3.ts", &["ec-3"]),
            ("flv/src/testdata/mp3_mono.flv", &["mp4a.40.34"]),
        ] {
            let report = probe(file);
            assert_eq!(codec_strings(&report), codecs, "{file}");
            assert!(report["bps"].as_u64().unwrap() > 1000, "{file}");
        }
        assert_eq!(probe("mp4/src/testdata/vp9_flac.mp4")["tracks"][0]["width"], 64);
    }

    #[test]
    fn a_file_that_is_cut_off_is_read_up_to_there() {
        let file =
            std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("../flv/src/testdata/h264_aac.flv"))
                .unwrap();
        let half = file[..file.len() / 2].to_vec();
        let report = analyse(MediaFile::new(Cursor::new(half)).unwrap(), "half".into()).unwrap();
        assert!(report.duration_ms > 100 && report.tracks.len() == 2);
        let mut broken = file;
        let middle = broken.len() / 2;
        broken[middle..].fill(0xff);
        let report = analyse(MediaFile::new(Cursor::new(broken)).unwrap(), "broken".into()).unwrap();
        assert!(report.duration_ms > 100);
    }

    #[test]
    fn people_get_a_line_per_track() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../mp4/src/testdata/h264_aac_fragmented.mp4");
        let text = probe_file(&path).unwrap().to_string();
        let lines: Vec<_> = text.lines().skip(1).collect();
        assert_eq!(
            lines,
            [
                "  MP4, fragmented, 0.48 s, 51 kbit/s",
                "  video0: H264 High, level 1, avc1.64000a, 64x64, 25 fps, 27 kbit/s, keyframe every 0.20 s, B-frames",
                "  audio0: AAC LC, mp4a.40.2, 48000 Hz, mono, 28 kbit/s",
            ]
        );
    }
}
