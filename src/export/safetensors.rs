//! A table of vectors as safetensors: the tensor `vectors`, and the keys of its rows in the same file.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{self, Write};

use safetensors::tensor::{Dtype, View, serialize};

use super::destination::{Destination, write_with};
use super::error::ExportError;
use crate::data::{IdMap, whole_number};

/// The tensor or the member of the metadata that holds the keys.
const IDS: &str = "ids";

/// A tensor in the bytes of the file.
struct Tensor<'a> {
    dtype: Dtype,
    shape: Vec<usize>,
    bytes: Cow<'a, [u8]>,
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        self.dtype
    }

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn data(&self) -> Cow<'_, [u8]> {
        Cow::Borrowed(&self.bytes)
    }

    fn data_len(&self) -> usize {
        self.bytes.len()
    }
}

/// Writes `table` `[ids.len() x dim]`, row-major. The keys are the tensor `ids` of 64-bit numbers where all are whole
/// numbers, else a JSON array in the metadata `ids`.
pub(super) fn write_safetensors(
    destination: &Destination,
    ids: &IdMap,
    table: &[f32],
    dim: usize,
) -> Result<(), ExportError> {
    let vectors = Tensor {
        dtype: Dtype::F32,
        shape: vec![ids.len(), dim],
        bytes: table.iter().flat_map(|value| value.to_le_bytes()).collect(),
    };
    let mut tensors = vec![("vectors", vectors)];
    // One member at most: several would be written in a random order.
    let mut metadata = None;
    if ids.are_whole_numbers() {
        let numbers = ids.keys().iter().filter_map(|key| whole_number(key));
        let keys = Tensor {
            dtype: Dtype::I64,
            shape: vec![ids.len()],
            bytes: numbers.flat_map(i64::to_le_bytes).collect(),
        };
        tensors.push((IDS, keys));
    } else {
        let keys = serde_json::json!(ids.keys()).to_string();
        metadata = Some(HashMap::from([(IDS.to_owned(), keys)]));
    }
    write_with(destination, |out: &mut dyn Write| {
        let bytes = serialize(tensors, metadata).map_err(io::Error::other)?;
        out.write_all(&bytes)
    })
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use safetensors::SafeTensors;

    use super::*;

    #[test]
    fn keys_and_rows_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("v.safetensors");
        let table = [0.5f32, -1.0, 2.0, 4.0];
        let written = |keys: [&str; 2]| {
            let ids = IdMap::from_ordered_keys(keys.map(Into::into).to_vec()).unwrap();
            write_safetensors(&(&*path).into(), &ids, &table, 2).unwrap();
            std::fs::read(&path).unwrap()
        };
        let bytes = written(["7", "-3"]);
        let file = SafeTensors::deserialize(&bytes).unwrap();
        let vectors = file.tensor("vectors").unwrap();
        assert_eq!(vectors.shape(), [2, 2]);
        let expected: Vec<u8> = table.iter().flat_map(|value| value.to_le_bytes()).collect();
        assert_eq!(vectors.data(), expected);
        let numbers = [7i64, -3].map(i64::to_le_bytes).concat();
        assert_eq!(file.tensor("ids").unwrap().data(), numbers);
        let bytes = written(["a", "7"]);
        let (_, header) = SafeTensors::read_metadata(&bytes).unwrap();
        let keys = header.metadata().as_ref().unwrap()["ids"].clone();
        assert_eq!(keys, r#"["a","7"]"#);
        assert_eq!(written(["a", "7"]), bytes, "the same bytes");
    }
}
