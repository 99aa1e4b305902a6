//! Options of `synth`.

use std::path::PathBuf;

use clap::Args;

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
