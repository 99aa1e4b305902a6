//! Writes a file so that it appears under its name whole or not at all.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use crate::failpoints::{Failpoint, reach};

const PREFIX: &str = ".sagebrush-";

/// A file written beside its final place. Until [`commit`](Self::commit) the old file stays; dropped, the new one is
/// removed.
#[derive(Debug)]
pub(crate) struct AtomicFile {
    aside: NamedTempFile,
    place: PathBuf,
}

impl AtomicFile {
    /// Begins a file for `place`; until it is there its name ends in `suffix`.
    pub(crate) fn create(place: &Path, suffix: &str) -> io::Result<Self> {
        reach(Failpoint::FileCreate)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(PREFIX).suffix(suffix);
        // A temporary file is private by default, but this one is to be read by others as the umask says.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        Ok(Self {
            aside: builder
                .tempfile_in(folder_of(place))
                .map_err(|error| without_path(&error).unwrap_or(error))?,
            place: place.to_owned(),
        })
    }

    /// Syncs it, renames it to its place and syncs the folder.
    pub(crate) fn commit(self) -> io::Result<()> {
        let Self { aside, place } = self;
        reach(Failpoint::FileSync)?;
        aside.as_file().sync_all()?;
        reach(Failpoint::FileRename)?;
        aside.persist(&place).map_err(|error| error.error)?;
        sync_folder(folder_of(&place))
    }
}

impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        reach(Failpoint::FileWrite)?;
        self.aside.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.aside.flush()
    }
}

/// What the system said, without the temporary file's path: the place is told by whoever tells the error.
fn without_path(error: &io::Error) -> Option<io::Error> {
    // `tempfile` keeps the code in the text alone.
    let text = error.to_string();
    let (_, code) = text.split_once("(os error ")?;
    let (code, _) = code.split_once(')')?;
    Some(io::Error::from_raw_os_error(code.parse().ok()?))
}

/// Whether a file name is one that [`AtomicFile::create`] gives with this suffix.
pub(crate) fn is_aside(name: &str, suffix: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(suffix)
}

/// The folder that a path is in.
pub(crate) fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    }
}

/// Makes a rename or a removal in the folder survive a power cut.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    reach(Failpoint::FolderSync)?;
    // Windows cannot sync a handle of a directory; its rename is journaled.
    if cfg!(unix) {
        File::open(folder)?.sync_all()
    } else {
        Ok(())
    }
}

/// Removes a file; that it is not there is no error.
pub(crate) fn remove_file(path: &Path) -> io::Result<()> {
    reach(Failpoint::FileRemove)?;
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes a folder, with its parents, where it is not there.
pub(crate) fn create_folder(path: &Path) -> io::Result<()> {
    reach(Failpoint::FolderCreate)?;
    fs::create_dir_all(path)
}
