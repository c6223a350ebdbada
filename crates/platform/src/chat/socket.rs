//! The room socket: what clients say to it, what it answers, and how events reach the rooms.

use super::{Message, comments, open_room, say};
use crate::accounts::api_tokens::Scope;
use crate::accounts::{self, Identity, PublicUser, User};
use crate::bus::Event;
use crate::caller::{credential, is_same_site};
use crate::clock::now_ms;
use crate::{Error, Platform, Result, audience, gifts, moderation, rooms};
use http::{HeaderMap, header};
use serde_json::{Value, json};
use socketioxide::extract::{AckSender, SocketRef, TryData};
use socketioxide::handler::ConnectHandler;
use socketioxide::layer::SocketIoLayer;
use socketioxide::{ParserConfig, SocketIo};
use std::collections::HashMap;
use std::convert::Infallible;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};
use tokio::sync::Semaphore;
use tokio::sync::broadcast::error::RecvError;

/// Messages for clients that asked for batches are gathered this long.
const BATCH_EVERY: Duration = Duration::from_millis(50);
/// Messages of one batch at most; older ones are in the history.
const BATCH_MAX: usize = 200;
/// A session is looked up again after this time.
const RECHECK_AFTER: Duration = Duration::from_secs(60);
/// Rooms with more people than are shown tell of comings and goings this often at most.
const ONLINE_EVERY: Duration = Duration::from_millis(500);
/// An event is answered within this time, also when others of its socket wait for the database before it.
const ANSWER_WITHIN: Duration = Duration::from_millis(4500);
/// Between the last word to who floods and its end.
const CUT_AFTER: Duration = Duration::from_millis(250);
/// How often a dead connection is looked for, and how long it may stay silent.
const PING_EVERY: Duration = Duration::from_secs(5);
const PING_TIMEOUT: Duration = Duration::from_secs(4);

/// Who showed a token: the token, whose it is, and when it was looked up.
type Known = (String, Identity, Instant);

/// What is kept of a socket.
struct Connection {
    /// Refused for being too fast, since it last was not.
    refused: AtomicU32,
    /// Token of the handshake.
    token: Option<String>,
    /// Who it showed to be, by which token, in which session, when looked up.
    known: Mutex<Option<Known>>,
    /// One event of a socket after the other, and the first when it is connected.
    turn: Semaphore,
}

/// The layer that serves `/socket.io/`; whatever goes to the rooms goes through it from now on.
pub fn layer(platform: &Arc<Platform>) -> SocketIoLayer {
    let config = &platform.config.chat;
    let bytes_max = config.event_bytes_max;
    let (layer, io) = SocketIo::builder()
        .req_path("/socket.io")
        .max_payload(bytes_max as u64)
        .ws_max_message_size(bytes_max)
        .ws_max_frame_size(bytes_max)
        .max_buffer_size(config.packets_waiting_max)
        .ping_interval(PING_EVERY)
        .ping_timeout(PING_TIMEOUT)
        .with_parser(ParserConfig::common().max_incoming_binaries(0).max_incoming_binary_buf_size(0))
        .build_layer();
    let for_connections = platform.clone();
    // Before the client hears that it is connected: what it says at once would find nobody listening otherwise.
    let before = async move |socket: SocketRef, TryData(auth): TryData<Value>| {
        listen(&for_connections, &socket, auth.ok().as_ref());
        Ok::<(), Infallible>(())
    };
    let connected = async |socket: SocketRef| {
        if let Some(connection) = socket.extensions.get::<Arc<Connection>>() {
            connection.turn.add_permits(1);
        }
    };
    io.ns("/", connected.with(before));
    tokio::spawn(pass_on(platform.clone(), io));
    layer
}

fn listen(platform: &Arc<Platform>, socket: &SocketRef, auth: Option<&Value>) {
    let token = auth.and_then(|auth| auth["token"].as_str()).map(str::to_owned);
    let token = token.or_else(|| token_of_handshake(&socket.req_parts().headers));
    socket.extensions.insert(Arc::new(Connection {
        refused: AtomicU32::new(0),
        token,
        known: Mutex::new(None),
        turn: Semaphore::new(0),
    }));
    for name in ["joinLive", "leaveLive", "comment", "gift"] {
        let platform = platform.clone();
        socket.on(name, async move |socket: SocketRef, TryData(data): TryData<Value>, ack: AckSender| {
            handle(&platform, &socket, name, data.unwrap_or(Value::Null), ack).await;
        });
    }
    let platform = platform.clone();
    socket.on_disconnect(async move |socket: SocketRef| {
        for room_id in platform.chat.presence.rooms_of(socket.id) {
            left(&platform, &socket, room_id).await;
        }
    });
}

