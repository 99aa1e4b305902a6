//! Inputs of object stores and web servers, such as `s3://bucket/log.csv`: read with the feature `cloud`, refused without.

#[cfg(feature = "cloud")]
mod fault;
#[cfg(feature = "cloud")]
mod object;
#[cfg(feature = "cloud")]
mod store;

use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

use super::error::DataError;

#[cfg(feature = "cloud")]
pub(crate) use fault::{credentials, lacks_credentials, last_cause};
#[cfg(feature = "cloud")]
pub(super) use object::{open, part_files};
#[cfg(feature = "cloud")]
pub(crate) use store::{Located, locate};

/// What is read with the feature `cloud`.
const SCHEMES: [&str; 9] = [
    "s3", "s3a", "gs", "az", "azure", "abfs", "abfss", "http", "https",
];

/// Whether a path is of another machine from which this build reads.
pub(super) fn is_read(path: &Path) -> bool {
    cfg!(feature = "cloud") && scheme(path).is_some_and(|scheme| SCHEMES.contains(&scheme))
}

fn scheme(path: &Path) -> Option<&str> {
    let (scheme, _) = path.to_str()?.split_once("://")?;
    let is_scheme = !scheme.is_empty() && scheme.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_scheme.then_some(scheme)
}

/// What to do about a path of another machine that is not read; `None` where it is none.
pub(super) fn remedy(path: &Path) -> Option<String> {
    let scheme = scheme(path)?;
    let shown = path.display();
    let copy = match scheme {
        "file" => return Some("give the path alone, without `file://`".to_owned()),
        "s3" | "s3a" | "s3n" => format!("copy it here, as with `aws s3 cp {shown} .`"),
        "gs" => format!("copy it here, as with `gcloud storage cp {shown} .`"),
        "az" | "azure" | "abfs" | "abfss" => {
            "copy it here, as with `az storage blob download`".to_owned()
        }
        "http" | "https" | "ftp" => format!("download it, as with `curl -O {shown}`"),
        "hdfs" => format!("copy it here, as with `hdfs dfs -get {shown} .`"),
        _ => "copy it to this machine".to_owned(),
    };
    Some(match SCHEMES.contains(&scheme) {
        true => format!("build with `--features cloud`, or {copy}"),
        false => copy,
    })
}

/// Opens a file to be read from its beginning to its end.
///
/// # Errors
/// As [`open_file`].
pub(super) fn open_bytes(path: &Path) -> Result<Box<dyn Read>, DataError> {
    #[cfg(feature = "cloud")]
    if is_read(path) {
        return Ok(Box::new(open(path)?));
    }
    Ok(Box::new(open_file(path)?))
}

/// Opens a file to be read by position; what is remote is copied to an unnamed file of the temporary folder.
///
/// # Errors
/// A file that is missing, or may not be read.
pub(super) fn open_file(path: &Path) -> Result<File, DataError> {
    #[cfg(feature = "cloud")]
    if is_read(path) {
        let name = path.display().to_string();
        let unreadable = |source| super::error::unreadable(&name, source);
        return local_copy(&mut open(path)?).map_err(unreadable);
    }
    File::open(path).map_err(|source| DataError::MissingInput {
        path: path.display().to_string(),
        source,
    })
}

/// An unnamed file of the temporary folder with these bytes, at its beginning.
pub(super) fn local_copy(bytes: &mut impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(bytes, &mut file)?;
    file.rewind()?;
    Ok(file)
}
