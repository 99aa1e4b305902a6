//! The search space: settings with the values they may take.

use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use toml::{Table, Value};

use crate::config::{self, RunConfig, Setting, SettingError, Tune};
use crate::failure::{Fails, Failure};

/// How error messages name where a dimension was read.
const PLACE: &str = "--vary";
/// A range over at least this factor is searched by its logarithm.
const LOGARITHMIC_FROM: f64 = 10.0;

/// Errors of a search space.
#[derive(Debug, thiserror::Error)]
pub enum SpaceError {
    /// No `=`, or nothing after it.
    #[error(
        "`--vary {text}` is not KEY=VALUES: write choices, such as `model.layers=1,2,3`, or a range, such as \
         `loss.l2=1e-6..0.1`"
    )]
    Syntax {
        /// What was given.
        text: String,
    },
    /// A range without room.
    #[error("`--vary {text}`: a range goes from a number to a larger one")]
    Range {
        /// What was given.
        text: String,
    },
    /// A setting that has to stay.
    #[error("`--vary {key}`: it cannot vary, for {reason}")]
    Fixed {
        /// The setting.
        key: String,
        /// Why.
        reason: &'static str,
    },
    /// A setting given twice.
    #[error("`--vary {key}` is given twice: give all its values at once")]
    Twice {
        /// The setting.
        key: &'static str,
    },
    /// Not a setting, or not a value of it.
    #[error(transparent)]
    Setting(#[from] SettingError),
}

/// A setting and the values it may take.
#[derive(Clone)]
pub struct Dimension {
    setting: &'static Setting,
    values: Values,
}

#[derive(Clone, Debug, PartialEq)]
enum Values {
    Choices(Vec<Value>),
    Range {
        low: f64,
        high: f64,
        by_logarithm: bool,
    },
}

impl Dimension {
    /// Reads `KEY=A,B,C` or `KEY=LOW..HIGH`.
    ///
    /// # Errors
    /// [`SpaceError`].
    pub fn parse(text: &str) -> Result<Self, SpaceError> {
        let syntax = || SpaceError::Syntax {
            text: text.to_owned(),
        };
        let (key, values) = text.split_once('=').ok_or_else(syntax)?;
        let (key, values) = (key.trim(), values.trim());
        if values.is_empty() {
            return Err(syntax());
        }
        let setting = config::setting_named(PLACE, key)?;
        if let Tune::Fixed(reason) = setting.tune {
            return Err(SpaceError::Fixed {
                key: key.to_owned(),
                reason,
            });
        }
        let values = match values.split_once("..") {
            Some((low, high)) => range(setting, text, low, high)?,
            None => Values::Choices(
                values
                    .split(',')
                    .map(|value| Ok(setting.check(PLACE, value_of(value.trim()))?))
                    .collect::<Result<_, SpaceError>>()?,
            ),
        };
        Ok(Self { setting, values })
    }

    /// The dotted path of the setting.
    #[must_use]
    pub fn key(&self) -> &'static str {
        self.setting.key
    }

    /// Whether its values are numbers of a range, and whether those are drawn by their logarithm.
    #[must_use]
    pub fn scale(&self) -> Option<bool> {
        match self.values {
            Values::Choices(_) => None,
            Values::Range { by_logarithm, .. } => Some(by_logarithm),
        }
    }

    /// The value at `position` in [0, 1); numbers have three digits, for they are read by people.
    fn at(&self, position: f64) -> Value {
        match &self.values {
            Values::Choices(choices) => {
                let at = (position * choices.len() as f64) as usize;
                choices[at.min(choices.len() - 1)].clone()
            }
            &Values::Range {
                low,
                high,
                by_logarithm,
            } => {
                let number = match by_logarithm {
                    true => low * (high / low).powf(position),
                    false => low + (high - low) * position,
                };
                match self.setting.is_integer() {
                    true => Value::Integer(number.round() as i64),
                    false => Value::Float(three_digits(number).clamp(low, high)),
                }
            }
        }
    }
}

fn range(setting: &Setting, text: &str, low: &str, high: &str) -> Result<Values, SpaceError> {
    let bad = || SpaceError::Range {
        text: text.to_owned(),
    };
    let number = |end: &str| -> Result<f64, SpaceError> {
        let number: f64 = end.trim().parse().map_err(|_| bad())?;
        let value = match setting.is_integer() {
            true if number.fract() == 0.0 && number.abs() < 1e15 => Value::Integer(number as i64),
            true => return Err(bad()),
            false => Value::Float(number),
        };
        setting.check(PLACE, value)?;
        Ok(number)
    };
    let (low, high) = (number(low)?, number(high)?);
    if low >= high {
        return Err(bad());
    }
    Ok(Values::Range {
        low,
        high,
        by_logarithm: low > 0.0 && high / low >= LOGARITHMIC_FROM,
    })
}

/// As TOML writes it, a text where it is not TOML.
fn value_of(text: &str) -> Value {
    let parsed = text.parse::<f64>().ok().filter(|_| text.starts_with('.'));
    match parsed {
        Some(number) => Value::Float(number),
        None => text
            .parse()
            .unwrap_or_else(|_| Value::String(text.to_owned())),
    }
}

