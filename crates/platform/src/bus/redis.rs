//! The bus between servers, over the pub/sub of Redis or Valkey (cargo feature `redis`).
//!
//! A server that cannot reach it goes on alone: its own events still reach its own listeners, those of others are
//! missed until it is back. What matters is in the database, which all servers share.

use super::{Bus, Event};
use futures_core::Stream;
use serde::{Deserialize, Serialize};
use std::future::poll_fn;
use std::pin::pin;
use std::time::Duration;
use tokio::sync::mpsc;

/// Where events go.
const CHANNEL: &str = "weir:bus";
/// Events that may wait for a connection; later ones are lost for the other servers.
const WAITING_MAX: usize = 4096;
const RETRY_EVERY: Duration = Duration::from_secs(1);

/// An event on its way between servers.
#[derive(Serialize, Deserialize)]
struct Envelope {
    /// Who sent it, so that nobody hears itself.
    server: String,
    event: Event,
}

/// Connects `bus` with those of other servers, now and whenever the connection is lost. Fails only when `url` is none.
pub(super) fn connect(bus: &Bus, url: &str) -> Result<mpsc::Sender<Event>, redis::RedisError> {
    let client = redis::Client::open(url)?;
    let server = crate::random::letters(12);
    let (sender, receiver) = mpsc::channel(WAITING_MAX);
    tokio::spawn(send(client.clone(), server.clone(), receiver));
    tokio::spawn(listen(client, server, bus.clone()));
    Ok(sender)
}

async fn send(client: redis::Client, server: String, mut events: mpsc::Receiver<Event>) {
    let mut connection = None;
    while let Some(event) = events.recv().await {
        let envelope = Envelope { server: server.clone(), event };
        let Ok(text) = serde_json::to_string(&envelope) else { continue };
        // Twice: the first may find that the connection is gone.
        for _ in 0..2 {
            if connection.is_none() {
                connection = client.get_multiplexed_async_connection().await.ok();
            }
            let Some(open) = &mut connection else { break };
            match redis::cmd("PUBLISH").arg(CHANNEL).arg(&text).query_async::<i64>(open).await {
                Ok(_) => break,
                Err(_) => connection = None,
            }
        }
    }
}

async fn listen(client: redis::Client, server: String, bus: Bus) {
    let mut is_told = false;
    loop {
        match hear(&client, &server, &bus, &mut is_told).await {
            Ok(()) => tracing::warn!("the connection to redis was closed; trying again"),
            Err(error) if !is_told => {
                is_told = true;
                tracing::warn!(%error, "redis cannot be reached (redis.url); this server goes on alone and tries again");
            }
            Err(_) => {}
        }
        tokio::time::sleep(RETRY_EVERY).await;
    }
}

/// Hears the other servers until the connection ends.
async fn hear(
    client: &redis::Client,
    server: &str,
    bus: &Bus,
    is_told: &mut bool,
) -> Result<(), redis::RedisError> {
    let mut pubsub = client.get_async_pubsub().await?;
    pubsub.subscribe(CHANNEL).await?;
    *is_told = false;
    tracing::info!("connected with other servers over redis");
    let mut messages = pin!(pubsub.on_message());
    while let Some(message) = poll_fn(|context| messages.as_mut().poll_next(context)).await {
        let Ok(text) = message.get_payload::<String>() else { continue };
        match serde_json::from_str::<Envelope>(&text) {
            Ok(envelope) if envelope.server != server => bus.tell_here(envelope.event),
            Ok(_) => {}
            // A newer server may know events this one does not.
            Err(error) => tracing::debug!(%error, "an event of another server is not understood"),
        }
    }
    Ok(())
}
