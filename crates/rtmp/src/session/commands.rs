//! What a server does with each command (RTMP 1.0 §7.2, and what encoders and players in use send beyond it).

use super::event::{Connect, Event, PublishType, RequestId};
use super::link::WINDOW_ACK_SIZE_BYTES;
use super::server::{MessageStream, Role, ServerSession, status_info};
use super::status;
use crate::command::Command;
use crate::message::type_id;
use crate::{Capabilities, Error};
use flv::amf0::Value;

/// What servers answer to `connect`; clients look at no more than that there is something.
const SERVER_VERSION: &str = "FMS/3,5,7,7009";
const SERVER_CAPABILITIES: f64 = 31.0;

/// RTMP 1.0 §5.4.5: the peer may lower its limit, and raise it again.
const PEER_BANDWIDTH_DYNAMIC: u8 = 2;

pub(super) fn on_command(
    session: &mut ServerSession,
    command: &Command,
    stream_id: u32,
) -> Result<(), Error> {
    let name = command.name.as_str();
    if name == "connect" {
        return connect(session, command);
    }
    if !session.is_connected {
        return Err(Error::NotConnected { name: name.chars().take(NAME_SHOWN_CHARS_MAX).collect() });
    }
    match name {
        "createStream" => create_stream(session, command),
        "publish" => publish(session, command, stream_id)?,
        "play" => play(session, command, stream_id)?,
        "pause" | "pauseRaw" => pause(session, command, stream_id),
        "receiveAudio" | "receiveVideo" => receive(session, command, stream_id),
        "closeStream" => close(session, stream_id),
        "deleteStream" => {
            // A float to integer cast saturates.
            let id = command.arg(0).as_f64().map_or(stream_id, |id| id as u32);
            close(session, id);
            session.streams.retain(|stream| stream.id != id);
        }
        "FCPublish" => {
            session.has_fc_publish = true;
            succeed(session, command, Value::Undefined);
        }
        "FCUnpublish" => {
            let info = status_info("status", status::UNPUBLISH_SUCCESS, &command.text_arg(0));
            session.send_command(0, "onFCUnpublish", 0.0, &[Value::Null, info]);
            succeed(session, command, Value::Undefined);
        }
        "FCSubscribe" => {
            let info = status_info("status", status::PLAY_START, &command.text_arg(0));
            session.send_command(0, "onFCSubscribe", 0.0, &[Value::Null, info]);
        }
        "getStreamLength" => succeed(session, command, Value::Number(0.0)),
        "releaseStream" | "_checkbw" | "FCUnsubscribe" => succeed(session, command, Value::Undefined),
        "seek" => session.send_status(stream_id, "error", status::SEEK_FAILED, "a live stream cannot seek"),
        "play2" => session.send_status(stream_id, "error", status::PLAY_FAILED, "play2 is not supported"),
        // Answers to what we never asked.
        "_result" | "_error" | "onStatus" => {}
        _ => fail(session, command, "no such command"),
    }
    Ok(())
}

/// How much of a name somebody made up goes into an error.
const NAME_SHOWN_CHARS_MAX: usize = 32;

fn connect(session: &mut ServerSession, command: &Command) -> Result<(), Error> {
    if std::mem::replace(&mut session.is_connected, true) {
        return Err(Error::AlreadyConnected);
    }
    let object = command.object();
    let text = |key| object.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
    let capabilities = Capabilities::read(object);
    let object_encoding = object.get("objectEncoding").and_then(Value::as_f64).unwrap_or(0.0);

    session.link.send_control(type_id::WINDOW_ACK_SIZE, &WINDOW_ACK_SIZE_BYTES.to_be_bytes());
    let [a, b, c, d] = WINDOW_ACK_SIZE_BYTES.to_be_bytes();
    session.link.send_control(type_id::SET_PEER_BANDWIDTH, &[a, b, c, d, PEER_BANDWIDTH_DYNAMIC]);
    session.link.send_chunk_size(session.outgoing_chunk_size);
    let properties = [("fmsVer", SERVER_VERSION.into()), ("capabilities", SERVER_CAPABILITIES.into())];
    let mut info = vec![
        ("level", "status".into()),
        ("code", status::CONNECT_SUCCESS.into()),
        ("description", "connected".into()),
        ("objectEncoding", object_encoding.into()),
    ];
    if capabilities.is_enhanced() {
        info.extend(Capabilities::ours());
    }
    let values = [Value::object(properties), Value::object(info)];
    session.send_command(0, "_result", command.transaction_id, &values);

    let flash_ver = object.get("flashVer").or_else(|| object.get("flashver"));
    session.events.push_back(Event::Connected(Box::new(Connect {
        app: text("app"),
        tc_url: text("tcUrl"),
        flash_ver: flash_ver.and_then(Value::as_str).unwrap_or_default().to_owned(),
        page_url: text("pageUrl"),
        swf_url: text("swfUrl"),
        capabilities,
    })));
    Ok(())
}

