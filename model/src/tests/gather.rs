//! A batch's rows in one operation are the rows of the dense polynomial, forwards and backwards.

use super::propagate::{dense_product, wide};
use super::*;
use crate::ops::gather::{RowsPlan, batch_rows};

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
    let plan = RowsPlan::of_mean(&adjacency, layers, nodes.into());
    let rows = batch_rows(users.clone(), items.clone(), plan);

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

/// The rows of every layer beside their mean, and the gradients of both tables under a weighted sum of all.
fn check_each_layer(graph: &Graph, nodes: &[u32], layers: usize, width: usize, device: &Device) {
    let (n, n_users, set) = (graph.n(), graph.n_users, nodes.len() * width);
    let what = format!("{device:?} each of {layers} layers, width {width}");
    let x = random_values(n * width, 1);
    let w = random_values((2 + layers) * set, 2);
    let dense = graph.dense();
    let mut plan = RowsPlan::of_mean(&graph.on(device), layers, nodes.into());
    plan.each_layer = true;
    assert_eq!(plan.n_sets(), 2 + layers);

    let tracked = device.clone().autodiff();
    let (users, items) = x.split_at(n_users * width);
    let users = table(users, n_users, &tracked).require_grad();
    let items = table(items, graph.n_items, &tracked).require_grad();
    let rows = batch_rows(users.clone(), items.clone(), plan);

    let powers = |mut power: Vec<f64>, transpose: bool, times: usize| {
        for _ in 0..times {
            power = dense_product(&dense, n, &power, transpose);
        }
        power
    };
    let mean = dense_mean(&dense, n, &wide(&x), layers, false);
    let mut want = rows_of(&mean, nodes, width);
    for layer in 0..=layers {
        want.extend(rows_of(&powers(wide(&x), false, layer), nodes, width));
    }
    assert_close(&host(rows.clone()), &want, 1e-4, &what);

    let weights = table(&w, (2 + layers) * nodes.len(), &tracked);
    let gradients = (rows * weights).sum().backward();
    let scattered = |w: &[f32]| {
        let mut table = vec![0.0; n * width];
        for (&node, row) in nodes.iter().zip(w.chunks_exact(width)) {
            for (sum, &value) in table[node as usize * width..].iter_mut().zip(row) {
                *sum += f64::from(value);
            }
        }
        table
    };
    let mut want = dense_mean(&dense, n, &scattered(&w[..set]), layers, true);
    for (layer, w) in w[set..].chunks_exact(set).enumerate() {
        let back = powers(scattered(w), true, layer);
        want.iter_mut()
            .zip(back)
            .for_each(|(sum, value)| *sum += value);
    }
    let (want_users, want_items) = want.split_at(n_users * width);
    let gradient = |tensor: &Tensor<2>| host(tensor.grad(&gradients).unwrap());
    assert_close(&gradient(&users), want_users, 1e-4, &what);
    assert_close(&gradient(&items), want_items, 1e-4, &what);
}

#[test]
fn rows_of_each_layer_and_their_gradients_are_dense_on_every_device() {
    let graph = Graph::random(9, 7, 0.3, 11);
    for device in devices() {
        for (layers, width) in [(1, 64), (2, 8), (3, 20)] {
            check_each_layer(&graph, &[3, 3, 15, 0, 9, 3], layers, width, &device);
        }
    }
}

