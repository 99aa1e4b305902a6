//! Every network against its definition, written out in f64 loops.

use super::*;
use crate::Mode;

const PAIRS: [(usize, usize); 6] = [(0, 0), (0, 1), (1, 1), (2, 0), (2, 2), (3, 1)];
const N_USERS: usize = 5;
const N_ITEMS: usize = 4;

/// A dense matrix in f64.
#[derive(Clone)]
struct Dense {
    rows: usize,
    columns: usize,
    values: Vec<f64>,
}

impl Dense {
    fn of(rows: usize, columns: usize, f: impl Fn(usize, usize) -> f64) -> Self {
        let cells = (0..rows).flat_map(|r| (0..columns).map(move |c| (r, c)));
        let values = cells.map(|(r, c)| f(r, c)).collect();
        Self {
            rows,
            columns,
            values,
        }
    }

    fn at(&self, row: usize, column: usize) -> f64 {
        self.values[row * self.columns + column]
    }

    fn times(&self, other: &Self) -> Self {
        let cell = |r, c| {
            (0..self.columns)
                .map(|k| self.at(r, k) * other.at(k, c))
                .sum()
        };
        Self::of(self.rows, other.columns, cell)
    }

    fn with(&self, other: &Self, f: impl Fn(f64, f64) -> f64) -> Self {
        Self::of(self.rows, self.columns, |r, c| {
            f(self.at(r, c), other.at(r, c))
        })
    }

    fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        Self::of(self.rows, self.columns, |r, c| f(self.at(r, c)))
    }

    /// Adds a row vector to each row.
    fn biased(&self, bias: &Self) -> Self {
        Self::of(self.rows, self.columns, |r, c| {
            self.at(r, c) + bias.values[c]
        })
    }

    fn beside(&self, other: &Self) -> Self {
        Self::of(self.rows, self.columns + other.columns, |r, c| {
            if c < self.columns {
                self.at(r, c)
            } else {
                other.at(r, c - self.columns)
            }
        })
    }

    fn normalized_rows(&self) -> Self {
        let norm = |r: usize| {
            (0..self.columns)
                .map(|c| self.at(r, c).powi(2))
                .sum::<f64>()
                .sqrt()
        };
        Self::of(self.rows, self.columns, |r, c| {
            if norm(r) < 1e-6 {
                0.0
            } else {
                self.at(r, c) / norm(r)
            }
        })
    }
}

struct Reference {
    parameters: BTreeMap<String, HostTensor>,
    /// 1 where a user and an item (both ways) share an edge.
    linked: Dense,
}

impl Reference {
    fn parameter(&self, name: &str) -> Dense {
        let tensor = &self.parameters[name];
        let columns = *tensor.shape.last().unwrap();
        Dense {
            rows: tensor.values.len() / columns,
            columns,
            values: tensor.values.iter().map(|&v| f64::from(v)).collect(),
        }
    }

    fn tables(&self) -> Dense {
        let (mut users, items) = (self.parameter("users"), self.parameter("items"));
        users.rows += items.rows;
        users.values.extend(items.values);
        users
    }

    fn degree(&self, node: usize) -> f64 {
        (0..self.linked.columns)
            .map(|c| self.linked.at(node, c))
            .sum()
    }

    /// `D^-1/2 A D^-1/2`
    fn symmetric(&self) -> Dense {
        let n = self.linked.rows;
        Dense::of(n, n, |r, c| match self.linked.at(r, c) {
            0.0 => 0.0,
            _ => 1.0 / (self.degree(r).sqrt() * self.degree(c).sqrt()),
        })
    }

    /// `D^-1 A`, or `(D + I)^-1 (A + I)`.
    fn row_mean(&self, own: f64) -> Dense {
        let n = self.linked.rows;
        Dense::of(n, n, |r, c| {
            let weight = self.linked.at(r, c) + if r == c { own } else { 0.0 };
            if weight == 0.0 {
                0.0
            } else {
                weight / (self.degree(r) + own)
            }
        })
    }

    fn lightgcn(&self, layers: usize) -> Dense {
        let mut e = self.tables();
        let mut sum = e.clone();
        for _ in 0..layers {
            e = self.symmetric().times(&e);
            sum = sum.with(&e, |a, b| a + b);
        }
        sum.map(|v| v / (layers + 1) as f64)
    }

