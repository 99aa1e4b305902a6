//! The known keys, the values each accepts, and the nearest known name to a misspelled one.

use toml::Value;

use super::byte_size::ByteSize;
use super::choices::{
    DeviceName, HardRoot, IdOrder, Initialization, LastActivation, LossKind, ModelName,
    NegativeDistribution, Optimizer, PoolingName, PositiveSampling, QueryItem, Schedule, ScoreKind,
    SplitMethod, Start,
};
use super::error::ConfigError;

/// Interval a real number must lie in; every one is finite in single precision.
#[derive(Clone, Copy)]
pub(super) enum Interval {
    Finite,
    Positive,
    NonNegative,
    Share,
    Fraction,
}

impl Interval {
    fn contains(self, value: f64) -> bool {
        let within = match self {
            Self::Finite => true,
            Self::Positive => value > 0.0,
            Self::NonNegative => value >= 0.0,
            Self::Share => (0.0..1.0).contains(&value),
            Self::Fraction => value > 0.0 && value < 1.0,
        };
        within && value.abs() <= f64::from(f32::MAX)
    }

    fn words(self) -> &'static str {
        match self {
            Self::Finite => "a finite number",
            Self::Positive => "a finite number above 0",
            Self::NonNegative => "a finite number, 0 or more",
            Self::Share => "at least 0 and below 1",
            Self::Fraction => "above 0 and below 1",
        }
    }
}

/// What a key accepts.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Version,
    Flag,
    Integer(i64, i64),
    Number(Interval),
    Choice(&'static [&'static str]),
    Text,
    Texts,
    Integers(i64, i64),
    Metric,
    Size,
}

/// One known key.
pub(super) struct Key {
    pub(super) path: &'static str,
    pub(super) kind: Kind,
    /// Whether a complete file may leave it out.
    pub(super) optional: bool,
}

const fn required(path: &'static str, kind: Kind) -> Key {
    Key {
        path,
        kind,
        optional: false,
    }
}

const fn optional(path: &'static str, kind: Kind) -> Key {
    Key {
        path,
        kind,
        optional: true,
    }
}

const FORMATS: &[&str] = &[
    "csv",
    "tsv",
    "movielens",
    "movielens-tab",
    "recbole",
    "adjacency-lists",
    "parquet",
    "json-lines",
];
const BUNDLED: &[&str] = &["movietweetings-100k"];
const SHARE: Kind = Kind::Number(Interval::Share);
const FRACTION: Kind = Kind::Number(Interval::Fraction);
const POSITIVE: Kind = Kind::Number(Interval::Positive);
const NON_NEGATIVE: Kind = Kind::Number(Interval::NonNegative);
const MANY: i64 = u32::MAX as i64;
const LONGEST_LIST: i64 = 1_000_000;
const MOST_SHARED: i64 = 1_000_000;

/// Every section, outermost first.
pub(super) const SECTIONS: &[&str] = &[
    "data",
    "data.columns",
    "split",
    "model",
    "filter",
    "features",
    "walks",
    "score",
    "loss",
    "sampling",
    "training",
    "evaluation",
    "run",
];

