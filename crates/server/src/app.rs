//! All wiring: which part gets which other part, and the order of start and stop.

use crate::admin::Guard;
use crate::auth::{self, AuthGate, Signer};
use crate::config::{Config, HlsMode};
use crate::hooks::Hooks;
use crate::http::HttpServer;
use crate::library::PlatformLibrary;
use crate::traffic::Traffic;
use crate::worker::{self, Workshop};
use crate::{api, compat, people, pulls, record, tls, web};
use anyhow::Context;
use axum::Router;
use gateway::delivery::Feeds;
use gateway::delivery::segmented::{self, Segmented};
use gateway::delivery::stored::{self, Stored};
use gateway::ingest::pull::{self, Pulls};
use gateway::ingest::rtmp::RtmpServer;
use gateway::record::Recorder;
use gateway::record::flv::FlvRecorder;
use gateway::writer::{self, Writers};
use gateway::{Gateway, Limiter};
use http::{HeaderValue, header};
use hub::Hub;
use platform::Platform;
use platform::accounts::first_admin;
use platform::gate::RoomGate;
use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tower_http::cors::{AllowOrigin, Any, CorsLayer};

/// A running server.
pub struct App {
    config: Config,
    gateway: Arc<Gateway>,
    hooks: Arc<Hooks>,
    recorder: Arc<Recorder>,
    flv_recorder: Arc<FlvRecorder>,
    platform: Arc<Platform>,
    /// What does the work on videos.
    jobs: JoinSet<()>,
    stopping: watch::Sender<bool>,
    http_address: SocketAddr,
    rtmp_address: Option<SocketAddr>,
    /// What names the first admin, when there is none.
    setup_token: Option<String>,
}

/// What the handlers of the server's own pages and API share.
pub struct State {
    /// The media side.
    pub gateway: Arc<Gateway>,
    /// The settings.
    pub config: Config,
    /// Connections over HTTP and RTMP.
    pub limiters: Limiters,
    /// Becomes true when the server stops.
    pub stopping: watch::Receiver<bool>,
    /// When the server started.
    pub started: std::time::Instant,
    /// Keeps strangers from the surfaces for operators.
    pub guard: Arc<Guard>,
    /// Media bytes so far.
    pub traffic: Arc<Traffic>,
    /// Who is asked and told over HTTP.
    pub hooks: Arc<Hooks>,
    /// What is being recorded.
    pub recorder: Arc<Recorder>,
    /// What is being recorded to FLV files.
    pub flv_recorder: Arc<FlvRecorder>,
    /// People, rooms, chat and money.
    pub platform: Arc<Platform>,
    /// Where RTMP listens, from when it does.
    pub rtmp_port: OnceLock<u16>,
}

/// The connection counts.
#[derive(Clone)]
pub struct Limiters {
    /// Over HTTP and HTTPS.
    pub http: Arc<Limiter>,
    /// Over RTMP and RTMPS.
    pub rtmp: Arc<Limiter>,
}

impl State {
    /// Everything but the open ports; must be called on a tokio runtime.
    pub async fn new(config: Config, stopping: watch::Receiver<bool>) -> anyhow::Result<Arc<Self>> {
        let ms = Duration::from_millis;
        let secret = auth::secret(&config.auth, &config.data_dir)?;
        let signer = Arc::new(Signer::new(config.auth.sign, secret));
        let auth_gate = AuthGate::new(&config.auth, signer.clone(), config.apps.clone());
        let hub = Hub::new(hub_config(&config));
        let objects =
            config.storage.open(&config.data_dir).context("cannot open the media storage (storage)")?;
        let platform = people::open(&config, &objects, &hub, signer).await?;
        let gate = RoomGate::new(platform.clone(), Arc::new(auth_gate));
        let library = PlatformLibrary::new(platform.clone());
        let hooks = Hooks::new(&config.hooks)?;
        hooks.listen(&hub);
        let writers = Writers::start(&writer::Config {
            threads: match config.delivery.writers {
                0 => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
                threads => threads,
            },
            stall_max: ms(config.delivery.stall_max_ms),
        })
        .context("cannot start the writers")?;
        let gateway = Arc::new(Gateway {
            hub: hub.clone(),
            gate: hooks.guard(Arc::new(gate)),
            feeds: Feeds::new(config.rtmp.chunk_size),
            writers,
            segmented: Segmented::new(segmented_config(&config), &hub),
            stored: Arc::new(Stored::new(&stored_config(&config), Arc::new(library), objects.clone())),
            pulls: Pulls::start(&hub, &pull_config(&config), config.pull_sources()?),
            apps: config.apps.clone(),
        });
        let limiters = Limiters {
            http: Limiter::new(config.http.connections_max, config.http.connections_per_address_max),
            rtmp: Limiter::new(config.rtmp.connections_max, config.rtmp.connections_per_address_max),
        };
        let recorder = record::start(&config, &objects, &gateway, &platform);
        let flv_recorder = record::start_flv(&config, &hub, &hooks);
        Ok(Arc::new(Self {
            guard: Arc::new(Guard::new(&config)),
            gateway,
            config,
            limiters,
            stopping,
            started: std::time::Instant::now(),
            traffic: Traffic::start(hub),
            hooks,
            recorder,
            flv_recorder,
            platform,
            rtmp_port: OnceLock::new(),
        }))
    }
}

