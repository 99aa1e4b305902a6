//! Keys of users and items: as they come from Python, and as they go back, numbers or texts.

use std::sync::{Arc, OnceLock};

use arrow_array::{ArrayRef, Int64Array, LargeStringArray, StringArray};
use arrow_schema::{DataType, Field};
use pyo3::IntoPyObjectExt;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyInt, PyList, PyString};
use sagebrush::data::{IdMap, whole_number};

/// A key as the library has it.
#[derive(Debug, Clone)]
pub(crate) struct Key(pub(crate) String);

impl<'py> FromPyObject<'_, 'py> for Key {
    type Error = PyErr;

    fn extract(key: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        if let Ok(text) = key.cast::<PyString>() {
            return Ok(Self(text.to_str()?.to_owned()));
        }
        if key.is_instance_of::<PyInt>() && !key.is_instance_of::<PyBool>() {
            return Ok(Self(key.str()?.to_string()));
        }
        Err(PyTypeError::new_err(format!(
            "a key is a text or a whole number, and this is a {}: {}",
            key.get_type().name()?,
            key.repr()?
        )))
    }
}

/// The texts of keys.
pub(crate) fn texts(keys: Vec<Key>) -> Vec<String> {
    keys.into_iter().map(|key| key.0).collect()
}

/// The keys of one kind and their type in results.
pub(crate) struct Keys {
    /// Texts although all of them may be numbers.
    came_as_texts: bool,
    numbers: OnceLock<Option<Vec<i64>>>,
}

impl Keys {
    pub(crate) fn new(came_as_texts: bool) -> Self {
        Self {
            came_as_texts,
            numbers: OnceLock::new(),
        }
    }

    /// The numbers that the keys are by id; `None` where they are texts.
    pub(crate) fn numbers(&self, map: &IdMap) -> Option<&[i64]> {
        let read = || {
            let are_numbers = !self.came_as_texts && map.are_whole_numbers();
            let numbers = map.keys().iter().map(|key| whole_number(key));
            are_numbers.then(|| numbers.collect()).flatten()
        };
        self.numbers.get_or_init(read).as_deref()
    }

    /// The column of the keys of these ids.
    pub(crate) fn column(&self, map: &IdMap, ids: impl Iterator<Item = u32>) -> ArrayRef {
        match self.numbers(map) {
            Some(numbers) => {
                let keys: Vec<i64> = ids.map(|id| numbers[id as usize]).collect();
                Arc::new(Int64Array::from(keys))
            }
            None => {
                let keys: Vec<&str> = ids.map(|id| map.key(id)).collect();
                Arc::new(StringArray::from(keys))
            }
        }
    }

    pub(crate) fn field(&self, name: &str, map: &IdMap) -> Field {
        let kind = match self.numbers(map) {
            Some(_) => DataType::Int64,
            None => DataType::Utf8,
        };
        Field::new(name, kind, false)
    }

    /// All keys in the order of ids.
    pub(crate) fn all(&self, map: &IdMap) -> ArrayRef {
        match self.numbers(map) {
            Some(numbers) => Arc::new(Int64Array::from(numbers.to_vec())),
            None => Arc::new(LargeStringArray::from_iter_values(map.keys())),
        }
    }

    /// A key as Python has it.
    pub(crate) fn to_python<'py>(
        &self,
        py: Python<'py>,
        map: &IdMap,
        key: &str,
    ) -> PyResult<Bound<'py, PyAny>> {
        match self.numbers(map).and_then(|_| whole_number(key)) {
            Some(number) => number.into_bound_py_any(py),
            None => key.into_bound_py_any(py),
        }
    }
}

/// A list of lists of keys.
pub(crate) fn lists_of_texts(lists: &Bound<'_, PyList>) -> PyResult<Vec<Vec<String>>> {
    let one = |list: Bound<'_, PyAny>| Ok(texts(list.extract::<Vec<Key>>()?));
    lists.iter().map(one).collect()
}
