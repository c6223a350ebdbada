//! The worker: posts what waits in the outbox, again and ever more rarely while it fails, and forgets what is old.
//!
//! Whoever sends a delivery moves its `due_at` behind the end of the attempt first. So two servers on one database never
//! send it at the same time, and what a server was sending when it died is sent again by the next.

use crate::clock::now_ms;
use crate::db::sql;
use crate::{Platform, Result, outbound, row};
use bytes::Bytes;
use hmac::{Hmac, Mac};
use http::{HeaderMap, HeaderName, HeaderValue, header};
use rand::Rng;
use rand::seq::SliceRandom;
use serde_json::json;
use sha2::Sha256;
use std::collections::HashMap;
use std::fmt::Write;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often the outbox is looked into; servers write to it without telling each other.
const LOOK_EVERY: Duration = Duration::from_millis(500);
/// How often what is old is forgotten, and who is hopelessly behind is switched off.
const TIDY_EVERY: Duration = Duration::from_secs(60);
/// Calls to one webhook at once, so that one that hangs leaves places for the others.
const PER_TARGET_MAX: usize = 4;
/// A delivery is held this much longer than its attempt may take: for slow statements and clocks that differ.
const HOLD_SLACK_MS: i64 = 30_000;
/// Wait between attempts at most.
const RETRY_MAX_MS: i64 = 3_600_000;
/// Rows forgotten with one statement.
const FORGET_AT_ONCE: i64 = 1000;

row! {
    /// A webhook for which something is due.
    struct Due {
        id: i64,
        url: String,
        secret: String,
    }
}

/// A delivery this server sends now, held until `due_at`.
struct Held {
    id: i64,
    event_id: i64,
    attempts: i64,
}

/// Posts what waits, until the platform is gone.
pub(crate) fn start(platform: &Arc<Platform>) {
    let weak = Arc::downgrade(platform);
    tokio::spawn(async move {
        let mut look = interval(LOOK_EVERY);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut calls, mut places) = (JoinSet::new(), HashMap::new());
        let mut tidied = Instant::now();
        loop {
            tokio::select! {
                _ = look.tick() => {}
                Some(_) = calls.join_next(), if !calls.is_empty() => {}
            }
            let Some(platform) = weak.upgrade() else { return };
            if let Err(error) = send_what_is_due(&platform, &mut calls, &mut places).await {
                tracing::warn!(%error, "webhooks wait, since the outbox cannot be read");
            }
            if tidied.elapsed() >= TIDY_EVERY {
                tidied = Instant::now();
                if let Err(error) = tidy(&platform).await {
                    tracing::warn!(%error, "old deliveries of webhooks could not be forgotten");
                }
            }
        }
    });
}

async fn send_what_is_due(
    platform: &Arc<Platform>,
    calls: &mut JoinSet<()>,
    places: &mut HashMap<i64, Arc<Semaphore>>,
) -> Result<()> {
    places.retain(|_, of_target| of_target.available_permits() < PER_TARGET_MAX);
    if calls.len() >= platform.config.webhooks.at_once_max {
        return Ok(());
    }
    let due = sql("SELECT id, url, secret FROM webhooks WHERE is_active = TRUE AND EXISTS (SELECT 1 \
         FROM webhook_deliveries WHERE webhook_id = webhooks.id AND state = 'waiting' AND due_at <= $1)");
    let mut targets: Vec<Due> = platform.db.all(due.bind(now_ms())).await?;
    // Whoever is first takes places; several that hang shall not take all of them every time.
    targets.shuffle(&mut rand::rng());
    for target in targets {
        let of_target =
            places.entry(target.id).or_insert_with(|| Arc::new(Semaphore::new(PER_TARGET_MAX))).clone();
        let mut free = Vec::new();
        while calls.len() + free.len() < platform.config.webhooks.at_once_max
            && let Ok(place) = of_target.clone().try_acquire_owned()
        {
            free.push(place);
        }
        let target = Arc::new(target);
        for (held, place) in hold(platform, target.id, free.len()).await?.into_iter().zip(free) {
            calls.spawn(deliver(platform.clone(), target.clone(), held, place));
        }
    }
    Ok(())
}

