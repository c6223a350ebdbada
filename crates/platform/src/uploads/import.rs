//! Files fetched from an address: from hosts the operator listed, and within the same limits as files that people send.

use super::begin::{NewUpload, begin, check_disk, check_size};
use super::receive::{Sink, open};
use super::turns::{Turn, taken_over};
use super::{COLUMNS, Upload, finish, set_received, storage};
use crate::accounts::users;
use crate::caller::Caller;
use crate::db::sql;
use crate::extract::Json;
use crate::jobs::queue::{self, Failure, Times};
use crate::jobs::{self, Job};
use crate::outbound::{self, Download};
use crate::{Error, Platform, Result, videos};
use axum::extract::State;
use http::header::{
    ACCEPT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, ETAG, IF_RANGE, LAST_MODIFIED, LOCATION, RANGE,
};
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use serde::{Deserialize, Serialize};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering::Relaxed};
use std::time::{Duration, Instant};
use utoipa::ToSchema;

/// Redirects that are followed, each to a host that is listed too.
const REDIRECTS_MAX: usize = 5;
/// The kind of the jobs that fetch.
const JOB: &str = "import";
/// A job whose server is gone is taken by another one after the lease.
const TIMES: Times = Times { lease: Duration::from_secs(30), retry: Duration::from_secs(30) };
/// How often the lease is renewed.
const KEEP_EVERY: Duration = Duration::from_secs(2);
/// How often is looked for jobs that another server left, or that are to be tried again.
const AGAIN_EVERY: Duration = Duration::from_secs(10);
/// Wait before going on after a break.
const BREAK: Duration = Duration::from_secs(1);

/// A file to be fetched.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Import {
    /// `http://` or `https://`, on one of the hosts this server imports from (`uploads.import_hosts`).
    url: String,
    /// Nothing: as the file is called.
    #[serde(default)]
    title: String,
    /// `public`, `unlisted` or `private`, which it is when nothing is said.
    #[serde(default)]
    privacy: String,
}

/// A file that is being fetched.
#[derive(Serialize, ToSchema)]
pub(super) struct Imported {
    /// The video that it becomes.
    video_id: String,
    /// The job that fetches it: `GET /api/v1/videos/{id}/jobs` says how far it is.
    job_id: i64,
}

/// Begins to fetch a file from an address; it becomes a video as if it had been uploaded.
#[utoipa::path(post, path = "/api/v1/videos/import", tag = "uploads", request_body = Import,
    responses((status = 202, body = Imported)))]
pub(super) async fn begin_import(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(import): Json<Import>,
) -> Result<(StatusCode, Json<Imported>)> {
    let user = caller.user()?;
    platform.uploads.by_user.check(&user.id)?;
    let uri = permitted(&platform, &import.url)?;
    let new = NewUpload {
        filename: uri.path().rsplit('/').next().unwrap_or_default().chars().take(255).collect(),
        title: import.title,
        privacy: import.privacy,
        source: import.url,
        ..NewUpload::default()
    };
    let (_, video) = begin(&platform, user, new).await?;
    let job_id = jobs::enqueue(&platform.db, video.id, JOB, &serde_json::json!({}), jobs::PRIORITY).await?;
    platform.uploads.import_wanted.notify_one();
    Ok((StatusCode::ACCEPTED, Json(Imported { video_id: video.public_id, job_id })))
}

/// Fetches what is to be fetched, one file after the other, until the platform is gone.
pub(super) fn start(platform: &Arc<Platform>) {
    let weak = Arc::downgrade(platform);
    tokio::spawn(async move {
        loop {
            let Some(platform) = weak.upgrade() else { return };
            if let Err(error) = run_all(&platform).await {
                tracing::warn!(%error, "files to be imported could not be looked for");
            }
            let wanted = platform.uploads.import_wanted.clone();
            drop(platform);
            let _ = tokio::time::timeout(AGAIN_EVERY, wanted.notified()).await;
        }
    });
}

async fn run_all(platform: &Arc<Platform>) -> Result<()> {
    while let Some(job) = queue::take(platform, &[JOB], TIMES).await? {
        work(platform, &job).await?;
    }
    Ok(())
}

