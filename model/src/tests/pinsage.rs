//! PinSAGE against its algorithm in plain loops, its gradients against central differences, and its two ways to an
//! embedding against each other.

use super::*;
use crate::parameters::{self, Named};
use std::sync::Arc;

use crate::{
    ItemGraph, LsaStart, ModelConfig, Neighbourhoods, NetworkConfig, PinSage, PinSageConfig,
    Pooling, PrincipalComponents, ScoreConfig, SparseMatrix,
};

const FEATURES: usize = 7;
const DIM: usize = 4;
const HIDDEN: usize = 6;
const POOLINGS: [Pooling; 3] = [Pooling::Importance, Pooling::Mean, Pooling::Max];

/// Seven items; the last has no neighbour.
fn graph() -> Neighbourhoods {
    let lists = [
        vec![(1, 3.0), (2, 1.0), (3, 2.0)],
        vec![(0, 1.0)],
        vec![(3, 2.0), (1, 2.0)],
        vec![(4, 5.0), (0, 1.0), (5, 1.0)],
        vec![(5, 1.0), (3, 1.0)],
        vec![(4, 1.0)],
        vec![],
    ];
    Neighbourhoods::new(3, &lists)
}

fn features(n: usize) -> Vec<f32> {
    let mut rng = ChaCha8Rng::seed_from_u64(4);
    (0..n * FEATURES)
        .map(|_| rng.random::<f32>() - 0.4)
        .collect()
}

fn items(features: &[f32], near: Neighbourhoods) -> ItemGraph {
    let (mut row_ptr, mut columns, mut values) = (vec![0], Vec::new(), Vec::new());
    for row in features.chunks_exact(FEATURES) {
        for (column, &value) in (0..).zip(row).filter(|&(_, &value)| value != 0.0) {
            columns.push(column);
            values.push(value);
        }
        row_ptr.push(columns.len() as u32);
    }
    let features = SparseMatrix::new(FEATURES, row_ptr, columns, values);
    ItemGraph::of_items(Arc::new(features), near)
}

/// The first `words` features are words.
fn config(pooling: Pooling, layers: usize, words: usize) -> PinSageConfig {
    PinSageConfig {
        features: FEATURES,
        words,
        components: 3,
        dim: DIM,
        hidden: HIDDEN,
        layers,
        pooling,
        node_dropout: 0.0,
        feature_dropout: 0.0,
    }
}

fn named(model: &PinSage) -> BTreeMap<String, HostTensor> {
    parameters::read(model.clone().named())
        .unwrap()
        .into_iter()
        .collect()
}

fn replaced(model: &PinSage, tensors: BTreeMap<String, HostTensor>) -> PinSage {
    let mut model = model.clone();
    parameters::write(model.named(), tensors).unwrap();
    model
}

/// `x W`, `W` row-major `[x.len(), columns]`.
fn times(x: &[f64], weight: &HostTensor) -> Vec<f64> {
    let columns = weight.shape[1];
    (0..columns)
        .map(|c| {
            (0..x.len())
                .map(|r| x[r] * f64::from(weight.values[r * columns + c]))
                .sum()
        })
        .collect()
}

fn plus(x: Vec<f64>, other: &[f64]) -> Vec<f64> {
    x.iter().zip(other).map(|(a, b)| a + b).collect()
}

fn relu(x: Vec<f64>) -> Vec<f64> {
    x.into_iter().map(|value| value.max(0.0)).collect()
}

fn unit(x: Vec<f64>) -> Vec<f64> {
    let length = x.iter().map(|value| value * value).sum::<f64>().sqrt();
    match length > 1e-6 {
        true => x.into_iter().map(|value| value / length).collect(),
        false => vec![0.0; x.len()],
    }
}

