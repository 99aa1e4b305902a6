//! `demo`: the program end to end on the bundled film ratings: a contest of models, its winner measured on the test part,
//! lists of three users, similar films, and what the recent popularity of films adds.

use std::time::Instant;

use crate::cli::args::DemoArgs;
use crate::cli::session::Session;
use crate::cli::terminal::Style;
use crate::contest::{self, Contested, Effort};
use crate::error::Result;
use crate::failure::Failure;
use crate::finished::{self, OpenRun, Seen};
use crate::inference::ListOptions;
use crate::run::{Replace, RunDir};

use super::{contest_table, evaluate, report_of_run, settings};

const COMMAND: &str = "demo";
/// Where the run goes, within the folder that is asked for.
const RUN: &str = "films";
/// Users whose lists the demo prints.
const EXAMPLE_USERS: usize = 3;
/// Films a user.
const EXAMPLE_FILMS: usize = 5;
/// Training films of the users among whom the examples are chosen.
const FILMS_OF_EXAMPLES: std::ops::RangeInclusive<usize> = 10..=40;
/// Users among whom the examples are chosen.
const EXAMPLES_AMONG: usize = 200;
/// Films that most people know.
const WELL_KNOWN: [&str; 3] = [
    "The Matrix (1999)",
    "Toy Story (1995)",
    "The Godfather (1972)",
];
/// Films like one of them.
const SIMILAR_FILMS: usize = 3;

/// Holds a quick contest, measures its winner beside the baselines, and shows what it recommends.
pub(super) fn demo(session: &Session, args: &DemoArgs) -> Result<Option<Failure>> {
    let started = Instant::now();
    session.say(
        "MovieTweetings 100K: film ratings from Twitter, Dooms et al. 2013 (MIT), bundled with this program\n",
    );
    let out = args.out.join(RUN);
    let given = settings::of_demo(args)?;
    let inner = session.inner();
    let contested = contest::train(&inner, &given, Effort::Quick, &out, Replace::Own, COMMAND)?;
    let Contested::Over(record, _) = contested else {
        return Ok(Some(Failure::Interrupted));
    };
    if RunDir::open(&out).is_err() {
        // The winner's training was interrupted.
        return Ok(Some(Failure::Interrupted));
    }
    let evaluation = report_of_run::reported(finished::measure_beside(
        &inner,
        &out,
        &[],
        COMMAND,
        session.ledger.as_ref(),
    )?)?;
    if session.json {
        session.print_json(&evaluation)?;
    } else {
        session.print(&format!(
            "\nThe contest, on the validation part:\n{}\n\nThe winner, on the test part, beside simple baselines:\n{}",
            contest_table::of(&record, Style::of_stderr()),
            evaluate::to_text(&evaluation)
        ))?;
        let run = OpenRun::open(&out, Seen::Everything)?;
        show_prior(session, &run)?;
        show_lists(session, &run)?;
        show_similar(session, &run)?;
    }
    session.say(&format!(
        "\nthe demo took {:.0} s; open {} in a browser\nyour own log: sagebrush train ratings.csv --out my-run",
        started.elapsed().as_secs_f64(),
        out.join("report.html").display()
    ));
    Ok(None)
}

/// What adding the recent popularity of films to the scores was worth.
fn show_prior(session: &Session, run: &OpenRun) -> Result<()> {
    let Some(notes) = run.dir.prior_notes()? else {
        return Ok(());
    };
    let Some(chosen) = notes.chosen.filter(|_| notes.weight > 0.0) else {
        return Ok(());
    };
    session.print(&format!(
        "\nTime: with what is popular these days (half-life {} days) added to its scores the model has a validation {} of \
         {:.4}, without it {:.4}.",
        notes.half_life_days, chosen.metric, chosen.with, chosen.without
    ))
}

/// Films for three users, beside some they rated: of users with 10 to 40 films the one whose number is nearest 20, then
/// twice the one whose list has the fewest films in common with those before.
fn show_lists(session: &Session, run: &OpenRun) -> Result<()> {
    let recommender = &run.recommender;
    let n_films = |user: u32| run.trained_on().of(user).len();
    let mut users: Vec<u32> = (0..recommender.users().len() as u32)
        .filter(|&user| FILMS_OF_EXAMPLES.contains(&n_films(user)))
        .collect();
    users.sort_by_key(|&user| (n_films(user).abs_diff(20), user));
    users.truncate(EXAMPLES_AMONG);
    let keys: Vec<&str> = users
        .iter()
        .map(|&user| recommender.users().key(user))
        .collect();
    let lists = recommender.recommend(&keys, &ListOptions::of(EXAMPLE_FILMS))?;
    let mut shown: Vec<usize> = Vec::new();
    while shown.len() < EXAMPLE_USERS.min(lists.len()) {
        let in_common = |at: usize| {
            let items = &lists[at].items;
            let known = |item: &str| {
                let mut before = shown.iter().flat_map(|&at| &lists[at].items);
                before.any(|other| other.item == item)
            };
            items.iter().filter(|place| known(&place.item)).count()
        };
        let rest = (0..lists.len()).filter(|at| !shown.contains(at));
        let Some(next) = rest.min_by_key(|&at| (in_common(at), at)) else {
            break;
        };
        shown.push(next);
    }
    for at in shown {
        let title = |item: u32| {
            let key = recommender.items().key(item);
            recommender.title(item).unwrap_or(key)
        };
        let rated = run.trained_on().of(users[at]).iter().rev();
        let rated: Vec<&str> = rated.take(EXAMPLE_FILMS).map(|&item| title(item)).collect();
        let mut text = format!(
            "\nuser {} rated, among others: {}\nand may like:",
            keys[at],
            rated.join("; ")
        );
        for place in &lists[at].items {
            let title = place.title.as_deref().unwrap_or(&place.item);
            text.push_str(&format!("\n  {}. {title}", place.rank));
        }
        session.print(&text)?;
    }
    Ok(())
}

/// The films that the model finds most like three that most people know.
fn show_similar(session: &Session, run: &OpenRun) -> Result<()> {
    let recommender = &run.recommender;
    let n_items = recommender.items().len() as u32;
    let mut text = String::from("\nSimilar films:");
    for film in WELL_KNOWN {
        let mut items = 0..n_items;
        let Some(item) = items.find(|&item| recommender.title(item) == Some(film)) else {
            continue;
        };
        let similar = recommender.similar(recommender.items().key(item), SIMILAR_FILMS)?;
        let titles: Vec<&str> = similar
            .iter()
            .map(|place| place.title.as_deref().unwrap_or(&place.item))
            .collect();
        text.push_str(&format!("\n  {film}: {}", titles.join("; ")));
    }
    session.print(&text)
}
