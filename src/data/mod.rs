//! From a file to interactions: readers, keys and internal ids. No tensor.

mod also_seen;
mod bad_rows;
mod bundled;
mod calendar;
mod category_fields;
mod cleaning;
mod columns;
mod configured;
mod csr;
mod date_text;
mod decay;
mod encoding;
mod error;
mod events;
mod folder_columns;
mod forgotten;
mod formats;
mod from_iterator;
mod hash;
mod ids;
mod input;
mod inspect;
mod interactions;
mod item_categories;
mod item_columns;
mod item_file;
mod item_lists;
mod item_vectors;
mod json;
mod kcore;
mod key;
mod key_list;
mod key_table;
mod line_ends;
mod lines;
mod merge;
mod metadata;
mod not_data;
mod number_keys;
mod numbers;
mod pair_columns;
#[cfg(feature = "parquet")]
mod panic_guard;
#[cfg(feature = "parquet")]
mod parquet_dictionary;
#[cfg(feature = "parquet")]
mod parquet_int128;
#[cfg(feature = "parquet")]
mod parquet_source;
#[cfg(feature = "parquet")]
mod parquet_table;
mod part_files;
mod part_names;
mod ratings;
mod raw_log;
mod read;
mod read_log;
mod read_options;
mod remote;
mod separator;
mod show_bytes;
mod sink;
mod source;
#[cfg(test)]
mod tests;
mod time_text;
mod times;
mod unit;
mod whole_floats;
mod window;

pub use also_seen::AlsoSeen;
pub use bad_rows::BadRow;
pub use bundled::Bundled;
pub(crate) use calendar::iso_date;
pub use category_fields::CategoryFields;
pub use cleaning::Cleaning;
pub use columns::{ColumnNames, DetectedColumns, IGNORED_COLUMN};
pub(crate) use configured::{item_column_names, items_input, read_configured, read_histories};
pub use csr::Csr;
pub use decay::{decayed_weights, decays, moment_of};
pub use encoding::Encoding;
pub use error::{DataError, Place, Position, Role};
pub use events::EventWeights;
pub use forgotten::{Forgotten, ForgottenError, ForgottenLine};
pub use formats::Format;
pub use from_iterator::Interaction;
pub(crate) use from_iterator::read_interactions;
pub use hash::{HashedFile, hash_file};
pub use ids::{IdMap, compare_keys, whole_number};
pub use input::Input;
pub use inspect::{Degrees, Inspection, TestInspection, inspect};
pub use interactions::{Dataset, Interactions, SourceFile};
pub use item_categories::{ItemCategories, read_item_categories};
pub use item_columns::{ItemColumn, ItemColumns};
pub use item_lists::ItemLists;
pub use item_vectors::{ItemVectors, read_item_vectors};
pub use key_list::read_key_list;
pub use lines::MAX_LINE_BYTES;
pub use pair_columns::PairColumns;
pub(crate) use pair_columns::beside_pairs;
pub(crate) use part_files::part_files;
pub use read::{
    read_bytes, read_dataset, read_item_columns, read_item_keys, read_item_titles,
    read_titles_bytes,
};
pub use read_options::{ItemColumnNames, ReadOptions};
pub use separator::Separator;
pub(crate) use show_bytes::show_bytes;
