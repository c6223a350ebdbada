//! Codes that admins hand out and users turn into coins, each once.

use super::{Account, transfer};
use crate::accounts::User;
use crate::clock::now_ms;
use crate::db::sql;
use crate::{Error, Platform, Result, admin, random};

/// Makes `count` codes worth `coin` each; they are shown this once.
pub(super) async fn make(platform: &Platform, by: &User, count: u32, coin: i64) -> Result<Vec<String>> {
    let config = &platform.config.wallet;
    if count == 0 || count > config.codes_at_once_max || coin <= 0 || coin > config.grant_max {
        let message = format!(
            "1 to {} codes of 1 to {} coins are expected (wallet.codes_at_once_max, wallet.grant_max).",
            config.codes_at_once_max, config.grant_max
        );
        return Err(Error::invalid("codes", message));
    }
    let mut codes = Vec::new();
    let mut tx = platform.db.begin().await?;
    for _ in 0..count {
        let code = random::letters(20);
        let insert = sql("INSERT INTO coin_codes (code_digest, coin, created_at) VALUES ($1, $2, $3)");
        tx.execute(insert.bind(random::digest(&code)).bind(coin).bind(now_ms())).await?;
        codes.push(code);
    }
    let after = serde_json::json!({"count": count, "coin": coin}).to_string();
    admin::record(&mut tx, by, "coin_codes_made", "coin codes", "", &after).await?;
    tx.commit().await?;
    Ok(codes)
}

/// Turns a code into coins of `user_id`; how many.
pub(super) async fn redeem(platform: &Platform, user_id: i64, code: &str) -> Result<i64> {
    let mut tx = platform.db.begin().await?;
    let take =
        sql("UPDATE coin_codes SET user_id = $2 WHERE code_digest = $1 AND user_id IS NULL RETURNING coin");
    let taken = tx.maybe::<(i64,)>(take.bind(random::digest(code.trim())).bind(user_id)).await?;
    let (coin,) =
        taken.ok_or_else(|| Error::not_found("code_unknown", "There is no such code, or it was used."))?;
    transfer(&mut tx, "code", "", Account::Issued, Account::User(user_id), coin).await?;
    tx.commit().await?;
    Ok(coin)
}
