//! The page about a search for settings: the best trials, and the effect of each setting.

use minijinja::context;
use minijinja::value::Serde;
use serde::Serialize;

use super::chart::{self, Axis, Dot};
use super::figures::{Figure, legend};
use super::page::{environment, head, part};
use super::{Fact, ReportError};
use crate::cli::terminal::percent;

/// Names on an axis that may vary by the value: more than this many and the axis has numbers.
const NAMES_MAX: usize = 12;

/// What the page shows.
#[derive(Debug, Clone)]
pub(crate) struct SearchReport {
    /// The model.
    pub(crate) model: String,
    /// What trials are compared by.
    pub(crate) metric: String,
    /// Trials begun.
    pub(crate) n_trials: usize,
    /// Those without a figure.
    pub(crate) n_failed: usize,
    /// The settings that varied.
    pub(crate) settings: Vec<SearchSetting>,
    /// The best trials, their settings in the same order.
    pub(crate) rows: Vec<SearchRow>,
}

/// A setting and its values over the trials.
#[derive(Debug, Clone)]
pub(crate) struct SearchSetting {
    /// Its dotted path.
    pub(crate) key: String,
    /// Whether it was searched by its logarithm.
    pub(crate) by_logarithm: bool,
    /// What it explains of the differences between trials, 0 to 1; nothing where there are too few.
    pub(crate) share: Option<f64>,
    /// One a trial.
    pub(crate) points: Vec<SearchPoint>,
}

/// A trial's value and figure.
#[derive(Debug, Clone)]
pub(crate) struct SearchPoint {
    /// The value as a text.
    pub(crate) label: String,
    /// The value where it is of a range.
    pub(crate) number: Option<f64>,
    /// The validation figure.
    pub(crate) figure: f64,
    /// Epochs behind it.
    pub(crate) epochs: u32,
}

/// A line of the table.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct SearchRow {
    /// Which, from 1.
    pub(crate) trial: usize,
    /// The validation figure.
    pub(crate) figure: String,
    /// Epochs behind it.
    pub(crate) epochs: u32,
    /// Time of training.
    pub(crate) time: String,
    /// The values.
    pub(crate) cells: Vec<String>,
}

/// Renders the page. All text is escaped; the result refers to nothing outside itself.
///
/// # Errors
/// [`ReportError`], which no input should cause.
pub(crate) fn render_search(search: &SearchReport) -> Result<String, ReportError> {
    let environment = environment()?;
    let mut figures = Vec::new();
    for setting in &search.settings {
        if let Some(figure) = figure(setting, &search.metric)? {
            let content = context! { figure => Serde(figure) };
            figures.push(part(&environment, "figure.html", content)?);
        }
    }
    let facts = [
        Fact::new("model", search.model.clone()),
        Fact::new("compared by", search.metric.clone()),
        Fact::new("trials", search.n_trials.to_string()),
        Fact::new("failed", search.n_failed.to_string()),
    ];
    let columns: Vec<&String> = search.settings.iter().map(|setting| &setting.key).collect();
    let view = context! {
        head => head(&environment, "Search for settings · Sagebrush")?,
        facts => Serde(facts),
        metric => Serde(&search.metric),
        columns => Serde(&columns),
        rows => Serde(&search.rows),
        figures,
    };
    Ok(environment.get_template("search.html")?.render(view)?)
}

/// One dot a trial, those that were trained longest in the color of the model.
fn figure(setting: &SearchSetting, metric: &str) -> Result<Option<Figure>, ReportError> {
    let most = setting.points.iter().map(|point| point.epochs).max();
    let mut names: Vec<String> = setting.points.iter().map(|p| p.label.clone()).collect();
    names.sort_by(|a, b| by_number(a).total_cmp(&by_number(b)).then(a.cmp(b)));
    names.dedup();
    let numbers = setting.points.iter().all(|point| point.number.is_some());
    let as_names =
        !numbers || names.len() > 1 && names.len() <= NAMES_MAX.min(setting.points.len() / 2);
    let place = |point: &SearchPoint| match point.number {
        Some(number) if !as_names && setting.by_logarithm => number.log10(),
        Some(number) if !as_names => number,
        _ => names
            .iter()
            .position(|name| *name == point.label)
            .unwrap_or(0) as f64,
    };
    // Those trained longest come last, over the others.
    let mut points: Vec<&SearchPoint> = setting.points.iter().collect();
    points.sort_by_key(|point| point.epochs);
    let dots: Vec<Dot> = points
        .into_iter()
        .map(|point| Dot {
            x: place(point),
            y: point.figure,
            color: color(Some(point.epochs) == most),
        })
        .collect();
    let axis = match (as_names, setting.by_logarithm) {
        (true, _) => Axis::Names(&names),
        (false, true) => Axis::Logarithms,
        (false, false) => Axis::Numbers,
    };
    let longest = most.unwrap_or(0);
    let all_alike = setting.points.iter().all(|point| point.epochs == longest);
    let entries = match all_alike {
        true => vec![(metric, color(true))],
        false => vec![
            ("trained longest", color(true)),
            ("given up earlier", color(false)),
        ],
    };
    let caption = match setting.share {
        Some(share) => format!("Explains {} of the differences by itself.", percent(share)),
        None => "Too few trials to say what it explains.".to_owned(),
    };
    let svg = chart::scatter(&dots, &axis, &setting.key)?;
    Ok(svg.map(|svg| Figure {
        title: format!("{metric} by {}", setting.key),
        caption,
        svg,
        legend: legend(entries.into_iter()),
    }))
}

/// The last color of the palette is a grey.
fn color(longest: bool) -> usize {
    match longest {
        true => 0,
        false => 5,
    }
}

fn by_number(text: &str) -> f64 {
    text.parse().unwrap_or(f64::INFINITY)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn every_setting_has_its_picture_and_hostile_text_is_escaped() {
        let point = |label: &str, number, figure, epochs| SearchPoint {
            label: label.into(),
            number,
            figure,
            epochs,
        };
        let search = SearchReport {
            model: "<script>".into(),
            metric: "recall@20".into(),
            n_trials: 3,
            n_failed: 1,
            settings: vec![
                SearchSetting {
                    key: "loss.l2".into(),
                    by_logarithm: true,
                    share: Some(0.25),
                    points: vec![
                        point("0.001", Some(1e-3), 0.1, 3),
                        point("0.1", Some(0.1), 0.2, 9),
                    ],
                },
                SearchSetting {
                    key: "loss.kind".into(),
                    by_logarithm: false,
                    share: None,
                    points: vec![point("<b>", None, 0.1, 3), point("bpr", None, 0.2, 9)],
                },
            ],
            rows: vec![SearchRow {
                trial: 2,
                figure: "0.2000".into(),
                epochs: 9,
                time: "1.0 s".into(),
                cells: vec!["0.1".into(), "<i>".into()],
            }],
        };
        let page = render_search(&search).unwrap();
        assert_eq!(page.matches("<svg").count(), 2);
        for fragment in [
            "Explains 25.0%",
            "loss.kind",
            "1.0e-3",
            "trained longest",
            "0.2000",
        ] {
            assert!(page.contains(fragment), "{fragment}");
        }
        for hostile in ["<script>", "<b>", "<i>"] {
            // The legend draws its dots with `<i style`, the table marks the best with `<b>`.
            let found = page.matches(hostile).count();
            assert!(found == 0, "{hostile}: {found}");
        }
    }
}
