//! The interactions that services kept, as one log.

use std::collections::HashSet;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use crate::config::{DataConfig, TimeUnit};
use crate::data::{Dataset, read_configured};
use crate::error::Result;
use crate::run::{RunError, write_atomically};

/// Copies the distinct whole lines of some files into one. Those of `needed` have to be there; a last line that a crash tore
/// is left out, and so are lines that come while it reads.
///
/// # Errors
/// A file that cannot be read or written.
pub(super) fn gather(files: &[PathBuf], needed: &[PathBuf], to: &Path) -> Result<()> {
    let mut seen = HashSet::new();
    let mut lines = Vec::new();
    for path in files {
        let file = match File::open(path) {
            Err(error)
                if error.kind() == std::io::ErrorKind::NotFound && !needed.contains(path) =>
            {
                continue;
            }
            file => file.map_err(RunError::unreadable(path))?,
        };
        let mut reader = BufReader::new(file);
        let mut line = Vec::new();
        while reader
            .read_until(b'\n', &mut line)
            .map_err(RunError::unreadable(path))?
            > 0
        {
            if line.ends_with(b"\n") && seen.insert(blake3::hash(&line)) {
                lines.extend_from_slice(&line);
            }
            line.clear();
        }
    }
    write_atomically(to, |out| out.write_all(&lines))?;
    Ok(())
}

/// Reads them as any log of JSON lines is read. What the settings say of the form of the logs does not hold for them;
/// `None` where there are none.
pub(super) fn read(path: &Path, settings: &DataConfig) -> Result<Option<Dataset>> {
    if path.metadata().map_or(0, |found| found.len()) == 0 {
        return Ok(None);
    }
    let form = DataConfig::default();
    let data = DataConfig {
        train: vec![path.to_owned()],
        test: Vec::new(),
        items: None,
        bundled: None,
        format: Some("json-lines".to_owned()),
        columns: form.columns,
        time_unit: TimeUnit::Seconds,
        time_format: None,
        separator: None,
        header: None,
        encoding: None,
        event_weights: Vec::new(),
        min_rating: None,
        k_core: None,
        // Who and what the settings leave out is left out here, too.
        ..settings.clone()
    };
    Ok(Some(read_configured(&data)?.0))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn each_line_is_there_once_and_a_torn_one_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let [a, b, none, to] = ["a", "b", "none", "to"].map(|name| folder.path().join(name));
        std::fs::write(&a, "1\n2\n1\n").unwrap();
        std::fs::write(&b, "2\n3\n4").unwrap();
        gather(&[a.clone(), b, none.clone()], &[], &to).unwrap();
        assert_eq!(std::fs::read_to_string(&to).unwrap(), "1\n2\n3\n");
        let refused = gather(&[a, none.clone()], &[none], &to).unwrap_err();
        assert!(refused.to_string().contains("none"), "{refused}");
    }
}
