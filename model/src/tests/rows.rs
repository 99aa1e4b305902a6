//! A batch's rows in one operation are the rows of the dense polynomial, forwards and backwards.

use super::propagate::{dense_product, wide};
use super::*;
use crate::rows::{RowsPlan, batch_rows};

/// `(x + A x + ... + A^layers x) / (layers + 1)` in f64, or the same of `Aᵀ`.
fn dense_mean(dense: &[f64], n: usize, x: &[f64], layers: usize, transpose: bool) -> Vec<f64> {
    let mut sum = x.to_vec();
    let mut power = x.to_vec();
    for _ in 0..layers {
        power = dense_product(dense, n, &power, transpose);
        sum.iter_mut().zip(&power).for_each(|(s, p)| *s += p);
    }
    sum.iter().map(|s| s / (layers + 1) as f64).collect()
}

fn rows_of(table: &[f64], nodes: &[u32], width: usize) -> Vec<f64> {
    nodes
        .iter()
        .flat_map(|&node| table[node as usize * width..][..width].to_vec())
        .collect()
}

/// Value of the rows, and the gradients of both tables under a weighted sum of them.
fn check(graph: &Graph, nodes: &[u32], layers: usize, width: usize, device: &Device) {
    let (n, n_users) = (graph.n(), graph.n_users);
    let what = format!("{device:?} layers {layers} width {width}");
    let halves = if layers == 0 { 1 } else { 2 };
    let x = random_values(n * width, 1);
    let w = random_values(halves * nodes.len() * width, 2);
    let dense = graph.dense();

    let tracked = device.clone().autodiff();
    let (users, items) = x.split_at(n_users * width);
    let users = table(users, n_users, &tracked).require_grad();
    let items = table(items, graph.n_items, &tracked).require_grad();
    let adjacency = graph.on(device);
    let rows = if layers == 0 {
        let plan = RowsPlan {
            matrix: None,
            layers,
            n_users,
            n_items: graph.n_items,
            nodes: nodes.into(),
        };
        batch_rows(users.clone(), items.clone(), plan)
    } else {
        let rows = adjacency.rows_of_mean(users.clone(), items.clone(), layers, nodes.into());
        Tensor::cat(vec![rows.last(), rows.initial()], 0)
    };

    let mean = dense_mean(&dense, n, &wide(&x), layers, false);
    let mut want = rows_of(&mean, nodes, width);
    if layers > 0 {
        want.extend(rows_of(&wide(&x), nodes, width));
    }
    assert_close(&host(rows.clone()), &want, 1e-4, &what);

    let weights = table(&w, halves * nodes.len(), &tracked);
    let gradients = (rows * weights).sum().backward();
    let scattered = |w: &[f32]| {
        let mut table = vec![0.0; n * width];
        for (&node, row) in nodes.iter().zip(w.chunks_exact(width)) {
            let at = node as usize * width;
            for (sum, &value) in table[at..at + width].iter_mut().zip(row) {
                *sum += f64::from(value);
            }
        }
        table
    };
    let (last, initial) = w.split_at(nodes.len() * width);
    let mut want = dense_mean(&dense, n, &scattered(last), layers, true);
    want.iter_mut()
        .zip(scattered(initial))
        .for_each(|(g, s)| *g += s);
    let (want_users, want_items) = want.split_at(n_users * width);
    let gradient = |tensor: &Tensor<2>| host(tensor.grad(&gradients).unwrap());
    assert_close(&gradient(&users), want_users, 1e-4, &what);
    assert_close(&gradient(&items), want_items, 1e-4, &what);
}

/// Repeated nodes, nodes without edges and every node at once, on a matrix that is not symmetric.
#[test]
fn rows_and_gradients_are_dense_on_every_device() {
    let graph = Graph::random(9, 7, 0.3, 11);
    let every: Vec<u32> = (0..16).collect();
    for device in devices() {
        for (layers, width) in [(0, 5), (1, 64), (2, 8), (3, 20)] {
            check(&graph, &[3, 3, 15, 0, 9, 3], layers, width, &device);
            check(&graph, &every, layers, width, &device);
        }
    }
}

/// A batch's rows are the same bits as those rows of the whole forward pass; NGCF's, whose batch has
/// an operation of its own, are the same numbers.
#[test]
fn rows_are_the_rows_of_the_whole_embedding() {
    use crate::{BatchIndices, Mode};
    let device = Device::flex();
    let pairs: Vec<_> = (0..40).map(|e| (e % 9, (e * 7 + e / 9) % 11)).collect();
    for network in networks(8) {
        let graph = Graph::normalized(9, 11, &pairs, network.propagation());
        let adjacency = graph.on(&device);
        let model = model(&network, ScoreConfig::Dot).init(9, 11, 5, &device);
        let whole = model.embed(Some(&adjacency), Mode::Inference).nodes;
        let batch = BatchIndices::new(&[0, 8, 0], &[10, 2, 3], &[0, 1, 2], &device);
        let rows = model
            .network()
            .rows(Some(&adjacency), &batch, Mode::Inference)
            .last();
        let nodes = Tensor::from_data([0, 8, 0, 19, 11, 12, 9, 10, 11], &device);
        let (rows, whole) = (host(rows), host(whole.select(0, nodes)));
        if network.name().starts_with("ngcf") {
            assert_close(&rows, &wide(&whole), 1e-6, network.name());
        } else {
            let bits = |v: &[f32]| v.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&rows), bits(&whole), "{}", network.name());
        }
    }
}
