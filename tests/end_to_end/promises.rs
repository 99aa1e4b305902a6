//! What must hold to the bit: threads, row order, the locked test set, a kill at any moment.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::data::{Workspace, log_csv, quick};

fn model(work: &Workspace, run: &str) -> Vec<u8> {
    work.read(&format!("{run}/model.safetensors"))
}

/// Settings under which an epoch's costs decide the temperatures of the next.
const ADAPTIVE: [&str; 14] = [
    "--set",
    "loss.kind=softmax",
    "--set",
    "loss.cosine=true",
    "--set",
    "loss.adaptive_temperature=true",
    "--set",
    "loss.l2_rows=all-layers",
    "--set",
    "sampling.in_batch=true",
    "--set",
    "sampling.negatives=0",
    "--set",
    "sampling.positives=by-edge",
];

#[test]
fn the_thread_count_changes_no_bit() {
    let work = Workspace::new();
    for (model, settings) in [
        ("lightgcn", &[][..]),
        ("lightgcn", &ADAPTIVE),
        ("ngcf-official", &[]),
    ] {
        let run = |threads: &str| format!("{model}-{}-{threads}", settings.len());
        for threads in ["1", "2"] {
            let out = run(threads);
            let mut arguments = quick("log.csv", &out);
            arguments.extend(["--threads", threads]);
            arguments.extend(settings);
            arguments[5] = model;
            work.succeed(&arguments);
        }
        let runs = ["1", "2"].map(|threads| self::model(&work, &run(threads)));
        assert!(
            runs[0] == runs[1],
            "{model}: the same bytes with one thread and with two"
        );
    }
}

#[test]
fn the_order_of_the_rows_changes_no_bit() {
    let work = Workspace::new();
    let log = log_csv();
    let (header, rows) = log.split_once('\n').unwrap();
    let mut reversed: Vec<&str> = rows.lines().rev().collect();
    reversed.insert(0, header);
    work.write("reversed.csv", reversed.join("\n").as_bytes());
    work.succeed(&quick("log.csv", "a"));
    work.succeed(&quick("reversed.csv", "b"));
    assert_eq!(model(&work, "a"), model(&work, "b"));
}

/// The users of the test edges are permuted; nothing the model is trained on may notice.
#[test]
fn permuting_the_test_edges_leaves_the_model_identical() {
    let work = Workspace::new();
    let log = log_csv();
    let rows: Vec<Vec<&str>> = log
        .lines()
        .skip(1)
        .map(|row| row.split(',').collect())
        .collect();
    let is_test = |i: usize| i.is_multiple_of(5);
    let train: Vec<String> = (0..rows.len())
        .filter(|&i| !is_test(i))
        .map(|i| rows[i].join(","))
        .collect();
    let test: Vec<&Vec<&str>> = (0..rows.len())
        .filter(|&i| is_test(i))
        .map(|i| &rows[i])
        .collect();
    let write_test = |name: &str, shift: usize| {
        let lines: Vec<String> = (0..test.len())
            .map(|i| {
                let user = test[(i + shift) % test.len()][0];
                format!("{user},{},{},{}", test[i][1], test[i][2], test[i][3])
            })
            .collect();
        let text = format!("user_id,item_id,rating,timestamp\n{}\n", lines.join("\n"));
        work.write(name, text.as_bytes());
    };
    let text = format!("user_id,item_id,rating,timestamp\n{}\n", train.join("\n"));
    work.write("train.csv", text.as_bytes());
    write_test("test.csv", 0);
    write_test("permuted.csv", 37);
    for (test, out) in [("test.csv", "a"), ("permuted.csv", "b")] {
        let mut arguments = quick("train.csv", out);
        arguments.extend(["--test", test]);
        work.succeed(&arguments);
    }
    assert_eq!(model(&work, "a"), model(&work, "b"));
    assert_ne!(
        work.read("a/test.safetensors"),
        work.read("b/test.safetensors")
    );
}

/// `kill -9` at twenty moments spread over a whole run, then `--resume`: the same bytes as without.
#[cfg(unix)]
#[test]
fn a_killed_run_resumes_to_the_same_bytes() {
    const KILLS: u32 = 20;
    const MAX_ATTEMPTS: u32 = 100;
    let work = Workspace::new();
    let started = Instant::now();
    work.succeed(&quick("log.csv", "whole"));
    let mut whole = started.elapsed();
    let expected = model(&work, "whole");
    let mut killed = 0;
    for attempt in 0..MAX_ATTEMPTS {
        if killed == KILLS {
            break;
        }
        let out = format!("killed-{attempt}");
        let mut child = Command::new(env!("CARGO_BIN_EXE_sagebrush"))
            .args(quick("log.csv", &out))
            .current_dir(work.dir.path())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // The golden ratio's multiples spread evenly over the run, however many are needed.
        let moment = (f64::from(attempt) * 0.618_034).fract();
        std::thread::sleep(whole.mul_f64(moment));
        let alive = child.try_wait().unwrap().is_none();
        child.kill().unwrap();
        child.wait().unwrap();
        if !alive {
            whole = whole.mul_f64(0.9);
            continue;
        }
        killed += 1;
        if work.path(&out).join("config.toml").exists() {
            work.succeed(&["train", "--resume", &out, "-q"]);
        } else {
            work.succeed(&[quick("log.csv", &out), vec!["--overwrite"]].concat());
        }
        assert!(
            model(&work, &out) == expected,
            "killed after {moment:.3} of the run: the same bytes"
        );
    }
    assert_eq!(
        killed, KILLS,
        "runs that were still alive when the signal came"
    );
}

/// An interrupt is caught between two steps, most likely in the middle of an epoch.
#[cfg(unix)]
#[test]
fn an_interrupted_run_exits_130_and_resumes_to_the_same_bytes() {
    interrupt_and_resume(&[]);
}

/// Temperatures follow from the costs of the epoch before, and those of the next from the costs up to the interrupt.
#[cfg(unix)]
#[test]
fn an_interrupted_run_keeps_the_costs_of_its_users() {
    interrupt_and_resume(&ADAPTIVE);
}

#[cfg(unix)]
fn interrupt_and_resume(settings: &[&'static str]) {
    let work = Workspace::new();
    let long = |out| {
        let mut arguments = quick("log.csv", out);
        let epochs = arguments.iter().position(|a| *a == "--epochs").unwrap();
        arguments[epochs + 1] = "300";
        arguments.extend(["--set", "training.patience=0"]);
        arguments.extend(settings);
        arguments
    };
    let mut child = Command::new(env!("CARGO_BIN_EXE_sagebrush"))
        .args(long("run"))
        .current_dir(work.dir.path())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let deadline = Instant::now() + Duration::from_secs(120);
    while !work.path("run/metrics.jsonl").exists() && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(5));
    }
    let signal = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status()
        .unwrap();
    assert!(signal.success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
    assert!(
        !work.path("run/MANIFEST.json").exists(),
        "an interrupted run is unfinished"
    );
    work.succeed(&["train", "--resume", "run", "-q"]);
    work.succeed(&long("whole"));
    assert_eq!(model(&work, "run"), model(&work, "whole"));
}
