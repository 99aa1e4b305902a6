//! One plain function a command.

#[cfg(feature = "train")]
mod ablate;
#[cfg(feature = "train")]
mod bench;
mod compare;
#[cfg(feature = "train")]
mod contest_table;
#[cfg(feature = "train")]
mod demo;
mod embed;
mod evaluate;
mod forget;
mod inspect;
mod item_choice;
mod memory;
mod negatives;
mod new_items;
mod recommend;
#[cfg(feature = "train")]
mod refit;
mod refresh;
mod report_data;
#[cfg(feature = "train")]
mod reproduce;
mod serve;
mod settings;
mod similar;
mod synth;
#[cfg(feature = "train")]
mod train;
#[cfg(feature = "train")]
mod tune;

use clap::CommandFactory;

use super::args::{Cli, Command};
use super::output;
use super::session::Session;
use crate::error::Result;
use crate::failure::Failure;

/// Runs the command, which is called `name`; `Some` failure where it already told the user why.
///
/// # Errors
/// Whatever stopped the command, with place and remedy.
pub(crate) fn run(cli: &Cli, name: &str) -> Result<Option<Failure>> {
    let session = Session::new(&cli.global, name);
    #[cfg(feature = "train")]
    if matches!(
        cli.command,
        Command::Demo(_)
            | Command::Train(_)
            | Command::Refit(_)
            | Command::Tune(_)
            | Command::Ablate(_)
            | Command::Reproduce(_)
    ) {
        super::interrupt::install()?;
    }
    match &cli.command {
        #[cfg(feature = "train")]
        Command::Demo(args) => return demo::demo(&session, args),
        #[cfg(feature = "train")]
        Command::Train(args) => return train::train(&session, args),
        #[cfg(feature = "train")]
        Command::Refit(args) => return refit::refit(&session, args),
        #[cfg(feature = "train")]
        Command::Tune(args) => return tune::tune(&session, args),
        #[cfg(feature = "train")]
        Command::Ablate(args) => return ablate::ablate(&session, args),
        #[cfg(feature = "train")]
        Command::Reproduce(args) => return reproduce::reproduce(&session, args),
        Command::Inspect(args) => inspect::inspect(&session, args)?,
        Command::Synth(args) => synth::synth(&session, args)?,
        Command::Evaluate(args) => evaluate::evaluate(&session, args)?,
        Command::Refresh(args) => refresh::refresh(&session, args)?,
        Command::Forget(args) => forget::forget(&session, args)?,
        Command::Recommend(args) => recommend::recommend(&session, args)?,
        Command::Embed(args) => embed::embed(&session, args)?,
        Command::Similar(args) => similar::similar(&session, args)?,
        Command::Serve(args) => serve::serve(&session, args)?,
        Command::Negatives(args) => negatives::negatives(&session, args)?,
        #[cfg(feature = "train")]
        Command::Bench => bench::bench(&session)?,
        Command::Compare(args) => compare::compare(&session, args)?,
        Command::Completions { shell } => {
            // Into memory, for it panics where it cannot write.
            let (mut command, mut text) = (Cli::command(), Vec::new());
            clap_complete::generate(*shell, &mut command, "sagebrush", &mut text);
            output::print(text)?;
        }
    }
    Ok(None)
}
