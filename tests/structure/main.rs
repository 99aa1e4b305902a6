//! The structure of the crate, read from its sources: who imports whom, and what every file and every `unsafe` says.
#![allow(clippy::unwrap_used)]

mod imports;

use std::path::Path;

use imports::{MayKnow, Sources};

/// Which top-level modules of `src` a top-level module may know, from the lowest to the highest; ARCHITECTURE.md has the
/// same table with the reasons. The crate root knows all of them.
const MAY_KNOW: MayKnow<'_> = &[
    ("failure", &[]),
    ("failpoints", &[]),
    ("machine", &[]),
    ("numbers", &[]),
    ("error", &["failure"]),
    ("atomic_file", &["failpoints"]),
    ("config", &["failure"]),
    ("data", &["config", "error", "failure"]),
    ("split", &["config", "data", "failure", "numbers"]),
    ("forecast", &["config", "split"]),
    ("synth", &["failure"]),
    ("spectral", &["data", "failure"]),
    ("graph", &["config", "data", "failure", "split"]),
    (
        "features",
        &["config", "data", "error", "failure", "spectral"],
    ),
    ("sampling", &["config", "data", "graph", "split"]),
    (
        "run",
        &[
            "atomic_file",
            "data",
            "failpoints",
            "failure",
            "features",
            "graph",
        ],
    ),
    ("observer", &["run"]),
    (
        "inference",
        &["config", "data", "failure", "run", "spectral"],
    ),
    ("baselines", &["data", "inference"]),
    ("device", &["config", "data", "failure", "inference"]),
    (
        "export",
        &["atomic_file", "data", "failure", "inference", "synth"],
    ),
    (
        "stores",
        &[
            "data",
            "error",
            "export",
            "failure",
            "inference",
            "numbers",
            "observer",
        ],
    ),
    (
        "evaluation",
        &["data", "failure", "inference", "numbers", "split"],
    ),
    (
        "training",
        &[
            "config",
            "data",
            "device",
            "evaluation",
            "failure",
            "graph",
            "inference",
            "observer",
            "run",
            "sampling",
            "split",
        ],
    ),
    ("tuning", &["config", "data", "failure", "run"]),
    (
        "finished",
        &[
            "baselines",
            "config",
            "data",
            "device",
            "error",
            "evaluation",
            "export",
            "failure",
            "features",
            "graph",
            "inference",
            "numbers",
            "observer",
            "run",
            "split",
        ],
    ),
    (
        "fitting",
        &[
            "config",
            "data",
            "device",
            "error",
            "evaluation",
            "failure",
            "features",
            "finished",
            "forecast",
            "graph",
            "inference",
            "machine",
            "numbers",
            "observer",
            "run",
            "sampling",
            "spectral",
            "split",
            "training",
        ],
    ),
    (
        "contest",
        &[
            "config",
            "data",
            "device",
            "error",
            "evaluation",
            "fitting",
            "forecast",
            "inference",
            "numbers",
            "observer",
            "run",
            "spectral",
            "split",
            "training",
        ],
    ),
    (
        "retraining",
        &[
            "config",
            "data",
            "error",
            "evaluation",
            "failure",
            "finished",
            "fitting",
            "inference",
            "observer",
            "run",
            "split",
        ],
    ),
    (
        "library",
        &[
            "config",
            "contest",
            "data",
            "error",
            "evaluation",
            "failure",
            "finished",
            "fitting",
            "inference",
            "observer",
            "run",
            "split",
        ],
    ),
    (
        "serving",
        &["data", "error", "failure", "finished", "inference", "run"],
    ),
    (
        "cli",
        &[
            "config",
            "contest",
            "data",
            "device",
            "error",
            "evaluation",
            "export",
            "failure",
            "finished",
            "fitting",
            "forecast",
            "graph",
            "inference",
            "machine",
            "numbers",
            "observer",
            "retraining",
            "run",
            "sampling",
            "serving",
            "split",
            "stores",
            "synth",
            "training",
            "tuning",
        ],
    ),
];

fn none(found: &[String]) {
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_sources_have_the_structure_of_the_table() {
    let sources = Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    none(&sources.circles());
    none(&sources.forbidden(MAY_KNOW));
    none(&sources.without_headline());
    none(&sources.without_safety());
    none(&sources.with_prints());
}

/// A module knows only modules that stand before it in the table, so that the table itself has no circle.
#[test]
fn the_table_is_in_order() {
    for (at, (name, known)) in MAY_KNOW.iter().enumerate() {
        for other in *known {
            let place = MAY_KNOW.iter().position(|(name, _)| name == other);
            assert!(
                place.is_some_and(|place| place < at),
                "{name} knows {other}"
            );
        }
    }
}

/// Every module of the table has its row in ARCHITECTURE.md, with the same modules.
#[test]
fn architecture_has_the_same_table() {
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, page) = page.split_once("## `src`, lowest first").unwrap();
    for (name, known) in MAY_KNOW {
        let end = match known {
            [] => "| nothing of ours |".to_owned(),
            known => format!("| {} |", known.join(", ")),
        };
        let row = page
            .lines()
            .find(|line| line.starts_with(&format!("| `{name}` |")))
            .unwrap_or_else(|| panic!("{name} has no row in ARCHITECTURE.md"));
        assert!(row.ends_with(&end), "{row}\nends otherwise than\n{end}");
    }
}
