//! Runs a program that reads what strangers sent, so that it can waste its own job and nothing else.
//!
//! The program becomes itself through [`super::confined`], in a process group and a scratch folder of its own, with an
//! empty environment. It is watched: it ends at its limit of time, when it makes no progress, when it says too much, and
//! when nobody waits for it any more. Not here: which arguments make ffmpeg read less.

use super::Config;
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use std::ffi::OsString;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};
use std::sync::OnceLock;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

/// What a program may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Address space, bytes.
    pub memory_bytes: u64,
    /// Time on the clock.
    pub wall: Duration,
    /// Where that is set.
    pub wall_setting: &'static str,
    /// Processor time of all its threads.
    pub cpu: Duration,
    /// Where that is set.
    pub cpu_setting: &'static str,
    /// Time on the clock without progress.
    pub stall: Duration,
    /// Size of each file it writes.
    pub file_bytes: u64,
    /// What it may say on standard output in a whole, bytes.
    pub output_bytes: usize,
}

/// A program to run.
#[derive(Debug)]
pub struct Task<'a> {
    /// Which.
    pub program: &'a Path,
    /// Its arguments.
    pub arguments: Vec<OsString>,
    /// Where it runs: the one folder it may write in.
    pub folder: &'a Path,
    /// What it may read besides.
    pub input: &'a Path,
    /// What it may use.
    pub limits: Limits,
}

