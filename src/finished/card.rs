//! Collects what the model card says about a run.

#[cfg(feature = "train")]
use super::EvaluationFile;
use crate::config::{ModelName, RunConfig, ScoreKind};
use crate::evaluation::Evaluation;
use crate::numbers::{count, days};
use crate::run::{CardScore, File, ModelCard, RunDir};
use crate::split::{DataRecord, RefitOn};

type Lines = Vec<(String, String)>;

/// The card of a run whose model was just made: without figures, but for those of the run that it is a refit of.
#[cfg(feature = "train")]
pub(crate) fn of_trained(run: &RunDir, config: &RunConfig, record: &DataRecord) -> ModelCard {
    let evaluation: Option<EvaluationFile> = match run.has(File::Evaluation) {
        true => run.evaluation().ok(),
        false => None,
    };
    let card = model_card(run, config, record, Vec::new());
    let Some(EvaluationFile { of, measured }) = evaluation else {
        return card;
    };
    ModelCard {
        metrics: measured.map_or_else(Vec::new, |measured| metric_lines(&measured.evaluation)),
        metrics_of: of.and_then(|of| of.figures()),
        ..card
    }
}

/// The card of `run`; `metrics` are empty before evaluation.
pub(crate) fn model_card(
    run: &RunDir,
    config: &RunConfig,
    record: &DataRecord,
    metrics: Lines,
) -> ModelCard {
    ModelCard {
        model: model_line(config),
        score: card_score(config),
        folds_in: run.has(File::FoldIn),
        refreshed: run.has(File::Refreshed),
        data: data_lines(record),
        training: training_lines(config)
            .into_iter()
            .chain(prior_line(run))
            .collect(),
        metrics,
        metrics_of: None,
        is_on_test: record
            .refit
            .as_ref()
            .is_some_and(|refit| refit.on == RefitOn::Everything),
    }
}

fn card_score(config: &RunConfig) -> CardScore {
    match (config.model.name, config.score.kind) {
        (ModelName::GfCf | ModelName::ChebyCf, _) => CardScore::Filter,
        (ModelName::Popularity, _) => CardScore::Popularity,
        (ModelName::ItemKnn, _) => CardScore::ItemKnn,
        (ModelName::Ease, _) => CardScore::Ease,
        (_, ScoreKind::Mlp) => CardScore::Head,
        _ => CardScore::Dot,
    }
}

/// The model in a few words.
pub(crate) fn model_line(config: &RunConfig) -> String {
    let model = &config.model;
    let name = model.name.as_str();
    if let Some(filter) = &config.filter {
        return format!("{name}, {} singular vectors", filter.vectors);
    }
    if let Some(popularity) = &config.popularity {
        return match popularity.half_life_days {
            Some(days) => format!("{name}, half-life {days} days"),
            None => name.to_owned(),
        };
    }
    if let Some(knn) = &config.item_knn {
        return format!("{name}, {} neighbours", knn.neighbours);
    }
    if let Some(ease) = &config.ease {
        return format!("{name}, L2 {}", ease.l2);
    }
    if let Some(ials) = &config.ials {
        return format!("{name}, {} dimensions", ials.dim);
    }
    let layers = if model.layers == 0 {
        String::new()
    } else {
        format!(", {} layers", model.layers)
    };
    format!("{name}, {} dimensions{layers}", model.dim)
}

/// Counts and hashes.
pub(crate) fn data_lines(record: &DataRecord) -> Lines {
    let line = |name: &str, value: usize| (name.to_owned(), count(value as u64));
    let mut lines = vec![
        line("users", record.n_users),
        line("items", record.n_items),
        line("interactions", record.n_interactions),
        ("split".to_owned(), record.split.method.as_str().to_owned()),
        line("training interactions", record.split.n_train),
        line("validation interactions", record.split.n_validation),
        line("test interactions", record.split.n_test),
    ];
    let refit = record.refit.iter();
    lines.extend(refit.map(|refit| ("trained again on".to_owned(), refit.line())));
    lines.extend(record.sources.iter().map(|source| {
        (
            source.path.clone(),
            format!("{}, SHA-256 {}", source.format, source.sha256),
        )
    }));
    lines
}

/// The main settings.
pub(crate) fn training_lines(config: &RunConfig) -> Lines {
    if !config.model.name.is_trained() {
        return fitted_lines(config);
    }
    let (training, sampling) = (&config.training, &config.sampling);
    let lines = [
        ("loss", config.loss.kind.as_str().to_owned()),
        ("score", config.score.kind.as_str().to_owned()),
        ("L2", config.loss.l2.to_string()),
        ("learning rate", training.learning_rate.to_string()),
        ("batch size", sampling.batch_size.to_string()),
        ("negatives a positive", sampling.negatives.to_string()),
        ("epochs at most", training.epochs.to_string()),
        ("best epoch by validation", training.metric.clone()),
        ("seed", config.seed.to_string()),
        ("device", config.run.device.as_str().to_owned()),
        ("order of ids", config.data.order.as_str().to_owned()),
    ];
    lines
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
}

/// What is added to scores, or that only cold users are served by what is popular these days; `None` where neither.
pub(crate) fn prior_line(run: &RunDir) -> Option<(String, String)> {
    let notes = run.prior_notes().ok().flatten()?;
    let half_life = days(notes.half_life_days);
    let value = match notes.weight == 0.0 {
        true => format!("none; for cold users popularity with a half-life of {half_life}"),
        false => format!(
            "weight {}, half-life {half_life}, offset {}",
            notes.weight, notes.offset
        ),
    };
    Some(("prior".to_owned(), value))
}

fn fitted_lines(config: &RunConfig) -> Lines {
    let mut lines = Vec::new();
    let mut add = |name: &str, value: String| lines.push((name.to_owned(), value));
    if let Some(filter) = &config.filter {
        add("singular vectors", filter.vectors.to_string());
        add("largest residual asked for", filter.tolerance.to_string());
        add(
            "weight of the low-pass part",
            filter.low_pass_weight.to_string(),
        );
        add("power of item degrees", filter.degree_power.to_string());
    }
    if let Some(own) = &config.chebycf {
        add("Chebyshev order", own.order.to_string());
        add("flatness", own.flatness.to_string());
    }
    if let Some(own) = &config.item_knn {
        add("neighbours an item", own.neighbours.to_string());
        add("shrinkage", own.shrinkage.to_string());
    }
    if let Some(own) = &config.ease {
        add("L2", own.l2.to_string());
    }
    if let Some(own) = &config.ials {
        add("weight of every pair", own.alpha.to_string());
        add("L2", own.l2.to_string());
        add("power of frequencies in L2", own.l2_power.to_string());
        add("iterations", own.iterations.to_string());
    }
    let popularity = config.popularity.as_ref();
    let knn = config.item_knn.as_ref();
    let half_life = popularity
        .and_then(|own| own.half_life_days)
        .or_else(|| knn.and_then(|own| own.half_life_days));
    if let Some(days) = half_life {
        add("half-life, days", days.to_string());
    }
    add("seed", config.seed.to_string());
    add("order of ids", config.data.order.as_str().to_owned());
    lines
}

/// The model's results.
pub(crate) fn metric_lines(evaluation: &Evaluation) -> Lines {
    let Some(model) = evaluation.systems.first() else {
        return Vec::new();
    };
    let shown = model
        .metrics
        .iter()
        .map(|(name, e)| (name.clone(), e.to_string()));
    shown.collect()
}
