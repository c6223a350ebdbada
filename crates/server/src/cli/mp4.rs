//! `weir mp4`: what is in an MP4 file, and the same file with or without fragments.

mod dump;
mod info;
mod rewrite;

use super::media_file::{Container, MediaFileError};
use anyhow::{Context, bail};
use clap::Subcommand;
use mp4::Index;
use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::path::Path;

#[derive(Subcommand)]
pub(super) enum Command {
    /// Says what a file is made of, and how a media source names it.
    Info(info::Info),
    /// Prints the tree of boxes.
    Dump(dump::Dump),
    /// Writes a file as fragments, as media sources want it.
    Fragment(rewrite::Fragment),
    /// Writes a file without fragments, so that it plays while it is fetched and everywhere (faststart).
    Defragment(rewrite::Defragment),
}

impl Command {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        match self {
            Self::Info(info) => info.run(),
            Self::Dump(dump) => dump.run(),
            Self::Fragment(fragment) => fragment.run(),
            Self::Defragment(defragment) => defragment.run(),
        }
    }
}

/// Bytes by which containers are told apart.
const SNIFF_BYTES: u64 = 1024;

/// Opens a file that is MP4.
fn open(path: &Path) -> anyhow::Result<File> {
    let shown = path.display();
    let mut file = File::open(path).with_context(|| format!("{shown} cannot be opened"))?;
    if file.metadata()?.is_dir() {
        bail!("{shown} is a folder; expected an MP4 file");
    }
    let mut head = Vec::new();
    file.by_ref()
        .take(SNIFF_BYTES)
        .read_to_end(&mut head)
        .with_context(|| format!("{shown} cannot be read"))?;
    file.seek(SeekFrom::Start(0))?;
    match Container::sniff(&head) {
        Ok(Container::Mp4) => Ok(file),
        Ok(other) => bail!("{shown} is {}; expected MP4", other.as_str()),
        Err(MediaFileError::Unknown(name)) => bail!("{shown} is {name}; expected MP4"),
        Err(error) => Err(error).context(shown.to_string()),
    }
}

fn read_index(path: &Path, file: &mut File) -> anyhow::Result<Index> {
    Index::read(file).with_context(|| format!("{} cannot be read as MP4", path.display()))
}

/// What is not in the tracks of an index, one line each.
fn notes(index: &Index) -> Vec<String> {
    let mut notes: Vec<_> = index
        .skipped
        .iter()
        .map(|track| {
            let name = match track.sample_entry.0 {
                [0, 0, 0, 0] => "without a sample entry".to_owned(),
                _ => format!("of {}", track.sample_entry),
            };
            match &track.error {
                Some(error) => format!("track {} {name} is left out: {:#}", track.number, chain(error)),
                None => format!("track {} {name} is left out: the codec is not supported", track.number),
            }
        })
        .collect();
    notes.extend(index.tracks.iter().filter(|track| track.edit.has_more).map(|track| {
        format!("track {}: edits behind the first part of the media are not followed", track.number)
    }));
    if index.is_cut_off {
        notes.push("the file is cut off".into());
    }
    if index.missing_samples > 0 {
        notes.push(format!("{} samples lie beyond the end of the file", index.missing_samples));
    }
    notes
}

/// An error with what caused it.
fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(Some(error), |error| error.source());
    causes.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}
