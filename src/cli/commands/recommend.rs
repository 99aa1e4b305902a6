//! `recommend`: top-K lists for some users or all, to a terminal or a file.

use std::path::Path;

use crate::cli::args::{OutputForm, RecommendArgs};
use crate::cli::session::Session;
use crate::cli::terminal::{Align, Style, Table};
use crate::config::DeviceName;
use crate::error::{Result, Usage};
use crate::export::{Destination, ListFormat, RecommendationWriter};
use crate::finished::{OpenRun, Seen};
use crate::inference::{ListOptions, Recommender, UserList};

/// Runs `recommend`.
pub(super) fn recommend(session: &Session, args: &RecommendArgs) -> Result<()> {
    let destination = args
        .out
        .as_deref()
        .map_or(Destination::Stdout, Destination::from);
    let format = format(args)?;
    if format == ListFormat::Parquet && destination == Destination::Stdout {
        return Err(Usage("Parquet needs a file: add `--out FILE.parquet`".to_owned()).into());
    }
    destination.check()?;
    let run = args
        .new
        .add_to(OpenRun::open(&args.run, Seen::Everything)?)?;
    let device = args.device.as_deref().and_then(DeviceName::from_name);
    let run = run.rank_on(session, device)?;
    let chosen = chosen(&run, args)?;
    if let (Some(lists), None, None) = (&chosen, &args.out, args.to) {
        return show(session, lists);
    }
    write(
        session,
        &run.recommender,
        args,
        chosen,
        &destination,
        format,
    )
}

/// The lists of the named users or of the history; `None` when every user is asked for.
fn chosen(run: &OpenRun, args: &RecommendArgs) -> Result<Option<Vec<UserList>>> {
    let options = options(args);
    if args.all {
        return Ok(None);
    }
    if args.history.is_empty() {
        let lists = run.recommender.recommend(&args.users, &options)?;
        return Ok(Some(lists));
    }
    let answer = run.recommender.recommend_for(&args.history, &options)?;
    for unknown in &answer.unknown {
        tracing::warn!("left out of the history: {unknown}");
    }
    Ok(Some(vec![answer.list]))
}

fn options(args: &RecommendArgs) -> ListOptions {
    ListOptions::of(args.k as usize).including_seen(args.include_seen)
}

fn format(args: &RecommendArgs) -> Result<ListFormat> {
    Ok(match (args.to, args.out.as_deref()) {
        (Some(OutputForm::Csv), _) => ListFormat::Csv,
        (Some(OutputForm::Jsonl), _) => ListFormat::JsonLines,
        (Some(OutputForm::Parquet), _) => ListFormat::Parquet,
        (None, Some(path)) if path != Path::new("-") => ListFormat::of_path(path)?,
        (None, _) => ListFormat::Csv,
    })
}

/// A few users: a table, or one JSON array of rows.
fn show(session: &Session, lists: &[UserList]) -> Result<()> {
    if session.json {
        return session.print_json(&rows(lists));
    }
    let mut table = Table::new([
        ("user", Align::Left),
        ("rank", Align::Right),
        ("item", Align::Left),
        ("score", Align::Right),
        ("title", Align::Left),
    ]);
    for list in lists {
        for place in &list.items {
            table.row([
                list.user.clone(),
                place.rank.to_string(),
                place.item.clone(),
                format!("{:.4}", place.score),
                place.title.clone().unwrap_or_default(),
            ]);
        }
    }
    session.print(&table.render(Style::of_stdout()))
}

fn rows(lists: &[UserList]) -> Vec<serde_json::Value> {
    let row = |user: &str, place: &crate::inference::Listed| {
        let mut row = serde_json::json!({
            "user": user, "rank": place.rank, "item": place.item, "score": place.score,
        });
        if let Some(title) = &place.title {
            row["title"] = title.as_str().into();
        }
        row
    };
    lists
        .iter()
        .flat_map(|list| list.items.iter().map(|place| row(&list.user, place)))
        .collect()
}

/// Many users, some thousands at a time: memory does not grow with their number.
fn write(
    session: &Session,
    recommender: &Recommender,
    args: &RecommendArgs,
    chosen: Option<Vec<UserList>>,
    destination: &Destination,
    format: ListFormat,
) -> Result<()> {
    let options = options(args);
    let k = options.k;
    let mut n_users = 0;
    let mut writer = RecommendationWriter::create(destination, format, recommender.has_titles())?;
    if let Some(lists) = chosen {
        n_users += lists.len();
        writer.write(&lists)?;
    } else {
        for lists in recommender.recommend_all(&options)? {
            let lists = lists?;
            n_users += lists.len();
            writer.write(&lists)?;
            if writer.is_closed() {
                break;
            }
        }
    }
    writer.finish()?;
    if *destination != Destination::Stdout {
        if session.json {
            return session.print_json(&serde_json::json!({
                "out": destination.to_string(), "users": n_users, "k": k,
            }));
        }
        session.say(&format!(
            "{} users, {k} items each, in {destination}",
            crate::cli::terminal::count(n_users as u64)
        ));
    }
    Ok(())
}
