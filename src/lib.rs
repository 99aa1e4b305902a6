//! Sagebrush, a graph recommender: from an interaction log to embeddings, honest metrics and top-K lists.
//!
//! The program `sagebrush` and this library do the same; the program is `src/cli` behind the feature `cli`.
//!
//! ```no_run
//! use sagebrush::{Config, Dataset, ListOptions, Run, Split, evaluate, fit};
//!
//! let config = Config::default();
//! let split = Split::new(Dataset::read("ratings.csv")?, &config, &())?;
//! let run = fit(&config, &split, "my-run", &())?;
//! println!("{}", evaluate(&run, &[20], &())?.systems[0].metrics["recall@20"]);
//!
//! // Later, in another process: neither the log nor the graph is needed.
//! let recommender = Run::open("my-run")?.recommender()?;
//! for list in recommender.recommend(&["42"], &ListOptions::of(10))? {
//!     println!("{}: {:?}", list.user, list.items);
//! }
//! # Ok::<(), sagebrush::Error>(())
//! ```
//!
//! # Features
//! - `train` (default): training. Without it the library opens finished runs, and holds no autodiff and no optimizer.
//! - `parquet` (default): Parquet in and out.
//! - `cli` (default): the program. A library does without: `default-features = false, features = ["train", "parquet"]`.
//! - `mimalloc` (default): the program's allocator, and nothing to the library.
//! - `serve`: the HTTP service, in the module `serving`.
//! - `gpu`, `ndarray`: further backends beside the CPU's.
//!
//! What the page of this crate lists is its interface. Modules that are not listed change without notice.

// The program calls much that a smaller build of the library has no caller for.
#![cfg_attr(
    not(all(feature = "train", feature = "cli")),
    allow(dead_code, unused_imports)
)]

mod atomic_file;
#[doc(hidden)]
pub mod baselines;
#[cfg(feature = "cli")]
#[doc(hidden)]
pub mod cli;
pub mod config;
#[cfg(feature = "train")]
mod contest;
#[doc(hidden)]
pub mod data;
#[doc(hidden)]
pub mod device;
mod error;
#[doc(hidden)]
pub mod evaluation;
#[doc(hidden)]
pub mod export;
#[doc(hidden)]
pub mod failpoints;
mod failure;
#[doc(hidden)]
pub mod features;
mod finished;
#[cfg(feature = "train")]
mod fitting;
#[doc(hidden)]
pub mod forecast;
#[doc(hidden)]
pub mod graph;
#[doc(hidden)]
pub mod inference;
mod library;
mod machine;
mod numbers;
mod observer;
#[doc(hidden)]
pub mod run;
#[doc(hidden)]
pub mod sampling;
#[cfg(feature = "serve")]
pub mod serving;
#[doc(hidden)]
pub mod spectral;
#[doc(hidden)]
pub mod split;
#[doc(hidden)]
pub mod synth;
#[cfg(feature = "train")]
#[doc(hidden)]
pub mod training;
#[cfg(feature = "train")]
#[doc(hidden)]
pub mod tuning;

pub use config::{ModelName, RunConfig as Config};
#[cfg(feature = "train")]
pub use contest::Effort;
pub use data::ItemCategories;
pub use error::{Error, Result};
pub use evaluation::{Estimate, Evaluation, SystemResult};
pub use failure::Failure;
pub use finished::Refreshed;
pub use inference::{
    ForHistory, How, ListOptions, ListSource, Listed, Ranked, Reason, Recommender,
    RecommenderError, Reranking, UserList, Why,
};
pub use library::{Dataset, Interaction, Run, evaluate};
#[cfg(feature = "train")]
pub use library::{Split, choose, fit, train};
pub use observer::{Event, Observer};
pub use run::EpochRecord;
pub use split::RefitOn;

/// The examples of the README and of the library's page compile.
#[cfg(all(doctest, feature = "train"))]
mod pages {
    #[doc = include_str!("../README.md")]
    struct Readme;
    #[doc = include_str!("../docs/library.md")]
    struct Library;
}
