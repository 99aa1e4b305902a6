//! The command line: parse, run, and say how it ended.

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use sagebrush::cli::{Cli, Global};
use sagebrush::exit::Failure;
use tracing_subscriber::EnvFilter;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    sagebrush::allocator::keep_freed_memory();
    let cli = Cli::parse();
    start_log(&cli.global);
    if let Some(threads) = cli.global.threads {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads.into());
        if let Err(error) = pool.build_global() {
            eprintln!("error: cannot start {threads} threads: {error}");
            return Failure::Internal.into();
        }
    }
    match sagebrush::commands::run(&cli) {
        Ok(None) => ExitCode::SUCCESS,
        Ok(Some(failure)) => failure.into(),
        Err(error) => {
            eprintln!("error: {error:#}");
            Failure::of(&error).into()
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
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(level));
    let colour = std::io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none();
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_ansi(colour)
        .without_time()
        .with_target(false)
        .init();
}
