//! What admins set while the server runs: the name of the site, who may register, and limits.
//!
//! `GET|PATCH /api/v1/admin/settings`. The configuration says what holds until an admin says otherwise; what an admin
//! said is in the database, and every server on it follows. `GET /api/v1/site` tells everybody the part that pages need.

mod routes;

#[cfg(test)]
mod tests;

pub use routes::routes;

use crate::accounts::{Registration, User};
use crate::bus::Event;
use crate::clock::now_ms;
use crate::db::sql;
use crate::{Config, Error, Platform, Result, admin, text};
use arc_swap::ArcSwap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::sync::Arc;
use tokio::sync::broadcast::error::RecvError;
use utoipa::ToSchema;

/// What can be set.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// What the site is called, 1 to 40 characters.
    pub site_name: String,
    /// Who may register.
    pub registration: Registration,
    /// Rooms of one user that have not ended, 1 to 1000.
    pub rooms_per_user_max: i64,
    /// People one user may follow, 1 to 100000.
    pub following_max: i64,
    /// Characters of a chat message, 1 to 2000.
    pub message_chars_max: i64,
    /// Of one gift at once, 1 to 100000.
    pub gift_num_max: i64,
}

impl Settings {
    /// What holds until an admin says otherwise.
    pub fn configured(config: &Config) -> Self {
        Self {
            site_name: "Weir".to_owned(),
            registration: config.accounts.registration,
            rooms_per_user_max: config.rooms.per_user_max,
            following_max: config.follows.following_max,
            message_chars_max: i64::try_from(config.chat.message_chars_max).unwrap_or(i64::MAX),
            gift_num_max: config.gifts.num_max,
        }
    }

    /// With what is stored in place of what is configured. What cannot be: the error says which and what is expected.
    fn with(config: &Config, stored: Map<String, Value>) -> Result<Self> {
        let mut all =
            serde_json::to_value(Self::configured(config)).map_err(|error| Error::internal(&error))?;
        if let Value::Object(all) = &mut all {
            all.extend(stored);
        }
        let mut settings: Self =
            serde_json::from_value(all).map_err(|error| Error::invalid("setting", format!("{error}.")))?;
        settings.site_name = text::line("site_name", &settings.site_name, 1, 40)?;
        for (name, value, max) in [
            ("rooms_per_user_max", settings.rooms_per_user_max, 1000),
            ("following_max", settings.following_max, 100_000),
            ("message_chars_max", settings.message_chars_max, 2000),
            ("gift_num_max", settings.gift_num_max, 100_000),
        ] {
            if !(1..=max).contains(&value) {
                return Err(Error::invalid("setting", format!("{name} is {value}; 1 to {max} is expected.")));
            }
        }
        Ok(settings)
    }
}

/// The settings in force.
pub struct State(ArcSwap<Settings>);

impl State {
    pub(crate) fn new(config: &Config) -> Self {
        Self(ArcSwap::from_pointee(Settings::configured(config)))
    }
}

impl Platform {
    /// The settings in force.
    pub fn settings(&self) -> Arc<Settings> {
        self.settings.0.load_full()
    }
}

/// Reads what is stored.
pub(crate) async fn load(platform: &Platform) -> Result<()> {
    let rows = platform.db.all(sql("SELECT name, value FROM settings")).await?;
    platform.settings.0.store(Arc::new(Settings::with(&platform.config, parsed(rows))?));
    Ok(())
}

fn parsed(rows: Vec<(String, String)>) -> Map<String, Value> {
    rows.into_iter().filter_map(|(name, value)| Some((name, serde_json::from_str(&value).ok()?))).collect()
}

/// Follows what admins of other servers set, until the platform is gone.
pub(crate) fn follow(platform: &Arc<Platform>) {
    let mut events = platform.bus.listen();
    let weak = Arc::downgrade(platform);
    tokio::spawn(async move {
        loop {
            match events.recv().await {
                Ok(Event::SettingsChanged) | Err(RecvError::Lagged(_)) => {
                    let Some(platform) = weak.upgrade() else { return };
                    if let Err(error) = load(&platform).await {
                        tracing::warn!(%error, "changed settings cannot be read");
                    }
                }
                Ok(_) => {}
                Err(RecvError::Closed) => return,
            }
        }
    });
}

/// Sets what `change` names; null: as configured from now on.
async fn change(platform: &Platform, user: &User, change: Map<String, Value>) -> Result<Arc<Settings>> {
    let mut tx = platform.db.begin().await?;
    let before =
        Settings::with(&platform.config, parsed(tx.all(sql("SELECT name, value FROM settings")).await?))?;
    for (name, value) in change {
        if value.is_null() {
            tx.execute(sql("DELETE FROM settings WHERE name = $1").bind(name)).await?;
            continue;
        }
        let upsert = sql("INSERT INTO settings (name, value, updated_at) VALUES ($1, $2, $3) \
             ON CONFLICT (name) DO UPDATE SET value = excluded.value, updated_at = excluded.updated_at");
        tx.execute(upsert.bind(name).bind(value.to_string()).bind(now_ms())).await?;
    }
    let after =
        Settings::with(&platform.config, parsed(tx.all(sql("SELECT name, value FROM settings")).await?))?;
    let text = |settings: &Settings| serde_json::to_string(settings).map_err(|error| Error::internal(&error));
    admin::record(&mut tx, user, "settings_changed", "settings", &text(&before)?, &text(&after)?).await?;
    tx.commit().await?;
    let after = Arc::new(after);
    platform.settings.0.store(after.clone());
    platform.bus.tell(Event::SettingsChanged);
    Ok(after)
}
