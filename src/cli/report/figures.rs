//! The figures of the page: which series a chart shows, with its legend and its caption.

use std::collections::BTreeMap;

use serde::Serialize;

use super::chart::{self, Axis, Bars, ChartError, Dot, Line};
use super::tables::{order_of_metric, shortened};
use super::{ItemMap, PopularityProfile, ReportData};
use crate::cli::terminal::{count, percent};
use crate::evaluation::Evaluation;
use crate::run::EpochRecord;

const LINES_MAX: usize = 4;
const SYSTEMS_MAX: usize = 5;
const LABEL_LENGTH_MAX: usize = 40;

/// A chart with what stands around it.
#[derive(Serialize)]
pub(super) struct Figure {
    pub(super) title: String,
    pub(super) caption: String,
    pub(super) svg: String,
    pub(super) legend: Vec<LegendEntry>,
}

#[derive(Serialize)]
pub(super) struct LegendEntry {
    name: String,
    color: String,
}

pub(super) fn legend<'a>(names: impl Iterator<Item = (&'a str, usize)>) -> Vec<LegendEntry> {
    names
        .map(|(name, at)| LegendEntry {
            name: name.into(),
            color: chart::css_color(at),
        })
        .collect()
}

/// The learning curves: the loss, and the validation metrics where there are any.
pub(super) fn learning_curves(data: &ReportData) -> Result<Vec<Figure>, ChartError> {
    let best = data.best_epoch;
    let by_epoch = |epochs: &[EpochRecord]| epochs.iter().map(|r| (r.epoch, r.loss)).collect();
    let loss = vec![
        ("loss".to_owned(), by_epoch(&data.epochs)),
        ("loss of the refit".to_owned(), by_epoch(&data.refit_epochs)),
    ];
    let mut validation: BTreeMap<&str, Vec<(u32, f64)>> = BTreeMap::new();
    for record in &data.epochs {
        for (name, &value) in &record.validation {
            validation
                .entry(name)
                .or_default()
                .push((record.epoch, value));
        }
    }
    let mut validation: Vec<_> = validation
        .into_iter()
        .map(|(name, points)| (name.to_owned(), points))
        .collect();
    validation.sort_by_key(|(name, _)| order_of_metric(name));
    validation.truncate(LINES_MAX);
    let marked = match (best, data.refit_epochs.is_empty()) {
        (Some(epoch), true) => {
            format!(" The dashed line marks epoch {epoch}, whose parameters are kept.")
        }
        (Some(epoch), false) => {
            format!(" The dashed line marks epoch {epoch}: the refit has as many.")
        }
        (None, _) => String::new(),
    };
    let loss_caption = match data.refit_epochs.is_empty() {
        true => "Mean training loss a sample.".to_owned(),
        false => "Mean training loss a sample. The refit trains anew on training and validation together; its model is \
                  the one that is kept."
            .to_owned(),
    };
    let validation_caption = format!("Measured on users' validation items.{marked}");
    let figures = [
        curve("Training loss", loss_caption, loss, best)?,
        curve("Validation", validation_caption, validation, best)?,
        curriculum(data)?,
    ];
    Ok(figures.into_iter().flatten().collect())
}

/// Hard negatives by epoch, where there were any.
fn curriculum(data: &ReportData) -> Result<Option<Figure>, ChartError> {
    let by_epoch = |of: fn(&EpochRecord) -> f64| -> Vec<(u32, f64)> {
        data.epochs.iter().map(|r| (r.epoch, of(r))).collect()
    };
    let asked = by_epoch(|record| f64::from(record.hard_negatives));
    if asked.iter().all(|point| point.1 == 0.0) {
        return Ok(None);
    }
    let found = by_epoch(|record| {
        let replaced = record.replaced_hard_negatives as f64 / record.samples.max(1) as f64;
        f64::from(record.hard_negatives) - replaced
    });
    let series = vec![("asked for".to_owned(), asked), ("found".to_owned(), found)];
    let caption = "Hard negatives a positive. Those not found near enough in the graph were drawn from the whole \
                   catalogue."
        .to_owned();
    curve("Hard negatives", caption, series, None)
}

fn curve(
    title: &str,
    caption: String,
    mut series: Vec<(String, Vec<(u32, f64)>)>,
    mark: Option<u32>,
) -> Result<Option<Figure>, ChartError> {
    series
        .iter_mut()
        .for_each(|(_, points)| points.retain(|point| point.1.is_finite()));
    series.retain(|(_, points)| !points.is_empty());
    let legend = legend(
        series
            .iter()
            .enumerate()
            .map(|(at, (name, _))| (name.as_str(), at)),
    );
    let lines: Vec<Line> = series
        .into_iter()
        .enumerate()
        .map(|(color, (_, points))| Line { points, color })
        .collect();
    let svg = chart::lines(&lines, mark)?;
    Ok(svg.map(|svg| Figure {
        title: title.into(),
        caption,
        svg,
        legend,
    }))
}

