//! The tables of vectors as NumPy sees them, in the memory where the model has them.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;
use sagebrush::Recommender;
use sagebrush::inference::Tables;

/// A table of vectors, which stays in memory as long as anybody looks at it.
#[pyclass(frozen, module = "sagebrush._sagebrush")]
pub(crate) struct NativeVectors {
    recommender: Arc<Recommender>,
    of_users: bool,
}

impl NativeVectors {
    /// `None` where the model has no vectors.
    pub(crate) fn new(recommender: Arc<Recommender>, of_users: bool) -> Option<Self> {
        recommender.scorer().tables()?;
        Some(Self {
            recommender,
            of_users,
        })
    }

    fn tables(&self) -> Option<&Tables> {
        self.recommender.scorer().tables()
    }
}

#[pymethods]
impl NativeVectors {
    /// What `numpy.asarray` looks at: 32-bit floats, row by row, not to be written to.
    #[getter]
    fn __array_interface__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (rows, dim) = self.tables().map_or((&[][..], 1), |tables| {
            let rows = match self.of_users {
                true => tables.users(),
                false => tables.items(),
            };
            (rows, tables.dim())
        });
        let interface = PyDict::new(py);
        interface.set_item("version", 3)?;
        interface.set_item(
            "typestr",
            if cfg!(target_endian = "little") {
                "<f4"
            } else {
                ">f4"
            },
        )?;
        interface.set_item("shape", (rows.len() / dim, dim))?;
        interface.set_item("data", (rows.as_ptr() as usize, true))?;
        Ok(interface)
    }
}
