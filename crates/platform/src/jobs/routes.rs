use super::workers::{self, Worker};
use super::{Job, PRIORITY, cancel, enqueue, job_columns, kinds, of_video, retry};
use crate::caller::Caller;
use crate::db::sql;
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::{Error, Platform, Result, row, videos};
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(list, ask))
        .routes(routes!(cancel_own))
        .routes(routes!(list_all))
        .routes(routes!(cancel_any))
        .routes(routes!(retry_any))
}

/// Work on a video, as its owner sees it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct JobView {
    /// Its number.
    id: i64,
    /// The video, as addresses name it.
    video_id: String,
    /// `probe`, `transcode`, `thumbnails` or `clip`.
    kind: String,
    /// Of a `transcode`: `ladder` or `tutorial`; else empty.
    profile: String,
    /// `waiting`, `running`, `done`, `failed` or `cancelled`.
    state: String,
    /// How often it was begun.
    attempts: i64,
    /// How far it is, 0 to 1000.
    progress_milli: i64,
    /// How long it will take still, milliseconds; nothing when that is not known.
    eta_ms: Option<i64>,
    /// Of one that waits: how many are begun before it, with itself.
    place: Option<i64>,
    /// Of one that waits while nobody can work: why, in plain words; else empty.
    waits_for: String,
    /// Why it failed, or the last attempt did, in plain words; or empty.
    failure: String,
    /// Unix ms.
    created_at: i64,
    /// When it was begun last, unix ms.
    started_at: Option<i64>,
    /// Unix ms.
    finished_at: Option<i64>,
}

impl JobView {
    pub(super) async fn new(platform: &Platform, job: &Job, video_id: String) -> Result<Self> {
        let (mut place, mut waits_for) = (None, String::new());
        if job.state == "waiting" {
            let before = sql("SELECT COUNT(*) FROM jobs WHERE state = 'waiting' \
                 AND (priority > $1 OR (priority = $1 AND id < $2))");
            let before = platform.db.one::<(i64,)>(before.bind(job.priority).bind(job.id)).await?.0;
            place = Some(before + 1);
            waits_for = workers::problem(&platform.db, &job.kind).await?;
        }
        Ok(Self { place, waits_for, ..Self::plain(job.clone(), video_id) })
    }

    fn plain(job: Job, video_id: String) -> Self {
        let detail = job.detail();
        Self {
            id: job.id,
            video_id,
            profile: detail["profile"].as_str().unwrap_or_default().to_owned(),
            kind: job.kind,
            state: job.state,
            attempts: job.attempts,
            progress_milli: job.progress_milli,
            eta_ms: job.eta_ms,
            place: None,
            waits_for: String::new(),
            failure: job.failure,
            created_at: job.created_at,
            started_at: job.started_at,
            finished_at: job.finished_at,
        }
    }
}

/// The work on a video, the newest first, at most 100. For its owner and admins.
#[utoipa::path(get, path = "/api/v1/videos/{id}/jobs", tag = "jobs", responses((status = 200, body = Vec<JobView>)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<JobView>>> {
    let video = videos::own(&platform, &id, &caller).await?;
    let mut views = Vec::new();
    for job in of_video(&platform.db, video.id).await? {
        views.push(JobView::new(&platform, &job, video.public_id.clone()).await?);
    }
    Ok(Json(views))
}

/// What is to be made of a video.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = JobWish)]
struct Wish {
    /// The forms to make.
    profile: Profile,
}

/// Forms of a video.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Profile {
    /// Renditions in several sizes.
    Ladder,
    /// One playlist of 640x360 in TS segments of 10 s, for the simplest players.
    Tutorial,
}

/// Asks for further forms of a video. For its owner and admins.
#[utoipa::path(post, path = "/api/v1/videos/{id}/jobs", tag = "jobs", request_body = Wish,
    responses((status = 202, body = JobView)))]
async fn ask(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<String>,
    Json(wish): Json<Wish>,
) -> Result<(StatusCode, Json<JobView>)> {
    let video = videos::own(&platform, &id, &caller).await?;
    let files = videos::files(&platform.db, video.id).await?;
    if !files.iter().any(|file| file.name == "source") {
        return Err(Error::conflict("no_source", "The file this video was made from is not there."));
    }
    let profile = match wish.profile {
        Profile::Ladder => "ladder",
        Profile::Tutorial => "tutorial",
    };
    let jobs = of_video(&platform.db, video.id).await?;
    let is_same = |job: &&Job| {
        matches!(job.state.as_str(), "waiting" | "running") && job.detail()["profile"] == profile
    };
    let job = match jobs.iter().find(is_same) {
        // Asking twice is asking once.
        Some(job) => job.clone(),
        None => {
            let detail = json!({"profile": profile, "anew": true});
            let id = enqueue(&platform.db, video.id, kinds::TRANSCODE, &detail, PRIORITY).await?;
            let jobs = of_video(&platform.db, video.id).await?;
            jobs.into_iter().find(|job| job.id == id).ok_or_else(no_such_job)?
        }
    };
    Ok((StatusCode::ACCEPTED, Json(JobView::new(&platform, &job, video.public_id).await?)))
}

