//! Tensors in, tensors out.
