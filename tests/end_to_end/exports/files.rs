//! Exports to files: what other tools read there, and that the same export writes the same bytes.

use super::servers::python;
use super::{assert_same, lists_of, recommended, trained};
use crate::data::Workspace;

fn export(work: &Workspace, to: &str, more: &[&str]) {
    work.succeed(&[&["export", "--run", "run", "--to", to, "-q"][..], more].concat());
}

#[test]
fn lists_are_the_bytes_of_recommend() {
    let work = trained();
    let options = &["-k", "4", "--damp-popularity", "0.2"];
    for name in ["lists.csv", "lists.jsonl", "lists.parquet"] {
        export(&work, name, options);
        let of_recommend = format!("other-{name}");
        let recommend = [
            "recommend",
            "--run",
            "run",
            "--all",
            "--out",
            &of_recommend,
            "-q",
        ];
        work.succeed(&[&recommend[..], options].concat());
        assert_eq!(work.read(name), work.read(&of_recommend), "{name}");
    }
    let summary = work.json(&["export", "--run", "run", "--to", "lists.parquet", "-k", "4"]);
    assert_eq!(summary["parts"][0]["rows"], 480);
    assert_eq!(summary["parts"][0]["replaces"], true);
    let planned = work.json(&["export", "--run", "run", "--to", "new.parquet", "--dry-run"]);
    assert_eq!(
        (&planned["dry_run"], &planned["parts"][0]["replaces"]),
        (&true.into(), &false.into())
    );
    assert!(!work.path("new.parquet").exists());
}

/// Reads every form of vectors, and prints the best five items of each user by inner product.
const READ: &str = r#"
import hashlib, json
import numpy as np
import pyarrow.parquet as pq
from safetensors import safe_open
from safetensors.numpy import load_file

keys = json.load(open("items.keys.json"))
items = np.load("items.npy")
assert hashlib.sha256(open("items.npy", "rb").read()).hexdigest() == keys["sha256"]
assert items.dtype == np.float32 and items.shape == (keys["rows"], keys["dim"]) == (60, 9)
ids = keys["keys"]
assert all(isinstance(key, int) for key in ids)

table = pq.read_table("items.parquet")
assert str(table.schema.field("embedding").type).startswith("fixed_size_list<") and table["id"].to_pylist() == ids
assert (np.stack(table["embedding"].to_numpy(zero_copy_only=False)) == items).all()
wide = pq.read_table("wide.parquet")
assert wide.column_names == ["id"] + [f"e{at}" for at in range(9)]
assert (np.stack([wide[f"e{at}"].to_numpy() for at in range(9)], axis=1) == items).all()
tensors = load_file("items.safetensors")
assert (tensors["vectors"] == items).all() and tensors["ids"].tolist() == ids

users = load_file("users.safetensors")["vectors"]
with safe_open("users.safetensors", "numpy") as file:
    names = json.loads(file.metadata()["ids"])
scores = users @ items.T
for user, row in zip(names, scores):
    for at in np.argsort(-row, kind="stable")[:5]:
        print(user, ids[at], row[at], sep="\t")
"#;

#[test]
fn vectors_read_elsewhere_rank_as_recommend_does() {
    let work = trained();
    export(&work, "items.npy", &[]);
    export(&work, "items.safetensors", &[]);
    export(&work, "items.parquet", &["--what", "items"]);
    export(
        &work,
        "wide.parquet",
        &["--what", "items", "--columns", "wide"],
    );
    export(&work, "users.safetensors", &["--what", "users"]);
    let files = [
        "items.npy",
        "items.keys.json",
        "items.safetensors",
        "wide.parquet",
        "users.safetensors",
    ];
    let before: Vec<Vec<u8>> = files.iter().map(|name| work.read(name)).collect();
    export(&work, "items.npy", &[]);
    export(&work, "users.safetensors", &["--what", "users"]);
    let after: Vec<Vec<u8>> = files.iter().map(|name| work.read(name)).collect();
    assert!(before == after, "the same bytes");
    let Some(found) = python(work.dir.path(), READ) else {
        return;
    };
    let (mut lists, known) = recommended(&work, &["--run", "run", "-k", "5", "--include-seen"]);
    lists.retain(|user, _| known.contains(user));
    assert_same(&lists_of(&found), &lists);
}

