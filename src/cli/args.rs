//! The command line as clap types. Their meaning is resolved elsewhere.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use super::setting_flags::DataFlags;
#[cfg(feature = "train")]
use super::setting_flags::TrainingFlags;
use super::shard::Shard;
use crate::config::DeviceName;

/// A graph recommender: from an interaction log to embeddings, honest metrics and top-K lists.
#[derive(Debug, Parser)]
#[command(
    name = "sagebrush",
    version,
    propagate_version = true,
    after_help = "Start here:\n  sagebrush demo                         end to end on bundled film ratings\n  sagebrush inspect log.csv              what is in your log\n  sagebrush train log.csv --out my-run   train on it\n  sagebrush evaluate --run my-run        how good it is\n  sagebrush recommend --run my-run --user 42   what to recommend"
)]
pub(crate) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
    /// Options every command takes.
    #[command(flatten)]
    pub(crate) global: Global,
}

/// Options every command takes.
#[derive(Debug, Args)]
#[command(next_help_heading = "Every command")]
pub(crate) struct Global {
    /// Print one JSON document on stdout instead of text
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// Print no progress and no remarks, only results and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Say more; twice for everything (RUST_LOG overrides)
    #[arg(short, long, global = true, action = clap::ArgAction::Count)]
    pub(crate) verbose: u8,
    /// Threads to use; all cores by default. The results do not depend on it
    #[arg(long, global = true, value_name = "N", value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) threads: Option<u16>,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Train, evaluate and recommend on bundled film ratings, no download
    #[cfg(feature = "train")]
    #[command(
        after_help = "Examples:\n  sagebrush demo\n  sagebrush demo --out /tmp/demo --seed 7"
    )]
    Demo(DemoArgs),
    /// Look at a log: counts, duplicates, time span, overlap, memory forecast
    #[command(
        after_help = "Examples:\n  sagebrush inspect ratings.csv\n  sagebrush inspect train.txt --test test.txt --json\n  sagebrush inspect log.csv --dim 128 --memory-limit 4GiB\n  sagebrush inspect --bundled"
    )]
    Inspect(InspectArgs),
    /// Write a synthetic log whose degrees follow power laws, of any size
    #[command(
        after_help = "Examples:\n  sagebrush synth --users 100000 --items 30000 --edges 4000000 --out log.csv\n  sagebrush synth --users 1000000 --items 300000 --edges 42000000 --seed 7 --out log.txt\n  sagebrush synth --users 1000 --items 500 --edges 20000 --item-exponent 1.8 --out - | head"
    )]
    Synth(SynthArgs),
    /// Train a model on a log, or fit a graph filter, and write a run directory
    #[cfg(feature = "train")]
    #[command(
        after_help = "Examples:\n  sagebrush train ratings.csv --out my-run\n  sagebrush train log.parquet --user-column visitor --item-column product --min-rating 4 --out my-run\n  sagebrush train train.txt --test test.txt --model ngcf-official --epochs 20 --out ngcf\n  sagebrush train log.csv --memory-limit 4GiB --out my-run\n  sagebrush train log.csv --recipe lightgcn-64 --out my-run\n  sagebrush train --resume my-run\n  sagebrush train ratings.csv --print-config > run.toml && sagebrush train --config run.toml --out my-run"
    )]
    Train(Box<TrainArgs>),
    /// Search for good settings on the validation part, in a budget of trials or minutes
    #[cfg(feature = "train")]
    #[command(
        after_help = "Settings are drawn at random; the best third after a few epochs is trained for three times as long, \
                      and so on (asynchronous successive halving). The test part is not touched.\n\nExamples:\n  sagebrush tune log.csv --minutes 30 --out search\n  sagebrush tune log.csv --model mf --trials 50 --out search\n  sagebrush tune log.csv --set loss.kind=softmax --vary loss.temperature=0.05..0.5 --vary model.layers=1,2,3 --out search\n  sagebrush tune --resume search --minutes 60\n  sagebrush train --config search/best.toml --out my-run"
    )]
    Tune(Box<TuneArgs>),
    /// Measure what each group of item features, or each part of a recipe, adds on the same users
    #[cfg(feature = "train")]
    #[command(
        after_help = "Without --variant each group of features (text, categories, numbers, degree, each file of vectors) is tried alone, and all the others without it. The same command resumes what was stopped.\n\nExamples:\n  sagebrush ablate ratings.csv --items films.csv --model pinsage --set 'features.categories=[\"genres\"]' --split cold-start-item --out ablation\n  sagebrush ablate --bundled --variant 'one layer: model.layers=1' --variant 'four: model.layers=4' --seeds 3 --out layers"
    )]
    Ablate(Box<AblateArgs>),
    /// Run recipes on a published benchmark, beside the published numbers
    #[cfg(feature = "train")]
    #[command(
        after_help = "DIR holds the train.txt and test.txt of the NGCF and LightGCN papers.\n\nExamples:\n  sagebrush reproduce gowalla --list\n  sagebrush reproduce gowalla --data gowalla\n  sagebrush reproduce gowalla --data gowalla --only lightgcn --only gf-cf --json"
    )]
    Reproduce(ReproduceArgs),
    /// Open the test set and measure a run beside simple baselines
    #[command(
        after_help = "Examples:\n  sagebrush evaluate --run my-run\n  sagebrush evaluate --run my-run --k 10 --k 20 --trec trec/ --json"
    )]
    Evaluate(EvaluateArgs),
    /// Bring a run up to date with a newer log, in seconds and without training
    #[command(
        after_help = "Popularity, what users have, new users and new items are brought up to date; vectors and settings stay. The log is read as the run's own was; the flags say otherwise. It may hold again what the run knows.\n\nExamples:\n  sagebrush refresh --run my-run today.csv\n  sagebrush refresh --run my-run ratings.csv --out new-run\n  sagebrush refresh --run pinsage-run today.csv --items films.csv"
    )]
    Refresh(RefreshArgs),
    /// List the top-K items for users
    #[command(
        after_help = "Examples:\n  sagebrush recommend --run my-run --user 42 --user 43\n  sagebrush recommend --run my-run --history 0133093,0234215\n  sagebrush recommend --run my-run --users users.txt --exclude sold-out.txt --out lists.csv\n  sagebrush recommend --run my-run --all -k 50 --out recommendations.parquet\n  sagebrush recommend --run my-run --all --to jsonl | gzip > all.jsonl.gz"
    )]
    Recommend(RecommendArgs),
    /// Write vectors of new items, made from their features, or of the items and users of the log
    #[command(
        after_help = "A pinsage run makes vectors of items it was not trained with. `similar` and `recommend` search them at once with `--with`.\n\nExamples:\n  sagebrush embed --run my-run --items new.csv --out new.parquet\n  sagebrush embed --run my-run --items new.csv --edges first-clicks.csv --out new.jsonl\n  sagebrush embed --run my-run --known items --out items.parquet"
    )]
    Embed(EmbedArgs),
    /// List the items most similar to an item
    #[command(
        after_help = "Examples:\n  sagebrush similar --run my-run --item 0133093\n  sagebrush similar --run my-run --item new-1 --with new.csv"
    )]
    Similar(SimilarArgs),
    /// Show a user's negatives in training, and how near each is in the graph
    #[command(
        after_help = "Examples:\n  sagebrush negatives --run my-run --user 42\n  sagebrush negatives --run my-run --user 42 --epoch 3 -k 50 --json"
    )]
    Negatives(NegativesArgs),
    /// Measure the limits of this machine, and what share of them the hot paths reach
    #[cfg(feature = "train")]
    #[command(after_help = "Examples:\n  sagebrush bench\n  sagebrush bench --json --threads 1")]
    Bench,
    /// Test whether runs differ, on the same users
    #[command(after_help = "Examples:\n  sagebrush compare lightgcn-run mf-run --metric ndcg@20")]
    Compare(CompareArgs),
    /// Write a shell's completions to stdout
    #[command(
        after_help = "Examples:\n  sagebrush completions bash > ~/.local/share/bash-completion/completions/sagebrush"
    )]
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// Options of `demo`.
#[cfg(feature = "train")]
#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Where to write the runs
    #[arg(long, value_name = "DIR", default_value = "artifacts/demo")]
    pub(crate) out: PathBuf,
    /// The seed of everything random
    #[arg(long, default_value_t = 42)]
    pub(crate) seed: u64,
    /// Where to compute
    #[arg(long, value_name = "NAME", default_value = "cpu", value_parser = one_of(DeviceName::NAMES))]
    pub(crate) device: String,
}

