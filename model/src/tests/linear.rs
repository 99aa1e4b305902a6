//! Dense layers and their gradients against the definition in f64.

use burn::tensor::Tensor;

use super::*;
use crate::ops::flex::is_flex;
use crate::ops::linear::{l2_normalize, product, rectify};

/// More rows than one thread takes at a time, and a width that no vector register fits.
const SHAPE: [usize; 2] = [601, 19];

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&value| f64::from(value)).collect()
}

/// `[n, from] [from, to]` in f64, of either matrix's transpose where asked.
fn dense_product(
    a: impl Fn(usize, usize) -> f64,
    b: impl Fn(usize, usize) -> f64,
    shape: [usize; 3],
) -> Vec<f64> {
    let [n, depth, to] = shape;
    let at = |place: usize| {
        (0..depth)
            .map(|k| a(place / to, k) * b(k, place % to))
            .sum()
    };
    (0..n * to).map(at).collect()
}

#[test]
fn products_are_dense_ones() {
    // More rows than one part of a sum has, and none.
    for [n, from, to] in [[5_000, 7, 9], [1, 3, 2], [0, 3, 2]] {
        let (x, weights, gradient) = (
            random_values(n * from, 1),
            random_values(from * to, 2),
            random_values(n * to, 3),
        );
        let x_at = |row: usize, column: usize| f64::from(x[row * from + column]);
        let w_at = |row: usize, column: usize| f64::from(weights[row * to + column]);
        let g_at = |row: usize, column: usize| f64::from(gradient[row * to + column]);
        let want = dense_product(x_at, w_at, [n, from, to]);
        let of_x = dense_product(g_at, |row, column| w_at(column, row), [n, to, from]);
        let of_weights = dense_product(|row, column| x_at(column, row), g_at, [from, n, to]);
        for device in devices() {
            // Burn's own product divides by the number of rows on ndarray.
            if n == 0 && !is_flex(&device) {
                continue;
            }
            let device = device.autodiff();
            let matrix = |values: &[f32], shape: [usize; 2]| {
                Tensor::<2>::from_data(TensorData::new(values.to_vec(), shape), &device)
            };
            let x = matrix(&x, [n, from]).require_grad();
            let weights = matrix(&weights, [from, to]).require_grad();
            let y = product(x.clone(), weights.clone());
            assert_eq!(y.dims(), [n, to]);
            assert_close(&host(y.clone()), &want, 1e-5, "value");
            let gradients = (y * matrix(&gradient, [n, to])).sum().backward();
            assert_close(&host(x.grad(&gradients).unwrap()), &of_x, 1e-5, "of x");
            let got = host(weights.grad(&gradients).unwrap());
            assert_close(&got, &of_weights, 1e-4, "of the weights");
        }
    }
}

#[test]
fn bias_and_relu_are_their_definition() {
    let [n, width] = SHAPE;
    let (x, bias, weight) = (
        random_values(n * width, 1),
        random_values(width, 2),
        random_values(n * width, 3),
    );
    let shifted: Vec<f64> = (0..n * width)
        .map(|at| f64::from(x[at] + bias[at % width]))
        .collect();
    let want: Vec<f64> = shifted.iter().map(|v| v.max(0.0)).collect();
    let of_x: Vec<f64> = (0..n * width)
        .map(|at| f64::from(u8::from(shifted[at] > 0.0)) * f64::from(weight[at]))
        .collect();
    let of_bias: Vec<f64> = (0..width)
        .map(|column| of_x.iter().skip(column).step_by(width).sum())
        .collect();
    for device in devices() {
        let device = device.autodiff();
        let tracked = table(&x, n, &device).require_grad();
        let tracked_bias = Tensor::<1>::from_data(bias.as_slice(), &device).require_grad();
        let y = rectify(tracked.clone(), tracked_bias.clone());
        assert_close(&host(y.clone()), &want, 0.0, "value");
        let gradients = (y * table(&weight, n, &device)).sum().backward();
        assert_close(&host(tracked.grad(&gradients).unwrap()), &of_x, 0.0, "of x");
        let got = host(tracked_bias.grad(&gradients).unwrap());
        assert_close(&got, &of_bias, 1e-4, "of the bias");
        // What somebody else holds stays as it was.
        assert_eq!(host(tracked), x);
        assert_eq!(host(tracked_bias), bias);
    }
}

