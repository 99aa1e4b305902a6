//! Opening an input: files, bundled data and bytes alike, decompressed on the fly, hashed as they pass.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::Path;

use super::error::{DataError, Place, Position, unreadable};
use super::hash::{HashingReader, Tally};
use super::window::Window;

/// How much of the text the format is recognized by, bytes.
const SAMPLE_BYTES: u64 = 64 << 10;
const BUFFER_BYTES: usize = 256 << 10;
/// What a Parquet file starts with.
pub(super) const PARQUET_MAGIC: &[u8] = b"PAR1";

/// Where bytes come from.
pub(super) enum Origin<'a> {
    File(&'a Path),
    Memory { name: &'a str, bytes: &'a [u8] },
}

impl Origin<'_> {
    /// What messages call it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Memory { name, .. } => (*name).to_owned(),
        }
    }
}

/// Where text came from and how far reading got, for errors.
#[derive(Debug, Clone)]
pub(super) struct TextOrigin {
    pub(super) name: String,
    compression: Option<&'static str>,
}

impl TextOrigin {
    /// Of a piece of text that is looked at before it is read.
    pub(super) fn of_memory() -> Self {
        Self {
            name: String::new(),
            compression: None,
        }
    }

    /// The place of a line.
    pub(super) fn line(&self, line: u64) -> Place {
        Place::new(&self.name, Position::Line(line))
    }

    /// What a failed read means: damage where the stream is compressed.
    pub(super) fn read_error(&self, line: u64, source: io::Error) -> DataError {
        self.read_error_at(Position::Line(line), source)
    }

    /// The same at any position.
    pub(super) fn read_error_at(&self, position: Position, source: io::Error) -> DataError {
        let place = Place::new(&self.name, position);
        match self.compression {
            Some(compression) => DataError::DamagedCompression {
                place,
                compression,
                source,
            },
            None => DataError::Unreadable { place, source },
        }
    }
}

/// Decompressed text, its first part at hand.
pub(super) struct Text<'a> {
    pub(super) origin: TextOrigin,
    sample: Vec<u8>,
    rest: Box<dyn Read + 'a>,
    tally: Tally,
}

impl<'a> Text<'a> {
    /// The beginning of the text, without a byte order mark.
    pub(super) fn sample(&self) -> &[u8] {
        &self.sample
    }

    /// The tally of the bytes on disk; complete once the reader has met the end.
    pub(super) fn tally(&self) -> Tally {
        self.tally.clone()
    }

    /// All of the text.
    pub(super) fn into_window(self) -> Window<'a> {
        Window::new(Box::new(Cursor::new(self.sample).chain(self.rest)))
    }
}

/// An opened input.
pub(super) enum Source<'a> {
    Text(Text<'a>),
    /// Parquet is read by position, so it stays a file.
    Parquet {
        name: String,
        file: File,
    },
}

/// Opens an input and looks at its first bytes.
pub(super) fn open<'a>(origin: &Origin<'a>) -> Result<Source<'a>, DataError> {
    match *origin {
        Origin::File(path) => {
            let name = path.display().to_string();
            let missing = |source| DataError::MissingInput {
                path: name.clone(),
                source,
            };
            let mut file = File::open(path).map_err(missing)?;
            let head = read_head(&mut file).map_err(|e| unreadable(&name, e))?;
            if head == PARQUET_MAGIC {
                return Ok(Source::Parquet { name, file });
            }
            open_text(name, head, file)
        }
        Origin::Memory { name, mut bytes } => {
            let name = name.to_owned();
            if bytes.starts_with(PARQUET_MAGIC) {
                let file = spill(bytes).map_err(|e| unreadable(&name, e))?;
                return Ok(Source::Parquet { name, file });
            }
            let head = read_head(&mut bytes).map_err(|e| unreadable(&name, e))?;
            open_text(name, head, bytes)
        }
    }
}

pub(super) fn read_head(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(4);
    input.take(4).read_to_end(&mut head)?;
    Ok(head)
}

fn spill(bytes: &[u8]) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut &*bytes, &mut file)?;
    file.rewind()?;
    Ok(file)
}

fn open_text<'a>(
    name: String,
    head: Vec<u8>,
    rest: impl Read + 'a,
) -> Result<Source<'a>, DataError> {
    let tally = Tally::default();
    let compression = match head.as_slice() {
        [0x1f, 0x8b, ..] => Some("gzip"),
        [0x28, 0xb5, 0x2f, 0xfd] => Some("zstd"),
        _ => None,
    };
    let origin = TextOrigin { name, compression };
    let on_disk = HashingReader::new(Cursor::new(head).chain(rest), tally.clone());
    let buffered = |on_disk| BufReader::with_capacity(BUFFER_BYTES, on_disk);
    let mut rest: Box<dyn Read + 'a> = match compression {
        Some("gzip") => Box::new(flate2::bufread::MultiGzDecoder::new(buffered(on_disk))),
        Some(_) => {
            let decoder = zstd::stream::read::Decoder::with_buffer(buffered(on_disk))
                .map_err(|e| origin.read_error(1, e))?;
            Box::new(decoder)
        }
        None => Box::new(on_disk),
    };
    let mut sample = Vec::new();
    let sampled = (&mut rest).take(SAMPLE_BYTES).read_to_end(&mut sample);
    sampled.map_err(|e| origin.read_error(1 + count_lines(&sample), e))?;
    if sample.starts_with(b"\xef\xbb\xbf") {
        sample.drain(..3);
    }
    Ok(Source::Text(Text {
        origin,
        sample,
        rest,
        tally,
    }))
}

fn count_lines(text: &[u8]) -> u64 {
    text.iter().filter(|&&byte| byte == b'\n').count() as u64
}

/// Size and SHA-256 of a file that was read by position.
#[cfg(feature = "parquet")]
pub(super) fn tally_of(name: &str, file: &mut File) -> Result<Tally, DataError> {
    let tally = Tally::default();
    file.rewind()
        .and_then(|()| {
            let reader = HashingReader::new(file, tally.clone());
            io::copy(
                &mut BufReader::with_capacity(BUFFER_BYTES, reader),
                &mut io::sink(),
            )
        })
        .map_err(|e| unreadable(name, e))?;
    Ok(tally)
}

impl Source<'_> {
    /// The name of the input.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Text(text) => &text.origin.name,
            Self::Parquet { name, .. } => name,
        }
    }
}
