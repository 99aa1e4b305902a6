//! `refresh`: brings a run up to date with a newer log, without training.

use crate::cli::args::RefreshArgs;
use crate::cli::session::Session;
use crate::cli::terminal::count;
use crate::config::RunConfig;
use crate::data::iso_date;
use crate::error::Result;
use crate::finished::{self, Newer, RefreshRequest, Refreshed};
use crate::run::RunDir;

use super::settings;

/// Runs `refresh`.
pub(super) fn refresh(session: &Session, args: &RefreshArgs) -> Result<()> {
    let name = args.run.join("config.toml").display().to_string();
    let config = RunConfig::from_toml(&name, &RunDir::open(&args.run)?.config()?)?;
    let data = settings::of_refresh(&config, &args.data.0)?;
    let request = RefreshRequest {
        run: &args.run,
        log: Newer::Files(&data),
        vectors: &args.vectors,
        out: args.out.as_deref(),
    };
    let done = finished::refresh(session, &request)?;
    if session.json {
        return session.print_json(&serde_json::json!({
            "run": args.out.as_ref().unwrap_or(&args.run), "refreshed": done,
        }));
    }
    let run = args.run.display();
    session.say(&match (&done, &args.out) {
        (None, None) => format!("nothing in the log is new: {run} stays as it is"),
        (None, Some(out)) => format!(
            "nothing in the log is new: {run} stays as it is, and {} is not written",
            out.display()
        ),
        (Some(done), None) => format!("{}; {run} is up to date", told(done)),
        (Some(done), Some(out)) => format!("{}; the new run is in {}", told(done), out.display()),
    });
    Ok(())
}

fn told(done: &Refreshed) -> String {
    let date = |moment: Option<i64>| moment.map_or_else(|| "no date".to_owned(), iso_date);
    let vectors = match done.items {
        0 => String::new(),
        _ => format!(" ({} with a vector)", count(done.items_with_vectors as u64)),
    };
    format!(
        "{} new interactions, {} new users, {} new items{vectors}; known until {}, before until {}",
        count(done.interactions as u64),
        count(done.users as u64),
        count(done.items as u64),
        date(done.moment),
        date(done.moment_before),
    )
}
