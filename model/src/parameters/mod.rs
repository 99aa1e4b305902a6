//! Parameters by name: reading them to the host and putting them back; their initial values are in `init`.
//!
//! A folder under scores and models, because both have parameters.

pub(crate) mod checks;
mod init;

use std::collections::BTreeMap;

use burn::module::Param;
use burn::tensor::{Tensor, TensorData};

pub use checks::ConfigError;
pub use init::Init;
pub(crate) use init::Initializer;

/// A parameter on the host, row-major.
#[derive(Clone, Debug, PartialEq)]
pub struct HostTensor {
    /// Size of each dimension.
    pub shape: Vec<usize>,
    /// The elements, last dimension fastest.
    pub values: Vec<f32>,
}

/// Why a set of named tensors does not fit a model.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[allow(missing_docs)] // each variant's message says it
pub enum ParameterError {
    #[error("parameter `{name}` is missing; the model has: {expected}")]
    Missing { name: String, expected: String },
    #[error("parameter `{name}` does not belong to this model, which has: {expected}")]
    Unexpected { name: String, expected: String },
    #[error("parameter `{name}` has shape {found:?}; the model needs {expected:?}")]
    Shape {
        name: String,
        expected: Vec<usize>,
        found: Vec<usize>,
    },
    #[error("parameter `{name}` has shape {shape:?} but {found} values")]
    Length {
        name: String,
        shape: Vec<usize>,
        found: usize,
    },
    #[error("parameter `{name}` holds {value} at position {position}; parameters must be finite")]
    NotFinite {
        name: String,
        position: usize,
        value: f32,
    },
    #[error("parameter `{name}` could not be read from the device: {reason}")]
    Device { name: String, reason: String },
}

/// One parameter of a module, to read or replace.
pub(crate) enum ParamMut<'a> {
    Vector(&'a mut Param<Tensor<1>>),
    Matrix(&'a mut Param<Tensor<2>>),
}

/// A module that knows its parameters' names. One list serves reading, writing and L2.
pub(crate) trait Named {
    fn named(&mut self) -> Vec<(String, ParamMut<'_>)>;
}

/// Puts `prefix.` before each name.
pub(crate) fn prefixed<'a>(
    prefix: &str,
    parameters: Vec<(String, ParamMut<'a>)>,
) -> Vec<(String, ParamMut<'a>)> {
    parameters
        .into_iter()
        .map(|(name, parameter)| (format!("{prefix}.{name}"), parameter))
        .collect()
}

impl ParamMut<'_> {
    fn shape(&self) -> Vec<usize> {
        match self {
            Self::Vector(p) => p.dims().to_vec(),
            Self::Matrix(p) => p.dims().to_vec(),
        }
    }

    fn read(&self, name: &str) -> Result<HostTensor, ParameterError> {
        let data = match self {
            Self::Vector(p) => p.val().try_into_data(),
            Self::Matrix(p) => p.val().try_into_data(),
        };
        let device_error = |reason: String| ParameterError::Device {
            name: name.to_owned(),
            reason,
        };
        let values = data
            .map_err(|error| device_error(error.to_string()))?
            .try_into_vec::<f32>()
            .map_err(|error| device_error(format!("{error:?}")))?;
        Ok(HostTensor {
            shape: self.shape(),
            values,
        })
    }

    fn write(self, values: Vec<f32>) {
        match self {
            Self::Vector(p) => replace(p, values),
            Self::Matrix(p) => replace(p, values),
        }
    }

    /// Sum of squares, `[1]`.
    pub(crate) fn sum_of_squares(&self) -> Tensor<1> {
        match self {
            Self::Vector(p) => (p.val() * p.val()).sum(),
            Self::Matrix(p) => (p.val() * p.val()).sum(),
        }
    }
}

fn replace<const D: usize>(parameter: &mut Param<Tensor<D>>, values: Vec<f32>) {
    let data = TensorData::new(values, parameter.shape());
    *parameter = parameter.clone().map(|old| {
        let tracked = old.is_require_grad();
        let new = Tensor::from_data(data, &old.device());
        if tracked { new.require_grad() } else { new }
    });
}

/// All parameters on the host, in the module's order.
pub(crate) fn read(
    parameters: Vec<(String, ParamMut<'_>)>,
) -> Result<Vec<(String, HostTensor)>, ParameterError> {
    parameters
        .into_iter()
        .map(|(name, parameter)| {
            let host = parameter.read(&name)?;
            Ok((name, host))
        })
        .collect()
}

/// Replaces every parameter by the tensor of its name.
pub(crate) fn write(
    parameters: Vec<(String, ParamMut<'_>)>,
    mut tensors: BTreeMap<String, HostTensor>,
) -> Result<(), ParameterError> {
    let names: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
    let expected = names.join(", ");
    if let Some(name) = tensors.keys().find(|name| !names.contains(&name.as_str())) {
        return Err(ParameterError::Unexpected {
            name: name.clone(),
            expected,
        });
    }
    for (name, parameter) in parameters {
        let Some(tensor) = tensors.remove(&name) else {
            return Err(ParameterError::Missing { name, expected });
        };
        check(&name, &parameter.shape(), &tensor)?;
        parameter.write(tensor.values);
    }
    Ok(())
}

fn check(name: &str, expected: &[usize], tensor: &HostTensor) -> Result<(), ParameterError> {
    let name = name.to_owned();
    if tensor.shape != expected {
        return Err(ParameterError::Shape {
            name,
            expected: expected.to_vec(),
            found: tensor.shape.clone(),
        });
    }
    if tensor.values.len() != expected.iter().product::<usize>() {
        return Err(ParameterError::Length {
            name,
            shape: tensor.shape.clone(),
            found: tensor.values.len(),
        });
    }
    let bad = tensor.values.iter().position(|value| !value.is_finite());
    match bad {
        Some(position) => Err(ParameterError::NotFinite {
            name,
            position,
            value: tensor.values[position],
        }),
        None => Ok(()),
    }
}
