//! Every model learns a block graph: users of a block come to prefer that block's items.

use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer};

use super::*;
use crate::{BatchIndices, LossConfig, Mode, RankingLoss};

const BLOCK: usize = 4;

/// Two blocks of users and items, all pairs within a block but one user's diagonal item.
fn pairs() -> Vec<(usize, usize)> {
    let within = |u: usize, i: usize| u / BLOCK == i / BLOCK && u != i;
    (0..2 * BLOCK)
        .flat_map(|u| (0..2 * BLOCK).map(move |i| (u, i)))
        .filter(|&(u, i)| within(u, i))
        .collect()
}

/// How many users there are whose withheld diagonal item scores above every item of the other block.
fn withheld_hits(model: &Model, adjacency: &Adjacency) -> usize {
    let embeddings = model.embed(Some(adjacency), Mode::Inference);
    let tables = model.serving_tables(embeddings).unwrap();
    let row = |t: &[f32], i: usize| t[i * tables.dim..][..tables.dim].to_vec();
    let score = |u: usize, i: usize| -> f32 {
        let (u, i) = (row(&tables.users, u), row(&tables.items, i));
        u.iter().zip(i).map(|(a, b)| a * b).sum()
    };
    let n = 2 * BLOCK;
    (0..n)
        .filter(|&u| {
            let others = (0..n).filter(|i| i / BLOCK != u / BLOCK);
            others.into_iter().all(|i| score(u, u) > score(u, i))
        })
        .count()
}

fn train(network: &NetworkConfig, device: &Device) -> (usize, f64, f64, usize) {
    let config = model(network, ScoreConfig::Dot);
    let n = 2 * BLOCK;
    let graph = Graph::normalized(n, n, &pairs(), network.propagation());
    let adjacency = graph.on(device);
    let device = device.clone().autodiff();
    let mut model = config.init(n, n, 4, &device);
    let untrained = withheld_hits(&model, &adjacency);
    let mut optimizer = ModuleOptimizer::from(AdamConfig::new().with_epsilon(1e-8).build());
    let loss_config = LossConfig {
        ranking: RankingLoss::Bpr,
        cosine: false,
        l2: network.default_l2(),
        weight_decay: 1e-4,
    };
    let (users, positives): (Vec<u32>, Vec<u32>) =
        pairs().iter().map(|&(u, i)| (u as u32, i as u32)).unzip();
    let mut losses = Vec::new();
    for step in 0..40 {
        let mut rng = ChaCha8Rng::seed_from_u64(step);
        let other_block = |u: &u32| {
            let block = 1 - *u as usize / BLOCK;
            (block * BLOCK + rng.random_range(0..BLOCK)) as u32
        };
        let negatives: Vec<u32> = users.iter().map(other_block).collect();
        let batch = BatchIndices::new(&users, &positives, &negatives, &device);
        let mode = Mode::Train { seed: step };
        let loss = model
            .loss(Some(&adjacency), &batch, &loss_config, mode)
            .total();
        losses.push(scalar(loss.clone()));
        let gradients = GradientsParams::from_grads(loss.backward(), &model);
        model = optimizer.step(0.03, model, gradients);
    }
    let hits = withheld_hits(&model, &adjacency);
    (untrained, losses[0], losses[losses.len() - 1], hits)
}

#[test]
fn every_network_learns_two_blocks() {
    for device in devices() {
        for network in networks(6) {
            let what = format!("{} on {device:?}", network.name());
            let (untrained, first, last, hits) = train(&network, &device);
            assert!(last < 0.6 * first, "{what}: loss from {first} to {last}");
            assert!(
                untrained < 2 * BLOCK,
                "{what}: the untrained control already scores"
            );
            // MF never sees the withheld pair; the graph joins it to its block.
            if network.name() != "mf" {
                assert_eq!(hits, 2 * BLOCK, "{what}");
            }
        }
    }
}