/// The token a connection came with. A cookie counts only for pages of this site.
fn token_of_handshake(headers: &HeaderMap) -> Option<String> {
    let (token, by_cookie) = credential(headers)?;
    let from_here = || match headers.get(header::ORIGIN) {
        Some(_) => is_same_site(headers),
        // Browsers leave Origin out when a page asks its own site.
        None => headers.get("sec-fetch-site").is_some_and(|site| site.as_bytes() == b"same-origin"),
    };
    (!by_cookie || from_here()).then(|| token.to_owned())
}

async fn handle(platform: &Platform, socket: &SocketRef, name: &str, data: Value, ack: AckSender) {
    let Some(connection) = socket.extensions.get::<Arc<Connection>>() else { return };
    let answer = match platform.chat.by_socket.check(&socket.id) {
        Ok(()) => {
            connection.refused.store(0, Relaxed);
            let answer = async {
                let _turn = connection.turn.acquire().await;
                answer(platform, socket, &connection, name, &data).await
            };
            let answer = tokio::time::timeout(ANSWER_WITHIN, answer).await;
            // What takes so long is the database.
            let answer = answer.unwrap_or_else(|_| Err(sqlx::Error::PoolTimedOut.into()));
            answer.inspect_err(|error| refuse(socket, error))
        }
        Err(error) => {
            let refused = connection.refused.fetch_add(1, Relaxed) + 1;
            let max = platform.config.chat.refusals_until_cut;
            if refused > max {
                return;
            }
            refuse(socket, &error);
            if refused == max {
                cut_soon(socket.clone());
            }
            Err(error)
        }
    };
    let _ = ack.send(&match answer {
        Ok(value) => value,
        Err(error) => json!({"ok": false, "error": {"code": error.code, "message": error.message,
            "retry_after_ms": error.retry_after.map(|wait| wait.as_millis() as u64)}}),
    });
}

/// Disconnects who does not stop, when what it was told has had time to reach it.
fn cut_soon(socket: SocketRef) {
    tokio::spawn(async move {
        tokio::time::sleep(CUT_AFTER).await;
        let _ = socket.disconnect();
    });
}

async fn answer(
    platform: &Platform,
    socket: &SocketRef,
    connection: &Connection,
    name: &str,
    data: &Value,
) -> Result<Value> {
    let room_id = data["live_id"].as_i64().or_else(|| data["live_id"].as_str()?.parse().ok());
    let room_id = room_id.ok_or_else(|| Error::invalid("live_id", "live_id is the number of a room."))?;
    if name == "leaveLive" {
        // Always works: also after the end, and with a session that ended.
        left(platform, socket, room_id).await;
        return Ok(json!({"ok": true}));
    }
    let scope = if name == "gift" { Scope::Gifts } else { Scope::Chat };
    let user = who(platform, socket, connection, data["token"].as_str(), scope).await?;
    if name == "joinLive" {
        return join(platform, socket, &user, room_id, data["batch"] == true).await;
    }
    if !platform.chat.presence.is_in(room_id, socket.id, user.id) {
        return Err(Error::forbidden("not_in_room", "Join the room first."));
    }
    if name == "gift" {
        return give(platform, &user, room_id, data).await;
    }
    let content = data["data"].as_str();
    let content = content.ok_or_else(|| Error::invalid("data", "data is the text of the message."))?;
    let (colour, mode) =
        (data["colour"].as_str().unwrap_or("#ffffff"), data["mode"].as_str().unwrap_or("scroll"));
    let comment = say(platform, room_id, &user, Message { content, colour, mode }).await?;
    Ok(json!({"ok": true, "id": comment.id}))
}

async fn join(
    platform: &Platform,
    socket: &SocketRef,
    user: &User,
    room_id: i64,
    in_batches: bool,
) -> Result<Value> {
    let config = &platform.config.chat;
    let room = open_room(platform, room_id).await?;
    moderation::may_enter(platform, &room, Some(user)).await?;
    let history = comments::last(&platform.db, room_id, config.history).await?;
    if !platform.chat.presence.join(room_id, socket.id, user.public(), config.rooms_per_socket_max) {
        let max = config.rooms_per_socket_max;
        return Err(Error::forbidden("too_many_rooms", format!("One connection is in at most {max} rooms.")));
    }
    socket.leave([live(room_id), batch(room_id)]);
    socket.join(if in_batches { batch(room_id) } else { live(room_id) });
    if !socket.connected() {
        // It went while its room was looked up; its going was told before its coming.
        platform.chat.presence.leave(room_id, socket.id);
        return Ok(json!({"ok": false}));
    }
    rooms::note_visit(platform, room_id, user.id).await?;
    let _ = socket.emit("history", &json!({"live_id": room_id, "comments": history}));
    if let Some(pinned) = moderation::pinned(&platform.db, room_id).await? {
        let _ = socket.emit("pinned", &json!({"live_id": room_id, "comment": pinned}));
    }
    online(platform, room_id, "join", &user.public()).await;
    Ok(json!({"ok": true, "count": everybody(platform, room_id)}))
}

