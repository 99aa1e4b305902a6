//! Renders the page: puts figures and tables into the template.

use minijinja::value::Serde;
use minijinja::{Environment, HtmlEscape, Value, context};
use serde::Serialize;

use super::chart::ChartError;
use super::figures::{self, Figure};
use super::tables::{self, Grid, shortened};
use super::{ExampleItem, ExampleUser, Fact, ReportData, verdict};
use crate::cli::terminal::count;
use crate::evaluation::Evaluation;
use crate::failure::{Fails, Failure};

const STYLE: &str = include_str!("template/style.css");
const NAME_LENGTH_MAX: usize = 64;
const WHOLE_NAME_LENGTH_MAX: usize = 1000;
const TITLE_LENGTH_MAX: usize = 80;
const HISTORY_MAX: usize = 12;
const HELD_OUT_MAX: usize = 8;
const RECOMMENDED_MAX: usize = 20;

/// The page could not be drawn: a fault of the program, not of its input.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReportError {
    /// A chart.
    #[error("a chart of the report cannot be drawn: {0}")]
    Chart(#[from] ChartError),
    /// The template.
    #[error("the report cannot be laid out: {0}")]
    Template(#[from] minijinja::Error),
}

impl Fails for ReportError {
    fn failure(&self) -> Failure {
        Failure::Internal
    }
}

#[derive(Serialize)]
struct View<'a> {
    head: Value,
    data: &'a ReportData,
    title: String,
    verdict: Option<String>,
    curves: Vec<Value>,
    contest: Option<Value>,
    metrics: Option<Value>,
    beyond: Option<Value>,
    cold: Option<Value>,
    users: Vec<Fact>,
    activity: Option<Value>,
    popularity: Option<Value>,
    item_map: Option<Value>,
    examples: Vec<Example<'a>>,
    n_hits: usize,
}

/// One user, cut to what a card holds.
#[derive(Serialize)]
struct Example<'a> {
    key: &'a str,
    history: &'a [String],
    n_more_history: u64,
    recommended: &'a [ExampleItem],
    n_hits: usize,
    held_out: &'a [String],
    n_more_held_out: usize,
}

/// Renders the page. All text is escaped; the result refers to nothing outside itself.
///
/// # Errors
/// [`ReportError`], which no input should cause.
pub(crate) fn render(data: &ReportData) -> Result<String, ReportError> {
    let environment = environment()?;
    let figure = |figure: Option<Figure>| match figure {
        Some(figure) => part(
            &environment,
            "figure.html",
            context! { figure => Serde(figure) },
        )
        .map(Some),
        None => Ok(None),
    };
    let grid = |grid: Option<Grid>| match grid {
        Some(grid) => part(&environment, "grid.html", context! { grid => Serde(grid) }).map(Some),
        None => Ok(None),
    };
    let evaluation = data
        .evaluation
        .as_ref()
        .filter(|evaluation| !evaluation.systems.is_empty());
    let curves = figures::learning_curves(data)?
        .into_iter()
        .map(|curve| figure(Some(curve)));
    let activity = evaluation.map(figures::by_activity).transpose()?;
    let popularity = data
        .popularity
        .as_ref()
        .map(figures::popularity)
        .transpose()?;
    let item_map = data.item_map.as_ref().map(figures::item_map).transpose()?;
    let examples: Vec<Example<'_>> = data.examples.iter().map(example).collect();
    let title = shortened(&data.run, TITLE_LENGTH_MAX);
    let view = View {
        head: head(&environment, &format!("{title} · Sagebrush report"))?,
        data,
        title,
        verdict: evaluation.and_then(|e| verdict(&e.systems, &e.headline())),
        curves: curves
            .filter_map(Result::transpose)
            .collect::<Result<_, _>>()?,
        contest: grid(data.contest.as_ref().map(tables::contest))?,
        metrics: grid(evaluation.and_then(tables::metrics))?,
        beyond: grid(evaluation.and_then(tables::beyond))?,
        cold: grid(evaluation.and_then(tables::cold))?,
        users: evaluation.map(user_facts).unwrap_or_default(),
        activity: figure(activity.flatten())?,
        popularity: figure(popularity.flatten())?,
        item_map: figure(item_map.flatten())?,
        n_hits: examples.iter().map(|example| example.n_hits).sum(),
        examples,
    };
    Ok(environment.get_template("page.html")?.render(Serde(view))?)
}

/// The templates, whose names end in `.html`: that turns the escaping on.
pub(super) fn environment() -> Result<Environment<'static>, minijinja::Error> {
    let mut environment = Environment::new();
    environment.add_template("head.html", include_str!("template/head.html"))?;
    environment.add_template("page.html", include_str!("template/page.html"))?;
    environment.add_template("figure.html", include_str!("template/figure.html"))?;
    environment.add_template("grid.html", include_str!("template/grid.html"))?;
    environment.add_template("search.html", include_str!("template/search.html"))?;
    environment.add_filter("name", name);
    Ok(environment)
}

/// The beginning of every page.
pub(super) fn head(environment: &Environment<'_>, title: &str) -> Result<Value, ReportError> {
    part(environment, "head.html", context! { title, style => STYLE })
}

pub(super) fn part(
    environment: &Environment<'_>,
    template: &str,
    content: Value,
) -> Result<Value, ReportError> {
    Ok(Value::from_safe_string(
        environment.get_template(template)?.render(content)?,
    ))
}

/// A name of any length: cut where it is too long, the whole of it shown on hovering.
fn name(text: &str) -> Value {
    let shown = shortened(text, NAME_LENGTH_MAX);
    if shown == text {
        return Value::from_safe_string(HtmlEscape(text).to_string());
    }
    let whole = shortened(text, WHOLE_NAME_LENGTH_MAX);
    let (whole, shown) = (HtmlEscape(&whole), HtmlEscape(&shown));
    Value::from_safe_string(format!("<span title=\"{whole}\">{shown}</span>"))
}

fn user_facts(evaluation: &Evaluation) -> Vec<Fact> {
    vec![
        Fact::new(
            "users evaluated",
            count(evaluation.n_users_evaluated as u64),
        ),
        Fact::new(
            "without a test item, left out",
            count(evaluation.n_users_without_test as u64),
        ),
        Fact::new(
            "without a training item (cold)",
            count(evaluation.n_cold_users as u64),
        ),
    ]
}

fn example(user: &ExampleUser) -> Example<'_> {
    let history = &user.history[..user.history.len().min(HISTORY_MAX)];
    let recommended = &user.recommended[..user.recommended.len().min(RECOMMENDED_MAX)];
    let held_out = &user.held_out[..user.held_out.len().min(HELD_OUT_MAX)];
    Example {
        key: &user.key,
        history,
        n_more_history: user.n_history.max(user.history.len() as u64) - history.len() as u64,
        recommended,
        n_hits: recommended.iter().filter(|item| item.is_hit).count(),
        held_out,
        n_more_held_out: user.held_out.len() - held_out.len(),
    }
}
