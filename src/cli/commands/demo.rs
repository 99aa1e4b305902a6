//! `demo`: the program end to end on the bundled film ratings; it says in one sentence which system wins.

use std::path::Path;

use crate::cli::args::DemoArgs;
use crate::config::ModelName;
use crate::failure::Failure;

use super::{evaluate, settings};
use crate::cli::session::Session;
use crate::error::Result;
use crate::finished::{self, OpenRun, Seen};
use crate::fitting::train;
use crate::inference::ListOptions;
use crate::run::{LockedRun, Replace};

const COMMAND: &str = "demo";
/// Users whose lists the demo prints.
const EXAMPLE_USERS: usize = 3;
/// Films a user.
const EXAMPLE_FILMS: usize = 5;

/// Trains MF and LightGCN, evaluates both beside the baselines, recommends films by title.
pub(super) fn demo(session: &Session, args: &DemoArgs) -> Result<Option<Failure>> {
    let started = std::time::Instant::now();
    session.say(
        "MovieTweetings 100K: film ratings from Twitter, Dooms et al. 2013 (MIT), bundled with this program",
    );
    let models = [ModelName::Mf, ModelName::LightGcn];
    for model in models {
        // Both places are free, or demos of before, before anything is trained.
        LockedRun::to_create(args.out.join(model.as_str()), Replace::Own, COMMAND)?;
    }
    for model in models {
        session.say(&format!("\ntraining {}", model.as_str()));
        let config = settings::of_demo(args, model)?;
        let out = args.out.join(model.as_str());
        if train::train_new(session, &config, &out, Replace::Own, COMMAND, None)?.is_none() {
            return Ok(Some(Failure::Interrupted));
        }
    }
    let (mf, lightgcn) = (args.out.join("mf"), args.out.join("lightgcn"));
    let evaluation = evaluate::reported(finished::measure_beside(
        session,
        &lightgcn,
        &[mf],
        COMMAND,
        session.ledger.as_ref(),
    )?)?;
    if session.json {
        session.print_json(&evaluation)?;
    } else {
        session.print(&evaluate::to_text(&evaluation))?;
        show_lists(session, &lightgcn)?;
    }
    session.say(&format!(
        "\nthe demo took {:.0} s; open {} in a browser\nyour own log: sagebrush train ratings.csv --out my-run",
        started.elapsed().as_secs_f64(),
        lightgcn.join("report.html").display()
    ));
    Ok(None)
}

/// Films for a few active users, beside some they rated.
fn show_lists(session: &Session, run: &Path) -> Result<()> {
    let run = OpenRun::open(run, Seen::Everything)?;
    let recommender = &run.recommender;
    let mut users: Vec<u32> = (0..recommender.users().len() as u32).collect();
    users.sort_by_key(|&user| {
        let n = run.trained_on().of(user).len();
        (n.abs_diff(12), user)
    });
    for &user in users.iter().take(EXAMPLE_USERS) {
        let key = recommender.users().key(user).to_owned();
        let name = |item: u32| {
            recommender
                .title(item)
                .unwrap_or(recommender.items().key(item))
                .to_owned()
        };
        let liked: Vec<String> = run
            .trained_on()
            .of(user)
            .iter()
            .rev()
            .take(EXAMPLE_FILMS)
            .map(|&item| name(item))
            .collect();
        let lists = recommender.recommend(&[&key], &ListOptions::of(EXAMPLE_FILMS))?;
        let mut text = format!(
            "\nuser {key} rated, among others: {}\nand may like:",
            liked.join("; ")
        );
        for place in lists.iter().flat_map(|list| &list.items) {
            let title = place.title.as_deref().unwrap_or(&place.item);
            text.push_str(&format!("\n  {}. {title}", place.rank));
        }
        session.print(&text)?;
    }
    Ok(())
}
