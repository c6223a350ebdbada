//! Coins: what people have, and a double-entry ledger of how they got and spent it.
//!
//! Whole numbers only. Coins come from the `issued` account, which may owe; they go to what users can spend, and with a
//! gift to what its host has earned. Every change is a transfer whose entries sum to zero, in one transaction with the
//! balances it changes; [`verify`] says whether that held.

mod codes;
mod payments;
mod routes;
pub mod watch;

#[cfg(test)]
mod tests;

pub use routes::routes;

use crate::clock::now_ms;
use crate::db::{Db, Tx, sql};
use crate::{Error, Result};
use serde::Deserialize;

/// Settings of `[wallet]`.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct Config {
    pub grant_max: i64,
    pub codes_at_once_max: u32,
    pub payment_secret: String,
    pub payment_window_s: i64,
    pub verify_every_s: u64,
}

/// Never with the secret.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "wallet::Config {{ grant_max: {}, .. }}", self.grant_max)
    }
}

/// Whose coins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Account {
    /// What a user can spend.
    User(i64),
    /// What a user was given as a host.
    Earned(i64),
    /// Where coins come from.
    Issued,
}

impl Account {
    fn key(self) -> (&'static str, i64) {
        match self {
            Self::User(id) => ("user", id),
            Self::Earned(id) => ("earned", id),
            Self::Issued => ("issued", 0),
        }
    }
}

/// What somebody reads when the coins do not suffice: the tutorial's sentence is the translation of its code.
pub fn not_enough() -> Error {
    Error::conflict("not_enough_coins", "There are not enough coins for this.")
}

/// Moves `amount` coins within a transaction and gives the transfer's number. 409 when `from` has too few.
pub async fn transfer(
    tx: &mut Tx,
    kind: &str,
    reference: &str,
    from: Account,
    to: Account,
    amount: i64,
) -> Result<i64> {
    if amount <= 0 {
        return Err(Error::invalid(
            "amount",
            format!("{amount} coins cannot be moved; 1 or more are expected."),
        ));
    }
    let debit = match from {
        Account::Issued => sql("INSERT INTO coin_accounts (kind, owner_id, balance) VALUES ($1, $2, -$3) \
             ON CONFLICT (kind, owner_id) DO UPDATE SET balance = coin_accounts.balance + excluded.balance RETURNING id"),
        _ => sql(
            "UPDATE coin_accounts SET balance = balance - $3 WHERE kind = $1 AND owner_id = $2 AND balance >= $3 \
             RETURNING id",
        ),
    };
    let (kind_from, owner_from) = from.key();
    let debited = tx.maybe::<(i64,)>(debit.bind(kind_from).bind(owner_from).bind(amount)).await?;
    let (debited,) = debited.ok_or_else(not_enough)?;
    let credit = sql("INSERT INTO coin_accounts (kind, owner_id, balance) VALUES ($1, $2, $3) \
         ON CONFLICT (kind, owner_id) DO UPDATE SET balance = coin_accounts.balance + excluded.balance RETURNING id");
    let (kind_to, owner_to) = to.key();
    let (credited,): (i64,) = tx.one(credit.bind(kind_to).bind(owner_to).bind(amount)).await?;
    let insert = sql("INSERT INTO transfers (kind, reference, created_at) VALUES ($1, $2, $3) RETURNING id");
    let (transfer,): (i64,) = tx.one(insert.bind(kind).bind(reference).bind(now_ms())).await?;
    for (account, amount) in [(debited, -amount), (credited, amount)] {
        let entry = sql("INSERT INTO ledger_entries (transfer_id, account_id, amount) VALUES ($1, $2, $3)");
        tx.execute(entry.bind(transfer).bind(account).bind(amount)).await?;
    }
    Ok(transfer)
}

/// Coins of an account.
pub async fn balance(db: &Db, account: Account) -> Result<i64> {
    let (kind, owner) = account.key();
    let query =
        sql("SELECT balance FROM coin_accounts WHERE kind = $1 AND owner_id = $2").bind(kind).bind(owner);
    Ok(db.maybe::<(i64,)>(query).await?.map_or(0, |(balance,)| balance))
}

/// What is wrong with the books.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdict {
    /// Accounts looked at.
    pub accounts: i64,
    /// Accounts whose balance is not the sum of their entries.
    pub wrong_balances: i64,
    /// Transfers whose entries do not sum to zero.
    pub wrong_transfers: i64,
    /// Gifts whose transfer moved another number of coins than they cost.
    pub wrong_gifts: i64,
    /// Rooms whose coins are not the sum of their gifts.
    pub wrong_rooms: i64,
}

impl Verdict {
    /// Whether everything agrees.
    pub fn is_right(self) -> bool {
        self.faults() == 0
    }

    /// What does not agree.
    pub fn faults(self) -> i64 {
        self.wrong_balances + self.wrong_transfers + self.wrong_gifts + self.wrong_rooms
    }
}

/// Checks balances, transfers, gifts and room totals against the ledger.
pub async fn verify(db: &Db) -> Result<Verdict> {
    let (accounts,) = db.one::<(i64,)>(sql("SELECT COUNT(*) FROM coin_accounts")).await?;
    let (wrong_balances,) = db
        .one::<(i64,)>(sql(
            "SELECT COUNT(*) FROM coin_accounts WHERE balance <> (SELECT COALESCE(SUM(amount), 0) \
             FROM ledger_entries WHERE account_id = coin_accounts.id)",
        ))
        .await?;
    let (wrong_transfers,) = db
        .one::<(i64,)>(sql(
            "SELECT COUNT(*) FROM transfers WHERE (SELECT COALESCE(SUM(amount), 1) FROM ledger_entries \
             WHERE transfer_id = transfers.id) <> 0",
        ))
        .await?;
    let (wrong_gifts,) = db
        .one::<(i64,)>(sql(
            "SELECT COUNT(*) FROM gift_events WHERE coin <> (SELECT COALESCE(SUM(amount), 0) \
             FROM ledger_entries WHERE transfer_id = gift_events.transfer_id AND amount > 0)",
        ))
        .await?;
    let (wrong_rooms,) = db
        .one::<(i64,)>(sql(
            "SELECT COUNT(*) FROM rooms WHERE coin <> (SELECT COALESCE(SUM(coin), 0) FROM gift_events \
             WHERE room_id = rooms.id)",
        ))
        .await?;
    Ok(Verdict { accounts, wrong_balances, wrong_transfers, wrong_gifts, wrong_rooms })
}