impl App {
    /// Opens the ports and starts everything behind them.
    pub async fn start(config: Config) -> anyhow::Result<Self> {
        let ms = Duration::from_millis;
        let (stopping, stopped) = watch::channel(false);
        let state = State::new(config.clone(), stopped.clone()).await?;
        let (gateway, limiters) = (state.gateway.clone(), state.limiters.clone());
        let tls = tls::acceptor(&config.https)?;

        let http_listener = listen(&config.http.listen, "http.listen").await?;
        let http_address = http_listener.local_addr()?;
        let http = HttpServer {
            router: router(&state),
            writers: gateway.writers.clone(),
            limiter: limiters.http.clone(),
            header_timeout: ms(config.http.header_timeout_ms),
            header_bytes_max: config.http.header_bytes_max,
            stopping: stopped.clone(),
        };
        tokio::spawn(http.clone().serve(http_listener));

        let rtmp = RtmpServer {
            gateway: gateway.clone(),
            limiter: limiters.rtmp.clone(),
            config: rtmp_config(&config),
        };
        let mut rtmp_address = None;
        if !config.rtmp.listen.is_empty() {
            let listener = listen(&config.rtmp.listen, "rtmp.listen").await?;
            let address = listener.local_addr()?;
            let _ = state.rtmp_port.set(address.port());
            rtmp_address = Some(address);
            tokio::spawn(rtmp.clone().serve(listener));
        }
        if let Some(tls) = tls {
            if !config.https.listen.is_empty() {
                let listener = listen(&config.https.listen, "https.listen").await?;
                tokio::spawn(tls::serve_https(http, listener, tls.clone()));
            }
            if !config.rtmp.tls_listen.is_empty() {
                let listener = listen(&config.rtmp.tls_listen, "rtmp.tls_listen").await?;
                tokio::spawn(tls::serve_rtmps(rtmp, listener, tls));
            }
        }
        let (hooks, platform) = (state.hooks.clone(), state.platform.clone());
        let work = config.data_dir.join("work");
        let shop =
            Workshop::new(platform.clone(), config.worker.clone(), &work, Path::new(worker::OWN_PROGRAM));
        let shop = shop.with_context(|| format!("cannot work in {} (data_dir)", work.display()))?;
        let jobs = worker::start(&shop, &stopped);
        let (recorder, flv_recorder) = (state.recorder.clone(), state.flv_recorder.clone());
        let setup_token = first_admin::token(&platform).await?;
        Ok(Self {
            config,
            gateway,
            hooks,
            recorder,
            flv_recorder,
            platform,
            jobs,
            stopping,
            http_address,
            rtmp_address,
            setup_token,
        })
    }

    /// Says on standard output where to go.
    pub fn announce(&self) {
        let host = |address: SocketAddr| match address.ip().is_unspecified() {
            true => format!("localhost:{}", address.port()),
            false => address.to_string(),
        };
        let mut text = format!("Weir is running.\n  Open      http://{}/\n", host(self.http_address));
        if let Some(rtmp) = self.rtmp_address.map(host) {
            let app = self.config.apps.first().map_or("live", String::as_str);
            text += &format!(
                "  Publish   rtmp://{rtmp}/{app}/NAME   (OBS: server rtmp://{rtmp}/{app}, key NAME)\n  \
                 Watch     http://{}/watch/{app}/NAME\n",
                host(self.http_address)
            );
        }
        if let Some(token) = &self.setup_token {
            text += &format!(
                "  Set up    http://{}/setup?token={token}   (makes the first admin; good once)\n",
                host(self.http_address)
            );
        }
        text += "  Stop      Ctrl-C\n";
        // Whoever started us may not listen; that is no reason to stop.
        let _ = std::io::stdout().write_all(text.as_bytes());
    }

