//! Whom admins want told: adding, changing, taking away; each written down in the audit log.

use super::{KINDS, PING};
use crate::accounts::User;
use crate::clock::now_ms;
use crate::db::{Db, Tx, sql};
use crate::{Error, Platform, Result, admin, outbound, random, row};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::AssertSqlSafe;
use std::time::Duration;
use utoipa::ToSchema;

row! {
    struct TargetRow {
        id: i64,
        url: String,
        events: String,
        is_active: bool,
        off_reason: String,
        created_at: i64,
    }
}

/// The columns of a [`TargetRow`].
macro_rules! columns {
    () => {
        "id, url, events, is_active, off_reason, created_at"
    };
}

/// A webhook as admins see it.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Target {
    /// Its number.
    pub(super) id: i64,
    /// Where events are posted.
    url: String,
    /// What it is told: `went_live`, `ended`, `follow`, `gift`, `video_ready`, `video_published`; nothing: all.
    events: Vec<String>,
    /// Whether it is told anything now.
    is_active: bool,
    /// Why the server switched it off; empty when it did not.
    off_reason: String,
    /// Unix ms.
    created_at: i64,
}

/// A webhook that was just made.
#[derive(Serialize, ToSchema)]
pub(super) struct NewTarget {
    /// The webhook.
    #[serde(flatten)]
    pub(super) target: Target,
    /// Key of its signatures. Shown this once.
    secret: String,
}

/// A webhook as an admin wishes it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookWish)]
pub(super) struct Wish {
    /// Where events are posted: http or https, on the public internet.
    url: String,
    /// What it is told: `went_live`, `ended`, `follow`, `gift`, `video_ready`, `video_published`; nothing: all.
    #[serde(default)]
    events: Vec<String>,
    /// Whether it is told anything now.
    #[serde(default = "yes")]
    is_active: bool,
}

fn yes() -> bool {
    true
}

/// What is to be changed; what is not named stays.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = WebhookChange)]
pub(super) struct Change {
    /// Where events are posted.
    url: Option<String>,
    /// What it is told; an empty list: all.
    events: Option<Vec<String>>,
    /// Whether it is told anything now. What waited while it was off is told when it is on again.
    is_active: Option<bool>,
}

impl From<TargetRow> for Target {
    fn from(row: TargetRow) -> Self {
        let events = serde_json::from_str(&row.events).unwrap_or_default();
        let TargetRow { id, url, is_active, off_reason, created_at, .. } = row;
        Self { id, url, events, is_active, off_reason, created_at }
    }
}

impl Target {
    /// As it stands in the audit log.
    fn logged(&self) -> String {
        json!({"url": self.url, "events": self.events, "is_active": self.is_active}).to_string()
    }
}

/// All of them, the oldest first; there are never more than `targets_max`.
pub(super) async fn list(db: &Db) -> Result<Vec<Target>> {
    let rows: Vec<TargetRow> =
        db.all(sql(concat!("SELECT ", columns!(), " FROM webhooks ORDER BY id"))).await?;
    Ok(rows.into_iter().map(Target::from).collect())
}

pub(super) async fn add(platform: &Platform, by: &User, wish: Wish) -> Result<NewTarget> {
    let events = checked_events(&wish.events)?;
    check_url(platform, &wish.url).await?;
    let (max, secret) = (platform.config.webhooks.targets_max, random::token());
    let mut tx = platform.db.begin().await?;
    let insert = sql(concat!(
        "INSERT INTO webhooks (url, events, secret, is_active, created_at) SELECT $1, $2, $3, $4, $5 \
         WHERE (SELECT COUNT(*) FROM webhooks) < $6 RETURNING ",
        columns!()
    ));
    let insert = insert.bind(&wish.url).bind(events).bind(&secret).bind(wish.is_active);
    let row: Option<TargetRow> = tx.maybe(insert.bind(now_ms()).bind(max)).await?;
    let target: Target = row
        .ok_or_else(|| {
            let message = format!("There are {max} webhooks, which is the most (webhooks.targets_max).");
            Error::conflict("too_many_webhooks", message)
        })?
        .into();
    admin::record(&mut tx, by, "webhook_added", &format!("webhook {}", target.id), "", &target.logged())
        .await?;
    tx.commit().await?;
    Ok(NewTarget { target, secret })
}