/// Takes `count` due deliveries for this server, the oldest first.
async fn hold(platform: &Platform, webhook_id: i64, count: usize) -> Result<Vec<Held>> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let now = now_ms();
    let timeout_ms = i64::try_from(platform.config.webhooks.timeout_ms).unwrap_or(i64::MAX);
    let until = now.saturating_add(timeout_ms).saturating_add(HOLD_SLACK_MS);
    // The outer condition is looked at again when another server changed the row meanwhile.
    let hold = sql(
        "UPDATE webhook_deliveries SET due_at = $3, attempts = attempts + 1 WHERE id IN (SELECT id \
         FROM webhook_deliveries WHERE webhook_id = $1 AND state = 'waiting' AND due_at <= $2 ORDER BY id LIMIT $4) \
         AND state = 'waiting' AND due_at <= $2 RETURNING id, event_id, attempts",
    );
    let hold = hold.bind(webhook_id).bind(now).bind(until).bind(i64::try_from(count).unwrap_or(i64::MAX));
    let mut held: Vec<(i64, i64, i64)> = platform.db.all(hold).await?;
    held.sort_unstable();
    Ok(held.into_iter().map(|(id, event_id, attempts)| Held { id, event_id, attempts }).collect())
}

async fn deliver(platform: Arc<Platform>, target: Arc<Due>, held: Held, _place: OwnedSemaphorePermit) {
    let result = match post(&platform, &target, &held).await {
        Ok(answer) => note(&platform, &target, &held, answer).await,
        Err(error) => Err(error),
    };
    if let Err(error) = result {
        // It stays held for a while, and then is sent again.
        tracing::warn!(%error, webhook = target.id, delivery = held.id, "what became of a delivery is not known");
    }
}

/// What an attempt gave: the answer's status, or why there is none.
type Answer = std::result::Result<http::StatusCode, outbound::Error>;

async fn post(platform: &Platform, target: &Due, held: &Held) -> Result<Answer> {
    let event = sql("SELECT name, kind, data, created_at FROM webhook_events WHERE id = $1");
    let (name, kind, data, created_at): (String, String, String, i64) =
        platform.db.one(event.bind(held.event_id)).await?;
    let data: serde_json::Value =
        serde_json::from_str(&data).map_err(|error| crate::Error::internal(&error))?;
    let body = json!({"id": name, "type": kind, "created_at": created_at, "data": data}).to_string();
    let timestamp = (now_ms() / 1000).to_string();
    let signature = sign(&target.secret, &timestamp, &body)?;
    let mut headers = HeaderMap::new();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    for (name, value) in [
        ("x-weir-event", kind),
        ("x-weir-delivery", held.id.to_string()),
        ("x-weir-timestamp", timestamp),
        ("x-weir-signature", format!("sha256={signature}")),
    ] {
        let value = HeaderValue::try_from(value).map_err(|error| crate::Error::internal(&error))?;
        headers.insert(HeaderName::from_static(name), value);
    }
    let limit = Duration::from_millis(platform.config.webhooks.timeout_ms);
    Ok(outbound::post(&platform.config.outbound, &target.url, headers, Bytes::from(body), limit).await)
}

