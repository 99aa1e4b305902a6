//! `similar`: the items most like an item.

use serde_json::json;

use super::Session;
use super::run_files::{OpenRun, Seen};
use crate::cli::SimilarArgs;
use crate::inference::Scorer;
use crate::terminal::{Align, Style, Table};

/// Runs `similar`.
pub(super) fn similar(session: &Session, args: &SimilarArgs) -> anyhow::Result<()> {
    let run = OpenRun::open(&args.run, Seen::Everything)?.with_new(&args.new)?;
    let places = run.recommender.similar(&args.item, args.k as usize)?;
    if session.json {
        return session.print_json(&json!(places));
    }
    let measure = match run.recommender.scorer() {
        Scorer::Embeddings(_) | Scorer::ItemMeans(_) => "cosine",
        Scorer::Filter(_) => "score",
    };
    let mut table = Table::new([
        ("rank", Align::Right),
        ("item", Align::Left),
        (measure, Align::Right),
        ("title", Align::Left),
    ]);
    for place in places {
        let title = place.title.unwrap_or_default();
        table.row([
            place.rank.to_string(),
            place.item,
            format!("{:.4}", place.score),
            title,
        ]);
    }
    session.print(&table.render(Style::of_stdout()))
}
