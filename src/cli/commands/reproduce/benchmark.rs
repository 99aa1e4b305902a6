//! The known benchmarks: their files and the published numbers. The recipes are the same for each.

/// Recall@20 and NDCG@20.
pub(super) type Pair = [f64; 2];

/// A published data set with its split.
pub(super) struct Benchmark {
    /// What the command line calls it.
    pub(super) name: &'static str,
    pub(super) title: &'static str,
    pub(super) train_sha256: &'static str,
    pub(super) test_sha256: &'static str,
    pub(super) n_users: u64,
    pub(super) n_items: u64,
    pub(super) n_train: u64,
    pub(super) n_test: u64,
    pub(super) published: &'static [Published],
}

/// A number that a recipe stands beside.
pub(super) struct Published {
    recipe: &'static str,
    pub(super) metrics: Pair,
    /// The authors of the number.
    pub(super) source: &'static str,
}

/// Settings, found on the validation part of Gowalla or those of a publication.
pub(super) struct Recipe {
    pub(super) name: &'static str,
    /// A run file without `[data]`.
    pub(super) settings: &'static str,
}

impl Benchmark {
    /// The benchmark of a name.
    pub(super) fn named(name: &str) -> Option<&'static Self> {
        BENCHMARKS.iter().find(|benchmark| benchmark.name == name)
    }

    /// The number that a recipe stands beside; `None` where none was found.
    pub(super) fn published(&self, recipe: &Recipe) -> Option<&'static Published> {
        let mut published = self.published.iter();
        published.find(|published| published.recipe == recipe.name)
    }
}

/// All recipes, in the order of the table.
pub(super) const RECIPES: [Recipe; 7] = [
    recipe("mf", include_str!("recipes/mf.toml")),
    recipe("ngcf", include_str!("recipes/ngcf.toml")),
    recipe("lightgcn", include_str!("recipes/lightgcn.toml")),
    recipe("lightgcn-64", include_str!("recipes/lightgcn-64.toml")),
    recipe(
        "lightgcn-adaptive",
        include_str!("recipes/lightgcn-adaptive.toml"),
    ),
    recipe("gf-cf", include_str!("recipes/gf-cf.toml")),
    recipe("chebycf", include_str!("recipes/chebycf.toml")),
];

/// LightGCN as it was published, for `train --recipe`: a thousand epochs are too long for the table.
pub(super) const AS_PUBLISHED: Recipe =
    recipe("lightgcn-bpr", include_str!("recipes/lightgcn-bpr.toml"));

/// The data sets of the NGCF and LightGCN papers, with their splits.
static BENCHMARKS: [Benchmark; 2] = [
    Benchmark {
        name: "gowalla",
        title: "Gowalla check-ins",
        train_sha256: "0f086326b28a56c2e6dcb81d86ee72d4ccb7eed3a8d26788392356d8f51111cc",
        test_sha256: "099a2a73924e4b754dc6efd730d764f492321b53c38eb93298850c83acf57be3",
        n_users: 29_858,
        n_items: 40_981,
        n_train: 810_128,
        n_test: 217_242,
        published: &[
            published("mf", [0.1627, 0.1378], "MF with BPR, tuned (BARS)"),
            published("ngcf", [0.1569, 0.1327], NGCF),
            published("lightgcn", [0.1830, 0.1554], LIGHTGCN),
            published("lightgcn-64", [0.1830, 0.1554], LIGHTGCN_64),
            published("lightgcn-adaptive", [0.1901, 0.1590], ADAP_TAU),
            published("gf-cf", [0.1849, 0.1518], GF_CF),
            published("chebycf", [0.1941, 0.1616], "ChebyCF (arXiv 2505.00552)"),
        ],
    },
    Benchmark {
        name: "yelp2018",
        title: "Yelp2018 reviews",
        train_sha256: "5588ebbcbf9ab10cdf7a70aa300f2ef781030daa2a94ef0685598ed051a398da",
        test_sha256: "b085561974bf62aaa99279ac5572b0f7540990e6fdbea0d607a0c3f4ca1271cb",
        n_users: 31_668,
        n_items: 38_048,
        n_train: 1_237_259,
        n_test: 324_147,
        published: &[
            published("ngcf", [0.0579, 0.0477], NGCF),
            published("lightgcn", [0.0649, 0.0530], LIGHTGCN),
            published("lightgcn-64", [0.0649, 0.0530], LIGHTGCN_64),
            published("lightgcn-adaptive", [0.0732, 0.0610], ADAP_TAU),
            published("gf-cf", [0.0697, 0.0571], GF_CF),
        ],
    },
];

const NGCF: &str = "NGCF (arXiv 1905.08108 v2)";
const LIGHTGCN: &str = "LightGCN (arXiv 2002.02126)";
const LIGHTGCN_64: &str = "LightGCN (arXiv 2002.02126), d = 64 as here";
const ADAP_TAU: &str = "Adap-tau (arXiv 2302.04775)";
const GF_CF: &str = "GF-CF (CIKM 2021)";

const fn published(recipe: &'static str, metrics: Pair, source: &'static str) -> Published {
    Published {
        recipe,
        metrics,
        source,
    }
}

const fn recipe(name: &'static str, settings: &'static str) -> Recipe {
    Recipe { name, settings }
}
