//! Recordings, between the streams and the platform: what is recorded becomes a video.

use crate::config::Config;
use crate::hooks::{Hooks, Notice};
use gateway::Gateway;
use gateway::record::flv::{self, FlvRecorder};
use gateway::record::{self, Archive, ArchiveFuture, Place, Recorder};
use hub::{Hub, StreamPath};
use media::{TrackInfo, VideoInfo};
use objects::Objects;
use platform::Platform;
use platform::recordings::{self, Measured};
use platform::videos::{Part, Stretch};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use store::RecordedLog;

/// Records from now on, and closes what a server that died left open.
pub fn start(
    config: &Config,
    objects: &Objects,
    gateway: &Arc<Gateway>,
    platform: &Arc<Platform>,
) -> Arc<Recorder> {
    let settings = record::Config {
        free_bytes_min: config.record.free_bytes_min,
        spool_dir: config.data_dir.join("work").join("spool"),
        spool_bytes_max: config.record.spool_bytes_max,
        rewind: Duration::from_millis(config.record.rewind_ms),
    };
    tokio::spawn(close_left_open(platform.clone(), objects.clone(), settings.spool_dir.clone()));
    let archive = Arc::new(Library(platform.clone()));
    Recorder::start(settings, objects.clone(), &gateway.hub, &gateway.segmented, archive)
}

/// Records to FLV files from now on, if the settings say so; `hooks` are told of them.
pub fn start_flv(config: &Config, hub: &Arc<Hub>, hooks: &Arc<Hooks>) -> Arc<FlvRecorder> {
    let settings = &config.record.flv;
    let folder = match settings.path.as_os_str().is_empty() {
        true => config.data_dir.join("flv"),
        false => settings.path.clone(),
    };
    let recorder = settings.recorder.clone();
    let settings = flv::Config {
        what: settings.what,
        is_manual: settings.manual,
        apps: settings.apps.clone(),
        // Others are told of it, who are elsewhere.
        folder: std::path::absolute(&folder).unwrap_or(folder),
        suffix: settings.suffix.clone(),
        is_unique: settings.unique,
        is_append: settings.append,
        bytes_max: settings.bytes_max,
        frames_max: settings.frames_max,
        interval: Duration::from_millis(settings.interval_ms),
        free_bytes_min: config.record.free_bytes_min,
    };
    let hooks = hooks.clone();
    FlvRecorder::start(settings, hub, Box::new(move |done| hooks.tell(Notice::recorded(&recorder, done))))
}

/// How often recordings of dead servers are looked for.
const LOOK_EVERY: Duration = Duration::from_secs(60);

async fn close_left_open(platform: Arc<Platform>, objects: Objects, spool_dir: PathBuf) {
    // Those of this start are its own.
    let started = recordings::left_open_before(&platform);
    let is_alone = platform.config.redis_url.is_empty();
    let mut look = tokio::time::interval(LOOK_EVERY);
    loop {
        look.tick().await;
        let before = if is_alone { started } else { recordings::left_open_before(&platform) };
        match recordings::left_open(&platform, before).await {
            Ok(left) => {
                for video in left {
                    if let Err(error) = close(&platform, &objects, &spool_dir, &video).await {
                        tracing::warn!(%error, video = video.public_id, "a recording that was left open cannot be closed yet");
                    }
                }
            }
            Err(error) => tracing::warn!(%error, "recordings that were left open cannot be listed"),
        }
    }
}

async fn close(
    platform: &Platform,
    objects: &Objects,
    spool_dir: &std::path::Path,
    video: &platform::videos::Video,
) -> anyhow::Result<()> {
    let log = record::recover(objects, spool_dir, &recordings::log_prefix(video)).await?;
    recordings::complete(platform, video.id, &measured_whole(&log)).await?;
    tracing::info!(
        video = video.public_id,
        segments = log.segments().len(),
        "a recording that was left open is complete"
    );
    Ok(())
}

/// The platform as what says which streams are recorded.
struct Library(Arc<Platform>);