/// Options of `reproduce`.
#[cfg(feature = "train")]
#[derive(Debug, Args)]
pub(crate) struct ReproduceArgs {
    /// The benchmark
    #[arg(value_name = "BENCHMARK", value_parser = ["gowalla"])]
    pub(crate) benchmark: String,
    /// The folder of its files
    #[arg(long, value_name = "DIR", default_value = "gowalla")]
    pub(crate) data: PathBuf,
    /// Where to write the runs
    #[arg(long, value_name = "DIR", default_value = "artifacts/reproduce")]
    pub(crate) out: PathBuf,
    /// Recipes to run; all by default
    #[arg(long, value_name = "RECIPE")]
    pub(crate) only: Vec<String>,
    /// Print the recipes and the published numbers, and run nothing
    #[arg(long)]
    pub(crate) list: bool,
    /// The seed of everything random; the recipe's own by default
    #[arg(long)]
    pub(crate) seed: Option<u32>,
}

/// A value among names; `--help` lists them.
fn one_of(names: &'static [&'static str]) -> clap::builder::PossibleValuesParser {
    clap::builder::PossibleValuesParser::new(names)
}

/// Options of `inspect`.
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// The data.
    #[command(flatten)]
    pub(crate) data: DataFlags,
    /// The embedding width the memory forecast is made for
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=65_536))]
    pub(crate) dim: u32,
    /// Tell for each model whether it fits this much memory, such as 4GiB
    #[arg(long, value_name = "SIZE")]
    pub(crate) memory_limit: Option<String>,
}

