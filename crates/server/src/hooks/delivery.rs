//! News for the hooks: one queue per hook, in order, tried again with growing pauses.

use super::notice::Notice;
use super::target::{Target, delivery_id};
use super::{Counts, Outcome};
use http::StatusCode;
use hub::Event;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc, watch};
use tokio::task::JoinSet;
use tokio::time::timeout;

/// News that may wait for one hook; what comes on top is dropped and counted.
pub(super) const WAITING_MAX: usize = 1024;
/// How often one piece of news is sent at most, and the pause after the first failure; each further one doubles it.
const ATTEMPTS_MAX: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Hands the hub's events and other `news` to the hooks that want them. When `stopping`, ends after what has happened by then was told.
pub(super) async fn run(
    mut events: broadcast::Receiver<Event>,
    mut news: mpsc::Receiver<Notice>,
    targets: Vec<Arc<Target>>,
    counts: Arc<Counts>,
    mut stopping: watch::Receiver<bool>,
) {
    let mut queues = Vec::new();
    let mut deliveries = JoinSet::new();
    for target in targets {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        deliveries.spawn(deliver(target.clone(), receiver, counts.clone(), stopping.clone()));
        queues.push((target, sender));
    }
    loop {
        let event = tokio::select! {
            biased;
            event = events.recv() => event,
            Some(notice) = news.recv() => {
                tell(&queues, &Arc::new(notice), &counts);
                continue;
            }
            _ = stopping.wait_for(|stopping| *stopping) => break,
        };
        let event = match event {
            Ok(event) => event,
            Err(RecvError::Lagged(count)) => {
                tracing::warn!(count, "hooks miss events: more happened than could be queued");
                continue;
            }
            Err(RecvError::Closed) => break,
        };
        if let Some(notice) = Notice::telling(&event).map(Arc::new) {
            tell(&queues, &notice, &counts);
        }
    }
    drop(queues);
    while deliveries.join_next().await.is_some() {}
}

type Queue = (Arc<Target>, mpsc::Sender<Arc<Notice>>);

fn tell(queues: &[Queue], notice: &Arc<Notice>, counts: &Counts) {
    for (target, queue) in queues.iter().filter(|(target, _)| target.wants(notice.event)) {
        if queue.try_send(notice.clone()).is_err() {
            counts.add(notice.event, Outcome::Dropped);
            let (hook, event) = (target.host(), notice.event.as_str());
            tracing::warn!(hook, event, "a hook is too slow: news dropped");
        }
    }
}

/// Sends what waits for one hook, one after the other.
async fn deliver(
    target: Arc<Target>,
    mut queue: mpsc::Receiver<Arc<Notice>>,
    counts: Arc<Counts>,
    mut stopping: watch::Receiver<bool>,
) {
    while let Some(notice) = queue.recv().await {
        let Some(form) = target.form(&notice, &delivery_id()) else { continue };
        let mut pause = FIRST_PAUSE;
        let mut attempt = 1;
        loop {
            let error = match target.post(&form).await {
                Ok(answer) if !is_worth_another_try(answer.status) => {
                    let was_taken = !answer.status.is_client_error();
                    counts.add(notice.event, if was_taken { Outcome::Ok } else { Outcome::Refused });
                    break;
                }
                Ok(answer) => format!("the answer is {}", answer.status),
                Err(error) => error.to_string(),
            };
            counts.add(notice.event, Outcome::Failed);
            let (hook, event) = (target.host(), notice.event.as_str());
            tracing::warn!(hook, event, session = %notice.session_id, attempt, error, "a hook could not be told");
            if attempt == ATTEMPTS_MAX || *stopping.borrow() {
                counts.add(notice.event, Outcome::Dropped);
                break;
            }
            // Stopping only ends the pause. An error means that whoever stops is gone, which is the same.
            let _ = timeout(pause, stopping.wait_for(|stopping| *stopping)).await;
            pause *= 2;
            attempt += 1;
        }
    }
}

fn is_worth_another_try(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}
