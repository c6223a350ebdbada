//! News for the hooks: one queue per hook, in order, tried again with growing pauses.

use super::notice::{HookEvent, Notice};
use super::target::{Target, delivery_id};
use super::{Counts, Outcome};
use hub::Event;
use http::StatusCode;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{broadcast, mpsc};

/// News that may wait for one hook; what comes on top is dropped and counted.
pub(super) const WAITING_MAX: usize = 1024;
/// How often one piece of news is sent at most, and the pause after the first failure; each further one doubles it.
const ATTEMPTS_MAX: u32 = 6;
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Hands the hub's events to the hooks that want them, until the hub is gone.
pub(super) async fn run(mut events: broadcast::Receiver<Event>, targets: Vec<Arc<Target>>, counts: Arc<Counts>) {
    let queues: Vec<_> = targets
        .into_iter()
        .map(|target| {
            let (sender, receiver) = mpsc::channel(WAITING_MAX);
            tokio::spawn(deliver(target.clone(), receiver, counts.clone()));
            (target, sender)
        })
        .collect();
    loop {
        let event = match events.recv().await {
            Ok(event) => event,
            Err(RecvError::Lagged(count)) => {
                tracing::warn!(count, "hooks miss events: more happened than could be queued");
                continue;
            }
            Err(RecvError::Closed) => return,
        };
        let Some(notice) = Notice::telling(&event).map(Arc::new) else { continue };
        for (target, queue) in queues.iter().filter(|(target, _)| target.wants(notice.event)) {
            if queue.try_send(notice.clone()).is_err() {
                counts.add(notice.event, Outcome::Dropped);
                tracing::warn!(hook = target.host(), event = notice.event.as_str(), "a hook is too slow: news dropped");
            }
        }
    }
}

/// Sends what waits for one hook, one after the other.
async fn deliver(target: Arc<Target>, mut queue: mpsc::Receiver<Arc<Notice>>, counts: Arc<Counts>) {
    while let Some(notice) = queue.recv().await {
        let mut pause = FIRST_PAUSE;
        let delivery = delivery_id();
        let Some(form) = target.form(&notice, &delivery) else { continue };
        for attempt in 1..=ATTEMPTS_MAX {
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
            let (hook, event) = (target.host(), HookEvent::as_str(notice.event));
            tracing::warn!(hook, event, session = %notice.session_id, attempt, error, "a hook could not be told");
            if attempt == ATTEMPTS_MAX {
                counts.add(notice.event, Outcome::Dropped);
            } else {
                tokio::time::sleep(pause).await;
                pause *= 2;
            }
        }
    }
}

fn is_worth_another_try(status: StatusCode) -> bool {
    status.is_server_error() || matches!(status, StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_MANY_REQUESTS)
}
