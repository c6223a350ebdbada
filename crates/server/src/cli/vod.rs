//! `weir vod`: files of this machine as videos, also beside a running server.

use crate::config::Config;
use crate::people;
use anyhow::Context;
use clap::{Args, Subcommand, ValueEnum};
use objects::Objects;
use platform::accounts::{User, users};
use platform::db::Db;
use platform::jobs;
use platform::uploads::{self, LocalFile};
use platform::videos::{self, Video};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What to do with the library.
#[derive(Subcommand)]
pub enum Command {
    /// Makes a video of a file, which is copied.
    Add(Add),
    /// Prints the videos, the newest first.
    List {
        /// How many at most.
        #[arg(long, default_value_t = 100)]
        limit: i64,
    },
    /// Takes a video away, with all its files.
    Remove {
        /// Its id, or its name.
        video: String,
    },
}

/// Makes a video of a file.
#[derive(Args)]
pub struct Add {
    /// The file: any container and codec that ffmpeg reads.
    file: PathBuf,
    /// For the flat address: /streams/NAME.m3u8.
    #[arg(long)]
    name: Option<String>,
    /// The title; as the file is called when nothing is said.
    #[arg(long)]
    title: Option<String>,
    /// User name of the owner; the first admin when nothing is said.
    #[arg(long)]
    user: Option<String>,
    /// Who may see it.
    #[arg(long, value_enum, default_value_t = Privacy::Public)]
    privacy: Privacy,
    /// The forms to make beside the usual ones.
    #[arg(long, value_enum)]
    profile: Option<Profile>,
    /// Waits until it can be played, and fails when it never will.
    #[arg(long)]
    wait: bool,
}

/// Who may see a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Privacy {
    /// Anybody; it is in lists.
    Public,
    /// Whoever has the address.
    Unlisted,
    /// The owner.
    Private,
}

/// Forms of a video.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Profile {
    /// One playlist of MPEG-TS segments of 10 s, 640x360, H.264 baseline.
    Tutorial,
}

impl Profile {
    /// As jobs and files are called.
    fn word(self) -> &'static str {
        match self {
            Self::Tutorial => "tutorial",
        }
    }
}

/// Whose videos are when nobody has an account yet. Nobody can sign in as it.
const NOBODYS: &str = "library";
/// How often is looked how far a video is.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Runs a command of `weir vod`.
pub fn run(file: Option<&Path>, command: &Command) -> anyhow::Result<()> {
    let config = Config::load(file)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    runtime.block_on(async {
        let objects = config.storage.open(&config.data_dir);
        let objects = objects.context("cannot open the media storage (storage)")?;
        let db = people::database(&config).await?;
        let done = match command {
            Command::Add(add) => add.run(&config, &db, &objects).await,
            Command::List { limit } => list(&db, *limit).await,
            Command::Remove { video } => remove(&db, &objects, video).await,
        };
        db.close().await;
        done
    })
}

impl Add {
    async fn run(&self, config: &Config, db: &Db, objects: &Objects) -> anyhow::Result<()> {
        let owner = self.owner(db).await?;
        let title = self.title.clone().unwrap_or_else(|| {
            self.file.file_stem().map_or_else(String::new, |stem| stem.to_string_lossy().into_owned())
        });
        let privacy = match self.privacy {
            Privacy::Public => "public",
            Privacy::Unlisted => "unlisted",
            Privacy::Private => "private",
        };
        let new = LocalFile {
            file: &self.file,
            name: self.name.clone(),
            title,
            user_id: owner.id,
            privacy: privacy.to_owned(),
        };
        let video = uploads::add_local(db, objects, &config.data_dir, new).await?;
        if let Some(profile) = self.profile {
            jobs::transcode(db, video.id, profile.word()).await?;
        }
        let address = video.name.as_deref().unwrap_or(&video.public_id);
        println!("{}  /streams/{address}.m3u8  (owner: {})", video.public_id, owner.username);
        if self.wait { wait(db, &video, self.profile).await } else { Ok(()) }
    }

    async fn owner(&self, db: &Db) -> anyhow::Result<User> {
        if let Some(name) = &self.user {
            let found = users::by_username(db, &users::username(name)?).await?;
            return found.with_context(|| format!("there is no user {name:?}; register first"));
        }
        if let Some(admin) = users::first_admin(db).await? {
            return Ok(admin);
        }
        match users::by_username(db, NOBODYS).await? {
            Some(user) => Ok(user),
            None => Ok(users::create(db, NOBODYS, "", "").await?),
        }
    }
}

/// Until the video can be played, in the form that was asked for.
async fn wait(db: &Db, video: &Video, profile: Option<Profile>) -> anyhow::Result<()> {
    let mut said = String::new();
    loop {
        let video = videos::get(db, video.id).await?.context("the video was taken away")?;
        anyhow::ensure!(video.state != videos::State::Failed.word(), "{}", video.failure);
        let is_there = match profile {
            Some(profile) => {
                videos::files(db, video.id).await?.iter().any(|file| file.name == profile.word())
            }
            None => video.is_ready(),
        };
        if is_there {
            eprintln!("ready");
            return Ok(());
        }
        let now = progress(db, &video).await?;
        if now != said {
            eprintln!("{now}");
            said = now;
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

/// What is done with a video, and how far that is.
async fn progress(db: &Db, video: &Video) -> anyhow::Result<String> {
    let jobs = jobs::of_video(db, video.id).await?;
    let running = jobs.iter().rev().find(|job| job.state == "running");
    if let Some(job) = running {
        return Ok(format!("{} {} %", job.kind, job.progress_milli / 10));
    }
    let waiting = jobs.iter().rev().find(|job| job.state == "waiting");
    Ok(waiting.map_or_else(|| video.state.clone(), |job| format!("{} waits for a worker", job.kind)))
}

async fn list(db: &Db, limit: i64) -> anyhow::Result<()> {
    println!("{:12}  {:9}  {:>9}  {:>12}  {:16}  TITLE", "ID", "STATE", "SECONDS", "BYTES", "NAME");
    for video in videos::all(db, limit).await? {
        let name = video.name.as_deref().unwrap_or("-");
        let seconds = video.duration_ms / 1000;
        println!(
            "{:12}  {:9}  {seconds:>9}  {:>12}  {name:16}  {}",
            video.public_id, video.state, video.bytes, video.title
        );
    }
    Ok(())
}

async fn remove(db: &Db, objects: &Objects, address: &str) -> anyhow::Result<()> {
    let video = videos::by_address(db, address).await?;
    let video = video.with_context(|| format!("there is no video {address:?}; weir vod list prints all"))?;
    videos::delete_beside(db, objects, &video).await?;
    println!("{} ({}) is gone", video.public_id, video.title);
    Ok(())
}
