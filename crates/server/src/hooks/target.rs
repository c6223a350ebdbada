//! One hook of the settings: which events it wants, how it is asked, what its silence means.

use super::client::{Address, Answer, CallError, Client, Form};
use super::notice::{HookEvent, Notice};
use super::{Counts, Outcome, Verdict, nginx_rtmp, srs, weir};
use crate::config::{HookDialect, HookTarget, OnFailure};
use hub::{Refusal, RefusalKind};
use std::sync::Arc;

pub(super) struct Target {
    address: Address,
    dialect: HookDialect,
    /// Empty: all.
    events: Vec<String>,
    on_failure: OnFailure,
    secret: String,
    client: Arc<Client>,
    counts: Arc<Counts>,
}

impl Target {
    pub(super) fn new(config: &HookTarget, client: Arc<Client>, counts: Arc<Counts>) -> anyhow::Result<Self> {
        let address = Address::parse(&config.url)?;
        if !address.is_https() && !config.secret.is_empty() && config.dialect != HookDialect::Weir {
            tracing::warn!(
                hook = address.host(),
                "only the dialect \"weir\" signs; the hook's secret is not used"
            );
        }
        Ok(Self {
            address,
            dialect: config.dialect,
            events: config.events.clone(),
            on_failure: config.on_failure,
            secret: config.secret.clone(),
            client,
            counts,
        })
    }

    /// Host and port, for logs.
    pub(super) fn host(&self) -> &str {
        self.address.host()
    }

    pub(super) fn wants(&self, event: HookEvent) -> bool {
        self.events.is_empty() || self.events.iter().any(|wanted| wanted == event.as_str())
    }

    /// Asks a question. A hook that does not answer means what `on_failure` says.
    pub(super) async fn ask(&self, notice: &Notice) -> Result<Verdict, Refusal> {
        let Some(form) = self.form(notice, &delivery_id()) else { return Ok(Verdict::Accept) };
        let verdict = self.client.post(&self.address, &form).await.and_then(|answer| match self.dialect {
            HookDialect::Weir => weir::verdict(&answer),
            HookDialect::Srs => Ok(srs::verdict(&answer)),
            HookDialect::NginxRtmp => Ok(nginx_rtmp::verdict(&answer, notice.event, &notice.path)),
        });
        match verdict {
            Ok(verdict) => {
                let is_no = matches!(verdict, Verdict::Refuse(_));
                self.counts.add(notice.event, if is_no { Outcome::Refused } else { Outcome::Ok });
                Ok(verdict)
            }
            Err(error) => {
                self.counts.add(notice.event, Outcome::Failed);
                let allows = self.on_failure == OnFailure::Allow;
                tracing::warn!(
                    hook = self.host(), event = notice.event.as_str(), session = %notice.session_id, allows, %error,
                    "a hook could not be asked"
                );
                match allows {
                    true => Ok(Verdict::Accept),
                    false => Err(Refusal::new(
                        RefusalKind::Unavailable,
                        "the hook that decides this could not be asked; try again later",
                    )),
                }
            }
        }
    }

    /// What to send; nothing when the dialect has no call for the event.
    pub(super) fn form(&self, notice: &Notice, delivery: &str) -> Option<Form> {
        match self.dialect {
            HookDialect::Weir => Some(weir::form(notice, delivery, &self.secret)),
            HookDialect::Srs => srs::form(notice),
            HookDialect::NginxRtmp => nginx_rtmp::form(notice),
        }
    }

    pub(super) async fn post(&self, form: &Form) -> Result<Answer, CallError> {
        self.client.post(&self.address, form).await
    }
}

/// Names one delivery, so that a hook that was told twice can know.
pub(super) fn delivery_id() -> String {
    format!("{:032x}", rand::random::<u128>())
}
