//! The table that compares our numbers with the published ones.

use super::benchmark::{Benchmark, Pair, RECIPES};
use super::protocol::Row;
use crate::cli::terminal::{Align, Style, Table};

/// The names of the recipes and the numbers they stand beside.
pub(super) fn recipes(benchmark: &Benchmark) -> String {
    let mut table = Table::new([
        ("recipe", Align::Left),
        ("published recall@20 / ndcg@20", Align::Left),
        ("by", Align::Left),
    ]);
    for recipe in &RECIPES {
        let published = benchmark.published(recipe);
        table.row([
            recipe.name.to_owned(),
            published.map_or("none found".to_owned(), |published| two(published.metrics)),
            published.map_or(String::new(), |published| published.source.to_owned()),
        ]);
    }
    table.render(Style::of_stdout())
}

pub(super) fn to_text(benchmark: &Benchmark, rows: &[Row]) -> String {
    let mut table = Table::new([
        ("", Align::Left),
        ("recall@20", Align::Left),
        ("ndcg@20", Align::Left),
        ("published", Align::Left),
        ("epochs", Align::Right),
        ("s", Align::Right),
        ("best on test", Align::Left),
        ("leak, points", Align::Left),
    ]);
    for row in rows {
        let trained = row.trained.as_ref();
        table.row([
            row.name.clone(),
            row.ours[0].to_string(),
            row.ours[1].to_string(),
            row.published.map_or(String::new(), two),
            trained.map_or(String::new(), |choice| choice.epochs.to_string()),
            row.seconds
                .map_or(String::new(), |seconds| format!("{seconds:.0}")),
            trained.map_or(String::new(), |choice| two(choice.best_on_test)),
            trained.map_or(String::new(), |choice| {
                let [recall, ndcg] = choice.leak_points;
                format!("{recall:.2} / {ndcg:.2}")
            }),
        ]);
    }
    let sources: Vec<String> = rows
        .iter()
        .filter_map(|row| Some(format!("{}: {}", row.name, row.source?)))
        .collect();
    format!(
        "{}\n{}, every item ranked; 95% bootstrap intervals over users. Epochs of ours were chosen on a tenth of \
         train.txt, and settings on a tenth of Gowalla's; `best on test` picks the epoch on the test part, as \
         published numbers mostly do, and is no result.\npublished: {}",
        table.render(Style::of_stdout()),
        benchmark.title,
        sources.join("; "),
    )
}

fn two([recall, ndcg]: Pair) -> String {
    format!("{recall:.4} / {ndcg:.4}")
}
