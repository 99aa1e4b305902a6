//! From a file to a split: readers, outside keys and inside ids, interactions, splits. No tensor.

mod bundled;
mod calendar;
mod cleaning;
mod columns;
mod configured;
mod error;
mod forecast;
mod formats;
mod hash;
mod ids;
mod inspect;
mod interactions;
mod item_columns;
mod item_lists;
mod item_vectors;
mod kcore;
mod key;
mod key_table;
mod lines;
mod merge;
mod metadata;
mod number_keys;
mod numbers;
mod raw_log;
mod read;
mod record;
mod sink;
mod source;
mod split;
#[cfg(test)]
mod tests;
mod window;

pub use bundled::Bundled;
pub(crate) use calendar::iso_date;
pub use cleaning::Cleaning;
pub use columns::{ColumnNames, DetectedColumns, IGNORED_COLUMN};
pub(crate) use configured::{items_input, read_configured};
pub use error::{DataError, Place, Position, Role};
pub(crate) use forecast::show_bytes;
pub use forecast::{Counts, MemoryForecast};
pub use formats::Format;
pub use ids::{IdMap, compare_keys};
pub use inspect::{Degrees, Inspection, TestInspection, inspect};
pub use interactions::{Dataset, Interactions, SourceFile};
pub use item_columns::{ItemColumn, ItemColumns};
pub use item_lists::ItemLists;
pub use item_vectors::{ItemVectors, read_item_vectors};
pub use lines::MAX_LINE_BYTES;
pub use read::{
    Input, ReadOptions, read_bytes, read_dataset, read_item_columns, read_item_keys,
    read_item_titles, read_titles_bytes,
};
pub(crate) use record::DataRecord;
pub use split::{Split, SplitError, SplitSummary, TrainSet, new_items, split};