/// Every key, in the order a file is written.
pub(super) const KEYS: &[Key] = &[
    required("format_version", Kind::Version),
    required("seed", Kind::Integer(0, i64::MAX)),
    required("data.train", Kind::Texts),
    required("data.test", Kind::Texts),
    optional("data.items", Kind::Text),
    optional("data.bundled", Kind::Choice(BUNDLED)),
    optional("data.format", Kind::Choice(FORMATS)),
    optional("data.min_rating", Kind::Number(Interval::Finite)),
    optional("data.k_core", Kind::Integer(1, MANY)),
    optional("data.order", Kind::Choice(IdOrder::NAMES)),
    optional("data.columns.user", Kind::Text),
    optional("data.columns.item", Kind::Text),
    optional("data.columns.weight", Kind::Text),
    optional("data.columns.timestamp", Kind::Text),
    optional("split.method", Kind::Choice(SplitMethod::NAMES)),
    required("split.test_fraction", FRACTION),
    required("split.validation_fraction", SHARE),
    required("model.name", Kind::Choice(ModelName::NAMES)),
    required("model.dim", Kind::Integer(1, 65_536)),
    optional("model.hidden", Kind::Integer(1, 65_536)),
    optional("model.start", Kind::Choice(Start::NAMES)),
    required("model.layers", Kind::Integer(0, 16)),
    required("model.init", Kind::Choice(Initialization::NAMES)),
    required("model.init_std", POSITIVE),
    required("model.message_dropout", SHARE),
    required("model.node_dropout", SHARE),
    required("model.edge_dropout", SHARE),
    optional("model.last_activation", Kind::Choice(LastActivation::NAMES)),
    required("filter.vectors", Kind::Integer(0, 65_536)),
    required("filter.low_pass_weight", NON_NEGATIVE),
    required("filter.degree_power", Kind::Number(Interval::Finite)),
    required("filter.order", Kind::Integer(0, 100)),
    required("filter.flatness", POSITIVE),
    required("filter.tolerance", FRACTION),
    required("features.text", Kind::Texts),
    required("features.categories", Kind::Texts),
    required("features.numbers", Kind::Texts),
    optional("features.vectors", Kind::Texts),
    optional("features.edges", Kind::Flag),
    required("features.width", Kind::Integer(1, 65_536)),
    required("features.components", Kind::Integer(1, 4096)),
    required("features.rate", POSITIVE),
    optional("features.dropout", SHARE),
    required("walks.count", Kind::Integer(1, 100_000)),
    required("walks.length", Kind::Integer(1, 100)),
    required("walks.kept", Kind::Integer(1, 1000)),
    required("walks.pooling", Kind::Choice(PoolingName::NAMES)),
    required("score.kind", Kind::Choice(ScoreKind::NAMES)),
    required("score.temperature", POSITIVE),
    required("score.hidden", Kind::Integer(1, 65_536)),
    required("loss.kind", Kind::Choice(LossKind::NAMES)),
    optional("loss.cosine", Kind::Flag),
    optional("loss.temperature", POSITIVE),
    optional("loss.margin", Kind::Number(Interval::Finite)),
    optional("loss.negative_weight", NON_NEGATIVE),
    required("loss.l2", NON_NEGATIVE),
    required("sampling.positives", Kind::Choice(PositiveSampling::NAMES)),
    required("sampling.negatives", Kind::Integer(0, 1000)),
    optional("sampling.shared", Kind::Integer(0, MOST_SHARED)),
    optional("sampling.in_batch", Kind::Flag),
    optional(
        "sampling.distribution",
        Kind::Choice(NegativeDistribution::NAMES),
    ),
    optional("sampling.popularity_power", Kind::Number(Interval::Finite)),
    optional("sampling.hard", Kind::Integer(0, 1000)),
    optional("sampling.hard_from", Kind::Number(Interval::NonNegative)),
    optional("sampling.hard_to", POSITIVE),
    optional("sampling.hard_root", Kind::Choice(HardRoot::NAMES)),
    optional("sampling.curriculum", Kind::Flag),
    optional("sampling.query", Kind::Choice(QueryItem::NAMES)),
    optional("sampling.query_items", Kind::Integer(1, 1000)),
    required("sampling.batch_size", Kind::Integer(1, i32::MAX as i64)),
    required("training.epochs", Kind::Integer(1, MANY)),
    optional("training.optimizer", Kind::Choice(Optimizer::NAMES)),
    required("training.learning_rate", POSITIVE),
    optional("training.schedule", Kind::Choice(Schedule::NAMES)),
    optional(
        "training.warmup_epochs",
        Kind::Number(Interval::NonNegative),
    ),
    optional("training.decay", POSITIVE),
    required("training.patience", Kind::Integer(0, MANY)),
    required("training.evaluate_every", Kind::Integer(1, MANY)),
    optional("training.ahead", Kind::Integer(0, 64)),
    required("training.metric", Kind::Metric),
    required("evaluation.ks", Kind::Integers(1, LONGEST_LIST)),
    required("evaluation.bootstrap", Kind::Integer(0, 100_000)),
    required("run.device", Kind::Choice(DeviceName::NAMES)),
    optional("run.memory_limit", Kind::Size),
    optional("run.scratch", Kind::Text),
];

