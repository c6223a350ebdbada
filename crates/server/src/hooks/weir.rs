//! The dialect "weir": JSON, signed.
//!
//! `POST` with `{event, id, stream, app, name, protocol, ip, args, at_ms, bytes?}`; `recordDone` has
//! `file: {recorder, path, bytes, duration_ms}` beside it. With a secret, `X-Weir-Signature` is
//! `sha256=` and the HMAC-SHA-256 of the body in hex. `X-Weir-Delivery` names the delivery and stays the same when it is
//! tried again; `X-Weir-Timestamp` is when it was made, unix seconds.
//!
//! Answers to a question: 2xx is yes, unless the body is JSON with `"allow": false`; 4xx is no; with `"reason"` the one
//! who asked is told why. Anything else is no answer at all and follows `on_failure`.

use super::client::{Answer, CallError, Form};
use super::notice::Notice;
use super::{Verdict, plain_text};
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::collections::BTreeMap;

#[derive(Serialize)]
struct Body<'a> {
    event: &'static str,
    id: &'a str,
    stream: Option<&'a str>,
    app: &'a str,
    name: Option<&'a str>,
    protocol: &'static str,
    ip: String,
    args: BTreeMap<&'a str, &'a str>,
    at_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file: Option<File<'a>>,
}

#[derive(Serialize)]
struct File<'a> {
    recorder: &'a str,
    path: std::borrow::Cow<'a, str>,
    bytes: u64,
    duration_ms: u64,
}

pub(super) fn form(notice: &Notice, delivery: &str, secret: &str) -> Form {
    let name = notice.name();
    let body = Body {
        event: notice.event.as_str(),
        id: notice.session_id.as_str(),
        stream: name.map(|_| notice.path.as_str()),
        app: notice.path.app(),
        name,
        protocol: notice.protocol.as_str(),
        ip: notice.ip(),
        args: notice.args.iter().collect(),
        at_ms: notice.at_ms,
        bytes: notice.bytes,
        file: notice.file.as_deref().map(|file| File {
            recorder: &file.recorder,
            path: file.path.to_string_lossy(),
            bytes: file.bytes,
            duration_ms: file.duration_ms,
        }),
    };
    let body = serde_json::to_string(&body).unwrap_or_default();
    let mut headers = vec![
        ("x-weir-event", notice.event.as_str().to_owned()),
        ("x-weir-delivery", delivery.to_owned()),
        ("x-weir-timestamp", (notice.at_ms / 1000).to_string()),
    ];
    if !secret.is_empty() {
        headers.push(("x-weir-signature", signature(secret, body.as_bytes())));
    }
    Form { content_type: "application/json", headers, body }
}

fn signature(secret: &str, body: &[u8]) -> String {
    // HMAC takes keys of any length, so there is no error to speak of.
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret.as_bytes()) else { return String::new() };
    mac.update(body);
    let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256={hex}")
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Said {
    allow: Option<bool>,
    reason: Option<String>,
}

pub(super) fn verdict(answer: &Answer) -> Result<Verdict, CallError> {
    let said: Said = serde_json::from_slice(&answer.body).unwrap_or_default();
    let refuse =
        || Verdict::Refuse(said.reason.as_deref().map_or_else(|| "no reason given".into(), plain_text));
    match answer.status {
        status if status.is_success() && said.allow != Some(false) => Ok(Verdict::Accept),
        status if status.is_success() || status.is_client_error() => Ok(refuse()),
        status => Err(CallError::Status(status)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_rfc_4231() {
        // Test case 2.
        let expected = "sha256=5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
        assert_eq!(signature("Jefe", b"what do ya want for nothing?"), expected);
    }

    #[test]
    fn answers_are_yes_no_or_none() {
        let verdict = |status: u16, body: &'static str| {
            let status = http::StatusCode::from_u16(status).unwrap();
            verdict(&Answer { status, location: None, body: body.as_bytes().into() }).ok()
        };
        for (status, body, expected) in [
            (200, "", Some(Verdict::Accept)),
            (204, "", Some(Verdict::Accept)),
            (200, "ok", Some(Verdict::Accept)),
            (200, r#"{"allow":true}"#, Some(Verdict::Accept)),
            (200, r#"{"allow":false,"reason":"banned"}"#, Some(Verdict::Refuse("banned".into()))),
            (403, r#"{"reason":"banned\u0007"}"#, Some(Verdict::Refuse("banned".into()))),
            (401, "", Some(Verdict::Refuse("no reason given".into()))),
            (302, "", None),
            (500, r#"{"allow":true}"#, None),
        ] {
            assert_eq!(verdict(status, body), expected, "{status} {body}");
        }
    }
}