/// Algorithm 1 and the head, item by item, in double precision.
fn reference(
    parameters: &BTreeMap<String, HostTensor>,
    config: &PinSageConfig,
    features: &[f32],
    graph: &Neighbourhoods,
) -> Vec<Vec<f64>> {
    let of = |name: &str| &parameters[name];
    let bias = |name: &str| -> Vec<f64> { of(name).values.iter().map(|&v| v.into()).collect() };
    let mut h: Vec<Vec<f64>> = features
        .chunks_exact(FEATURES)
        .map(|row| {
            let row: Vec<f64> = row.iter().map(|&v| v.into()).collect();
            let (words, others) = row.split_at(config.words);
            match words {
                [] => others.to_vec(),
                words => [&times(words, of("words")), others].concat(),
            }
        })
        .collect();
    for layer in 0..config.layers {
        let name = |part: &str| format!("layers.{layer}.{part}");
        let message = |item: u32| {
            let x = times(&h[item as usize], of(&name("near.weight")));
            relu(plus(x, &bias(&name("near.bias"))))
        };
        h = (0..graph.n_items() as u32)
            .map(|item| {
                let near: Vec<(u32, f32)> = graph.of(item).collect();
                let mut pooled = vec![0.0; config.hidden];
                for &(neighbour, weight) in &near {
                    for (sum, value) in pooled.iter_mut().zip(message(neighbour)) {
                        *sum = match config.pooling {
                            Pooling::Importance => *sum + f64::from(weight) * value,
                            Pooling::Mean => *sum + value / near.len() as f64,
                            Pooling::Max => sum.max(value),
                        };
                    }
                }
                let own = times(&h[item as usize], of(&name("self.weight")));
                let both = plus(own, &times(&pooled, of(&name("pooled.weight"))));
                unit(relu(plus(both, &bias(&name("bias")))))
            })
            .collect();
    }
    h.into_iter()
        .map(|z| {
            let hidden = times(&z, of("head.hidden.weight"));
            let hidden = relu(plus(hidden, &bias("head.hidden.bias")));
            unit(times(&hidden, of("head.output.weight")))
        })
        .collect()
}

fn assert_near(found: &[f32], expected: &[f64], what: &str) {
    assert_eq!(found.len(), expected.len(), "{what}");
    for (a, b) in found.iter().zip(expected) {
        assert!((f64::from(*a) - b).abs() < 1e-5, "{what}: {a} for {b}");
    }
}

#[test]
fn both_ways_give_the_algorithms_numbers() {
    for device in devices() {
        for pooling in POOLINGS {
            for (layers, words) in [(1, 0), (2, 0), (1, 4), (2, 4), (2, FEATURES)] {
                let features = features(7);
                let (config, graph) = (config(pooling, layers, words), graph());
                let model = config.init(9, &device);
                // Biases begin at zero; these are not.
                let mut tensors = named(&model);
                for (at, tensor) in tensors
                    .values_mut()
                    .filter(|t| t.shape.len() == 1)
                    .enumerate()
                {
                    tensor
                        .values
                        .iter_mut()
                        .enumerate()
                        .for_each(|(i, v)| *v = 0.1 * (at + i) as f32);
                }
                let model = replaced(&model, tensors.clone());
                let expected = reference(&tensors, &config, &features, &graph);
                let what = format!("{device:?} {pooling:?} {layers} layers {words} words");
                let items = items(&features, graph);
                let all = model.embed_all(&items, None).unwrap();
                assert_near(&all, &expected.concat(), &what);
                let folder = std::env::temp_dir();
                let streamed = model.embed_all(&items, Some(&folder)).unwrap();
                assert_eq!(streamed, all, "{what}: through files");
                // Any few items, in any order: those rows.
                let few = host(model.embed(&[6, 2, 4, 6], &items));
                let rows = [&expected[6][..], &expected[2], &expected[4], &expected[6]].concat();
                assert_near(&few, &rows, &what);
            }
        }
    }
}

/// The vector of a new item: appended to the catalogue with the neighbours it comes with, or with none.
#[test]
fn a_new_item_has_the_embedding_of_a_full_inference() {
    let device = Device::flex();
    let model = config(Pooling::Importance, 2, 4).init(9, &device);
    let old = model
        .embed_all(&items(&features(7), graph()), None)
        .unwrap();
    for new in [vec![], vec![(3, 2.0), (1, 1.0)]] {
        let grown = items(&features(8), graph().with(&[new]));
        let all = model.embed_all(&grown, None).unwrap();
        let alone = host(model.embed(&[7], &grown));
        let expected: Vec<f64> = all[7 * DIM..].iter().map(|&v| v.into()).collect();
        assert_near(&alone, &expected, "the new item");
        // Nobody's neighbour, it changes nobody else.
        assert_eq!(all[..7 * DIM], old);
    }
}

