//! Videos as people see them.

use super::captions::{self, Caption};
use super::chapters::{self, Chapter};
use super::downloads::{self, Download};
use super::{Video, is_owner, later, likes, may_watch, plays};
use crate::accounts::{PublicUser, users};
use crate::caller::Caller;
use crate::page::Page;
use crate::tokens::PLAY_TTL;
use crate::{Platform, Result, audience};
use hub::Action;
use serde::Serialize;
use std::collections::HashMap;
use utoipa::ToSchema;

/// A video as people see it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct VideoView {
    /// What addresses name.
    id: String,
    /// Of the flat address `/streams/{name}.m3u8`.
    name: Option<String>,
    /// `upload`, `import`, `added`, `recording` or `clip`.
    origin: String,
    /// The room it came from.
    room_id: Option<i64>,
    /// The title.
    title: String,
    /// What it is about.
    description: String,
    /// The category, or empty.
    category: String,
    /// The labels.
    labels: Vec<String>,
    /// `public`, `unlisted`, `private` or `password`.
    privacy: String,
    /// `waiting`, `probing`, `recording`, `ready` or `failed`.
    state: String,
    /// Why it failed, or empty.
    failure: String,
    /// Milliseconds; 0 while that is not known.
    duration_ms: i64,
    /// Pixels.
    width: i64,
    /// Pixels.
    height: i64,
    /// Of all its files.
    bytes: i64,
    /// Address of the picture, or empty.
    cover: String,
    /// Whether `/streams/{id}/storyboard.vtt` is there.
    has_storyboard: bool,
    /// Views.
    view_count: i64,
    /// People who like it.
    like_count: i64,
    /// Comments and replies.
    comment_count: i64,
    /// Wall time of its first moment, unix ms.
    starts_at: Option<i64>,
    /// Unix ms.
    created_at: i64,
    /// When it became ready first, unix ms.
    published_at: Option<i64>,
    /// When everybody could watch it first, unix ms.
    public_at: Option<i64>,
    /// When an admin took it down, unix ms.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_down_at: Option<i64>,
    /// Why an admin took it down.
    #[serde(skip_serializing_if = "Option::is_none")]
    taken_down_reason: Option<String>,
    /// The owner.
    user: Option<PublicUser>,
    /// Where players find it: `/streams/{id}/master.m3u8` and the like.
    stream: String,
    /// For `?sign=` when watching; only for those who may.
    #[serde(skip_serializing_if = "Option::is_none")]
    play_sign: Option<String>,
    /// For `&viewer=` when watching, so that a person counts once.
    viewer: String,
}

impl VideoView {
    /// For the caller.
    pub(super) async fn new(platform: &Platform, video: &Video, caller: &Caller) -> Result<Self> {
        let may_play = may_watch(platform, video, caller.user.as_deref()).await.is_ok();
        let owner = users::by_id(&platform.db, video.user_id).await?.map(|owner| owner.public());
        Self::of(platform, video, caller, owner, may_play)
    }

    /// For the caller, who may watch, whoever it is.
    pub(super) async fn for_watching(platform: &Platform, video: &Video, caller: &Caller) -> Result<Self> {
        let owner = users::by_id(&platform.db, video.user_id).await?.map(|owner| owner.public());
        Self::of(platform, video, caller, owner, true)
    }

    fn of(
        platform: &Platform,
        video: &Video,
        caller: &Caller,
        owner: Option<PublicUser>,
        may_play: bool,
    ) -> Result<Self> {
        let user = caller.user.as_deref();
        let path = video.path()?;
        Ok(Self {
            id: video.public_id.clone(),
            name: video.name.clone(),
            origin: video.origin.clone(),
            room_id: video.room_id,
            title: video.title.clone(),
            description: video.description.clone(),
            category: video.category.clone(),
            labels: serde_json::from_str(&video.labels).unwrap_or_default(),
            privacy: video.privacy.clone(),
            state: video.state.clone(),
            failure: video.failure.clone(),
            duration_ms: video.duration_ms,
            width: video.width,
            height: video.height,
            bytes: video.bytes,
            cover: video.cover.clone(),
            has_storyboard: video.has_storyboard,
            view_count: video.view_count,
            like_count: video.like_count,
            comment_count: video.comment_count,
            starts_at: video.starts_at,
            created_at: video.created_at,
            published_at: video.published_at,
            public_at: video.public_at,
            taken_down_at: video.taken_down_at,
            taken_down_reason: video.taken_down_at.map(|_| video.taken_down_reason.clone()),
            user: owner,
            play_sign: may_play.then(|| platform.tokens.sign(Action::Play, &path, PLAY_TTL)),
            stream: path.to_string(),
            viewer: user
                .map_or_else(audience::anonymous_id, |user| audience::viewer_id(&video.public_id, user.id)),
        })
    }

