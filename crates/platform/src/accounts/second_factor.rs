//! The second factor: one-time passwords by time (RFC 6238: SHA-1, 6 digits, 30 s, one step of tolerance), each good
//! once, and recovery codes for when the device is gone.

use super::User;
use crate::clock::now_ms;
use crate::db::sql;
use crate::{Error, Platform, Result, random};
use totp_rs::{Builder, Secret, Totp};

/// Recovery codes of an account.
const RECOVERY_CODES: usize = 10;
/// Characters of a recovery code.
const RECOVERY_CHARS: usize = 12;

/// A secret that waits for its first one-time password.
pub(super) async fn begin(platform: &Platform, user: &User) -> Result<(String, String)> {
    let secret = Secret::generate().to_base32();
    let update = sql("UPDATE users SET totp_secret = $2 WHERE id = $1 AND totp_confirmed_at IS NULL");
    if platform.db.execute(update.bind(user.id).bind(&secret)).await? == 0 {
        return Err(Error::conflict(
            "second_factor_on",
            "The second factor is on already; take it off first.",
        ));
    }
    let url = format!("otpauth://totp/Weir:{}?secret={secret}&issuer=Weir", user.username);
    Ok((secret, url))
}

/// Puts the second factor into force and gives the recovery codes, which are shown this once.
pub(super) async fn confirm(platform: &Platform, user: &User, code: &str) -> Result<Vec<String>> {
    let mut tx = platform.db.begin().await?;
    let select = sql("SELECT totp_secret FROM users WHERE id = $1 AND totp_confirmed_at IS NULL");
    let secret = tx.maybe::<(Option<String>,)>(select.bind(user.id)).await?.and_then(|(secret,)| secret);
    let secret =
        secret.ok_or_else(|| Error::conflict("second_factor_not_begun", "Ask for a secret first."))?;
    let step = step_of(&secret, code)?.ok_or_else(wrong)?;
    let update = sql("UPDATE users SET totp_confirmed_at = $2, totp_last_step = $3 WHERE id = $1 \
         AND totp_confirmed_at IS NULL AND totp_secret = $4");
    if tx.execute(update.bind(user.id).bind(now_ms()).bind(step).bind(&secret)).await? == 0 {
        return Err(Error::conflict(
            "second_factor_on",
            "The second factor is on already; take it off first.",
        ));
    }
    let mut codes = Vec::with_capacity(RECOVERY_CODES);
    for _ in 0..RECOVERY_CODES {
        let code = random::letters(RECOVERY_CHARS);
        let insert = sql("INSERT INTO recovery_codes (user_id, code_digest) VALUES ($1, $2)");
        tx.execute(insert.bind(user.id).bind(random::digest(&code))).await?;
        codes.push(code);
    }
    tx.commit().await?;
    Ok(codes)
}

/// Takes the second factor off.
pub(super) async fn remove(platform: &Platform, user: &User, code: &str) -> Result<()> {
    check(platform, user, Some(code)).await?;
    let mut tx = platform.db.begin().await?;
    let update = sql("UPDATE users SET totp_secret = NULL, totp_confirmed_at = NULL WHERE id = $1");
    tx.execute(update.bind(user.id)).await?;
    tx.execute(sql("DELETE FROM recovery_codes WHERE user_id = $1").bind(user.id)).await?;
    Ok(tx.commit().await?)
}

/// Whether `code` is the second factor of `user`; anything is when it is off. What was right is used up.
pub(super) async fn check(platform: &Platform, user: &User, code: Option<&str>) -> Result<()> {
    let select = sql("SELECT totp_secret FROM users WHERE id = $1 AND totp_confirmed_at IS NOT NULL");
    let secret =
        platform.db.maybe::<(Option<String>,)>(select.bind(user.id)).await?.and_then(|(secret,)| secret);
    let Some(secret) = secret else { return Ok(()) };
    let Some(code) = code.map(str::trim).filter(|code| !code.is_empty()) else {
        return Err(Error::unauthorized("totp_required", "The code of the second factor is needed as well."));
    };
    if let Some(step) = step_of(&secret, code)? {
        let update = sql("UPDATE users SET totp_last_step = $2 WHERE id = $1 AND totp_last_step < $2");
        return if platform.db.execute(update.bind(user.id).bind(step)).await? > 0 {
            Ok(())
        } else {
            Err(wrong())
        };
    }
    let delete = sql("DELETE FROM recovery_codes WHERE user_id = $1 AND code_digest = $2");
    let is_used = platform.db.execute(delete.bind(user.id).bind(random::digest(code))).await? > 0;
    if is_used { Ok(()) } else { Err(wrong()) }
}

fn wrong() -> Error {
    Error::unauthorized("totp_wrong", "The code of the second factor is wrong or was used.")
}

/// The time step whose one-time password `code` is.
fn step_of(secret: &str, code: &str) -> Result<Option<i64>> {
    let step = totp(secret)?.check_current(code);
    Ok(step.and_then(|step| i64::try_from(step).ok()))
}

pub(super) fn totp(secret: &str) -> Result<Totp> {
    let secret =
        Secret::try_from_base32(secret).map_err(|_| Error::internal("a stored secret is not base32"))?;
    Builder::new().with_secret(secret).build().map_err(|error| Error::internal(&error))
}
