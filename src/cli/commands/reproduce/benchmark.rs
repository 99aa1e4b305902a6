//! The known benchmarks: their files, the published numbers, our recipes.

/// Recall@20 and NDCG@20.
pub(super) type Pair = [f64; 2];

/// A published data set with its split.
pub(super) struct Benchmark {
    pub(super) title: &'static str,
    pub(super) train_sha256: &'static str,
    pub(super) test_sha256: &'static str,
    pub(super) n_users: u64,
    pub(super) n_items: u64,
    pub(super) n_train: u64,
    pub(super) n_test: u64,
    pub(super) recipes: &'static [Recipe],
}

/// Settings, found on the validation part or those of a publication, and the number they stand beside.
pub(super) struct Recipe {
    pub(super) name: &'static str,
    /// A run file without `[data]`.
    pub(super) settings: &'static str,
    pub(super) published: Pair,
    /// The authors of the number.
    pub(super) source: &'static str,
}

/// The split of the NGCF and LightGCN papers.
pub(super) const GOWALLA: Benchmark = Benchmark {
    title: "Gowalla check-ins",
    train_sha256: "0f086326b28a56c2e6dcb81d86ee72d4ccb7eed3a8d26788392356d8f51111cc",
    test_sha256: "099a2a73924e4b754dc6efd730d764f492321b53c38eb93298850c83acf57be3",
    n_users: 29_858,
    n_items: 40_981,
    n_train: 810_128,
    n_test: 217_242,
    recipes: &[
        Recipe {
            name: "mf",
            settings: include_str!("gowalla/mf.toml"),
            published: [0.1627, 0.1378],
            source: "MF with BPR, tuned (BARS)",
        },
        Recipe {
            name: "ngcf",
            settings: include_str!("gowalla/ngcf.toml"),
            published: [0.1569, 0.1327],
            source: "NGCF (arXiv 1905.08108 v2)",
        },
        Recipe {
            name: "lightgcn",
            settings: include_str!("gowalla/lightgcn.toml"),
            published: [0.1830, 0.1554],
            source: "LightGCN (arXiv 2002.02126)",
        },
        Recipe {
            name: "lightgcn-64",
            settings: include_str!("gowalla/lightgcn-64.toml"),
            published: [0.1830, 0.1554],
            source: "LightGCN (arXiv 2002.02126), d = 64 as here",
        },
        Recipe {
            name: "lightgcn-adaptive",
            settings: include_str!("gowalla/lightgcn-adaptive.toml"),
            published: [0.1901, 0.1590],
            source: "Adap-tau (arXiv 2302.04775)",
        },
        Recipe {
            name: "gf-cf",
            settings: include_str!("gowalla/gf-cf.toml"),
            published: [0.1849, 0.1518],
            source: "GF-CF (CIKM 2021)",
        },
        Recipe {
            name: "chebycf",
            settings: include_str!("gowalla/chebycf.toml"),
            published: [0.1941, 0.1616],
            source: "ChebyCF (arXiv 2505.00552)",
        },
    ],
};
