//! Files of items' vectors: on record with the log, and counted in the forecast of memory.

use crate::data::Workspace;
use crate::small::{assert_whole, results};

/// As NumPy writes a matrix of `<f4`, `n` rows of four floats.
fn npy(n: usize, first: f32) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({n}, 4), }}");
    while (10 + header.len() + 1) % 64 != 0 {
        header.push(' ');
    }
    header.push('\n');
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((header.len() as u16).to_le_bytes());
    bytes.extend(header.as_bytes());
    let values = (0..4 * n).map(|at| if at == 0 { first } else { (at % 7) as f32 });
    bytes.extend(values.flat_map(f32::to_le_bytes));
    bytes
}

fn workspace() -> Workspace {
    let work = Workspace::new();
    let rows = (0..60).map(|item| format!("{item},film {}\n", item / 15));
    let items: String = std::iter::once("item_id,title\n".to_owned())
        .chain(rows)
        .collect();
    work.write("items.csv", items.as_bytes());
    work.write("vectors.npy", &npy(60, 1.0));
    work
}

const SETTINGS: [&str; 18] = [
    "--items",
    "items.csv",
    "--model",
    "pinsage",
    "--split",
    "random",
    "--dim",
    "8",
    "--batch-size",
    "64",
    "--set",
    "features.width=32",
    "--set",
    "sampling.shared=10",
    "--set",
    "training.patience=0",
    "--set",
    "features.vectors=[\"vectors.npy\"]",
];

#[test]
fn a_changed_file_is_noticed_before_anything_changes() {
    let work = workspace();
    let train = [
        &["train", "log.csv", "--epochs", "2", "--out", "run", "-q"],
        &SETTINGS[..],
    ]
    .concat();
    work.succeed(&train);
    let record: serde_json::Value = serde_json::from_slice(&work.read("run/data.json")).unwrap();
    assert_eq!(record["vectors"][0]["path"], "vectors.npy");
    assert_eq!(record["vectors"][0]["bytes"], npy(60, 1.0).len());
    let before = results(&work.path("run"));
    let search = [
        &[
            "tune",
            "log.csv",
            "--epochs",
            "2",
            "--out",
            "search",
            "-q",
            "--trials",
            "2",
            "--vary",
            "loss.l2=0.1,0.2",
        ],
        &SETTINGS[..],
    ]
    .concat();
    work.succeed(&search);
    let ablate = |out| {
        let start = [
            "ablate",
            "log.csv",
            "--epochs",
            "2",
            "--out",
            out,
            "-q",
            "--variant",
            "small: model.dim=4",
        ];
        [&start[..], &SETTINGS].concat()
    };
    work.succeed(&ablate("parts"));
    work.write("vectors.npy", &npy(60, 2.0));
    let changed = "vectors.npy is not the file this run began with";
    work.refused(&["train", "--resume", "run"], 65, changed);
    assert_whole(&work.path("run"));
    assert_eq!(results(&work.path("run")), before);
    work.refused(&["tune", "--resume", "search"], 65, changed);
    let lines = work.read("search/trials.jsonl");
    work.refused(&ablate("parts"), 65, changed);
    assert_eq!(work.read("search/trials.jsonl"), lines);
    std::fs::remove_file(work.path("vectors.npy")).unwrap();
    work.refused(&["train", "--resume", "run"], 66, "vectors.npy");
    assert_whole(&work.path("run"));
    work.write("vectors.npy", &npy(60, 1.0));
    work.succeed(&["train", "--resume", "run", "-q"]);
    assert_eq!(results(&work.path("run")), before);
}

#[test]
fn vectors_beyond_the_limit_are_refused_before_the_log_is_read() {
    let work = workspace();
    work.write("vectors.npy", &vec![0; 4 << 20]);
    let train = [
        "train",
        "missing.csv",
        "--out",
        "run",
        "--memory-limit",
        "16MiB",
    ];
    work.refused(
        &[&train[..], &SETTINGS].concat(),
        2,
        "the items' vectors of 4.0 MiB",
    );
}
