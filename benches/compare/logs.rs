//! The logs that both programs read: made once, by this tree's `synth`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::child::Program;

/// Users, items, interactions and name of each log, before it is made smaller.
const LOGS: [(u32, u32, u32, &str); 4] = [
    // Steps of LightGCN and losses: tables of 4 MB.
    (10_000, 6_000, 200_000, "log.csv"),
    // Steps of NGCF, filters.
    (3_000, 2_000, 60_000, "small.csv"),
    // Ranking and evaluation: many users times many items.
    (20_000, 20_000, 300_000, "wide.csv"),
    (60_000, 40_000, 1_000_000, "read.csv"),
];
/// Users, items and interactions of the pins that PinSAGE learns from.
const PINS: (u32, u32, u32) = (3_000, 2_000, 40_000);

/// Makes all of them in a folder.
pub(crate) fn make(program: &Program, folder: &Path, smaller: u32) -> Result<(), String> {
    let synth = |options: &str, (users, items, edges): (u32, u32, u32), name: &str| {
        let (users, items, edges) = (users / smaller, items / smaller, edges / smaller);
        program.run(&format!(
            "synth {options} --users {users} --items {items} --edges {edges} --seed 1 --out ../{name}"
        ))
    };
    for (users, items, edges, name) in LOGS {
        synth("", (users, items, edges), name)?;
        if name == "read.csv" {
            synth("", (users, items, edges), "read.txt")?;
            // A program built without Parquet reads none either.
            let _ = synth("", (users, items, edges), "read.parquet");
        }
    }
    synth("--pins", PINS, "pins")?;
    let csv = fs::read_to_string(folder.join("read.csv")).map_err(|e| e.to_string())?;
    fs::write(folder.join("read.jsonl"), json_lines(&csv)).map_err(|e| e.to_string())
}

/// `synth` writes no JSON lines.
fn json_lines(csv: &str) -> String {
    let mut lines = String::with_capacity(4 * csv.len());
    for (user, item) in csv.lines().skip(1).filter_map(|line| line.split_once(',')) {
        writeln!(lines, r#"{{"user_id":{user},"item_id":{item}}}"#).unwrap();
    }
    lines
}