/// Loads both forms into Qdrant's engine, and prints the best five items of each user.
const QDRANT: &str = r#"
import json
import numpy as np
import pyarrow.parquet as pq
from qdrant_edge import Distance, EdgeConfig, EdgeShard, EdgeVectorParams, Point, Query, QueryRequest, UpdateOperation

def shard(folder, ids, vectors):
    import os
    os.mkdir(folder)
    config = EdgeConfig(vectors=EdgeVectorParams(size=len(vectors[0]), distance=Distance.Dot))
    shard = EdgeShard.create(folder, config)
    points = [Point(int(key), list(map(float, row)), {}) for key, row in zip(ids, vectors)]
    shard.update(UpdateOperation.upsert_points(points))
    return shard

table = pq.read_table("items.parquet")
first = shard("first", table["id"].to_pylist(), table["embedding"].to_pylist())
second = shard("second", json.load(open("items.keys.json"))["keys"], np.load("items.npy"))
users = pq.read_table("users.parquet")
for name, vector in zip(users["id"].to_pylist(), users["embedding"].to_pylist()):
    ask = QueryRequest(query=Query.Nearest(vector), limit=5)
    found, again = ([(point.id, point.score) for point in shard.query(ask)] for shard in (first, second))
    assert found == again
    for item, score in found:
        print(name, item, score, sep="\t")
"#;

#[test]
fn qdrant_ranks_as_recommend_does() {
    let work = trained();
    export(&work, "items.npy", &[]);
    for what in ["items", "users"] {
        export(&work, &format!("{what}.parquet"), &["--what", what]);
    }
    let Some(found) = python(work.dir.path(), QDRANT) else {
        return;
    };
    let (mut lists, known) = recommended(&work, &["--run", "run", "-k", "5", "--include-seen"]);
    lists.retain(|user, _| known.contains(user));
    assert_same(&lists_of(&found), &lists);
}

#[test]
fn users_of_whom_nothing_is_known_have_no_vector() {
    let work = Workspace::new();
    // The newest fifth is the test part, and `late` is in it alone.
    let log = String::from_utf8(work.read("log.csv")).unwrap()
        + "late,3,5,1900000000\nlate,4,5,1900000001\n";
    work.write("log.csv", log.as_bytes());
    super::train(&work, "run", "1");
    work.succeed(&[
        "export",
        "--run",
        "run",
        "--to",
        "users.jsonl",
        "--what",
        "users",
        "-q",
    ]);
    let text = String::from_utf8(work.read("users.jsonl")).unwrap();
    let (_, known) = recommended(&work, &["--run", "run", "-k", "1"]);
    assert!(!known.contains(&"late".to_owned()) && !text.contains("\"late\""));
    assert_eq!(text.lines().count(), known.len());
    let output = work.succeed(&[
        "export",
        "--run",
        "run",
        "--to",
        "users.jsonl",
        "--what",
        "users",
    ]);
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("users have no vector here"), "{said}");
}

#[test]
fn scorers_without_vectors_name_their_lists() {
    let work = Workspace::new();
    let mlp = [
        "--dim",
        "8",
        "--epochs",
        "1",
        "--set",
        "score.kind=mlp",
        "--set",
        "prior.use=off",
    ];
    for (model, more) in [("ease", &[][..]), ("mf", &mlp)] {
        let train = ["train", "log.csv", "--model", model, "--out", model, "-q"];
        work.succeed(&[&train[..], more].concat());
        let asked = ["export", "--run", model, "--to", "items.npy"];
        work.refused(&asked, 2, "export its lists with `--what lists`");
        assert!(!work.path("items.npy").exists());
        work.succeed(&["export", "--run", model, "--to", "lists.csv", "-q"]);
    }
}

#[cfg(unix)]
#[test]
fn a_file_that_cannot_be_written_is_told() {
    let work = trained();
    work.refused(
        &["export", "--run", "run", "--to", "no/lists.csv"],
        74,
        "check that the folder exists",
    );
    work.refused(
        &[
            "export",
            "--run",
            "run",
            "--to",
            "lists.csv",
            "--only",
            "none.txt",
        ],
        66,
        "none.txt",
    );
    work.refused(
        &["export", "--run", "none", "--to", "lists.csv"],
        66,
        "there is no such run",
    );
}
