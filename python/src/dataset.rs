//! Data sets and splits.

use std::path::PathBuf;
use std::sync::Arc;

use arrow_array::{
    ArrayRef, Float32Array, Int64Array, RecordBatch, RecordBatchIterator, RecordBatchReader,
};
use arrow_schema::ArrowError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use sagebrush::{Config, Dataset, Split};

use crate::call::work;
use crate::errors::Fault;
use crate::settings::given;
use crate::table::reader_of;
use crate::watch::Watch;

/// A data set in memory.
#[pyclass(frozen, module = "sagebrush._sagebrush")]
pub(crate) struct NativeDataset {
    pub(crate) data: Arc<Dataset>,
}

impl NativeDataset {
    pub(crate) fn of(data: Dataset) -> Self {
        Self {
            data: Arc::new(data),
        }
    }
}

#[pymethods]
impl NativeDataset {
    /// Reads the files that the settings name.
    #[staticmethod]
    fn read(
        py: Python<'_>,
        settings: &Bound<'_, PyDict>,
        tell: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let given = given(settings)?;
        let data = work(py, &Watch::new(tell), || {
            Ok(Dataset::read_configured(&given.resolved()?.config.data)?)
        })?;
        Ok(Self::of(data))
    }

    /// Reads a table.
    #[staticmethod]
    fn from_table(
        frame: &Bound<'_, PyAny>,
        settings: &Bound<'_, PyDict>,
        tell: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let given = given(settings)?;
        let reader = reader_of(frame)?;
        let data = work(frame.py(), &Watch::new(tell), move || {
            Ok(Dataset::from_arrow(reader, &given.resolved()?.config.data)?)
        })?;
        Ok(Self::of(data))
    }

    /// Takes pairs of 64-bit numbers of users and items, and 32-bit weights, as bytes.
    #[staticmethod]
    fn from_pairs(
        py: Python<'_>,
        users: &[u8],
        items: &[u8],
        weights: Option<&[u8]>,
        settings: &Bound<'_, PyDict>,
        tell: Option<Py<PyAny>>,
    ) -> PyResult<Self> {
        let given = given(settings)?;
        let data = work(py, &Watch::new(tell), || {
            let table = table_of_pairs(users, items, weights);
            let table = table.map_err(|error| Fault::Panic(error.to_string()))?;
            Ok(Dataset::from_arrow(table, &given.resolved()?.config.data)?)
        })?;
        Ok(Self::of(data))
    }

    /// The films that come with the library.
    #[staticmethod]
    fn bundled(py: Python<'_>) -> PyResult<Self> {
        let data = work(py, &Watch::new(None), || Ok(Dataset::bundled()?))?;
        Ok(Self::of(data))
    }

    /// The same with an item file.
    fn with_items(&self, py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let data = work(py, &Watch::new(None), || {
            Ok(Dataset::clone(&self.data).with_items(path)?)
        })?;
        Ok(Self::of(data))
    }

    /// Cuts it by the settings.
    fn split(
        &self,
        py: Python<'_>,
        settings: &Bound<'_, PyDict>,
        tell: Option<Py<PyAny>>,
    ) -> PyResult<NativeSplit> {
        let given = given(settings)?;
        let watch = Watch::new(tell);
        let (split, config) = work(py, &watch, || {
            let config = given.of_data(self.data.source())?.resolved()?.config;
            let split = Split::new(Dataset::clone(&self.data), &config, &watch)?;
            Ok((split, config))
        })?;
        Ok(NativeSplit { split, config })
    }

    /// The numbers of users, items and interactions.
    fn counts(&self) -> (usize, usize, usize) {
        let data = &self.data;
        (data.n_users(), data.n_items(), data.n_interactions())
    }
}

/// A data set that was cut.
#[pyclass(frozen, module = "sagebrush._sagebrush")]
pub(crate) struct NativeSplit {
    pub(crate) split: Split,
    /// The settings it was cut by.
    pub(crate) config: Config,
}

#[pymethods]
impl NativeSplit {
    /// The numbers of training, validation and test interactions.
    fn counts(&self) -> (usize, usize, usize) {
        let split = &self.split;
        (split.n_train(), split.n_validation(), split.n_test())
    }
}

/// A table of pairs.
fn table_of_pairs(
    users: &[u8],
    items: &[u8],
    weights: Option<&[u8]>,
) -> Result<impl RecordBatchReader + Send + use<>, ArrowError> {
    let numbers = |bytes: &[u8]| -> ArrayRef {
        let (numbers, _) = bytes.as_chunks::<8>();
        let numbers = numbers.iter().map(|&bytes| i64::from_le_bytes(bytes));
        Arc::new(Int64Array::from_iter_values(numbers))
    };
    let mut columns = vec![("user", numbers(users)), ("item", numbers(items))];
    if let Some(weights) = weights {
        let (weights, _) = weights.as_chunks::<4>();
        let weights = weights.iter().map(|&bytes| f32::from_le_bytes(bytes));
        columns.push(("weight", Arc::new(Float32Array::from_iter_values(weights))));
    }
    let batch = RecordBatch::try_from_iter(columns)?;
    let schema = batch.schema();
    Ok(RecordBatchIterator::new([Ok(batch)], schema))
}
