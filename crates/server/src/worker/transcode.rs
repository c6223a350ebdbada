//! The jobs `probe` and `transcode`: what a file is, and its renditions.

use super::ladder::{self, Rendition};
use super::probe::{self, Media};
use super::sandbox::{Limits, Task};
use super::scratch::Scratch;
use super::workshop::{Order, Trouble};
use super::{pictures, playable, publish, tutorial};
use platform::jobs::{NewJob, PRIORITY, PRIORITY_FIRST, PRIORITY_SHORT, kinds};
use platform::videos::{self, FileKind, NewFile};
use serde_json::json;
use std::ffi::OsString;
use std::time::{Duration, Instant};

/// Does a job, and says what is to be done next.
pub async fn work(order: &Order<'_>) -> Result<Vec<NewJob>, Trouble> {
    let files = videos::files(order.db(), order.video.id).await?;
    let is_read = |kind: &str| files.iter().find(|file| file.kind == kind);
    if order.job.kind == kinds::THUMBNAILS
        && let Some(log) = is_read(FileKind::Log.word())
    {
        return pictures::of_recording(order, &log.path).await.map(|()| Vec::new());
    }
    let scratch = order.scratch()?;
    let Some(source) = is_read(FileKind::Source.word()).or_else(|| is_read(FileKind::Rendition.word()))
    else {
        return Err(Trouble::finally("there is no file to read"));
    };
    order.objects().fetch(&source.path, &scratch.input().join(probe::SOURCE)).await?;
    let shop = order.shop;
    let media = probe::probe(&shop.sandbox, order.tools()?, &scratch, &shop.config).await?;
    match order.job.kind.as_str() {
        kinds::PROBE => look(order, &scratch, source, &media).await,
        kinds::THUMBNAILS => pictures::make(order, &scratch, &media).await.map(|()| Vec::new()),
        _ if order.job.detail()["profile"] == tutorial::NAME => {
            tutorial::make(order, &scratch, &media).await.map(|()| Vec::new())
        }
        _ => climb(order, &scratch, &media).await.map(|()| Vec::new()),
    }
}

/// Notes what the file is, and lets it be played when it can be.
async fn look(
    order: &Order<'_>,
    scratch: &Scratch,
    source: &videos::File,
    media: &Media,
) -> Result<Vec<NewJob>, Trouble> {
    let file = scratch.input().join(probe::SOURCE);
    let bytes = file.metadata()?.len();
    let packaged = match media.container.0 {
        "mov" => tokio::task::spawn_blocking(move || playable::read(&file)).await.ok().flatten(),
        _ => None,
    };
    let (codecs, is_playable) = match packaged {
        Some(packaged) => {
            let is_all_of_it = packaged.has_pictures == media.pictures.is_some() && packaged.is_whole;
            (packaged.codecs, packaged.is_for_browsers && is_all_of_it)
        }
        None => (String::new(), false),
    };
    let (width, height) = media.pictures.map_or((0, 0), |pictures| (pictures.width, pictures.height));
    let new = NewFile {
        video_id: order.video.id,
        name: source.name.clone(),
        kind: FileKind::Source,
        path: source.path.clone(),
        container: media.container.0.to_owned(),
        codecs,
        is_playable,
        width: width.into(),
        height: height.into(),
        frame_rate_milli: publish::frame_rate_milli(media),
        bits_per_second: media.bits_per_second as i64,
        bytes: bytes as i64,
    };
    order.must_be_ours().await?;
    if source.kind == FileKind::Source.word() {
        videos::add_file(order.db(), new).await?;
    }
    if is_playable {
        publish::playable_now(order, media).await?;
    } else {
        publish::measure(order, media).await?;
    }
    Ok(next(media, is_playable, order))
}

/// What follows: pictures, and renditions. What cannot be played yet gets its smallest one first.
fn next(media: &Media, is_playable: bool, order: &Order<'_>) -> Vec<NewJob> {
    let renditions = ladder::renditions(media, &order.shop.config);
    let names = |part: &[Rendition]| part.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
    let transcode = |part: &[Rendition], priority| {
        let detail = json!({"profile": LADDER, "renditions": names(part)});
        NewJob { kind: kinds::TRANSCODE, detail, priority }
    };
    let mut jobs = Vec::new();
    match renditions.split_first() {
        Some((first, rest)) if !is_playable => {
            jobs.push(transcode(std::slice::from_ref(first), PRIORITY_FIRST));
            if !rest.is_empty() {
                jobs.push(transcode(rest, PRIORITY));
            }
        }
        _ => jobs.push(transcode(&renditions, PRIORITY)),
    }
    if media.pictures.is_some() {
        jobs.push(NewJob { kind: kinds::THUMBNAILS, detail: json!({}), priority: PRIORITY_SHORT });
    }
    jobs
}

/// The profile of the usual renditions.
const LADDER: &str = "ladder";

