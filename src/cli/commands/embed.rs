//! `embed`: writes the vectors of new items or of the catalogue, for use in other search tools.

use serde_json::json;

use crate::cli::args::EmbedArgs;
use crate::cli::session::Session;
use crate::cli::terminal::count;
use crate::error::{Result, Usage};
use crate::export::{Destination, VectorFormat, write_vectors};
use crate::finished::{self, OpenRun, Seen, Sources};
use crate::observer::remark;

/// Runs `embed`.
pub(super) fn embed(session: &Session, args: &EmbedArgs) -> Result<()> {
    let destination = Destination::from(&*args.out);
    let format = VectorFormat::of(&destination)?;
    if format == VectorFormat::Npy {
        return Err(Usage(format!(
            "{destination}: such a file holds no keys; name it .parquet or .safetensors, or see `sagebrush export --what items`, which writes the keys beside it"
        ))
        .into());
    }
    destination.check()?;
    let run = OpenRun::open(&args.run, Seen::BeforeTest)?;
    let Some(items) = &args.items else {
        return write_known(session, &run, args, &destination, format);
    };
    let new = finished::embed(
        &run,
        &Sources {
            items,
            vectors: &args.vectors,
            edges: &args.edges,
        },
    )?;
    if new.keys.is_empty() {
        return Err(Usage(format!(
            "{}: the model knows every item in it already; write the known ones with `--known items`",
            items.display()
        )).into());
    }
    write_vectors(&destination, format, &new.keys, &new.vectors, new.dim)?;
    if destination == Destination::Stdout {
        return Ok(());
    }
    if session.json {
        return session.print_json(&json!({
            "out": destination.to_string(), "items": new.keys.len(), "dim": new.dim,
            "first_interactions": new.n_edges, "network_seconds": new.network_seconds,
        }));
    }
    session.say(&format!(
        "{} new items, {} floats each, in {destination}; {} first interactions used; the network took {:.1} ms",
        count(new.keys.len() as u64),
        new.dim,
        count(new.n_edges as u64),
        1e3 * new.network_seconds,
    ));
    Ok(())
}

/// The vectors of the items or users that the model was trained with.
fn write_known(
    session: &Session,
    run: &OpenRun,
    args: &EmbedArgs,
    destination: &Destination,
    format: VectorFormat,
) -> Result<()> {
    let Some(tables) = run.recommender.scorer().tables() else {
        return Err(Usage(format!(
            "{}: {} has no vectors",
            args.run.display(),
            run.config.model.name
        ))
        .into());
    };
    let users = args.known.as_deref() == Some("users");
    let (keys, table) = match users {
        true => (run.recommender.users(), tables.users()),
        false => (run.recommender.items(), tables.items()),
    };
    if users {
        let cold = (0..keys.len() as u32).filter(|&user| run.recommender.is_cold(user));
        let n = cold.count();
        if n > 0 {
            let text = format!(
                "{} users have no training interaction: their vectors were never trained",
                count(n as u64)
            );
            remark(session, &text);
        }
    }
    write_vectors(destination, format, keys, table, tables.dim())?;
    if *destination == Destination::Stdout {
        return Ok(());
    }
    let what = if users { "users" } else { "items" };
    if session.json {
        return session.print_json(&json!({
            "out": destination.to_string(), what: keys.len(), "dim": tables.dim(),
        }));
    }
    session.say(&format!(
        "{} {what}, {} floats each, in {destination}",
        count(keys.len() as u64),
        tables.dim(),
    ));
    Ok(())
}
