//! `synth`: a made-up log of any size.

use rayon::prelude::*;

use super::Session;
use crate::cli::SynthArgs;
use crate::export::{Destination, LogBlock, LogFormat, LogWriter};
use crate::synth::{PowerLaw, SyntheticGraph};
use crate::terminal::count;

/// Blocks encoded at once, a thread.
const BLOCKS_PER_THREAD: usize = 4;

/// Runs `synth`: waves of blocks are made on all threads and written in order, so memory does not
/// grow with the number of edges.
pub(super) fn synth(session: &Session, args: &SynthArgs) -> anyhow::Result<()> {
    let graph = SyntheticGraph::new(PowerLaw {
        n_users: args.users,
        n_items: args.items,
        n_edges: args.edges,
        user_exponent: args.user_exponent,
        item_exponent: args.item_exponent,
        seed: args.seed,
    })?;
    let format = LogFormat::of_path(&args.out)?;
    let destination = Destination::from(&*args.out);
    let mut writer = LogWriter::create(&destination, format)?;
    let blocks: Vec<_> = graph.blocks().collect();
    for wave in blocks.chunks(BLOCKS_PER_THREAD * rayon::current_num_threads()) {
        let encode = |users: &std::ops::Range<u32>| format.encode(graph.edges_of(users.clone()));
        let encoded: Vec<LogBlock> = wave.par_iter().map(encode).collect();
        for block in &encoded {
            writer.write(block)?;
        }
        if writer.is_closed() {
            break;
        }
    }
    writer.finish()?;
    if destination == Destination::Stdout {
        return Ok(());
    }
    if session.json {
        return session.print_json(&serde_json::json!({
            "out": destination.to_string(), "users": args.users, "items": args.items,
            "edges": args.edges, "seed": args.seed,
        }));
    }
    session.say(&format!(
        "{} users, {} items, {} interactions in {destination}",
        count(args.users.into()),
        count(args.items.into()),
        count(args.edges),
    ));
    Ok(())
}
