//! Takes jobs from the queue, one after the other in each of its places, and keeps them while they are done.

use super::sandbox::{self, Sandbox};
use super::scratch::{Home, Scratch};
use super::tools::Tools;
use super::{Config, clip, probe, transcode};
use platform::Platform;
use platform::db::Db;
use platform::jobs::queue::{self, Failure, Times};
use platform::jobs::{Job, NewJob, kinds, workers};
use platform::videos::{self, Video};
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{Instant, interval, sleep};

/// What is needed to do jobs.
pub struct Workshop {
    platform: Arc<Platform>,
    /// The settings.
    pub config: Config,
    /// How ffmpeg is started.
    pub sandbox: Sandbox,
    home: Home,
    /// The programs, or what is missing.
    tools: Mutex<Result<Tools, String>>,
}

/// A job that is being done.
pub struct Order<'a> {
    /// By whom.
    pub shop: &'a Workshop,
    /// What is to be done.
    pub job: &'a Job,
    /// Of which video.
    pub video: Video,
    tools: Result<Tools, String>,
    said: watch::Sender<(i64, Option<i64>)>,
}

/// Why a job is not done.
#[derive(Debug)]
pub enum Trouble {
    /// It went wrong.
    Failed(Failure),
    /// It was cancelled, or another worker has it.
    Lost,
}

static KINDS: [&str; 4] = [kinds::PROBE, kinds::TRANSCODE, kinds::THUMBNAILS, kinds::CLIP];
/// What there is a place of its own for.
static QUICK_KINDS: [&str; 2] = [kinds::PROBE, kinds::CLIP];
/// What is done also without ffmpeg.
static PLAIN_KINDS: [&str; 1] = [kinds::CLIP];
/// How often is looked for work that another process may have put into the queue.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often a worker says that it is there, and looks whether its programs are.
const SEEN_EVERY: Duration = Duration::from_secs(5);
/// How often progress is noted at most.
const KEEP_EVERY: Duration = Duration::from_secs(2);

impl Workshop {
    /// With a folder of its own below `work`. `weir` is the program that has the command `confined`.
    pub fn new(
        platform: Arc<Platform>,
        config: Config,
        work: &Path,
        weir: &Path,
    ) -> std::io::Result<Arc<Self>> {
        let home = Home::new(&work.join("jobs"), workers::own_name())?;
        let sandbox = Sandbox::new(weir, &config);
        let tools = Mutex::new(Tools::find(&config));
        Ok(Arc::new(Self { platform, config, sandbox, home, tools }))
    }

    fn tools(&self) -> Result<Tools, String> {
        self.tools.lock().unwrap_or_else(std::sync::PoisonError::into_inner).clone()
    }

    fn times(&self) -> Times {
        let ms = Duration::from_millis;
        Times { lease: ms(self.config.lease_ms), retry: ms(self.config.retry_ms) }
    }

    fn at_once(&self) -> i64 {
        i64::try_from(self.config.at_once).unwrap_or(i64::MAX)
    }
}

/// Does jobs until `stopping` becomes true; those begun are given back then.
pub fn start(shop: &Arc<Workshop>, stopping: &watch::Receiver<bool>) -> JoinSet<()> {
    let mut tasks = JoinSet::new();
    if shop.config.at_once == 0 {
        return tasks;
    }
    tasks.spawn(announce(shop.clone(), stopping.clone()));
    // What takes a moment, and somebody waits for, never waits for what takes hours.
    let places = std::iter::repeat_n(&KINDS[..], shop.config.at_once).chain([&QUICK_KINDS[..]]);
    for kinds in places {
        let (shop, stopping) = (shop.clone(), stopping.clone());
        tasks.spawn(async move {
            while !*stopping.borrow() {
                // A mistake of ours ends one job, not the worker.
                if let Err(error) = tokio::spawn(step(kinds, shop.clone(), stopping.clone())).await {
                    tracing::error!(%error, "a job ended in a way it never should");
                }
            }
        });
    }
    tasks
}

