//! Tells whether this tree is slower than another commit, on this machine, path by path.
//!
//! ```text
//! cargo bench --bench compare -- HEAD~1                  # builds that commit in a work tree of its own
//! cargo bench --bench compare -- HEAD~1 --quick          # smaller logs, 3 minutes
//! cargo bench --bench compare -- HEAD~1 --only reading   # what has this in its name
//! cargo bench --bench compare -- --before OLD --after NEW  # programs that are built already
//! ```
//!
//! Both programs do the same work in pairs, in alternating order, through the command line that both
//! have. The verdict is by CPU time, because the machine may be shared; wall time stands beside it. It
//! ends with an error when anything is slower by more than 3% and the whole interval says so.
#![allow(clippy::unwrap_used)]

use std::process::ExitCode;
use std::time::{Duration, Instant};

mod child;
mod logs;
mod pairs;
mod programs;
mod table;
mod verdict;
mod workloads;

use crate::pairs::Task;
use crate::programs::{Request, Sides};
use crate::workloads::{SETUP, WORKLOADS};

/// How much is measured.
struct Effort {
    /// The logs are this many times smaller than in the default mode.
    smaller: u32,
    /// CPU seconds of one measurement, at least.
    target: f64,
    /// Pairs after which a figure stays not told apart.
    most_pairs: usize,
    /// Preparing and measuring end here. Building comes before.
    limit: Duration,
}

const FULL: Effort = Effort {
    smaller: 1,
    target: 1.0,
    most_pairs: 40,
    limit: Duration::from_secs(690),
};
const QUICK: Effort = Effort {
    smaller: 4,
    target: 0.25,
    most_pairs: 20,
    limit: Duration::from_secs(170),
};

fn main() -> ExitCode {
    let request = match Request::parse(std::env::args().skip(1)) {
        Ok(Some(request)) => request,
        Ok(None) => {
            println!(
                "skipped: name the commit to compare with, as in `cargo bench --bench compare -- HEAD~1`"
            );
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            eprintln!("error: {error}");
            return ExitCode::from(2);
        }
    };
    match compare(&request) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(2)
        }
    }
}

/// Whether nothing is slower, and nothing is refused that the program before did.
fn compare(request: &Request) -> Result<bool, String> {
    let folder = programs::work_folder();
    let sides = Sides::new(request, folder.path())?;
    let effort = if request.quick { QUICK } else { FULL };
    let started = Instant::now();
    logs::make(&sides.after, folder.path(), effort.smaller)?;
    // What cannot be set up is refused again where it is used.
    for command in SETUP {
        for side in [&sides.before, &sides.after] {
            let _ = side.run(command);
        }
    }
    let mut lost = false;
    let mut tasks = Vec::new();
    let wanted = |name: &str| name.to_lowercase().contains(&request.only.to_lowercase());
    for workload in WORKLOADS.iter().filter(|workload| wanted(workload.name)) {
        if request.quick && workload.is_long() {
            println!("left out by --quick: {}", workload.name);
            continue;
        }
        match Task::new(workload, &sides, effort.target) {
            Ok(task) => tasks.push(task),
            Err(refusal) => {
                println!("left out: {}: {refusal}", workload.name);
                lost |= refusal.only_after;
            }
        }
    }
    if tasks.is_empty() && !lost {
        return Err("nothing is left to measure".to_owned());
    }
    println!(
        "prepared in {:.0} s; measuring",
        started.elapsed().as_secs_f64()
    );
    measure(&mut tasks, &sides, &effort, started)?;
    table::print(&tasks);
    let slower = tasks.iter().any(Task::is_slower);
    if slower {
        println!(
            "the program after is slower; run it again on an idle machine before believing it"
        );
    }
    if lost {
        println!("the program after refuses what the one before does");
    }
    println!("{:.0} s in all", started.elapsed().as_secs_f64());
    Ok(!slower && !lost)
}

/// The next pair is always of the undecided workload that took the least time so far. What is cheap or
/// clear is soon done, and what remains shares the rest of the time.
fn measure(
    tasks: &mut [Task],
    sides: &Sides,
    effort: &Effort,
    started: Instant,
) -> Result<(), String> {
    while started.elapsed() < effort.limit {
        let open = tasks.iter_mut().filter(|t| !t.is_done(effort.most_pairs));
        let Some(task) = open.min_by_key(|task| task.spent) else {
            return Ok(());
        };
        task.add_pair(sides)?;
        if task.is_done(effort.most_pairs) {
            println!(
                "{:4.0} s: {} is done",
                started.elapsed().as_secs_f64(),
                task.workload.name
            );
        }
    }
    println!(
        "the time is up after {:.0} s",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}