impl Archive for Library {
    fn wants<'a>(&'a self, path: &'a StreamPath) -> ArchiveFuture<'a, bool> {
        Box::pin(async move {
            let wants = recordings::wants(&self.0, path).await;
            wants.unwrap_or_else(|error| {
                tracing::warn!(%error, stream = %path, "a stream is not recorded: its room cannot be looked up");
                false
            })
        })
    }

    fn open<'a>(&'a self, path: &'a StreamPath, starts_at_ms: i64) -> ArchiveFuture<'a, Option<Place>> {
        Box::pin(async move {
            match recordings::begin(&self.0, path, starts_at_ms).await {
                Ok(video) => {
                    video.map(|video| Place { id: video.id, prefix: recordings::log_prefix(&video) })
                }
                Err(error) => {
                    tracing::warn!(%error, stream = %path, "a recording cannot begin");
                    None
                }
            }
        })
    }

    fn note<'a>(&'a self, id: i64, log: &'a RecordedLog) -> ArchiveFuture<'a, ()> {
        Box::pin(async move {
            if let Err(error) = recordings::note(&self.0, id, &measured(log)).await {
                tracing::debug!(%error, "how far a recording is was not noted");
            }
        })
    }

    fn paused(&self, is_paused: bool) {
        self.0.recordings.set_paused(is_paused);
    }

    fn close<'a>(&'a self, id: i64, log: &'a RecordedLog) -> ArchiveFuture<'a, ()> {
        Box::pin(async move {
            if let Err(error) = recordings::complete(&self.0, id, &measured_whole(log)).await {
                tracing::warn!(%error, "a recording cannot be closed; it will be at the next start");
            }
        })
    }
}

/// What the library says of a recording.
pub fn measured(log: &RecordedLog) -> Measured {
    let tracks = log.newest_init().map(|init| init.tracks.as_slice()).unwrap_or_default();
    let video = pictures(log);
    let codecs: Vec<_> = tracks.iter().map(|init| init.codec_string.as_str()).collect();
    Measured {
        duration_ms: whole_ms(log.duration()),
        width: video.map_or(0, |video| video.width.into()),
        height: video.map_or(0, |video| video.height.into()),
        frame_rate_milli: video
            .and_then(|video| video.frame_rate)
            .map_or(0, |rate| (rate * 1000.0).round() as i64),
        codecs: codecs.join(","),
        bytes: number(log.bytes()),
        parts: Vec::new(),
        stretches: Vec::new(),
    }
}

/// The same of one that is complete, with what it is made of.
fn measured_whole(log: &RecordedLog) -> Measured {
    Measured { parts: parts(log), stretches: stretches(log), ..measured(log) }
}

/// What lies between interruptions.
pub fn stretches(log: &RecordedLog) -> Vec<Stretch> {
    let mut stretches: Vec<Stretch> = Vec::new();
    for (at, segment) in log.segments().iter().enumerate() {
        let position_ms = whole_ms(log.position(at));
        let duration_ms = whole_ms(segment.span.duration);
        match stretches.last_mut().filter(|_| !segment.span.discontinuity) {
            Some(last) => last.duration_ms = position_ms + duration_ms - last.position_ms,
            None => stretches.push(Stretch { position_ms, starts_at: segment.wall_time_ms, duration_ms }),
        }
    }
    stretches
}

fn parts(log: &RecordedLog) -> Vec<Part> {
    let mut start_ms = 0;
    let part = |part: RecordedLog| {
        let (video, duration_ms) = (pictures(&part), whole_ms(part.duration()));
        start_ms += duration_ms;
        Part {
            start_ms: start_ms - duration_ms,
            duration_ms,
            width: video.map_or(0, |video| video.width.into()),
            height: video.map_or(0, |video| video.height.into()),
            bytes: number(part.download_bytes()),
        }
    };
    log.parts().into_iter().map(part).collect()
}

/// The pictures it has at its end.
fn pictures(log: &RecordedLog) -> Option<&VideoInfo> {
    log.newest_init()?.tracks.iter().find_map(|init| match &init.track.info {
        TrackInfo::Video(video) => Some(video),
        TrackInfo::Audio(_) => None,
    })
}

fn whole_ms(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}
