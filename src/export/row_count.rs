//! How many rows a written file says it holds, where its form says so.

use std::path::Path;

use super::error::ExportError;

/// The rows of a Parquet file by its footer; `None` for a form without such a number.
///
/// # Errors
/// A file that cannot be read back.
#[cfg(feature = "parquet")]
pub(crate) fn count_rows(path: &Path) -> Result<Option<usize>, ExportError> {
    use parquet::file::reader::{FileReader, SerializedFileReader};

    if path.extension().is_none_or(|ending| ending != "parquet") {
        return Ok(None);
    }
    let name = path.display().to_string();
    let file = std::fs::File::open(path).map_err(|source| ExportError::Write {
        path: name.clone(),
        source,
    })?;
    let reader =
        SerializedFileReader::new(file).map_err(|error| super::parquet::failed(&name, error))?;
    Ok(usize::try_from(reader.metadata().file_metadata().num_rows()).ok())
}

/// The same in a build without Parquet.
#[cfg(not(feature = "parquet"))]
pub(crate) fn count_rows(_: &Path) -> Result<Option<usize>, ExportError> {
    Ok(None)
}
