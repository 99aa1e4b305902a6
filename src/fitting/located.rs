//! Finds the files of a run or of a search again: where its settings name them, or below the folder it began in.

use std::path::{Path, PathBuf};

use super::same_data::{Files, Hashes, same_files};
use crate::config::RunConfig;
use crate::data::{DataError, HashedFile, hash_file, part_files};
use crate::error::{Error, Result};
use crate::split::DataRecord;

/// Settings whose files were found.
pub(crate) struct Located {
    /// The settings, with each file where it is.
    pub(crate) config: RunConfig,
    /// The folder below which some of them were found, and not where the settings name them.
    folder: Option<PathBuf>,
}

impl Files<'_> {
    /// Finds these files where the settings name them, or below `folder`, and refuses others, before any of them is read
    /// for training. `what` is the run or the search.
    pub(crate) fn located(
        self,
        what: &Path,
        config: &RunConfig,
        folder: Option<&Path>,
    ) -> Result<Located> {
        // Bundled data are the program's own.
        let began = match config.data.bundled {
            Some(_) => Files {
                sources: &[],
                ..self
            },
            None => self,
        };
        let began = began.hashes(true);
        let (mut config, mut elsewhere, mut now) = (config.clone(), None, Vec::new());
        for path in files_of(&mut config, self.vectors.is_some()) {
            let rest = began.get(now.len()..).unwrap_or_default();
            let (place, found) = find(path, rest, folder).map_err(|error| {
                let error = Error::from(error);
                match where_looked_for(what, path, folder) {
                    Some(words) => error.context(words),
                    None => error,
                }
            })?;
            if place != *path {
                elsewhere = folder.map(Path::to_owned);
                *path = place;
            }
            now.extend(found);
        }
        // Of lists of forgotten keys nothing is on record: they grow.
        for path in &mut config.data.forget {
            let there = folder.map(|folder| folder.join(&*path));
            if let Some(there) = there.filter(|there| !path.exists() && there.exists()) {
                *path = there;
            }
        }
        let now: Hashes<'_> = now.iter().map(|f| (&*f.path, &*f.sha256)).collect();
        same_files(what, &began, &now)?;
        Ok(Located {
            config,
            folder: elsewhere,
        })
    }

    /// Refuses other files than these where the settings say.
    pub(crate) fn check_there(self, run: &Path, config: &RunConfig) -> Result<()> {
        self.located(run, config, Some(Path::new(""))).map(|_| ())
    }
}

impl Located {
    /// Names the files of a record as the settings do.
    pub(crate) fn name_as_given(&self, record: &mut DataRecord) {
        let Some(folder) = &self.folder else {
            return;
        };
        let folder = folder.join("").display().to_string();
        let sources = record.sources.iter_mut().map(|source| &mut source.path);
        let vectors = record.vectors.iter_mut().flatten();
        let columns = record.cleaning.columns.iter_mut();
        let names = sources
            .chain(vectors.map(|file| &mut file.path))
            .chain(columns.map(|columns| &mut columns.path));
        for name in names {
            if let Some(given) = name.strip_prefix(&folder) {
                *name = given.to_owned();
            }
        }
    }
}

/// The files that settings name, in the order in which they are on record.
fn files_of(config: &mut RunConfig, with_vectors: bool) -> impl Iterator<Item = &mut PathBuf> {
    let RunConfig { data, features, .. } = config;
    let logs = data.train.iter_mut().chain(&mut data.test);
    let vectors = features.iter_mut().filter(move |_| with_vectors);
    logs.chain(&mut data.items)
        .chain(vectors.flat_map(|features| &mut features.vectors))
}

/// Where a file is, and what is in it: as named, unless that differs from what began and `folder` has what did.
fn find(
    path: &Path,
    began: &[(&str, &str)],
    folder: Option<&Path>,
) -> Result<(PathBuf, Vec<HashedFile>), DataError> {
    let is_same = |found: &[HashedFile]| {
        let mut pairs = found.iter().zip(began);
        found.len() <= began.len() && pairs.all(|(now, (_, then))| now.sha256 == *then)
    };
    let here = hashed(path);
    if !here.as_deref().is_ok_and(is_same)
        && path.is_relative()
        && let Some(folder) = folder
    {
        let there = folder.join(path);
        if let Ok(found) = hashed(&there)
            && (here.is_err() || is_same(&found))
        {
            return Ok((there, found));
        }
    }
    Ok((path.to_owned(), here?))
}

/// The files at a path as they are now.
fn hashed(path: &Path) -> Result<Vec<HashedFile>, DataError> {
    let parts = part_files(path)?;
    parts.iter().map(|part| hash_file(part)).collect()
}

/// Where a file with a relative path was looked for; `None` where the path alone says it.
fn where_looked_for(what: &Path, path: &Path, folder: Option<&Path>) -> Option<String> {
    let here = std::env::current_dir().ok();
    let what = what.display();
    match folder {
        _ if path.is_absolute() => None,
        None => Some(format!(
            "{what} names its files from the folder it was begun in, which it has no record of: run the command there, or \
             write whole paths into its settings"
        )),
        Some(folder) if folder.as_os_str().is_empty() || here.as_deref() == Some(folder) => None,
        Some(folder) => Some(format!(
            "neither here nor in {}, where {what} was begun",
            folder.display()
        )),
    }
}
