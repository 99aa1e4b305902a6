//! Runs a program once and measures its CPU time and its wall time.

use std::path::PathBuf;
use std::process::Command;
use std::time::Instant;

/// A program and the folder that it works in.
pub(crate) struct Program {
    path: PathBuf,
    folder: PathBuf,
    /// What `train --help` says: the options that it has.
    help: String,
}

/// What one run took and printed.
pub(crate) struct Run {
    /// User and system time of all threads.
    pub(crate) cpu_seconds: f64,
    pub(crate) wall_seconds: f64,
    pub(crate) printed: Vec<u8>,
}

impl Program {
    pub(crate) fn new(path: PathBuf, folder: PathBuf) -> Self {
        let help = Command::new(&path).args(["train", "--help"]).output();
        let help = help.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
        Self {
            path,
            folder,
            help: help.unwrap_or_default(),
        }
    }

    /// Runs a command line, its words separated by spaces. An option behind `?` is left out where the program has none of
    /// that name: what it turns off, the program does not do.
    ///
    /// # Errors
    /// What the program says when it fails.
    pub(crate) fn run(&self, command: &str) -> Result<Run, String> {
        let mut child = Command::new(&self.path);
        child.current_dir(&self.folder);
        for (name, _) in std::env::vars_os() {
            // A setting of the user's shell may be known to one of the programs only.
            if name.to_string_lossy().starts_with("SAGEBRUSH_") {
                child.env_remove(name);
            }
        }
        // The ledger of openings is the user's, and none of ours.
        child.env("XDG_STATE_HOME", &self.folder);
        let words = command.split_whitespace();
        let words = words.filter_map(|word| match word.strip_prefix('?') {
            Some(option) => self.help.contains(option).then_some(option),
            None => Some(word),
        });
        child.args(words).args(["--json", "--quiet"]);
        let (before, started) = (children_seconds(), Instant::now());
        let output = child
            .output()
            .map_err(|e| format!("{}: {e}", self.path.display()))?;
        let wall_seconds = started.elapsed().as_secs_f64();
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            return Err(error.trim().to_owned());
        }
        let cpu_seconds = before
            .zip(children_seconds())
            .map_or(wall_seconds, |(before, after)| after - before);
        Ok(Run {
            cpu_seconds,
            wall_seconds,
            printed: output.stdout,
        })
    }
}

/// CPU seconds of all children that were waited for; there is only one at a time.
#[cfg(unix)]
fn children_seconds() -> Option<f64> {
    let mut usage = std::mem::MaybeUninit::<libc::rusage>::uninit();
    // SAFETY: `getrusage` writes a whole `rusage` where the pointer says, and reads nothing there.
    let failed = unsafe { libc::getrusage(libc::RUSAGE_CHILDREN, usage.as_mut_ptr()) } != 0;
    if failed {
        return None;
    }
    // SAFETY: the call succeeded, so the structure is filled in.
    let usage = unsafe { usage.assume_init() };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + 1e-6 * time.tv_usec as f64;
    Some(seconds(usage.ru_utime) + seconds(usage.ru_stime))
}

/// Elsewhere the verdict is by wall time.
#[cfg(not(unix))]
fn children_seconds() -> Option<f64> {
    None
}
