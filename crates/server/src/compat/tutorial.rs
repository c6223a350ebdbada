//! The API of the room tutorial: `POST /api/live/create`, `POST /api/live/changestatus`, `GET /api/live/list/:page`,
//! `GET /api/live/read/:id`, with its envelope `{msg, data}`, field names and sentences.
//!
//! What differs, on purpose: `key` is the room's public stream name and no secret; `sign` of `create` is good for
//! publishing and `sign` of `read` for watching only; lists hold public rooms alone; pages are checked, and a cover
//! is fetched and becomes one of our pictures, or is left out when there is none at its address. A
//! caller shows its session's token in the header `token`. Signing in is no part of the tutorial.

use super::node_media_server::date_time;
use crate::app::State;
use axum::Router;
use axum::extract::rejection::JsonRejection;
use axum::extract::{self, Path};
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Json, Response};
use axum::routing::{get, post};
use hub::Action;
use platform::accounts::{User, users};
use platform::caller::Caller;
use platform::images;
use platform::rooms::status::{Act, apply};
use platform::rooms::{self, ENDED, NewRoom, Room};
use platform::tokens::{PLAY_TTL, PUBLISH_TTL};
use platform::{Error, Platform};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;
use std::time::Duration;

/// The routes.
pub fn router(state: &Arc<State>) -> Router {
    Router::new()
        .route("/api/live/create", post(create))
        .route("/api/live/changestatus", post(change_status))
        .route("/api/live/list/{page}", get(list))
        .route("/api/live/read/{id}", get(read))
        .with_state(state.platform.clone())
}

type Server = extract::State<Arc<Platform>>;
/// Who calls; a refusal of it is put into the tutorial's words.
type Called = Result<Caller, Error>;
/// An answer, or the sentence of a refusal.
type Answer = Result<Json<Value>, Fail>;

/// Rooms on a page.
const PAGE_ROOMS: i64 = 10;
/// Pages that can be asked for.
const PAGE_MAX: i64 = 1_000_000;

/// A refusal: `{"msg":"fail","data":"…"}`, and when to try again.
#[derive(Debug)]
struct Fail(StatusCode, String, Option<Duration>);

impl Fail {
    fn new(status: StatusCode, sentence: &str) -> Self {
        Self(status, sentence.to_owned(), None)
    }

    fn bad(sentence: &str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, sentence)
    }
}

impl From<Error> for Fail {
    fn from(error: Error) -> Self {
        match error.code {
            "room_not_found" => Self::bad("该直播间不存在"),
            "room_ended" => Self::bad("该直播间已结束"),
            "not_signed_in" => Self::new(error.status, "您没有权限访问该接口!"),
            "session_ended" => Self::new(error.status, "Token 令牌不合法!"),
            _ => Self(error.status, error.message.into_owned(), error.retry_after),
        }
    }
}

impl IntoResponse for Fail {
    fn into_response(self) -> Response {
        let mut response = (self.0, Json(json!({"msg": "fail", "data": self.1}))).into_response();
        if let Some(wait) = self.2 {
            let seconds = wait.as_millis().div_ceil(1000).max(1);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(seconds as u64));
        }
        response
    }
}

fn ok(data: Value) -> Answer {
    let mut answer = json!({"msg": "ok"});
    answer["data"] = data;
    Ok(Json(answer))
}

/// A room's row, as the tutorial prints it.
fn row(room: &Room) -> Value {
    json!({
        "created_time": created_time(room.created_at),
        "cover": room.cover,
        "look_count": room.look_count,
        "coin": room.coin,
        "status": room.status,
        "id": room.id,
        "title": room.title,
        "key": room.name,
        "user_id": room.user_id,
        "updated_time": iso(room.updated_at),
        "userId": room.user_id,
    })
}

/// `2020-10-13T09:16:35.661Z`.
fn iso(unix_ms: i64) -> String {
    date_time(u64::try_from(unix_ms).unwrap_or(0))
}

/// `2020-10-13 09:16:35`, in UTC.
fn created_time(unix_ms: i64) -> String {
    iso(unix_ms).chars().take(19).map(|c| if c == 'T' { ' ' } else { c }).collect()
}

/// Who calls; else why not.
fn signed_in(called: Called) -> Result<Arc<User>, Fail> {
    Ok(called?.user()?.clone())
}

fn body<T>(body: Result<Json<T>, JsonRejection>) -> Result<T, Fail> {
    body.map(|Json(body)| body).map_err(|_| Fail::bad("参数错误"))
}

