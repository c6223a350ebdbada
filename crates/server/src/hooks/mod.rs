//! Hooks: others are asked before something happens and told afterwards, over HTTP.
//!
//! The events of Node-Media-Server, and files that were recorded ([`HookEvent`]). The `pre` ones are questions: [`Hooks::guard`] asks them when
//! the rules of `[auth]` have said yes; every hook must say yes too. The others are news: they are taken from
//! [`hub::Hub::events`], or come by [`Hooks::tell`], and delivered in order, with retries ([`delivery`]). A part of this program that wants to know
//! what happens subscribes to [`hub::Hub::events`] itself and needs nothing of this module.
//!
//! One file per dialect says what is sent and what an answer means. No argument, stream key or hook URL is ever logged.

mod client;
mod delivery;
mod nginx_rtmp;
mod notice;
mod srs;
mod target;
#[cfg(test)]
mod tests;
mod weir;

pub use notice::{HookEvent, Notice, client_number};

use crate::config;
use client::Client;
use hub::{Credential, Gate, GateFuture, Grant, Hub, Refusal, RefusalKind, Request, StreamPath};
use sha2::{Digest, Sha256};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use target::Target;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// All hooks of the settings.
pub struct Hooks {
    targets: Vec<Arc<Target>>,
    counts: Arc<Counts>,
    /// Becomes true when what waits is sent once more and nothing new is taken.
    stopping: watch::Sender<bool>,
    delivery: Mutex<Option<JoinHandle<()>>>,
    /// News that are not the hub's, and their way to the delivery.
    news: mpsc::Sender<Notice>,
    news_receiver: Mutex<Option<mpsc::Receiver<Notice>>>,
}

impl Hooks {
    /// Prepares the hooks; nothing is called yet.
    pub fn new(config: &config::Hooks) -> anyhow::Result<Arc<Self>> {
        let counts = Arc::new(Counts::default());
        let needs_tls = config.targets.iter().any(|target| target.url.starts_with("https://"));
        let client = Arc::new(Client::new(Duration::from_millis(config.timeout_ms), needs_tls)?);
        let target = |target| Target::new(target, client.clone(), counts.clone()).map(Arc::new);
        let targets = config.targets.iter().map(target).collect::<anyhow::Result<_>>()?;
        let (news, news_receiver) = mpsc::channel(delivery::WAITING_MAX);
        Ok(Arc::new(Self {
            targets,
            counts,
            stopping: watch::Sender::new(false),
            delivery: Mutex::default(),
            news,
            news_receiver: Mutex::new(Some(news_receiver)),
        }))
    }

    /// `inner`, and then the hooks, if there are any.
    pub fn guard(self: &Arc<Self>, inner: Arc<dyn Gate>) -> Arc<dyn Gate> {
        match self.targets.is_empty() {
            true => inner,
            false => Arc::new(HookGate { inner, hooks: self.clone() }),
        }
    }

    /// Tells the hooks what happens in `hub` from now on.
    pub fn listen(&self, hub: &Hub) {
        let news = self.news_receiver.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(news) = news.filter(|_| !self.targets.is_empty()) {
            let (targets, counts) = (self.targets.clone(), self.counts.clone());
            let delivery =
                tokio::spawn(delivery::run(hub.events(), news, targets, counts, self.stopping.subscribe()));
            self.delivery.lock().unwrap_or_else(PoisonError::into_inner).replace(delivery);
        }
    }

    /// Tells the hooks of what is not an event of the hub.
    pub fn tell(&self, notice: Notice) {
        let event = notice.event;
        // Without hooks nobody takes it.
        if !self.targets.is_empty() && self.news.try_send(notice).is_err() {
            self.counts.add(event, Outcome::Dropped);
        }
    }

    /// Waits until the hooks have been told what has happened so far; each piece of news is tried once more at most.
    pub async fn stop(&self) {
        self.stopping.send_replace(true);
        let delivery = self.delivery.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(delivery) = delivery {
            // It does not panic, and when it does the news are lost in any case.
            let _ = delivery.await;
        }
    }

    /// What became of the calls so far.
    pub fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// Asks every hook that wants to be asked, one after the other, and stops at the first no.
    async fn ask(&self, notice: &Notice) -> Result<Option<StreamPath>, Refusal> {
        let mut renamed = None;
        for target in self.targets.iter().filter(|target| target.wants(notice.event)) {
            match target.ask(notice).await? {
                Verdict::Accept => {}
                Verdict::Rename(path) => renamed = Some(path),
                Verdict::Refuse(reason) => {
                    return Err(Refusal::new(RefusalKind::Forbidden, format!("refused by a hook: {reason}")));
                }
            }
        }
        Ok(renamed)
    }
}

/// What a hook says to a question.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    Accept,
    /// Yes, under this path.
    Rename(StreamPath),
    /// No, and why.
    Refuse(String),
}

/// Asks another gate first, then the hooks about whatever that admits.
struct HookGate {
    inner: Arc<dyn Gate>,
    hooks: Arc<Hooks>,
}

impl Gate for HookGate {
    fn admit<'a>(&'a self, request: &'a Request) -> GateFuture<'a> {
        Box::pin(async move {
            let grant = self.inner.admit(request).await?;
            // A stream key that led to a path stays here: hooks hear of the public one.
            let public = Request { path: grant.path.clone(), ..request.clone() };
            match self.hooks.ask(&Notice::asking(&public)).await? {
                None => Ok(grant),
                Some(path) => Ok(Grant { path, credential: proof_of_name(grant.credential, &request.path) }),
            }
        })
    }
}

/// A name that a hook turns into another one is a stream key: knowing it proves to be the same publisher.
fn proof_of_name(credential: Credential, asked: &StreamPath) -> Credential {
    match credential {
        Credential::None => Credential::Digest(Sha256::digest(format!("renamed {asked}")).into()),
        proof @ Credential::Digest(_) => proof,
    }
}

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It was answered; to a question, with yes.
    Ok,
    /// The answer was no.
    Refused,
    /// There was no usable answer; news are tried again.
    Failed,
    /// News that were given up: after all attempts, or because too much was waiting.
    Dropped,
}

impl Outcome {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ok, Self::Refused, Self::Failed, Self::Dropped];

    /// The name in the metrics.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Dropped => "dropped",
        }
    }
}

/// Calls by event and outcome.
#[derive(Debug, Default)]
pub struct Counts([[AtomicU64; Outcome::ALL.len()]; HookEvent::ALL.len()]);

impl Counts {
    fn add(&self, event: HookEvent, outcome: Outcome) {
        self.0[event as usize][outcome as usize].fetch_add(1, Relaxed);
    }

    /// How many calls about `event` had this outcome.
    pub fn of(&self, event: HookEvent, outcome: Outcome) -> u64 {
        self.0[event as usize][outcome as usize].load(Relaxed)
    }
}

/// Characters of a hook's reason that are passed on at most.
const REASON_CHARS_MAX: usize = 200;

/// What a hook wrote, fit for a log line and an error message.
fn plain_text(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(REASON_CHARS_MAX).collect()
}

/// Pairs as `application/x-www-form-urlencoded` (URL standard §5.2).
fn form_encode<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut out = String::new();
    for (name, value) in pairs {
        if !out.is_empty() {
            out.push('&');
        }
        encode_part(name, &mut out);
        out.push('=');
        encode_part(value, &mut out);
    }
    out
}

fn encode_part(text: &str, out: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
}