/// The penalty on the outputs of all layers is half the decay times their squares over the batch.
#[test]
fn the_penalty_on_all_layers_is_the_sum_of_their_squares() {
    use crate::{BatchIndices, L2, LossConfig, Mode, RankingLoss};
    let graph = Graph::random(5, 6, 0.5, 3);
    let network = NetworkConfig::LightGcn(LightGcnConfig {
        dim: 4,
        layers: 2,
        init: Init::Normal { std: 0.5 },
    });
    for device in devices() {
        let adjacency = graph.on(&device);
        let config = LossConfig {
            ranking: RankingLoss::Bpr,
            cosine: false,
            l2: L2::AllLayerRows,
            weight_decay: 0.3,
        };
        let batch = BatchIndices::new(&[0, 4, 0], &[1, 2, 5], &[3, 3, 0], &device);
        // By hand: an inner product is one pass, a bilinear form composed of Burn's operations.
        for score in [ScoreConfig::Dot, ScoreConfig::Bilinear] {
            let model = model(&network, score).init(5, 6, 5, &device);
            let tables = parameters(&model);
            let mut power = [&tables["users"].values[..], &tables["items"].values].concat();
            let mut squares = 0.0;
            for _ in 0..=2 {
                let rows = rows_of(&wide(&power), &[0, 4, 0, 6, 7, 10, 8, 8, 5], 4);
                squares += rows.iter().map(|v| v * v).sum::<f64>();
                let next = dense_product(&graph.dense(), 11, &wide(&power), false);
                power = next.iter().map(|&v| v as f32).collect();
            }
            let parts = model.loss(Some(&adjacency), &batch, &config, Mode::Inference);
            let (got, want) = (scalar(parts.regularization), 0.15 * squares / 3.0);
            assert!((got - want).abs() < 1e-5 * want, "{got} against {want}");
        }
    }
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

/// More mentions of a batch than a loop of a software shader has turns (65,535).
#[test]
fn rows_of_a_large_batch_are_dense_on_every_device() {
    let graph = Graph::random(9, 7, 0.3, 11);
    let nodes: Vec<u32> = (0..70_000).map(|at| at * 7 % 16).collect();
    for device in devices() {
        for layers in [0, 1, 2] {
            check(&graph, &nodes, layers, 3, &device);
        }
    }
}

/// Everything a graph with rows of one and of several segments gives: the product, a batch's rows, and the gradients
/// of both tables.
#[cfg(feature = "gpu")]
fn everything(
    graph: &Graph,
    block_edges: usize,
    nodes: &[u32],
    width: usize,
    device: &Device,
) -> Vec<f32> {
    let adjacency = crate::Adjacency::with_block_edges(
        graph.n_users,
        graph.n_items,
        graph.matrix(),
        block_edges,
        device,
    )
    .unwrap();
    let x = random_values(graph.n() * width, 1);
    let product = adjacency.propagate(table(&x, graph.n(), device));
    let tracked = device.clone().autodiff();
    let (users, items) = x.split_at(graph.n_users * width);
    let users = table(users, graph.n_users, &tracked).require_grad();
    let items = table(items, graph.n_items, &tracked).require_grad();
    let plan = RowsPlan::of_mean(&adjacency, 2, nodes.into());
    let rows = batch_rows(users.clone(), items.clone(), plan);
    let weights = table(
        &random_values(2 * nodes.len() * width, 2),
        2 * nodes.len(),
        &tracked,
    );
    let gradients = (rows.clone() * weights).sum().backward();
    let mut all = [host(product), host(rows)].concat();
    for leaf in [users, items] {
        all.extend(host(leaf.grad(&gradients).unwrap()));
    }
    all
}

#[cfg(feature = "gpu")]
#[test]
fn a_gpu_sums_long_rows_as_the_host_does() {
    let Some(gpu) = gpu() else {
        return;
    };
    // Items of 5,000 users (three segments on a GPU), of 1,100 (one) and of a few.
    let pairs: Vec<_> = (0..5_000)
        .map(|user| (user, 0))
        .chain((0..1_100).map(|user| (3 * user, 1)))
        .chain([(3, 2), (4, 2)])
        .collect();
    let mut rng = ChaCha8Rng::seed_from_u64(5);
    let graph = Graph::new(5_001, 4, &pairs, false, false, |_, _| {
        rng.random::<f32>() - 0.5
    });
    let nodes = [5_001, 3, 5_002, 5_000, 3, 5_001, 5_003, 5_004, 4_999];
    for (block_edges, width) in [(usize::MAX, 3), (5_000, 64), (usize::MAX, 300)] {
        let want = everything(&graph, block_edges, &nodes, width, &Device::flex());
        let got = everything(&graph, block_edges, &nodes, width, &gpu);
        assert_close(&got, &wide(&want), 1e-4, &format!("width {width}"));
        let again = everything(&graph, block_edges, &nodes, width, &gpu);
        let bits = |values: &[f32]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&again), bits(&got), "a device repeats its own bits");
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
            .rows(
                crate::Graph::Adjacency(&adjacency),
                &batch,
                Mode::Inference,
                false,
            )
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

/// Selecting rows of a large batch from one table, as NGCF does beside flex.
#[test]
fn selected_rows_and_their_gradient_are_dense_on_every_device() {
    use burn::tensor::{DType, Int};
    let (n, width) = (7, 3);
    let ids: Vec<u32> = (0..70_000).map(|at| (at % 997) * (at % 991) % 7).collect();
    let (x, w) = (
        random_values(n * width, 1),
        random_values(ids.len() * width, 2),
    );
    let mut want = vec![0.0; n * width];
    for (&id, row) in ids.iter().zip(w.chunks_exact(width)) {
        for (sum, &value) in want[id as usize * width..].iter_mut().zip(row) {
            *sum += f64::from(value);
        }
    }
    for device in devices() {
        let numbers: Vec<i32> = ids.iter().map(|&id| id as i32).collect();
        let nodes = Tensor::<1, Int>::from_data(numbers.as_slice(), (&device, DType::I32));
        let tracked = device.clone().autodiff();
        let leaf = table(&x, n, &tracked).require_grad();
        let rows = crate::ops::gather::select_rows(leaf.clone(), nodes, ids.as_slice().into());
        let selected = rows_of(&wide(&x), &ids, width);
        assert_close(&host(rows.clone()), &selected, 0.0, "rows");
        let gradients = (rows * table(&w, ids.len(), &tracked)).sum().backward();
        let gradient = host(leaf.grad(&gradients).unwrap());
        assert_close(&gradient, &want, 1e-4, &format!("{device:?}"));
    }
}
