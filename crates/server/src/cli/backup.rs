//! `weir backup` and `weir restore`: everything in one file, made and read beside a running server.

use crate::config::Config;
use crate::people;
use anyhow::Context;
use clap::Args;
use platform::backup;
use std::fs::{File, OpenOptions};
use std::io::BufReader;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Writes a back-up.
#[derive(Args)]
pub struct Backup {
    /// The file to write; it must not be there yet.
    file: PathBuf,
}

/// Reads a back-up.
#[derive(Args)]
pub struct Restore {
    /// The file to read.
    file: PathBuf,
    /// Throws away what is in the database now.
    #[arg(long)]
    replace: bool,
}

impl Backup {
    /// Runs the command.
    pub fn run(&self, file: Option<&Path>) -> anyhow::Result<()> {
        let config = Config::load(file)?;
        let name = self.file.display();
        // Whoever reads it has everything, so it is its owner's alone.
        let mut options = OpenOptions::new();
        let out = options.write(true).create_new(true).mode(0o600).open(&self.file);
        let out = out.with_context(|| format!("cannot write {name}; is it there already?"))?;
        let written = runtime()?.block_on(async {
            let db = people::database(&config).await?;
            let written = backup::write(&db, &config.data_dir, out, say).await;
            db.close().await;
            anyhow::Ok(written?)
        });
        let (out, counts) = written.inspect_err(|_| {
            // Half a back-up would only deceive.
            let _ = std::fs::remove_file(&self.file);
        })?;
        out.sync_all()?;
        println!("{name}: {} rows, {} pictures", counts.rows, counts.images);
        Ok(())
    }
}

impl Restore {
    /// Runs the command.
    pub fn run(&self, file: Option<&Path>) -> anyhow::Result<()> {
        let config = Config::load(file)?;
        let input = File::open(&self.file).with_context(|| format!("cannot read {}", self.file.display()))?;
        let counts = runtime()?.block_on(async {
            let db = people::database(&config).await?;
            let input = BufReader::new(input);
            let restored = backup::restore(&db, &config.data_dir, input, self.replace, say).await;
            db.close().await;
            anyhow::Ok(restored?)
        })?;
        println!("restored {} rows and {} files", counts.rows, counts.images);
        Ok(())
    }
}

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

fn say(table: &str, rows: u64) {
    eprintln!("  {table}: {rows}");
}