/// Says that this worker is there, and whether it can work.
async fn announce(shop: Arc<Workshop>, mut stopping: watch::Receiver<bool>) {
    match shop.sandbox.check().await {
        Ok(said) if said.contains("network cut") && said.contains("files fenced") => {}
        Ok(said) => {
            let said = said.split_whitespace().collect::<Vec<_>>().join(" ");
            tracing::warn!(%said, "ffmpeg runs with more rights than it needs, as this system allows no less");
        }
        Err(error) => tracing::error!(%error, "ffmpeg cannot be started with few rights"),
    }
    let mut before = String::new();
    let mut ticks = interval(SEEN_EVERY);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop(&mut stopping) => break,
        }
        let found = Tools::find(&shop.config);
        let problem = found.as_ref().err().cloned().unwrap_or_default();
        *shop.tools.lock().unwrap_or_else(std::sync::PoisonError::into_inner) = found;
        match (problem.is_empty(), before.is_empty()) {
            (false, _) if problem != before => tracing::error!("jobs on videos wait: {problem}"),
            (true, false) => tracing::info!("jobs on videos go on"),
            _ => {}
        }
        if let Err(error) = workers::seen(&shop.platform.db, shop.at_once(), &problem).await {
            tracing::warn!(%error, "a worker could not say that it is there");
        }
        before = problem;
    }
    let _ = workers::gone(&shop.platform.db).await;
}

/// Does the next job, or waits a moment when there is none.
async fn step(kinds: &'static [&'static str], shop: Arc<Workshop>, mut stopping: watch::Receiver<bool>) {
    // Heard from before the look on: what comes right after it counts too.
    let mut news = pin!(queue::NEWS.notified());
    news.as_mut().enable();
    let tools = shop.tools();
    let kinds = if tools.is_ok() { kinds } else { &PLAIN_KINDS };
    let job = match queue::take(&shop.platform, kinds, shop.times()).await {
        Ok(Some(job)) => job,
        Ok(None) => {
            return tokio::select! {
                () = idle(&mut stopping, LOOK_EVERY) => {}
                () = news => {}
            };
        }
        Err(error) => {
            tracing::warn!(%error, "the queue of jobs cannot be read");
            return idle(&mut stopping, SEEN_EVERY).await;
        }
    };
    if let Err(error) = run(&shop, &job, tools, &mut stopping).await {
        // Its lease ends, and somebody takes it again.
        tracing::warn!(%error, job = job.id, "what became of a job could not be noted");
    }
}

async fn stop(stopping: &mut watch::Receiver<bool>) {
    // Who would tell is gone: that is a stop too.
    let _ = stopping.wait_for(|is_stopping| *is_stopping).await;
}

async fn idle(stopping: &mut watch::Receiver<bool>, time: Duration) {
    tokio::select! {
        () = sleep(time) => {}
        () = stop(stopping) => {}
    }
}

async fn run(
    shop: &Workshop,
    job: &Job,
    tools: Result<Tools, String>,
    stopping: &mut watch::Receiver<bool>,
) -> platform::Result<()> {
    let platform = &shop.platform;
    let Some(video) = videos::get(&platform.db, job.video_id).await? else {
        return queue::drop_job(platform, job).await;
    };
    let (said, heard) = watch::channel((0, None));
    let address = video.public_id.clone();
    let order = Order { shop, job, video, tools, said };
    let began = Instant::now();
    tracing::info!(job = job.id, kind = %job.kind, video = %address, attempt = job.attempts, "a job begins");
    let result = tokio::select! {
        result = work(&order) => result,
        () = keep(shop, job, heard) => Err(Trouble::Lost),
        () = stop(stopping) => {
            return queue::give_back(platform, job).await;
        }
    };
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match result {
        Ok(next) => {
            queue::finish(platform, job, &next).await?;
            tracing::info!(job = job.id, kind = %job.kind, video = %address, took_ms, "a job is done");
        }
        Err(Trouble::Lost) => tracing::info!(job = job.id, "a job was cancelled or is another worker's now"),
        Err(Trouble::Failed(failure)) => {
            tracing::warn!(job = job.id, kind = %job.kind, video = %address, took_ms, attempt = job.attempts,
                is_final = failure.is_final, reason = %failure.reason, "a job failed");
            queue::fail(platform, job, &failure, shop.times()).await?;
        }
    }
    Ok(())
}

