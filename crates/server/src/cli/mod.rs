//! The command line: one file per command.

mod admin;
mod analysis;
mod backup;
mod config;
mod ledger;
mod media_file;
mod mp4;
mod probe;
mod publish;
mod serve;
mod sign;
mod vod;
mod worker;

use clap::{Parser, Subcommand};
use std::path::PathBuf;
use std::process::ExitCode;

/// Live and on-demand streaming in one program.
#[derive(Parser)]
#[command(name = "weir", version, about, arg_required_else_help = true)]
struct Cli {
    /// Settings on top of the defaults; config/default.toml explains each.
    #[arg(long, short, global = true, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Runs the server.
    Serve,
    /// Does the work on videos, beside the servers that share its database and its media files.
    Worker,
    /// Says what is wrong with the settings, or prints them.
    #[command(subcommand)]
    Config(config::Command),
    /// Makes a user an admin.
    Admin(admin::Admin),
    /// Writes everything in the database and the pictures into one file, also while the server runs.
    Backup(backup::Backup),
    /// Reads what `backup` wrote, into SQLite or PostgreSQL.
    Restore(backup::Restore),
    /// Checks the books of all coins.
    #[command(subcommand)]
    Ledger(ledger::Command),
    /// Files of this machine as videos.
    #[command(subcommand)]
    Vod(vod::Command),
    /// Becomes another program, with few rights; what runs ffmpeg.
    #[command(hide = true)]
    Confined(crate::worker::Confined),
    /// Prints a token, and the addresses to use it with.
    Sign(sign::Sign),
    /// Says what a file or a stream is made of.
    Probe(probe::Probe),
    /// Looks into MP4 files, and writes them with or without fragments.
    #[command(subcommand)]
    Mp4(mp4::Command),
    /// Sends a file to an RTMP server, over and over.
    Publish(publish::Publish),
}

/// Runs the command the process was started with.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    let file = cli.config.as_deref();
    let result = match cli.command {
        Command::Serve => serve::run(file),
        Command::Config(command) => config::run(file, &command),
        Command::Admin(admin) => admin.run(file),
        Command::Backup(backup) => backup.run(file),
        Command::Restore(restore) => restore.run(file),
        Command::Ledger(command) => ledger::run(file, &command),
        Command::Worker => worker::run(file),
        Command::Confined(confined) => confined.run(),
        Command::Vod(command) => vod::run(file, &command),
        Command::Sign(sign) => sign.run(file),
        Command::Probe(probe) => probe.run(),
        Command::Mp4(command) => command.run(),
        Command::Publish(publish) => publish.run(),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("weir: {error:#}");
            ExitCode::FAILURE
        }
    }
}
