//! The loss of a batch and its gradient against the definition in f64.

use super::*;
use crate::tests::gradients::gradients_by_name;
use crate::{BatchIndices, L2, LogQ, LossConfig, Mode, RankingLoss, SharedNegatives};

/// A batch, and the numbers its loss is defined by.
struct Case {
    users: Vec<u32>,
    positives: Vec<u32>,
    own: Vec<u32>,
    shared: SharedNegatives,
    log_q: Option<LogQ>,
    /// Of each user's negatives, where users have temperatures of their own.
    inverse_temperatures: Option<Vec<f32>>,
    n_users: usize,
    n_items: usize,
    dim: usize,
}

impl Case {
    fn new(batch: usize, own: usize, shared: usize, dim: usize) -> Self {
        let (n_users, n_items) = (batch / 2 + 2, 40 + shared);
        let mut rng = ChaCha8Rng::seed_from_u64((batch + own + shared + dim) as u64);
        let mut draw = |n: usize, below: usize| -> Vec<u32> {
            (0..n).map(|_| rng.random_range(0..below as u32)).collect()
        };
        let (users, positives) = (draw(batch, n_users), draw(batch, n_items));
        let (own, items) = (draw(batch * own, n_items), draw(shared, n_items));
        let mut known_ptr = vec![0];
        let mut known = Vec::new();
        for user in 0..batch {
            // Every third user knows a few; the first one all.
            let places = (0..shared as u32).filter(|place| {
                user == 0 || user % 3 == 0 && (place + user as u32).is_multiple_of(5)
            });
            known.extend(places);
            known_ptr.push(known.len() as u32);
        }
        Self {
            users,
            positives,
            own,
            shared: SharedNegatives {
                items,
                in_batch: false,
                known_ptr,
                known,
            },
            log_q: None,
            inverse_temperatures: None,
            n_users,
            n_items,
            dim,
        }
    }

    /// The same with the positives as negatives of the other users.
    fn in_batch(mut self) -> Self {
        let places = self.shared.items.len() as u32;
        let (mut known, mut known_ptr) = (Vec::new(), vec![0]);
        for user in 0..self.users.len() {
            let range = self.shared.known_ptr[user]..self.shared.known_ptr[user + 1];
            known.extend_from_slice(&self.shared.known[range.start as usize..range.end as usize]);
            known.push(places + user as u32);
            known_ptr.push(known.len() as u32);
        }
        self.shared.in_batch = true;
        (self.shared.known, self.shared.known_ptr) = (known, known_ptr);
        self
    }

    /// The same with a correction for each candidate.
    fn corrected(mut self) -> Self {
        let some = |n: usize, seed| random_values(n, seed).iter().map(|v| v * 2.0).collect();
        self.log_q = Some(LogQ {
            positives: some(self.users.len(), 9),
            negatives: some(self.own.len(), 10),
            shared: some(self.places().len(), 11),
        });
        self
    }

    /// The same with a temperature a user.
    fn personal(mut self) -> Self {
        let some = random_values(self.users.len(), 12);
        self.inverse_temperatures = Some(some.iter().map(|v| 3.0 + 2.0 * v).collect());
        self
    }

    /// All batch-shared negatives.
    fn places(&self) -> Vec<u32> {
        let mut places = self.shared.items.clone();
        if self.shared.in_batch {
            places.extend_from_slice(&self.positives);
        }
        places
    }

    fn batch(&self, device: &Device) -> BatchIndices {
        let batch = BatchIndices::new(&self.users, &self.positives, &self.own, device)
            .with_shared(self.shared.clone());
        let batch = match &self.log_q {
            Some(log_q) => batch.with_log_q(log_q.clone()),
            None => batch,
        };
        match &self.inverse_temperatures {
            Some(of_users) => batch.with_inverse_temperatures(of_users.clone()),
            None => batch,
        }
    }

    /// What a softmax multiplies the negatives of the user at a place by.
    fn inverse_temperature(&self, at: usize, ranking: RankingLoss) -> Option<f64> {
        match ranking {
            RankingLoss::Softmax { temperature } | RankingLoss::Bilateral { temperature, .. } => {
                Some(1.0 / temperature)
            }
            RankingLoss::Adaptive {
                inverse_temperature,
            } => Some(match &self.inverse_temperatures {
                Some(of_users) => f64::from(of_users[at]),
                None => inverse_temperature,
            }),
            _ => None,
        }
    }

