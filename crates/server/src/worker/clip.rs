//! The job `clip`: cuts at keyframes, without touching a picture: the fragments of a recording, or those a stored file
//! is packaged into, one after the other with their times from 0 on. It needs no ffmpeg.

use super::workshop::{Order, Trouble};
use crate::record::{measured, stretches};
use anyhow::{Context, bail};
use bytes::BytesMut;
use gateway::record::read_log;
use media::{Timestamp, TrackId, TrackInfo};
use mp4::{IndexReader, Piece};
use objects::Objects;
use platform::jobs::{NewJob, PRIORITY_SHORT, kinds};
use platform::recordings::{self, Cut, Measured};
use platform::videos;
use std::path::Path;
use std::time::Duration;
use store::{LogBytes, Name, RecordedLog, StoredVideo};
use tokio::io::AsyncWriteExt;

/// Stored files are cut to this, give or take a keyframe.
const SEGMENT: Duration = Duration::from_secs(1);
/// Bytes of a clip at most: minutes of the highest bit rates there are.
const BYTES_MAX: u64 = 4 << 30;
/// Name of the clip while it is made.
const CLIP: &str = "clip.mp4";

/// What a clip is, and the wall time of its first moment where that is known, unix ms.
type Made = (Measured, Option<i64>);

/// Cuts it, and says what is to be done next.
pub async fn make(order: &Order<'_>) -> Result<Vec<NewJob>, Trouble> {
    let Some((from, cut)) = recordings::wanted(order.platform(), order.job).await? else {
        return Err(Trouble::finally("what it was to be cut out of is gone"));
    };
    let scratch = order.scratch()?;
    let path = scratch.out().join(CLIP);
    let files = videos::files(order.db(), from.id).await?;
    let written = match files.iter().find(|file| file.kind == "log") {
        Some(log) => from_log(order, &log.path, &cut, &path).await,
        None => {
            let playable = files
                .iter()
                .filter(|file| file.is_playable && matches!(file.kind.as_str(), "source" | "rendition"));
            match playable.max_by_key(|file| file.height) {
                Some(file) => from_file(order, &file.path, &cut, &path).await,
                None => return Err(Trouble::finally("the video has no file that can be cut")),
            }
        }
    };
    let (measured, starts_at) = written.map_err(|error| Trouble::again(format!("{error:#}")))?;
    order.must_be_ours().await?;
    order.objects().put_file(&recordings::source_path(&order.video), &path).await?;
    order.must_be_ours().await?;
    recordings::is_cut(order.platform(), &order.video, &measured, starts_at).await?;
    let has_pictures = measured.width > 0;
    let pictures =
        NewJob { kind: kinds::THUMBNAILS, detail: serde_json::json!({}), priority: PRIORITY_SHORT };
    Ok(has_pictures.then_some(pictures).into_iter().collect())
}

async fn from_log(order: &Order<'_>, prefix: &str, cut: &Cut, path: &Path) -> anyhow::Result<Made> {
    let objects = order.objects();
    let log = read_log(objects, prefix).await?;
    let part = part_of(&log, cut).of_one_init();
    if part.is_empty() {
        bail!("nothing of what was asked for is recorded");
    }
    let mut file = Output::create(path).await?;
    let whole = part.download_bytes();
    for piece in part.download(0..whole) {
        order.say(file.bytes as f64 / whole.max(1) as f64, None);
        match piece {
            LogBytes::Bytes(bytes) => file.write(&bytes).await?,
            LogBytes::Object { sequence, .. } => {
                let object = format!("{prefix}/{}", Name::Fmp4 { sequence });
                let mut bytes = BytesMut::from(objects.read_all(&object).await?);
                mp4::rebase_fragments(&mut bytes, |number| part.origin_ticks(sequence, number))?;
                file.write(&bytes).await?;
            }
        }
    }
    let bytes = file.finish().await?;
    Ok((Measured { bytes, stretches: stretches(&part), ..measured(&part) }, part.starts_at_ms()))
}

/// The stretch of a recording that was asked for.
fn part_of(log: &RecordedLog, cut: &Cut) -> RecordedLog {
    let ms = |ms: i64| Duration::from_millis(u64::try_from(ms).unwrap_or(0));
    if !cut.is_wall_time {
        return log.between(ms(cut.start_ms), ms(cut.end_ms));
    }
    // A moment of wall time is in a segment; where in it, the times of both say.
    let position = |wall_ms: i64| {
        let segments = log.segments();
        let at = log.place_at_wall(wall_ms).min(segments.len().saturating_sub(1));
        let Some(segment) = segments.get(at) else { return Duration::ZERO };
        log.position(at) + ms(wall_ms.saturating_sub(segment.wall_time_ms)).min(segment.span.duration)
    };
    log.between(position(cut.start_ms), position(cut.end_ms))
}