fn sign(secret: &str, timestamp: &str, body: &str) -> Result<String> {
    let mut mac =
        Hmac::<Sha256>::new_from_slice(secret.as_bytes()).map_err(|error| crate::Error::internal(&error))?;
    mac.update(timestamp.as_bytes());
    mac.update(b".");
    mac.update(body.as_bytes());
    let bytes = mac.finalize().into_bytes();
    Ok(bytes.iter().fold(String::with_capacity(64), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

/// Writes down what became of an attempt. `attempts` tells whether the row is still held by this one.
async fn note(platform: &Platform, target: &Due, held: &Held, answer: Answer) -> Result<()> {
    let config = &platform.config.webhooks;
    let (status, error) = match answer {
        Ok(status) if status.is_success() => (Some(status), String::new()),
        Ok(status) if status.is_redirection() => {
            (Some(status), format!("the answer is {status}; redirects are not followed"))
        }
        Ok(status) => (Some(status), format!("the answer is {status}")),
        Err(error) => (None, error.to_string()),
    };
    let now = now_ms();
    let state = match error.is_empty() {
        true => "delivered",
        false if held.attempts >= config.attempts_max => "failed",
        false => "waiting",
    };
    let due_at = if state == "waiting" { now + wait_ms(config.retry_ms, held.attempts) } else { now };
    let update =
        sql("UPDATE webhook_deliveries SET state = $3, status = $4, error = $5, due_at = $6, done_at = $7 \
         WHERE id = $1 AND attempts = $2 AND state = 'waiting'");
    let update = update.bind(held.id).bind(held.attempts).bind(state);
    let update = update.bind(status.map(|status| i64::from(status.as_u16()))).bind(&error).bind(due_at);
    platform.db.execute(update.bind((state != "waiting").then_some(now))).await?;
    if state == "failed" {
        let reason = format!("{} attempts failed; the last one: {error}", held.attempts);
        switch_off_if_dead(platform, target.id, held.event_id, &reason).await?;
    }
    Ok(())
}

/// Milliseconds until the next attempt: doubled each time, and somewhere between half of that and all of it, so that
/// what failed together is not sent together again.
fn wait_ms(retry_ms: i64, attempts: i64) -> i64 {
    let doublings = u32::try_from(attempts - 1).unwrap_or(0).min(30);
    let whole = retry_ms.max(1).saturating_mul(1 << doublings).min(RETRY_MAX_MS);
    rand::rng().random_range(whole / 2..=whole)
}

/// Switches a webhook off when nothing was delivered to it since `event_id` happened, which it never heard of.
async fn switch_off_if_dead(platform: &Platform, id: i64, event_id: i64, reason: &str) -> Result<()> {
    let update =
        sql("UPDATE webhooks SET is_active = FALSE, off_reason = $3 WHERE id = $1 AND is_active = TRUE \
         AND NOT EXISTS (SELECT 1 FROM webhook_deliveries WHERE webhook_id = $1 AND state = 'delivered' \
         AND done_at >= (SELECT created_at FROM webhook_events WHERE id = $2))");
    if platform.db.execute(update.bind(id).bind(event_id).bind(reason)).await? > 0 {
        tracing::warn!(webhook = id, reason, "a webhook was switched off");
    }
    Ok(())
}

/// Switches off who is hopelessly behind, and forgets what happened long ago, told or not.
pub(super) async fn tidy(platform: &Platform) -> Result<()> {
    let config = &platform.config.webhooks;
    let behind = sql(
        "UPDATE webhooks SET is_active = FALSE, off_reason = $2 WHERE is_active = TRUE AND $1 < \
         (SELECT COUNT(*) FROM webhook_deliveries WHERE webhook_id = webhooks.id AND state = 'waiting') RETURNING id",
    );
    let reason =
        format!("more than {} events waited, so it was too slow (webhooks.waiting_max)", config.waiting_max);
    for (id,) in platform.db.all::<(i64,)>(behind.bind(config.waiting_max).bind(&reason)).await? {
        tracing::warn!(webhook = id, reason, "a webhook was switched off");
    }
    let before = now_ms() - config.keep_days.saturating_mul(24 * 3_600_000);
    loop {
        let forget = sql("DELETE FROM webhook_events WHERE id IN \
             (SELECT id FROM webhook_events WHERE created_at < $1 ORDER BY created_at LIMIT $2)");
        let forgotten = platform.db.execute(forget.bind(before).bind(FORGET_AT_ONCE)).await?;
        if i64::try_from(forgotten).is_ok_and(|forgotten| forgotten < FORGET_AT_ONCE) {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_doubles_within_its_limit_and_is_never_the_same_for_all() {
        for (attempts, whole) in
            [(1, 1000), (2, 2000), (5, 16_000), (12, 2_048_000), (13, RETRY_MAX_MS), (1000, RETRY_MAX_MS)]
        {
            let waits: Vec<i64> = (0..50).map(|_| wait_ms(1000, attempts)).collect();
            assert!(waits.iter().all(|wait| (whole / 2..=whole).contains(wait)), "{attempts}: {waits:?}");
            assert!(waits.iter().any(|wait| *wait != waits[0]), "{attempts}");
        }
    }

    #[test]
    fn the_signature_is_what_others_compute() {
        // printf '1700000000.{"id":1}' | openssl dgst -sha256 -hmac secret
        assert_eq!(
            sign("secret", "1700000000", "{\"id\":1}").unwrap(),
            "3dd1b9aef568d75f6790a84bd2e5dfa1f44409eef3cbdbd3f10b837376100c11"
        );
    }
}