async fn work(order: &Order<'_>) -> Result<Vec<NewJob>, Trouble> {
    match order.job.kind.as_str() {
        kinds::CLIP => clip::make(order).await,
        _ => transcode::work(order).await,
    }
}

/// Says again and again that the job is being done, and how far; ends when it is not ours any more.
async fn keep(shop: &Workshop, job: &Job, heard: watch::Receiver<(i64, Option<i64>)>) {
    let times = shop.times();
    let mut ticks = interval(KEEP_EVERY.min(times.lease / 4));
    let mut lost_at = Instant::now() + times.lease;
    loop {
        ticks.tick().await;
        let (progress_milli, eta_ms) = *heard.borrow();
        match queue::keep(&shop.platform, job, progress_milli, eta_ms, times).await {
            Ok(true) => lost_at = Instant::now() + times.lease,
            Ok(false) => return,
            // While the database is away others cannot take it either, but they may be first when it is back.
            Err(error) => {
                tracing::warn!(%error, job = job.id, "a job could not be kept");
                if Instant::now() > lost_at {
                    return;
                }
            }
        }
    }
}

impl Order<'_> {
    /// The platform.
    pub fn platform(&self) -> &Platform {
        &self.shop.platform
    }

    /// The database.
    pub fn db(&self) -> &Db {
        &self.shop.platform.db
    }

    /// The programs.
    pub fn tools(&self) -> Result<&Tools, Trouble> {
        self.tools.as_ref().map_err(Trouble::again)
    }

    /// The media files.
    pub fn objects(&self) -> &objects::Objects {
        &self.shop.platform.objects
    }

    /// An empty folder.
    pub fn scratch(&self) -> std::io::Result<Scratch> {
        self.shop.home.scratch(&self.job.id.to_string())
    }

    /// How much is done, 0 to 1, and how long the rest takes.
    pub fn say(&self, done: f64, rest: Option<Duration>) {
        let rest = rest.map(|rest| i64::try_from(rest.as_millis()).unwrap_or(i64::MAX));
        self.said.send_replace(((done * 1000.0) as i64, rest));
    }

    /// Before something is shown to others: that the job was not taken away meanwhile.
    pub async fn must_be_ours(&self) -> Result<(), Trouble> {
        let (progress_milli, eta_ms) = *self.said.borrow();
        let times = self.shop.times();
        match queue::keep(self.platform(), self.job, progress_milli, eta_ms, times).await? {
            true => Ok(()),
            false => Err(Trouble::Lost),
        }
    }
}

impl Trouble {
    /// It is no use to try again.
    pub fn finally(reason: impl Into<String>) -> Self {
        Self::Failed(Failure { reason: reason.into(), is_final: true })
    }

    /// It may go well another time.
    pub fn again(reason: impl Into<String>) -> Self {
        Self::Failed(Failure { reason: reason.into(), is_final: false })
    }
}

impl From<sandbox::Failure> for Trouble {
    fn from(failure: sandbox::Failure) -> Self {
        Self::Failed(Failure { reason: failure.to_string(), is_final: failure.is_final() })
    }
}

impl From<probe::Refusal> for Trouble {
    fn from(refusal: probe::Refusal) -> Self {
        Self::Failed(Failure { reason: refusal.to_string(), is_final: refusal.is_final() })
    }
}

impl From<objects::Error> for Trouble {
    fn from(error: objects::Error) -> Self {
        let is_final = matches!(error, objects::Error::NotFound(_));
        Self::Failed(Failure { reason: error.to_string(), is_final })
    }
}

impl From<platform::Error> for Trouble {
    fn from(error: platform::Error) -> Self {
        Self::again(error.to_string())
    }
}

impl From<std::io::Error> for Trouble {
    fn from(error: std::io::Error) -> Self {
        Self::again(error.to_string())
    }
}