async fn from_file(order: &Order<'_>, object: &str, cut: &Cut, path: &Path) -> anyhow::Result<Made> {
    let objects: &Objects = order.objects();
    let size = objects.size(object).await?.context("the file of the video is gone")?;
    let mut reader = IndexReader::new(size);
    while let Some(range) = reader.wanted() {
        reader.push(&objects.read(object, range).await?)?;
    }
    let video = StoredVideo::new(reader.finish()?, SEGMENT)?;
    let moment = |ms: i64| Timestamp::from_millis(ms);
    let Some(first) = video.segment_at(moment(cut.start_ms)) else { bail!("the video is empty") };
    let last = video.segment_at(moment(cut.end_ms.saturating_sub(1))).unwrap_or(first).max(first);
    let timescale = |number: u32| {
        let mut tracks = video.index().tracks.iter();
        let track = tracks.find(|track| mp4::track_number(track.track.id) == number);
        track.map_or(1, |track| track.timescale)
    };
    let mut starts = Vec::new();
    for piece in video.read(&Name::Fmp4 { sequence: first }).context("the video is empty")?? {
        if let Piece::Bytes(bytes) = piece {
            starts.extend(mp4::fragment_starts(&bytes)?);
        }
    }
    let starts = starts.iter().filter_map(|&(number, ticks)| {
        Some(Timestamp::from_ticks(i64::try_from(ticks).ok()?, timescale(number)))
    });
    let start = starts.min().unwrap_or(Timestamp::ZERO);
    let origin = |number: u32| u64::try_from(start.to_ticks(timescale(number))).unwrap_or(0);
    let mut file = Output::create(path).await?;
    let segments = (first..=last).map(|sequence| Name::Fmp4 { sequence });
    let count = (last - first + 2) as f64;
    for (at, name) in std::iter::once(Name::Init { id: 0 }).chain(segments).enumerate() {
        order.say(at as f64 / count, None);
        let Some(pieces) = video.read(&name) else { break };
        for piece in pieces? {
            match piece {
                Piece::Bytes(bytes) => {
                    let mut bytes = BytesMut::from(bytes);
                    mp4::rebase_fragments(&mut bytes, origin)?;
                    file.write(&bytes).await?;
                }
                Piece::Copy(range) => file.write(&objects.read(object, range).await?).await?,
            }
        }
    }
    let bytes = file.finish().await?;
    let span = |sequence: u64| video.segment_span(sequence).unwrap_or(start..start);
    let duration = span(last).end.saturating_since(span(first).start);
    Ok((of_file(&video, duration, bytes), None))
}

fn of_file(video: &StoredVideo, duration: Duration, bytes: i64) -> Measured {
    let tracks = &video.index().tracks;
    let picture = tracks.iter().find_map(|track| match &track.track.info {
        TrackInfo::Video(video) if track.track.id == TrackId::VIDEO => Some(video),
        _ => None,
    });
    Measured {
        duration_ms: i64::try_from(duration.as_millis()).unwrap_or(i64::MAX),
        width: picture.map_or(0, |video| video.width.into()),
        height: picture.map_or(0, |video| video.height.into()),
        frame_rate_milli: picture
            .and_then(|video| video.frame_rate)
            .map_or(0, |rate| (rate * 1000.0).round() as i64),
        codecs: tracks.iter().map(mp4::StoredTrack::codec_string).collect::<Vec<_>>().join(","),
        bytes,
        parts: Vec::new(),
        stretches: Vec::new(),
    }
}

/// A file that is written, within the limit.
struct Output {
    file: tokio::fs::File,
    bytes: u64,
}

impl Output {
    async fn create(path: &Path) -> anyhow::Result<Self> {
        Ok(Self { file: tokio::fs::File::create(path).await?, bytes: 0 })
    }

    async fn write(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        self.bytes += bytes.len() as u64;
        if self.bytes > BYTES_MAX {
            bail!("the clip would have more than {BYTES_MAX} bytes");
        }
        Ok(self.file.write_all(bytes).await?)
    }

    async fn finish(mut self) -> anyhow::Result<i64> {
        self.file.flush().await?;
        Ok(i64::try_from(self.bytes).unwrap_or(i64::MAX))
    }
}
