//! Where bytes go: a file that appears whole or not at all, or standard output.

use std::fmt;
use std::fs::{File, Metadata, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::ExportError;
use crate::atomic_file::AtomicFile;

/// Of an export that is not in its place yet.
const SUFFIX: &str = ".part";

/// Where to write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    /// Standard output, written as `-`.
    Stdout,
    /// A file.
    File(PathBuf),
}

impl From<&Path> for Destination {
    fn from(path: &Path) -> Self {
        if path == Path::new("-") {
            Self::Stdout
        } else {
            Self::File(path.to_owned())
        }
    }
}

impl Destination {
    /// Finds out whether a file can be written there, and leaves what is there as it is: for a look before long work.
    ///
    /// # Errors
    /// [`ExportError::Create`]
    pub fn check(&self) -> Result<(), ExportError> {
        match self {
            Self::File(path) if path.metadata().is_ok_and(|found| is_special(&found)) => Ok(()),
            _ => Output::create(self).map(|_| ()),
        }
    }
}

/// Whether it is a pipe or a device, which is written directly.
fn is_special(found: &Metadata) -> bool {
    !found.is_file() && !found.is_dir()
}

impl fmt::Display for Destination {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Stdout => f.write_str("standard output"),
            Self::File(path) => write!(f, "{}", path.display()),
        }
    }
}

enum Sink {
    Stdout(io::Stdout),
    /// Written beside its final place and renamed.
    Aside(AtomicFile),
    /// A pipe or a device, which cannot be renamed over.
    Direct(File),
}

/// An open destination. A pipe that its reader closed swallows the rest.
pub(super) struct Output {
    sink: BufWriter<Pipe>,
    name: String,
}

struct Pipe {
    sink: Sink,
    closed: bool,
}

impl Output {
    pub(super) fn create(destination: &Destination) -> Result<Self, ExportError> {
        let name = destination.to_string();
        let sink = match destination {
            Destination::Stdout => Ok(Sink::Stdout(io::stdout())),
            Destination::File(path) => open(path),
        };
        let sink = sink.map_err(|source| ExportError::Create {
            path: name.clone(),
            source,
        })?;
        let pipe = Pipe {
            sink,
            closed: false,
        };
        Ok(Self {
            sink: BufWriter::with_capacity(1 << 16, pipe),
            name,
        })
    }

    /// The destination's name for messages.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether the reader of the pipe has gone, so that nothing more needs to be computed.
    pub(super) fn is_closed(&self) -> bool {
        self.sink.get_ref().closed
    }

    /// Flushes, syncs and moves the file to its place.
    pub(super) fn finish(self) -> Result<(), ExportError> {
        let Self { sink, name } = self;
        let place = || -> io::Result<()> {
            let mut pipe = sink.into_inner().map_err(io::IntoInnerError::into_error)?;
            pipe.flush()?;
            match pipe.sink {
                Sink::Aside(file) => file.commit(),
                Sink::Stdout(_) | Sink::Direct(_) => Ok(()),
            }
        };
        place().map_err(|source| ExportError::Write { path: name, source })
    }
}

/// Writes what `write` makes.
///
/// # Errors
/// When the destination cannot be written.
pub fn write_with(
    destination: &Destination,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), ExportError> {
    let mut output = Output::create(destination)?;
    write(&mut output).map_err(|source| ExportError::Write {
        path: destination.to_string(),
        source,
    })?;
    output.finish()
}

fn open(path: &Path) -> io::Result<Sink> {
    // A link is followed, so that what it points to is replaced and not the link.
    let target = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    match target.metadata() {
        Ok(found) if found.is_dir() => Err(io::ErrorKind::IsADirectory.into()),
        Ok(found) if is_special(&found) => {
            Ok(Sink::Direct(OpenOptions::new().write(true).open(&target)?))
        }
        _ => Ok(Sink::Aside(AtomicFile::create(&target, SUFFIX)?)),
    }
}

impl Pipe {
    fn quietly(&mut self, result: io::Result<usize>, all: usize) -> io::Result<usize> {
        match result {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                self.closed = true;
                Ok(all)
            }
            other => other,
        }
    }
}

impl Write for Pipe {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.closed {
            return Ok(bytes.len());
        }
        let written = match &mut self.sink {
            Sink::Stdout(stdout) => stdout.write(bytes),
            Sink::Aside(file) => file.write(bytes),
            Sink::Direct(file) => file.write(bytes),
        };
        self.quietly(written, bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.closed {
            return Ok(());
        }
        let flushed = match &mut self.sink {
            Sink::Stdout(stdout) => stdout.flush(),
            Sink::Aside(file) => file.flush(),
            Sink::Direct(file) => file.flush(),
        };
        self.quietly(flushed.map(|()| 0), 0).map(|_| ())
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sink.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.sink.flush()
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn a_file_appears_only_when_finished() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        std::fs::write(&path, "old").unwrap();
        let mut output = Output::create(&Destination::File(path.clone())).unwrap();
        output.write_all(b"new").unwrap();
        output.flush().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        output.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        let mut output = Output::create(&Destination::File(path.clone())).unwrap();
        output.write_all(b"half").unwrap();
        drop(output);
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(
            std::fs::read_dir(folder.path()).unwrap().count(),
            1,
            "nothing left behind"
        );
    }

    #[test]
    fn a_missing_folder_is_named() {
        let path = Path::new("/nonexistent/folder/out.csv");
        let error = Output::create(&path.into()).err().unwrap().to_string();
        assert!(error.contains("/nonexistent/folder/out.csv") && error.contains("folder exists"));
        let checked = Destination::from(path).check().unwrap_err();
        assert_eq!(checked.to_string(), error);
    }

    #[test]
    fn a_check_leaves_what_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("out.csv");
        std::fs::write(&path, "old").unwrap();
        for place in [path.clone(), folder.path().join("new.csv")] {
            Destination::File(place).check().unwrap();
        }
        assert!(Destination::File(folder.path().to_owned()).check().is_err());
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_closed_by_its_reader_is_quiet() {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let file = File::from(std::os::fd::OwnedFd::from(writer));
        let pipe = Pipe {
            sink: Sink::Direct(file),
            closed: false,
        };
        let mut output = Output {
            sink: BufWriter::new(pipe),
            name: "pipe".to_owned(),
        };
        output.write_all(&[b'x'; 100_000]).unwrap();
        assert!(output.is_closed());
        output.write_all(b"more").unwrap();
        output.finish().unwrap();
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error() {
        let mut output = Output::create(&Path::new("/dev/full").into()).unwrap();
        output.write_all(b"text").unwrap();
        let error = output.finish().unwrap_err();
        assert!(matches!(&error, ExportError::Write { source, .. }
            if source.kind() == io::ErrorKind::StorageFull));
    }
}
