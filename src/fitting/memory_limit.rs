//! Compares the memory forecast of a training with the limit that was set and with the machine's memory.

use crate::config::{ModelName, Optimizer, RunConfig};
use crate::data::show_bytes;
use crate::failure::{Fails, Failure};
use crate::forecast::{Counts, MemoryForecast};
use crate::machine;
use crate::numbers::count;

/// Forecast to take more than the limit allows; nothing was allocated for the training yet.
#[derive(Debug, thiserror::Error)]
pub(crate) enum OverLimit {
    /// The whole training.
    #[error(
        "training {model} on {} users, {} items and {} training interactions takes about {}, more than the memory \
         limit of {}: {remedies}leave users and items with few interactions out (`--k-core 10`), or raise \
         `--memory-limit`",
        count(counts.users), count(counts.items), count(counts.train), show_bytes(*forecast), show_bytes(*limit)
    )]
    Training {
        model: String,
        counts: Counts,
        forecast: u64,
        limit: u64,
        remedies: String,
    },
    /// The files of items' vectors alone; the log was not read.
    #[error(
        "the items' vectors of {} in `features.vectors` take about {}, more than the memory limit of {}: leave files \
         out, give vectors of fewer floats, or raise `--memory-limit`",
        show_bytes(*bytes), show_bytes(*forecast), show_bytes(*limit)
    )]
    Vectors {
        bytes: u64,
        forecast: u64,
        limit: u64,
    },
}

/// Refuses files of items' vectors that are forecast to take more than the limit by themselves, before the log is read.
pub(super) fn check_vectors(config: &RunConfig, bytes: u64) -> Result<(), OverLimit> {
    let forecast = MemoryForecast::of_vectors(bytes);
    match config.run.memory_limit.map(|limit| limit.bytes()) {
        Some(limit) if forecast > limit => Err(OverLimit::Vectors {
            bytes,
            forecast,
            limit,
        }),
        _ => Ok(()),
    }
}

impl Fails for OverLimit {
    fn failure(&self) -> Failure {
        Failure::Usage
    }
}

/// Refuses a training that is forecast to take more than the limit; warns of one that takes more than
/// the machine has left. `counts` are those of the log as it was read.
pub(crate) fn check(config: &RunConfig, counts: Counts) -> Result<(), OverLimit> {
    // What reading took is known by now.
    let read = machine::peak_bytes().unwrap_or(0);
    let forecast = MemoryForecast::new(config, counts).total().max(read);
    if let Some(limit) = config.run.memory_limit
        && forecast > limit.bytes()
    {
        return Err(OverLimit::Training {
            model: described(config),
            counts,
            forecast,
            limit: limit.bytes(),
            remedies: remedies(config, counts, limit.bytes()),
        });
    }
    match machine::attainable_bytes() {
        Some(attainable) if forecast > attainable => tracing::warn!(
            "training {} takes about {}, and {} of memory are to be had here: the system may stop it; see \
             `sagebrush inspect` for what fits",
            described(config),
            show_bytes(forecast),
            show_bytes(attainable),
        ),
        _ => {}
    }
    Ok(())
}

fn described(config: &RunConfig) -> String {
    let model = &config.model;
    if !model.name.is_trained() {
        return model.name.to_string();
    }
    format!(
        "{} (dim {}, {} layers)",
        model.name, model.dim, model.layers
    )
}

/// Models that are fitted at once, as they are offered in place of one another.
const LIGHTER: [ModelName; 3] = [ModelName::GfCf, ModelName::ItemKnn, ModelName::Popularity];

/// Other settings that fit the limit, as a clause that ends in a comma; empty where none does.
fn remedies(config: &RunConfig, counts: Counts, limit: u64) -> String {
    let mut found = Vec::new();
    let mut offer = |flags: String, other: &RunConfig| {
        let forecast = MemoryForecast::new(other, counts).total();
        let fits = forecast <= limit;
        if fits {
            found.push(format!("`{flags}` ({})", show_bytes(forecast)));
        }
        fits
    };
    if !config.model.name.is_trained() {
        for model in LIGHTER {
            let mut other = RunConfig::defaults_for(model);
            other.split = config.split.clone();
            if model != config.model.name && offer(format!("--model {model}"), &other) {
                break;
            }
        }
    }
    let mut other = config.clone();
    while config.model.name.is_trained() && other.model.dim > 1 {
        other.model.dim /= 2;
        if offer(format!("--dim {}", other.model.dim), &other) {
            break;
        }
    }
    let mut other = config.clone();
    while config.model.name.is_trained() && other.model.layers > 1 {
        other.model.layers -= 1;
        if offer(format!("--layers {}", other.model.layers), &other) {
            break;
        }
    }
    let mut other = config.clone();
    if !other.model.name.is_trained() {
        // Told above.
    } else if other.model.name != ModelName::Mf {
        other.model = RunConfig::defaults_for(ModelName::Mf).model;
        other.model.dim = config.model.dim;
        offer("--model mf".to_owned(), &other);
    } else {
        other.training.optimizer = Optimizer::LazyAdam;
        offer("--set training.optimizer=lazy-adam".to_owned(), &other);
    }
    match found.is_empty() {
        true => String::new(),
        false => format!("what fits is {}; or ", found.join(" or ")),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    const COUNTS: Counts = Counts {
        users: 1_000_000,
        items: 300_000,
        interactions: 42_000_000,
        train: 30_000_000,
        vectors: 0,
    };

    fn limited(model: ModelName, limit: &str) -> Result<(), OverLimit> {
        let mut config = RunConfig::defaults_for(model);
        config.run.memory_limit = Some(limit.parse().unwrap());
        check(&config, COUNTS)
    }

    #[test]
    fn a_refusal_names_forecast_limit_and_what_fits() {
        let text = limited(ModelName::NgcfPaper, "2.5GiB")
            .unwrap_err()
            .to_string();
        for part in [
            "ngcf-paper (dim 64, 3 layers)",
            "1,000,000 users, 300,000 items and 30,000,000 training interactions",
            "GiB, more than the memory limit of 2.5 GiB: what fits is `--dim ",
            "`--k-core 10`",
            "`--memory-limit`",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        let hopeless = limited(ModelName::NgcfPaper, "1MB")
            .unwrap_err()
            .to_string();
        assert!(!hopeless.contains("what fits"), "{hopeless}");
    }

    #[test]
    fn vectors_are_refused_by_themselves_and_with_the_rest() {
        let mut config = RunConfig::defaults_for(ModelName::PinSage);
        config.run.memory_limit = Some("1GiB".parse().unwrap());
        let text = check_vectors(&config, 200 << 20).unwrap_err().to_string();
        let expected = "the items' vectors of 200.0 MiB in `features.vectors` take about 1.4 GiB, more than the";
        assert!(text.starts_with(expected), "{text}");
        assert!(check_vectors(&config, 100 << 20).is_ok());
        let counts = |vectors| Counts { vectors, ..COUNTS };
        let forecast = |vectors| MemoryForecast::new(&config, counts(vectors)).total();
        assert!(forecast(100 << 20) - forecast(0) >= 7 * (100 << 20));
    }

    #[test]
    fn what_fits_is_let_through() {
        assert!(limited(ModelName::LightGcn, "1TiB").is_ok());
        let config = RunConfig::defaults_for(ModelName::LightGcn);
        assert!(
            check(&config, COUNTS).is_ok(),
            "without a limit there is only a warning"
        );
    }
}
