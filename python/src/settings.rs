//! Settings from Python: a dictionary by dotted name becomes what the library takes for given.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};
use sagebrush::config::{self, Given};
use toml::{Table, Value};

use crate::errors::Fault;

/// Where the settings come from, in messages.
const PLACE: &str = "settings";

/// Every setting: its dotted name, what it does, what it accepts and the models that have it.
#[pyfunction]
pub(crate) fn settings() -> Vec<(&'static str, &'static str, String, Vec<&'static str>)> {
    let one = |setting: &config::Setting| {
        let models = setting.models.iter().map(|model| model.as_str());
        (
            setting.key,
            setting.help(),
            setting.accepts.words(),
            models.collect(),
        )
    };
    config::settings().map(one).collect()
}

/// The settings of a dictionary by dotted name.
pub(crate) fn given(settings: &Bound<'_, PyDict>) -> PyResult<Given> {
    let py = settings.py();
    let table = table_of(settings)?;
    let text = toml::to_string(&table);
    let text = text.map_err(|error| Fault::Usage(format!("{PLACE}: {error}")).raised(py))?;
    let given = Given::new(Some((PLACE, &text)), std::iter::empty(), Table::new());
    given.map_err(|error| Fault::Setting(error).raised(py))
}

fn table_of(settings: &Bound<'_, PyDict>) -> PyResult<Table> {
    let mut table = Table::new();
    for (key, value) in settings {
        let key: String = key.extract()?;
        if value.is_none() {
            continue;
        }
        insert(&mut table, &key, value_of(&key, &value)?);
    }
    Ok(table)
}

fn insert(table: &mut Table, path: &str, value: Value) {
    match path.split_once('.') {
        None => {
            table.insert(path.to_owned(), value);
        }
        Some((section, rest)) => {
            let empty = || Value::Table(Table::new());
            let entry = table.entry(section).or_insert_with(empty);
            if let Value::Table(inner) = entry {
                insert(inner, rest, value);
            }
        }
    }
}

fn value_of(key: &str, value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let py = value.py();
    if let Ok(flag) = value.cast::<PyBool>() {
        return Ok(Value::Boolean(flag.is_true()));
    }
    if value.is_instance_of::<PyInt>() || value.hasattr("__index__")? {
        let number: i64 = value.extract().map_err(|_| {
            Fault::WrongSetting(format!(
                "{PLACE}: \"{key}\" is beyond 64 bits: give a smaller number"
            ))
            .raised(py)
        })?;
        return Ok(Value::Integer(number));
    }
    if value.is_instance_of::<PyFloat>() || value.hasattr("__float__")? {
        return Ok(Value::Float(value.extract()?));
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(Value::String(text.to_string()));
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let each = value.try_iter()?.map(|one| value_of(key, &one?));
        return Ok(Value::Array(each.collect::<PyResult<_>>()?));
    }
    if let Ok(path) = value.extract::<PathBuf>() {
        return Ok(Value::String(path.display().to_string()));
    }
    let class = value.get_type().name()?;
    Err(Fault::WrongSetting(format!(
        "{PLACE}: \"{key}\" is of type {class}: give a number, a text, a truth value or a list of these"
    ))
    .raised(py))
}