/// Options of `synth`.
#[derive(Debug, Args)]
pub(crate) struct SynthArgs {
    /// Users, keyed from 0; the least active may have no interaction
    #[arg(long, value_name = "N")]
    pub(crate) users: u32,
    /// Items, keyed from 0; the least popular may have no interaction
    #[arg(long, value_name = "N")]
    pub(crate) items: u32,
    /// Number of distinct interactions, exact; with `--pins` approximate
    #[arg(long, value_name = "N")]
    pub(crate) edges: u64,
    /// Make pins and boards instead: a folder with log.csv, items.csv (words, topic) and pictures.npy
    #[arg(long)]
    pub(crate) pins: bool,
    /// Topics of pins
    #[arg(long, value_name = "N", default_value_t = 50, requires = "pins")]
    pub(crate) topics: u32,
    /// Floats of a pin's picture
    #[arg(long, value_name = "N", default_value_t = 64, requires = "pins")]
    pub(crate) picture_width: u32,
    /// Noise of pictures, beside a signal of length 1
    #[arg(
        long,
        value_name = "DEVIATION",
        default_value_t = 1.0,
        requires = "pins"
    )]
    pub(crate) picture_noise: f32,
    /// Share of a pin's words that are not its topic's
    #[arg(long, value_name = "SHARE", default_value_t = 0.5, requires = "pins")]
    pub(crate) word_noise: f32,
    /// Share of interactions with anything popular
    #[arg(long, value_name = "SHARE", default_value_t = 0.2, requires = "pins")]
    pub(crate) edge_noise: f32,
    /// Users' degrees d come with a density of d^-EXPONENT
    #[arg(long, value_name = "EXPONENT", default_value_t = 2.5)]
    pub(crate) user_exponent: f64,
    /// Items' degrees d come with a density of d^-EXPONENT
    #[arg(long, value_name = "EXPONENT", default_value_t = 2.2)]
    pub(crate) item_exponent: f64,
    /// The seed: the same options give the same bytes
    #[arg(long, value_name = "N", default_value_t = 42)]
    pub(crate) seed: u64,
    /// The file: .csv, .txt (adjacency lists) or .parquet; `-` is CSV on stdout; with `--pins` a folder
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// Options of `train`.
#[cfg(feature = "train")]
#[derive(Debug, Args)]
pub(crate) struct TrainArgs {
    /// The settings.
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// Where to write the run
    #[arg(long, value_name = "DIR", required_unless_present_any = ["resume", "print_config"])]
    pub(crate) out: Option<PathBuf>,
    /// Replace a run that is already there
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Resume an interrupted run from its last checkpoint
    #[arg(long, value_name = "RUN", conflicts_with_all = ["out", "config", "recipe", "files", "bundled", "overwrite"])]
    pub(crate) resume: Option<PathBuf>,
    /// Print the resulting settings, with where each came from, and stop
    #[arg(long)]
    pub(crate) print_config: bool,
}

