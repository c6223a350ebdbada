//! Folders for files that are being made; gone with whoever makes them.

use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};

/// The folder of this process, below which each job has one. Another process that finds it without its owner clears it
/// away.
#[derive(Debug)]
pub struct Home {
    folder: PathBuf,
    /// Locked as long as this process lives.
    _lock: File,
}

/// The folder of one job; removed when it is dropped.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
}

const LOCK: &str = "lock";

impl Home {
    /// Makes the folder `name` in `root`, and removes those whose processes are gone.
    pub fn new(root: &Path, name: &str) -> io::Result<Self> {
        std::fs::create_dir_all(root)?;
        for entry in std::fs::read_dir(root)?.flatten() {
            let left = File::open(entry.path().join(LOCK)).map(|lock| lock.try_lock());
            if matches!(left, Ok(Ok(()))) {
                tracing::info!(folder = %entry.path().display(), "clearing away what a worker left");
                let _ = std::fs::remove_dir_all(entry.path());
            }
        }
        let folder = root.join(name);
        std::fs::create_dir_all(&folder)?;
        let lock = File::create(folder.join(LOCK))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { folder: folder.canonicalize()?, _lock: lock }),
            Err(TryLockError::Error(error)) => Err(error),
            Err(TryLockError::WouldBlock) => Err(io::Error::other("another process has this folder")),
        }
    }

    /// An empty folder for a job.
    pub fn scratch(&self, name: &str) -> io::Result<Scratch> {
        let folder = self.folder.join(name);
        let _ = std::fs::remove_dir_all(&folder);
        let scratch = Scratch { folder };
        std::fs::create_dir_all(scratch.input())?;
        std::fs::create_dir_all(scratch.out())?;
        Ok(scratch)
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

impl Scratch {
    /// Where what is read is; programs may not write there.
    pub fn input(&self) -> PathBuf {
        self.folder.join("in")
    }

    /// Where programs run and write.
    pub fn out(&self) -> PathBuf {
        self.folder.join("out")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_worker_left_is_cleared_away_and_what_another_one_uses_is_not() {
        let root = tempfile::tempdir().unwrap();
        let alive = Home::new(root.path(), "alive").unwrap();
        let job = alive.scratch("1").unwrap();
        std::fs::create_dir_all(root.path().join("dead/7")).unwrap();
        std::fs::write(root.path().join("dead/lock"), "").unwrap();
        let other = Home::new(root.path(), "other").unwrap();
        assert!(job.out().is_dir() && !root.path().join("dead").exists());
        drop((job, alive, other));
        assert_eq!(std::fs::read_dir(root.path()).unwrap().count(), 0);
    }
}