    /// Waits for Ctrl-C or SIGTERM, then lets go of everybody in order.
    pub async fn run_until_stopped(self) -> anyhow::Result<()> {
        let mut terminate = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result?,
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        self.stopping.send_replace(true);
        let grace = Duration::from_millis(self.config.stop_grace_ms);
        self.recorder.stop_within(grace / 2);
        self.gateway.hub.stop();
        let gateway = self.gateway.clone();
        let mut jobs = self.jobs;
        let stopped = tokio::task::spawn_blocking(move || gateway.writers.stop());
        let in_order = async {
            // A writer that panicked has nobody left to tell.
            let _ = stopped.await;
            tokio::join!(self.flv_recorder.finish(), self.recorder.finish());
            self.hooks.stop().await;
            while jobs.join_next().await.is_some() {}
            self.platform.db.close().await;
        };
        let _ = tokio::time::timeout(grace, in_order).await;
        tracing::info!("stopped");
        Ok(())
    }
}

async fn listen(address: &str, key: &str) -> anyhow::Result<TcpListener> {
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address} ({key}); is another server using the port?"))
}

/// Every route, grouped by who calls it.
fn router(state: &Arc<State>) -> Router {
    let media = gateway::delivery::http::router(&state.gateway).merge(api::player_router());
    let media = media.layer(cors(&state.config.http.allow_origin));
    web::in_front_of(
        Router::new()
            .merge(media)
            .merge(api::router(state))
            .merge(people::router(state))
            .merge(pulls::router(state))
            .merge(compat::router(state))
            .merge(web::router()),
    )
}

/// Who may read media from other sites. Media answers never carry credentials, so `*` is safe there.
fn cors(allow_origin: &str) -> CorsLayer {
    let cors = CorsLayer::new()
        .allow_methods([http::Method::GET, http::Method::HEAD])
        .allow_headers(Any)
        .expose_headers([header::ACCEPT_RANGES, header::CONTENT_LENGTH, header::CONTENT_RANGE, header::DATE]);
    match (allow_origin, HeaderValue::from_str(allow_origin)) {
        ("", _) | (_, Err(_)) => CorsLayer::new(),
        ("*", _) => cors.allow_origin(Any),
        (_, Ok(origin)) => cors.allow_origin(AllowOrigin::exact(origin)),
    }
}

fn hub_config(config: &Config) -> hub::Config {
    let ms = Duration::from_millis;
    hub::Config {
        limits: hub::Limits {
            gop_bytes_max: config.hub.gop_bytes_max,
            gop_packets_max: config.hub.gop_packets_max,
            tail: ms(config.hub.tail_ms),
            lag_max: ms(config.hub.lag_max_ms),
            tracks_max: config.hub.tracks_max,
        },
        merge: ms(config.delivery.merge_ms),
        hold: ms(config.hub.hold_ms),
        streams_max: config.hub.streams_max,
    }
}

fn segmented_config(config: &Config) -> segmented::Config {
    let (hls, ms) = (&config.hls, Duration::from_millis);
    segmented::Config {
        target: ms(hls.segment_ms),
        segment_max: ms(hls.segment_max_ms),
        window_segments: hls.window_segments,
        keep_segments: hls.keep_segments,
        is_event: hls.mode == HlsMode::Event,
        window_bytes_max: hls.window_bytes_max,
        always_on: hls.always_on,
        idle_stop: ms(hls.idle_stop_ms),
    }
}

fn stored_config(config: &Config) -> stored::Config {
    stored::Config {
        segment: Duration::from_millis(config.vod.segment_ms),
        open_bytes_max: config.vod.open_bytes_max,
        kept_bytes_max: config.vod.kept_bytes_max,
        ahead: Duration::from_millis(config.vod.ahead_ms),
    }
}

fn pull_config(config: &Config) -> pull::Config {
    let ms = Duration::from_millis;
    pull::Config {
        retry: ms(config.pull.retry_ms),
        retry_max: ms(config.pull.retry_max_ms),
        idle_stop: ms(config.pull.idle_stop_ms),
        ..pull::Config::default()
    }
}

fn rtmp_config(config: &Config) -> gateway::ingest::rtmp::Config {
    let ms = Duration::from_millis;
    gateway::ingest::rtmp::Config {
        handshake_timeout: ms(config.rtmp.handshake_timeout_ms),
        first_packet_timeout: ms(config.rtmp.first_packet_timeout_ms),
        silence_timeout: ms(config.rtmp.silence_timeout_ms),
        chunk_size: config.rtmp.chunk_size,
        message_bytes_max: config.rtmp.message_bytes_max,
        chunk_streams_max: config.rtmp.chunk_streams_max,
    }
}
