//! Failpoints: places where tests make writing fail, to see what a failure leaves behind.
//!
//! Without the cargo feature `failpoints` nothing here does anything.

/// A step of writing at which it can fail or the process can end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failpoint {
    /// Making a folder.
    FolderCreate,
    /// Making the file that is written aside.
    FileCreate,
    /// Writing into it.
    FileWrite,
    /// Syncing it.
    FileSync,
    /// Renaming it to its place.
    FileRename,
    /// Syncing the folder it is in.
    FolderSync,
    /// Removing a file.
    FileRemove,
    /// Appending a line to a file of lines.
    LineAppend,
    /// Syncing a file of lines.
    LineSync,
    /// Saying in a lock file who holds it.
    LockNote,
    /// Removing a lock file.
    LockRemove,
}

impl Failpoint {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::FolderCreate,
        Self::FileCreate,
        Self::FileWrite,
        Self::FileSync,
        Self::FileRename,
        Self::FolderSync,
        Self::FileRemove,
        Self::LineAppend,
        Self::LineSync,
        Self::LockNote,
        Self::LockRemove,
    ];

    /// Its name in [`VARIABLE`].
    pub fn name(self) -> &'static str {
        match self {
            Self::FolderCreate => "folder-create",
            Self::FileCreate => "file-create",
            Self::FileWrite => "file-write",
            Self::FileSync => "file-sync",
            Self::FileRename => "file-rename",
            Self::FolderSync => "folder-sync",
            Self::FileRemove => "file-remove",
            Self::LineAppend => "line-append",
            Self::LineSync => "line-sync",
            Self::LockNote => "lock-note",
            Self::LockRemove => "lock-remove",
        }
    }
}

/// The variable that arms one: `NAME:N:error` makes the `N`th pass (from 1) fail, `NAME:N:exit` ends the process there.
pub const VARIABLE: &str = "FAILPOINT";
/// How a process ends at an armed `exit`.
pub const EXIT_CODE: i32 = 86;

#[cfg(not(feature = "failpoints"))]
#[inline(always)]
pub(crate) fn reach(_: Failpoint) -> std::io::Result<()> {
    Ok(())
}

#[cfg(feature = "failpoints")]
pub(crate) use armed::reach;

#[cfg(feature = "failpoints")]
mod armed {
    use std::io::{self, Write};
    use std::sync::LazyLock;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::{EXIT_CODE, Failpoint, VARIABLE};

    struct Armed {
        name: String,
        pass: usize,
        exits: bool,
        passed: AtomicUsize,
    }

    static ARMED: LazyLock<Option<Armed>> = LazyLock::new(|| {
        let text = std::env::var(VARIABLE).ok()?;
        let mut parts = text.split(':');
        Some(Armed {
            name: parts.next()?.to_owned(),
            pass: parts.next()?.parse().ok()?,
            exits: parts.next()? == "exit",
            passed: AtomicUsize::new(0),
        })
    });

    pub(crate) fn reach(point: Failpoint) -> io::Result<()> {
        let Some(armed) = ARMED.as_ref().filter(|armed| armed.name == point.name()) else {
            return Ok(());
        };
        if armed.passed.fetch_add(1, Ordering::Relaxed) + 1 != armed.pass {
            return Ok(());
        }
        if armed.exits {
            // As a kill would: nothing is flushed, nothing dropped.
            let _ = writeln!(io::stderr(), "{VARIABLE}: exit at {}", armed.name);
            std::process::exit(EXIT_CODE);
        }
        let _ = writeln!(io::stderr(), "{VARIABLE}: error at {}", armed.name);
        Err(io::Error::other(format!("failpoint {}", armed.name)))
    }
}
