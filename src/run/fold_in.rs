//! `fold_in.safetensors`: the map that gives a new user a vector, fitted once when training ends.

use super::tensors::{Entry, TensorFile, Values, write_tensors};
use super::{File, RunDir, RunError, RunWriter};

/// The map of `fold_in.safetensors`.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredFoldIn {
    /// Width of a vector.
    pub dim: usize,
    /// `[dim, dim]`, row-major, in double precision: a vector is the sum of a history's item vectors times it.
    pub map: Vec<f64>,
    /// The regularisation it was fitted with, as a share of the mean eigenvalue. A note for the reader.
    pub ridge: f64,
}

impl RunWriter {
    /// Writes `fold_in.safetensors`.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`].
    pub fn write_fold_in(&mut self, fold_in: &StoredFoldIn) -> Result<(), RunError> {
        let entry = Entry {
            name: "map".to_owned(),
            shape: vec![fold_in.dim, fold_in.dim],
            values: Values::F64(&fold_in.map),
        };
        let notes = serde_json::json!({ "ridge": fold_in.ridge }).to_string();
        self.write(File::FoldIn, |out| {
            write_tensors(out, vec![entry], Some(notes))
        })
    }
}

impl RunDir {
    /// The map of `fold_in.safetensors`; `None` where the run has none: it is a graph filter, places people without one, or
    /// is of version 0.1.
    ///
    /// # Errors
    /// A damaged file.
    pub fn fold_in(&self) -> Result<Option<StoredFoldIn>, RunError> {
        if !self.has(File::FoldIn) {
            return Ok(None);
        }
        let path = self.path().join(File::FoldIn.name());
        let bytes = self.read(File::FoldIn)?;
        let file = TensorFile::parse(&path, &bytes)?;
        let (shape, map) = file.f64("map")?;
        let &[dim, columns] = &shape[..] else {
            return Err(RunError::damaged(&path, "its map is not a matrix"));
        };
        if dim != columns {
            return Err(RunError::damaged(&path, "its map is not square"));
        }
        let notes: serde_json::Value =
            serde_json::from_str(file.metadata().unwrap_or("null")).unwrap_or_default();
        let ridge = notes["ridge"].as_f64().unwrap_or_default();
        Ok(Some(StoredFoldIn { dim, map, ridge }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::run::Replace;

    #[test]
    fn a_map_comes_back_bit_for_bit_and_only_square() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run");
        let mut run = RunWriter::create(path, Replace::Nothing, "train").unwrap();
        assert_eq!(run.fold_in().unwrap(), None);
        let kept = StoredFoldIn {
            dim: 2,
            map: vec![0.1, -2.0 / 3.0, 1e-300, -0.0],
            ridge: 0.001,
        };
        run.write_fold_in(&kept).unwrap();
        assert_eq!(run.fold_in().unwrap(), Some(kept));
        let entry = Entry {
            name: "map".to_owned(),
            shape: vec![2, 1],
            values: Values::F64(&[1.0, 2.0]),
        };
        run.write(File::FoldIn, |out| write_tensors(out, vec![entry], None))
            .unwrap();
        let message = run.fold_in().unwrap_err().to_string();
        assert!(message.contains("fold_in.safetensors") && message.contains("not square"));
    }
}