/// Options of `tune`.
#[cfg(feature = "train")]
#[derive(Debug, Args)]
pub(crate) struct TuneArgs {
    /// The settings.
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// What to vary: choices such as `model.layers=1,2,3`, or a range such as `loss.l2=1e-6..0.1`, searched by
    /// its logarithm where it spans a factor of 10; without it the settings that usually matter for the model
    #[arg(long, value_name = "KEY=VALUES")]
    pub(crate) vary: Vec<String>,
    /// Settings to try; 27 without `--minutes`, as many as fit with it
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) trials: Option<u32>,
    /// Minutes to search at most
    #[arg(long, value_name = "MINUTES")]
    pub(crate) minutes: Option<f64>,
    /// Where to write the search
    #[arg(long, value_name = "DIR", required_unless_present = "resume")]
    pub(crate) out: Option<PathBuf>,
    /// Replace a search that is already there
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Resume a search, interrupted or done, up to its budget or a new one
    #[arg(
        long,
        value_name = "DIR",
        conflicts_with_all = ["out", "config", "recipe", "files", "bundled", "overwrite", "vary"]
    )]
    pub(crate) resume: Option<PathBuf>,
}

/// Options of `ablate`.
#[cfg(feature = "train")]
#[derive(Debug, Args)]
pub(crate) struct AblateArgs {
    /// The settings that all variants have in common.
    #[command(flatten)]
    pub(crate) settings: SettingsArgs,
    /// A variant to compare: a name, a colon, and the settings it changes
    #[arg(long, value_name = "NAME: KEY=VALUE")]
    pub(crate) variant: Vec<String>,
    /// Number of seeds to repeat it with, counted up from the settings' seed; each has a split of its own
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=100))]
    pub(crate) seeds: u32,
    /// Open the test part of every run and compare on it, in place of the validation part
    #[arg(long)]
    pub(crate) open_test: bool,
    /// Where to write the runs; those that are there are not trained again
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
}

/// The settings of a training.
#[cfg(feature = "train")]
#[derive(Debug, Args)]
pub(crate) struct SettingsArgs {
    /// The data.
    #[command(flatten)]
    pub(crate) data: DataFlags,
    /// A TOML file of settings; flags win over it
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Begin with the settings of a recipe, as `sagebrush reproduce gowalla --list` names them; flags win over it
    #[arg(long, value_name = "NAME", conflicts_with = "config")]
    pub(crate) recipe: Option<String>,
    /// The settings with a flag of their own.
    #[command(flatten)]
    pub(crate) flags: TrainingFlags,
    /// Any setting by its key, such as `--set training.patience=5`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) settings: Vec<String>,
}

