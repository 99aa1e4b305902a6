//! Writes a table of embeddings by key; the file's ending says in which format.

use serde_json::json;

use super::columns::Columns;
use super::destination::{Destination, Output, write_with};
use super::error::ExportError;
use super::key_types::JsonKey;
use super::npy::write_npy;
use super::safetensors::write_safetensors;
use crate::data::IdMap;

/// Forms of embedding files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VectorFormat {
    /// `id` and the floats, a column each.
    Csv,
    /// `{"id": .., "embedding": [..]}` a line.
    JsonLines,
    /// `id` and `embedding`, a fixed-size list of `f32`.
    Parquet,
    /// `id` and the floats, a column each, in Parquet.
    WideParquet,
    /// NumPy's `.npy`: the table alone. `write_keys_beside` writes the keys.
    Npy,
    /// The tensor `vectors`, and the keys: the tensor `ids` where all are whole numbers, else JSON in the metadata `ids`.
    Safetensors,
}

impl VectorFormat {
    /// The form a destination's ending names; JSON lines on standard output.
    ///
    /// # Errors
    /// An ending that names none.
    pub fn of(destination: &Destination) -> Result<Self, ExportError> {
        let Destination::File(path) = destination else {
            return Ok(Self::JsonLines);
        };
        let extension = path.extension().and_then(|extension| extension.to_str());
        match extension {
            Some("csv") => Ok(Self::Csv),
            Some("jsonl" | "ndjson") => Ok(Self::JsonLines),
            Some("parquet") => Ok(Self::Parquet),
            Some("npy") => Ok(Self::Npy),
            Some("safetensors") => Ok(Self::Safetensors),
            _ => Err(ExportError::UnknownVectorFormat {
                path: destination.to_string(),
            }),
        }
    }
}

/// Writes `table` `[ids.len() x dim]`, row-major, in id order.
///
/// # Errors
/// When the table has another size, the build lacks the form, or the destination cannot be written.
pub fn write_vectors(
    destination: &Destination,
    format: VectorFormat,
    ids: &IdMap,
    table: &[f32],
    dim: usize,
) -> Result<(), ExportError> {
    let expected = ids.len().saturating_mul(dim);
    if table.len() != expected || dim == 0 {
        return Err(ExportError::Shape {
            path: destination.to_string(),
            found: table.len(),
            expected,
        });
    }
    match format {
        VectorFormat::Parquet => parquet(destination, ids, table, dim, Columns::List),
        VectorFormat::WideParquet => parquet(destination, ids, table, dim, Columns::Wide),
        VectorFormat::Npy => write_npy(destination, ids.len(), dim, table.chunks_exact(dim)),
        VectorFormat::Safetensors => write_safetensors(destination, ids, table, dim),
        VectorFormat::Csv => {
            let output = Output::create(destination)?;
            let path = output.name().to_owned();
            let failed = |error: csv::Error| ExportError::Write {
                path: path.clone(),
                source: error.into(),
            };
            let mut writer = csv::Writer::from_writer(output);
            let names = (0..dim).map(|at| format!("e{at}"));
            let header: Vec<String> = ["id".to_owned()].into_iter().chain(names).collect();
            writer.write_record(&header).map_err(failed)?;
            for (key, row) in ids.keys().iter().zip(table.chunks_exact(dim)) {
                let values = row.iter().map(f32::to_string);
                let record: Vec<String> = [key.to_string()].into_iter().chain(values).collect();
                writer.write_record(&record).map_err(failed)?;
            }
            let output = writer.into_inner().map_err(|error| ExportError::Write {
                path: path.clone(),
                source: error.into_error(),
            })?;
            output.finish()
        }
        VectorFormat::JsonLines => {
            let are_numbers = ids.are_whole_numbers();
            let mut rows = ids.keys().iter().zip(table.chunks_exact(dim));
            write_with(destination, |out| {
                rows.try_for_each(|(key, row)| {
                    writeln!(
                        out,
                        "{}",
                        json!({ "id": JsonKey::of(key, are_numbers), "embedding": row })
                    )
                })
            })
        }
    }
}

#[cfg(feature = "parquet")]
fn parquet(
    destination: &Destination,
    ids: &IdMap,
    table: &[f32],
    dim: usize,
    columns: Columns,
) -> Result<(), ExportError> {
    super::embeddings::write(destination, ids, table, dim, columns)
}

#[cfg(not(feature = "parquet"))]
fn parquet(_: &Destination, _: &IdMap, _: &[f32], _: usize, _: Columns) -> Result<(), ExportError> {
    Err(ExportError::NoParquet)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn both_text_forms_read_back_bit_for_bit() {
        let folder = tempfile::tempdir().unwrap();
        let ids = IdMap::from_ordered_keys(vec!["7".into(), "a,b".into()]).unwrap();
        let table = [0.1f32, -1e-20, f32::MAX, 1.0 / 3.0];
        for name in ["v.csv", "v.jsonl"] {
            let path = folder.path().join(name);
            let destination = Destination::from(&*path);
            let format = VectorFormat::of(&destination).unwrap();
            write_vectors(&destination, format, &ids, &table, 2).unwrap();
            let text = std::fs::read_to_string(&path).unwrap();
            let found: Vec<f32> = match format {
                VectorFormat::Csv => csv::Reader::from_reader(text.as_bytes())
                    .records()
                    .flat_map(|record| {
                        let record = record.unwrap();
                        [record[1].parse().unwrap(), record[2].parse().unwrap()]
                    })
                    .collect(),
                _ => text
                    .lines()
                    .flat_map(|line| {
                        let row: serde_json::Value = serde_json::from_str(line).unwrap();
                        let embedding = row["embedding"].as_array().unwrap().clone();
                        embedding.into_iter().map(|v| v.as_f64().unwrap() as f32)
                    })
                    .collect(),
            };
            assert_eq!(found, table, "{name}");
        }
        let unknown = Destination::File("v.npz".into());
        let message = VectorFormat::of(&unknown).unwrap_err().to_string();
        assert!(message.contains("v.npz"), "{message}");
    }
}