    /// `ReLU(Linear(concat(h, AGGR)))` with the weight stacked back from its halves.
    fn lecture(&self, layers: usize, linear_output: bool) -> Dense {
        let mut h = self.tables();
        for layer in 0..layers {
            let own = self.parameter(&format!("layers.{layer}.self.weight"));
            let other = self.parameter(&format!("layers.{layer}.neighbours.weight"));
            let stacked = Dense {
                rows: own.rows + other.rows,
                columns: own.columns,
                values: [own.values, other.values].concat(),
            };
            let both = h.beside(&self.row_mean(0.0).times(&h));
            let bias = self.parameter(&format!("layers.{layer}.bias"));
            h = both.times(&stacked).biased(&bias);
            if !(linear_output && layer + 1 == layers) {
                h = h.map(|v| v.max(0.0));
            }
        }
        h
    }

    /// Message by message (equations 3 and 4), not as matrices.
    fn paper(&self, layers: usize) -> Dense {
        let mut e = self.tables();
        let mut all = e.clone();
        for layer in 0..layers {
            let w1 = self.parameter(&format!("layers.{layer}.sum.weight"));
            let w2 = self.parameter(&format!("layers.{layer}.interaction.weight"));
            let (alone, n) = (e.times(&w1), e.rows);
            let mut next = alone.clone();
            for u in 0..n {
                for i in (0..n).filter(|&i| self.linked.at(u, i) > 0.0) {
                    let decay = 1.0 / (self.degree(u) * self.degree(i)).sqrt();
                    let product = Dense::of(1, e.columns, |_, c| e.at(u, c) * e.at(i, c));
                    let interaction = product.times(&w2);
                    for c in 0..w1.columns {
                        next.values[u * w1.columns + c] +=
                            decay * (alone.at(i, c) + interaction.values[c]);
                    }
                }
            }
            e = next.map(leaky);
            all = all.beside(&e);
        }
        all
    }

    fn official(&self, layers: usize) -> Dense {
        let mut e = self.tables();
        let mut all = e.clone();
        for layer in 0..layers {
            let part = |name: &str| self.parameter(&format!("layers.{layer}.{name}"));
            let side = self.row_mean(1.0).times(&e);
            let sum = side.times(&part("sum.weight")).biased(&part("sum.bias"));
            let product = e.with(&side, |a, b| a * b);
            let interaction = product
                .times(&part("interaction.weight"))
                .biased(&part("interaction.bias"));
            e = sum.map(leaky).with(&interaction.map(leaky), |a, b| a + b);
            all = all.beside(&e.normalized_rows());
        }
        all
    }
}

fn leaky(x: f64) -> f64 {
    if x > 0.0 { x } else { 0.2 * x }
}

#[test]
fn every_network_is_its_definition_on_every_device() {
    let mut networks = networks(5);
    networks.push(NetworkConfig::NgcfLecture(NgcfLectureConfig {
        dim: 4,
        layers: vec![6, 3],
        ..NgcfLectureConfig::default()
    }));
    for device in devices() {
        for network in &networks {
            let config = model(network, ScoreConfig::Dot);
            let model = config.init(N_USERS, N_ITEMS, 1, &device);
            let graph = Graph::normalized(N_USERS, N_ITEMS, &PAIRS, network.propagation());
            let adjacency = graph.on(&device);
            let embeddings = model.embed(Some(&adjacency), Mode::Inference);
            assert_eq!(embeddings.width(), network.width());
            let reference = Reference {
                parameters: parameters(&model),
                linked: Dense::of(N_USERS + N_ITEMS, N_USERS + N_ITEMS, |r, c| {
                    let pair = (r.min(c), r.max(c).saturating_sub(N_USERS));
                    let across = r.min(c) < N_USERS && r.max(c) >= N_USERS;
                    f64::from(u8::from(across && PAIRS.contains(&pair)))
                }),
            };
            let want = match network {
                NetworkConfig::Mf(_) => reference.tables(),
                NetworkConfig::LightGcn(c) => reference.lightgcn(c.layers),
                NetworkConfig::NgcfLecture(c) => reference.lecture(c.layers.len(), c.linear_output),
                NetworkConfig::NgcfPaper(c) => reference.paper(c.layers.len()),
                NetworkConfig::NgcfOfficial(c) => reference.official(c.layers.len()),
                NetworkConfig::PinSage(_) => unreachable!("tests/pinsage.rs has its reference"),
            };
            let what = format!("{} on {device:?}", network.name());
            assert_close(&host(embeddings.nodes), &want.values, 1e-5, &what);
        }
    }
}
