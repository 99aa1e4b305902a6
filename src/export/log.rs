//! Interaction logs that our own readers read: CSV, adjacency lists or Parquet.

use std::io::Write;
use std::path::Path;

use super::destination::{Destination, Output};
use super::error::ExportError;
use crate::synth::Edges;

/// The form of a log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// `user_id,item_id`, a line an interaction.
    Csv,
    /// `user item item …`, a line a user.
    AdjacencyLists,
    /// Columns `user_id` and `item_id`.
    #[cfg(feature = "parquet")]
    Parquet,
}

impl LogFormat {
    /// The form that goes by a file's name; CSV for standard output.
    ///
    /// # Errors
    /// When no form goes by it.
    pub fn of_path(path: &Path) -> Result<Self, ExportError> {
        let ending = path.extension().and_then(|ending| ending.to_str());
        match ending {
            Some("csv") => Ok(Self::Csv),
            Some("txt") => Ok(Self::AdjacencyLists),
            #[cfg(feature = "parquet")]
            Some("parquet") => Ok(Self::Parquet),
            _ if path == Path::new("-") => Ok(Self::Csv),
            _ => Err(ExportError::UnknownLogFormat {
                path: path.display().to_string(),
            }),
        }
    }

    /// Encodes some edges, on whatever thread.
    pub fn encode(self, edges: Edges) -> LogBlock {
        let mut text = Vec::new();
        match self {
            #[cfg(feature = "parquet")]
            Self::Parquet => return LogBlock(Block::Edges(edges)),
            Self::Csv => {
                for (user, item) in edges.users.iter().zip(&edges.items) {
                    push(&mut text, *user, b',');
                    push(&mut text, *item, b'\n');
                }
            }
            Self::AdjacencyLists => {
                let mut items = &edges.items[..];
                for user in edges.users.chunk_by(|a, b| a == b) {
                    let (own, rest) = items.split_at(user.len());
                    push(&mut text, user[0], b' ');
                    own.iter().for_each(|&item| push(&mut text, item, b' '));
                    text.pop();
                    text.push(b'\n');
                    items = rest;
                }
            }
        }
        LogBlock(Block::Text(text))
    }
}

/// A whole number and what comes after it.
fn push(text: &mut Vec<u8>, mut number: u32, after: u8) {
    let mut digits = [0; 10];
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
        if number == 0 {
            break;
        }
    }
    text.extend_from_slice(&digits[at..]);
    text.push(after);
}

/// Encoded edges.
pub struct LogBlock(Block);

enum Block {
    Text(Vec<u8>),
    #[cfg(feature = "parquet")]
    Edges(Edges),
}

/// A log being written.
pub struct LogWriter(Writer);

// One lives at a time, so the width of the largest variant costs nothing.
#[allow(clippy::large_enum_variant)]
enum Writer {
    Text(Output),
    #[cfg(feature = "parquet")]
    Parquet(parquet::ParquetLog),
}

impl LogWriter {
    /// Starts a log.
    ///
    /// # Errors
    /// When the file cannot be created.
    pub fn create(destination: &Destination, format: LogFormat) -> Result<Self, ExportError> {
        let mut output = Output::create(destination)?;
        Ok(Self(match format {
            LogFormat::Csv => {
                write_text(&mut output, b"user_id,item_id\n")?;
                Writer::Text(output)
            }
            LogFormat::AdjacencyLists => Writer::Text(output),
            #[cfg(feature = "parquet")]
            LogFormat::Parquet => Writer::Parquet(parquet::ParquetLog::new(output)?),
        }))
    }