/// Why a program did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// It could not be started.
    #[error("{0} could not be started: {1}")]
    Start(String, std::io::Error),
    /// It ended by itself, with its last words.
    #[error("{0}")]
    Said(String),
    /// Somebody or something ended it.
    #[error("it was ended by signal {0}")]
    Killed(i32),
    /// Its time was up.
    #[error("it took longer than {} s ({})", .0.as_secs(), .1)]
    Time(Duration, &'static str),
    /// It worked for too long.
    #[error("it took more than {} s of processor time ({})", .0.as_secs(), .1)]
    Work(Duration, &'static str),
    /// It did nothing.
    #[error("it made no progress for {} s (worker.stall_max_s)", .0.as_secs())]
    Stalled(Duration),
    /// It wrote too large a file.
    #[error("it wrote more than {0} bytes into one file (worker.file_bytes_max)")]
    FileBytes(u64),
    /// It said too much.
    #[error("it said more than {0} bytes of itself")]
    Output(usize),
}

impl Failure {
    /// Whether the same would happen again.
    pub fn is_final(&self) -> bool {
        match self {
            Self::Said(words) => !OF_THE_MACHINE.iter().any(|reason| words.contains(reason)),
            Self::Work(..) | Self::FileBytes(_) | Self::Output(_) => true,
            // A machine with too much to do may be faster next time.
            Self::Start(..) | Self::Killed(_) | Self::Stalled(_) | Self::Time(..) => false,
        }
    }
}

/// Words of ffmpeg for what is not the file's fault.
const OF_THE_MACHINE: [&str; 3] = ["No space left on device", "Input/output error", "Too many open files"];
/// Last words that are kept.
const WORDS_BYTES: usize = 8 << 10;
/// Characters of them that are told.
const TOLD_CHARS: usize = 300;

/// How a program is started with few rights.
#[derive(Clone, Debug)]
pub struct Sandbox {
    /// This program itself, which has the command `confined`.
    weir: PathBuf,
    nice: i32,
    readable: Vec<PathBuf>,
}

impl Sandbox {
    /// By the program `weir`, as the settings say.
    pub fn new(weir: &Path, config: &Config) -> Self {
        Self { weir: weir.to_owned(), nice: config.nice, readable: config.readable.clone() }
    }

    /// What can be given up on this machine, in two lines for the log.
    pub async fn check(&self) -> std::io::Result<String> {
        let output = Command::new(&self.weir).arg("confined").env_clear().output().await?;
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Runs a program to its end and gives what it said. Dropping this ends the program and all it started.
    pub async fn run(&self, task: &Task<'_>) -> Result<Vec<u8>, Failure> {
        let mut output = Vec::new();
        self.drive(task, &mut output, |_| false).await?;
        Ok(output)
    }

    /// Runs a program to its end. Each line it says goes to `on_line` as it comes, which tells whether it shows
    /// progress. Dropping this ends the program and all it started.
    pub async fn watch(&self, task: &Task<'_>, mut on_line: impl FnMut(&str) -> bool) -> Result<(), Failure> {
        let take_lines = |said: &mut Vec<u8>| {
            let mut is_progress = false;
            while let Some(end) = said.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = said.drain(..=end).collect();
                is_progress |= on_line(String::from_utf8_lossy(&line).trim());
            }
            is_progress
        };
        self.drive(task, &mut Vec::new(), take_lines).await
    }

    /// Runs a program to its end; `take` sees what it said whenever there is more, and tells whether that is progress.
    async fn drive(
        &self,
        task: &Task<'_>,
        output: &mut Vec<u8>,
        mut take: impl FnMut(&mut Vec<u8>) -> bool,
    ) -> Result<(), Failure> {
        let limits = task.limits;
        let mut group = Group(self.start(task).await?);
        let (pieces, mut said) = mpsc::channel(16);
        let words = tokio::spawn(last_words(group.0.stderr.take()));
        tokio::spawn(forward(group.0.stdout.take(), pieces));
        let deadline = Instant::now() + limits.wall;
        let mut stalls_at = Instant::now() + limits.stall;
        let mut is_silent = false;
        let status = loop {
            tokio::select! {
                piece = said.recv(), if !is_silent => {
                    // Who closes standard output may still go on.
                    let Some(piece) = piece else { is_silent = true; continue };
                    output.extend_from_slice(&piece);
                    if take(output) {
                        stalls_at = Instant::now() + limits.stall;
                    }
                    if output.len() > limits.output_bytes {
                        return Err(Failure::Output(limits.output_bytes));
                    }
                }
                ended = group.0.wait(), if is_silent => {
                    break ended.map_err(|error| Failure::Start(name(task.program), error))?;
                }
                () = sleep_until(deadline) => return Err(Failure::Time(limits.wall, limits.wall_setting)),
                () = sleep_until(stalls_at) => return Err(Failure::Stalled(limits.stall)),
            }
        };
        if status.success() {
            return Ok(());
        }
        Err(why(status, &words.await.unwrap_or_default(), &limits))
    }

    async fn start(&self, task: &Task<'_>) -> Result<Child, Failure> {
        let limits = task.limits;
        let mut command = Command::new(&self.weir);
        command.arg("confined");
        for (name, value) in [
            ("--parent", u64::from(std::process::id())),
            ("--memory-bytes", limits.memory_bytes),
            ("--cpu-s", limits.cpu.as_secs().max(1)),
            ("--file-bytes", limits.file_bytes),
            ("--nice", self.nice.unsigned_abs().into()),
        ] {
            command.arg(name).arg(value.to_string());
        }
        command.arg("--writable").arg(task.folder);
        for readable in self.readable.iter().map(PathBuf::as_path).chain([task.input]) {
            command.arg("--readable").arg(readable);
        }
        command.arg("--").arg(task.program).args(&task.arguments);
        command.current_dir(task.folder).env_clear().env("LANG", "C.UTF-8");
        // Each pool of memory of the C library takes 64 MiB of address space at once.
        command.env("MALLOC_ARENA_MAX", "2");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        spawn(command).await.map_err(|error| Failure::Start(name(task.program), error))
    }
}

/// Starts a process from a thread that never ends: "with the end of its parent" means of the thread that started it.
async fn spawn(command: Command) -> std::io::Result<Child> {
    type Order = (Command, tokio::runtime::Handle, oneshot::Sender<std::io::Result<Child>>);
    static STARTER: OnceLock<std::sync::mpsc::Sender<Order>> = OnceLock::new();
    let starter = STARTER.get_or_init(|| {
        let (sender, orders) = std::sync::mpsc::channel::<Order>();
        std::thread::spawn(move || {
            for (mut command, runtime, started) in orders {
                let _inside = runtime.enter();
                // Nobody waiting drops the process, which ends it.
                let _ = started.send(command.spawn());
            }
        });
        sender
    });
    let (started, answer) = oneshot::channel();
    let gone = |_| std::io::Error::other("the thread that starts processes is gone");
    starter.send((command, tokio::runtime::Handle::current(), started)).map_err(|_| gone(()))?;
    answer.await.map_err(|_| gone(()))?
}

/// A process and all it started; ended when it is dropped.
struct Group(Child);

impl Drop for Group {
    fn drop(&mut self) {
        // Without an id it has ended and was waited for, and the number may be another's.
        if let Some(id) = self.0.id().and_then(|id| i32::try_from(id).ok()) {
            let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
        }
    }
}

async fn forward(from: Option<impl AsyncRead + Unpin>, to: mpsc::Sender<Vec<u8>>) {
    let Some(mut from) = from else { return };
    let mut buffer = vec![0; 16 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        if to.send(buffer.get(..count).unwrap_or_default().to_vec()).await.is_err() {
            return;
        }
    }
}

/// Reads to the end and keeps what came last.
async fn last_words(from: Option<impl AsyncRead + Unpin>) -> String {
    let Some(mut from) = from else { return String::new() };
    let mut kept = Vec::new();
    let mut buffer = vec![0; 4 << 10];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        kept.extend_from_slice(buffer.get(..count).unwrap_or_default());
        let surplus = kept.len().saturating_sub(WORDS_BYTES);
        kept.drain(..surplus);
    }
    String::from_utf8_lossy(&kept).into_owned()
}

