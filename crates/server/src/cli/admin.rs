//! `weir admin NAME`: makes somebody who registered an admin. Whoever may run it on the server may do anything anyway.

use crate::config::Config;
use crate::people;
use clap::Args;
use platform::accounts::users;
use std::path::Path;

/// Makes a user an admin.
#[derive(Args)]
pub struct Admin {
    /// The user name.
    username: String,
}

impl Admin {
    /// Runs the command.
    pub fn run(&self, file: Option<&Path>) -> anyhow::Result<()> {
        let config = Config::load(file)?;
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let is_found = runtime.block_on(async {
            let db = people::database(&config).await?;
            let is_found = users::make_admin(&db, &users::username(&self.username)?).await;
            db.close().await;
            anyhow::Ok(is_found?)
        })?;
        anyhow::ensure!(is_found, "there is no user {:?}; register first", self.username);
        println!("{} is an admin now", self.username);
        Ok(())
    }
}
