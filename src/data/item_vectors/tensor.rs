//! The one matrix of a safetensors file.

use safetensors::{Dtype, SafeTensors};

use super::Rows;

pub(super) fn read(bytes: &[u8]) -> Result<Rows, String> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|error| format!("it is neither Parquet nor `.npy` nor safetensors ({error})"))?;
    let tensors = file.tensors();
    let [(name, tensor)] = &tensors[..] else {
        return Err(format!(
            "it holds {} tensors: a file of vectors has one",
            tensors.len()
        ));
    };
    let &[n, width] = tensor.shape() else {
        return Err(format!(
            "its tensor `{name}` has the shape {:?}: vectors have two dimensions, rows and their floats",
            tensor.shape()
        ));
    };
    if width == 0 {
        return Err(format!("its tensor `{name}` has rows of no floats"));
    }
    let values = match tensor.dtype() {
        Dtype::F32 => {
            let (chunks, _) = tensor.data().as_chunks::<4>();
            chunks
                .iter()
                .map(|&bytes| f32::from_le_bytes(bytes))
                .collect()
        }
        Dtype::F64 => {
            let (chunks, _) = tensor.data().as_chunks::<8>();
            chunks
                .iter()
                .map(|&bytes| f64::from_le_bytes(bytes) as f32)
                .collect()
        }
        other => {
            return Err(format!(
                "its tensor `{name}` holds {other:?}: save it as F32 or F64"
            ));
        }
    };
    Ok(Rows { n, width, values })
}