fn why(status: ExitStatus, words: &str, limits: &Limits) -> Failure {
    match status.signal() {
        Some(signal) if signal == Signal::SIGXCPU as i32 => Failure::Work(limits.cpu, limits.cpu_setting),
        Some(signal) if signal == Signal::SIGXFSZ as i32 => Failure::FileBytes(limits.file_bytes),
        // Faults of the program itself: reading the same again leads there again.
        Some(fault)
            if [Signal::SIGSEGV, Signal::SIGABRT, Signal::SIGFPE, Signal::SIGILL, Signal::SIGBUS]
                .iter()
                .any(|known| *known as i32 == fault) =>
        {
            Failure::Said("the program that reads it broke down on it".to_owned())
        }
        Some(signal) => Failure::Killed(signal),
        None => Failure::Said(plain(words)),
    }
}

/// What was said last, in words of ours where those are plainer, and without what only tells of our folders.
fn plain(words: &str) -> String {
    if let Some((_, plainer)) = PLAINER.iter().find(|(theirs, _)| words.contains(theirs)) {
        return (*plainer).to_owned();
    }
    let mut lines = words.lines().map(str::trim).filter(|line| !line.is_empty());
    let Some(mut last) = lines.next_back() else { return "it ended without a word".to_owned() };
    // "Conversion failed!" says less than what stands in front of it.
    if last.ends_with("failed!") {
        last = lines.next_back().unwrap_or(last);
    }
    // `[mov @ 0x55…] what is wrong` and `file:/where/it/is: what is wrong`.
    let last = match (last.split_once("] "), last.split_once(": ")) {
        (Some((_, said)), _) if last.starts_with('[') => said,
        (_, Some((_, said))) if last.starts_with("file:") => said,
        _ => last,
    };
    last.chars().filter(|char| !char.is_control()).take(TOLD_CHARS).collect()
}

/// What ffmpeg says, and what that means for who sent the file.
const PLAINER: [(&str, &str); 4] = [
    ("Number of streams exceeds", "it has more streams than are accepted (worker.streams_max)"),
    ("Cannot allocate memory", "it needs more memory than it may have (worker.memory_bytes_max)"),
    ("moov atom not found", "its index is missing; it was cut off, or is no MP4 file at all"),
    ("Invalid data found when processing input", "it is damaged, or is not what it begins as"),
];

fn name(program: &Path) -> String {
    program.file_name().unwrap_or(program.as_os_str()).to_string_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn what_goes_wrong_is_told_in_plain_words_without_folders_and_addresses() {
        for (said, told) in [
            (
                "[mov @ 0x5563] moov atom not found\nfile:/a/source: Invalid data found when processing input\n",
                "its index is missing; it was cut off, or is no MP4 file at all",
            ),
            ("file:/a/b/source: End of file\n", "End of file"),
            ("[mjpeg @ 0x7] overread 8\nConversion failed!\n", "overread 8"),
            ("\n \n", "it ended without a word"),
        ] {
            assert_eq!(plain(said), told);
        }
    }
}
