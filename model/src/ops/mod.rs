//! Operations on tensors, each with what every backend makes of it: `mod` declares it, `autodiff` holds its gradient,
//! `cpu` and `gpu` its forms on those devices.

// Backward passes are dead in a build that does not train.
#[cfg_attr(not(feature = "train"), allow(dead_code))]
pub(crate) mod batch_loss;
#[cfg_attr(not(feature = "train"), allow(dead_code))]
pub(crate) mod dropout;
pub(crate) mod flex;
#[cfg_attr(not(feature = "train"), allow(dead_code))]
pub(crate) mod gather;
#[cfg_attr(not(feature = "train"), allow(dead_code))]
pub(crate) mod linear;
pub(crate) mod propagate;
pub(crate) mod top_k;
