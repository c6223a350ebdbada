//! The dialect "nginx-rtmp": its notify callbacks.
//!
//! `connect` `disconnect` `publish` `publish_done` `play` `play_done` `record_done` as form fields. 2xx is yes; 3xx with a plain name
//! in `Location` is yes under that name, in every format; anything else is no. A `Location` with `rtmp://` asks for a
//! relay, which this server does not start from a hook: it is refused, and the log says so.

use super::Verdict;
use super::client::{Answer, Form};
use super::notice::{HookEvent, Notice};
use hub::StreamPath;

/// Nothing for events that nginx-rtmp has no call for.
pub(super) fn form(notice: &Notice) -> Option<Form> {
    let call = match notice.event {
        HookEvent::PreConnect => "connect",
        HookEvent::DoneConnect => "disconnect",
        HookEvent::PrePublish => "publish",
        HookEvent::DonePublish => "publish_done",
        HookEvent::PrePlay => "play",
        HookEvent::DonePlay => "play_done",
        HookEvent::RecordDone => "record_done",
        HookEvent::PostConnect | HookEvent::PostPublish | HookEvent::PostPlay => return None,
    };
    let (ip, client_id, at_ms) = (notice.ip(), notice.client_number().to_string(), notice.at_ms.to_string());
    let file = notice.file.as_deref().map(|file| (file.recorder.as_str(), file.path.to_string_lossy()));
    let mut fields = vec![
        ("app", notice.path.app()),
        ("flashver", &notice.client.flash_ver),
        ("swfurl", &notice.client.swf_url),
        ("tcurl", &notice.client.tc_url),
        ("pageurl", &notice.client.page_url),
        ("addr", &ip),
        ("clientid", &client_id),
    ];
    match notice.event {
        HookEvent::PreConnect => fields.push(("epoch", &at_ms)),
        HookEvent::DoneConnect => {}
        _ => fields.push(("name", notice.path.name())),
    }
    fields.push(("call", call));
    match notice.event {
        HookEvent::PrePublish => fields.push(("type", "live")),
        HookEvent::PrePlay => fields.extend([("start", "0"), ("duration", "0"), ("reset", "0")]),
        _ => {}
    }
    if let Some((recorder, path)) = &file {
        fields.extend([("recorder", *recorder), ("path", path)]);
    }
    // A client's argument must not pass for a field: readers of forms differ in which of two equal names wins.
    let args: Vec<_> = notice
        .args
        .iter()
        .filter(|(name, _)| !fields.iter().any(|(field, _)| name.eq_ignore_ascii_case(field)))
        .collect();
    let body = super::form_encode(fields.into_iter().chain(args));
    Some(Form { content_type: "application/x-www-form-urlencoded", headers: Vec::new(), body })
}

pub(super) fn verdict(answer: &Answer, event: HookEvent, path: &StreamPath) -> Verdict {
    let refuse = |why: &str| Verdict::Refuse(format!("the hook answered {}{why}", answer.status.as_u16()));
    if answer.status.is_success() {
        return Verdict::Accept;
    }
    if !answer.status.is_redirection() {
        return refuse("");
    }
    let Some(location) = answer.location.as_deref() else { return refuse(" without a Location") };
    if location.starts_with("rtmp://") || location.starts_with("rtmps://") {
        tracing::warn!(
            event = event.as_str(),
            "an nginx-rtmp hook answered with an rtmp:// Location; relays are configured in [pull], so this is a refusal"
        );
        return refuse(" with a relay, which is not started from hooks");
    }
    if event == HookEvent::PreConnect {
        return refuse(" to a connection, which cannot be renamed");
    }
    let name = location.split('?').next().unwrap_or_default().trim_matches('/');
    match StreamPath::from_app_and_name(path.app(), name) {
        Ok(renamed) if !name.contains('/') => Verdict::Rename(renamed),
        _ => refuse(" with a Location that is no plain stream name"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_decides_and_a_plain_name_renames() {
        let path = StreamPath::parse("live/key").unwrap();
        let verdict = |status: u16, location: Option<&str>, event| {
            let status = http::StatusCode::from_u16(status).unwrap();
            let answer = Answer { status, location: location.map(str::to_owned), body: "".into() };
            match verdict(&answer, event, &path) {
                Verdict::Accept => "accept".to_owned(),
                Verdict::Rename(path) => path.to_string(),
                Verdict::Refuse(_) => "refuse".to_owned(),
            }
        };
        use HookEvent::{PreConnect, PrePlay, PrePublish};
        for (status, location, event, expected) in [
            (200, None, PrePublish, "accept"),
            (204, None, PrePlay, "accept"),
            (302, Some("mark"), PrePublish, "live/mark"),
            (301, Some("/mark?x=1"), PrePlay, "live/mark"),
            (302, None, PrePublish, "refuse"),
            (302, Some("rtmp://other/live/mark"), PrePlay, "refuse"),
            (302, Some("http://other/mark"), PrePublish, "refuse"),
            (302, Some("../etc/passwd"), PrePublish, "refuse"),
            (302, Some("other/mark"), PrePublish, "refuse"),
            (302, Some("mark"), PreConnect, "refuse"),
            (403, None, PrePublish, "refuse"),
            (500, None, PrePublish, "refuse"),
        ] {
            assert_eq!(verdict(status, location, event), expected, "{status} {location:?} {event:?}");
        }
    }
}
