//! `retrain`: trains a served run again and publishes the new one where it is not worse. `rollback`: goes back one.

use serde_json::json;

use crate::cli::args::{RetrainArgs, RollbackArgs};
use crate::cli::session::Session;
use crate::cli::terminal::count;
use crate::data::iso_date;
use crate::error::Result;
use crate::failure::Failure;
use crate::numbers::counted;
use crate::retraining::{self, Outcome, ToRetrain, Verdict};

/// Runs `retrain`. A candidate that is worse, and an interrupt, are failures with exit codes of their own.
pub(super) fn retrain(session: &Session, args: &RetrainArgs) -> Result<Option<Failure>> {
    let asked = ToRetrain {
        link: &args.run,
        logs: &args.logs,
        interactions: &args.interactions,
        min_users: args.min_users as usize,
        keep: args.keep.map(|keep| keep as usize),
    };
    let outcome = retraining::retrain(session, &asked)?;
    let failure = match &outcome {
        Outcome::Interrupted => return Ok(Some(Failure::Interrupted)),
        Outcome::KeptAside { .. } => Some(Failure::NotBetter),
        _ => None,
    };
    match session.json {
        true => session.print_json(&as_json(&outcome))?,
        false => session.print(&as_text(args, &outcome))?,
    }
    Ok(failure)
}

/// Runs `rollback`.
pub(super) fn rollback(session: &Session, args: &RollbackArgs) -> Result<()> {
    let back = retraining::rollback(&args.run)?;
    if session.json {
        return session.print_json(&back);
    }
    let (run, from) = (back.run.display(), back.from.display());
    session.print(&format!("{run} is served again, in place of {from}"))
}

fn as_json(outcome: &Outcome) -> serde_json::Value {
    match outcome {
        Outcome::NothingNew => json!({"published": false, "why": "nothing new"}),
        Outcome::TooFew {
            users,
            needed,
            interactions,
        } => json!({
            "published": false, "why": "too few users", "users": users, "needed": needed, "interactions": interactions,
        }),
        Outcome::Published {
            run,
            before,
            removed,
            verdict,
        } => json!({
            "published": true, "run": run, "before": before, "removed": removed, "verdict": verdict,
        }),
        Outcome::KeptAside { run, verdict } => json!({
            "published": false, "why": "worse", "run": run, "verdict": verdict,
        }),
        Outcome::Interrupted => json!({"published": false, "why": "interrupted"}),
    }
}

fn as_text(args: &RetrainArgs, outcome: &Outcome) -> String {
    let link = args.run.display();
    match outcome {
        Outcome::NothingNew | Outcome::Interrupted => {
            format!("nothing came since {link} was trained: it stays as it is")
        }
        Outcome::TooFew {
            users,
            needed,
            interactions,
        } => format!(
            "{} of {} came since {link} was trained and would be held out: two runs are compared on {needed} users at least, \
             and it stays as it is until then (`--min-users`)",
            counted(*interactions, "interaction"),
            counted(*users, "user"),
        ),
        Outcome::Published {
            run,
            before,
            removed,
            verdict,
        } => {
            let removed = match removed.len() {
                0 => String::new(),
                n => format!("; {} removed", counted(n, "old run")),
            };
            format!(
                "{} is not worse and served from now on, in place of {}{removed}\n{}\n`sagebrush rollback --run {link}` goes back",
                run.display(),
                before.display(),
                told(verdict)
            )
        }
        Outcome::KeptAside { run, verdict } => format!(
            "the new run is worse: {link} stays as it is, and the new one is kept aside in {}\n{}",
            run.display(),
            told(verdict)
        ),
    }
}

/// By what a candidate was judged, in a line.
fn told(verdict: &Verdict) -> String {
    let n_users = count(verdict.comparison.n_users as u64);
    let since = iso_date(verdict.held_out_since);
    let Some(by) = verdict.decides() else {
        return String::new();
    };
    format!(
        "{} {:.4} before, {:.4} now: {:+.4}, 95% interval {:+.4} to {:+.4}, on {} of {n_users} users since {since}",
        by.metric,
        by.baseline,
        by.candidate,
        by.difference,
        by.low,
        by.high,
        counted(verdict.held_out, "new interaction"),
    )
}