    /// Both terms by their definitions; tables are `[n_users + n_items, dim]`.
    fn loss(&self, tables: &[f64], scale: Option<f64>, config: &LossConfig) -> f64 {
        let dim = self.dim;
        let user_row = |id: u32| &tables[id as usize * dim..][..dim];
        let item_row = |id: u32| &tables[(self.n_users + id as usize) * dim..][..dim];
        let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let score = |user: u32, item: u32| {
            let (u, i) = (user_row(user), item_row(item));
            match scale {
                None => dot(u, i),
                Some(scale) => scale * dot(u, i) / (dot(u, u) * dot(i, i)).sqrt(),
            }
        };
        let n = self.users.len();
        let own = self.own.len() / n;
        let places = self.places();
        // Only a softmax is corrected; what is taken off its exponents is taken off scores times the temperature.
        let off = |user: usize, list: fn(&LogQ) -> &Vec<f32>, at: usize| {
            let inverse = self.inverse_temperature(user, config.ranking);
            let log_q = self.log_q.as_ref().zip(inverse);
            log_q.map_or(0.0, |(log_q, inverse)| f64::from(list(log_q)[at]) / inverse)
        };
        let softplus = |x: f64| x.max(0.0) + (-x.abs()).exp().ln_1p();
        let mut all_negatives = Vec::new();
        let mut sum = 0.0;
        for at in 0..n {
            let user = self.users[at];
            let mut positive = score(user, self.positives[at]);
            // A positive that is no candidate was not drawn.
            if matches!(config.ranking, RankingLoss::Softmax { .. }) {
                positive -= off(at, |q| &q.positives, at);
            }
            let range = self.shared.known_ptr[at] as usize..self.shared.known_ptr[at + 1] as usize;
            let known = &self.shared.known[range];
            let counted = (0..places.len()).filter(|&p| !known.contains(&(p as u32)));
            let of_own = (at * own..(at + 1) * own)
                .map(|n| score(user, self.own[n]) - off(at, |q| &q.negatives, n));
            let of_shared = counted.map(|p| score(user, places[p]) - off(at, |q| &q.shared, p));
            let negatives: Vec<f64> = of_own.chain(of_shared).collect();
            let mean = |cost: &dyn Fn(f64) -> f64| {
                let total: f64 = negatives.iter().map(|&x| cost(x)).sum();
                total / negatives.len().max(1) as f64
            };
            sum += match config.ranking {
                RankingLoss::Bpr => mean(&|x| softplus(x - positive)),
                RankingLoss::Binary => softplus(-positive),
                RankingLoss::Softmax { temperature: t } => {
                    let all = negatives.iter().chain([&positive]);
                    all.map(|x| (x / t).exp()).sum::<f64>().ln() - positive / t
                }
                RankingLoss::Bilateral { .. } | RankingLoss::Adaptive { .. } => {
                    let negative = self.inverse_temperature(at, config.ranking).unwrap();
                    let (of_positive, power) = match config.ranking {
                        RankingLoss::Bilateral { temperature, power } => (1.0 / temperature, power),
                        RankingLoss::Adaptive {
                            inverse_temperature,
                        } => (inverse_temperature, 1.0),
                        _ => unreachable!(),
                    };
                    let sum: f64 = negatives.iter().map(|&x| (x * negative).exp()).sum();
                    let of_negatives = if negatives.is_empty() { 0.0 } else { sum.ln() };
                    power * of_negatives - of_positive * positive
                }
                RankingLoss::Margin { margin } => mean(&|x| (x - positive + margin).max(0.0)),
                RankingLoss::Contrastive {
                    margin,
                    negative_weight,
                } => 1.0 - positive + negative_weight * mean(&|x| (x - margin).max(0.0)),
            };
            all_negatives.extend(negatives);
        }
        if config.ranking == RankingLoss::Binary {
            let total: f64 = all_negatives.iter().map(|&x| softplus(x)).sum();
            sum += n as f64 * total / all_negatives.len() as f64;
        }
        let items = [&self.positives, &self.own, &self.shared.items];
        let items = items.into_iter().flatten().map(|&i| item_row(i));
        let rows = self.users.iter().map(|&u| user_row(u)).chain(items);
        let squares: f64 = rows.map(|row| dot(row, row)).sum();
        (sum + 0.5 * config.weight_decay * squares) / n as f64
    }
}

