//! The gradient of every model's full loss against central differences.

use super::*;
use crate::{BatchIndices, L2, LossConfig, Mode, RankingLoss};

const PAIRS: [(usize, usize); 7] = [(0, 0), (0, 1), (1, 1), (1, 2), (2, 0), (2, 3), (3, 2)];

/// Checks the steepest and, where a step is cheap, a few other coordinates of every parameter.
fn check(config: &ModelConfig, loss: LossConfig, mode: Mode, device: &Device) {
    // User 4 and item 4 have no edge.
    let graph = Graph::normalized(5, 5, &PAIRS, config.network.propagation());
    let adjacency = graph.on(device);
    let device = device.clone().autodiff();
    let batch = BatchIndices::new(&[0, 1, 4], &[1, 2, 0], &[2, 3, 0, 3, 4, 1], &device);
    let value = |model: &Model| model.loss(Some(&adjacency), &batch, &loss, mode).total();
    let model = config.init(5, 5, 3, &device);
    let base = parameters(&model);
    let gradients = gradients_by_name(&model, value(&model));
    for (name, tensor) in &base {
        let gradient = &gradients[name];
        assert!(gradient.iter().all(|g| g.is_finite()), "{name}");
        let steepest = (0..gradient.len())
            .max_by(|&a, &b| gradient[a].abs().total_cmp(&gradient[b].abs()))
            .unwrap();
        for at in coordinates(steepest, tensor.values.len(), &device) {
            let moved = |step: f32| {
                let mut moved = base.clone();
                moved.get_mut(name).unwrap().values[at] += step;
                scalar(value(&model.clone().with_parameters(moved).unwrap()))
            };
            let step = 4e-3;
            let difference = (moved(step) - moved(-step)) / (2.0 * f64::from(step));
            let error = (difference - f64::from(gradient[at])).abs();
            assert!(
                error < 2e-3 * difference.abs().max(1.0),
                "{} {loss:?} {device:?} {name}[{at}]: {} against {difference}",
                config.network.name(),
                gradient[at]
            );
        }
    }
}

/// A software GPU takes a second per step, so there the steepest coordinate speaks for its parameter.
fn coordinates(steepest: usize, len: usize, device: &Device) -> Vec<usize> {
    if is_gpu(device) {
        vec![steepest]
    } else {
        vec![steepest, 0, len - 1]
    }
}

/// Gradients by parameter name; zeros where a parameter took no part.
pub(super) fn gradients_by_name(model: &Model, loss: Tensor<1>) -> BTreeMap<String, Vec<f32>> {
    use crate::parameters::{Named, ParamMut};
    let gradients = loss.backward();
    let mut model = model.clone();
    let read = |parameter: ParamMut<'_>| match parameter {
        ParamMut::Vector(p) => {
            let zeros = || vec![0.0; p.shape().num_elements()];
            p.val().grad(&gradients).map_or_else(zeros, host)
        }
        ParamMut::Matrix(p) => {
            let zeros = || vec![0.0; p.shape().num_elements()];
            p.val().grad(&gradients).map_or_else(zeros, host)
        }
    };
    let named = model.named();
    named.into_iter().map(|(name, p)| (name, read(p))).collect()
}

fn with_l2(network: &NetworkConfig) -> LossConfig {
    LossConfig {
        ranking: RankingLoss::Bpr,
        cosine: false,
        l2: network.default_l2(),
        weight_decay: 0.3,
    }
}

#[test]
fn every_network_on_every_device() {
    for device in devices() {
        for network in networks(5) {
            let config = model(&network, ScoreConfig::Dot);
            check(&config, with_l2(&network), Mode::Inference, &device);
        }
    }
}

#[test]
fn every_score_on_every_device() {
    for device in devices() {
        for score in [
            ScoreConfig::Cosine { temperature: 0.5 },
            ScoreConfig::Bilinear,
            ScoreConfig::Mlp { hidden: 3 },
        ] {
            let network = &networks(4)[1];
            let loss = LossConfig {
                ranking: RankingLoss::Binary,
                cosine: false,
                l2: L2::AllParameters,
                weight_decay: 0.1,
            };
            check(&model(network, score), loss, Mode::Inference, &device);
        }
    }
}

#[test]
fn dropout_is_differentiated_through_and_the_same_on_every_device() {
    let init = Init::Normal { std: 0.5 };
    let networks = [
        NetworkConfig::NgcfPaper(NgcfPaperConfig {
            dim: 4,
            layers: vec![4, 3],
            message_dropout: 0.3,
            node_dropout: 0.3,
            init,
        }),
        NetworkConfig::NgcfOfficial(NgcfOfficialConfig {
            dim: 4,
            layers: vec![4],
            message_dropout: 0.2,
            edge_dropout: 0.3,
            init,
        }),
    ];
    for network in &networks {
        let config = model(network, ScoreConfig::Dot);
        let mut first: Option<Vec<f32>> = None;
        for device in devices() {
            let mode = Mode::Train { seed: 5 };
            check(&config, with_l2(network), mode, &device);
            let graph = Graph::normalized(5, 5, &PAIRS, network.propagation());
            let adjacency = graph.on(&device);
            let embed = |mode| {
                host(
                    config
                        .init(5, 5, 3, &device)
                        .embed(Some(&adjacency), mode)
                        .nodes,
                )
            };
            let nodes = embed(mode);
            assert_ne!(nodes, embed(Mode::Inference));
            assert_ne!(nodes, embed(Mode::Train { seed: 6 }));
            let wide: Vec<f64> = nodes.iter().map(|&v| f64::from(v)).collect();
            match &first {
                None => first = Some(nodes),
                Some(first) => assert_close(first, &wide, 1e-5, "across devices"),
            }
        }
    }
}
