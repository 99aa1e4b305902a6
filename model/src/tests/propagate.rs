//! `propagate` is the dense product, forwards and backwards; what `Adjacency::new` refuses.

use burn::tensor::Device;
use proptest::prelude::*;

use super::*;
use crate::AdjacencyError;

/// `matrix x` in f64, or `matrixᵀ x`.
pub(super) fn dense_product(matrix: &[f64], n: usize, x: &[f64], transpose: bool) -> Vec<f64> {
    let width = x.len() / n;
    let mut y = vec![0.0; n * width];
    for row in 0..n {
        for column in 0..n {
            let (i, k) = if transpose {
                (column, row)
            } else {
                (row, column)
            };
            for j in 0..width {
                y[i * width + j] += matrix[row * n + column] * x[k * width + j];
            }
        }
    }
    y
}

pub(super) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

/// Value of `A x`, and gradient of `sum(w ⊙ A x)`, which is `Aᵀ w`.
fn check(graph: &Graph, adjacency: &Adjacency, device: &Device, width: usize) {
    let n = graph.n();
    let (x, w) = (random_values(n * width, 1), random_values(n * width, 2));
    let dense = graph.dense();
    let device = device.clone().autodiff();
    let input = table(&x, n, &device).require_grad();
    let y = adjacency.propagate(input.clone());
    let what = format!("{device:?} width {width}");
    let want = dense_product(&dense, n, &wide(&x), false);
    assert_close(&host(y.clone()), &want, 1e-4, &what);
    let gradients = (y * table(&w, n, &device)).sum().backward();
    let gradient = input.grad(&gradients).unwrap();
    let want = dense_product(&dense, n, &wide(&w), true);
    assert_close(&host(gradient), &want, 1e-4, &what);
}

#[test]
fn product_and_gradient_are_dense_on_every_device_and_width() {
    let graph = Graph::random(9, 7, 0.3, 11);
    for device in devices() {
        for width in [1, 20, 64] {
            check(&graph, &graph.on(&device), &device, width);
        }
    }
}

#[test]
fn rows_longer_than_a_segment_and_empty_rows() {
    // One item with 1,100 users (three segments on a GPU); one item and one user with none.
    let pairs: Vec<_> = (0..1_100)
        .map(|user| (user, 0))
        .chain([(3, 1), (4, 1)])
        .collect();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let graph = Graph::new(1_101, 3, &pairs, false, false, |_, _| {
        rng.random::<f32>() - 0.5
    });
    for device in devices() {
        check(&graph, &graph.on(&device), &device, 3);
    }
}

#[test]
fn blocks_of_rows_give_the_same_product() {
    let graph = Graph::random(9, 7, 0.5, 3);
    let longest = graph.row_ptr.windows(2).map(|p| p[1] - p[0]).max().unwrap() as usize;
    let build = |block_edges, device: &Device| {
        Adjacency::with_block_edges(
            graph.n_users,
            graph.n_items,
            graph.matrix(),
            block_edges,
            device,
        )
    };
    for device in devices() {
        check(&graph, &build(longest, &device).unwrap(), &device, 5);
        let refused = build(longest - 1, &device).unwrap_err();
        assert!(matches!(refused, AdjacencyError::RowTooLong { edges, .. } if edges == longest));
    }
}

