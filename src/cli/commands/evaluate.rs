//! `evaluate`: measures a run beside the baselines, prints the result and writes the report.

use serde_json::json;

use super::{item_choice, report_of_run};
use crate::cli::args::EvaluateArgs;
use crate::cli::report;
use crate::cli::session::Session;
use crate::cli::terminal::{Align, Style, Table, count};
use crate::config::DeviceName;
use crate::error::Result;
use crate::evaluation::{Evaluation, Price};
use crate::finished::{self, ToMeasure};
use crate::inference::Reranking;

/// Runs `evaluate`.
pub(super) fn evaluate(session: &Session, args: &EvaluateArgs) -> Result<()> {
    let ks: Vec<usize> = args.ks.iter().map(|&k| k as usize).collect();
    let run = ToMeasure::open(&args.run, "evaluate")?;
    if let Some(&k) = ks.iter().max() {
        item_choice::remark_on_k(session, k, run.n_items(), "items");
    }
    let device = args.device.as_deref().and_then(DeviceName::from_name);
    let run = run.rank_on(session, device)?;
    if let Some(settings) = args.rerank {
        run.check_reranking(settings)?;
    }
    let measured = finished::measure(
        session,
        run,
        &[],
        ks,
        args.trec.as_deref(),
        session.ledger.as_ref(),
    )?;
    let price = match args.rerank {
        Some(settings) => finished::price(&measured, settings)?,
        None => None,
    };
    let evaluation = report_of_run::reported(measured)?;
    if session.json {
        let mut document = json!(evaluation);
        if let Some(price) = &price {
            document["reranked"] = json!(price);
        }
        return session.print_json(&document);
    }
    session.print(&to_text(&evaluation))?;
    if let Some(price) = &price {
        session.print(&price_text(price))?;
    }
    session.say(&format!(
        "the report is in {}",
        args.run.join("report.html").display()
    ));
    Ok(())
}

/// The results as a table, and the winner in a sentence.
pub(super) fn to_text(evaluation: &Evaluation) -> String {
    let headline = evaluation.headline_depth();
    let shown = [
        format!("recall@{headline}"),
        format!("ndcg@{headline}"),
        format!("precision@{headline}"),
        format!("hit_rate@{headline}"),
        format!("mrr@{headline}"),
        format!("map@{headline}"),
    ];
    let beyond = format!("coverage@{headline}");
    let columns = [("system", Align::Left)]
        .into_iter()
        .chain(shown.iter().map(|name| (name.as_str(), Align::Right)))
        .chain([(beyond.as_str(), Align::Right)]);
    let mut table = Table::new(columns);
    for system in &evaluation.systems {
        let metric = |(at, name): (usize, &String)| match system.metrics.get(name) {
            Some(e) if at < 2 => e.to_string(),
            Some(e) => format!("{:.4}", e.mean),
            None => String::new(),
        };
        let coverage = system
            .beyond
            .get(&beyond)
            .map_or(String::new(), |c| format!("{c:.3}"));
        let metrics = shown.iter().enumerate().map(metric);
        table.row(
            [system.label()]
                .into_iter()
                .chain(metrics)
                .chain([coverage]),
        );
    }
    let ranked = match evaluation.n_new_items {
        None => "every item".to_owned(),
        Some(n) => format!("{} items without a training interaction", count(n as u64)),
    };
    let verdict = report::verdict(&evaluation.systems, &evaluation.headline()).unwrap_or_default();
    let paired = paired_table(evaluation);
    format!(
        "{}\n{paired}{} users, {ranked} ranked, items seen before left out; 95% bootstrap intervals over users.\n\
         {} users had nothing to test on; {} had no training item and stand apart in the report.\n{verdict}",
        table.render(Style::of_stdout()),
        count(evaluation.n_users_evaluated as u64),
        count(evaluation.n_users_without_test as u64),
        count(evaluation.n_cold_users as u64),
    )
}

/// What re-ranked lists cost and gain beside the run's own.
fn price_text(price: &Price) -> String {
    let Reranking {
        diversity,
        popularity_damping,
        category_cap,
    } = price.settings;
    let cap = category_cap.map_or(String::new(), |cap| format!(", category-cap {cap}"));
    let mut table = Table::new([
        ("metric", Align::Left),
        ("as ranked", Align::Right),
        ("re-ranked", Align::Right),
        ("difference", Align::Right),
        ("interval", Align::Left),
        ("p", Align::Right),
        ("better/worse for", Align::Right),
    ]);
    for row in price.comparison.rows() {
        table.row(row);
    }
    let [plain, reranked] = price.coverage;
    table.row([
        format!("coverage@{}", price.k),
        format!("{plain:.4}"),
        format!("{reranked:.4}"),
        format!("{:+.4}", reranked - plain),
    ]);
    format!(
        "{}Lists of {} re-ranked by diversity {diversity}, damp-popularity {popularity_damping}{cap}, on the same users; the run keeps \
         the evaluation of its own lists alone.\n",
        table.render(Style::of_stdout()),
        price.k
    )
}

/// By how much the model is ahead of each other system, user by user.
fn paired_table(evaluation: &Evaluation) -> String {
    let (Some(first), Some(model)) = (evaluation.paired.first(), evaluation.systems.first()) else {
        return String::new();
    };
    let names: Vec<&str> = ["recall", "ndcg", "hit_rate", "mrr"]
        .iter()
        .filter_map(|name| {
            let known = first.differences.iter();
            known
                .map(|difference| difference.metric.as_str())
                .find(|metric| metric.split('@').next() == Some(name))
        })
        .collect();
    let head = format!("{} less", model.name);
    let columns = [(head.as_str(), Align::Left)]
        .into_iter()
        .chain(names.iter().map(|&name| (name, Align::Right)));
    let mut table = Table::new(columns);
    for comparison in &evaluation.paired {
        let cell = |name: &&str| {
            let found = comparison.differences.iter().find(|d| d.metric == **name);
            found.map_or(String::new(), |d| {
                format!("{:+.4} [{:+.4}, {:+.4}]", d.difference, d.low, d.high)
            })
        };
        table.row(
            [comparison.baseline.clone()]
                .into_iter()
                .chain(names.iter().map(cell)),
        );
    }
    format!("{}\n", table.render(Style::of_stdout()))
}