    /// Adds a block that the writer's format encoded.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&mut self, block: &LogBlock) -> Result<(), ExportError> {
        match (&mut self.0, &block.0) {
            (Writer::Text(output), Block::Text(text)) => write_text(output, text),
            #[cfg(feature = "parquet")]
            (Writer::Parquet(log), Block::Edges(edges)) => log.write(edges),
            #[cfg(feature = "parquet")]
            _ => unreachable!("one format encodes and writes"),
        }
    }

    /// Whether the reader of the pipe has gone.
    pub fn is_closed(&self) -> bool {
        match &self.0 {
            Writer::Text(output) => output.is_closed(),
            #[cfg(feature = "parquet")]
            Writer::Parquet(log) => log.is_closed(),
        }
    }

    /// Ends the log and moves the file to its place.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn finish(self) -> Result<(), ExportError> {
        match self.0 {
            Writer::Text(output) => output.finish(),
            #[cfg(feature = "parquet")]
            Writer::Parquet(log) => log.finish(),
        }
    }
}

fn write_text(output: &mut Output, text: &[u8]) -> Result<(), ExportError> {
    output.write_all(text).map_err(|source| ExportError::Write {
        path: output.name().to_owned(),
        source,
    })
}

#[cfg(feature = "parquet")]
mod parquet {
    use std::sync::Arc;

    use arrow_array::{RecordBatch, UInt32Array};
    use arrow_schema::{DataType, Field, Schema};
    use parquet::arrow::ArrowWriter;
    use parquet::errors::ParquetError;

    use super::{Edges, ExportError, Output};
    use crate::export::parquet::{failed, properties};

    pub(super) struct ParquetLog {
        writer: ArrowWriter<Output>,
        schema: Arc<Schema>,
        name: String,
    }

    impl ParquetLog {
        pub(super) fn new(output: Output) -> Result<Self, ExportError> {
            let name = output.name().to_owned();
            let column = |name: &str| Field::new(name, DataType::UInt32, false);
            let schema = Arc::new(Schema::new(vec![column("user_id"), column("item_id")]));
            let writer = ArrowWriter::try_new(output, schema.clone(), Some(properties()))
                .map_err(|error| failed(&name, error))?;
            Ok(Self {
                writer,
                schema,
                name,
            })
        }

        pub(super) fn write(&mut self, edges: &Edges) -> Result<(), ExportError> {
            let column = |ids: &[u32]| Arc::new(UInt32Array::from(ids.to_vec()));
            let columns = vec![column(&edges.users) as _, column(&edges.items) as _];
            RecordBatch::try_new(self.schema.clone(), columns)
                .map_err(ParquetError::from)
                .and_then(|batch| self.writer.write(&batch))
                .map_err(|error| failed(&self.name, error))
        }

        pub(super) fn is_closed(&self) -> bool {
            self.writer.inner().is_closed()
        }

        pub(super) fn finish(self) -> Result<(), ExportError> {
            let output = self.writer.into_inner();
            output.map_err(|error| failed(&self.name, error))?.finish()
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::{Input, ReadOptions, read_dataset};

    /// Every form comes back through our own readers.
    #[test]
    fn what_is_written_reads_back() {
        let folder = tempfile::tempdir().unwrap();
        let edges = Edges {
            users: vec![0, 0, 7, 4_294_967_295],
            items: vec![1, 20, 0, 1],
        };
        let mut names = vec!["log.csv", "log.txt"];
        if cfg!(feature = "parquet") {
            names.push("log.parquet");
        }
        for name in names {
            let path = folder.path().join(name);
            let format = LogFormat::of_path(&path).unwrap();
            let mut writer = LogWriter::create(&Destination::from(&*path), format).unwrap();
            writer.write(&format.encode(edges.clone())).unwrap();
            writer.finish().unwrap();
            let read = read_dataset(&[Input::Path(path)], &[], None, &ReadOptions::default());
            let (dataset, _) = read.unwrap();
            let log = &dataset.interactions;
            let keys: Vec<_> = log.users.iter().zip(&log.items).collect();
            let keys: Vec<_> = keys
                .into_iter()
                .map(|(&user, &item)| (dataset.users.key(user), dataset.items.key(item)))
                .collect();
            let expected = [("0", "1"), ("0", "20"), ("7", "0"), ("4294967295", "1")];
            assert_eq!(keys, expected, "{name}");
        }
        assert!(LogFormat::of_path(Path::new("log.xls")).is_err());
    }
}
