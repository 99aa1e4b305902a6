//! `similar`: the items most like an item.

use serde_json::json;

use crate::cli::args::SimilarArgs;
use crate::cli::session::Session;
use crate::cli::terminal::{Align, Style, Table};
use crate::error::Result;
use crate::finished::{OpenRun, Seen};

/// Runs `similar`.
pub(super) fn similar(session: &Session, args: &SimilarArgs) -> Result<()> {
    let run = args
        .new
        .add_to(OpenRun::open(&args.run, Seen::Everything)?)?;
    let places = run.recommender.similar(&args.item, args.k as usize)?;
    if session.json {
        return session.print_json(&json!(places));
    }
    let measure = match run.recommender.scorer().tables() {
        Some(_) => "cosine",
        None => "score",
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
