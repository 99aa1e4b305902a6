//! `similar`: the items most like an item.

use serde_json::json;

use super::item_choice;
use crate::cli::args::SimilarArgs;
use crate::cli::session::Session;
use crate::cli::terminal::{Align, Style, Table};
use crate::error::Result;
use crate::export::JsonKey;
use crate::finished::{OpenRun, Seen};

/// Runs `similar`.
pub(super) fn similar(session: &Session, args: &SimilarArgs) -> Result<()> {
    let run = args
        .new
        .add_to(OpenRun::open(&args.run, Seen::Everything)?)?;
    let k = args.k as usize;
    let options = item_choice::options(session, &run, &args.items, k)?;
    let places = run.recommender.similar_among(&args.item, &options)?;
    let others = run.recommender.items().len().saturating_sub(1);
    item_choice::remark_on_k(session, k, others, "other items");
    if session.json {
        let are_numbers = run.recommender.items().are_whole_numbers();
        let rows = places.iter().map(|place| {
            let mut row = json!(place);
            row["item"] = json!(JsonKey::of(&place.item, are_numbers));
            row
        });
        return session.print_json(&rows.collect::<Vec<_>>());
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
