//! The dialect "srs": the `http_hooks` of SRS.
//!
//! `on_connect` `on_close` `on_publish` `on_unpublish` `on_play` `on_stop` `on_dvr` as JSON. Yes is status 200 or 201 with the
//! number 0, or an object whose `code` is 0; whatever else comes back is no, as it is there.

use super::Verdict;
use super::client::{Answer, Form};
use super::notice::{HookEvent, Notice};
use hub::Action;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::sync::OnceLock;

#[derive(Serialize)]
struct Body<'a> {
    server_id: &'a str,
    service_id: &'a str,
    action: &'static str,
    client_id: &'a str,
    ip: String,
    vhost: &'static str,
    app: &'a str,
    #[serde(rename = "tcUrl")]
    tc_url: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream: Option<&'a str>,
    param: String,
    #[serde(rename = "pageUrl", skip_serializing_if = "Option::is_none")]
    page_url: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cwd: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    send_bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recv_bytes: Option<u64>,
}

/// The name SRS gives to what is asked for without `?vhost=`.
const DEFAULT_VHOST: &str = "__defaultVhost__";

/// Nothing for events that SRS has no call for.
pub(super) fn form(notice: &Notice) -> Option<Form> {
    let action = match notice.event {
        HookEvent::PreConnect => "on_connect",
        HookEvent::DoneConnect => "on_close",
        HookEvent::PrePublish => "on_publish",
        HookEvent::DonePublish => "on_unpublish",
        HookEvent::PrePlay => "on_play",
        HookEvent::DonePlay => "on_stop",
        HookEvent::RecordDone => "on_dvr",
        HookEvent::PostConnect | HookEvent::PostPublish | HookEvent::PostPlay => return None,
    };
    let is_close = notice.event == HookEvent::DoneConnect;
    let has_page = matches!(notice.event, HookEvent::PreConnect | HookEvent::PrePlay);
    let name = notice.name().filter(|_| !is_close);
    let of_stream = name.filter(|_| notice.event != HookEvent::PreConnect);
    let bytes_of = |action| is_close.then(|| notice.bytes.filter(|_| notice.action == action).unwrap_or(0));
    let (server_id, service_id) = ids();
    let body = Body {
        server_id,
        service_id,
        action,
        client_id: notice.session_id.as_str(),
        ip: notice.ip(),
        vhost: DEFAULT_VHOST,
        app: notice.path.app(),
        tc_url: &notice.client.tc_url,
        stream: name,
        param: param(notice),
        cwd: notice
            .file
            .as_ref()
            .map(|_| std::env::current_dir().map(|folder| folder.display().to_string()).unwrap_or_default()),
        file: notice.file.as_ref().map(|file| file.path.display().to_string()),
        page_url: has_page.then_some(&notice.client.page_url),
        stream_url: of_stream.map(|_| format!("/{}", notice.path)),
        stream_id: of_stream.map(|_| short_id(notice.path.as_str())),
        send_bytes: bytes_of(Action::Play),
        recv_bytes: bytes_of(Action::Publish),
    };
    let body = serde_json::to_string(&body).unwrap_or_default();
    Some(Form { content_type: "application/json", headers: Vec::new(), body })
}

/// The query as SRS passes it on: with its `?`, or nothing.
fn param(notice: &Notice) -> String {
    match super::form_encode(notice.args.iter()) {
        query if query.is_empty() => query,
        query => format!("?{query}"),
    }
}

/// One of the server and one of this run.
fn ids() -> (&'static str, &'static str) {
    static IDS: OnceLock<(String, String)> = OnceLock::new();
    let (server, service) = IDS.get_or_init(|| {
        let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
        (short_id(&format!("server {}", host.trim())), format!("{:08x}", rand::random::<u32>()))
    });
    (server, service)
}

fn short_id(of: &str) -> String {
    let hex: String = Sha256::digest(of).iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    format!("vid-{hex}")
}

pub(super) fn verdict(answer: &Answer) -> Verdict {
    let refuse = |what: String| Verdict::Refuse(format!("the hook answered {what}, expected code 0"));
    if !matches!(answer.status.as_u16(), 200 | 201) {
        return refuse(format!("with status {}", answer.status.as_u16()));
    }
    let code = match serde_json::from_slice(&answer.body) {
        Ok(Value::Object(said)) => said.get("code").and_then(Value::as_i64),
        Ok(value) => value.as_i64(),
        Err(_) => None,
    };
    match code {
        Some(0) => Verdict::Accept,
        Some(code) => refuse(format!("code {code}")),
        None => refuse("no code".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_0_with_200_or_201_is_yes() {
        let is_yes = |status: u16, body: &'static str| {
            let status = http::StatusCode::from_u16(status).unwrap();
            verdict(&Answer { status, location: None, body: body.as_bytes().into() }) == Verdict::Accept
        };
        for (status, body, expected) in [
            (200, "0", true),
            (201, r#"{"code":0}"#, true),
            (200, r#"{"code":0,"data":{}}"#, true),
            (204, "0", false),
            (200, "", false),
            (200, "1", false),
            (200, "ok", false),
            (200, r#"{"code":1}"#, false),
            (200, r#"{"code":"0"}"#, false),
            (200, "{}", false),
            (200, "[0]", false),
            (404, "0", false),
            (500, r#"{"code":0}"#, false),
        ] {
            assert_eq!(is_yes(status, body), expected, "{status} {body}");
        }
    }
}
