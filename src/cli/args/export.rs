//! Options of `export`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::lists::RerankArgs;
use super::{ItemArgs, one_of};
use crate::config::DeviceName;

/// Options of `export`.
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The run directory
    #[arg(long, value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// Where to: postgres://…, redis://…, s3://…, gs://…, az://…, or a file whose ending chooses the form
    #[arg(
        long,
        value_name = "DESTINATION",
        env = "SAGEBRUSH_EXPORT_TO",
        hide_env_values = true
    )]
    pub(crate) to: String,
    /// What: by default items for .npy and .safetensors, else lists. PostgreSQL takes several, between commas
    #[arg(long, value_enum, value_delimiter = ',', value_name = "WHAT")]
    pub(crate) what: Vec<WhatArg>,
    /// Say what would be written where, look whether it can be, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// What names of tables and keys begin with; `sagebrush` by default (PostgreSQL, Redis)
    #[arg(long, value_name = "NAME", value_parser = name)]
    pub(crate) name: Option<String>,
    /// How vectors lie in Parquet: one column with lists of fixed size, the default, or a column for each number
    #[arg(long, value_enum, value_name = "COLUMNS")]
    pub(crate) columns: Option<ColumnsArg>,
    /// The index over the vectors of items in PostgreSQL: none by default, which is exact
    #[arg(long, value_enum, value_name = "INDEX")]
    pub(crate) index: Option<IndexArg>,
    /// How long Redis keeps the lists of earlier versions, for readers who still have their name; 60 by default
    #[arg(long, value_name = "MINUTES")]
    pub(crate) keep_old: Option<u32>,
    /// Items per user; 10 by default
    #[arg(short, long, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) k: Option<u32>,
    /// List also items that the user already has
    #[arg(long)]
    pub(crate) include_seen: bool,
    /// Where to make the lists; the run's own device by default
    #[arg(long, value_name = "NAME", value_parser = one_of(DeviceName::NAMES))]
    pub(crate) device: Option<String>,
    /// What lists may hold.
    #[command(flatten)]
    pub(crate) items: ItemArgs,
    /// How lists are re-ranked.
    #[command(flatten)]
    pub(crate) rerank: RerankArgs,
}

/// What is exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WhatArg {
    /// The top K of every user
    Lists,
    /// A vector an item; the inner product with a user's ranks as `recommend` does
    Items,
    /// A vector a user
    Users,
}

/// How vectors lie in Parquet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColumnsArg {
    /// `id` and `embedding`
    List,
    /// `id`, `e0`, `e1`, …
    Wide,
}

/// An index of pgvector.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum IndexArg {
    /// Every query reads all items, and finds the best
    None,
    /// Approximate: quicker for large catalogues, and may miss some
    Hnsw,
}

/// A name that needs no quotes anywhere.
fn name(text: &str) -> Result<String, String> {
    const LENGTH_MAX: usize = 40;
    let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    match begins && text.len() <= LENGTH_MAX && text.chars().all(fits) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "it takes up to {LENGTH_MAX} of a-z, 0-9 and _, the first a letter"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_need_no_quotes() {
        assert!(name("shop_2").is_ok());
        for text in ["", "2nd", "a-b", "Shop", "a b", "a\"b", &"a".repeat(41)] {
            assert!(name(text).is_err(), "{text}");
        }
    }
}