/// The headline metric by user activity, one bar a system in each group.
pub(super) fn by_activity(evaluation: &Evaluation) -> Result<Option<Figure>, ChartError> {
    let metric = &evaluation.headline();
    let systems = &evaluation.systems[..evaluation.systems.len().min(SYSTEMS_MAX)];
    let mut groups: Vec<(&str, usize)> = Vec::new();
    for group in systems.iter().flat_map(|system| &system.by_activity) {
        if !groups.iter().any(|(label, _)| *label == group.label) {
            groups.push((&group.label, group.n_users));
        }
    }
    let mut series = Vec::new();
    let mut names = Vec::new();
    for (color, system) in systems.iter().enumerate() {
        let value = |(label, _): &(&str, usize)| {
            let group = system
                .by_activity
                .iter()
                .find(|group| group.label == *label)?;
            group
                .metrics
                .get(metric)
                .map(|value| (value.mean, value.low, value.high))
        };
        let values: Vec<_> = groups.iter().map(value).collect();
        if values.iter().any(Option::is_some) {
            series.push(Bars { values, color });
            names.push((system.name.as_str(), color));
        }
    }
    let length_max = chart::label_length_max(groups.len());
    let labels = groups.iter().map(|(label, _)| shortened(label, length_max));
    let labels: Vec<String> = labels.collect();
    let users: Vec<String> = groups
        .iter()
        .map(|(label, n)| {
            format!(
                "{}: {} users",
                shortened(label, LABEL_LENGTH_MAX),
                count(*n as u64)
            )
        })
        .collect();
    let svg = chart::grouped_bars(&labels, &series, false, "items in training")?;
    Ok(svg.map(|svg| Figure {
        title: format!("{metric} by user activity"),
        caption: format!(
            "Users grouped by how many items they have in training; whiskers are 95% intervals. {}.",
            users.join(" · ")
        ),
        svg,
        legend: legend(names.into_iter()),
    }))
}

/// The popularity of what is recommended, beside that of what was interacted with.
pub(super) fn popularity(profile: &PopularityProfile) -> Result<Option<Figure>, ChartError> {
    // The color past the systems' own stands for the data.
    const DATA_COLOR: usize = SYSTEMS_MAX;
    let bars = |shares: &[f64], color| Bars {
        values: shares
            .iter()
            .map(|&share| Some((share, share, share)))
            .collect(),
        color,
    };
    let mut series = Vec::new();
    let mut names = Vec::new();
    if !profile.interactions.is_empty() {
        series.push(bars(&profile.interactions, DATA_COLOR));
        names.push(("training interactions", DATA_COLOR));
    }
    for (color, (name, shares)) in profile.recommended.iter().take(SYSTEMS_MAX).enumerate() {
        series.push(bars(shares, color));
        names.push((name.as_str(), color));
    }
    let n_groups = series
        .iter()
        .map(|bars| bars.values.len())
        .max()
        .unwrap_or(0);
    let labels: Vec<String> = (1..=n_groups).map(|decile| decile.to_string()).collect();
    let title = "tenth of the catalogue, the most popular first";
    let svg = chart::grouped_bars(&labels, &series, true, title)?;
    Ok(svg.map(|svg| Figure {
        title: "Popularity of what is recommended".into(),
        caption: "Share of all training interactions, and of all recommended places, that falls \
                  on each tenth of the catalogue. Without regard to popularity, each would get 10%."
            .into(),
        svg,
        legend: legend(names.into_iter()),
    }))
}

/// Items on the plane, by category where they have one.
pub(super) fn item_map(map: &ItemMap) -> Result<Option<Figure>, ChartError> {
    // The last color is nobody's.
    let other = ItemMap::CATEGORIES_MAX;
    let dots: Vec<Dot> = map
        .points
        .iter()
        .map(|&(x, y, category)| Dot {
            x,
            y,
            color: category.unwrap_or(if map.categories.is_empty() { 0 } else { other }),
        })
        .collect();
    let named = map.categories.iter().map(String::as_str).zip(0..);
    let names: Vec<(&str, usize)> = match map.categories.is_empty() {
        true => vec![("items", 0)],
        false => named.chain([("other or none", other)]).collect(),
    };
    let svg = chart::scatter(&dots, &Axis::Numbers, "first direction")?;
    Ok(svg.map(|svg| Figure {
        title: "Where items lie".into(),
        caption: format!(
            "{} of {} items by the directions of their vectors, on the plane in which they differ most; it shows {} of \
             their variance.",
            count(map.points.len() as u64),
            count(map.n_items),
            percent(map.share),
        ),
        svg,
        legend: legend(names.into_iter()),
    }))
}