    /// A page of them.
    pub(super) async fn page(platform: &Platform, found: Page<Video>, caller: &Caller) -> Result<Page<Self>> {
        let mut items = Vec::with_capacity(found.items.len());
        let mut owners: HashMap<i64, Option<PublicUser>> = HashMap::new();
        for video in &found.items {
            let owner = match owners.get(&video.user_id) {
                Some(owner) => owner.clone(),
                None => {
                    let owner = users::by_id(&platform.db, video.user_id).await?.map(|owner| owner.public());
                    owners.insert(video.user_id, owner.clone());
                    owner
                }
            };
            let may_play = may_watch(platform, video, caller.user.as_deref()).await.is_ok();
            items.push(Self::of(platform, video, caller, owner, may_play)?);
        }
        Ok(Page { items, next: found.next })
    }
}

/// A video with what its page needs.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Detail {
    /// The video.
    #[serde(flatten)]
    view: VideoView,
    /// Where its parts begin; also as `/api/v1/videos/{id}/chapters.vtt`. Only for those who may watch.
    chapters: Vec<Chapter>,
    /// Its captions: each is at `/api/v1/videos/{id}/captions/{language}`. Only for those who may watch.
    captions: Vec<Caption>,
    /// What of it can be had as an MP4 file (`download.mp4`). Only for those who may watch.
    downloads: Vec<Download>,
    /// Whether its room's chat comes with it (`/api/v1/videos/{id}/danmaku`).
    has_danmaku: bool,
    /// Whether the caller likes it.
    is_liked: bool,
    /// Whether the caller put it aside for later.
    is_for_later: bool,
    /// Where the caller stopped, ms; nothing when it was watched to its end, or never.
    position_ms: Option<i64>,
    /// Whether the caller may change it.
    may_edit: bool,
    /// Whether the caller may take away what others say under it.
    may_moderate: bool,
    /// Addresses of the pictures that can be its cover (`cover` of a change: `thumb-0` and so on); for whom may change it.
    thumbs: Vec<String>,
}

/// Pictures to choose a cover from.
pub(super) const THUMBS: [&str; 3] = ["thumb-0", "thumb-1", "thumb-2"];

/// Where a picture of a video is.
pub(super) fn thumb_address(video: &Video, thumb: &str) -> String {
    format!("/streams/{}/{thumb}.jpg", video.public_id)
}

/// The object of a picture of a video.
pub(super) fn thumb_object(video: &Video, thumb: &str) -> String {
    format!("{}/{thumb}.jpg", video.objects_prefix())
}

impl Detail {
    /// Of a video the caller may know of.
    pub(super) async fn new(
        platform: &Platform,
        video: &Video,
        caller: &Caller,
        view: VideoView,
    ) -> Result<Self> {
        let user = caller.user.as_deref();
        let may_edit = is_owner(video, user) || caller.admin().is_ok();
        let may_watch = view.play_sign.is_some() || may_edit;
        let (mut is_liked, mut is_for_later, mut position_ms, mut may_moderate) = (false, false, None, false);
        if let Some(user) = user {
            is_liked = likes::is_liked(&platform.db, video, user).await?;
            is_for_later = later::is_for_later(&platform.db, video, user).await?;
            position_ms = plays::position_ms(&platform.db, video, user).await?;
            may_moderate = super::may_keep_order(platform, video, user).await?;
        }
        let mut thumbs = Vec::new();
        for thumb in THUMBS.iter().filter(|_| may_edit) {
            if platform.objects.size(&thumb_object(video, thumb)).await?.is_some() {
                thumbs.push(thumb_address(video, thumb));
            }
        }
        let (mut chapters, mut captions, mut downloads) = (Vec::new(), Vec::new(), Vec::new());
        if may_watch {
            chapters = chapters::parse(&video.chapters);
            captions = captions::captions(&platform.db, video.id).await?;
            downloads = downloads::of_video(&platform.db, video).await?;
        }
        Ok(Self {
            view,
            chapters,
            captions,
            downloads,
            has_danmaku: video.room_id.is_some() && video.starts_at.is_some(),
            is_liked,
            is_for_later,
            position_ms,
            may_edit,
            may_moderate,
            thumbs,
        })
    }
}