#[derive(Deserialize)]
struct Create {
    title: String,
    cover: String,
}

async fn create(
    extract::State(platform): Server,
    called: Called,
    sent: Result<Json<Create>, JsonRejection>,
) -> Answer {
    let user = signed_in(called)?;
    let Create { title, cover } = body(sent)?;
    let cover = match images::adopt(&platform, &user, images::Kind::Cover, "cover", &cover).await {
        Ok(cover) => cover,
        Err(error) if error.code.starts_with("image_") => String::new(),
        Err(error) => return Err(error.into()),
    };
    let room = rooms::create(&platform, &user, &NewRoom { title, cover, ..NewRoom::default() }).await?;
    let sign = platform.tokens.sign(Action::Publish, &room.path()?, PUBLISH_TTL);
    ok(json!({"data": row(&room), "sign": sign}))
}

/// What the host does; a number may come as text, as forms send it.
#[derive(Deserialize)]
struct ChangeStatus {
    id: Value,
    #[serde(rename = "type")]
    act: Act,
}

async fn change_status(
    extract::State(platform): Server,
    called: Called,
    sent: Result<Json<ChangeStatus>, JsonRejection>,
) -> Answer {
    let user = signed_in(called)?;
    let ChangeStatus { id, act } = body(sent)?;
    let id = id.as_i64().or_else(|| id.as_str()?.parse().ok()).ok_or_else(|| Fail::bad("参数错误"))?;
    let room = rooms::get(&platform.db, id).await?;
    if !rooms::is_host(&room, Some(&user)) {
        return Err(Fail::bad("该直播间不存在"));
    }
    apply(&platform, id, act).await?;
    ok(json!("ok"))
}

async fn list(extract::State(platform): Server, Path(page): Path<String>) -> Answer {
    let page: Option<i64> = page.parse().ok().filter(|page| (1..=PAGE_MAX).contains(page));
    let page = page.ok_or_else(|| Fail::bad("页码错误"))?;
    let found = rooms::public_page(&platform.db, PAGE_ROOMS, (page - 1) * PAGE_ROOMS).await?;
    ok(found.iter().map(row).collect())
}

