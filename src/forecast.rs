//! How much memory training takes, counted from the code: bytes per node, per interaction and per batch.
//!
//! One table of all nodes takes `T = 4 dim` bytes per node, `T_max` that of users or of items alone. What
//! is held throughout:
//!
//! | what | bytes |
//! |---|---|
//! | the program | 32 MiB; 42 with the feature `gpu` |
//! | keys, both ways | 96 per node |
//! | training, validation and test lists | 4 per interaction, 24 per user |
//! | sampler | 8 per training interaction by edge, 4 per user by user |
//! | weights of interactions, where a setting reads them | 4 per interaction; 8 more per training interaction to draw by them |
//! | adjacency, symmetric | 16 per training interaction, 4 per node |
//! | adjacency, mean over neighbours | 24 per training interaction, 4 per node; 12 per node with self-loops |
//! | parameters, two moments of Adam, parameters of the best epoch | 4 T |
//! | item-kNN, in place of graph and tables | 12 per training interaction, 16 with a half-life; 16 per item and neighbour |
//! | EASE, in place of graph and tables | 12 per training interaction; 4 per pair of items, 2,048 per item; where users are fewer, 4 per pair of users and per user and item |
//! | iALS, in place of graph and tables | 8 per training interaction; 4 per float of the vectors, and 8 of those of users or of items |
//! | popularity, in place of graph and tables | 16 per item |
//! | a graph filter while its vectors are sought, in place of all tables | 12 per node and vector |
//! | items near each root, for hard negatives | 4 per rank of the band and root |
//! | items' vectors, by the bytes of their files | 1 as they are read, 6 as features: a value and a column, 3 copies |
//! | PinSAGE, in place of all tables | 2 copies of the features, 5 of the neighbours' rows of a batch, 4 T |
//! | workspace of NGCF, kept from step to step | 2.75 T per layer |
//!
//! To these come the tables of the moment, of which the largest counts:
//!
//! | when | `mf` | `lightgcn` | `ngcf-lecture` | `ngcf-paper`, `ngcf-official` |
//! |---|---|---|---|---|
//! | a step | T (`lazy-adam`: none) | 2 T | T + shares of the weights | T + shares of the weights |
//! | validation: final rows | T | 3 T | 6 T | 2 (layers + 1) T, + T if official |
//! | validation: their copy | T + 2 T_max | T + 2 T_max | T + 2 T_max | (layers + 1) (T + 2 T_max) |
//! | a checkpoint | 3 T + T_max | 3 T + T_max | 3 T + T_max | 3 T + T_max |
//!
//! The allocator's rounding, and what it has not given back yet, add 8% to all tables. The constants are fitted; measured
//! peaks are within 10% of the forecast (`benches/results`). PinSAGE's is
//! rough, .8 to 1.6 of a few peaks: its batches differ in size, and with them what the allocator holds.

use serde::{Deserialize, Serialize};

use crate::config::{HardRoot, ModelName, Optimizer, PositiveSampling, RunConfig};
#[cfg(feature = "train")]
use crate::split::DataRecord;

/// The program, its threads, and what reading the log leaves behind.
const PROGRAM_BYTES: f64 = match cfg!(feature = "gpu") {
    false => 32.0 * MEBIBYTE,
    true => 42.0 * MEBIBYTE,
};
const MEBIBYTE: f64 = 1024.0 * 1024.0;
/// A key twice, its id, its place in the hash table.
const KEY_BYTES: f64 = 96.0;
/// A column or a value of an edge, an item of a list, a float.
const WORD_BYTES: f64 = 4.0;
/// The sum of all weights up to an interaction.
const SUM_BYTES: f64 = 8.0;
/// Copies of a batch's rows in a step; their gradient takes the place of what they were packed from.
const BATCH_COPIES: f64 = 1.0;
/// Tables an NGCF layer keeps from step to step.
const WORKSPACE_TABLES: f64 = 2.75;
/// What the allocator holds beyond the tables, which come and go in several sizes.
const ALLOCATOR: f64 = 1.08;
/// Tables of all nodes as wide as a graph filter has vectors, while these are sought.
const FILTER_TABLES: f64 = 3.0;
/// Twice as many candidates as an item keeps neighbours.
const CANDIDATE_BYTES: f64 = 16.0;
/// Two panels of 256 floats an item, while weights are sought.
const PANEL_BYTES: f64 = 2048.0;
/// An item's score, and its place among all.
const RANKED_BYTES: f64 = 16.0;
/// Copies of an item's features, a value and a column each.
const FEATURE_COPIES: f64 = 3.0;
/// The table of words' embeddings, its gradient, its moments, and what a checkpoint copies of them.
const WORD_TABLES: f64 = 7.0;
/// Values of an item's features where they are hashed words and categories, about.
const HASHED_VALUES: f64 = 32.0;
/// Batches made ahead, and copies of the features of the one at hand.
const READY_COPIES: f64 = 5.0;
/// Tables of a layer's rows that a step holds.
const LAYER_TABLES: f64 = 4.0;
/// Rows whose share of the weights' gradient is summed apart.
const PIECE_ROWS: f64 = 512.0;

