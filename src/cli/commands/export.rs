//! `export`: a run into a database, an object store or a file.

use std::time::Instant;

use serde_json::json;

use super::item_choice;
use crate::cli::args::{ColumnsArg, ExportArgs, IndexArg, WhatArg};
use crate::cli::session::Session;
use crate::cli::terminal::{Align, Style, Table, count};
use crate::config::DeviceName;
use crate::error::{Result, Usage};
use crate::finished::{OpenRun, Seen, refuse_listed};
use crate::run::id_of_run;
use crate::stores::{Address, Layout, Part, Source, Store, StoreError, What};

/// Items of a list, where no number is asked for.
const K: u32 = 10;
/// What tables and keys begin with, where no name is asked for.
const NAME: &str = "sagebrush";
/// Minutes that Redis keeps the lists of earlier versions.
const KEEP_OLD_MINUTES: u32 = 60;

/// Runs `export`.
pub(super) fn export(session: &Session, args: &ExportArgs) -> Result<()> {
    let began = Instant::now();
    let address = Address::parse(&args.to)?;
    let what = what(args, &address);
    check_flags(args, &address, &what)?;
    let layout = Layout {
        name: args.name.clone().unwrap_or_else(|| NAME.to_owned()),
        is_wide: args.columns == Some(ColumnsArg::Wide),
        has_hnsw: args.index == Some(IndexArg::Hnsw),
        keep_old_s: 60 * u64::from(args.keep_old.unwrap_or(KEEP_OLD_MINUTES)),
    };
    refuse_listed(&args.run)?;
    let id = id_of_run(&args.run);
    let run = OpenRun::open(&args.run, Seen::Everything)?;
    if id_of_run(&args.run) != id {
        return Err(StoreError::Busy {
            place: args.run.display().to_string(),
            reason: "another run took its place while it was opened".to_owned(),
        }
        .into());
    }
    let mut store = Store::open(&address, &what, layout, session)?;
    let device = args.device.as_deref().and_then(DeviceName::from_name);
    let has_lists = what.contains(&What::Lists);
    let run = match has_lists {
        true => run.rank_on(session, device)?,
        false => run,
    };
    let k = args.k.unwrap_or(K) as usize;
    let options = item_choice::options(session, &run, &args.items, k)?
        .including_seen(args.include_seen)
        .reranked(args.rerank.settings());
    let n_items = run.recommender.items().len();
    if has_lists {
        item_choice::remark_on_k(session, k, n_items, "items");
    }
    let source = Source {
        recommender: &run.recommender,
        options: &options,
        run: id.unwrap_or_default(),
        model: run.config.model.name.to_string(),
    };
    let parts = match args.dry_run {
        true => store.plan(&source, &what)?,
        false => store.write(&source, &what, session)?,
    };
    tell(session, args, &address, &source.run, &parts, began)
}

/// What to export: what is asked for, or what suits the place.
fn what(args: &ExportArgs, address: &Address) -> Vec<What> {
    let mut what: Vec<What> = Vec::new();
    for asked in &args.what {
        let asked = match asked {
            WhatArg::Lists => What::Lists,
            WhatArg::Items => What::Items,
            WhatArg::Users => What::Users,
        };
        if !what.contains(&asked) {
            what.push(asked);
        }
    }
    if what.is_empty() {
        what.push(match address.ending() {
            Some("npy" | "safetensors") => What::Items,
            _ => What::Lists,
        });
    }
    what
}

/// Refuses what would have no effect.
fn check_flags(args: &ExportArgs, address: &Address, what: &[What]) -> Result<()> {
    let is_postgres = matches!(address, Address::Postgres(_));
    let is_redis = matches!(address, Address::Redis(_));
    let has_lists = what.contains(&What::Lists);
    let items = &args.items;
    let of_lists = args.k.is_some()
        || args.include_seen
        || args.device.is_some()
        || !items.only.is_empty()
        || !items.exclude.is_empty()
        || items.category.is_some()
        || !args.rerank.settings().is_none();
    let faults = [
        (
            args.name.is_some() && !is_postgres && !is_redis,
            "`--name` is for PostgreSQL and Redis",
        ),
        (
            args.index.is_some() && !is_postgres,
            "`--index` is for PostgreSQL",
        ),
        (
            args.index == Some(IndexArg::Hnsw) && !what.contains(&What::Items),
            "`--index hnsw` is over the vectors of items: add `--what items`",
        ),
        (
            args.keep_old.is_some() && !is_redis,
            "`--keep-old` is for Redis",
        ),
        (
            args.columns.is_some() && address.ending() != Some("parquet"),
            "`--columns` is for vectors in Parquet",
        ),
        (
            of_lists && !has_lists,
            "`-k` and what else shapes lists needs `--what lists`",
        ),
    ];
    match faults.iter().find(|(is_fault, _)| *is_fault) {
        Some((_, text)) => Err(Usage((*text).to_owned()).into()),
        None => Ok(()),
    }
}

fn tell(
    session: &Session,
    args: &ExportArgs,
    address: &Address,
    run: &str,
    parts: &[Part],
    began: Instant,
) -> Result<()> {
    let seconds = began.elapsed().as_secs_f64();
    if session.json {
        return session.print_json(&json!({
            "to": address.to_string(), "run": run, "dry_run": args.dry_run, "parts": parts, "seconds": seconds,
        }));
    }
    let rows = if args.dry_run {
        "rows, at most"
    } else {
        "rows"
    };
    let mut table = Table::new([
        ("what", Align::Left),
        ("where", Align::Left),
        (rows, Align::Right),
        ("each", Align::Left),
        ("before", Align::Left),
    ]);
    for part in parts {
        table.row([
            part.what.name().to_owned(),
            part.place.clone(),
            count(part.rows as u64),
            part.form.clone(),
            if part.replaces { "replaced" } else { "nothing" }.to_owned(),
        ]);
    }
    session.print(&table.render(Style::of_stdout()))?;
    match args.dry_run {
        true => session.say("nothing was written: `--dry-run`"),
        false => session.say(&format!("run {run}, {seconds:.1} s")),
    }
    Ok(())
}
