//! Options of the commands that list and embed items: `recommend`, `similar`, `embed`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::one_of;
use crate::cli::shard::Shard;
use crate::config::DeviceName;
use crate::inference::Reranking;

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
    /// Say for each item which of the user's items speak for it, and what popularity adds to its score
    #[arg(long)]
    pub(crate) why: bool,
    /// Reasons of an item at most; 3 in a table and all in JSON by default
    #[arg(long, value_name = "N", requires = "why", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) reasons: Option<u32>,
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
    /// How lists are re-ranked.
    #[command(flatten)]
    pub(crate) rerank: RerankArgs,
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

/// How lists are re-ranked.
#[derive(Debug, Args)]
#[command(next_help_heading = "In which order")]
pub(crate) struct RerankArgs {
    /// Variety: from 0, the model's order, to 1, items as unlike each other as there are among the candidates
    #[arg(long, value_name = "L", allow_negative_numbers = true)]
    pub(crate) diversity: Option<f64>,
    /// How far popular items step back: from 0, not at all; at 1 the most popular one loses what lies between the first and
    /// the last candidate
    #[arg(long, value_name = "B", allow_negative_numbers = true)]
    pub(crate) damp_popularity: Option<f64>,
    /// How many items of one category a list may hold; an item of several counts in each
    #[arg(long, value_name = "N")]
    pub(crate) category_cap: Option<usize>,
}

impl RerankArgs {
    /// The same for the library.
    pub(crate) fn settings(&self) -> Reranking {
        Reranking {
            diversity: self.diversity.unwrap_or_default(),
            popularity_damping: self.damp_popularity.unwrap_or_default(),
            category_cap: self.category_cap,
        }
    }
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
    /// The file: .parquet, .safetensors, .csv or .jsonl; `-` is JSON lines on stdout
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
