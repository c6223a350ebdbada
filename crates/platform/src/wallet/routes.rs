use super::payments::{self, Payment};
use super::{Account, balance, codes, transfer};
use crate::accounts::users;
use crate::caller::Caller;
use crate::db::sql;
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::{Error, Platform, Result, admin, row, text};
use axum::body::Bytes;
use axum::extract::State;
use http::{HeaderMap, StatusCode};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The routes.
pub fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new()
        .routes(routes!(read))
        .routes(routes!(entries))
        .routes(routes!(redeem))
        .routes(routes!(grant))
        .routes(routes!(make_codes))
        .routes(routes!(payment))
}

/// What somebody has.
#[derive(Serialize, ToSchema)]
struct Wallet {
    /// Coins to spend.
    coin: i64,
    /// Coins given by others, as a host.
    earned: i64,
}

/// The own coins.
#[utoipa::path(get, path = "/api/v1/me/wallet", tag = "wallet", responses((status = 200, body = Wallet)))]
async fn read(State(platform): State<Arc<Platform>>, caller: Caller) -> Result<Json<Wallet>> {
    let id = caller.user()?.id;
    let coin = balance(&platform.db, Account::User(id)).await?;
    Ok(Json(Wallet { coin, earned: balance(&platform.db, Account::Earned(id)).await? }))
}

row! {
    /// How coins came or went.
    #[derive(Debug, Serialize, ToSchema)]
    struct Entry {
        /// Its number.
        id: i64,
        /// `user` (to spend) or `earned`.
        account: String,
        /// Coins; negative: spent.
        amount: i64,
        /// `gift`, `grant`, `code` or `payment`.
        kind: String,
        /// What it was for.
        reference: String,
        /// Unix ms.
        created_at: i64,
    }
}

/// How the own coins came and went, the newest first.
#[utoipa::path(get, path = "/api/v1/me/wallet/entries", tag = "wallet", params(PageQuery),
    responses((status = 200, body = Page<Entry>)))]
async fn entries(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Entry>>> {
    let query = sql(
        "SELECT e.id AS id, a.kind AS account, e.amount AS amount, t.kind AS kind, t.reference AS reference, \
         t.created_at AS created_at FROM ledger_entries e JOIN coin_accounts a ON a.id = e.account_id \
         JOIN transfers t ON t.id = e.transfer_id \
         WHERE a.kind IN ('user', 'earned') AND a.owner_id = $1 AND e.id < $2 ORDER BY e.id DESC LIMIT $3",
    );
    Page::read(&platform.db, query.bind(caller.user()?.id).bind(page.before_id()), page, |entry: &Entry| {
        entry.id
    })
    .await
}

/// A code.
#[derive(Deserialize, ToSchema)]
struct Code {
    /// As it was handed out.
    code: String,
}

/// Turns a code into coins.
#[utoipa::path(post, path = "/api/v1/me/wallet/redeem", tag = "wallet", request_body = Code,
    responses((status = 200, body = Wallet)))]
async fn redeem(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(Code { code }): Json<Code>,
) -> Result<Json<Wallet>> {
    let user = caller.user()?;
    platform.accounts.attempts_by_address.check(&caller.address)?;
    platform.accounts.attempts_by_name.check(&format!("code {}", user.id))?;
    codes::redeem(&platform, user.id, &code).await?;
    read(State(platform.clone()), caller).await
}

/// Coins for somebody.
#[derive(Deserialize, ToSchema)]
struct Grant {
    /// Coins.
    coin: i64,
    /// Why; it stands in the ledger.
    reason: String,
}

/// Gives a user coins. For admins.
#[utoipa::path(post, path = "/api/v1/admin/users/{id}/coins", tag = "wallet", request_body = Grant,
    responses((status = 204)))]
async fn grant(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
    Json(grant): Json<Grant>,
) -> Result<StatusCode> {
    let by = caller.admin()?;
    let max = platform.config.wallet.grant_max;
    if grant.coin <= 0 || grant.coin > max {
        return Err(Error::invalid("amount", format!("1 to {max} coins are expected (wallet.grant_max).")));
    }
    let reason = format!("{}: {}", by.username, text::line("reason", &grant.reason, 1, 200)?);
    let user = users::by_id(&platform.db, id).await?;
    let user = user.ok_or_else(|| Error::not_found("user_not_found", "There is no such user."))?;
    let mut tx = platform.db.begin().await?;
    transfer(&mut tx, "grant", &reason, Account::Issued, Account::User(user.id), grant.coin).await?;
    let after = serde_json::json!({"coin": grant.coin, "reason": grant.reason}).to_string();
    admin::record(&mut tx, by, "coins_granted", &format!("user {id}"), "", &after).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Codes to be made.
#[derive(Deserialize, ToSchema)]
struct NewCodes {
    /// How many.
    count: u32,
    /// Coins each is worth.
    coin: i64,
}

/// Codes, which are shown this once.
#[derive(Serialize, ToSchema)]
struct Codes {
    /// The codes.
    codes: Vec<String>,
}

/// Makes codes that can be turned into coins, each once. For admins.
#[utoipa::path(post, path = "/api/v1/admin/coin-codes", tag = "wallet", request_body = NewCodes,
    responses((status = 201, body = Codes)))]
async fn make_codes(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(new): Json<NewCodes>,
) -> Result<(StatusCode, Json<Codes>)> {
    let codes = codes::make(&platform, caller.admin()?, new.count, new.coin).await?;
    Ok((StatusCode::CREATED, Json(Codes { codes })))
}

/// Whether a payment was new.
#[derive(Serialize, ToSchema)]
struct Credited {
    /// False: it was credited before.
    is_new: bool,
}

/// What a payment provider reports, signed in `Weir-Signature`.
#[utoipa::path(post, path = "/api/v1/payments/webhook", tag = "wallet", request_body = Payment,
    responses((status = 200, body = Credited)))]
async fn payment(
    State(platform): State<Arc<Platform>>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Credited>> {
    let signature = headers.get("weir-signature").and_then(|value| value.to_str().ok()).unwrap_or_default();
    payments::check(&platform, signature, &body)?;
    let payment: Payment = serde_json::from_slice(&body)
        .map_err(|error| Error::invalid("payment", format!("The body is no payment: {error}.")))?;
    Ok(Json(Credited { is_new: payments::credit(&platform, &payment).await? }))
}
