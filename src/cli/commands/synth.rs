//! `synth`: a synthetic log of any size.

use rayon::prelude::*;

use crate::cli::args::SynthArgs;
use crate::cli::session::Session;
use crate::cli::terminal::count;
use crate::error::{Result, Usage};
use crate::export::{
    Destination, ExportError, LogBlock, LogFormat, LogWriter, write_npy, write_with,
};
use crate::synth::{PinBoards, Pins, PowerLaw, SyntheticGraph};

/// Users whose boards are made at once.
const USERS_AT_ONCE: usize = 4096;
/// 2026-01-01.
const FIRST_SECOND: i64 = 1_767_225_600;
/// Blocks encoded at once, a thread.
const BLOCKS_PER_THREAD: usize = 4;

/// Runs `synth`: waves of blocks are made on all threads and written in order, so memory does not
/// grow with the number of edges.
pub(super) fn synth(session: &Session, args: &SynthArgs) -> Result<()> {
    if args.pins {
        return pins(session, args);
    }
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

/// Pins and boards, in a folder of their own.
fn pins(session: &Session, args: &SynthArgs) -> Result<()> {
    let share = |name: &str, value: f32| match (0.0..=1.0).contains(&value) {
        true => Ok(value),
        false => Err(Usage(format!(
            "`--{name}` is {value}; a share lies in [0, 1]"
        ))),
    };
    if !(args.picture_noise >= 0.0 && args.picture_noise.is_finite()) {
        return Err(Usage("`--picture-noise` is a number, 0 or more".to_owned()).into());
    }
    let boards = PinBoards::new(Pins {
        n_users: args.users,
        n_items: args.items,
        per_user: per_user(args)?,
        n_topics: args.topics,
        width: args.picture_width,
        picture_noise: args.picture_noise,
        word_noise: share("word-noise", args.word_noise)?,
        edge_noise: share("edge-noise", args.edge_noise)?,
        seed: args.seed,
    })?;
    let in_folder = |name: &str| Destination::File(args.out.join(name));
    std::fs::create_dir_all(&args.out).map_err(|source| ExportError::Create {
        path: args.out.display().to_string(),
        source,
    })?;
    let pins = boards.pins();
    write_with(&in_folder("items.csv"), |out| {
        writeln!(out, "item_id,title,topic")?;
        let mut rows = (0..).zip(pins);
        rows.try_for_each(|(item, pin): (u32, _)| {
            writeln!(out, "{item},{},topic-{}", pin.title, pin.topic)
        })
    })?;
    let pictures = pins.iter().map(|pin| &pin.picture[..]);
    let width = args.picture_width as usize;
    write_npy(&in_folder("pictures.npy"), pins.len(), width, pictures)?;
    let mut n_edges = 0;
    write_with(&in_folder("log.csv"), |out| {
        writeln!(out, "user_id,item_id,timestamp")?;
        for first in (0..args.users).step_by(USERS_AT_ONCE) {
            let users = first..args.users.min(first.saturating_add(USERS_AT_ONCE as u32));
            let boards: Vec<Vec<u32>> = users
                .clone()
                .into_par_iter()
                .map(|user| boards.board(user))
                .collect();
            for (user, board) in users.zip(boards) {
                n_edges += board.len() as u64;
                for (place, item) in board.into_iter().enumerate() {
                    // Somewhere in a year, in the order of the picks.
                    let time = FIRST_SECOND + (place as i64) * 86_400 + i64::from(user % 86_400);
                    writeln!(out, "{user},{item},{time}")?;
                }
            }
        }
        Ok(())
    })?;
    if session.json {
        return session.print_json(&serde_json::json!({
            "out": args.out, "users": args.users, "items": args.items, "edges": n_edges, "seed": args.seed,
        }));
    }
    session.say(&format!(
        "{} users, {} items of {} topics, {} interactions in {out}\nnext: sagebrush train {out}/log.csv --items \
         {out}/items.csv --model pinsage --set 'features.vectors=[\"{out}/pictures.npy\"]' --split cold-start-item --out my-run",
        count(args.users.into()),
        count(args.items.into()),
        args.topics,
        count(n_edges),
        out = args.out.display(),
    ));
    Ok(())
}

/// Interactions of a user.
fn per_user(args: &SynthArgs) -> Result<u32> {
    let per_user = args.edges / u64::from(args.users.max(1));
    match u32::try_from(per_user) {
        Ok(per_user) => Ok(per_user.max(1)),
        Err(_) => Err(Usage(format!(
            "`--edges {}` is {per_user} interactions a user; give at most {}",
            args.edges,
            u32::MAX
        ))
        .into()),
    }
}
