//! What admins do: users, and the log of what was done by whom.

mod routes;

#[cfg(test)]
mod tests;

pub use routes::routes;

use crate::Result;
use crate::accounts::User;
use crate::clock::now_ms;
use crate::db::{Tx, sql};

/// Writes down what an admin does, in the transaction that does it. `before` and `after` are JSON or empty.
pub async fn record(
    tx: &mut Tx,
    admin: &User,
    action: &str,
    object: &str,
    before: &str,
    after: &str,
) -> Result<()> {
    let insert = sql("INSERT INTO audit_log (user_id, action, object, before, after, created_at) \
         VALUES ($1, $2, $3, $4, $5, $6)");
    let insert = insert.bind(admin.id).bind(action).bind(object).bind(before).bind(after);
    tx.execute(insert.bind(now_ms())).await?;
    Ok(())
}