/// The counts of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counts {
    /// Users.
    pub users: u64,
    /// Items.
    pub items: u64,
    /// Interactions of all parts.
    pub interactions: u64,
    /// Training interactions.
    pub train: u64,
    /// Bytes of the files of items' vectors.
    #[serde(default)]
    pub vectors: u64,
}

/// Bytes that a training takes at its peak, by what takes them; the tables above are the formula.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemoryForecast {
    /// The program.
    pub program: u64,
    /// Keys, lists and sampler.
    pub data: u64,
    /// The normalised adjacency.
    pub graph: u64,
    /// Tables and the rows of a batch, at the peak.
    pub tables: u64,
}

impl MemoryForecast {
    /// The forecast for a complete configuration and the counts of its data.
    pub fn new(config: &RunConfig, counts: Counts) -> Self {
        let whole = |bytes: f64| bytes.round() as u64;
        Self {
            program: whole(PROGRAM_BYTES),
            data: whole(data_bytes(config, counts)),
            graph: whole(graph_bytes(config, counts)),
            tables: whole(ALLOCATOR * Tables::new(config, counts).peak_bytes()),
        }
    }

    /// What the files of items' vectors take by themselves, by the bytes of the files.
    pub fn of_vectors(bytes: u64) -> u64 {
        vector_bytes(bytes as f64).round() as u64
    }

    /// All of it, bytes.
    pub fn total(&self) -> u64 {
        self.program + self.data + self.graph + self.tables
    }
}

fn data_bytes(config: &RunConfig, counts: Counts) -> f64 {
    let (users, nodes) = (counts.users as f64, nodes(counts));
    let sampler = match config.sampling.positives {
        PositiveSampling::ByEdge => 2.0 * WORD_BYTES * counts.train as f64,
        PositiveSampling::ByUser => WORD_BYTES * users,
    };
    let drawn = match config.sampling.weighted_positives {
        true => SUM_BYTES * counts.train as f64,
        false => 0.0,
    };
    let weights = match config.reads_weights() {
        true => WORD_BYTES * counts.interactions as f64 + drawn,
        false => 0.0,
    };
    let hard = match (config.sampling.hard, config.sampling.hard_root) {
        (0, _) => 0.0,
        (_, HardRoot::User) => users,
        (_, HardRoot::Item) => counts.items as f64,
    };
    let near = config.sampling.hard_ranks(counts.items as usize).len() as f64;
    let lists = WORD_BYTES * counts.interactions as f64 + 3.0 * 8.0 * users;
    KEY_BYTES * nodes + lists + sampler + weights + WORD_BYTES * hard * near
}

fn graph_bytes(config: &RunConfig, counts: Counts) -> f64 {
    let (edges, nodes) = (2.0 * counts.train as f64, nodes(counts));
    match config.model.name {
        // Features and neighbourhoods are counted with the tables.
        ModelName::Mf | ModelName::PinSage | ModelName::Popularity => 0.0,
        // Users by item, items by user, and places; weights beside them.
        ModelName::ItemKnn => {
            let settings = config.item_knn.as_ref();
            let decays = settings.is_some_and(|own| own.half_life_days.is_some());
            WORD_BYTES * (3.0 + f64::from(u8::from(decays))) * counts.train as f64
        }
        ModelName::Ials => WORD_BYTES * 2.0 * counts.train as f64,
        ModelName::Ease => WORD_BYTES * 3.0 * counts.train as f64,
        ModelName::LightGcn | ModelName::NgcfPaper | ModelName::GfCf | ModelName::ChebyCf => {
            WORD_BYTES * (2.0 * edges + nodes)
        }
        ModelName::NgcfLecture => WORD_BYTES * (3.0 * edges + nodes),
        ModelName::NgcfOfficial => WORD_BYTES * (3.0 * (edges + nodes) + nodes),
    }
}

/// What the vectors of these files take, bytes.
fn vector_bytes(of_files: f64) -> f64 {
    (1.0 + 2.0 * FEATURE_COPIES) * of_files
}

fn nodes(counts: Counts) -> f64 {
    counts.users as f64 + counts.items as f64
}

