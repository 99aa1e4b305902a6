//! Who takes part in a contest: models with settings that are worth trying, the most promising of a model first.

use super::work::epochs_at;
use crate::config::{AUTO, Given, ModelName, Own, RunConfig, SettingError, SplitMethod};
use crate::error::{Result, Usage};

/// Everybody's yardstick, by name.
pub(super) const POPULARITY: &str = "popularity";

/// A model with settings of its own.
struct Entry {
    name: &'static str,
    model: ModelName,
    own: &'static [Own],
}

const fn entry(name: &'static str, model: ModelName, own: &'static [Own]) -> Entry {
    Entry { name, model, own }
}

/// Where the whole catalogue is ranked. Loose singular vectors are found in half the time and rank as well. Small batches
/// (`-long`) are for small logs: on large ones the budget has no room for so many steps.
const ENTRIES: &[Entry] = &[
    entry(POPULARITY, ModelName::Popularity, &[]),
    entry("item-knn", ModelName::ItemKnn, &[]),
    entry(
        "item-knn-20",
        ModelName::ItemKnn,
        &[("item_knn.neighbours", "20"), ("item_knn.shrinkage", "5")],
    ),
    entry(
        "item-knn-500",
        ModelName::ItemKnn,
        &[("item_knn.neighbours", "500")],
    ),
    entry(
        "item-knn-30d",
        ModelName::ItemKnn,
        &[("item_knn.half_life_days", "30")],
    ),
    entry(
        "item-knn-180d",
        ModelName::ItemKnn,
        &[("item_knn.half_life_days", "180")],
    ),
    entry("ease", ModelName::Ease, &[]),
    entry("ease-100", ModelName::Ease, &[("ease.l2", "100")]),
    entry("ease-2000", ModelName::Ease, &[("ease.l2", "2000")]),
    entry("ials", ModelName::Ials, &[]),
    entry(
        "ials-even",
        ModelName::Ials,
        &[("ials.l2_power", "0.5"), ("ials.l2", "0.03")],
    ),
    entry(
        "ials-wide",
        ModelName::Ials,
        &[("ials.dim", "128"), ("ials.alpha", "0.05")],
    ),
    entry(
        "ials-strict",
        ModelName::Ials,
        &[("ials.alpha", "0.5"), ("ials.l2", "0.01")],
    ),
    entry("gf-cf", ModelName::GfCf, &[]),
    entry("gf-cf-64", ModelName::GfCf, &[("filter.vectors", "64")]),
    entry("gf-cf-linear", ModelName::GfCf, &[("filter.vectors", "0")]),
    entry("chebycf", ModelName::ChebyCf, &[]),
    entry(
        "chebycf-128",
        ModelName::ChebyCf,
        &[("filter.vectors", "128")],
    ),
    entry(
        "chebycf-flat",
        ModelName::ChebyCf,
        &[
            ("filter.vectors", "128"),
            ("filter.degree_power", "0"),
            ("chebycf.flatness", "10"),
        ],
    ),
    entry(
        "mf",
        ModelName::Mf,
        &[
            ("score.kind", "cosine"),
            ("loss.kind", "softmax"),
            ("loss.cosine", "true"),
            ("loss.temperature", "0.09"),
            ("loss.l2", "0.1"),
            ("sampling.negatives", "0"),
            ("sampling.batch_shared", "4096"),
            ("sampling.batch_size", "8192"),
            ("training.epochs", "12"),
            ("training.learning_rate", "0.01"),
            ("training.schedule", "cosine"),
        ],
    ),
    entry(
        "mf-long",
        ModelName::Mf,
        &[
            ("loss.kind", "softmax"),
            ("loss.temperature", "1"),
            ("loss.l2", "0.1"),
            ("sampling.negatives", "0"),
            ("sampling.batch_shared", "256"),
            ("sampling.batch_size", "256"),
            ("training.epochs", "27"),
            ("training.learning_rate", "0.01"),
            ("training.schedule", "cosine"),
        ],
    ),
    entry(
        "lightgcn",
        ModelName::LightGcn,
        &[
            ("loss.temperature", "0.1"),
            ("sampling.popularity_power", "1"),
            ("training.epochs", "10"),
        ],
    ),
    entry(
        "lightgcn-uniform",
        ModelName::LightGcn,
        &[
            ("loss.temperature", "0.2"),
            ("sampling.distribution", "uniform"),
            ("training.epochs", "10"),
        ],
    ),
    entry(
        "lightgcn-long",
        ModelName::LightGcn,
        &[
            ("loss.temperature", "0.15"),
            ("sampling.batch_shared", "256"),
            ("sampling.batch_size", "256"),
            ("sampling.max_batches", "1000"),
            ("training.epochs", "27"),
        ],
    ),
];

