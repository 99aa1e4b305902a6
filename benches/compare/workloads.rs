//! What is compared: command lines that both programs have.
//!
//! Each uses names of settings that older commits know too. The programs run in a folder of their own,
//! beside the logs. What is to be measured is most of what a command does.

/// One thing that both programs do in turn.
pub(crate) struct Workload {
    pub(crate) name: &'static str,
    /// `N` stands for the number of epochs that makes it long enough. Without `N` the command is
    /// repeated. A `?` before an option: only where the program has it.
    pub(crate) command: &'static str,
    pub(crate) clock: Clock,
    /// Both sides are the program before: tells what the machine alone does to a ratio.
    pub(crate) is_control: bool,
}

/// Where the times are from.
pub(crate) enum Clock {
    /// The whole program, by CPU time and by wall time.
    Program,
    /// CPU time of the whole program; the wall time is its own `seconds`, start-up left out.
    Training,
    /// Figures of `bench`, each taken within the program by wall time alone.
    Figures(&'static [Figure]),
}

/// A number in what `bench` prints.
pub(crate) struct Figure {
    pub(crate) name: &'static str,
    pub(crate) pointer: &'static str,
    /// What turns it into seconds.
    pub(crate) to_seconds: fn(f64) -> f64,
}

/// What later commands need: a run to rank with, and a graph filter to score with.
pub(crate) const SETUP: [&str; 2] = [
    "train ../wide.csv --model mf --epochs 1 --split random --set split.validation_fraction=0 --out wide",
    "train ../small.csv --model gf-cf --split random --set filter.tolerance=1e-4 \
     --set split.validation_fraction=0 --out filter",
];

/// All of them, in the order of the report.
pub(crate) const WORKLOADS: &[Workload] = &[
    Workload {
        is_control: true,
        ..training(
            "control: LightGCN, the program before twice",
            "train ../log.csv --model lightgcn --epochs N --split random --set split.validation_fraction=0 \
             --out control --overwrite",
        )
    },
    training(
        "LightGCN",
        "train ../log.csv --model lightgcn --epochs N --split random --set split.validation_fraction=0 \
         --out lightgcn --overwrite",
    ),
    training(
        "NGCF, the paper's",
        "train ../small.csv --model ngcf-paper --epochs N --split random --set split.validation_fraction=0 \
         --out paper --overwrite",
    ),
    training(
        "NGCF, the official code's",
        "train ../small.csv --model ngcf-official --epochs N --split random \
         --set split.validation_fraction=0 --out official --overwrite",
    ),
    training(
        "PinSAGE",
        "train ../pins/log.csv --items ../pins/items.csv --model pinsage --epochs N --split random \
         --set features.vectors=[\"../pins/pictures.npy\"] --set split.validation_fraction=0 \
         --out pinsage --overwrite",
    ),
    training(
        "MF of width 4: samples, batches, Adam",
        "train ../log.csv --model mf --dim 4 --epochs N --split random --set split.validation_fraction=0 \
         --out mf --overwrite",
    ),
    training(
        "softmax over the batch",
        "train ../small.csv --model mf --epochs N --split random --set split.validation_fraction=0 \
         --set loss.kind=softmax --set sampling.in_batch=true --out softmax --overwrite",
    ),
    program(
        "hard negatives by walks",
        "train ../small.csv --model mf --epochs 1 --split random --set split.validation_fraction=0 \
         --set sampling.hard=1 --out hard --overwrite",
    ),
    program(
        "validation every epoch",
        "train ../wide.csv --model mf --dim 16 --epochs 3 --split random --batch-size 65536 ?--no-refit \
         --out validated --overwrite",
    ),
    training(
        "GF-CF: fitting",
        "train ../small.csv --model gf-cf --split random --set filter.tolerance=1e-4 \
         --set split.validation_fraction=0 --out gf-cf --overwrite",
    ),
    training(
        "ChebyCF: fitting",
        "train ../small.csv --model chebycf --split random --set filter.tolerance=1e-4 \
         --set split.validation_fraction=0 --out chebycf --overwrite",
    ),
    program(
        "GF-CF: scoring every user",
        "recommend --run filter --all -k 20 --out filter.csv",
    ),
    program(
        "ranking every user",
        "recommend --run wide --all -k 20 --out wide.csv",
    ),
    program(
        "one user's list: opening a run",
        "recommend --run wide --user 0",
    ),
    program("evaluation with bootstrap", "evaluate --run wide"),
    program("reading CSV", "inspect ../read.csv"),
    program("reading adjacency lists", "inspect ../read.txt"),
    program("reading JSON lines", "inspect ../read.jsonl"),
    program("reading Parquet", "inspect ../read.parquet"),
    program("reading CSV, 10-core", "inspect ../read.csv --k-core 10"),
    program(
        "synth",
        "synth --users 60000 --items 40000 --edges 1000000 --out made.csv",
    ),
    Workload {
        name: "`bench`",
        command: "bench",
        clock: Clock::Figures(&[
            Figure {
                name: "bench: propagation (wall)",
                pointer: "/propagation/milliseconds",
                to_seconds: |milliseconds| 1e-3 * milliseconds,
            },
            Figure {
                name: "bench: a step of LightGCN (wall)",
                pointer: "/step_milliseconds",
                to_seconds: |milliseconds| 1e-3 * milliseconds,
            },
            Figure {
                name: "bench: ranking 1,000 users (wall)",
                pointer: "/ranking/users_per_second",
                to_seconds: |rate| 1e3 / rate,
            },
            Figure {
                name: "bench: a million triples (wall)",
                pointer: "/triples_per_second",
                to_seconds: |rate| 1e6 / rate,
            },
        ]),
        is_control: false,
    },
];

const fn program(name: &'static str, command: &'static str) -> Workload {
    Workload {
        name,
        command,
        clock: Clock::Program,
        is_control: false,
    }
}

const fn training(name: &'static str, command: &'static str) -> Workload {
    Workload {
        name,
        command,
        clock: Clock::Training,
        is_control: false,
    }
}

impl Workload {
    /// The command line with that many epochs, if it has any.
    pub(crate) fn command_of(&self, epochs: usize) -> String {
        let epochs = epochs.to_string();
        let words = self.command.split_whitespace();
        let words: Vec<&str> = words
            .map(|word| if word == "N" { &epochs } else { word })
            .collect();
        words.join(" ")
    }

    /// Whether it has epochs, and more of them make it longer.
    pub(crate) fn has_epochs(&self) -> bool {
        self.command.split_whitespace().any(|word| word == "N")
    }

    /// Whether it takes many seconds whatever the logs.
    pub(crate) fn is_long(&self) -> bool {
        matches!(self.clock, Clock::Figures(_))
    }
}