/// The numbers that determine the sizes of tables.
struct Tables<'a> {
    config: &'a RunConfig,
    /// Bytes of one table of all nodes, and of the larger of users and items.
    whole: f64,
    larger: f64,
    users: f64,
    items: f64,
    vectors: f64,
    /// Positives of a batch.
    batch: usize,
}

impl<'a> Tables<'a> {
    fn new(config: &'a RunConfig, counts: Counts) -> Self {
        let row = WORD_BYTES * config.model.dim as f64;
        Self {
            config,
            whole: row * nodes(counts),
            larger: row * counts.users.max(counts.items) as f64,
            users: counts.users as f64,
            items: counts.items as f64,
            vectors: counts.vectors as f64,
            batch: config.sampling.batch_len(counts.train as usize),
        }
    }

    fn layers(&self) -> f64 {
        self.config.model.layers as f64
    }

    fn is_ngcf(&self) -> bool {
        matches!(
            self.config.model.name,
            ModelName::NgcfLecture | ModelName::NgcfPaper | ModelName::NgcfOfficial
        )
    }

    /// Tables the final rows are as wide as.
    fn shown(&self) -> f64 {
        match self.config.model.name {
            ModelName::NgcfPaper | ModelName::NgcfOfficial => self.layers() + 1.0,
            _ => 1.0,
        }
    }

    fn peak_bytes(&self) -> f64 {
        if let Some(filter) = &self.config.filter {
            let row = self.whole / self.config.model.dim as f64;
            return FILTER_TABLES * filter.vectors as f64 * row;
        }
        if let Some(knn) = &self.config.item_knn {
            return CANDIDATE_BYTES * knn.neighbours as f64 * self.items;
        }
        if let Some(ials) = &self.config.ials {
            // Both tables, and the larger one turned and as it is being turned.
            let scale = ials.dim as f64 / self.config.model.dim as f64;
            return scale * (self.whole + 2.0 * self.larger);
        }
        if let Some(ease) = &self.config.ease {
            let own = (WORD_BYTES * self.items + PANEL_BYTES) * self.items;
            return match ease.inverts_users(self.users as usize, self.items as usize) {
                true => own + WORD_BYTES * self.users * (self.users + self.items),
                false => own,
            };
        }
        if self.config.popularity.is_some() {
            return RANKED_BYTES * self.items;
        }
        if let (Some(own), Some(features), Some(walks)) = (
            &self.config.pinsage,
            &self.config.features,
            &self.config.walks,
        ) {
            let (values, words) = match features.n_words() {
                0 => (0.0, 0.0),
                n => (HASHED_VALUES, (n * features.token_dim) as f64),
            };
            let sampling = &self.config.sampling;
            let rows = self.batch * (2 + sampling.negatives + sampling.hard);
            let reached = (walks.neighbours + 1).saturating_pow(self.config.model.layers as u32);
            let reached = ((rows + sampling.batch_shared) as f64 * reached as f64).min(self.items);
            let hidden = own.hidden as f64;
            let read = READY_COPIES * values + features.token_dim as f64;
            let batch = reached * (read + LAYER_TABLES * hidden);
            let kept = FEATURE_COPIES * 2.0 * values * self.items;
            let vectors = vector_bytes(self.vectors);
            return WORD_BYTES * (kept + batch + WORD_TABLES * words) + 4.0 * self.whole + vectors;
        }
        let workspace = match self.is_ngcf() {
            true => WORKSPACE_TABLES * self.layers() * self.whole,
            false => 0.0,
        };
        let moment = self.step().max(self.validation()).max(self.checkpoint());
        4.0 * self.whole + workspace + moment
    }

    fn step(&self) -> f64 {
        let (model, sampling) = (&self.config.model, &self.config.sampling);
        let gradients = match (model.name, self.config.training.optimizer) {
            (ModelName::Mf, Optimizer::LazyAdam) => 0.0,
            (ModelName::LightGcn, _) if model.layers > 1 => 2.0,
            _ if self.is_ngcf() => 1.0 + model.dim as f64 / (PIECE_ROWS / 2.0),
            _ => 1.0,
        };
        let width = match model.name {
            ModelName::LightGcn | ModelName::NgcfLecture => 2.0,
            ModelName::NgcfPaper | ModelName::NgcfOfficial => self.shown(),
            _ => 1.0,
        };
        let own = self.batch * (2 + sampling.negatives + sampling.hard);
        let rows = (own + sampling.batch_shared) as f64;
        let batch = BATCH_COPIES * rows * width * WORD_BYTES * model.dim as f64;
        gradients * self.whole + batch
    }