/// Why the key at `path` means nothing to `model`; `None` where it means something. A file of a run holds
/// the other keys alone.
pub(super) fn misplaced(path: &str, model: ModelName) -> Option<&'static str> {
    let section = path.split('.').next().unwrap_or_default();
    match (section, path) {
        ("filter", "filter.order" | "filter.flatness") if model != ModelName::ChebyCf => {
            Some("only chebycf has it; remove the key")
        }
        ("filter", _) if !model.is_filter() => {
            Some("only gf-cf and chebycf have it; remove the key")
        }
        ("features" | "walks", _) if model != ModelName::PinSage => {
            Some("only pinsage has it; remove the key")
        }
        (
            _,
            "sampling.query"
            | "sampling.query_items"
            | "model.hidden"
            | "model.start"
            | "run.scratch",
        ) if model != ModelName::PinSage => Some("only pinsage has it; remove the key"),
        (_, "model.name") => None,
        ("model" | "score" | "loss" | "sampling" | "training", _) if model.is_filter() => {
            Some("a graph filter is fitted, not trained; remove the key")
        }
        _ => None,
    }
}

/// The known key at `path`.
pub(super) fn find(path: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.path == path)
}

/// The variable that sets the key at `path`: `training.epochs` is `SAGEBRUSH_TRAINING_EPOCHS`.
pub(super) fn variable(path: &str) -> String {
    format!("SAGEBRUSH_{}", path.replace('.', "_").to_ascii_uppercase())
}