fn three_digits(number: f64) -> f64 {
    format!("{number:.2e}").parse().unwrap_or(number)
}

/// The settings of a trial that were drawn for it.
pub type Drawn = Vec<(&'static str, Value)>;

/// All that varies.
#[derive(Clone)]
pub struct Space {
    dimensions: Vec<Dimension>,
}

impl Space {
    /// Reads one dimension a text.
    ///
    /// # Errors
    /// [`SpaceError`], for the first that is wrong.
    pub fn parse<T: AsRef<str>>(texts: &[T]) -> Result<Self, SpaceError> {
        let mut dimensions: Vec<Dimension> = Vec::new();
        for text in texts {
            let next = Dimension::parse(text.as_ref())?;
            if dimensions.iter().any(|known| known.key() == next.key()) {
                return Err(SpaceError::Twice { key: next.key() });
            }
            dimensions.push(next);
        }
        Ok(Self { dimensions })
    }

    /// What usually matters for a model and its loss, as `--vary` takes it.
    #[must_use]
    pub fn usual(config: &RunConfig) -> Vec<String> {
        let of_model = config::settings().filter(|setting| setting.is_of(config.model.name));
        let mut usual = Vec::new();
        for setting in of_model {
            let Tune::Usually(ranges) = setting.tune else {
                continue;
            };
            if let Some(range) = ranges.iter().find(|range| (range.when)(config)) {
                usual.push((range.place, format!("{}={}", setting.key, range.over)));
            }
        }
        usual.sort_by_key(|(place, _)| *place);
        usual.into_iter().map(|(_, text)| text).collect()
    }

    /// What varies, in the order it was given.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }

    /// The settings of a trial: a function of (seed, trial), so that a search resumes as if it had never
    /// stopped.
    #[must_use]
    pub fn draw(&self, seed: u64, trial: usize) -> Drawn {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        rng.set_stream(trial as u64);
        let mut drawn = Vec::new();
        for dimension in &self.dimensions {
            drawn.push((dimension.key(), dimension.at(rng.random())));
        }
        drawn
    }
}

/// A value as people write it.
#[must_use]
pub fn shown(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Float(number) if *number != 0.0 && number.abs() < 1e-3 => format!("{number:e}"),
        other => other.to_string(),
    }
}

/// The number a value is, if it is one.
#[must_use]
pub fn number(value: &Value) -> Option<f64> {
    value
        .as_float()
        .or_else(|| value.as_integer().map(|n| n as f64))
}

/// Settings nested by section, as flags are.
#[must_use]
pub fn as_flags(drawn: &Drawn) -> Table {
    let mut flags = Table::new();
    for (key, value) in drawn {
        config::insert(&mut flags, key, value.clone());
    }
    flags
}

