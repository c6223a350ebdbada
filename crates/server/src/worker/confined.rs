//! A process that gives up what it does not need and then becomes another program: `weir confined … -- ffmpeg …`.
//!
//! This is a command of its own, hidden from the list, because a process can only lay down its own rights: between the
//! fork and the new program nothing but a few calls are allowed, and those would be unsafe code. Here they are plain
//! ones. What is given up: the network, all files but those named, memory, time, file sizes, core dumps, and whatever
//! a set-uid program would give back. Who starts it, and with which arguments, is `sandbox.rs`'s.

use anyhow::Context;
use clap::Args;
use landlock::{
    ABI, Access, AccessFs, AccessNet, Ruleset, RulesetAttr, RulesetCreatedAttr, RulesetStatus,
    path_beneath_rules,
};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::Signal;
use std::ffi::OsString;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Becomes a program with few rights.
#[derive(Args)]
pub struct Confined {
    /// The process that must be alive: with its end this one ends too.
    #[arg(long)]
    parent: Option<i32>,
    /// Address space, bytes.
    #[arg(long)]
    memory_bytes: Option<u64>,
    /// Processor time, seconds.
    #[arg(long)]
    cpu_s: Option<u64>,
    /// Size of a file it may write, bytes.
    #[arg(long)]
    file_bytes: Option<u64>,
    /// How much others come first, 0 to 19.
    #[arg(long, default_value_t = 0)]
    nice: i32,
    /// The one folder it may write in.
    #[arg(long)]
    writable: Option<PathBuf>,
    /// Files and folders it may read besides the system's programs and libraries.
    #[arg(long)]
    readable: Vec<PathBuf>,
    /// The program and its arguments; without one it is only said what can be given up here.
    #[arg(last = true)]
    program: Vec<OsString>,
}

/// Where programs and their libraries are.
const SYSTEM: [&str; 9] =
    ["/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/nix/store", "/etc/ld.so.cache", "/dev/urandom"];
/// The newest form of fences asked for; older kernels give what they have.
const FENCES: ABI = ABI::V5;
/// Files and sockets open at once.
const FILES_MAX: u64 = 64;
/// Seconds of processor time between the signal that can be caught and the one that cannot.
const CPU_GRACE_S: u64 = 2;

impl Confined {
    /// Runs the command; comes back only when it cannot, or when there is no program.
    pub fn run(&self) -> anyhow::Result<()> {
        let network = cut_network();
        let files = self.fence().context("files cannot be fenced")?;
        let Some((program, arguments)) = self.program.split_first() else {
            println!("network {network}\nfiles {files}");
            return Ok(());
        };
        // After the network: new rights, and fewer ones, take this one back.
        prctl::set_pdeathsig(Signal::SIGKILL)?;
        if self.parent.is_some_and(|parent| nix::unistd::getppid().as_raw() != parent) {
            anyhow::bail!("whoever started this is gone");
        }
        prctl::set_no_new_privs()?;
        if self.nice > 0 {
            // A process that may not be slow is worse than one that is.
            let _ = rustix::process::nice(self.nice);
        }
        for (resource, limit, grace) in [
            (Resource::RLIMIT_CORE, Some(0), 0),
            (Resource::RLIMIT_NOFILE, Some(FILES_MAX), 0),
            (Resource::RLIMIT_CPU, self.cpu_s, CPU_GRACE_S),
            (Resource::RLIMIT_FSIZE, self.file_bytes, 0),
            (Resource::RLIMIT_AS, self.memory_bytes, 0),
        ] {
            if let Some(limit) = limit {
                setrlimit(resource, limit, limit + grace).with_context(|| format!("{resource:?} {limit}"))?;
            }
        }
        let error = Command::new(program).args(arguments).exec();
        Err(error).with_context(|| format!("cannot start {}", Path::new(program).display()))
    }

    /// Leaves only the files that are named, and no way to connect to anybody.
    fn fence(&self) -> anyhow::Result<&'static str> {
        let system = SYSTEM.iter().map(PathBuf::from);
        let own = self.program.first().map(PathBuf::from);
        let readable = system.chain(own).chain(self.readable.iter().cloned());
        let writable = self.writable.iter().cloned().chain([PathBuf::from("/dev/null")]);
        let made = Ruleset::default()
            .handle_access(AccessFs::from_all(FENCES))?
            .handle_access(AccessNet::BindTcp)?
            .handle_access(AccessNet::ConnectTcp)?
            .create()?
            .add_rules(path_beneath_rules(readable, AccessFs::from_read(FENCES)))?
            .add_rules(path_beneath_rules(writable, AccessFs::from_all(FENCES)))?
            .restrict_self()?;
        Ok(match made.ruleset {
            RulesetStatus::FullyEnforced => "fenced",
            RulesetStatus::PartiallyEnforced => "partly",
            RulesetStatus::NotEnforced => "open",
        })
    }
}

/// Moves into a network with nobody in it. Containers often forbid that.
fn cut_network() -> &'static str {
    // Who may not have a network of its own may have it in a user's world of its own.
    let cut = unshare(CloneFlags::CLONE_NEWNET)
        .or_else(|_| unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNET));
    if cut.is_ok() { "cut" } else { "open" }
}
