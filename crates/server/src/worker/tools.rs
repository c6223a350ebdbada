//! Where ffmpeg and ffprobe are.

use super::Config;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The two programs.
#[derive(Clone, Debug)]
pub struct Tools {
    /// Reads and writes media.
    pub ffmpeg: PathBuf,
    /// Says what media is.
    pub ffprobe: PathBuf,
}

impl Tools {
    /// Finds both, or says in plain words what is missing.
    pub fn find(config: &Config) -> Result<Self, String> {
        Ok(Self {
            ffmpeg: find(&config.ffmpeg, "worker.ffmpeg")?,
            ffprobe: find(&config.ffprobe, "worker.ffprobe")?,
        })
    }
}

fn find(name: &str, setting: &str) -> Result<PathBuf, String> {
    let is_program = |path: &Path| {
        path.metadata().is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
    };
    if name.contains('/') {
        let path = PathBuf::from(name);
        return if is_program(&path) {
            Ok(path)
        } else {
            Err(format!("there is no program {name} ({setting})"))
        };
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|path| is_program(path));
    found.ok_or_else(|| format!("{name} is not installed ({setting})"))
}