const LOSSES: [RankingLoss; 7] = [
    RankingLoss::Bpr,
    RankingLoss::Binary,
    RankingLoss::Softmax { temperature: 0.4 },
    RankingLoss::Bilateral {
        temperature: 0.4,
        power: 0.7,
    },
    RankingLoss::Adaptive {
        inverse_temperature: 3.0,
    },
    RankingLoss::Margin { margin: 0.3 },
    RankingLoss::Contrastive {
        margin: 0.1,
        negative_weight: 3.0,
    },
];

fn mf(case: &Case, score: ScoreConfig, device: &Device) -> Model {
    let network = NetworkConfig::Mf(MfConfig {
        dim: case.dim,
        init: Init::Normal { std: 0.6 },
    });
    model(&network, score).init(case.n_users, case.n_items, 5, device)
}

/// Value and gradient of a model whose score is the definition's.
fn check(case: &Case, score: ScoreConfig, config: LossConfig, device: &Device) {
    let scale = match score {
        _ if config.cosine => Some(1.0),
        ScoreConfig::Cosine { temperature } => Some(1.0 / temperature),
        _ => None,
    };
    let tracked = device.clone().autodiff();
    let model = mf(case, score, &tracked);
    let total = model
        .loss(None, &case.batch(&tracked), &config, Mode::Inference)
        .total();
    let tables = parameters(&model);
    let wide = |name: &str| tables[name].values.iter().map(|&v| f64::from(v));
    let tables: Vec<f64> = wide("users").chain(wide("items")).collect();
    let what = format!("{score:?} {config:?} {device:?}");
    let want = case.loss(&tables, scale, &config);
    let value = scalar(total.clone());
    let error = (value - want).abs();
    // A GPU's exponentials and logarithms are allowed a few more units in the last place.
    let slack = if is_gpu(device) { 20.0 } else { 1.0 };
    assert!(
        error < slack * 2e-6 * want.abs().max(1.0),
        "{what}: {value} against {want}"
    );
    let gradients = gradients_by_name(&model, total);
    let gradient: Vec<f32> = [&gradients["users"][..], &gradients["items"]].concat();
    let step = 1e-5;
    for at in (0..tables.len()).step_by(1 + tables.len() / 60) {
        let moved = |by: f64| {
            let mut tables = tables.clone();
            tables[at] += by;
            case.loss(&tables, scale, &config)
        };
        let want = (moved(step) - moved(-step)) / (2.0 * step);
        let error = (f64::from(gradient[at]) - want).abs();
        // A hinge between both points makes the difference a fraction of the slope.
        let tolerance = slack * (1e-6 + 1e-4 * want.abs());
        assert!(
            error < tolerance,
            "{what} [{at}]: {} against {want}",
            gradient[at]
        );
    }
}

fn config(ranking: RankingLoss, cosine: bool) -> LossConfig {
    LossConfig {
        ranking,
        cosine,
        l2: L2::LayerZeroRows,
        weight_decay: 0.05,
    }
}

/// `bilinear` starts as the identity, so it is the inner product composed of Burn's operations.
#[test]
fn every_loss_follows_its_definition_on_every_device() {
    for device in devices() {
        // A software GPU compiles a pipeline for every shape: one case a loss there.
        if is_gpu(&device) {
            for ranking in LOSSES {
                let case = Case::new(9, 1, 7, 6);
                check(&case, ScoreConfig::Dot, config(ranking, true), &device);
            }
            continue;
        }
        for ranking in LOSSES {
            for case in [Case::new(7, 2, 0, 5), Case::new(9, 1, 70, 18)] {
                for score in [ScoreConfig::Dot, ScoreConfig::Bilinear] {
                    check(&case, score, config(ranking, false), &device);
                }
                let cosine = ScoreConfig::Cosine { temperature: 0.7 };
                check(&case, cosine, config(ranking, false), &device);
            }
            let pool = Case::new(6, 0, 5, 3);
            check(&pool, ScoreConfig::Dot, config(ranking, true), &device);
            check(&pool, ScoreConfig::Bilinear, config(ranking, true), &device);
        }
    }
}

