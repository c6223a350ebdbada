//! Who may call what: a table with a row for every operation of the API's description, each cell called.

use crate::Platform;
use crate::testing::{Client, platform};
use crate::videos;
use http::{Method, StatusCode};
use serde_json::{Value, json};
use std::sync::Arc;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Nobody,
    Viewer,
    Moderator,
    Host,
    Admin,
}

const ROLES: [Role; 5] = [Role::Nobody, Role::Viewer, Role::Moderator, Role::Host, Role::Admin];

/// Who may.
#[derive(Clone, Copy, Debug)]
enum May {
    Anybody,
    SignedIn,
    /// Moderators of the room, its host, admins.
    Keepers,
    Host,
    HostAndAdmin,
    Admin,
}

impl May {
    fn includes(self, role: Role) -> bool {
        match self {
            Self::Anybody => true,
            Self::SignedIn => role >= Role::Viewer,
            Self::Keepers => role >= Role::Moderator,
            Self::Host => role == Role::Host,
            Self::HostAndAdmin => role >= Role::Host,
            Self::Admin => role == Role::Admin,
        }
    }
}

/// Codes that say "not you".
const REFUSALS: [&str; 12] = [
    "not_the_owner",
    "video_private",
    "video_not_found",
    "not_signed_in",
    "admins_only",
    "moderators_only",
    "host_only",
    "not_the_host",
    "room_private",
    "room_not_found",
    "session_ended",
    "token_scope",
];

