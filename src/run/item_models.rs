//! What a run keeps of models of items that are fitted at once: how popular each is, its neighbours, its weights.

use super::tensors::{Entry, TensorFile, Values, write_tensors};
use super::{File, RunDir, RunError, RunWriter};
use crate::data::Csr;

impl RunWriter {
    /// Writes `popularity.safetensors`: the score of each item.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`].
    pub fn write_popularity(&mut self, scores: &[f32]) -> Result<(), RunError> {
        let entry = flat("scores", scores.len(), Values::F32(scores));
        self.write(File::Popularity, |out| {
            write_tensors(out, vec![entry], None)
        })
    }

    /// Writes `item_knn.safetensors`: the neighbours of each item, nearest first, with their similarities.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`].
    pub fn write_item_knn(&mut self, neighbours: &Csr<f32>) -> Result<(), RunError> {
        let row_ptr: Vec<u64> = neighbours.row_ptr().iter().map(|&at| at as u64).collect();
        let n = neighbours.n_entries();
        let entries = vec![
            flat("row_ptr", row_ptr.len(), Values::U64(&row_ptr)),
            flat("items", n, Values::U32(neighbours.columns())),
            flat("similarities", n, Values::F32(neighbours.values())),
        ];
        self.write(File::ItemKnn, |out| write_tensors(out, entries, None))
    }

    /// Writes `ease.safetensors`: the weights of items for each other, `[n_items, n_items]`.
    ///
    /// # Errors
    /// [`RunError::CannotWrite`].
    pub fn write_ease(&mut self, weights: &[f32], n_items: usize) -> Result<(), RunError> {
        let entry = Entry {
            name: "weights".to_owned(),
            shape: vec![n_items, n_items],
            values: Values::F32(weights),
        };
        self.write(File::Ease, |out| write_tensors(out, vec![entry], None))
    }
}

impl RunDir {
    /// The scores of `popularity.safetensors`, for a catalogue of `n_items`.
    ///
    /// # Errors
    /// A missing or damaged file.
    pub fn popularity(&self, n_items: usize) -> Result<Vec<f32>, RunError> {
        let (path, bytes) = (self.path_of(File::Popularity), self.read(File::Popularity)?);
        let scores = TensorFile::parse(&path, &bytes)?.f32("scores")?.values;
        match scores.len() == n_items && scores.iter().all(|score| score.is_finite()) {
            true => Ok(scores),
            false => Err(RunError::damaged(&path, "it is not of the run's items")),
        }
    }

    /// The weights of `ease.safetensors`, for a catalogue of `n_items`.
    ///
    /// # Errors
    /// A missing or damaged file.
    pub fn ease(&self, n_items: usize) -> Result<Vec<f32>, RunError> {
        let (path, bytes) = (self.path_of(File::Ease), self.read(File::Ease)?);
        let weights = TensorFile::parse(&path, &bytes)?.f32("weights")?;
        match weights.shape == [n_items, n_items] {
            true => Ok(weights.values),
            false => Err(RunError::damaged(&path, "it is not of the run's items")),
        }
    }

    /// The neighbours of `item_knn.safetensors`, for a catalogue of `n_items`.
    ///
    /// # Errors
    /// A missing or damaged file.
    pub fn item_knn(&self, n_items: usize) -> Result<Csr<f32>, RunError> {
        let (path, bytes) = (self.path_of(File::ItemKnn), self.read(File::ItemKnn)?);
        let file = TensorFile::parse(&path, &bytes)?;
        let row_ptr = file.u64("row_ptr")?;
        let (items, similarities) = (file.u32("items")?, file.f32("similarities")?.values);
        let row_ptr: Vec<usize> = row_ptr.into_iter().map(|at| at as usize).collect();
        let fits = row_ptr.len() == n_items + 1
            && items.iter().all(|&item| (item as usize) < n_items)
            && similarities.iter().all(|&x| x > 0.0 && x.is_finite());
        let neighbours = Csr::from_parts(row_ptr, items, similarities);
        neighbours
            .filter(|_| fits)
            .ok_or_else(|| RunError::damaged(&path, "its neighbours are not of the run's items"))
    }
}

fn flat<'a>(name: &str, n: usize, values: Values<'a>) -> Entry<'a> {
    Entry {
        name: name.to_owned(),
        shape: vec![n],
        values,
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::run::Replace;

    #[test]
    fn models_of_items_come_back_and_only_of_this_catalogue() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("run");
        let mut run = RunWriter::create(path, Replace::Nothing, "train").unwrap();
        run.write_popularity(&[2.0, 0.0, 0.5]).unwrap();
        assert_eq!(run.popularity(3).unwrap(), [2.0, 0.0, 0.5]);
        assert!(run.popularity(4).is_err());
        run.write_ease(&[0.0, 0.5, -0.25, 0.0], 2).unwrap();
        assert_eq!(run.ease(2).unwrap(), [0.0, 0.5, -0.25, 0.0]);
        assert!(run.ease(4).is_err());
        let neighbours = Csr::from_rows([vec![(2, 0.5), (1, 0.25)], vec![], vec![(0, 1e-30)]]);
        run.write_item_knn(&neighbours).unwrap();
        assert_eq!(run.item_knn(3).unwrap(), neighbours);
        let message = run.item_knn(2).unwrap_err().to_string();
        assert!(message.contains("item_knn.safetensors"), "{message}");
        for wrong in [(3, 0.5), (0, f32::NAN), (0, 0.0)] {
            run.write_item_knn(&Csr::from_rows([vec![wrong], vec![], vec![]]))
                .unwrap();
            assert!(run.item_knn(3).is_err(), "{wrong:?}");
        }
    }
}