impl Fails for SpaceError {
    fn failure(&self) -> Failure {
        Failure::Usage
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::{LossKind, ModelName, Over};

    #[test]
    fn ranges_are_drawn_evenly_on_their_scale() {
        let space = Space::parse(&[
            "loss.l2=1e-6..0.1",
            "sampling.popularity_power=-1..1",
            "model.layers=1..4",
            "loss.kind=bpr,softmax",
        ])
        .unwrap();
        let (mut small, mut negative, mut softmax) = (0, 0, 0);
        let mut layers = [0; 5];
        for trial in 0..1000 {
            let drawn = space.draw(7, trial);
            let number = |at: usize| drawn[at].1.as_float().unwrap();
            assert!((1e-6..=0.1).contains(&number(0)) && (-1.0..=1.0).contains(&number(1)));
            // The middle of the range by its logarithm.
            small += usize::from(number(0) < 3.16e-4);
            negative += usize::from(number(1) < 0.0);
            layers[drawn[2].1.as_integer().unwrap() as usize] += 1;
            softmax += usize::from(drawn[3].1.as_str().unwrap() == "softmax");
        }
        // Five standard deviations of a fair coin are 79.
        for n in [small, negative, softmax] {
            assert!((421..579).contains(&n), "{n}");
        }
        assert!(
            layers[0] == 0 && layers[1..].iter().all(|&n| n > 100),
            "{layers:?}"
        );
        assert_eq!(space.draw(7, 12), space.draw(7, 12));
        assert_ne!(space.draw(7, 12), space.draw(8, 12));
    }

    #[test]
    fn what_cannot_vary_is_refused_with_the_reason() {
        let message = |text: &str| Space::parse(&[text]).map(|_| ()).unwrap_err().to_string();
        for (text, fragment) in [
            ("loss.l2", "is not KEY=VALUES"),
            ("loss.l2=", "is not KEY=VALUES"),
            ("loss.l3=1,2", "did you mean \"loss.l2\""),
            ("loss.l2=0.1..0.1", "to a larger one"),
            ("loss.l2=a..b", "to a larger one"),
            ("loss.l2=-1..1", "0 or more"),
            ("model.layers=1.5..3", "to a larger one"),
            ("model.layers=1,99", "from 0 to 16"),
            ("loss.kind=bpr,sofmax", "did you mean \"softmax\""),
            ("seed=1,2,3", "luck"),
            ("data.min_rating=1..5", "same data"),
            ("training.epochs=5,10", "what the search spends"),
            ("features.hash_buckets=64,128", "`ablate` compares features"),
        ] {
            let message = message(text);
            assert!(message.contains(fragment), "{text}: {message}");
        }
        let twice = Space::parse(&["loss.l2=0.1,0.2", "loss.l2=0.3"]);
        assert!(matches!(twice, Err(SpaceError::Twice { key: "loss.l2" })));
    }

    #[test]
    fn the_usual_space_of_every_model_is_one() {
        for &model in ModelName::ALL {
            for &loss in LossKind::ALL {
                let mut config = RunConfig::defaults_for(model);
                config.loss.kind = loss;
                let space = Space::parse(&Space::usual(&config)).unwrap();
                let least =
                    2 - usize::from(matches!(model, ModelName::Popularity | ModelName::Ease));
                assert!(space.dimensions().len() >= least);
                let flags = as_flags(&space.draw(1, 0));
                assert_eq!(flags.contains_key("filter"), model.is_filter());
            }
        }
    }

    #[test]
    fn how_fast_words_learn_is_searched_where_there_are_any() {
        let mut config = RunConfig::defaults_for(ModelName::PinSage);
        let of_words = |config: &RunConfig| {
            let usual = Space::usual(config).into_iter();
            usual
                .filter(|text| text.starts_with("features.learning_rate_multiplier"))
                .count()
        };
        assert_eq!(of_words(&config), 1);
        config.features.as_mut().unwrap().text.clear();
        assert_eq!(of_words(&config), 0);
    }

    /// Written down from the program before settings had definitions: the order decides what is drawn for which.
    #[test]
    fn the_usual_space_is_that_of_earlier_searches() {
        let usual = |model, loss| {
            let mut config = RunConfig::defaults_for(model);
            config.loss.kind = loss;
            Space::usual(&config).join(" ")
        };
        for (model, loss, expected) in [
            (
                ModelName::GfCf,
                LossKind::Bpr,
                "filter.vectors=16..1024 filter.low_pass_weight=0.05..1 filter.degree_power=0..1",
            ),
            (
                ModelName::ChebyCf,
                LossKind::Bpr,
                "filter.vectors=16..1024 filter.low_pass_weight=0.05..1 filter.degree_power=0..1 \
                 chebycf.flatness=0.5..4",
            ),
            (
                ModelName::PinSage,
                LossKind::Margin,
                "training.learning_rate=3e-5..0.01 model.layers=1,2 features.dropout=0,0.3 \
                 features.learning_rate_multiplier=0.001..30 loss.margin=0.05..1",
            ),
            (
                ModelName::PinSage,
                LossKind::Softmax,
                "training.learning_rate=3e-5..0.01 model.layers=1,2 features.dropout=0,0.3 \
                 features.learning_rate_multiplier=0.001..30 loss.temperature=0.05..0.5",
            ),
            (
                ModelName::Mf,
                LossKind::Bpr,
                "training.learning_rate=3e-4..0.03 loss.l2=1e-6..0.1",
            ),
            (
                ModelName::LightGcn,
                LossKind::Binary,
                "training.learning_rate=3e-4..0.03 loss.l2=1e-6..0.1 model.layers=1,2,3,4",
            ),
            (
                ModelName::NgcfOfficial,
                LossKind::Contrastive,
                "training.learning_rate=3e-4..0.03 loss.l2=1e-6..0.1 model.layers=1,2,3,4 \
                 loss.margin=0..0.9 loss.negative_weight=1..1000",
            ),
        ] {
            assert_eq!(usual(model, loss), expected, "{model}, {loss}");
        }
    }

    #[test]
    fn a_range_is_searched_on_the_scale_its_definition_names() {
        for setting in config::settings() {
            let Tune::Usually(ranges) = setting.tune else {
                continue;
            };
            for range in ranges {
                let text = format!("{}={}", setting.key, range.over);
                let by_logarithm = match range.over {
                    Over::Values(_) => None,
                    Over::Linear(..) => Some(false),
                    Over::Log(..) => Some(true),
                };
                let dimension = Dimension::parse(&text).unwrap();
                assert_eq!(dimension.scale(), by_logarithm, "{text}");
            }
        }
    }

    #[test]
    fn an_earlier_name_draws_what_the_name_draws() {
        let draw = |text: &str| Space::parse(&[text]).unwrap().draw(3, 5);
        assert_eq!(
            draw("features.rate=0.001..30"),
            draw("features.learning_rate_multiplier=0.001..30")
        );
        let twice = Space::parse(&["features.rate=1,2", "features.learning_rate_multiplier=3"]);
        assert!(matches!(twice, Err(SpaceError::Twice { .. })));
    }
}