/// Where new items alone are ranked: the model that reads what items are made of.
const FOR_NEW_ITEMS: &[Entry] = &[
    entry("pinsage", ModelName::PinSage, &[("training.epochs", "18")]),
    entry(
        "pinsage-fast",
        ModelName::PinSage,
        &[
            ("training.epochs", "18"),
            ("training.learning_rate", "0.001"),
        ],
    ),
    entry(
        "pinsage-pairs",
        ModelName::PinSage,
        &[("training.epochs", "18"), ("pinsage.query", "another")],
    ),
    entry(
        "pinsage-one-layer",
        ModelName::PinSage,
        &[("training.epochs", "18"), ("model.layers", "1")],
    ),
];

/// A configuration that takes part.
#[derive(Debug, Clone)]
pub(super) struct Candidate {
    /// Its name in the contest.
    pub(super) name: &'static str,
    /// Its settings, all of them.
    pub(super) config: RunConfig,
    /// Its place among the candidates of its model, from 0.
    pub(super) place: usize,
    /// The settings that tell it from others of its model.
    pub(super) own: &'static [Own],
}

impl Candidate {
    /// Whether it is trained in epochs, so that a cheap first look at it is possible.
    pub(super) fn is_trained(&self) -> bool {
        self.config.model.name.is_trained()
    }

    /// How many lengths it is measured at.
    pub(super) fn n_rungs(&self) -> usize {
        match self.is_trained() {
            true => epochs_at(&self.config).len(),
            false => 1,
        }
    }

    /// Its settings for the measurement at a rung: a whole training of fewer epochs.
    pub(super) fn at(&self, rung: usize) -> RunConfig {
        let mut config = self.config.clone();
        if self.is_trained()
            && let Some(&epochs) = epochs_at(&self.config).get(rung)
        {
            config.training.epochs = epochs;
        }
        config
    }
}

/// The candidates of a contest, and who cannot take part, with a sentence.
#[derive(Debug)]
pub(super) struct Field {
    pub(super) candidates: Vec<Candidate>,
    pub(super) left: Vec<(&'static str, String)>,
}

impl Field {
    /// Those who can have what is given.
    ///
    /// # Errors
    /// A setting that no candidate has, or with which none can be.
    pub(super) fn new(given: &Given) -> Result<Self> {
        let entries = entries(given)?;
        let models: Vec<ModelName> = entries.iter().map(|entry| entry.model).collect();
        given.check_for_any_of(&models)?;
        let mut field = Self {
            candidates: Vec::new(),
            left: Vec::new(),
        };
        let mut first_error: Option<SettingError> = None;
        for entry in entries {
            match given.of_candidate(entry.model, entry.own) {
                Err(error) => {
                    field.left.push((entry.name, error.to_string()));
                    first_error.get_or_insert(error);
                }
                Ok(resolved) => field.add(entry, resolved.config),
            }
        }
        match first_error {
            Some(error) if field.candidates.is_empty() => Err(error.into()),
            _ => Ok(field),
        }
    }

    /// Adds a candidate, unless what is given makes it another one.
    fn add(&mut self, entry: &Entry, config: RunConfig) {
        let same = self.candidates.iter().find(|known| known.config == config);
        if let Some(same) = same {
            let why = format!("with what is given it is {}", same.name);
            self.left.push((entry.name, why));
            return;
        }
        let of_model = |known: &&Candidate| known.config.model.name == entry.model;
        self.candidates.push(Candidate {
            name: entry.name,
            config,
            place: self.candidates.iter().filter(of_model).count(),
            own: entry.own,
        });
    }