async fn read(extract::State(platform): Server, called: Called, Path(id): Path<String>) -> Answer {
    let absent = || Fail::bad("当前直播间不存在");
    // Who shows no token, or an old one, watches as a stranger.
    let user = called.ok().and_then(|caller| caller.user);
    let id: i64 = id.parse().map_err(|_| absent())?;
    let room = rooms::by_id(&platform.db, id).await?.ok_or_else(absent)?;
    let is_host = rooms::is_host(&room, user.as_deref());
    let is_hidden = room.privacy == "unlisted" && !is_host;
    if is_hidden || rooms::may_view(&platform, &room, user.as_deref()).await.is_err() {
        return Err(absent());
    }
    let host = users::by_id(&platform.db, room.user_id).await?.ok_or_else(absent)?;
    let mut data = row(&room);
    data["user"] = json!({"id": host.id, "username": host.username, "avatar": host.avatar});
    let sign = match room.status {
        ENDED => None,
        _ => Some(platform.tokens.sign(Action::Play, &room.path()?, PLAY_TTL)),
    };
    ok(json!({"data": data, "sign": sign}))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compat::testing::{default_state, request, text};
    use axum::body::Body;
    use hub::Protocol;
    use platform::accounts::sessions;
    use tower::ServiceExt;

    struct Person {
        state: Arc<State>,
        token: String,
    }

    impl Person {
        async fn new(state: &Arc<State>, name: &str) -> Self {
            let user = users::create(&state.platform.db, name, "", "").await.unwrap();
            let (token, _) = sessions::open(&state.platform, &user, "", "").await.unwrap();
            Self { state: state.clone(), token }
        }

        async fn call(&self, method: &str, path: &str, body: Value) -> (u16, Value) {
            let request = extract::Request::builder().method(method).uri(path);
            let request = request.header("content-type", "application/json");
            let request = match self.token.as_str() {
                "" => request,
                token => request.header("token", token),
            };
            let request = request.body(Body::from(body.to_string())).unwrap();
            let response = router(&self.state).oneshot(request).await.unwrap();
            let status = response.status().as_u16();
            (status, serde_json::from_str(&text(response).await).unwrap())
        }
    }

    fn keys(value: &Value) -> Vec<&str> {
        value.as_object().unwrap().keys().map(String::as_str).collect()
    }

    #[tokio::test]
    async fn rooms_have_the_tutorials_shapes_and_its_flow_goes_through() {
        let state = default_state().await;
        let (host, viewer) = (Person::new(&state, "ceshi1").await, Person::new(&state, "viewer").await);
        let (status, made) =
            host.call("POST", "/api/live/create", json!({"title": "测试直播间", "cover": ""})).await;
        assert_eq!((status, &made["msg"]), (200, &json!("ok")), "{made}");
        let room = &made["data"]["data"];
        assert_eq!(
            keys(room),
            [
                "coin",
                "cover",
                "created_time",
                "id",
                "key",
                "look_count",
                "status",
                "title",
                "updated_time",
                "userId",
                "user_id"
            ]
        );
        assert_eq!((&room["status"], room["key"].as_str().unwrap().len()), (&json!(0), 20));
        assert_eq!(room["created_time"].as_str().unwrap().len(), 19);
        let id = &room["id"];

        let (_, listed) = viewer.call("GET", "/api/live/list/1", Value::Null).await;
        assert_eq!(listed, json!({"msg": "ok", "data": [room]}));
        let play = json!({"id": id, "type": "play"});
        assert_eq!(
            host.call("POST", "/api/live/changestatus", play.clone()).await.1,
            json!({"msg": "ok", "data": "ok"})
        );
        let (_, seen) = viewer.call("GET", &format!("/api/live/read/{id}"), Value::Null).await;
        assert_eq!(seen["data"]["data"]["status"], 1);
        assert_eq!(seen["data"]["data"]["user"], json!({"id": 1, "username": "ceshi1", "avatar": ""}));

        let gate = &state.gateway.gate;
        let path = format!("live/{}", room["key"].as_str().unwrap());
        for (sign, is_let_in) in [(&seen["data"]["sign"], false), (&made["data"]["sign"], true)] {
            let sign = sign.as_str().unwrap();
            let asked = request(Action::Publish, &path, Protocol::Rtmp, &[("sign", sign)]);
            assert_eq!(gate.admit(&asked).await.is_ok(), is_let_in);
        }

        host.call("POST", "/api/live/changestatus", json!({"id": id, "type": "stop"})).await;
        let (status, again) = host.call("POST", "/api/live/changestatus", play).await;
        assert_eq!((status, again), (400, json!({"msg": "fail", "data": "该直播间已结束"})));
        let (_, seen) = viewer.call("GET", &format!("/api/live/read/{id}"), Value::Null).await;
        assert_eq!(seen["data"]["sign"], Value::Null);
    }

    #[tokio::test]
    async fn what_the_tutorial_let_through_is_refused_in_its_words() {
        let state = default_state().await;
        let (host, other) = (Person::new(&state, "host").await, Person::new(&state, "other").await);
        let nobody = Person { state: state.clone(), token: String::new() };
        let cover = json!({"title": "x", "cover": "javascript:alert(1)"});
        assert_eq!(host.call("POST", "/api/live/create", cover).await.0, 400);
        let good = json!({"title": "x", "cover": ""});
        let (status, body) = nobody.call("POST", "/api/live/create", good.clone()).await;
        assert_eq!((status, &body["data"]), (401, &json!("您没有权限访问该接口!")));
        let id = host.call("POST", "/api/live/create", good).await.1["data"]["data"]["id"].clone();
        let (status, body) =
            other.call("POST", "/api/live/changestatus", json!({"id": id, "type": "stop"})).await;
        assert_eq!((status, &body["data"]), (400, &json!("该直播间不存在")));
        assert_eq!(
            host.call("POST", "/api/live/changestatus", json!({"id": id, "type": "publish"})).await.0,
            400
        );
        for page in ["0", "-1", "x", "9999999999999999999"] {
            assert_eq!(
                nobody.call("GET", &format!("/api/live/list/{page}"), Value::Null).await.0,
                400,
                "{page}"
            );
        }
        state.platform.db.execute(platform::db::sql("UPDATE rooms SET privacy = 'private'")).await.unwrap();
        assert_eq!(nobody.call("GET", "/api/live/list/1", Value::Null).await.1["data"], json!([]));
        let (status, body) = other.call("GET", &format!("/api/live/read/{id}"), Value::Null).await;
        assert_eq!((status, &body["data"]), (400, &json!("当前直播间不存在")));
    }
}