/// Who may call an operation, and a body for it.
fn rule(operation: &str) -> Option<(May, Value)> {
    use May::{Admin, Anybody, Host, HostAndAdmin, Keepers, SignedIn};
    let none = Value::Null;
    Some(match operation {
        "POST /api/v1/accounts" => (Anybody, json!({"username": "newcomer", "password": "correct horse"})),
        "POST /api/v1/session" => (Anybody, json!({"username": "x", "password": "y"})),
        "DELETE /api/v1/session" => (Anybody, none),
        "POST /api/v1/setup" => (Anybody, json!({"token": "x", "username": "x", "password": "y"})),
        "GET /api/v1/site" | "GET /api/v1/gifts" | "GET /api/v1/rooms" => (Anybody, none),
        "GET /api/v1/rooms/{id}" | "GET /api/v1/rooms/by-name/{name}" => (Anybody, none),
        "GET /api/v1/rooms/{id}/broadcasts" | "GET /api/v1/rooms/{id}/comments" => (Anybody, none),
        "GET /api/v1/rooms/{id}/leaders" => (Anybody, none),
        "GET /api/v1/rooms/{id}/recording" => (Anybody, none),
        "POST /api/v1/rooms/{id}/clips" => (SignedIn, json!({"last_seconds": 5})),
        "POST /api/v1/videos/{id}/clips" => (HostAndAdmin, json!({"start_ms": 0, "end_ms": 1000})),
        "GET /api/v1/videos" | "GET /api/v1/videos/{id}" => (Anybody, none),
        "GET /api/v1/videos/{id}/jobs" | "DELETE /api/v1/videos/{id}/jobs/{job_id}" => (HostAndAdmin, none),
        "POST /api/v1/videos/{id}/jobs" => (HostAndAdmin, json!({"profile": "tutorial"})),
        "GET /api/v1/admin/jobs"
        | "POST /api/v1/admin/jobs/{id}/retry"
        | "DELETE /api/v1/admin/jobs/{id}" => (Admin, none),
        "PATCH /api/v1/videos/{id}" => (HostAndAdmin, json!({"title": "x"})),
        "DELETE /api/v1/videos/{id}" => (HostAndAdmin, none),
        "PUT /api/v1/videos/{id}/captions/{language}" | "DELETE /api/v1/videos/{id}/captions/{language}" => {
            (HostAndAdmin, none)
        }
        "GET /api/v1/videos/{id}/comments"
        | "GET /api/v1/videos/{id}/comments/{comment_id}/replies"
        | "GET /api/v1/videos/{id}/danmaku"
        | "GET /api/v1/videos/{id}/captions/{language}"
        | "GET /api/v1/videos/{id}/chapters.vtt" => (Anybody, none),
        "POST /api/v1/videos/{id}/enter" => (Anybody, json!({"password": "x"})),
        "POST /api/v1/videos/{id}/progress" => {
            (Anybody, json!({"position_ms": 0, "played_ms": 0, "viewer": "aaaaaaaaaaaaaaaa"}))
        }
        "POST /api/v1/videos/{id}/comments" => (SignedIn, json!({"content": "x"})),
        // Of somebody else: videos::tests.
        "DELETE /api/v1/videos/{id}/comments/{comment_id}" => (SignedIn, none),
        "PUT /api/v1/videos/{id}/like" | "DELETE /api/v1/videos/{id}/like" => (SignedIn, none),
        "GET /api/v1/me/videos/continue"
        | "GET /api/v1/me/videos/history"
        | "GET /api/v1/me/videos/liked"
        | "DELETE /api/v1/me/videos/history"
        | "GET /api/v1/me/videos/later"
        | "PUT /api/v1/me/videos/later/{id}"
        | "DELETE /api/v1/me/videos/later/{id}"
        | "DELETE /api/v1/me/videos/history/{id}" => (SignedIn, none),
        "POST /api/v1/admin/videos/{id}/take-down" => (Admin, json!({"reason": "x"})),
        "DELETE /api/v1/admin/videos/{id}/take-down" => (Admin, none),
        "GET /api/v1/admin/storage" | "GET /api/v1/admin/videos" => (Admin, none),
        "GET /api/v1/users/by-name/{username}" | "GET /api/v1/users/{id}/follow" => (Anybody, none),
        // By the provider's signature, not by who calls.
        "POST /api/v1/payments/webhook" => (Anybody, json!({"event_id": "x", "user_id": 1, "coin": 1})),

        "GET /api/v1/me"
        | "GET /api/v1/me/analytics"
        | "GET /api/v1/me/api-tokens"
        | "GET /api/v1/me/comments"
        | "GET /api/v1/me/followers"
        | "GET /api/v1/me/following"
        | "GET /api/v1/me/history"
        | "GET /api/v1/me/images"
        | "GET /api/v1/me/blocked"
        | "GET /api/v1/me/notifications"
        | "GET /api/v1/me/notifications/choices"
        | "GET /api/v1/me/sessions"
        | "GET /api/v1/me/stream-key"
        | "GET /api/v1/me/wallet"
        | "GET /api/v1/me/wallet/entries" => (SignedIn, none),
        "DELETE /api/v1/me/api-tokens/{id}"
        | "DELETE /api/v1/me/history"
        | "DELETE /api/v1/me/history/{room_id}"
        | "DELETE /api/v1/me/notifications/{id}"
        | "DELETE /api/v1/me/sessions"
        | "DELETE /api/v1/me/sessions/{id}"
        | "DELETE /api/v1/me/stream-key"
        | "DELETE /api/v1/images/{id}"
        | "PUT /api/v1/users/{id}/follow"
        | "DELETE /api/v1/users/{id}/follow"
        | "PUT /api/v1/users/{id}/block"
        | "DELETE /api/v1/users/{id}/block" => (SignedIn, none),
        "PATCH /api/v1/users/{id}/follow" => (SignedIn, json!({"is_told": false})),
        "PATCH /api/v1/me/notifications/choices" => (SignedIn, json!({"went_live": false})),
        "PATCH /api/v1/me" => (SignedIn, json!({"bio": "x"})),
        "POST /api/v1/me/api-tokens" => (SignedIn, json!({"name": "x", "scopes": ["read"]})),
        "POST /api/v1/me/notifications/read" | "POST /api/v1/me/stream-key" => (SignedIn, none),
        "PUT /api/v1/me/password" => (SignedIn, json!({"old": "x", "new": "long enough"})),
        "POST /api/v1/me/second-factor" => (SignedIn, none),
        "PUT /api/v1/me/second-factor" | "DELETE /api/v1/me/second-factor" => {
            (SignedIn, json!({"code": "1"}))
        }
        "POST /api/v1/me/wallet/redeem" => (SignedIn, json!({"code": "x"})),
        "POST /api/v1/images" => (SignedIn, none),
        "OPTIONS /api/v1/uploads" => (Anybody, none),
        "GET /api/v1/me/storage"
        | "GET /api/v1/uploads"
        | "POST /api/v1/uploads"
        | "HEAD /api/v1/uploads/{id}"
        | "PATCH /api/v1/uploads/{id}"
        | "DELETE /api/v1/uploads/{id}"
        | "POST /api/v1/uploads/{id}" => (SignedIn, none),
        "POST /api/v1/videos/import" => (SignedIn, json!({"url": "http://127.0.0.1/x.mp4"})),
        "POST /api/v1/reports" => (SignedIn, json!({"kind": "user", "target_id": 1, "reason": "x"})),
        "POST /api/v1/rooms" => (SignedIn, json!({"title": "x"})),
        "POST /api/v1/rooms/{id}/enter" => (SignedIn, json!({"password": "x"})),
        "POST /api/v1/rooms/{id}/gifts" => (SignedIn, json!({"gift_id": 1})),

        "DELETE /api/v1/comments/{comment_id}" => (Keepers, none),
        "GET /api/v1/rooms/{id}/bans"
        | "GET /api/v1/rooms/{id}/moderators"
        | "GET /api/v1/rooms/{id}/moderation-log"
        | "GET /api/v1/rooms/{id}/rules"
        | "DELETE /api/v1/rooms/{id}/bans/{ban_id}"
        | "POST /api/v1/rooms/{id}/moderation-log/{done_id}/undo" => (Keepers, none),
        "POST /api/v1/rooms/{id}/bans" => (Keepers, json!({"user_id": 6, "kind": "timeout", "minutes": 1})),
        "PUT /api/v1/rooms/{id}/rules" => {
            (Keepers, json!({"slow_seconds": 0, "links_off": false, "blocked_words": []}))
        }
        "PUT /api/v1/rooms/{id}/pinned" => (Keepers, json!({"comment_id": null})),

        "PUT /api/v1/rooms/{id}/moderators/{user_id}" | "DELETE /api/v1/rooms/{id}/moderators/{user_id}" => {
            (HostAndAdmin, none)
        }
        "GET /api/v1/rooms/{id}/health" => (HostAndAdmin, none),
        "DELETE /api/v1/rooms/{id}" => (HostAndAdmin, none),
        "PATCH /api/v1/rooms/{id}" => (Host, json!({"title": "x"})),
        "POST /api/v1/rooms/{id}/status" => (Host, json!({"type": "pause"})),
        "POST /api/v1/rooms/{id}/publish-token" => (Host, none),
        "GET /api/v1/rooms/{id}/members"
        | "PUT /api/v1/rooms/{id}/members/{user_id}"
        | "DELETE /api/v1/rooms/{id}/members/{user_id}" => (Host, none),

        "PATCH /api/v1/admin/reports/{report_id}" => (Admin, json!({"status": "resolved"})),
        "PATCH /api/v1/admin/settings" => (Admin, json!({})),
        "PATCH /api/v1/admin/users/{id}" => (Admin, json!({})),
        "POST /api/v1/admin/coin-codes" => (Admin, json!({"count": 1, "coin": 1})),
        "POST /api/v1/admin/gifts" | "PUT /api/v1/admin/gifts/{id}" => {
            (Admin, json!({"name": "x", "coin": 1}))
        }
        "POST /api/v1/admin/invitations" => (Admin, json!({"count": 1})),
        "POST /api/v1/admin/streams/kick" => (Admin, json!({"stream": "live/x", "reason": "x"})),
        "POST /api/v1/admin/webhooks" => (Admin, json!({"url": "http://127.0.0.1/"})),
        "PATCH /api/v1/admin/webhooks/{id}" => (Admin, json!({})),
        "DELETE /api/v1/admin/webhooks/{id}" | "POST /api/v1/admin/webhooks/{id}/test" => (Admin, none),
        "GET /api/v1/admin/users/{id}/storage" => (Admin, none),
        "PUT /api/v1/admin/users/{id}/storage" => (Admin, json!({"quota_bytes": 1})),
        "POST /api/v1/admin/users/{id}/coins" => (Admin, json!({"coin": 1, "reason": "x"})),
        "GET /api/v1/admin/gifts"
        | "GET /api/v1/admin/invitations"
        | "GET /api/v1/admin/log"
        | "GET /api/v1/admin/reports"
        | "GET /api/v1/admin/rooms"
        | "GET /api/v1/admin/settings"
        | "GET /api/v1/admin/streams"
        | "GET /api/v1/admin/users"
        | "GET /api/v1/admin/webhooks"
        | "GET /api/v1/admin/webhooks/{id}/deliveries"
        | "DELETE /api/v1/admin/invitations/{id}" => (Admin, none),
        _ => return None,
    })
}