/// Does a job of kind [`JOB`] that was taken.
async fn work(platform: &Arc<Platform>, job: &Job) -> Result<()> {
    let (progress, began) = (AtomicI64::new(0), Instant::now());
    let say = |now| progress.store(now, Relaxed);
    let ended = {
        let mut running = pin!(run(platform, job.video_id, &say));
        loop {
            tokio::select! {
                ended = &mut running => break Some(ended),
                () = tokio::time::sleep(KEEP_EVERY) => {}
            }
            let now = progress.load(Relaxed);
            if !queue::keep(platform, job, now, eta_ms(began.elapsed(), now), TIMES).await? {
                break None;
            }
        }
    };
    let error = match ended {
        Some(Ok(())) => return queue::finish(platform, job, &[]).await.map(drop),
        Some(Err(error)) => error,
        None => {
            let jobs = jobs::of_video(&platform.db, job.video_id).await?;
            if jobs.iter().any(|other| other.id == job.id && other.state == "cancelled") {
                give_up_video(platform, job.video_id, "The import was cancelled.").await?;
            }
            return Ok(());
        }
    };
    tracing::info!(%error, job = job.id, "an import did not get through");
    let is_final = !is_passing(&error) || job.attempts >= jobs::ATTEMPTS_MAX;
    let reason = error.message.into_owned();
    if is_final {
        give_up_video(platform, job.video_id, &reason).await?;
    }
    queue::fail(platform, job, &Failure { reason, is_final }, TIMES).await
}

/// As if the rest took as long as what is done.
fn eta_ms(elapsed: Duration, progress: i64) -> Option<i64> {
    let elapsed = i64::try_from(elapsed.as_millis()).ok()?;
    (progress > 0).then(|| elapsed.saturating_mul(1000 - progress) / progress)
}

/// The address, when it is on a host files may be fetched from.
fn permitted(platform: &Platform, url: &str) -> Result<Uri> {
    let hosts = &platform.config.uploads.import_hosts;
    if hosts.is_empty() {
        let message = "This server imports from nowhere; its operator can list hosts (uploads.import_hosts).";
        return Err(Error::forbidden("import_off", message));
    }
    let uri: Option<Uri> = url.parse().ok().filter(|_| url.len() <= outbound::URL_BYTES_MAX);
    let is_web = |uri: &Uri| matches!(uri.scheme_str(), Some("http" | "https"));
    let uri = uri.filter(is_web).ok_or_else(|| {
        Error::invalid("import_url", "url is http://… or https://…, of 2000 bytes at most.")
    })?;
    let host = uri.host().unwrap_or_default();
    if hosts.iter().any(|pattern| is_listed(pattern, host)) {
        return Ok(uri);
    }
    let message = format!(
        "This server does not import from {host:?}, but from {} (uploads.import_hosts).",
        hosts.join(", ")
    );
    Err(Error::forbidden("import_host", message))
}

/// `example.org` is that host, `*.example.org` those below it, `*` all.
fn is_listed(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.to_ascii_lowercase(), host.to_ascii_lowercase());
    match pattern.strip_prefix('*') {
        Some(ending) => host.len() > ending.len() && host.ends_with(ending),
        None => host == pattern,
    }
}

/// Fetches the file of an imported video, from where it was when it was fetched before, and brings it to its place.
/// `say` hears how far it is, 0 to 1000.
async fn run(platform: &Arc<Platform>, video_id: i64, say: &(dyn Fn(i64) + Send + Sync)) -> Result<()> {
    let Some(upload) = of_video(platform, video_id).await? else { return Ok(()) };
    let turn = platform.uploads.turns.take(upload.id).await?;
    let upload = if upload.is_complete() { upload } else { fetch(platform, upload, &turn, say).await? };
    finish::finish(platform.clone(), upload, turn).await;
    Ok(())
}

async fn of_video(platform: &Platform, video_id: i64) -> Result<Option<Upload>> {
    let text = format!("SELECT {COLUMNS} FROM uploads WHERE video_id = $1 AND finished_at IS NULL");
    Ok(platform.db.maybe(sql(sqlx::AssertSqlSafe(text)).bind(video_id)).await?)
}

/// Whether it may go better at another time.
fn is_passing(error: &Error) -> bool {
    error.status.is_server_error() || error.status == StatusCode::LOCKED
}

async fn give_up_video(platform: &Platform, video_id: i64, why: &str) -> Result<()> {
    match of_video(platform, video_id).await? {
        Some(upload) => give_up(platform, &upload, why).await,
        None => Ok(()),
    }
}

/// The video has failed; nothing of the file stays.
pub(super) async fn give_up(platform: &Platform, upload: &Upload, why: &str) -> Result<()> {
    platform.db.execute(sql("DELETE FROM uploads WHERE id = $1").bind(upload.id)).await?;
    let _ = tokio::fs::remove_file(upload.file(platform)).await;
    videos::set_state(platform, upload.video_id, videos::State::Failed, why).await
}

