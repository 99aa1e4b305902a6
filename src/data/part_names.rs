//! Names of parts of a log, in folders and in object stores alike.

use std::path::Path;

/// What makes a pattern of a name.
pub(super) const WILDCARDS: [char; 3] = ['*', '?', '['];

/// Marks and checksums that writers put beside their parts: `_SUCCESS`, `_metadata`, `.part-0.csv.crc`.
pub(super) fn is_passed_over(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.starts_with(b"_") || name.starts_with(b".") || name.ends_with(b".crc")
}
