//! The options `--with`, `--with-vectors` and `--with-edges`: new items beside those of the catalogue.

use crate::cli::args::NewItemArgs;
use crate::error::Result;
use crate::finished::{OpenRun, Sources, with_new_items};

impl NewItemArgs {
    /// The run with the items of the file that was named, if one was.
    pub(super) fn add_to(&self, run: OpenRun) -> Result<OpenRun> {
        let Some(items) = &self.with else {
            return Ok(run);
        };
        let sources = Sources {
            items,
            vectors: &self.with_vectors,
            edges: &self.with_edges,
        };
        with_new_items(run, &sources)
    }
}
