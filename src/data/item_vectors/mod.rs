//! Precomputed vectors of items, such as those of an image or a language model: NumPy, safetensors or Parquet.

mod npy;
#[cfg(feature = "parquet")]
mod parquet;
mod tensor;

use std::io::Read;
use std::path::Path;

use super::IdMap;
use super::error::unreadable;
use super::error::{DataError, Place};
use super::remote::open_file;
use super::source::{PARQUET_MAGIC, read_head};

/// One vector per item, where the file has one; position = item id.
#[derive(Debug, Clone, PartialEq)]
pub struct ItemVectors {
    /// The file.
    pub name: String,
    /// Floats of a vector.
    pub width: usize,
    /// `[n_items, width]`, row-major, finite; zeros where there is none.
    pub values: Vec<f32>,
    /// Whether an item has one.
    pub is_there: Vec<bool>,
}

/// Rows of numbers as a file has them.
struct Rows {
    n: usize,
    width: usize,
    values: Vec<f32>,
}

/// Reads the vectors of a file. Those of a Parquet file belong to the keys beside them. Those of a `.npy` or safetensors
/// file belong to the rows of the item file, in the same order; `item_rows` are the items of these rows.
///
/// # Errors
/// A file that is missing, damaged or of another format; another number of rows than the item file has; a number that
/// is not finite.
pub fn read_item_vectors(
    path: &Path,
    items: &IdMap,
    item_rows: &[Option<u32>],
) -> Result<ItemVectors, DataError> {
    let name = path.display().to_string();
    let unreadable = |source| unreadable(&name, source);
    let mut file = open_file(path)?;
    let mut bytes = read_head(&mut file).map_err(unreadable)?;
    if bytes == PARQUET_MAGIC {
        return of_keys(path, &name, items);
    }
    file.read_to_end(&mut bytes).map_err(unreadable)?;
    let rows = match bytes.starts_with(npy::MAGIC) {
        true => npy::read(&bytes),
        false => tensor::read(&bytes),
    };
    let rows = rows.map_err(|reason| bad(&name, reason))?;
    if rows.n != item_rows.len() {
        let reason = format!(
            "it has {} rows and the item file {}: its rows belong to those of the item file, in their order",
            rows.n,
            item_rows.len()
        );
        return Err(bad(&name, reason));
    }
    let mut vectors = ItemVectors::none(&name, rows.width, items.len());
    for (row, item) in item_rows.iter().enumerate() {
        if let Some(item) = *item {
            let values = &rows.values[row * rows.width..][..rows.width];
            vectors.take(item, values, items)?;
        }
    }
    Ok(vectors)
}

#[cfg(feature = "parquet")]
fn of_keys(path: &Path, name: &str, items: &IdMap) -> Result<ItemVectors, DataError> {
    parquet::read(path, name, items)
}

#[cfg(not(feature = "parquet"))]
fn of_keys(_: &Path, name: &str, _: &IdMap) -> Result<ItemVectors, DataError> {
    let place = Place::whole(name);
    Err(DataError::ParquetFeature { place })
}

fn bad(name: &str, reason: String) -> DataError {
    DataError::BadVectors {
        place: Place::whole(name),
        reason,
    }
}

impl ItemVectors {
    fn none(name: &str, width: usize, n_items: usize) -> Self {
        Self {
            name: name.to_owned(),
            width,
            values: vec![0.0; n_items * width],
            is_there: vec![false; n_items],
        }
    }

