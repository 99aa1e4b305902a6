//! Kills during exports, and readers who look meanwhile: there is the earlier version or the new one, whole, and the same
//! export again brings the new one.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::{train, trained};
use crate::data::Workspace;

/// Kills of each kind of export, at moments spread over its life.
const KILLS: u32 = 5;
/// Looks of a reader while exports go on, at least.
const LOOKS: u32 = 10;

/// Runs an export of one run to its end, then kills exports of another one; `read` gives what a reader finds.
fn survive(work: &Workspace, to: &str, more: &[&str], read: &(dyn Fn() -> Vec<String> + Sync)) {
    survive_with(work, to, more, &[], read);
}

/// The same with variables of the environment.
fn survive_with(
    work: &Workspace,
    to: &str,
    more: &[&str],
    variables: &[(&str, String)],
    read: &(dyn Fn() -> Vec<String> + Sync),
) {
    let export = |run: &str| {
        let mut program =
            work.program(&[&["export", "--run", run, "--to", to, "-q"][..], more].concat());
        program.envs(variables.iter().cloned());
        program
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null());
        program
    };
    let finish = |run: &str| assert!(export(run).status().unwrap().success(), "{to}: {run}");
    let started = Instant::now();
    finish("other");
    let takes = started.elapsed();
    let of_other = read();
    finish("run");
    let of_run = read();
    assert!(of_run != of_other && !of_run.is_empty());
    let is_whole = |found: &Vec<String>| *found == of_run || *found == of_other;
    for kill in 0..KILLS {
        let run = ["other", "run"][kill as usize % 2];
        let mut child = export(run).spawn().unwrap();
        std::thread::sleep(takes * (2 * kill + 1) / (2 * KILLS));
        // One that has ended is none to kill.
        let _ = child.kill();
        child.wait().unwrap();
        assert!(is_whole(&read()), "{to}: half a version after kill {kill}");
        finish(run);
        assert!(
            read() == [&of_other, &of_run][kill as usize % 2].clone(),
            "{to}: after kill {kill}"
        );
    }
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Exports until a reader has looked often enough.
        let exports = scope.spawn(|| {
            while !over.load(Ordering::Relaxed) {
                finish("other");
                finish("run");
            }
        });
        let began = Instant::now();
        for looks in 0.. {
            assert!(is_whole(&read()), "{to}: half a version");
            if (looks >= LOOKS && began.elapsed() > 2 * takes) || exports.is_finished() {
                break;
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        over.store(true, Ordering::Relaxed);
    });
    assert!(read() == of_run);
}

fn two_runs() -> Workspace {
    let work = trained();
    train(&work, "other", "2");
    work
}

#[test]
fn files_survive() {
    let work = two_runs();
    let text = |bytes: Vec<u8>| vec![blake3::hash(&bytes).to_string()];
    survive(&work, "lists.parquet", &["-k", "5"], &|| {
        text(work.read("lists.parquet"))
    });
    survive(&work, "items.safetensors", &[], &|| {
        text(work.read("items.safetensors"))
    });
    // Two files: the keys name the table that they belong to, and a reader who finds another looks again.
    survive(&work, "items.npy", &[], &|| {
        let began = Instant::now();
        loop {
            let (table, keys) = (work.read("items.npy"), work.read("items.keys.json"));
            let keys: serde_json::Value = serde_json::from_slice(&keys).unwrap();
            let hash = sha256(&table);
            // A kill between the two leaves them apart until the export is run again.
            if keys["sha256"] == hash || began.elapsed() > Duration::from_millis(200) {
                return vec![hash];
            }
        }
    });
    let leftovers = std::fs::read_dir(work.dir.path()).unwrap();
    let names = leftovers.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let left = names.filter(|name| name.starts_with(".sagebrush-")).count();
    assert!(left <= 3 * KILLS as usize, "{left} files of killed exports");
}

fn sha256(bytes: &[u8]) -> String {
    use std::io::Write;
    let mut child = std::process::Command::new("sha256sum")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(bytes).unwrap();
    let output = child.wait_with_output().unwrap();
    String::from_utf8(output.stdout).unwrap()[..64].to_owned()
}

#[cfg(feature = "cloud")]
#[test]
fn objects_survive() {
    let Some(moto) = crate::cloud::Moto::start() else {
        return;
    };
    let work = two_runs();
    let url = "s3://logs/lists.parquet";
    let read = || vec![blake3::hash(&moto.get(url)).to_string()];
    survive_with(&work, url, &["-k", "5"], &moto.environment(), &read);
}

#[cfg(feature = "postgres")]
#[test]
fn postgres_survives() {
    let Some(server) = super::servers::Postgres::with_pgvector() else {
        return;
    };
    server.sql("CREATE EXTENSION vector");
    let work = two_runs();
    // All three tables in one statement: they are of one version.
    let read = "SELECT md5(string_agg(l::text, '|' ORDER BY l.user_id, l.rank)) FROM sagebrush_lists l \
        UNION ALL SELECT md5(string_agg(i::text, '|' ORDER BY i.item_id)) FROM sagebrush_items i \
        UNION ALL SELECT md5(string_agg(u::text, '|' ORDER BY u.user_id)) FROM sagebrush_users u";
    let what = ["--what", "lists,items,users", "-k", "5"];
    survive(&work, &server.url(), &what, &|| {
        server.sql(read).lines().map(str::to_owned).collect()
    });
    let tables = "SELECT count(*) FROM pg_tables WHERE schemaname = 'public'";
    assert_eq!(server.sql(tables), "3\n", "nothing of killed exports");
}

#[cfg(feature = "redis")]
#[test]
fn redis_survives() {
    let Some(server) = super::servers::Redis::start() else {
        return;
    };
    let work = two_runs();
    let users: Vec<String> = (0..120).map(|user| format!("user-{user}")).collect();
    survive(&work, &server.url(), &["-k", "5"], &|| {
        // As a reader does: the pointer, then lists of that version.
        let version = server.ask(&["GET", "sagebrush:current"]).concat();
        let keys: Vec<String> = users
            .iter()
            .map(|user| format!("sagebrush:{version}:user:{user}"))
            .collect();
        let ask: Vec<&str> = std::iter::once("MGET")
            .chain(keys.iter().map(String::as_str))
            .collect();
        server.ask(&ask)
    });
    // Of both runs, each with the lists of 120 users, a pointer, and two keys more each.
    assert_eq!(server.ask(&["DBSIZE"]), ["245"]);
}
