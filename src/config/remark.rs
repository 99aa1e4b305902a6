//! Remarks on old names: each is told once in a process, however many files have it.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

static TOLD: Mutex<BTreeSet<String>> = Mutex::new(BTreeSet::new());

/// Tells that the setting `old` is named `new` now.
pub(super) fn renamed_key(old: &str, new: &str) {
    tell(format!(
        "the setting `{old}` is named `{new}` now; the old name still works"
    ));
}

/// Tells that the value `old` of the setting `key` is spelled `new` now.
pub(super) fn renamed_value(key: &str, old: &str, new: &str) {
    tell(format!(
        "`{key} = {old}` is spelled `{new}` now; the old spelling still works"
    ));
}

fn tell(remark: String) {
    let mut told = TOLD.lock().unwrap_or_else(PoisonError::into_inner);
    if !told.contains(&remark) {
        tracing::warn!("{remark}");
        told.insert(remark);
    }
}