    /// Settings to read and split the log by, for all of them. No limit of memory: each candidate is held against it by
    /// itself.
    pub(super) fn base(&self) -> RunConfig {
        let reads_weights = |candidate: &&Candidate| candidate.config.reads_weights();
        let chosen = self.candidates.iter().find(reads_weights);
        let chosen = chosen.or(self.candidates.first());
        let mut config = chosen.map_or_else(RunConfig::default, |one| one.config.clone());
        config.run.memory_limit = None;
        config
    }
}

/// The entries for the split that is given.
fn entries(given: &Given) -> Result<&'static [Entry]> {
    // What data and split say is the same for every model.
    let shared = given.of_candidate(ModelName::GfCf, &[("run.device", "cpu")]);
    let config = match shared {
        Ok(resolved) => resolved.config,
        // It is the device or a setting of filters: each candidate says so itself.
        Err(_) => given.of_candidate(ModelName::Mf, &[])?.config,
    };
    if config.split.method != Some(SplitMethod::ColdStartItem) {
        return Ok(ENTRIES);
    }
    match config.data.items.is_some() || config.data.bundled.is_some() {
        true => Ok(FOR_NEW_ITEMS),
        false => Err(Usage(format!(
            "`--model {AUTO}` has nobody who could rank new items by themselves: name a file of their features with \
             `--items FILE`, or hold out interactions with another `--split`"
        ))
        .into()),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn field(text: &str) -> Result<Field> {
        let given = Given::new(
            Some(("run.toml", text)),
            std::iter::empty(),
            toml::Table::new(),
        );
        Field::new(&given.unwrap())
    }

    #[test]
    fn names_are_distinct_and_settings_are_of_their_models() {
        for entries in [ENTRIES, FOR_NEW_ITEMS] {
            let mut names: Vec<&str> = entries.iter().map(|entry| entry.name).collect();
            names.sort_unstable();
            names.dedup();
            assert_eq!(names.len(), entries.len());
        }
        let all = field("").unwrap();
        assert_eq!(all.candidates.len(), ENTRIES.len(), "{:?}", all.left);
        for candidate in &all.candidates {
            for (key, _) in candidate.own {
                let setting = crate::config::settings().find(|setting| setting.key == *key);
                let model = candidate.config.model.name;
                assert!(setting.unwrap().is_of(model), "{key} of {model}");
            }
        }
    }

    #[test]
    fn what_is_given_is_not_varied() {
        let given = field("[filter]\nvectors = 9\n[training]\nepochs = 2\n").unwrap();
        let has = |name: &str| given.candidates.iter().any(|known| known.name == name);
        assert!(has("gf-cf") && !has("gf-cf-64") && has("mf"));
        assert!(
            given
                .left
                .iter()
                .any(|(name, why)| *name == "gf-cf-64" && why.ends_with("gf-cf"))
        );
        let mf = given
            .candidates
            .iter()
            .find(|known| known.name == "mf")
            .unwrap();
        assert_eq!(mf.config.training.epochs, 2);
        assert_eq!(mf.at(0).training.epochs, 1);
    }

    #[test]
    fn a_model_that_cannot_have_what_is_given_leaves_with_the_sentence() {
        let given = field("[model]\nlayers = 2\n").unwrap();
        assert!(
            given
                .candidates
                .iter()
                .all(|known| known.config.model.name != ModelName::Mf)
        );
        let (_, why) = given.left.iter().find(|(name, _)| *name == "mf").unwrap();
        assert!(why.contains("it propagates nothing"), "{why}");
    }

    #[test]
    fn new_items_are_for_the_model_that_reads_their_features() {
        let text = "[split]\nmethod = 'cold-start-item'\n";
        let refused = field(text).err().unwrap().to_string();
        assert!(refused.contains("`--items FILE`"), "{refused}");
        let with = field(&format!("{text}[data]\nitems = 'films.csv'\n")).unwrap();
        let pinsage = |known: &Candidate| known.config.model.name == ModelName::PinSage;
        assert!(with.candidates.len() > 1 && with.candidates.iter().all(pinsage));
    }
}
