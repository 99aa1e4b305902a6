//! Collects what the model card says about a run.

use crate::config::{FilterSettings, RunConfig, ScoreKind};
use crate::evaluation::Evaluation;
use crate::numbers::{count, days};
use crate::run::{CardScore, File, ModelCard, RunDir};
use crate::split::DataRecord;

type Lines = Vec<(String, String)>;

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
    }
}

fn card_score(config: &RunConfig) -> CardScore {
    match (&config.filter, config.score.kind) {
        (Some(_), _) => CardScore::Filter,
        (None, ScoreKind::Mlp) => CardScore::Head,
        (None, _) => CardScore::Dot,
    }
}

/// The model in a few words.
pub(crate) fn model_line(config: &RunConfig) -> String {
    let model = &config.model;
    let name = model.name.as_str();
    if let Some(filter) = &config.filter {
        return format!("{name}, {} singular vectors", filter.vectors);
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
    if let Some(filter) = &config.filter {
        return filter_lines(filter, config);
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

fn filter_lines(filter: &FilterSettings, config: &RunConfig) -> Lines {
    let mut lines = vec![
        ("singular vectors", filter.vectors.to_string()),
        ("largest residual asked for", filter.tolerance.to_string()),
        (
            "weight of the low-pass part",
            filter.low_pass_weight.to_string(),
        ),
        ("power of item degrees", filter.degree_power.to_string()),
    ];
    if let Some(own) = &config.chebycf {
        lines.push(("Chebyshev order", own.order.to_string()));
        lines.push(("flatness", own.flatness.to_string()));
    }
    lines.push(("seed", config.seed.to_string()));
    lines.push(("order of ids", config.data.order.as_str().to_owned()));
    let owned = |(name, value): (&str, String)| (name.to_owned(), value);
    lines.into_iter().map(owned).collect()
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