#[test]
fn mean_of_layers_is_the_dense_polynomial_both_ways() {
    let graph = Graph::random(5, 6, 0.4, 8);
    let (n, width, layers) = (graph.n(), 3, 3);
    let dense = graph.dense();
    let mean = |x: &[f32], transpose| {
        let mut power = wide(x);
        let mut sum = power.clone();
        for _ in 0..layers {
            power = dense_product(&dense, n, &power, transpose);
            sum.iter_mut().zip(&power).for_each(|(s, p)| *s += p);
        }
        sum.iter()
            .map(|s| s / (layers + 1) as f64)
            .collect::<Vec<_>>()
    };
    let (x, w) = (random_values(n * width, 1), random_values(n * width, 2));
    for device in devices() {
        let adjacency = graph.on(&device);
        let device = device.autodiff();
        let input = table(&x, n, &device).require_grad();
        let y = adjacency.propagate_mean(input.clone(), layers);
        assert_close(&host(y.clone()), &mean(&x, false), 1e-5, "value");
        let gradients = (y * table(&w, n, &device)).sum().backward();
        let gradient = host(input.grad(&gradients).unwrap());
        assert_close(&gradient, &mean(&w, true), 1e-5, "gradient");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn random_graphs_on_the_default_device(
        n_users in 1usize..12, n_items in 1usize..12,
        density in 0.0f64..1.0, seed in 0u64..1_000, width in 1usize..70,
    ) {
        let graph = Graph::random(n_users, n_items, density, seed);
        check(&graph, &graph.on(&Device::flex()), &Device::flex(), width);
    }
}

#[test]
fn non_linear_chains_have_the_gradient_of_finite_differences() {
    let graph = Graph::random(4, 5, 0.5, 2);
    let (n, width) = (graph.n(), 6);
    for device in devices() {
        let adjacency = graph.on(&device);
        let device = device.autodiff();
        let f = |x: Tensor<2>| {
            let inner = adjacency.propagate(x.clone()).sin() + x;
            adjacency.propagate(inner).tanh().sum()
        };
        let x = random_values(n * width, 9);
        let input = table(&x, n, &device).require_grad();
        let gradients = f(input.clone()).backward();
        let gradient = host(input.grad(&gradients).unwrap());
        for at in [0, 7, 25, 53] {
            let value = |step: f32| {
                let mut moved = x.clone();
                moved[at] += step;
                scalar(f(table(&moved, n, &device)))
            };
            let difference = (value(1e-2) - value(-1e-2)) / 2e-2;
            assert!((difference - f64::from(gradient[at])).abs() < 3e-3);
        }
    }
}

#[test]
fn what_is_wrong_with_a_graph_is_named() {
    let device = Device::flex();
    // One user, one item, one interaction.
    let build = |row_ptr: &[u32], columns: &[u32], values: &[f32], t: Option<&[f32]>| {
        let matrix = CsrMatrix {
            row_ptr: row_ptr.to_vec(),
            columns: columns.to_vec(),
            values: values.to_vec(),
            transposed_values: t.map(<[f32]>::to_vec),
        };
        Adjacency::new(1, 1, matrix, &device)
    };
    let new = |row_ptr: &[u32], columns: &[u32], values: &[f32], t: Option<&[f32]>| {
        build(row_ptr, columns, values, t).unwrap_err()
    };
    let ptr = &[0, 1, 2];
    use AdjacencyError as E;
    assert_eq!(
        new(&[0, 2], &[1, 0], &[1.0; 2], None),
        E::RowPtrLength {
            n_nodes: 2,
            found: 2
        }
    );
    assert_eq!(
        new(&[1, 1, 2], &[1, 0], &[1.0; 2], None),
        E::RowPtrOrder { row: 0, n_edges: 2 }
    );
    assert_eq!(
        new(&[0, 3, 2], &[1, 0], &[1.0; 2], None),
        E::RowPtrOrder { row: 1, n_edges: 2 }
    );
    assert_eq!(
        new(ptr, &[1, 2], &[1.0; 2], None),
        E::ColumnOutOfBounds {
            edge: 1,
            column: 2,
            n_nodes: 2
        }
    );
    assert_eq!(
        new(ptr, &[1, 0], &[1.0], None),
        E::EdgeLength {
            array: "values",
            n_edges: 2,
            found: 1
        }
    );
    let infinite = new(ptr, &[1, 0], &[1.0, f32::INFINITY], None);
    assert!(matches!(infinite, E::NotFinite { edge: 1, .. }));
    assert_eq!(
        new(ptr, &[1, 1], &[1.0; 2], None),
        E::NotMirrored { row: 0, column: 1 }
    );
    let untold = new(ptr, &[1, 0], &[1.0, 0.5], None);
    assert!(
        matches!(
            untold,
            E::NotTransposed {
                row: 0,
                column: 1,
                ..
            }
        ),
        "{untold}"
    );
    let swapped = new(ptr, &[1, 0], &[1.0, 0.5], Some(&[1.0, 0.5]));
    assert!(matches!(swapped, E::NotTransposed { .. }));
    assert!(build(ptr, &[1, 0], &[1.0, 0.5], Some(&[0.5, 1.0])).is_ok());
}

#[test]
fn a_table_beyond_the_device_is_refused_with_figures() {
    for device in devices() {
        let graph = Graph::random(2, 2, 1.0, 1);
        let adjacency = graph.on(&device);
        assert!(adjacency.check_width(64).is_ok());
        match adjacency.check_width(1 << 40) {
            Ok(()) => assert!(!is_gpu(&device)),
            Err(error) => {
                assert!(is_gpu(&device));
                let text = error.to_string();
                assert!(text.contains("use a dimension of at most"), "{text}");
            }
        }
    }
}
