//! People, rooms, chat, gifts and money: everything around the stream.
//!
//! One folder per feature, each with its routes, its statements and its tests; a feature calls another's public
//! functions and never reads its tables. The database is one of two ([`db`]), events go to other features and other
//! servers over the [`bus`]. This crate knows streams by their public path ([`hub`]) and nothing of how media is sent.

pub mod accounts;
pub mod admin;
pub mod analytics;
pub mod audience;
pub mod backup;
pub mod blocks;
pub mod bus;
pub mod caller;
pub mod chat;
pub mod clock;
pub mod db;
pub mod error;
pub mod extract;
pub mod follows;
pub mod gate;
pub mod gifts;
pub mod health;
pub mod history;
mod housekeeping;
pub mod images;
pub mod jobs;
pub mod keys;
pub mod limiter;
pub mod moderation;
pub mod notifications;
pub mod openapi;
pub mod outbound;
pub mod page;
pub mod random;
pub mod recordings;
pub mod rooms;
pub mod settings;
pub mod text;
pub mod tokens;
pub mod uploads;
pub mod videos;
pub mod wallet;
pub mod webhooks;

#[cfg(test)]
mod access;
#[cfg(test)]
mod testing;

pub use error::{Error, Result};

use bus::Bus;
use db::Db;
use hub::Hub;
use objects::Objects;
use std::path::PathBuf;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;

/// The settings, by feature. The keys are explained in `config/default.toml`.
#[derive(Clone, Debug)]
pub struct Config {
    /// Where what must survive a restart is kept.
    pub data_dir: PathBuf,
    /// Proxy in front whose `X-Forwarded-For` is believed.
    pub trusted_proxy: Option<std::net::IpAddr>,
    /// How to reach the database.
    pub database: db::Config,
    /// Redis or Valkey that servers on one database share; empty: this one is alone.
    pub redis_url: String,
    /// Accounts.
    pub accounts: accounts::Config,
    /// Chat.
    pub chat: chat::Config,
    /// Rooms.
    pub rooms: rooms::Config,
    /// What is recorded and how long it is kept.
    pub recordings: recordings::Config,
    /// Clips.
    pub clips: recordings::ClipsConfig,
    /// Pictures people upload.
    pub images: images::Config,
    /// Files on their way to become videos.
    pub uploads: uploads::Config,
    /// What is around videos.
    pub videos: videos::Config,
    /// Keeping order.
    pub moderation: moderation::Config,
    /// Gifts.
    pub gifts: gifts::Config,
    /// Coins.
    pub wallet: wallet::Config,
    /// Who follows whom.
    pub follows: follows::Config,
    /// Notifications.
    pub notifications: notifications::Config,
    /// Calls to addresses people typed in.
    pub outbound: outbound::Config,
    /// Whom programs of others are told.
    pub webhooks: webhooks::Config,
}

/// Everything the features share.
pub struct Platform {
    /// The settings.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// The streams.
    pub hub: Arc<Hub>,
    /// The media files.
    pub objects: Objects,
    /// What happens, for other features and other servers.
    pub bus: Bus,
    /// Tokens in addresses of streams.
    pub tokens: Arc<dyn tokens::Tokens>,
    /// What admins set.
    settings: settings::State,
    /// What accounts keep in memory.
    pub accounts: accounts::State,
    /// Who watches through other servers.
    audience: audience::State,
    /// What chat keeps in memory.
    pub chat: chat::State,
    /// When the books were checked last.
    pub wallet: wallet::watch::State,
    /// What images keep in memory.
    images: images::State,
    /// What uploads keep in memory.
    uploads: uploads::State,
    /// What videos keep in memory.
    videos: videos::Memory,
    /// What moderation keeps in memory.
    moderation: moderation::State,
    /// What recordings keep in memory.
    pub recordings: recordings::Memory,
    /// How streams come in.
    pub health: health::State,
}

