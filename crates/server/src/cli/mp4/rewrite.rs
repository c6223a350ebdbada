//! `weir mp4 fragment` and `weir mp4 defragment`: the media is copied, only the tables are written anew.

use anyhow::{Context, bail};
use clap::Args;
use mp4::{Cut, Index, Piece, Progressive, Windows, put_stored_fragments, stored_init_segment};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, IsTerminal, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

#[derive(Args)]
pub(in crate::cli) struct Fragment {
    #[command(flatten)]
    files: Files,
    /// No fragment becomes longer than this, also between keyframes.
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u32).range(1..=3_600_000))]
    fragment_ms: Option<u32>,
}

#[derive(Args)]
pub(in crate::cli) struct Defragment {
    #[command(flatten)]
    files: Files,
}

#[derive(Args)]
struct Files {
    /// The file to read.
    input: PathBuf,
    /// The file to write.
    output: PathBuf,
    /// The tracks to write, such as 1,3, numbered as `weir mp4 info` does; all of them otherwise.
    #[arg(long, value_name = "NUMBERS", value_delimiter = ',')]
    tracks: Vec<u32>,
    /// Replaces OUTPUT if it exists.
    #[arg(long)]
    force: bool,
}

impl Fragment {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        let longest = self.fragment_ms.map(|ms| Duration::from_millis(ms.into()));
        self.files.rewrite(|index, output| {
            let tracks: Vec<_> = index.tracks.iter().collect();
            output.write(&Piece::Bytes(stored_init_segment(&tracks, index.end())?))?;
            let (mut sequence, mut pieces) = (0, Vec::new());
            for window in Windows::new(index, Cut { at_keyframes: true, longest }) {
                for (track, numbers) in index.tracks.iter().zip(window) {
                    put_stored_fragments(&mut pieces, &mut sequence, track, numbers)?;
                    pieces.drain(..).try_for_each(|piece| output.write(&piece))?;
                }
            }
            Ok(format!("{sequence} fragments"))
        })
    }
}

impl Defragment {
    pub(super) fn run(&self) -> anyhow::Result<()> {
        self.files.rewrite(|index, output| {
            let plan = Progressive::new(index)?;
            plan.pieces().try_for_each(|piece| output.write(&piece))?;
            Ok("no fragments, moov first".into())
        })
    }
}

impl Files {
    fn rewrite(
        &self,
        write: impl FnOnce(&Index, &mut Output) -> anyhow::Result<String>,
    ) -> anyhow::Result<()> {
        let shown = self.output.display();
        if self.output.is_dir() {
            bail!("{shown} is a folder; expected the name of a file to write");
        }
        if self.output.exists() && !self.force {
            bail!("{shown} exists; --force replaces it");
        }
        let mut input = super::open(&self.input)?;
        let mut index = super::read_index(&self.input, &mut input)?;
        let mut notes = super::notes(&index);
        index.tracks.retain(|track| {
            if track.samples.is_empty() {
                notes.push(format!("track {} is left out: it has no samples", track.number));
            }
            !track.samples.is_empty()
        });
        notes.iter().for_each(|note| eprintln!("weir: {}: {note}", self.input.display()));
        if index.tracks.is_empty() {
            bail!("{} has no track that can be written", self.input.display());
        }
        self.choose_tracks(&mut index)?;
        let media_bytes = index.tracks.iter().map(|track| track.samples.bytes()).sum();
        let mut output = Output::create(input, &self.output, media_bytes)?;
        let form = write(&index, &mut output).with_context(|| format!("{shown} is not written"))?;
        let bytes = output.finish(&self.output).with_context(|| format!("{shown} is not written"))?;
        let seconds = index.end().as_millis() as f64 / 1e3;
        println!("{shown}: {seconds:.3} s, {} tracks, {form}, {bytes} bytes", index.tracks.len());
        Ok(())
    }

    fn choose_tracks(&self, index: &mut Index) -> anyhow::Result<()> {
        let has = |number: &u32| index.tracks.iter().any(|track| track.number == *number);
        if let Some(missing) = self.tracks.iter().find(|number| !has(number)) {
            let numbers: Vec<_> = index.tracks.iter().map(|track| track.number.to_string()).collect();
            let (input, numbers) = (self.input.display(), numbers.join(", "));
            bail!("{input} has no track {missing} that can be written; expected any of {numbers} (--tracks)");
        }
        index.tracks.retain(|track| self.tracks.is_empty() || self.tracks.contains(&track.number));
        Ok(())
    }
}

/// A file that comes into being beside its place, and takes it when it is whole. Until then it goes when this goes.
struct Output {
    input: File,
    file: BufWriter<File>,
    part: PathBuf,
    bytes: u64,
    progress: Option<Progress>,
}

impl Output {
    fn create(input: File, path: &Path, media_bytes: u64) -> anyhow::Result<Self> {
        let name = path.file_name().with_context(|| format!("{} is no name of a file", path.display()))?;
        let mut part_name = OsString::from(".");
        part_name.push(name);
        part_name.push(format!(".{}.part", std::process::id()));
        let part = path.with_file_name(part_name);
        let file =
            File::create_new(&part).with_context(|| format!("{} cannot be created", part.display()))?;
        let progress =
            io::stderr().is_terminal().then(|| Progress { media_bytes, copied: 0, shown: Instant::now() });
        Ok(Self { input, file: BufWriter::new(file), part, bytes: 0, progress })
    }

    fn write(&mut self, piece: &Piece) -> anyhow::Result<()> {
        match piece {
            Piece::Bytes(bytes) => self.file.write_all(bytes)?,
            Piece::Copy(range) => {
                let bytes = piece.bytes();
                self.input.seek(SeekFrom::Start(range.start))?;
                let copied = io::copy(&mut (&self.input).take(bytes), &mut self.file)?;
                if copied < bytes {
                    bail!(
                        "the file became shorter while it was read: {copied} bytes of {bytes} at {}",
                        range.start
                    );
                }
                self.progress.iter_mut().for_each(|progress| progress.add(copied));
            }
        }
        self.bytes += piece.bytes();
        Ok(())
    }

    fn finish(mut self, path: &Path) -> anyhow::Result<u64> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        fs::rename(&self.part, path)?;
        Ok(self.bytes)
    }
}

impl Drop for Output {
    fn drop(&mut self) {
        if self.progress.is_some() {
            eprint!("\r\x1b[K");
        }
        // Not there any more when it took its place.
        let _ = fs::remove_file(&self.part);
    }
}

struct Progress {
    media_bytes: u64,
    copied: u64,
    shown: Instant,
}

impl Progress {
    fn add(&mut self, bytes: u64) {
        self.copied += bytes;
        if self.shown.elapsed() >= PROGRESS_INTERVAL {
            self.shown = Instant::now();
            let percent = (self.copied.saturating_mul(100)).checked_div(self.media_bytes).unwrap_or(100);
            eprint!("\r{percent:>3} %");
        }
    }
}

const PROGRESS_INTERVAL: Duration = Duration::from_millis(200);