struct Scene {
    clients: [Client; 5],
    room: Value,
    comment: i64,
    video: String,
}

/// A live room with its people, a message in it, and a video of its host. Users: 1 viewer, 2 moderator, 3 host, 4 admin, 5 the author, 6 a guest.
async fn scene(platform: &Arc<Platform>) -> Scene {
    let nobody = Client::anonymous(platform);
    let viewer = Client::new(platform, "viewer").await;
    let moderator = Client::new(platform, "moderator").await;
    let host = Client::new(platform, "host").await;
    let admin = Client::admin(platform, "admin").await;
    let author = Client::new(platform, "author").await;
    let guest = Client::new(platform, "guest").await;
    assert_eq!((viewer.id, guest.id), (1, 6));
    let (_, room) = host.post("/api/v1/rooms", json!({"title": "a room"})).await;
    let id = room["id"].as_i64().unwrap();
    host.post(&format!("/api/v1/rooms/{id}/status"), json!({"type": "play"})).await;
    host.put(&format!("/api/v1/rooms/{id}/moderators/{}", moderator.id), json!({})).await;
    let video = videos::NewVideo {
        user_id: host.id,
        room_id: None,
        broadcast_id: None,
        origin: videos::Origin::Upload,
        name: None,
        title: "a video".to_owned(),
        privacy: "public".to_owned(),
        state: videos::State::Ready,
        starts_at: None,
    };
    let video = videos::create(&platform.db, video).await.unwrap().public_id;
    let author = crate::accounts::users::by_id(&platform.db, author.id).await.unwrap().unwrap();
    let message = crate::chat::Message { content: "hello", colour: "#ffffff", mode: "scroll" };
    let comment = crate::chat::say(platform, id, &author, message).await.unwrap().id;
    Scene { clients: [nobody, viewer, moderator, host, admin], room, comment, video }
}

