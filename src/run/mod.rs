//! The run directory: what training writes, and what everything else reads. It is the model
//! directory too. No format in it can execute code, and nothing in it is trusted unchecked.

mod atomic;
mod began;
mod beside;
mod checkpoint;
mod checkpoint_store;
mod contents;
mod contest;
mod difference;
mod directory;
#[cfg(test)]
mod directory_tests;
mod error;
mod exchange;
mod files;
mod fold_in;
mod forgotten;
mod forgotten_note;
mod holder;
mod item_graph;
mod item_models;
mod ledger;
mod line_file;
mod line_record;
mod lines;
mod lock;
mod manifest;
mod mapped;
mod model_card;
mod openings;
mod pair_columns;
mod prior;
mod records;
mod refit_note;
mod refreshed;
mod tensors;
mod writer;
mod written;

pub use atomic::{FileDigest, check_writable, remove_leftovers, write_atomically};
pub use began::{Began, differences, folder_now};
#[cfg(feature = "serve")]
pub(crate) use beside::last_part;
pub(crate) use beside::{Beside, beside, copies_beside};
pub use checkpoint::{Best, Checkpoint};
pub use checkpoint_store::{KEPT_CHECKPOINTS, LoadedCheckpoint, load_latest};
pub use contents::{EmbeddingTables, FilterTables, SeenLists, StoredNeighbours};
pub use contest::{ContestRecord, Entrant, Took};
pub use difference::Difference;
pub use directory::RunDir;
pub use error::RunError;
pub use exchange::RunBeside;
pub use files::{File, OPENINGS_NAME};
pub use fold_in::StoredFoldIn;
pub(crate) use forgotten::{
    KeptLine, add_forgotten, carry_forgotten, forgotten_beside, list_beside,
};
pub use forgotten_note::ForgottenNote;
pub use holder::Holder;
pub use item_graph::StoredItemGraph;
pub use ledger::{Ledger, Measured, hash_of_split};
#[cfg(feature = "serve")]
pub(crate) use line_file::LineFile;
pub(crate) use line_file::{drop_lines, has_line};
pub(crate) use line_record::{add_line, resume_lines};
pub use lock::RunLock;
pub(crate) use manifest::id_of_run;
pub use manifest::{FORMAT_VERSION, MANIFEST_NAME, Manifest};
pub use mapped::{Floats, StoredTable};
pub use model_card::{CardScore, ModelCard};
pub use openings::Opening;
pub use pair_columns::SeenColumns;
pub use prior::{PriorChoice, PriorNotes, StoredPrior};
pub use records::{EpochRecord, MetricsLog, Totals};
pub use refreshed::{RefreshNotes, StoredRefresh};
pub use sagebrush_model::HostTensor;
pub use tensors::{HEADER_BYTES_MAX, NamedTensors};
pub use writer::{LockedRun, Replace, RunWriter};