pub(super) async fn change(platform: &Platform, by: &User, id: i64, change: Change) -> Result<Target> {
    let events = change.events.as_deref().map(checked_events).transpose()?;
    if let Some(url) = &change.url {
        check_url(platform, url).await?;
    }
    let mut tx = platform.db.begin().await?;
    let before = locked(&mut tx, id).await?;
    let update = sql(concat!(
        "UPDATE webhooks SET url = COALESCE($2, url), events = COALESCE($3, events), \
         is_active = COALESCE($4, is_active), off_reason = CASE WHEN $5 = TRUE THEN '' ELSE off_reason END \
         WHERE id = $1 RETURNING ",
        columns!()
    ));
    let update = update.bind(id).bind(change.url).bind(events).bind(change.is_active);
    let after: TargetRow = tx.one(update.bind(change.is_active.is_some())).await?;
    let after = Target::from(after);
    admin::record(
        &mut tx,
        by,
        "webhook_changed",
        &format!("webhook {id}"),
        &before.logged(),
        &after.logged(),
    )
    .await?;
    tx.commit().await?;
    Ok(after)
}

/// Takes one away, with everything that waits for it.
pub(super) async fn remove(platform: &Platform, by: &User, id: i64) -> Result<()> {
    let mut tx = platform.db.begin().await?;
    let before = locked(&mut tx, id).await?;
    tx.execute(sql("DELETE FROM webhooks WHERE id = $1").bind(id)).await?;
    admin::record(&mut tx, by, "webhook_removed", &format!("webhook {id}"), &before.logged(), "").await?;
    tx.commit().await?;
    Ok(())
}

/// Puts a `ping` for it alone into the outbox; the `id` that is posted.
pub(super) async fn ping(platform: &Platform, id: i64) -> Result<String> {
    let mut tx = platform.db.begin().await?;
    if !locked(&mut tx, id).await?.is_active {
        return Err(Error::conflict("webhook_off", "This webhook is switched off; switch it on first."));
    }
    let event = super::write(&mut tx, PING, &json!({}), &[id]).await?;
    tx.commit().await?;
    Ok(event)
}

async fn locked(tx: &mut Tx, id: i64) -> Result<Target> {
    let query = format!(concat!("SELECT ", columns!(), " FROM webhooks WHERE id = $1{}"), tx.for_update());
    let row: Option<TargetRow> = tx.maybe(sql(AssertSqlSafe(query)).bind(id)).await?;
    row.map(Target::from).ok_or_else(not_found)
}

pub(super) fn not_found() -> Error {
    Error::not_found("webhook_not_found", "There is no such webhook.")
}

/// As they are stored, each once.
fn checked_events(events: &[String]) -> Result<String> {
    if let Some(unknown) = events.iter().find(|event| !KINDS.contains(&event.as_str())) {
        let unknown: String = unknown.chars().take(40).collect();
        let message = format!("{unknown:?} is no event; {} are (none: all).", KINDS.join(", "));
        return Err(Error::invalid("webhook_event", message));
    }
    let wanted: Vec<&str> =
        KINDS.into_iter().filter(|kind| events.iter().any(|event| event == kind)).collect();
    serde_json::to_string(&wanted).map_err(|error| Error::internal(&error))
}

async fn check_url(platform: &Platform, url: &str) -> Result<()> {
    let limit = Duration::from_millis(platform.config.webhooks.timeout_ms);
    outbound::check(&platform.config.outbound, url, limit)
        .await
        .map_err(|error| Error::invalid("webhook_url", format!("url: {error}.")))
}