/// Gives a gift; the room hears of it when it is paid.
async fn give(platform: &Platform, user: &User, room_id: i64, data: &Value) -> Result<Value> {
    // Also of a room that has ended: whether something was paid before is asked first.
    let room = rooms::get(&platform.db, room_id).await?;
    let gift_id = data["gift_id"].as_i64().or_else(|| data["gift_id"].as_str()?.parse().ok());
    let gift_id = gift_id.ok_or_else(|| Error::invalid("gift_id", "gift_id is the number of a gift."))?;
    let (num, key) = (data["num"].as_i64().unwrap_or(1), data["idempotency_key"].as_str());
    let sent = gifts::send(platform, user, &room, gift_id, num, key).await?;
    Ok(json!({"ok": true, "gift": sent}))
}

async fn left(platform: &Platform, socket: &SocketRef, room_id: i64) {
    socket.leave([live(room_id), batch(room_id)]);
    if let Some((user, true)) = platform.chat.presence.leave(room_id, socket.id) {
        online(platform, room_id, "leave", &user).await;
    }
}

/// Tells a room who came or went, and who is there.
async fn online(platform: &Platform, room_id: i64, action: &str, user: &PublicUser) {
    let max = platform.config.chat.online_shown_max;
    if platform.chat.presence.count(room_id) > max && !platform.chat.presence.may_tell(room_id, ONLINE_EVERY)
    {
        return;
    }
    let shown = platform.chat.presence.shown(room_id, max);
    let mut people = shown.people;
    let (_, elsewhere) = audience::elsewhere(platform, room_id);
    for person in elsewhere {
        if people.len() < max && people.iter().all(|shown| shown.id != person.id) {
            people.push(person);
        }
    }
    let payload = json!({"live_id": room_id, "clients": shown.clients, "action": action, "user": user,
        "data": people, "count": everybody(platform, room_id)});
    platform.bus.tell(Event::ToRoom { room_id, event: "online".to_owned(), payload });
    if platform.bus.is_shared()
        && let Ok(Some(room)) = rooms::by_id(&platform.db, room_id).await
    {
        platform.bus.tell(Event::AudienceChanged { room_id, room_name: room.name });
    }
}

/// People in a room's socket, on all servers.
fn everybody(platform: &Platform, room_id: i64) -> usize {
    let (mut people, _) = audience::elsewhere(platform, room_id);
    people.extend(platform.chat.presence.people_of(room_id));
    people.len()
}

/// Who a socket is: by the token of the event, or of the connection.
async fn who(
    platform: &Platform,
    socket: &SocketRef,
    connection: &Connection,
    token: Option<&str>,
    scope: Scope,
) -> Result<Arc<User>> {
    let token = token.filter(|token| !token.is_empty()).or(connection.token.as_deref());
    let token = token.ok_or_else(|| Error::unauthorized("not_signed_in", "Sign in first."))?;
    let known = || connection.known.lock().unwrap_or_else(PoisonError::into_inner);
    let may = |identity: &Identity| match identity.has(Some(scope)) {
        true => Ok(identity.user.clone()),
        false => Err(Error::forbidden("token_scope", "This API token may not do this.")),
    };
    if let Some((of, identity, looked_up)) = &*known()
        && of == token
        && looked_up.elapsed() < RECHECK_AFTER
    {
        return may(identity);
    }
    let ended = || Error::unauthorized("session_ended", "This session has ended; sign in again.");
    let identity = accounts::identify(platform, token).await?.ok_or_else(ended)?;
    let rooms = |identity: &Identity| match identity.session_id {
        Some(session_id) => vec![of_user(identity.user.id), of_session(session_id)],
        None => vec![of_user(identity.user.id)],
    };
    if let Some((_, before, _)) = known().replace((token.to_owned(), identity.clone(), Instant::now())) {
        socket.leave(rooms(&before));
    }
    socket.join(rooms(&identity));
    may(&identity)
}