/// Cancels work on a video. For its owner and admins.
#[utoipa::path(delete, path = "/api/v1/videos/{id}/jobs/{job_id}", tag = "jobs", responses((status = 204)))]
async fn cancel_own(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path((id, job_id)): Path<(String, i64)>,
) -> Result<StatusCode> {
    let video = videos::own(&platform, &id, &caller).await?;
    let known = sql("SELECT id FROM jobs WHERE id = $1 AND video_id = $2").bind(job_id).bind(video.id);
    platform.db.maybe::<(i64,)>(known).await?.ok_or_else(no_such_job)?;
    cancelled(&platform, job_id).await
}

/// Which jobs are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
struct Filter {
    /// `waiting`, `running`, `done`, `failed` or `cancelled`; nothing for all.
    state: Option<String>,
}

/// A page of jobs, and who does them.
#[derive(Serialize, ToSchema)]
struct Jobs {
    /// Who does jobs, of those heard of lately.
    workers: Vec<Worker>,
    /// How many wait, on all pages.
    waiting: i64,
    #[serde(flatten)]
    page: Page<JobView>,
}

row! {
    struct VideoOf {
        job_id: i64,
        public_id: String,
    }
}

/// All jobs, the newest first, and the workers. For admins.
#[utoipa::path(get, path = "/api/v1/admin/jobs", tag = "jobs", params(Filter, PageQuery),
    responses((status = 200, body = Jobs)))]
async fn list_all(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(filter): Query<Filter>,
    Query(page): Query<PageQuery>,
) -> Result<Json<Jobs>> {
    caller.admin()?;
    let query = concat!(
        "SELECT ",
        job_columns!(),
        " FROM jobs WHERE id < $1 AND ($2 = '' OR state = $2) ORDER BY id DESC LIMIT $3"
    );
    let query = sql(query).bind(page.before_id()).bind(filter.state.unwrap_or_default());
    let jobs = platform.db.all::<Job>(query.bind(page.limit() + 1)).await?;
    let (first, last) = (jobs.last().map_or(0, |job| job.id), jobs.first().map_or(0, |job| job.id));
    let of = sql("SELECT jobs.id AS job_id, public_id FROM jobs JOIN videos ON videos.id = video_id \
         WHERE jobs.id BETWEEN $1 AND $2");
    let of = platform.db.all::<VideoOf>(of.bind(first).bind(last)).await?;
    let view = |job: Job| {
        let video = of.iter().find(|video| video.job_id == job.id);
        let video = video.map(|video| video.public_id.clone()).unwrap_or_default();
        JobView::plain(job, video)
    };
    let items = jobs.into_iter().map(view).collect();
    let (waiting,) = platform.db.one(sql("SELECT COUNT(*) FROM jobs WHERE state = 'waiting'")).await?;
    Ok(Json(Jobs {
        workers: workers::all(&platform.db).await?,
        waiting,
        page: Page::cut(items, page.limit(), |job: &JobView| job.id),
    }))
}

/// Cancels a job. For admins.
#[utoipa::path(delete, path = "/api/v1/admin/jobs/{id}", tag = "jobs", responses((status = 204)))]
async fn cancel_any(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    caller.admin()?;
    cancelled(&platform, id).await
}

/// Puts a job that failed or was cancelled into the queue again. For admins.
#[utoipa::path(post, path = "/api/v1/admin/jobs/{id}/retry", tag = "jobs", responses((status = 204)))]
async fn retry_any(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    caller.admin()?;
    if retry(&platform, id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Error::conflict("job_not_over", "Only a job that failed or was cancelled can be tried again."))
}

async fn cancelled(platform: &Platform, id: i64) -> Result<StatusCode> {
    if cancel(platform, id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Error::conflict("job_over", "This job is over, or there is none."))
}

fn no_such_job() -> Error {
    Error::not_found("job_not_found", "There is no such job.")
}
