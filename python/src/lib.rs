//! The native module of the Python package: the library's calls with Python's types, errors and interrupts.
//!
//! The package in `py_src` is what users see. It makes plain values of what it is given, and calls this module.

mod call;
mod dataset;
mod errors;
mod explain;
mod export;
mod histories;
mod keys;
mod list_options;
mod lists;
mod remarks;
mod run;
mod settings;
mod table;
mod vectors;
mod watch;

use pyo3::prelude::*;

/// Runs the program with these arguments, its name first, and returns its exit code.
#[pyfunction]
fn run_program(py: Python<'_>, arguments: Vec<String>) -> u8 {
    py.detach(|| sagebrush::cli::run_for_code(arguments))
}

#[pymodule]
mod _sagebrush {
    #[pymodule_export]
    use super::dataset::{NativeDataset, NativeSplit};
    #[pymodule_export]
    use super::run::NativeRun;
    #[pymodule_export]
    use super::run_program;
    #[pymodule_export]
    use super::settings::settings;
    #[pymodule_export]
    use super::table::NativeTable;
    #[pymodule_export]
    use super::vectors::NativeVectors;

    use pyo3::prelude::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