/// Makes the renditions that are wanted and not there yet.
async fn climb(order: &Order<'_>, scratch: &Scratch, media: &Media) -> Result<(), Trouble> {
    let config = &order.shop.config;
    let detail = order.job.detail();
    let is_anew = detail["anew"] == true;
    let wanted: Option<Vec<&str>> =
        detail["renditions"].as_array().map(|names| names.iter().filter_map(|name| name.as_str()).collect());
    let known = videos::files(order.db(), order.video.id).await?;
    let mut renditions = ladder::renditions(media, config);
    renditions.retain(|one| {
        let is_wanted = wanted.as_ref().is_none_or(|names| names.contains(&one.name.as_str()));
        is_wanted && (is_anew || !known.iter().any(|file| file.name == one.name))
    });
    let count = renditions.len();
    let mut done = 0;
    for group in renditions.chunks(config.renditions_at_once) {
        let part = Part { before: done as f64 / count as f64, share: group.len() as f64 / count as f64 };
        let arguments = ladder::arguments(media, group, config);
        ffmpeg(order, scratch, media, &[], arguments, part).await?;
        for rendition in group {
            publish::rendition(order, media, rendition, &scratch.out().join(ladder::file_name(rendition)))
                .await?;
        }
        publish::playable_now(order, media).await?;
        done += group.len();
    }
    if count == 0 {
        publish::playable_now(order, media).await?;
    }
    Ok(())
}

/// Which part of a job one run of ffmpeg is.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    /// What was done before, 0 to 1.
    pub before: f64,
    /// How much it is, 0 to 1.
    pub share: f64,
}

impl Part {
    /// All of it.
    pub const ALL: Self = Self { before: 0.0, share: 1.0 };
}

/// Runs ffmpeg on the file in the scratch folder, and says how far it is. `reading` is for its reader.
pub async fn ffmpeg(
    order: &Order<'_>,
    scratch: &Scratch,
    media: &Media,
    reading: &[&str],
    output: Vec<OsString>,
    part: Part,
) -> Result<(), Trouble> {
    let config = &order.shop.config;
    let threads = config.threads.to_string();
    let mut arguments: Vec<OsString> =
        ["-nostdin", "-hide_banner", "-v", "error", "-y", "-progress", "pipe:1", "-stats_period", "1"]
            .map(Into::into)
            .into();
    if config.encoder == super::Encoder::Vaapi {
        arguments.extend(["-vaapi_device", &config.device].map(Into::into));
    }
    let source = scratch.input().join(probe::SOURCE);
    if config.threads > 0 {
        arguments.extend(["-threads", &threads, "-filter_complex_threads", &threads].map(Into::into));
    }
    arguments.extend(reading.iter().map(Into::into));
    arguments.extend(probe::input(media.container, &source, config));
    arguments.extend(output);
    let folder = scratch.out();
    let task = Task {
        program: &order.tools()?.ffmpeg,
        arguments,
        folder: &folder,
        input: &source,
        limits: work_limits(config),
    };
    let mut progress = Progress::new(media.duration);
    order
        .shop
        .sandbox
        .watch(&task, |line| {
            let is_progress = progress.read(line);
            if is_progress {
                let (done, eta) = progress.now();
                // Of what comes after this run nothing is known yet.
                order.say(part.before + part.share * done, eta);
            }
            is_progress
        })
        .await?;
    Ok(())
}

fn work_limits(config: &super::Config) -> Limits {
    Limits {
        memory_bytes: config.memory_bytes_max,
        wall: Duration::from_secs(config.wall_time_max_s),
        wall_setting: "worker.wall_time_max_s",
        cpu: Duration::from_secs(config.cpu_time_max_s),
        cpu_setting: "worker.cpu_time_max_s",
        stall: Duration::from_secs(config.stall_max_s),
        file_bytes: config.file_bytes_max,
        output_bytes: 64 << 10,
    }
}

/// What ffmpeg says of its progress: lines of `key=value`, again and again.
struct Progress {
    duration: Duration,
    began: Instant,
    /// Media made so far.
    at: Duration,
    /// Words that change while something is done.
    last: [String; 3],
}

impl Progress {
    fn new(duration: Duration) -> Self {
        Self { duration, began: Instant::now(), at: Duration::ZERO, last: Default::default() }
    }

    /// Whether a line shows that something was done since the line of its kind before.
    fn read(&mut self, line: &str) -> bool {
        let Some((key, value)) = line.split_once('=') else { return false };
        let value = value.trim();
        if key == "out_time_us" {
            self.at = self.at.max(Duration::from_micros(value.parse().unwrap_or(0)));
        }
        let Some(place) = ["frame", "out_time_us", "total_size"].iter().position(|known| *known == key)
        else {
            return false;
        };
        let Some(last) = self.last.get_mut(place) else { return false };
        let is_new = last.as_str() != value;
        value.clone_into(last);
        is_new
    }

    /// How much is done, 0 to 1, and how long the rest takes at this speed.
    fn now(&self) -> (f64, Option<Duration>) {
        let whole = self.duration.as_secs_f64();
        if whole <= 0.0 {
            return (0.0, None);
        }
        let done = (self.at.as_secs_f64() / whole).clamp(0.0, 1.0);
        let rest = (done > 0.01).then(|| self.began.elapsed().mul_f64((1.0 - done) / done));
        (done, rest)
    }
}