/// All of the file, however often the connection breaks, as long as something comes in between.
async fn fetch(
    platform: &Platform,
    mut upload: Upload,
    turn: &Turn,
    say: &(dyn Fn(i64) + Send + Sync),
) -> Result<Upload> {
    let mut breaks = 0;
    loop {
        let before = upload.received_bytes;
        let error = match fetch_on(platform, upload.clone(), turn, say).await {
            Ok(upload) => return Ok(upload),
            Err(error) if error.code != BROKE => return Err(error),
            Err(error) => error,
        };
        upload = super::by_id(&platform.db, upload.id).await?.ok_or_else(super::not_found)?;
        breaks = if upload.received_bytes > before { 0 } else { breaks + 1 };
        if breaks > platform.config.uploads.import_breaks_max {
            return Err(error);
        }
        tokio::time::sleep(BREAK).await;
    }
}

/// Code of errors after which it goes on where it was.
const BROKE: &str = "import_broken_off";

fn broke(why: &dyn std::fmt::Display) -> Error {
    Error::new(StatusCode::BAD_GATEWAY, BROKE, format!("The address this server imports from: {why}."))
}

/// One request, from where the file is.
async fn fetch_on(
    platform: &Platform,
    upload: Upload,
    turn: &Turn,
    say: &(dyn Fn(i64) + Send + Sync),
) -> Result<Upload> {
    let (mut upload, mut file) = open(platform, upload).await?;
    let mut download = ask(platform, &upload).await?;
    let begins_anew = download.status() == StatusCode::OK && upload.received_bytes > 0;
    if begins_anew {
        set_received(platform, &mut upload, 0).await?;
        (upload, file) = open(platform, upload).await?;
    }
    let total = total(&download, &upload)?;
    let most = limit(platform, &upload, total).await?;
    let validator = validator(download.headers());
    let update = sql("UPDATE uploads SET bytes = $1, validator = $2 WHERE id = $3");
    platform.db.execute(update.bind(total).bind(&validator).bind(upload.id)).await?;
    (upload.bytes, upload.validator) = (total, validator);

    let mut sink = Sink::new(platform, upload, file, None);
    let ended = read(platform, &mut sink, &mut download, turn, total, most, say).await;
    let mut upload = sink.close(ended).await?;
    match total {
        Some(total) if upload.received_bytes < total => {
            return Err(broke(&format!("it sent {} of {total} bytes", upload.received_bytes)));
        }
        Some(_) => {}
        None if upload.received_bytes == 0 => {
            return Err(Error::invalid("import_empty", "There are no bytes at the address."));
        }
        None => {
            let update = sql("UPDATE uploads SET bytes = received_bytes WHERE id = $1").bind(upload.id);
            platform.db.execute(update).await?;
            upload.bytes = Some(upload.received_bytes);
        }
    }
    Ok(upload)
}

async fn read(
    platform: &Platform,
    sink: &mut Sink<'_>,
    download: &mut Download,
    turn: &Turn,
    total: Option<i64>,
    most: i64,
    say: &(dyn Fn(i64) + Send + Sync),
) -> Result<()> {
    let idle = Duration::from_millis(platform.config.uploads.idle_timeout_ms);
    let mut over = pin!(turn.over());
    let mut said = -1;
    loop {
        let piece = tokio::select! {
            () = &mut over => return Err(taken_over()),
            piece = download.next(idle) => piece.map_err(|error| broke(&error))?,
        };
        let Some(piece) = piece else { return Ok(()) };
        sink.write(&piece).await?;
        let length = i64::try_from(sink.length()).unwrap_or(i64::MAX);
        if length > most {
            let message = format!("The file has more than {most} bytes, which this server may take of it.");
            return Err(Error::too_large("upload_too_long", message));
        }
        let progress = total.map_or(0, |total| length.saturating_mul(1000) / total.max(1));
        if progress != said {
            said = progress;
            say(progress);
        }
    }
}

/// Bytes the file may have: what its head says, when that is within all limits.
async fn limit(platform: &Platform, upload: &Upload, total: Option<i64>) -> Result<i64> {
    let owner = users::by_id(&platform.db, upload.user_id).await?;
    let owner = owner.filter(|owner| !owner.is_disabled).ok_or_else(super::not_found)?;
    let received = upload.received_bytes;
    // What is written down of this one counts as under way already.
    let counted = upload.bytes.unwrap_or(received);
    match total {
        Some(total) => {
            check_size(platform, total)?;
            check_disk(platform, total.saturating_sub(received).unsigned_abs())?;
            storage::check_quota(platform, owner.id, total - counted).await?;
            Ok(total)
        }
        None => {
            let left = storage::left(platform, owner.id).await?;
            Ok(platform.config.uploads.bytes_max.min(counted.saturating_add(left)))
        }
    }
}