/// The softmax takes off how its candidates were drawn; every other loss is what it is without corrections.
#[test]
fn the_softmax_alone_is_corrected_for_how_candidates_were_drawn() {
    for device in devices() {
        for ranking in LOSSES {
            if is_gpu(&device) && ranking.inverse_temperature().is_none() {
                continue;
            }
            let both = Case::new(6, 2, 20, 4).in_batch().corrected();
            for score in [ScoreConfig::Dot, ScoreConfig::Bilinear] {
                check(&both, score, config(ranking, false), &device);
            }
            for of_one_kind in [Case::new(6, 0, 8, 4), Case::new(6, 2, 0, 4)] {
                let case = of_one_kind.corrected();
                check(
                    &case,
                    ScoreConfig::Bilinear,
                    config(ranking, false),
                    &device,
                );
            }
        }
    }
}

#[test]
fn users_have_temperatures_of_their_own_and_costs_at_temperature_1() {
    let adaptive = RankingLoss::Adaptive {
        inverse_temperature: 3.0,
    };
    let one = RankingLoss::Bilateral {
        temperature: 1.0,
        power: 1.0,
    };
    for device in devices() {
        for case in [
            Case::new(9, 1, 70, 6).personal(),
            Case::new(7, 0, 3, 6).in_batch().personal(),
        ] {
            let corrected = if case.shared.in_batch {
                case.corrected()
            } else {
                case
            };
            for score in [ScoreConfig::Dot, ScoreConfig::Bilinear] {
                check(&corrected, score, config(adaptive, true), &device);
                // The mean of the costs is the loss whose temperatures are all 1, without a correction.
                let model = mf(&corrected, score, &device);
                let batch = corrected.batch(&device);
                let parts = model.loss(None, &batch, &config(adaptive, true), Mode::Inference);
                let costs = host(parts.costs.unwrap());
                let mean = costs.iter().map(|&c| f64::from(c)).sum::<f64>() / costs.len() as f64;
                let plain = Case {
                    log_q: None,
                    users: corrected.users.clone(),
                    positives: corrected.positives.clone(),
                    own: corrected.own.clone(),
                    shared: corrected.shared.clone(),
                    inverse_temperatures: None,
                    ..corrected
                };
                let tables = parameters(&model);
                let wide = |name: &str| tables[name].values.iter().map(|&v| f64::from(v));
                let tables: Vec<f64> = wide("users").chain(wide("items")).collect();
                let objective = LossConfig {
                    weight_decay: 0.0,
                    ..config(one, true)
                };
                let want = plain.loss(&tables, Some(1.0), &objective);
                assert!((mean - want).abs() < 1e-5, "{mean} against {want}");
            }
        }
    }
}

#[test]
fn positives_of_a_batch_are_negatives_of_its_other_users() {
    for device in devices() {
        if is_gpu(&device) {
            continue;
        }
        for ranking in LOSSES {
            // With nothing drawn, and beside 70 that are.
            for case in [Case::new(67, 0, 0, 5), Case::new(9, 1, 70, 18)] {
                let case = case.in_batch();
                for score in [ScoreConfig::Dot, ScoreConfig::Bilinear] {
                    check(&case, score, config(ranking, true), &device);
                }
            }
        }
    }
}

/// Many tiles and pieces; the same bits whatever the number of threads.
#[test]
fn a_batch_of_many_tiles_follows_the_definition_and_ignores_the_thread_count() {
    let device = Device::flex();
    let case = Case::new(700, 3, 200, 16);
    for ranking in LOSSES {
        check(&case, ScoreConfig::Dot, config(ranking, true), &device);
    }
    let gradients = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads);
        pool.build().unwrap().install(|| {
            let device = Device::flex().autodiff();
            let model = mf(&case, ScoreConfig::Dot, &device);
            let config = config(LOSSES[2], true);
            let loss = model.loss(None, &case.batch(&device), &config, Mode::Inference);
            gradients_by_name(&model, loss.total())
        })
    };
    assert_eq!(gradients(1), gradients(3));
}

#[test]
fn a_score_that_is_not_a_number_is_seen_in_every_loss() {
    for ranking in LOSSES {
        let mut lanes = [[0.0; 64]; 2];
        assert!(crate::ops::batch_loss::cost_of(ranking, 0.5, &mut lanes).is_finite());
        let mut lanes = [[0.0; 64]; 2];
        lanes[1][3] = f32::NAN;
        assert!(crate::ops::batch_loss::cost_of(ranking, 0.5, &mut lanes).is_nan());
        let mut lanes = [[0.0; 64]; 1];
        assert!(crate::ops::batch_loss::cost_of(ranking, f32::NAN, &mut lanes).is_nan());
    }
}
