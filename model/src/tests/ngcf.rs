//! NGCF's rows of a batch as one operation against the network composed of Burn's operations.

use super::gradients::gradients_by_name;
use super::*;
use crate::models::NodeRows;
use crate::{BatchIndices, LossConfig, Mode, RankingLoss};

/// Every form, with every kind of dropout, on widths that are no multiple of a register.
fn all_forms(dim: usize, layers: &[usize]) -> Vec<NetworkConfig> {
    let init = Init::Normal { std: 0.5 };
    let layers = layers.to_vec();
    let lecture = |linear_output| {
        NetworkConfig::NgcfLecture(NgcfLectureConfig {
            dim,
            layers: layers.clone(),
            linear_output,
            dropout: 0.2,
            init,
        })
    };
    vec![
        lecture(false),
        lecture(true),
        NetworkConfig::NgcfPaper(NgcfPaperConfig {
            dim,
            layers: layers.clone(),
            message_dropout: 0.3,
            node_dropout: 0.2,
            init,
        }),
        NetworkConfig::NgcfOfficial(NgcfOfficialConfig {
            dim,
            layers: layers.clone(),
            message_dropout: 0.2,
            edge_dropout: 0.3,
            init,
        }),
    ]
}

/// Every user with `degree` items, spread over all but the last item; the last user has none.
fn spread_pairs(n_users: usize, n_items: usize, degree: usize) -> Vec<(usize, usize)> {
    let item = |user: usize, at: usize| (user * 7 + at * at * 31 + at) % (n_items - 1);
    (0..n_users - 1)
        .flat_map(|user| (0..degree).map(move |at| (user, item(user, at))))
        .collect()
}

/// One weighted sum that every float of both results has a share in.
fn weighted(rows: NodeRows) -> (Vec<Vec<f32>>, Tensor<1>) {
    let both = [rows.last(), rows.initial()];
    let values = both.iter().map(|t| host(t.clone())).collect();
    let sum = |(seed, tensor): (u64, Tensor<2>)| {
        let [n, width] = tensor.dims();
        let weights = table(&random_values(n * width, seed), n, &tensor.device());
        (tensor * weights).sum()
    };
    let total = (8..).zip(both).map(sum).reduce(|a, b| a + b).unwrap();
    (values, total)
}

/// Values and gradients of both ways; the second is the reference.
fn check(network: &NetworkConfig, pairs: &[(usize, usize)], sizes: (usize, usize), mode: Mode) {
    let device = Device::flex().autodiff();
    let (n_users, n_items) = sizes;
    let graph = Graph::normalized(n_users, n_items, pairs, network.propagation());
    let adjacency = graph.on(&device);
    let last = |n: usize| n as u32 - 1;
    let (users, positives) = ([3, 0, last(n_users), 3], [1, last(n_items), 0, 1]);
    let batch = BatchIndices::new(&users, &positives, &[2, 5, 1, 1, 0, 7, 3, 9], &device);
    let model = model(network, ScoreConfig::Dot).init(n_users, n_items, 3, &device);
    let one = model
        .network()
        .rows(crate::Graph::Adjacency(&adjacency), &batch, mode, false);
    let composed = model
        .network()
        .forward(crate::Graph::Adjacency(&adjacency), mode);
    let (got, got_sum) = weighted(one);
    let (want, want_sum) = weighted(composed.select(&batch, n_users));
    let what = format!("{} {sizes:?} {mode:?}", network.name());
    for (got, want) in got.iter().zip(&want) {
        assert_close(got, &wide(want), 2e-5, &what);
    }
    let got = gradients_by_name(&model, got_sum);
    for (name, want) in gradients_by_name(&model, want_sum) {
        let scale = want.iter().fold(1.0f32, |max, g| max.max(g.abs()));
        let scaled = |v: &[f32]| v.iter().map(|g| g / scale).collect::<Vec<_>>();
        let (got, want) = (scaled(&got[&name]), wide(&scaled(&want)));
        assert_close(&got, &want, 2e-5, &format!("{what}: {name}"));
    }
}

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&v| f64::from(v)).collect()
}

/// Few edges, so that no level needs all nodes, and many, so that nearly all do. The seed is one at
/// which no activation lies so near its kink that rounding decides its side.
#[test]
fn rows_and_gradients_are_the_composed_networks() {
    let sizes = (150, 130);
    for pairs in [spread_pairs(150, 130, 2), spread_pairs(150, 130, 30)] {
        for (dim, layers) in [
            (20, &[33, 7][..]),
            (5, &[64]),
            (64, &[64, 64, 64]),
            (3, &[]),
        ] {
            for network in all_forms(dim, layers) {
                check(&network, &pairs, sizes, Mode::Inference);
                check(&network, &pairs, sizes, Mode::Train { seed: 6 });
            }
        }
    }
}

/// Over several pieces of rows, so that there are sums to be made in different orders.
#[test]
fn one_two_and_seven_threads_give_the_same_bits() {
    let (n_users, n_items) = (1_700, 1_300);
    let pairs = spread_pairs(n_users, n_items, 9);
    for network in all_forms(20, &[16, 24]) {
        let on = |threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(|| step_bits(&network, &pairs, (n_users, n_items)))
        };
        let one = on(1);
        assert_eq!(one, on(2), "{}", network.name());
        assert_eq!(one, on(7), "{}", network.name());
    }
}

/// The bits of the loss and of every gradient of a step.
fn step_bits(
    network: &NetworkConfig,
    pairs: &[(usize, usize)],
    (n_users, n_items): (usize, usize),
) -> BTreeMap<String, Vec<u32>> {
    let device = Device::flex().autodiff();
    let graph = Graph::normalized(n_users, n_items, pairs, network.propagation());
    let adjacency = graph.on(&device);
    let model = model(network, ScoreConfig::Dot).init(n_users, n_items, 3, &device);
    let users: Vec<u32> = (0..700).map(|at| at * 2).collect();
    let items: Vec<u32> = (0..700).map(|at| at * 5 % n_items as u32).collect();
    let negatives: Vec<u32> = users.iter().map(|user| user % n_items as u32).collect();
    let batch = BatchIndices::new(&users, &items, &negatives, &device);
    let config = LossConfig {
        ranking: RankingLoss::Bpr,
        cosine: false,
        l2: network.default_l2(),
        weight_decay: 0.1,
    };
    let mode = Mode::Train { seed: 9 };
    let loss = model.loss(Some(&adjacency), &batch, &config, mode).total();
    let bits = |values: Vec<f32>| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
    let value = ("loss".to_owned(), bits(host(loss.clone())));
    let gradients = gradients_by_name(&model, loss);
    let gradients = gradients.into_iter().map(|(name, g)| (name, bits(g)));
    gradients.chain([value]).collect()
}