impl Platform {
    /// Opens the database and starts what works by itself.
    pub async fn open(
        config: Config,
        objects: Objects,
        hub: Arc<Hub>,
        tokens: Arc<dyn tokens::Tokens>,
    ) -> Result<Arc<Self>, OpenError> {
        let bus = Bus::connect(&config.redis_url)?;
        let db = Db::open(&config.database, &config.data_dir).await?;
        let is_alone = config.redis_url.is_empty();
        let platform = Self::on(config, db, objects, hub, bus, tokens);
        settings::load(&platform).await.map_err(OpenError::Settings)?;
        if is_alone {
            // There may be thousands; nobody waits for it.
            let weak = Arc::downgrade(&platform);
            tokio::spawn(async move {
                if let Err(error) = rooms::status::settle_all(&weak).await {
                    tracing::warn!(%error, "rooms that were live when the server stopped could not be paused");
                }
            });
        }
        Ok(platform)
    }

    /// Opens the database for a program that works beside the servers, and starts nothing.
    pub async fn beside(
        config: Config,
        objects: Objects,
        hub: Arc<Hub>,
        tokens: Arc<dyn tokens::Tokens>,
    ) -> Result<Arc<Self>, OpenError> {
        let bus = Bus::connect(&config.redis_url)?;
        let db = Db::open(&config.database, &config.data_dir).await?;
        let platform = Arc::new(Self::idle(config, db, objects, hub, bus, tokens));
        settings::load(&platform).await.map_err(OpenError::Settings)?;
        Ok(platform)
    }

    /// On a database that is open already. Must be called on a tokio runtime.
    pub fn on(
        config: Config,
        db: Db,
        objects: Objects,
        hub: Arc<Hub>,
        bus: Bus,
        tokens: Arc<dyn tokens::Tokens>,
    ) -> Arc<Self> {
        let platform = Arc::new(Self::idle(config, db, objects, hub, bus, tokens));
        platform.start();
        platform
    }

    fn idle(
        config: Config,
        db: Db,
        objects: Objects,
        hub: Arc<Hub>,
        bus: Bus,
        tokens: Arc<dyn tokens::Tokens>,
    ) -> Self {
        let settings = settings::State::new(&config);
        let accounts = accounts::State::new(&config.accounts);
        let chat = chat::State::new(&config.chat, &db);
        let moderation = moderation::State::new(&config.moderation);
        let recordings = recordings::Memory::new(&config.clips);
        let images = images::State::new(&config.images);
        let uploads = uploads::State::new(&config.uploads);
        let videos = videos::Memory::start(&config.videos, &db);
        Self {
            config,
            db,
            objects,
            hub,
            bus,
            tokens,
            settings,
            accounts,
            chat,
            wallet: wallet::watch::State::default(),
            images,
            uploads,
            videos,
            recordings,
            moderation,
            audience: audience::State::default(),
            health: health::State::default(),
        }
    }

    /// Starts what works by itself.
    fn start(self: &Arc<Self>) {
        audience::share(self);
        rooms::cuts::follow(self);
        housekeeping::start(self);
        wallet::watch::start(self);
        self.accounts.passwords.prepare();
        settings::follow(self);
        rooms::status::follow(self);
        rooms::broadcasts::start(self);
        health::start(self);
        jobs::follow(self);
        webhooks::start(self);
        uploads::start(self);
    }
}

/// Why a platform cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The database cannot be reached or brought up to date.
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// What admins set cannot be read.
    #[error("the settings in the database cannot be read: {0}")]
    Settings(Error),
    /// What connects servers cannot be used.
    #[error(transparent)]
    Bus(#[from] bus::ConnectError),
}

/// All routes under `/api/v1/`, with their description.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .merge(chat::routes())
        .merge(moderation::routes())
        .merge(accounts::routes())
        .merge(settings::routes())
        .merge(images::routes())
        .merge(jobs::routes())
        .merge(admin::routes())
        .merge(recordings::routes())
        .merge(rooms::routes())
        .merge(gifts::routes())
        .merge(wallet::routes())
        .merge(follows::routes())
        .merge(blocks::routes())
        .merge(notifications::routes())
        .merge(history::routes())
        .merge(health::routes())
        .merge(keys::routes())
        .merge(uploads::routes())
        .merge(videos::routes())
        .merge(analytics::routes())
        .merge(webhooks::routes())
}