#[test]
fn gradients_are_those_of_central_differences() {
    for device in devices() {
        for (pooling, words) in POOLINGS.into_iter().zip([4, 0, FEATURES]) {
            let config = config(pooling, 2, words);
            let items = items(&features(7), graph());
            let tracked = device.clone().autodiff();
            let mut tensors = named(&config.init(5, &device));
            // Away from the kinks of ReLU.
            for tensor in tensors
                .values_mut()
                .filter(|tensor| tensor.shape.len() == 1)
            {
                tensor.values.fill(0.3);
            }
            let model = replaced(&config.init(5, &tracked), tensors.clone());
            let target: Vec<f32> = (0..3 * DIM).map(|at| (at as f32 * 0.7).sin()).collect();
            let value = |model: &PinSage, device: &Device| {
                let z = model.embed(&[0, 3, 6], &items);
                let target = TensorData::new(target.clone(), [3, DIM]);
                (z * Tensor::from_data(target, device)).sum()
            };
            let gradients = value(&model, &tracked).backward();
            let mut tracked_model = model.clone();
            let mut steepest_of_all = 0.0f64;
            for (name, parameter) in tracked_model.named() {
                let gradient = match parameter {
                    parameters::ParamMut::Vector(p) => host(p.val().grad(&gradients).unwrap()),
                    parameters::ParamMut::Matrix(p) => host(p.val().grad(&gradients).unwrap()),
                };
                let steepest = (0..gradient.len())
                    .max_by(|&a, &b| gradient[a].abs().total_cmp(&gradient[b].abs()))
                    .unwrap();
                let plain = config.init(5, &device);
                let moved = |step: f32| {
                    let mut moved = tensors.clone();
                    moved.get_mut(&name).unwrap().values[steepest] += step;
                    scalar(value(&replaced(&plain, moved), &device))
                };
                let difference = (moved(1e-3) - moved(-1e-3)) / 2e-3;
                let error = (difference - f64::from(gradient[steepest])).abs();
                assert!(
                    error < 8e-3 * difference.abs().max(1.0),
                    "{device:?} {pooling:?} {name}[{steepest}]: {} for {difference}",
                    gradient[steepest]
                );
                steepest_of_all = steepest_of_all.max(difference.abs());
            }
            assert!(steepest_of_all > 0.1, "something was differentiated");
        }
    }
}

/// Five words and two other features; directions that are the axes leave every cosine as it is.
#[test]
fn a_network_may_start_from_content() {
    let device = Device::flex();
    let features = features(7);
    for layers in [1, 2] {
        let network = PinSageConfig {
            words: 5,
            components: 5,
            dim: 7,
            hidden: 15,
            ..config(Pooling::Importance, layers, 5)
        };
        let config = ModelConfig {
            network: NetworkConfig::PinSage(network),
            score: ScoreConfig::Dot,
        };
        let start = LsaStart {
            words: Some(PrincipalComponents::axes(5)),
            inputs: PrincipalComponents::axes(7),
        };
        let model = config.init(1, 7, 3, &device);
        let model = model.with_lsa_start(&start).unwrap();
        let nothing = LsaStart {
            words: None,
            inputs: PrincipalComponents::axes(0).of_width(7),
        };
        let before = model.parameters().unwrap();
        let after = model.clone().with_lsa_start(&nothing).unwrap();
        assert_eq!(after.parameters().unwrap(), before, "nothing to begin with");
        let alone = Neighbourhoods::new(1, &vec![vec![]; 7]);
        let vectors = model
            .item_vectors(&items(&features, alone), &[0, 1, 2, 3, 4, 5, 6])
            .unwrap();
        let rows = features.chunks_exact(FEATURES);
        let expected: Vec<f64> = rows
            .flat_map(|row| unit(row.iter().map(|&v| v.into()).collect()))
            .collect();
        assert_near(&vectors, &expected, "features as they are");
    }
}