fn create_stream(session: &mut ServerSession, command: &Command) {
    if session.streams.len() >= session.limits.message_streams_max {
        return fail(session, command, "too many message streams");
    }
    let mut id: u32 = 1;
    while session.stream(id).is_some() {
        id = id.saturating_add(1);
    }
    session.streams.push(MessageStream::new(id));
    succeed(session, command, f64::from(id).into());
}

fn publish(session: &mut ServerSession, command: &Command, stream_id: u32) -> Result<(), Error> {
    if *command.arg(0) == Value::Boolean(false) {
        close(session, stream_id);
        return Ok(());
    }
    let stream_name = command.text_arg(0);
    let publish_type = PublishType::of(&command.text_arg(1));
    let stream = session.stream(stream_id);
    let stream = stream.ok_or(Error::NoMessageStream { command: "publish", message_stream_id: stream_id })?;
    if stream.role != Role::Idle {
        let description = "this message stream is in use already";
        session.send_status(stream_id, "error", status::PUBLISH_BAD_NAME, description);
        return Ok(());
    }
    if let Some(request) = request(session, stream_id, Role::Publish, &stream_name) {
        session.update_message_limit();
        let message_stream_id = stream_id;
        session.events.push_back(Event::PublishRequested {
            request,
            message_stream_id,
            stream_name,
            publish_type,
        });
    }
    Ok(())
}

fn play(session: &mut ServerSession, command: &Command, stream_id: u32) -> Result<(), Error> {
    if *command.arg(0) == Value::Boolean(false) {
        close(session, stream_id);
        return Ok(());
    }
    let stream_name = command.text_arg(0);
    if session.stream(stream_id).is_none() {
        return Err(Error::NoMessageStream { command: "play", message_stream_id: stream_id });
    }
    // A player may change to another stream.
    close(session, stream_id);
    if let Some(request) = request(session, stream_id, Role::Play, &stream_name) {
        session.events.push_back(Event::PlayRequested {
            request,
            message_stream_id: stream_id,
            stream_name,
            start: command.arg(1).as_f64().unwrap_or(-2.0),
            duration: command.arg(2).as_f64().unwrap_or(-1.0),
            reset: match command.arg(3) {
                Value::Boolean(reset) => *reset,
                Value::Number(reset) => *reset != 0.0,
                _ => true,
            },
        });
    }
    Ok(())
}

/// Notes what the peer wants from the message stream.
fn request(session: &mut ServerSession, stream_id: u32, role: Role, stream_name: &str) -> Option<RequestId> {
    session.requests = session.requests.wrapping_add(1);
    let request = RequestId(session.requests);
    let stream = session.stream(stream_id)?;
    stream.role = role;
    stream.request = Some(request);
    stream.stream_name = stream_name.to_owned();
    Some(request)
}

fn pause(session: &mut ServerSession, command: &Command, stream_id: u32) {
    if session.stream(stream_id).is_none_or(|stream| stream.role != Role::Play) {
        return;
    }
    let paused = command.arg(0).as_bool().unwrap_or(true);
    let (code, description) =
        if paused { (status::PAUSE_NOTIFY, "paused") } else { (status::UNPAUSE_NOTIFY, "going on") };
    session.send_status(stream_id, "status", code, description);
    session.events.push_back(Event::PauseRequested { message_stream_id: stream_id, paused });
}

fn receive(session: &mut ServerSession, command: &Command, stream_id: u32) {
    if session.stream(stream_id).is_none_or(|stream| stream.role != Role::Play) {
        return;
    }
    let (message_stream_id, enabled) = (stream_id, command.arg(0).as_bool().unwrap_or(true));
    session.events.push_back(match command.name.as_str() {
        "receiveAudio" => Event::ReceiveAudio { message_stream_id, enabled },
        _ => Event::ReceiveVideo { message_stream_id, enabled },
    });
}

/// Ends what the message stream is used for, because the peer wants it.
fn close(session: &mut ServerSession, stream_id: u32) {
    let message_stream_id = stream_id;
    if session.take_role(stream_id, Role::Publish) {
        session.send_status(stream_id, "status", status::UNPUBLISH_SUCCESS, "no longer publishing");
        session.events.push_back(Event::PublishEnded { message_stream_id });
    } else if session.take_role(stream_id, Role::Play) {
        session.events.push_back(Event::PlayEnded { message_stream_id });
    }
}

fn succeed(session: &mut ServerSession, command: &Command, value: Value) {
    // 0 says that no answer is wanted (§7.2.1.2).
    if command.transaction_id != 0.0 {
        session.send_command(0, "_result", command.transaction_id, &[Value::Null, value]);
    }
}

fn fail(session: &mut ServerSession, command: &Command, description: &str) {
    if command.transaction_id != 0.0 {
        let info = status_info("error", status::CALL_FAILED, description);
        session.send_command(0, "_error", command.transaction_id, &[Value::Null, info]);
    }
}