/// Calls the operation as each of `roles`, one after the other.
async fn check(operation: &str, roles: &[Role]) {
    let (may, body) =
        rule(operation).unwrap_or_else(|| panic!("{operation} has no row in the table of who may call what"));
    let platform = platform().await;
    let Scene { clients, room, comment, video } = scene(&platform).await;
    let (method, path) = operation.split_once(' ').unwrap();
    let method: Method = method.parse().unwrap();
    let path = path
        .replace("rooms/{id}", &format!("rooms/{}", room["id"]))
        .replace("videos/{id}", &format!("videos/{video}"))
        .replace("history/{id}", &format!("history/{video}"))
        .replace("later/{id}", &format!("later/{video}"))
        .replace("{language}", "en")
        .replace("{name}", room["name"].as_str().unwrap())
        .replace("{comment_id}", &comment.to_string())
        .replace("{username}", "host")
        .replace("{user_id}", "6")
        .replace("images", "images?kind=cover");
    let path = path.replace("me/images?kind=cover", "me/images").replace("images?kind=cover/", "images/");
    let path = ["{id}", "{job_id}", "{ban_id}", "{done_id}", "{report_id}", "{room_id}"]
        .iter()
        .fold(path, |path, name| path.replace(name, "5"));
    for (client, role) in clients.iter().zip(ROLES).filter(|(_, role)| roles.contains(role)) {
        let body = (!body.is_null()).then(|| body.clone());
        let (status, answer) = client.call(method.clone(), &path, body).await;
        let code = answer["error"]["code"].as_str().unwrap_or_default();
        assert!(!status.is_server_error(), "{operation} by {role:?}: {status} {answer}");
        if may.includes(role) {
            assert!(!REFUSALS.contains(&code), "{operation} is refused to {role:?}: {answer}");
        } else if role == Role::Nobody {
            assert_eq!(status, StatusCode::UNAUTHORIZED, "{operation} by nobody: {answer}");
        } else {
            assert!(REFUSALS.contains(&code), "{operation} is not refused to {role:?}: {status} {answer}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_is_for_whom_the_table_says() {
    let (_, description) = crate::openapi::api();
    let description = serde_json::to_value(description).unwrap();
    let mut operations = Vec::new();
    for (path, item) in description["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            operations.push(format!("{} {path}", method.to_uppercase()));
        }
    }
    assert!(operations.len() > 80, "{}", operations.len());
    let mut checks = tokio::task::JoinSet::new();
    for operation in operations {
        // What is gone after the first who may needs a scene for each.
        if matches!(operation.as_str(), "DELETE /api/v1/rooms/{id}" | "DELETE /api/v1/videos/{id}") {
            for role in ROLES {
                check(&operation, &[role]).await;
            }
            continue;
        }
        checks.spawn(async move { check(&operation, &ROLES).await });
        if checks.len() >= 4 {
            checks.join_next().await.unwrap().unwrap();
        }
    }
    while let Some(done) = checks.join_next().await {
        done.unwrap();
    }
}

#[test]
fn every_operation_says_which_scope_an_api_token_needs() {
    use crate::accounts::api_tokens::{Scope, needed};
    for (method, path, scope) in [
        ("GET", "/api/v1/me", Some(Scope::Read)),
        ("PATCH", "/api/v1/me", Some(Scope::Profile)),
        ("PUT", "/api/v1/me/password", None),
        ("GET", "/api/v1/me/sessions", None),
        ("DELETE", "/api/v1/session", None),
        ("GET", "/api/v1/me/stream-key", Some(Scope::Rooms)),
        ("POST", "/api/v1/rooms/{id}/status", Some(Scope::Rooms)),
        ("POST", "/api/v1/rooms/{id}/bans", Some(Scope::Chat)),
        ("DELETE", "/api/v1/comments/{comment_id}", Some(Scope::Chat)),
        ("POST", "/api/v1/rooms/{id}/gifts", Some(Scope::Gifts)),
        ("POST", "/api/v1/me/wallet/redeem", Some(Scope::Gifts)),
        ("GET", "/api/v1/admin/users", Some(Scope::Admin)),
        ("POST", "/api/live/create", Some(Scope::Rooms)),
        ("GET", "/metrics", None),
    ] {
        assert_eq!(needed(&method.parse().unwrap(), path), scope, "{method} {path}");
    }
}
