//! Invitations: codes that let somebody register while registration is by invitation, each once.

use crate::caller::Caller;
use crate::clock::now_ms;
use crate::db::{Tx, sql};
use crate::extract::{Json, Path, Query};
use crate::page::{Page, PageQuery};
use crate::{Error, Platform, Result, admin, random, row};
use axum::extract::State;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const DAY_MS: i64 = 86_400_000;
const DAYS_MAX: i64 = 365;
const CODE_CHARS: usize = 20;

pub(super) fn routes() -> OpenApiRouter<Arc<Platform>> {
    OpenApiRouter::new().routes(routes!(list, make)).routes(routes!(delete))
}

/// Uses a code up for `user_id`; 403 when it is not good.
pub(super) async fn redeem(tx: &mut Tx, code: &str, user_id: i64) -> Result<()> {
    let update = sql("UPDATE invitations SET used_by = $2 WHERE code_digest = $1 AND used_by IS NULL \
         AND expires_at > $3");
    let update = update.bind(random::digest(code.trim())).bind(user_id).bind(now_ms());
    if tx.execute(update).await? > 0 {
        return Ok(());
    }
    Err(Error::forbidden(
        "invitation",
        "An invitation is needed here, and this one is wrong, used or too old.",
    ))
}

row! {
    /// An invitation; its code is not kept.
    #[derive(Debug, Serialize, ToSchema)]
    struct Invitation {
        /// Its number.
        id: i64,
        /// The admin who made it.
        created_by: i64,
        /// Unix ms.
        created_at: i64,
        /// Until when it is good, unix ms.
        expires_at: i64,
        /// Who registered with it.
        used_by: Option<i64>,
    }
}

/// Invitations, the newest first. For admins.
#[utoipa::path(get, path = "/api/v1/admin/invitations", tag = "admin", params(PageQuery),
    responses((status = 200, body = Page<Invitation>)))]
async fn list(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Query(page): Query<PageQuery>,
) -> Result<Json<Page<Invitation>>> {
    caller.admin()?;
    let query = sql("SELECT id, created_by, created_at, expires_at, used_by FROM invitations WHERE id < $1 \
         ORDER BY id DESC LIMIT $2");
    Page::read(&platform.db, query.bind(page.before_id()), page, |invitation: &Invitation| invitation.id)
        .await
}

/// Invitations to be made.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewInvitations {
    /// How many.
    count: u32,
    /// For how many days they are good, 1 to 365; 14 when not said.
    #[serde(default = "two_weeks")]
    days: i64,
}

fn two_weeks() -> i64 {
    14
}

/// Codes, which are shown this once.
#[derive(Serialize, ToSchema)]
struct Codes {
    /// The codes.
    codes: Vec<String>,
}

/// Makes invitations. For admins.
#[utoipa::path(post, path = "/api/v1/admin/invitations", tag = "admin", request_body = NewInvitations,
    responses((status = 201, body = Codes)))]
async fn make(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Json(new): Json<NewInvitations>,
) -> Result<(StatusCode, Json<Codes>)> {
    let user = caller.admin()?;
    let max = platform.config.accounts.invitations_at_once_max;
    if !(1..=max).contains(&new.count) || !(1..=DAYS_MAX).contains(&new.days) {
        let message = format!(
            "1 to {max} invitations (accounts.invitations_at_once_max) for 1 to {DAYS_MAX} days are expected."
        );
        return Err(Error::invalid("invitations", message));
    }
    let (mut codes, now) = (Vec::new(), now_ms());
    let mut tx = platform.db.begin().await?;
    for _ in 0..new.count {
        let code = random::letters(CODE_CHARS);
        let insert = sql("INSERT INTO invitations (code_digest, created_by, created_at, expires_at) \
             VALUES ($1, $2, $3, $4)");
        let insert = insert.bind(random::digest(&code)).bind(user.id).bind(now);
        tx.execute(insert.bind(now + new.days * DAY_MS)).await?;
        codes.push(code);
    }
    let after = format!("{{\"count\":{},\"days\":{}}}", new.count, new.days);
    admin::record(&mut tx, user, "invitations_made", "invitations", "", &after).await?;
    tx.commit().await?;
    Ok((StatusCode::CREATED, Json(Codes { codes })))
}

/// Takes an invitation back that nobody used yet. For admins.
#[utoipa::path(delete, path = "/api/v1/admin/invitations/{id}", tag = "admin", responses((status = 204)))]
async fn delete(
    State(platform): State<Arc<Platform>>,
    caller: Caller,
    Path(id): Path<i64>,
) -> Result<StatusCode> {
    let user = caller.admin()?;
    let mut tx = platform.db.begin().await?;
    if tx.execute(sql("DELETE FROM invitations WHERE id = $1 AND used_by IS NULL").bind(id)).await? == 0 {
        return Err(Error::not_found(
            "invitation_not_found",
            "There is no such invitation that nobody used.",
        ));
    }
    admin::record(&mut tx, user, "invitation_deleted", &format!("invitation {id}"), "", "").await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}