fn last_segment(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// The known key or section nearest to `path`; the right name in a wrong section counts as near.
pub(super) fn nearest_key(path: &str) -> String {
    let distance = |known: &str| {
        let whole = strsim::damerau_levenshtein(path, known);
        let name = strsim::damerau_levenshtein(last_segment(path), last_segment(known));
        whole.min(name + 1)
    };
    let keys = KEYS.iter().map(|key| key.path);
    keys.chain(SECTIONS.iter().copied())
        .min_by_key(|known| distance(known))
        .unwrap_or_default()
        .to_owned()
}

/// The known variable nearest to `name`.
pub(super) fn nearest_variable(name: &str) -> String {
    KEYS.iter()
        .map(|key| variable(key.path))
        .min_by_key(|known| strsim::damerau_levenshtein(name, known))
        .unwrap_or_default()
}

impl Key {
    /// Checks a value and gives it its final type (a real number may be written as an integer).
    ///
    /// # Errors
    /// The value has the wrong type, is not a known choice or is out of range.
    pub(super) fn check(&self, place: &str, value: Value) -> Result<Value, ConfigError> {
        match (self.kind, value) {
            (Kind::Version, value) => {
                check_version(place, &value)?;
                Ok(value)
            }
            (Kind::Integer(low, high), Value::Integer(number)) => {
                self.check_integer(place, number, low, high)?;
                Ok(Value::Integer(number))
            }
            (Kind::Number(interval), Value::Float(number)) => {
                self.check_number(place, number, interval)
            }
            #[allow(clippy::cast_precision_loss)]
            (Kind::Number(interval), Value::Integer(number)) => {
                self.check_number(place, number as f64, interval)
            }
            (Kind::Flag, Value::Boolean(flag)) => Ok(Value::Boolean(flag)),
            (Kind::Choice(known), Value::String(text)) => self.check_choice(place, text, known),
            (Kind::Text, Value::String(text)) => self.check_text(place, text),
            (Kind::Metric, Value::String(text)) => self.check_metric(place, text),
            (Kind::Size, Value::String(text)) => self.check_size(place, text),
            (Kind::Size, Value::Integer(bytes)) => self.check_size(place, bytes.to_string()),
            (Kind::Texts, Value::Array(values)) => self.check_texts(place, values),
            (Kind::Integers(low, high), Value::Array(values)) => {
                self.check_integers(place, values, low, high)
            }
            (_, value) => Err(self.wrong_type(place, &value)),
        }
    }

    fn check_integer(
        &self,
        place: &str,
        number: i64,
        low: i64,
        high: i64,
    ) -> Result<(), ConfigError> {
        if (low..=high).contains(&number) {
            return Ok(());
        }
        let allowed = format!("a whole number from {low} to {high}");
        Err(self.out_of_range(place, &number, &allowed))
    }

    fn check_number(
        &self,
        place: &str,
        number: f64,
        interval: Interval,
    ) -> Result<Value, ConfigError> {
        if interval.contains(number) {
            return Ok(Value::Float(number));
        }
        Err(self.out_of_range(place, &number, interval.words()))
    }

    fn check_choice(
        &self,
        place: &str,
        text: String,
        known: &[&str],
    ) -> Result<Value, ConfigError> {
        if known.contains(&text.as_str()) {
            return Ok(Value::String(text));
        }
        let nearest = known
            .iter()
            .min_by_key(|name| strsim::damerau_levenshtein(&text, name))
            .copied()
            .unwrap_or_default();
        Err(ConfigError::UnknownChoice {
            place: place.to_owned(),
            key: self.path.to_owned(),
            nearest: nearest.to_owned(),
            known: known.join(", "),
            value: text,
        })
    }

    fn check_text(&self, place: &str, text: String) -> Result<Value, ConfigError> {
        if text.is_empty() {
            let allowed = "a text that is not empty; leave the key out for none";
            return Err(self.out_of_range(place, &"\"\"", allowed));
        }
        Ok(Value::String(text))
    }

    fn check_metric(&self, place: &str, text: String) -> Result<Value, ConfigError> {
        let k = text
            .strip_prefix("recall@")
            .or_else(|| text.strip_prefix("ndcg@"))
            .filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
            .filter(|digits| !digits.starts_with('0'))
            .and_then(|digits| digits.parse::<i64>().ok());
        if k.is_some_and(|k| (1..=LONGEST_LIST).contains(&k)) {
            return Ok(Value::String(text));
        }
        let allowed = format!(
            "\"recall@K\" or \"ndcg@K\" with K from 1 to {LONGEST_LIST}, such as \"ndcg@20\""
        );
        Err(self.out_of_range(place, &format!("{text:?}"), &allowed))
    }

    /// A size as text, in its one spelling.
    fn check_size(&self, place: &str, text: String) -> Result<Value, ConfigError> {
        match text.parse::<ByteSize>() {
            Ok(size) => Ok(Value::String(size.to_string())),
            Err(_) => Err(self.out_of_range(place, &format!("{text:?}"), ByteSize::WORDS)),
        }
    }

    fn check_texts(&self, place: &str, values: Vec<Value>) -> Result<Value, ConfigError> {
        let checked = values.into_iter().map(|value| match value {
            Value::String(text) => self.check_text(place, text),
            other => Err(self.wrong_type(place, &other)),
        });
        checked.collect::<Result<_, _>>().map(Value::Array)
    }

    fn check_integers(
        &self,
        place: &str,
        values: Vec<Value>,
        low: i64,
        high: i64,
    ) -> Result<Value, ConfigError> {
        if values.is_empty() {
            return Err(self.out_of_range(place, &"[]", "a list of at least one whole number"));
        }
        for value in &values {
            match value {
                Value::Integer(number) => self.check_integer(place, *number, low, high)?,
                other => return Err(self.wrong_type(place, other)),
            }
        }
        Ok(Value::Array(values))
    }

    fn out_of_range(
        &self,
        place: &str,
        value: &dyn std::fmt::Display,
        allowed: &str,
    ) -> ConfigError {
        ConfigError::OutOfRange {
            place: place.to_owned(),
            key: self.path.to_owned(),
            value: value.to_string(),
            allowed: allowed.to_owned(),
        }
    }

    /// The error for a value of another type than this key's.
    pub(super) fn wrong_type(&self, place: &str, value: &Value) -> ConfigError {
        let expected = match self.kind {
            Kind::Version | Kind::Integer(..) => "a whole number",
            Kind::Number(_) => "a number",
            Kind::Flag => "true or false",
            Kind::Choice(_) | Kind::Text | Kind::Metric => "a text in quotes",
            Kind::Size => ByteSize::WORDS,
            Kind::Texts => "a list of texts, such as [\"ratings.csv\"]",
            Kind::Integers(..) => "a list of whole numbers, such as [10, 20]",
        };
        ConfigError::WrongType {
            place: place.to_owned(),
            key: self.path.to_owned(),
            expected: expected.to_owned(),
            found: format!("{} ({value})", value.type_str()),
        }
    }
}

/// Refuses every version but [`super::FORMAT_VERSION`].
pub(super) fn check_version(place: &str, value: &Value) -> Result<(), ConfigError> {
    if value.as_integer() == Some(i64::from(super::FORMAT_VERSION)) {
        return Ok(());
    }
    Err(ConfigError::FormatVersion {
        place: place.to_owned(),
        found: value.to_string(),
        known: super::FORMAT_VERSION,
    })
}