/// Options of `evaluate`.
#[derive(Debug, Args)]
pub(crate) struct EvaluateArgs {
    /// The run directory
    #[arg(long, value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// Cut-offs; those of the run's configuration by default
    #[arg(long = "k", short = 'k', value_name = "K", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) ks: Vec<u32>,
    /// Write `run.txt` and `qrels.txt` for trec_eval and similar tools
    #[arg(long, value_name = "DIR")]
    pub(crate) trec: Option<PathBuf>,
    /// Where to make the lists; the run's own device by default
    #[arg(long, value_name = "NAME", value_parser = one_of(DeviceName::NAMES))]
    pub(crate) device: Option<String>,
}

/// Options of `refresh`.
#[derive(Debug, Args)]
pub(crate) struct RefreshArgs {
    /// The run directory
    #[arg(long, value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// The newer log.
    #[command(flatten)]
    pub(crate) data: DataFlags,
    /// A file of vectors of the new items for each of `features.vectors`, in their order
    #[arg(long, value_name = "FILE", requires = "items")]
    pub(crate) vectors: Vec<PathBuf>,
    /// Write a new run, and leave the old one as it is
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
}

/// Options of `recommend`.
#[derive(Debug, Args)]
pub(crate) struct RecommendArgs {
    /// The run directory
    #[arg(long, value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// Users by their keys in the log
    #[arg(
        long = "user",
        value_name = "KEY",
        required_unless_present_any = ["users_files", "all", "history", "history_items", "history_files", "histories"]
    )]
    pub(crate) users: Vec<String>,
    /// A file of users: a key a line, or a table with a user column
    #[arg(long = "users", value_name = "FILE")]
    pub(crate) users_files: Vec<PathBuf>,
    /// Somebody who is not in the log, by the keys of the items; a key may hold commas itself
    #[arg(
        long,
        value_name = "ITEM,ITEM",
        conflicts_with_all = ["users", "users_files", "all"]
    )]
    pub(crate) history: Vec<String>,
    /// One more item of that history, by its key as it stands
    #[arg(
        long = "history-item",
        value_name = "KEY",
        conflicts_with_all = ["users", "users_files", "all"]
    )]
    pub(crate) history_items: Vec<String>,
    /// A file of more items of that history: a key a line, or a table with an item column
    #[arg(
        long = "history-file",
        value_name = "FILE",
        conflicts_with_all = ["users", "users_files", "all"]
    )]
    pub(crate) history_files: Vec<PathBuf>,
    /// A log of people who need not be in the run: a list for each, by what they have there
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = ["users", "users_files", "all", "history", "history_items", "history_files"]
    )]
    pub(crate) histories: Option<PathBuf>,
    /// Every user of the log
    #[arg(long, conflicts_with_all = ["users", "users_files"])]
    pub(crate) all: bool,
    /// Only one part of the users, such as 1/4 to 4/4 on four machines; a user's part depends on the key alone
    #[arg(
        long,
        value_name = "I/N",
        value_parser = str::parse::<Shard>,
        conflicts_with_all = ["history", "history_items", "history_files", "histories"]
    )]
    pub(crate) shard: Option<Shard>,
    /// Items per user
    #[arg(short, long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) k: u32,
    /// Recommend also items that the user, or the history, already has
    #[arg(long)]
    pub(crate) include_seen: bool,
    /// Where to make the lists; the run's own device by default
    #[arg(long, value_name = "NAME", value_parser = one_of(DeviceName::NAMES))]
    pub(crate) device: Option<String>,
    /// Write to a file; its ending chooses the format
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The format, where the file's ending does not tell
    #[arg(long, value_enum)]
    pub(crate) to: Option<OutputForm>,
    /// What lists may hold.
    #[command(flatten)]
    pub(crate) items: ItemArgs,
    /// New items.
    #[command(flatten)]
    pub(crate) new: NewItemArgs,
}

impl RecommendArgs {
    /// Whether a history was given by hand.
    pub(crate) fn has_history(&self) -> bool {
        let given = [
            self.history.len(),
            self.history_items.len(),
            self.history_files.len(),
        ];
        given.iter().any(|&n| n > 0)
    }
}

