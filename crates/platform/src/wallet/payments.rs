//! What a payment provider reports: signed with a shared secret, counted once.
//!
//! `Weir-Signature: t=<unix seconds>,v1=<hex>`, where the hash is HMAC-SHA-256 over `<t>.<body>`.

use super::{Account, transfer};
use crate::clock::now_ms;
use crate::db::is_taken;
use crate::{Error, Platform, Result};
use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha2::Sha256;
use utoipa::ToSchema;

/// A payment that came in.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Payment {
    /// The provider's name of this event: the same one counts once.
    pub event_id: String,
    /// Who paid.
    pub user_id: i64,
    /// Coins to be credited.
    pub coin: i64,
}

/// Whether `signature` is the provider's, of now.
pub(super) fn check(platform: &Platform, signature: &str, body: &[u8]) -> Result<()> {
    let config = &platform.config.wallet;
    if config.payment_secret.is_empty() {
        return Err(Error::not_found(
            "payments_off",
            "No payment provider is attached (wallet.payment_secret).",
        ));
    }
    let wrong = || Error::unauthorized("payment_signature", "The signature is missing, wrong or too old.");
    let field = |name: &str| {
        signature
            .split(',')
            .find_map(|pair| pair.trim().split_once('=').filter(|(key, _)| *key == name))
            .map(|(_, value)| value)
    };
    let (at, hash) = (field("t").ok_or_else(wrong)?, field("v1").ok_or_else(wrong)?);
    let at_s: i64 = at.parse().map_err(|_| wrong())?;
    let mut mac = Hmac::<Sha256>::new_from_slice(config.payment_secret.as_bytes())
        .map_err(|error| Error::internal(&error))?;
    mac.update(at.as_bytes());
    mac.update(b".");
    mac.update(body);
    let hash: Option<Vec<u8>> = (0..hash.len())
        .step_by(2)
        .map(|at| hash.get(at..at + 2).and_then(|pair| u8::from_str_radix(pair, 16).ok()))
        .collect();
    mac.verify_slice(&hash.ok_or_else(wrong)?).map_err(|_| wrong())?;
    if (now_ms() / 1000 - at_s).abs() > config.payment_window_s {
        return Err(wrong());
    }
    Ok(())
}

/// Credits a payment; false when it was credited before.
pub(super) async fn credit(platform: &Platform, payment: &Payment) -> Result<bool> {
    if payment.event_id.is_empty() || payment.event_id.len() > 200 {
        return Err(Error::invalid("event_id", "event_id has 1 to 200 bytes."));
    }
    let user = crate::accounts::users::by_id(&platform.db, payment.user_id).await?;
    let user = user.ok_or_else(|| Error::not_found("user_not_found", "There is no such user."))?;
    let mut tx = platform.db.begin().await?;
    let moved = transfer(
        &mut tx,
        "payment",
        &payment.event_id,
        Account::Issued,
        Account::User(user.id),
        payment.coin,
    )
    .await;
    match moved {
        Ok(_) => {}
        Err(error) if error.code == "taken" => return Ok(false),
        Err(error) => return Err(error),
    }
    match tx.commit().await {
        Ok(()) => Ok(true),
        Err(error) if is_taken(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}
