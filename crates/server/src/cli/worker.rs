//! `weir worker`: does the jobs of the library on another machine, with the same database and objects.

use crate::auth::{self, Signer};
use crate::config::Config;
use crate::people;
use crate::worker::{self, Workshop};
use anyhow::Context;
use hub::Hub;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Works until it is stopped.
pub fn run(file: Option<&Path>) -> anyhow::Result<()> {
    let config = Config::load(file)?;
    super::serve::start_log(&config)?;
    anyhow::ensure!(config.worker.at_once > 0, "worker.at_once is 0; a worker does at least 1 job at once");
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let objects = config.storage.open(&config.data_dir);
        let objects = objects.context("cannot open the media storage (storage)")?;
        let secret = auth::secret(&config.auth, &config.data_dir)?;
        let signer = Arc::new(Signer::new(config.auth.sign, secret));
        let hub = Hub::new(hub::Config::default());
        let platform = people::beside(&config, &objects, &hub, signer).await?;
        let work = config.data_dir.join("work");
        let shop = Workshop::new(platform, config.worker.clone(), &work, Path::new(worker::OWN_PROGRAM));
        let shop = shop.with_context(|| format!("cannot work in {} (data_dir)", work.display()))?;
        let (stopping, stopped) = tokio::sync::watch::channel(false);
        let mut tasks = worker::start(&shop, &stopped);
        println!("Weir does jobs as {}.", platform::jobs::workers::own_name());
        let mut terminate = signal(SignalKind::terminate())?;
        tokio::select! {
            result = tokio::signal::ctrl_c() => result?,
            _ = terminate.recv() => {}
        }
        tracing::info!("stopping");
        stopping.send_replace(true);
        let grace = Duration::from_millis(config.stop_grace_ms);
        let all = async { while tasks.join_next().await.is_some() {} };
        let _ = tokio::time::timeout(grace, all).await;
        Ok(())
    })
}