/// What lists may hold.
#[derive(Debug, Args)]
#[command(next_help_heading = "Which items")]
pub(crate) struct ItemArgs {
    /// A file of the only items that lists may hold: a key a line, or a table with an item column
    #[arg(long, value_name = "FILE")]
    pub(crate) only: Vec<PathBuf>,
    /// A file of items that no list holds
    #[arg(long, value_name = "FILE")]
    pub(crate) exclude: Vec<PathBuf>,
    /// The only category that lists may hold, by its name in the item file of the training
    #[arg(long, value_name = "NAME")]
    pub(crate) category: Option<String>,
}

/// Forms of recommendation files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OutputForm {
    /// Comma-separated
    Csv,
    /// One JSON object a line
    Jsonl,
    /// Parquet
    Parquet,
}

/// Options of `embed`.
#[derive(Debug, Args)]
pub(crate) struct EmbedArgs {
    /// The run directory
    #[arg(long, value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// New items: a file with the columns that the run's items had; those already in the catalogue are left out
    #[arg(long, value_name = "FILE", required_unless_present = "known")]
    pub(crate) items: Option<PathBuf>,
    /// The new items' vectors, a file for each of the run's `features.vectors`, in their order
    #[arg(long, value_name = "FILE", requires = "items")]
    pub(crate) vectors: Vec<PathBuf>,
    /// First interactions with the new items, as a log; known users count
    #[arg(long, value_name = "FILE", requires = "items")]
    pub(crate) edges: Vec<PathBuf>,
    /// Write the vectors of the log's items or users instead
    #[arg(long, value_name = "WHAT", conflicts_with = "items", value_parser = one_of(&["items", "users"]))]
    pub(crate) known: Option<String>,
    /// The file: .parquet, .csv or .jsonl; `-` is JSON lines on stdout
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// Items beside those of the catalogue.
#[derive(Debug, Args)]
#[command(next_help_heading = "New items")]
pub(crate) struct NewItemArgs {
    /// A file of new items, which are listed beside those of the catalogue (pinsage only)
    #[arg(long, value_name = "FILE")]
    pub(crate) with: Option<PathBuf>,
    /// The new items' vectors, a file for each of the run's `features.vectors`, in their order
    #[arg(long, value_name = "FILE", requires = "with")]
    pub(crate) with_vectors: Vec<PathBuf>,
    /// First interactions with the new items, as a log
    #[arg(long, value_name = "FILE", requires = "with")]
    pub(crate) with_edges: Vec<PathBuf>,
}

/// Options of `similar`.
#[derive(Debug, Args)]
pub(crate) struct SimilarArgs {
    /// The run directory
    #[arg(long, value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// The item by its key in the log
    #[arg(long = "item", value_name = "KEY")]
    pub(crate) item: String,
    /// Number of items
    #[arg(short, long, default_value_t = 10, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) k: u32,
    /// What the list may hold.
    #[command(flatten)]
    pub(crate) items: ItemArgs,
    /// New items.
    #[command(flatten)]
    pub(crate) new: NewItemArgs,
}

/// Options of `negatives`.
#[derive(Debug, Args)]
pub(crate) struct NegativesArgs {
    /// The run directory
    #[arg(long, value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// The user by its key in the log
    #[arg(long = "user", value_name = "KEY")]
    pub(crate) user: String,
    /// The epoch
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) epoch: u32,
    /// Rows of each table at most
    #[arg(short, long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) k: u32,
}

/// Options of `compare`.
#[derive(Debug, Args)]
pub(crate) struct CompareArgs {
    /// Evaluated runs; the others are compared to the first
    #[arg(value_name = "RUN", num_args = 2.., required = true)]
    pub(crate) runs: Vec<PathBuf>,
    /// The metrics to compare
    #[arg(long = "metric", value_name = "METRIC", default_values = ["recall@20", "ndcg@20"])]
    pub(crate) metrics: Vec<String>,
}
