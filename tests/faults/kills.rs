//! Kills at random moments: whatever a run, a file or a search was in the middle of, nothing is lost.

use std::fs;
use std::time::{Duration, Instant};

use sagebrush::run::RunDir;

use crate::data::Workspace;
use crate::small::{assert_whole, bring_to_end, command, openings, results, train};

/// A linear congruential generator: the same kills each time, as far as a machine lets them be.
struct Random(u64);

impl Random {
    fn below(&mut self, n: u128) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((u128::from(self.0 >> 33) * n) >> 31) as u64
    }
}

/// What is killed, and how long it takes when it is not.
struct Victim {
    arguments: Vec<&'static str>,
    takes: Duration,
}

impl Victim {
    /// Runs it once to its end.
    fn time(work: &Workspace, arguments: &[&'static str]) -> Self {
        let started = Instant::now();
        work.succeed(arguments);
        Self {
            arguments: arguments.to_vec(),
            takes: started.elapsed(),
        }
    }

    /// Begins it, and kills it at a moment of its life.
    fn kill(&self, work: &Workspace, random: &mut Random) {
        let mut child = command(work, &self.arguments).spawn().unwrap();
        let moment = random.below(self.takes.as_micros() + 1);
        std::thread::sleep(Duration::from_micros(moment));
        // One that has ended is none to kill.
        let _ = child.kill();
        child.wait().unwrap();
    }
}

const EXPORT: [&str; 9] = [
    "recommend",
    "--run",
    "run",
    "--all",
    "-k",
    "5",
    "--out",
    "lists.csv",
    "-q",
];
const EVALUATE: [&str; 4] = ["evaluate", "--run", "run", "-q"];

/// Kills each of training, fitting, evaluation, export and search in turn, `n` times in all.
fn survive(n: usize) {
    let work = Workspace::new();
    let (mf, fitted) = (train("mf", "run"), train("gf-cf", "filter"));
    let search = [
        "tune",
        "log.csv",
        "--out",
        "search",
        "--model",
        "mf",
        "--dim",
        "4",
        "--epochs",
        "3",
        "--batch-size",
        "256",
        "--trials",
        "3",
        "--vary",
        "training.learning_rate=0.001..0.1",
        "-q",
    ];
    let victims = [
        Victim::time(&work, &mf),
        Victim::time(&work, &fitted),
        Victim::time(&work, &EVALUATE),
        Victim::time(&work, &EXPORT),
        Victim::time(&work, &search),
    ];
    let (of_run, of_filter) = (results(&work.path("run")), results(&work.path("filter")));
    let (lists, found) = (work.read("lists.csv"), trials(&work));
    let mut random = Random(11);
    let mut opened = openings(&work.path("run"));
    for at in 0..n {
        let victim = &victims[at % victims.len()];
        match at % victims.len() {
            0 => {
                fs::remove_dir_all(work.path("run")).unwrap();
                victim.kill(&work, &mut random);
                bring_to_end(&work, "run", &mf);
                opened = 0;
            }
            1 => {
                fs::remove_dir_all(work.path("filter")).unwrap();
                victim.kill(&work, &mut random);
                bring_to_end(&work, "filter", &fitted);
                assert_eq!(results(&work.path("filter")), of_filter);
            }
            2 => {
                victim.kill(&work, &mut random);
                let now = openings(&work.path("run"));
                assert!(
                    now == opened || now == opened + 1,
                    "{opened} openings, then {now}"
                );
                opened = now;
                assert_whole(&work.path("run"));
                RunDir::open(work.path("run")).unwrap();
            }
            3 => {
                work.write("lists.csv", b"old");
                victim.kill(&work, &mut random);
                let left = work.read("lists.csv");
                assert!(left == lists || left == b"old", "half an export");
            }
            _ => {
                fs::remove_dir_all(work.path("search")).unwrap();
                victim.kill(&work, &mut random);
                let resumed = command(&work, &["tune", "--resume", "search", "-q"])
                    .output()
                    .unwrap();
                if !resumed.status.success() {
                    assert!(!work.path("search/search.json").exists());
                    work.succeed(&search);
                }
                assert_eq!(trials(&work), found);
            }
        }
        assert_eq!(results(&work.path("run")), of_run, "after kill {}", at + 1);
    }
    println!("{n} of {n}");
}

/// The results of the search, without how long they took.
fn trials(work: &Workspace) -> Vec<serde_json::Value> {
    let text = String::from_utf8(work.read("search/trials.jsonl")).unwrap();
    let result = |line: &str| {
        let mut record: serde_json::Value = serde_json::from_str(line).unwrap();
        record.as_object_mut().unwrap().remove("seconds");
        record
    };
    text.lines().map(result).collect()
}

#[test]
fn five_kills_lose_nothing() {
    survive(5);
}

/// `KILLS` says how many; 200 where it does not.
#[test]
#[ignore = "200 kills take minutes; .ci/long runs it"]
fn many_kills_lose_nothing() {
    let n = std::env::var("KILLS").ok().and_then(|n| n.parse().ok());
    survive(n.unwrap_or(200));
}
