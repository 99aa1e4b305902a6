//! The item data that a run keeps for models that read features: the encoder, the features, the walks.

use sagebrush_model::SparseMatrix;

use super::refit_note::{is_of_refit, note_of_refit};
use super::tensors::{Entry, TensorFile, Values, write_tensors};
use super::{File, RunDir, RunError, RunWriter};
use crate::features::{Encoded, Encoder, EncoderParts};
use crate::graph::Visits;

impl RunDir {
    /// The encoder of `encoder.safetensors`; `None` where the run has none.
    pub fn encoder(&self) -> Result<Option<Encoder>, RunError> {
        if !self.has(File::Encoder) {
            return Ok(None);
        }
        let path = self.path().join(File::Encoder.name());
        let bytes = self.read(File::Encoder)?;
        let file = TensorFile::parse(&path, &bytes)?;
        Encoder::from_parts(EncoderParts {
            text: file.metadata().unwrap_or_default().to_owned(),
            tokens: file.u64("tokens")?,
            documents: file.u32("documents")?,
        })
        .map(Some)
        .map_err(|error| RunError::damaged(&path, error.to_string()))
    }

    /// What `item_graph.safetensors` holds, for a catalogue of `n_items`; `None` where the run has none.
    pub fn item_graph(&self, n_items: usize) -> Result<Option<StoredItemGraph>, RunError> {
        if !self.has(File::ItemGraph) {
            return Ok(None);
        }
        let path = self.path().join(File::ItemGraph.name());
        let bytes = self.read(File::ItemGraph)?;
        let file = TensorFile::parse(&path, &bytes)?;
        let problem = |what: &str| RunError::damaged(&path, what);
        let (items, counts) = (file.u32("walks.items")?, file.u32("walks.counts")?);
        let kept = items.len() / n_items.max(1);
        let visits = Visits {
            kept,
            items,
            counts,
        };
        if kept == 0 || kept * n_items != visits.items.len() || !is_in_order(&visits, n_items) {
            return Err(problem("its walks are not those of the run's items"));
        }
        let part = |part: &str| format!("features.{part}");
        let (row_ptr, columns) = (file.u32(&part("row_ptr"))?, file.u32(&part("columns"))?);
        let values = file.f32(&part("values"))?.values;
        let widths = file.u32(&part("widths"))?;
        let &[width, n_content] = &widths[..] else {
            return Err(problem("its features have no widths"));
        };
        let fits = n_content <= width
            && row_ptr.len() == n_items + 1
            && row_ptr.first() == Some(&0)
            && row_ptr.last().map(|&end| end as usize) == Some(columns.len())
            && row_ptr.is_sorted()
            && columns.len() == values.len()
            && columns.iter().all(|&column| column < width)
            && values.iter().all(|value| value.is_finite());
        if !fits {
            return Err(problem("its features are not those of the run's items"));
        }
        Ok(Some(StoredItemGraph {
            features: SparseMatrix::new(width as usize, row_ptr, columns, values),
            n_content: n_content as usize,
            visits,
            refit: is_of_refit(&file),
        }))
    }
}

impl RunWriter {
    /// Writes `encoder.safetensors`.
    pub fn write_encoder(&mut self, encoder: &Encoder) -> Result<(), RunError> {
        self.write(File::Encoder, |out| {
            let parts = encoder.to_parts()?;
            let (tokens, documents) = (&parts.tokens, &parts.documents);
            let entries = vec![
                flat("tokens", tokens.len(), Values::U64(tokens)),
                flat("documents", documents.len(), Values::U32(documents)),
            ];
            write_tensors(out, entries, Some(parts.text))
        })
    }

    /// Writes `item_graph.safetensors`.
    pub fn write_item_graph(
        &mut self,
        features: &Encoded,
        visits: &Visits,
        refit: bool,
    ) -> Result<(), RunError> {
        let n = features.rows.n_rows();
        let table = |name: &str, values| Entry {
            name: name.to_owned(),
            shape: vec![n, visits.kept],
            values,
        };
        let widths = [features.rows.n_columns() as u32, features.n_content as u32];
        let (row_ptr, columns, values) = features.rows.arrays();
        let part = |part: &str, n, values| flat(&format!("features.{part}"), n, values);
        let entries = vec![
            table("walks.items", Values::U32(&visits.items)),
            table("walks.counts", Values::U32(&visits.counts)),
            part("widths", 2, Values::U32(&widths)),
            part("row_ptr", row_ptr.len(), Values::U32(row_ptr)),
            part("columns", columns.len(), Values::U32(columns)),
            part("values", values.len(), Values::F32(values)),
        ];
        self.write(File::ItemGraph, |out| {
            write_tensors(out, entries, note_of_refit(refit))
        })
    }
}

/// The item data that a run keeps.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredItemGraph {
    /// As [`Encoded::rows`].
    pub features: SparseMatrix,
    /// As [`Encoded::n_content`].
    pub n_content: usize,
    /// The walks.
    pub visits: Visits,
    /// Whether a refit made it, from more than the training part.
    pub refit: bool,
}

fn is_in_order(visits: &Visits, n_items: usize) -> bool {
    visits.counts.len() == visits.items.len()
        && visits.items.iter().all(|&item| (item as usize) < n_items)
        && visits
            .counts
            .chunks_exact(visits.kept)
            .all(|counts| counts.is_sorted_by(|a, b| a >= b))
}

fn flat<'a>(name: &str, n: usize, values: Values<'a>) -> Entry<'a> {
    Entry {
        name: name.to_owned(),
        shape: vec![n],
        values,
    }
}
