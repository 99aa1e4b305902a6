//! The command line as clap types. Their meaning is resolved elsewhere.

mod forget;
mod lists;
mod refresh;
mod serve;
mod synth;
#[cfg(feature = "train")]
mod training;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

pub(crate) use forget::ForgetArgs;
pub(crate) use lists::{EmbedArgs, ItemArgs, NewItemArgs, OutputForm, RecommendArgs, SimilarArgs};
pub(crate) use refresh::RefreshArgs;
pub(crate) use serve::{LogForm, ServeArgs};
pub(crate) use synth::SynthArgs;
#[cfg(feature = "train")]
pub(crate) use training::{AblateArgs, RefitArgs, SettingsArgs, TrainArgs, TuneArgs};

use super::reranking;
use super::setting_flags::DataFlags;
use crate::config::DeviceName;
use crate::inference::Reranking;

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
    /// Choose a model in a contest, or take a named one, train it on a log and write a run directory
    #[cfg(feature = "train")]
    #[command(
        after_help = "Examples:\n  sagebrush train ratings.csv --out my-run\n  sagebrush train ratings.csv --effort quick --out my-run\n  sagebrush train log.parquet --user-column visitor --item-column product --min-rating 4 --out my-run\n  sagebrush train train.txt --test test.txt --model ngcf-official --epochs 20 --out ngcf\n  sagebrush train log.csv --memory-limit 4GiB --out my-run\n  sagebrush train log.csv --recipe lightgcn-64 --out my-run\n  sagebrush train --resume my-run\n  sagebrush train ratings.csv --print-config > run.toml && sagebrush train --config run.toml --out my-run"
    )]
    Train(Box<TrainArgs>),
    /// Train the model of a finished run again, on everything, the test part too, to serve it
    #[cfg(feature = "train")]
    #[command(
        after_help = "The new run has the settings of the old one and the number of epochs that it chose. What is trained on the test part is not measured any more: it carries the figures of the old run, and says so.\n\nExamples:\n  sagebrush refit --run my-run --all --out served-run\n  sagebrush refit --run old-run --out refitted-run"
    )]
    Refit(RefitArgs),
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
        after_help = "DIR holds the train.txt and test.txt of the NGCF and LightGCN papers.\n\nExamples:\n  sagebrush reproduce gowalla --list\n  sagebrush reproduce gowalla --data gowalla\n  sagebrush reproduce gowalla --data gowalla --only lightgcn --only gf-cf --json\n  sagebrush reproduce yelp2018 --data yelp2018 --only gf-cf"
    )]
    Reproduce(ReproduceArgs),
    /// Open the test set and measure a run beside simple baselines
    #[command(
        after_help = "Examples:\n  sagebrush evaluate --run my-run\n  sagebrush evaluate --run my-run --k 10 --k 20 --trec trec/ --json\n  sagebrush evaluate --run my-run --rerank diversity=0.3,damp-popularity=0.1"
    )]
    Evaluate(EvaluateArgs),
    /// Bring a run up to date with a newer log in seconds, without training
    #[command(
        after_help = "Popularity, what users have, new users and new items are brought up to date; vectors and settings stay. The log is read as the run's own was; the flags say otherwise. It may hold again what the run knows.\n\nExamples:\n  sagebrush refresh --run my-run today.csv\n  sagebrush refresh --run my-run ratings.csv --out new-run\n  sagebrush refresh --run pinsage-run today.csv --items films.csv"
    )]
    Refresh(RefreshArgs),
    /// Take users and items out of a run for good, and keep them out of later trainings
    #[command(
        after_help = "The run is replaced in one step. What a service keeps beside it goes, too, and the keys are put on the list RUN.forgotten.jsonl, users as keyed hashes. `train --out RUN`, `refresh` and `refit` read that list by themselves, `--forget FILE` names it elsewhere. Without a key, what is on the list is taken out of the run.\n\nExamples:\n  sagebrush forget --run my-run --user 42\n  sagebrush forget --run my-run --item 0133093 --users left.txt\n  sagebrush forget --run my-run"
    )]
    Forget(ForgetArgs),
    /// List the top-K items for users
    #[command(
        after_help = "Examples:\n  sagebrush recommend --run my-run --user 42 --user 43\n  sagebrush recommend --run my-run --history 0133093,0234215 --why\n  sagebrush recommend --run my-run --user 42 --diversity 0.3 --category-cap 3\n  sagebrush recommend --run my-run --users users.txt --exclude sold-out.txt --out lists.csv\n  sagebrush recommend --run my-run --all -k 50 --out recommendations.parquet\n  sagebrush recommend --run my-run --all --to jsonl | gzip > all.jsonl.gz"
    )]
    Recommend(Box<RecommendArgs>),
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
    /// Serve a run over HTTP: lists, interactions as they happen, a new run without a pause
    #[command(
        after_help = "The API is a page at the root of the service, and /openapi.json. Builds with `--features serve` have it.\n\nExamples:\n  sagebrush serve --run my-run\n  sagebrush serve --run current --watch --host 0.0.0.0 --token-file tokens.txt --log json\n  sagebrush serve --run my-run --port 0 --read-only"
    )]
    Serve(ServeArgs),
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
    #[arg(value_name = "BENCHMARK", value_parser = ["gowalla", "yelp2018"])]
    pub(crate) benchmark: String,
    /// The folder of its files; by default the one of the benchmark's name
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Where to write the runs; by default artifacts/reproduce/BENCHMARK
    #[arg(long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
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

#[cfg(feature = "train")]
impl ReproduceArgs {
    /// The folder of the benchmark's files.
    pub(crate) fn data(&self) -> PathBuf {
        let by_name = || PathBuf::from(&self.benchmark);
        self.data.clone().unwrap_or_else(by_name)
    }

    /// The folder of the runs.
    pub(crate) fn out(&self) -> PathBuf {
        let by_name = || ["artifacts", "reproduce", &self.benchmark].iter().collect();
        self.out.clone().unwrap_or_else(by_name)
    }
}

/// A value among names; `--help` lists them.
pub(super) fn one_of(names: &'static [&'static str]) -> clap::builder::PossibleValuesParser {
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
    /// What re-ranked lists would cost beside the run's own, such as diversity=0.3,damp-popularity=0.1,category-cap=3
    #[arg(long, value_name = "NAME=NUMBER,...", value_parser = reranking::parse)]
    pub(crate) rerank: Option<Reranking>,
    /// Where to make the lists; the run's own device by default
    #[arg(long, value_name = "NAME", value_parser = one_of(DeviceName::NAMES))]
    pub(crate) device: Option<String>,
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
