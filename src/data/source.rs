//! Opening an input: files, bundled data and bytes alike, unpacked and decoded on the fly, hashed as they pass.

use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek};
use std::path::Path;

use super::encoding::{DecodingReader, Encoding, Malformed};
use super::error::{DataError, Place, Position, unreadable};
use super::folder_columns::folder_columns;
use super::hash::{HashingReader, Tally};
use super::line_ends::{self, LineEnds};
use super::not_data::{self, NotData};
use super::remote;
use super::window::Window;

/// How much of the text the format is recognized by, bytes.
const SAMPLE_BYTES: u64 = 64 << 10;
const BUFFER_BYTES: usize = 256 << 10;
/// What a Parquet file starts with.
pub(super) const PARQUET_MAGIC: &[u8] = b"PAR1";

/// Where bytes come from.
pub(super) enum Origin<'a> {
    /// A file, in UTF-8 or another encoding that it does not tell by itself.
    File(&'a Path, Option<Encoding>),
    Memory {
        name: &'a str,
        bytes: &'a [u8],
    },
}

impl Origin<'_> {
    /// Whether it may be read a second time, as a pipe may not.
    pub(super) fn is_read_again(&self) -> bool {
        match self {
            Self::File(path, _) => {
                remote::is_read(path) || path.metadata().is_ok_and(|found| found.is_file())
            }
            Self::Memory { .. } => true,
        }
    }

    /// Names and values that its folders give its rows.
    pub(super) fn folder_columns(&self) -> Vec<(String, String)> {
        match self {
            Self::File(path, _) => folder_columns(path),
            Self::Memory { .. } => Vec::new(),
        }
    }

    /// What messages call it.
    pub(super) fn name(&self) -> String {
        match self {
            Self::File(path, _) => path.display().to_string(),
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
        let malformed = source.get_ref().and_then(|inner| inner.downcast_ref());
        if let Some(&Malformed(encoding)) = malformed {
            return DataError::BadEncoding { place, encoding };
        }
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
    is_all: bool,
    rest: Box<dyn Read + 'a>,
    tally: Tally,
}

impl<'a> Text<'a> {
    /// The beginning of the text, without a byte order mark.
    pub(super) fn sample(&self) -> &[u8] {
        &self.sample
    }

    /// Whether the sample is all of the text.
    pub(super) fn is_all(&self) -> bool {
        self.is_all
    }

    /// Whether there is nothing but white space.
    pub(super) fn is_blank(&self) -> bool {
        self.is_all && self.sample.trim_ascii().is_empty()
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
        Origin::File(path, encoding) => {
            let name = path.display().to_string();
            #[cfg(feature = "cloud")]
            if remote::is_read(path) {
                return open_remote(name, path, encoding);
            }
            if path.is_dir() {
                return Err(DataError::Folder { path: name });
            }
            if !path.exists()
                && let Some(remedy) = remote::remedy(path)
            {
                return Err(DataError::Remote { path: name, remedy });
            }
            let missing = |source| DataError::MissingInput {
                path: name.clone(),
                source,
            };
            let mut file = File::open(path).map_err(missing)?;
            let head = read_head(&mut file).map_err(|e| unreadable(&name, e))?;
            if head == PARQUET_MAGIC {
                return Ok(Source::Parquet { name, file });
            }
            open_text(name, head, file, encoding)
        }
        Origin::Memory { name, mut bytes } => {
            let name = name.to_owned();
            if bytes.starts_with(PARQUET_MAGIC) {
                let file = remote::local_copy(&mut bytes).map_err(|e| unreadable(&name, e))?;
                return Ok(Source::Parquet { name, file });
            }
            let head = read_head(&mut bytes).map_err(|e| unreadable(&name, e))?;
            open_text(name, head, bytes, None)
        }
    }
}

pub(super) fn read_head(input: &mut impl Read) -> io::Result<Vec<u8>> {
    let mut head = Vec::with_capacity(4);
    input.take(4).read_to_end(&mut head)?;
    Ok(head)
}

/// Text streams through; Parquet, which is read by position, is copied to an unnamed file of the temporary folder.
#[cfg(feature = "cloud")]
fn open_remote<'a>(
    name: String,
    path: &Path,
    encoding: Option<Encoding>,
) -> Result<Source<'a>, DataError> {
    let mut object = remote::open(path)?;
    let head = read_head(&mut object).map_err(|e| unreadable(&name, e))?;
    if head != PARQUET_MAGIC {
        return open_text(name, head, object, encoding);
    }
    let mut whole = Cursor::new(head).chain(object);
    let file = remote::local_copy(&mut whole).map_err(|e| unreadable(&name, e))?;
    Ok(Source::Parquet { name, file })
}

fn open_text<'a>(
    name: String,
    head: Vec<u8>,
    rest: impl Read + 'a,
    encoding: Option<Encoding>,
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
    let mut sample = sampled(&origin, &mut rest)?;
    if let Some(NotData { what, remedy }) = not_data::recognize(&origin.name, &sample) {
        let place = Place::whole(&origin.name);
        return Err(DataError::NotData {
            place,
            what,
            remedy,
        });
    }
    let encoding = Encoding::of(&sample).or(encoding);
    if let Some(encoding) = encoding.filter(|encoding| !encoding.is_utf8()) {
        rest = Box::new(DecodingReader::new(
            Cursor::new(sample).chain(rest),
            encoding,
        ));
        sample = sampled(&origin, &mut rest)?;
    }
    if line_ends::are_old(&sample) {
        rest = Box::new(LineEnds::new(Cursor::new(sample).chain(rest)));
        sample = sampled(&origin, &mut rest)?;
    }
    let is_all = (sample.len() as u64) < SAMPLE_BYTES;
    if sample.starts_with(b"\xef\xbb\xbf") {
        sample.drain(..3);
    }
    // Excel's `sep=;`, whose line stays as a blank one.
    if sample.starts_with(b"sep=") && matches!(sample.get(5), Some(b'\r' | b'\n')) {
        sample.drain(..5);
    }
    Ok(Source::Text(Text {
        origin,
        sample,
        is_all,
        rest,
        tally,
    }))
}

/// The beginning of a text.
fn sampled(origin: &TextOrigin, rest: &mut dyn Read) -> Result<Vec<u8>, DataError> {
    let mut sample = Vec::new();
    let read = rest.take(SAMPLE_BYTES).read_to_end(&mut sample);
    read.map_err(|e| origin.read_error(1 + count_lines(&sample), e))?;
    Ok(sample)
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
