//! The program: it parses arguments, calls the library and reports the outcome. Nothing outside this folder knows it.

pub mod allocator;
pub(crate) mod args;
mod commands;
mod exit;
#[cfg(feature = "train")]
mod interrupt;
mod named_options;
mod output;
#[cfg(feature = "train")]
mod progress;
mod report;
pub mod reports;
mod reranking;
mod session;
mod setting_flags;
mod shard;
mod terminal;

use std::ffi::OsString;
use std::io::IsTerminal;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches};
use tracing_subscriber::EnvFilter;

use args::{Cli, Command, Global, LogForm};
use exit::exit_code;

use crate::failure::Failure;

/// Runs the program with its arguments, the program's own name first, and returns its exit code.
///
/// Wrong arguments and `--help` end the process, as clap does.
pub fn run(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> ExitCode {
    run_for_code(arguments).into()
}

/// [`run`] with the exit code as a number, for a host that ends the process itself.
pub fn run_for_code(arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>) -> u8 {
    allocator::keep_freed_memory();
    let mut program = Cli::command();
    let matches = program.clone().get_matches_from(arguments);
    let cli = match Cli::from_arg_matches(&matches) {
        Ok(cli) => cli,
        Err(error) => error.format(&mut program).exit(),
    };
    let command = matches.subcommand_name().unwrap_or_default();
    match &cli.command {
        Command::Serve(args) => start_service_log(&cli.global, args.log),
        _ => start_log(&cli.global),
    }
    if let Some(threads) = cli.global.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into());
        if let Err(error) = pool.build_global() {
            output::say(&format_args!(
                "error: cannot start {threads} threads: {error}"
            ));
            return exit_code(Failure::Internal);
        }
    }
    match commands::run(&cli, command) {
        Ok(None) => 0,
        Ok(Some(failure)) => exit_code(failure),
        Err(error) => {
            let message = named_options::as_said_by(command, &error.to_string());
            output::say(&format_args!("error: {message}"));
            exit_code(error.failure())
        }
    }
}

/// Remarks of the libraries and our own go to stderr; `RUST_LOG` wins over `-q` and `-v`.
fn start_log(global: &Global) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (false, 0) => "warn",
        (false, 1) => "warn,sagebrush=info",
        (false, _) => "info,sagebrush=debug",
    };
    tracing_subscriber::fmt()
        .with_env_filter(filter(level))
        .with_writer(|| output::Remarks)
        .log_internal_errors(false)
        .with_ansi(has_colour())
        .without_time()
        .with_target(false)
        .init();
}

/// The log of a service, with times: what it serves and what it refuses; with `-v` every request.
fn start_service_log(global: &Global, form: LogForm) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (false, 0) => "warn,sagebrush=info",
        (false, _) => "info,sagebrush=debug",
    };
    let log = tracing_subscriber::fmt()
        .with_env_filter(filter(level))
        .with_writer(|| output::Remarks)
        .log_internal_errors(false)
        .with_target(false);
    match form {
        LogForm::Text => log.with_ansi(has_colour()).init(),
        #[cfg(feature = "serve")]
        LogForm::Json => log.json().flatten_event(true).init(),
        #[cfg(not(feature = "serve"))]
        LogForm::Json => log.with_ansi(false).init(),
    }
}

fn filter(level: &str) -> EnvFilter {
    EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level))
}

fn has_colour() -> bool {
    std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none()
}