/// Bytes of the whole file, when the answer says so; an error when it is none that brings the file.
fn total(download: &Download, upload: &Upload) -> Result<Option<i64>> {
    let headers = download.headers();
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    match download.status() {
        StatusCode::OK => {
            Ok(text(CONTENT_LENGTH).and_then(|length| length.parse().ok()).filter(|total| *total > 0))
        }
        StatusCode::PARTIAL_CONTENT => {
            let range = text(CONTENT_RANGE).and_then(|range| range.strip_prefix("bytes "));
            let (range, total) = range.and_then(|range| range.split_once('/')).unwrap_or_default();
            let begin: Option<i64> = range.split('-').next().and_then(|begin| begin.parse().ok());
            let total: Option<i64> = total.parse().ok();
            match (begin, total) {
                (Some(begin), Some(total)) if begin == upload.received_bytes && total > begin => {
                    Ok(Some(total))
                }
                _ => {
                    Err(Error::invalid("import_range", "The address answered with a part nobody asked for."))
                }
            }
        }
        status if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS => {
            Err(broke(&format!("it answered {status}")))
        }
        status => {
            let message = format!("The address answered {status}, which is no file.");
            Err(Error::invalid("import_refused", message))
        }
    }
}

/// What says that the file is still the same. A weak ETag does not say that of its bytes.
fn validator(headers: &HeaderMap) -> String {
    let text = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let strong = text(ETAG).filter(|tag| !tag.starts_with("W/"));
    strong.or_else(|| text(LAST_MODIFIED)).filter(|text| text.len() <= 500).unwrap_or_default().to_owned()
}

/// Asks for what is missing, through redirects.
async fn ask(platform: &Platform, upload: &Upload) -> Result<Download> {
    let limit = Duration::from_millis(platform.config.uploads.import_connect_timeout_ms);
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    if let (1.., Ok(validator)) = (upload.received_bytes, HeaderValue::from_str(&upload.validator))
        && !validator.is_empty()
        && let Ok(range) = HeaderValue::from_str(&format!("bytes={}-", upload.received_bytes))
    {
        headers.insert(RANGE, range);
        headers.insert(IF_RANGE, validator);
    }
    let mut url = upload.source.clone();
    for _ in 0..=REDIRECTS_MAX {
        let here = permitted(platform, &url)?;
        let outbound = &platform.config.outbound;
        let download =
            outbound::download(outbound, &url, headers.clone(), limit).await.map_err(
                |error| match error {
                    outbound::Error::Url(_) | outbound::Error::Local { .. } => {
                        Error::invalid("import_url", format!("{error}."))
                    }
                    error => broke(&error),
                },
            )?;
        if !matches!(download.status().as_u16(), 301 | 302 | 303 | 307 | 308) {
            return Ok(download);
        }
        let location = download.headers().get(LOCATION).and_then(|location| location.to_str().ok());
        url = location
            .and_then(|location| resolved(&here, location))
            .ok_or_else(|| Error::invalid("import_refused", "The address redirects to nowhere."))?;
    }
    let message = format!("The address redirects more than {REDIRECTS_MAX} times.");
    Err(Error::invalid("import_refused", message))
}

/// An absolute address, or one on the same host.
fn resolved(base: &Uri, location: &str) -> Option<String> {
    if location.starts_with("http://") || location.starts_with("https://") {
        return Some(location.to_owned());
    }
    let (scheme, authority) = (base.scheme_str()?, base.authority()?);
    if let Some(rest) = location.strip_prefix("//") {
        return Some(format!("{scheme}://{rest}"));
    }
    if location.starts_with('/') {
        return Some(format!("{scheme}://{authority}{location}"));
    }
    let folder = base.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    Some(format!("{scheme}://{authority}{folder}/{location}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_listed_by_name_and_by_what_they_are_below() {
        for (pattern, host, is) in [
            ("example.org", "EXAMPLE.org", true),
            ("example.org", "a.example.org", false),
            ("*.example.org", "a.b.example.org", true),
            ("*.example.org", "example.org", false),
            ("*.example.org", "evilexample.org", false),
            ("*", "anything", true),
            ("", "", true),
        ] {
            assert_eq!(is_listed(pattern, host), is, "{pattern} {host}");
        }
    }

    #[test]
    fn redirects_may_be_relative() {
        let base: Uri = "https://h:8/a/b?c".parse().unwrap();
        for (location, url) in [
            ("http://other/x", "http://other/x"),
            ("//other/x", "https://other/x"),
            ("/x?y", "https://h:8/x?y"),
            ("x", "https://h:8/a/x"),
        ] {
            assert_eq!(resolved(&base, location).as_deref(), Some(url));
        }
    }
}
