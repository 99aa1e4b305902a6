//! The note by which a file that a refit made is told from one of the training before it.
//!
//! A training that was stopped takes what it finds in its run only where that is of the same interactions.

use super::tensors::TensorFile;

const KEY: &str = "refit";

/// The metadata of a file; nothing in a training of the training part alone.
pub(super) fn note_of_refit(refit: bool) -> Option<String> {
    refit.then(|| serde_json::json!({ KEY: "true" }).to_string())
}

pub(super) fn is_of_refit(file: &TensorFile<'_>) -> bool {
    let notes = file.metadata().and_then(|text| {
        let notes: Option<serde_json::Value> = serde_json::from_str(text).ok();
        notes
    });
    notes.is_some_and(|notes| notes[KEY] == "true")
}
