//! One plain function a command.

#[cfg(feature = "train")]
mod ablate;
#[cfg(feature = "train")]
mod bench;
mod cards;
mod compare;
#[cfg(feature = "train")]
mod demo;
mod embed;
mod evaluate;
mod filters;
#[cfg(feature = "train")]
mod fit;
mod inspect;
mod item_features;
mod machine;
mod memory;
#[cfg(feature = "train")]
mod memory_limit;
mod negatives;
mod new_items;
#[cfg(feature = "train")]
mod prepared;
mod recommend;
mod report_data;
#[cfg(feature = "train")]
mod reproduce;
mod run_files;
mod settings;
mod similar;
mod synth;
#[cfg(feature = "train")]
mod train;
#[cfg(feature = "train")]
mod tune;

use std::io::{self, Write};

#[cfg(feature = "train")]
pub(crate) use memory_limit::OverLimit;
#[cfg(feature = "train")]
pub(crate) use prepared::OtherData;
#[cfg(feature = "train")]
pub(crate) use reproduce::OtherBenchmark;

use clap::CommandFactory;
use serde::Serialize;

use crate::cli::{Cli, Command, Global};
use crate::exit::Failure;
use crate::run::Ledger;

/// How this invocation talks.
pub struct Session {
    /// One JSON document on stdout instead of text.
    pub json: bool,
    /// No remarks.
    pub quiet: bool,
    /// Where openings of test parts are counted, over all runs of this machine.
    pub ledger: Option<Ledger>,
}

impl Session {
    /// Says nothing but errors.
    #[cfg(feature = "train")]
    pub const SILENT: Self = Self {
        json: false,
        quiet: true,
        ledger: None,
    };

    /// The manner the global options ask for.
    pub fn new(global: &Global) -> Self {
        Self {
            json: global.json,
            quiet: global.quiet,
            ledger: ledger(),
        }
    }

    /// A remark for people, on stderr.
    pub fn say(&self, remark: &str) {
        if !self.quiet {
            eprintln!("{remark}");
        }
    }

    /// A result, on stdout. A reader that closed the pipe has had enough: that is no error.
    pub fn print(&self, result: &str) -> anyhow::Result<()> {
        quiet_pipe(writeln!(io::stdout().lock(), "{result}"))
    }

    /// A result as one JSON document, on stdout.
    pub fn print_json(&self, result: &impl Serialize) -> anyhow::Result<()> {
        self.print(&serde_json::to_string_pretty(result)?)
    }
}

/// The user's ledger of openings, unless the variable turns it off.
fn ledger() -> Option<Ledger> {
    let off = std::env::var_os("SAGEBRUSH_LEDGER").is_some_and(|value| value == "off");
    match off {
        true => None,
        false => Ledger::of_user(),
    }
}

fn quiet_pipe(written: io::Result<()>) -> anyhow::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Runs the command; `Some` failure where it already told the user why.
///
/// # Errors
/// Whatever stopped the command, with place and remedy.
pub fn run(cli: &Cli) -> anyhow::Result<Option<Failure>> {
    let session = Session::new(&cli.global);
    #[cfg(feature = "train")]
    if matches!(
        cli.command,
        Command::Demo(_)
            | Command::Train(_)
            | Command::Tune(_)
            | Command::Ablate(_)
            | Command::Reproduce(_)
    ) {
        crate::training::interrupt::install()?;
    }
    match &cli.command {
        #[cfg(feature = "train")]
        Command::Demo(args) => return demo::demo(&session, args),
        #[cfg(feature = "train")]
        Command::Train(args) => return train::train(&session, args),
        #[cfg(feature = "train")]
        Command::Tune(args) => return tune::tune(&session, args),
        #[cfg(feature = "train")]
        Command::Ablate(args) => return ablate::ablate(&session, args),
        #[cfg(feature = "train")]
        Command::Reproduce(args) => return reproduce::reproduce(&session, args),
        Command::Inspect(args) => inspect::inspect(&session, args)?,
        Command::Synth(args) => synth::synth(&session, args)?,
        Command::Evaluate(args) => evaluate::evaluate(&session, args)?,
        Command::Recommend(args) => recommend::recommend(&session, args)?,
        Command::Embed(args) => embed::embed(&session, args)?,
        Command::Similar(args) => similar::similar(&session, args)?,
        Command::Negatives(args) => negatives::negatives(&session, args)?,
        #[cfg(feature = "train")]
        Command::Bench => bench::bench(&session)?,
        Command::Compare(args) => compare::compare(&session, args)?,
        Command::Completions { shell } => {
            clap_complete::generate(*shell, &mut Cli::command(), "sagebrush", &mut io::stdout());
        }
    }
    Ok(None)
}

/// A mistake in how the program was called.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// A file named on the command line that cannot be read.
#[cfg(feature = "train")]
#[derive(Debug, thiserror::Error)]
#[error("{path}: cannot be read ({source}); check the path")]
pub(crate) struct Unreadable {
    pub(crate) path: String,
    pub(crate) source: io::Error,
}