/// Tells a socket what was wrong, as an event named by its id, in the words clients of the tutorial know.
fn refuse(socket: &SocketRef, error: &Error) {
    let words = match error.code {
        "not_signed_in" => "您没有权限访问该接口!",
        "session_ended" => "Token 令牌不合法!",
        "account_disabled" => "用户不存在或已被禁用",
        "room_not_found" => "直播间不存在",
        "room_idle" => "未开播",
        "room_ended" => "直播已结束",
        "gift_not_found" => "该礼物不存在",
        "not_enough_coins" => "金币不足，请先充值",
        _ => error.message.as_ref(),
    };
    let frame = json!({"meta": {"timestamp": now_ms()},
        "data": {"action": "error", "payload": words, "code": error.code, "message": error.message}});
    let _ = socket.emit(socket.id.to_string(), &frame);
}

/// Passes events of the platform on to the sockets they are for.
async fn pass_on(platform: Arc<Platform>, io: SocketIo) {
    let mut events = platform.bus.listen();
    let mut batches: HashMap<i64, Vec<Value>> = HashMap::new();
    let mut tick = tokio::time::interval(BATCH_EVERY);
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let event = tokio::select! {
            event = events.recv() => event,
            _ = tick.tick() => {
                for (room_id, comments) in batches.drain() {
                    let _ = io.to(batch(room_id)).emit("comments", &comments).await;
                }
                continue;
            }
        };
        match event {
            Ok(Event::ToRoom { room_id, event, payload }) if event == "comment" => {
                let _ = io.to(live(room_id)).emit(&event, &payload).await;
                let waiting = batches.entry(room_id).or_default();
                if waiting.len() < BATCH_MAX {
                    waiting.push(payload);
                }
            }
            Ok(Event::ToRoom { room_id, event, payload }) => {
                let _ = io.to([live(room_id), batch(room_id)]).emit(&event, &payload).await;
            }
            Ok(Event::ToUser { user_id, event, payload }) => {
                let _ = io.to(of_user(user_id)).emit(&event, &payload).await;
                if event == moderation::BANNED_EVENT
                    && let Some(room_id) = payload["live_id"].as_i64()
                {
                    put_out(&platform, &io, room_id, user_id).await;
                }
            }
            Ok(Event::RoomChanged { room_id }) => put_out_strangers(&platform, &io, room_id).await,
            Ok(Event::SignedOut { user_id, session_id }) => {
                let room = session_id.map_or_else(|| of_user(user_id), of_session);
                let _ = io.to(room).disconnect().await;
            }
            Ok(_) => {}
            Err(RecvError::Lagged(missed)) => tracing::warn!(missed, "rooms missed events"),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Takes somebody's sockets out of a room, and closes what it has open to watch it.
async fn put_out(platform: &Platform, io: &SocketIo, room_id: i64, user_id: i64) {
    for id in platform.chat.presence.sockets_of(room_id, user_id) {
        if let Some(socket) = io.get_socket(id) {
            left(platform, &socket, room_id).await;
        }
    }
    if let Ok(Some(room)) = rooms::by_id(&platform.db, room_id).await {
        let _ = audience::turn_away(platform, &room, user_id);
    }
}

/// After a change: who may not be in a room that is private now is told `removed`, and put out.
async fn put_out_strangers(platform: &Platform, io: &SocketIo, room_id: i64) {
    let people = platform.chat.presence.people_of(room_id);
    if people.is_empty() {
        return;
    }
    let room = rooms::by_id(&platform.db, room_id).await.ok().flatten();
    if room.as_ref().is_some_and(|room| room.privacy != "private") {
        return;
    }
    for user_id in people {
        let may_stay = match (&room, accounts::users::by_id(&platform.db, user_id).await) {
            (Some(room), Ok(Some(user))) => moderation::may_enter(platform, room, Some(&user)).await.is_ok(),
            _ => false,
        };
        if !may_stay {
            let _ = io.to(of_user(user_id)).emit("removed", &json!({"live_id": room_id})).await;
            put_out(platform, io, room_id, user_id).await;
        }
    }
}

fn live(room_id: i64) -> String {
    format!("live_{room_id}")
}

/// Members of a room that asked for `comments` instead of `comment`.
fn batch(room_id: i64) -> String {
    format!("batch_{room_id}")
}

fn of_user(user_id: i64) -> String {
    format!("user_{user_id}")
}

fn of_session(session_id: i64) -> String {
    format!("session_{session_id}")
}
