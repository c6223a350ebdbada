//! Who may publish into rooms, watch them and watch videos; everything else is left to the gate behind.

use crate::rooms::{self, ENDED, Room};
use crate::videos::{self, Video};
use crate::{Error, Platform, keys};
use hub::{Action, Credential, Gate, GateFuture, Grant, Refusal, RefusalKind, Request};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// The gate of rooms and videos, in front of another.
pub struct RoomGate {
    platform: Arc<Platform>,
    inner: Arc<dyn Gate>,
}

impl RoomGate {
    /// Asks `inner` about what is no room and no video.
    pub fn new(platform: Arc<Platform>, inner: Arc<dyn Gate>) -> Self {
        Self { platform, inner }
    }

    async fn decide(&self, request: &Request) -> Result<Grant, Refusal> {
        let name = request.path.name();
        if request.action == Action::Publish && name.starts_with(keys::PREFIX) {
            return self.publish_with_key(request, name).await;
        }
        if request.path.app() == videos::APP && request.action == Action::Play {
            let video = videos::by_address(&self.platform.db, name).await.map_err(unavailable)?;
            return match video {
                Some(video) => {
                    let grant = self.to_video(request, &video).await?;
                    // Only what somebody was let in to: made-up names would push out those that are watched.
                    self.platform.recordings.watched(&video.public_id);
                    Ok(grant)
                }
                None => self.inner.admit(request).await,
            };
        }
        match rooms::by_name(&self.platform.db, name).await.map_err(unavailable)? {
            Some(room) if room.path().map_err(unavailable)? == request.path => {
                self.in_room(request, &room).await
            }
            _ => self.inner.admit(request).await,
        }
    }

    async fn publish_with_key(&self, request: &Request, key: &str) -> Result<Grant, Refusal> {
        let Some(user) = keys::owner(&self.platform, key).await.map_err(unavailable)? else {
            let message = "this stream key is not in force; make a new one on your page";
            return Err(Refusal::new(RefusalKind::Unauthorized, message));
        };
        let room = rooms::current_of(&self.platform, &user).await.map_err(unavailable)?;
        let credential = Credential::Digest(Sha256::digest(format!("{}/{key}", request.path.app())).into());
        Ok(Grant { path: room.path().map_err(unavailable)?, credential })
    }

    /// A token for this action and room is needed to publish, and to watch a private room.
    async fn in_room(&self, request: &Request, room: &Room) -> Result<Grant, Refusal> {
        if room.status == ENDED && request.action != Action::Connect {
            return Err(Refusal::new(RefusalKind::Forbidden, "this room has ended"));
        }
        let is_open = match request.action {
            Action::Connect => true,
            Action::Publish => false,
            Action::Play => room.privacy != "private",
        };
        let is_useless = request.action == Action::Publish && !self.platform.tokens.are_scoped();
        match request.args.get("sign") {
            _ if is_open => self.inner.admit(request).await,
            Some(_) if is_useless => {
                let message = "tokens of this server are good for watching too (auth.sign = \"nms\"): publish with your stream key";
                Err(Refusal::new(RefusalKind::Unauthorized, message))
            }
            Some(token) => self.by_token(request, token),
            None => {
                let message = match request.action {
                    Action::Play => "this room is private: ?sign= of somebody who may enter is needed",
                    _ => "this is somebody's room: publish with the stream key of its host or with ?sign=",
                };
                Err(Refusal::new(RefusalKind::Unauthorized, message))
            }
        }
    }

    /// A token for it is needed to watch a video that is not for everybody.
    async fn to_video(&self, request: &Request, video: &Video) -> Result<Grant, Refusal> {
        if video.taken_down_at.is_some() {
            return Err(Refusal::new(RefusalKind::Forbidden, "this video was taken down"));
        }
        match request.args.get("sign") {
            _ if video.is_open() => self.inner.admit(request).await,
            Some(token) => self.by_token(request, token),
            None => {
                let message =
                    "this video is not for everybody: ?sign= of somebody who may watch it is needed";
                Err(Refusal::new(RefusalKind::Unauthorized, message))
            }
        }
    }

    fn by_token(&self, request: &Request, token: &str) -> Result<Grant, Refusal> {
        match self.platform.tokens.check(request.action, &request.path, token) {
            Ok(()) => {
                let credential = Credential::Digest(Sha256::digest(token).into());
                Ok(Grant { path: request.path.clone(), credential })
            }
            Err(reason) => Err(Refusal::new(RefusalKind::Unauthorized, reason)),
        }
    }
}

impl Gate for RoomGate {
    fn admit<'a>(&'a self, request: &'a Request) -> GateFuture<'a> {
        Box::pin(self.decide(request))
    }
}

fn unavailable(error: Error) -> Refusal {
    Refusal::new(RefusalKind::Unavailable, error.message)
}
