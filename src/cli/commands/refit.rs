//! `refit`: trains the model of a finished run again, on more data, into a run of its own.

use serde_json::json;

use super::{report_data, train};
use crate::cli::args::RefitArgs;
use crate::cli::report;
use crate::cli::session::Session;
use crate::error::Result;
use crate::failure::Failure;
use crate::finished::{OpenRun, Seen};
use crate::fitting::refit::{self, COMMAND, ToRefit};
use crate::machine;
use crate::run::{File, Replace, RunWriter};
use crate::split::RefitOn;

/// Runs `refit`; an interrupt is a failure with its own exit code.
pub(super) fn refit(session: &Session, args: &RefitArgs) -> Result<Option<Failure>> {
    let asked = ToRefit {
        run: &args.run,
        on: match args.all {
            true => RefitOn::Everything,
            false => RefitOn::TrainingAndValidation,
        },
        out: &args.out,
        replace: match args.overwrite {
            true => Replace::Any,
            false => Replace::Nothing,
        },
    };
    let Some((config, refitted)) = refit::refit(session, &asked)? else {
        return Ok(Some(Failure::Interrupted));
    };
    write_report(args)?;
    let out = args.out.display();
    if session.json {
        session.print_json(&json!({
            "run": args.out,
            "of": args.run,
            "model": config.model.name,
            "refit": train::refit_json(&refitted),
            "peak_memory_bytes": machine::peak_bytes(),
        }))?;
        return Ok(None);
    }
    let next = match args.all {
        true => format!("sagebrush recommend --run {out} --all --out lists.csv"),
        false => format!("sagebrush evaluate --run {out}"),
    };
    session.say(&format!(
        "trained on {}; the run is in {out}\nnext: {next}",
        refitted.refit.line()
    ));
    Ok(None)
}

/// The report of a run that carries the figures of the one before it.
fn write_report(args: &RefitArgs) -> Result<()> {
    let mut writer = RunWriter::open(&args.out, COMMAND)?;
    if !writer.has(File::Evaluation) {
        return Ok(());
    }
    let run = OpenRun::open(&args.out, Seen::BeforeTest)?;
    let page = report::render(&report_data::of_refit(&run)?)?;
    Ok(writer.write_report(&page)?)
}
