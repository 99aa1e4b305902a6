//! Adam on the host: one pass over a parameter, its gradient and its moments, in place.

use burn::backend::flex::{FlexTensor, Layout};
use burn::backend::{BackendTensor, DispatchTensor, DispatchTensorKind, TensorMetadata};
use burn::optim::{AdamState, AdaptiveMomentumState};
use burn::tensor::{Bytes, DType, Tensor};
use rayon::prelude::*;

use super::{BETA_1, BETA_2, EPSILON};

/// Elements that one thread updates at a time: a quarter of a MiB over the four arrays.
const PIECE: usize = 1 << 14;

/// Whether [`step`] can update a tensor.
pub(super) fn is_on_host(tensor: &Tensor<2>) -> bool {
    let kind = tensor.clone().into_dispatch().kind;
    matches!(kind, DispatchTensorKind::Flex(BackendTensor::Float(_)))
}

/// One update of a tensor on the host, and its state. Seven arrays' worth of memory traffic: three
/// are read and written, the gradient is read.
///
/// # Panics
/// When a tensor lives on another device.
pub(super) fn step(
    learning_rate: f64,
    tensor: Tensor<2>,
    gradient: Tensor<2>,
    state: Option<AdamState<2>>,
) -> (Tensor<2>, AdamState<2>) {
    let gradient = on_host(gradient).to_contiguous();
    let mut values = on_host(tensor);
    if !values.is_contiguous() {
        values = values.to_contiguous();
    }
    let (time, mut first, mut second) = match state {
        Some(AdamState { momentum }) => (
            momentum.time,
            on_host(momentum.moment_1),
            on_host(momentum.moment_2),
        ),
        None => (0, zeros_like(&values), zeros_like(&values)),
    };
    Rates::new(learning_rate, time + 1).update(
        values.storage_mut(),
        gradient.storage(),
        first.storage_mut(),
        second.storage_mut(),
    );
    let momentum = AdaptiveMomentumState::new(time + 1, from_host(first), from_host(second));
    (from_host(values), AdamState::new(momentum))
}

pub(super) fn on_host(tensor: Tensor<2>) -> FlexTensor {
    match tensor.into_dispatch().kind {
        DispatchTensorKind::Flex(BackendTensor::Float(tensor)) => tensor,
        _ => panic!("a parameter, its gradient and its moments live on one device"),
    }
}

pub(super) fn from_host(tensor: FlexTensor) -> Tensor<2> {
    Tensor::from_dispatch(DispatchTensor {
        kind: DispatchTensorKind::Flex(BackendTensor::Float(tensor)),
        autodiff: Default::default(),
    })
}

pub(super) fn zeros_like(tensor: &FlexTensor) -> FlexTensor {
    let shape = tensor.shape();
    let zeros = vec![0.0f32; shape.num_elements()];
    let layout = Layout::contiguous(shape);
    FlexTensor::new(Bytes::from_elems(zeros), layout, DType::F32)
}

/// What a step multiplies by, bias corrections included.
pub(super) struct Rates {
    step: f32,
    /// `1 / sqrt(1 - beta_2^t)`
    root: f32,
}

impl Rates {
    pub(super) fn new(learning_rate: f64, time: usize) -> Self {
        let time = i32::try_from(time).unwrap_or(i32::MAX);
        Self {
            step: (learning_rate / (1.0 - f64::from(BETA_1).powi(time))) as f32,
            root: (1.0 - f64::from(BETA_2).powi(time)).sqrt().recip() as f32,
        }
    }

    fn update(&self, values: &mut [f32], gradient: &[f32], first: &mut [f32], second: &mut [f32]) {
        values
            .par_chunks_mut(PIECE)
            .zip(gradient.par_chunks(PIECE))
            .zip(
                first
                    .par_chunks_mut(PIECE)
                    .zip(second.par_chunks_mut(PIECE)),
            )
            .for_each(|((values, gradient), (first, second))| {
                self.update_piece(values, gradient, first, second);
            });
    }

    /// [`Rates::update`] on the calling thread, by the widest vectors of this processor.
    pub(super) fn update_piece(
        &self,
        values: &mut [f32],
        gradient: &[f32],
        first: &mut [f32],
        second: &mut [f32],
    ) {
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx512f") {
                // SAFETY: the processor has the instructions.
                return unsafe { self.update_avx512(values, gradient, first, second) };
            }
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has the instructions.
                return unsafe { self.update_avx2(values, gradient, first, second) };
            }
        }
        self.update_each(values, gradient, first, second);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f")]
    fn update_avx512(&self, values: &mut [f32], g: &[f32], first: &mut [f32], second: &mut [f32]) {
        self.update_each(values, g, first, second);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn update_avx2(&self, values: &mut [f32], g: &[f32], first: &mut [f32], second: &mut [f32]) {
        self.update_each(values, g, first, second);
    }

    /// Every operation is rounded by itself, so that the bits are the same whatever the width of a vector.
    #[inline(always)]
    fn update_each(&self, values: &mut [f32], gradient: &[f32], m: &mut [f32], v: &mut [f32]) {
        let moments = m.iter_mut().zip(v);
        for ((value, &g), (m, v)) in values.iter_mut().zip(gradient).zip(moments) {
            *m = BETA_1 * *m + (1.0 - BETA_1) * g;
            *v = BETA_2 * *v + (1.0 - BETA_2) * g * g;
            *value -= self.step * *m / (v.sqrt() * self.root + EPSILON);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Changes values, first moments and second moments.
    type Update<'a> = &'a dyn Fn(&mut [f32], &mut [f32], &mut [f32]);

    #[test]
    fn every_instruction_set_gives_the_same_bits() {
        let wave =
            |factor: f32| -> Vec<f32> { (0..100).map(|i| (i as f32 * factor).sin()).collect() };
        let rates = Rates::new(0.01, 3);
        let gradient = wave(0.7);
        let updated = |update: Update<'_>| {
            let (mut values, mut first) = (wave(0.3), wave(0.5));
            let mut second: Vec<f32> = wave(0.9).iter().map(|x| x * x).collect();
            update(&mut values, &mut first, &mut second);
            let all = [values, first, second].concat();
            all.into_iter().map(f32::to_bits).collect::<Vec<_>>()
        };
        let each = updated(&|values, m, v| rates.update_each(values, &gradient, m, v));
        let widest = updated(&|values, m, v| rates.update_piece(values, &gradient, m, v));
        assert_eq!(each, widest);
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            let avx2 = updated(&|values, m, v| {
                // SAFETY: the processor has the instructions.
                unsafe { rates.update_avx2(values, &gradient, m, v) }
            });
            assert_eq!(each, avx2);
        }
    }
}