#[test]
fn unit_rows_are_their_definition() {
    let [n, width] = SHAPE;
    let (x, weight) = (random_values(n * width, 4), random_values(n * width, 5));
    let (mut want, mut want_gradient) = (Vec::new(), Vec::new());
    for (x, weight) in x.chunks(width).zip(weight.chunks(width)) {
        let (x, weight) = (wide(x), wide(weight));
        let length = x.iter().map(|v| v * v).sum::<f64>().sqrt();
        let along: f64 = x.iter().zip(&weight).map(|(x, w)| x / length * w).sum();
        want.extend(x.iter().map(|x| x / length));
        let pulled = |(x, w): (&f64, &f64)| (w - x / length * along) / length;
        want_gradient.extend(x.iter().zip(&weight).map(pulled));
    }
    for device in devices() {
        let device = device.autodiff();
        let tracked = table(&x, n, &device).require_grad();
        let y = l2_normalize(tracked.clone());
        assert_close(&host(y.clone()), &want, 1e-6, "value");
        let gradients = (y * table(&weight, n, &device)).sum().backward();
        let got = host(tracked.grad(&gradients).unwrap());
        assert_close(&got, &want_gradient, 1e-6, "gradient");
        assert_eq!(host(tracked), x);
    }
}

#[test]
fn a_part_of_a_table_is_taken_for_itself() {
    for device in devices() {
        let whole = table(&random_values(40, 6), 10, &device);
        let part = whole.clone().narrow(0, 3, 5);
        let bias = Tensor::<1>::zeros([4], &device);
        let copied = table(&host(part.clone()), 5, &device);
        assert_eq!(
            host(l2_normalize(part.clone())),
            host(l2_normalize(copied.clone()))
        );
        assert_eq!(
            host(rectify(part, bias.clone())),
            host(rectify(copied, bias))
        );
        assert_eq!(host(whole), random_values(40, 6));
    }
}

#[test]
fn what_is_not_a_number_is_seen() {
    for device in devices().into_iter().filter(|device| !is_gpu(device)) {
        let x = Tensor::<2>::from_floats([[f32::NAN, 1.0], [1.0, 1.0]], &device);
        let rectified = host(rectify(x.clone(), Tensor::zeros([2], &device)));
        assert!(rectified[0].is_nan() && rectified[1..] == [1.0; 3]);
        let unit = host(l2_normalize(x));
        assert!(unit[0].is_nan() && unit[1].is_nan() && !unit[2].is_nan());
    }
}

#[test]
fn a_zero_row_is_normalised_to_zero_with_a_finite_gradient() {
    for device in devices() {
        let device = device.autodiff();
        let x = Tensor::<2>::from_floats([[3.0, 4.0], [0.0, 0.0]], &device).require_grad();
        let y = l2_normalize(x.clone());
        assert_close(&host(y.clone()), &[0.6, 0.8, 0.0, 0.0], 1e-6, "value");
        // d(y0 + 2 y1)/dx of the first row: (I - y yᵀ) (1, 2) / 5 = (-0.064, 0.048) * ...
        let weight = Tensor::<2>::from_floats([[1.0, 2.0], [1.0, 2.0]], &device);
        let gradient = host(x.grad(&(y * weight).sum().backward()).unwrap());
        let along: f64 = 0.6 + 2.0 * 0.8;
        let want = [
            (1.0 - along * 0.6) / 5.0,
            (2.0 - along * 0.8) / 5.0,
            0.0,
            0.0,
        ];
        assert_close(&gradient, &want, 1e-6, "gradient");
    }
}
