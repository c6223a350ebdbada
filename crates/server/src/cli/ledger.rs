//! `weir ledger verify`: whether balances, gifts and totals agree with the ledger.

use crate::config::Config;
use crate::people;
use clap::Subcommand;
use platform::wallet;
use std::path::Path;

/// What to do with the ledger.
#[derive(Subcommand)]
pub enum Command {
    /// Checks every balance, transfer, gift and room total; fails when one is wrong.
    Verify,
}

/// Runs a command of `weir ledger`.
pub fn run(file: Option<&Path>, command: &Command) -> anyhow::Result<()> {
    let Command::Verify = command;
    let config = Config::load(file)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let verdict = runtime.block_on(async {
        let db = people::database(&config).await?;
        let verdict = wallet::verify(&db).await;
        db.close().await;
        anyhow::Ok(verdict?)
    })?;
    anyhow::ensure!(
        verdict.is_right(),
        "the ledger does not agree: {} wrong balances, {} wrong transfers, {} wrong gifts, {} wrong room totals",
        verdict.wrong_balances,
        verdict.wrong_transfers,
        verdict.wrong_gifts,
        verdict.wrong_rooms
    );
    println!("the ledger agrees with all {} accounts", verdict.accounts);
    Ok(())
}
