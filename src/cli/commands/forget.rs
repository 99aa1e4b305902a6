//! `forget`: takes users and items out of a run for good.

use std::path::PathBuf;

use serde_json::json;

use crate::cli::args::ForgetArgs;
use crate::cli::session::Session;
use crate::config::RunConfig;
use crate::data::{DataError, IdMap, Place, Role, read_key_list};
use crate::error::{Result, Usage};
use crate::finished::{self, Forgot};
use crate::numbers::counted;
use crate::observer::remark;
use crate::run::{Beside, RunDir, beside};

/// Runs `forget`.
pub(super) fn forget(session: &Session, args: &ForgetArgs) -> Result<()> {
    let dir = RunDir::open(&args.run)?;
    let name = args.run.join("config.toml").display().to_string();
    let columns = RunConfig::from_toml(&name, &dir.config()?)?.data.columns;
    let users = keys(
        &args.users,
        &args.users_files,
        Role::User,
        columns.user,
        &dir.users()?,
    )?;
    let items = keys(
        &args.items,
        &args.items_files,
        Role::Item,
        columns.item,
        &dir.items()?,
    )?;
    drop(dir);
    let list = beside(&args.run, Beside::Forgotten);
    if users.is_empty() && items.is_empty() && !list.exists() {
        return Err(Usage(
            "name whom or what to forget, as in `sagebrush forget --run my-run --user 42`"
                .to_owned(),
        )
        .into());
    }
    let done = finished::forget(session, &args.run, &users, &items)?;
    for key in done.unknown.iter().take(5) {
        remark(
            session,
            &format!("the run does not know `{key}`: it is on the list all the same"),
        );
    }
    if session.json {
        return session.print_json(&json!({ "run": args.run, "list": list, "forgotten": done }));
    }
    session.say(&told(&done, args, &list.display().to_string()));
    Ok(())
}

/// The keys of flags and files, each once.
fn keys(
    named: &[String],
    files: &[PathBuf],
    role: Role,
    column: Option<String>,
    known: &IdMap,
) -> Result<Vec<String>> {
    let mut keys: Vec<String> = named.iter().map(|key| key.trim().to_owned()).collect();
    let own: Vec<&str> = column.iter().map(String::as_str).collect();
    for path in files {
        let of_file = read_key_list(path, role, &own, known)?;
        if of_file.is_empty() {
            let place = Place::whole(&path.display().to_string());
            return Err(DataError::Empty { place }.into());
        }
        keys.extend(of_file);
    }
    if keys.iter().any(String::is_empty) {
        return Err(Usage("a key is empty: name a user or an item".to_owned()).into());
    }
    let mut taken = std::collections::HashSet::new();
    keys.retain(|key| taken.insert(key.clone()));
    Ok(keys)
}

fn told(done: &Forgot, args: &ForgetArgs, list: &str) -> String {
    let run = args.run.display();
    let kept = match done.kept {
        0 => String::new(),
        n => format!(", and {} from what a service kept", counted(n, "line")),
    };
    match done.users + done.items + done.kept {
        0 => format!("{run} holds nothing of what is on {list}"),
        _ => format!(
            "{}, {} and {} taken out of {run}{kept}; trainings that read {list} leave them out",
            counted(done.users, "user"),
            counted(done.items, "item"),
            counted(done.interactions, "interaction"),
        ),
    }
}