    /// Takes the first vector of an item.
    fn take(&mut self, item: u32, values: &[f32], items: &IdMap) -> Result<(), DataError> {
        let at = item as usize;
        if let Some(value) = values.iter().find(|value| !value.is_finite()) {
            let reason = format!("the vector of item `{}` holds {value}", items.key(item));
            return Err(bad(&self.name, reason));
        }
        if !std::mem::replace(&mut self.is_there[at], true) {
            self.values[at * self.width..][..self.width].copy_from_slice(values);
        }
        Ok(())
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;

    use super::*;

    fn items() -> IdMap {
        IdMap::from_ordered_keys(["a", "b", "c"].map(Box::from).to_vec()).unwrap()
    }

    /// As NumPy 1.26 writes `np.array([[1, 2], [3, 4], [5, 6]], dtype="<f4")`.
    fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
        let mut header =
            format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}");
        while (10 + header.len() + 1) % 64 != 0 {
            header.push(' ');
        }
        header.push('\n');
        let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
        bytes.extend((header.len() as u16).to_le_bytes());
        bytes.extend(header.as_bytes());
        bytes.extend(data);
        bytes
    }

    fn singles(values: &[f32]) -> Vec<u8> {
        values
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect()
    }

    fn read(bytes: &[u8], rows: &[Option<u32>]) -> Result<ItemVectors, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors");
        fs::write(&path, bytes).unwrap();
        read_item_vectors(&path, &items(), rows).map_err(|error| error.to_string())
    }

    #[test]
    fn rows_belong_to_those_of_the_item_file() {
        let rows = [Some(2), None, Some(0)];
        let of_npy = npy("<f4", "(3, 2)", &singles(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        let found = read(&of_npy, &rows).unwrap();
        assert_eq!(found.width, 2);
        assert_eq!(found.values, [5.0, 6.0, 0.0, 0.0, 1.0, 2.0]);
        assert_eq!(found.is_there, [true, false, true]);
        let doubles: Vec<u8> = [1.0f64, 2.0, 3.0, 4.0, 5.0, 6.0]
            .iter()
            .flat_map(|value| value.to_le_bytes())
            .collect();
        assert_eq!(
            read(&npy("<f8", "(3, 2)", &doubles), &rows).unwrap().values,
            found.values
        );
        let mut tensor = 64u64.to_le_bytes().to_vec();
        let header = r#"{"x":{"dtype":"F32","shape":[3,2],"data_offsets":[0,24]}}"#;
        tensor.extend(format!("{header:<64}").as_bytes());
        tensor.extend(singles(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        assert_eq!(read(&tensor, &rows).unwrap().values, found.values);
    }

    #[test]
    fn what_is_wrong_is_named() {
        let rows = [Some(2), None, Some(0)];
        let refused = |bytes: &[u8], rows: &[Option<u32>], expected: &str| {
            let message = read(bytes, rows).unwrap_err();
            assert!(message.contains(expected), "{message}");
        };
        let whole = npy("<f4", "(3, 2)", &singles(&[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]));
        refused(&whole, &rows[..2], "it has 3 rows and the item file 2");
        refused(&whole[..whole.len() - 1], &rows, "24 bytes");
        for cut in 0..whole.len() {
            assert!(read(&whole[..cut], &rows).is_err(), "{cut} bytes");
        }
        let nan = npy(
            "<f4",
            "(3, 2)",
            &singles(&[f32::NAN, 2.0, 3.0, 4.0, 5.0, 6.0]),
        );
        refused(&nan, &rows, "the vector of item `c` holds NaN");
        refused(&npy("<i4", "(3, 2)", &[0; 24]), &rows, "holds `<i4`");
        refused(&npy("<f4", "(6,)", &[0; 24]), &rows, "two dimensions");
        refused(b"a,b\n1,2\n", &rows, "neither");
    }

    #[cfg(feature = "parquet")]
    #[test]
    fn vectors_of_a_parquet_file_belong_to_their_keys() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("vectors.parquet");
        let keys = ["c", "x", "a"].map(Box::from).to_vec();
        let keys = IdMap::from_ordered_keys(keys).unwrap();
        let table = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        crate::export::write_embeddings(&(&*path).into(), &keys, &table, 2).unwrap();
        let found = read_item_vectors(&path, &items(), &[]).unwrap();
        assert_eq!(found.values, [5.0, 6.0, 0.0, 0.0, 1.0, 2.0]);
        assert_eq!(found.is_there, [true, false, true]);
    }
}