    fn validation(&self) -> f64 {
        let final_rows = match self.config.model.name {
            ModelName::LightGcn => 3.0,
            ModelName::NgcfLecture => 6.0,
            ModelName::NgcfPaper => 2.0 * self.shown(),
            ModelName::NgcfOfficial => 2.0 * self.shown() + 1.0,
            _ => 1.0,
        };
        let copy = self.shown() * (self.whole + 2.0 * self.larger);
        copy.max(final_rows * self.whole)
    }

    fn checkpoint(&self) -> f64 {
        3.0 * self.whole + self.larger
    }
}

#[cfg(feature = "train")]
impl From<&DataRecord> for Counts {
    fn from(record: &DataRecord) -> Self {
        Self {
            users: record.n_users as u64,
            items: record.n_items as u64,
            interactions: record.n_interactions as u64,
            train: record.split.n_train as u64,
            vectors: record.vectors.iter().flatten().map(|file| file.bytes).sum(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNTS: Counts = Counts {
        users: 100,
        items: 50,
        interactions: 1000,
        train: 720,
        vectors: 0,
    };

    fn forecast(model: ModelName, change: impl Fn(&mut RunConfig)) -> MemoryForecast {
        let mut config = RunConfig::defaults_for(model);
        config.model.dim = 64;
        config.sampling.batch_size = 1;
        change(&mut config);
        MemoryForecast::new(&config, COUNTS)
    }

    /// So many bytes and what the allocator adds.
    fn held(bytes: f64) -> u64 {
        (1.08 * bytes).round() as u64
    }

    /// A table of 150 nodes is 38,400 bytes, that of users 25,600.
    #[test]
    fn the_forecast_is_the_tables_of_the_documentation() {
        let checkpoint = held(7.0 * 38_400.0 + 25_600.0);
        let mf = forecast(ModelName::Mf, |_| {});
        assert_eq!(mf.data, 96 * 150 + 4 * 1000 + 24 * 100 + 8 * 720);
        assert_eq!((mf.graph, mf.tables), (0, checkpoint));
        let lightgcn = forecast(ModelName::LightGcn, |config| {
            config.sampling.positives = PositiveSampling::ByUser;
            (config.sampling.negatives, config.sampling.batch_shared) = (1, 0);
        });
        assert_eq!(lightgcn.data, 96 * 150 + 4 * 1000 + 24 * 100 + 4 * 100);
        assert_eq!(lightgcn.graph, 16 * 720 + 4 * 150);
        assert_eq!(
            (lightgcn.tables, lightgcn.program),
            (checkpoint, mf.program)
        );
        let paper = forecast(ModelName::NgcfPaper, |_| {});
        assert_eq!(paper.graph, lightgcn.graph);
        // 4 + 3 · 2.75 tables held; four times as wide, all nodes once and users twice.
        let copies = 4.0 * (38_400.0 + 2.0 * 25_600.0);
        assert_eq!(paper.tables, held(12.25 * 38_400.0 + copies));
        let official = forecast(ModelName::NgcfOfficial, |_| {});
        assert_eq!(official.graph, 24 * 720 + 16 * 150);
        let lecture = forecast(ModelName::NgcfLecture, |_| {});
        assert_eq!(lecture.graph, 24 * 720 + 4 * 150);
        assert_eq!(lecture.tables, held(18.25 * 38_400.0));
    }

    #[test]
    fn weights_count_where_a_setting_reads_them() {
        let plain = forecast(ModelName::LightGcn, |_| {});
        let read = forecast(ModelName::LightGcn, |config| {
            if let Some(graph) = &mut config.graph {
                graph.weighted = true;
            }
        });
        assert_eq!(read.data, plain.data + 4 * 1000);
        let drawn = forecast(ModelName::Mf, |config| {
            config.sampling.weighted_positives = true;
        });
        let not_drawn = forecast(ModelName::Mf, |_| {});
        assert_eq!(drawn.data, not_drawn.data + 4 * 1000 + 8 * 720);
    }

    #[test]
    fn large_batches_count_and_lazy_adam_has_no_gradients() {
        let large = |config: &mut RunConfig| config.sampling.batch_size = 1 << 20;
        let lazy = |config: &mut RunConfig| {
            large(config);
            config.training.optimizer = Optimizer::LazyAdam;
        };
        let rows = 3_145_728.0 * 256.0;
        let dense = forecast(ModelName::Mf, large);
        assert_eq!(dense.tables, held(5.0 * 38_400.0 + rows));
        let lazy = forecast(ModelName::Mf, lazy);
        assert_eq!(lazy.tables, held(4.0 * 38_400.0 + rows));
    }
}
