//! Export to a file, which appears whole; and what is checked of it afterwards.

use std::path::{Path, PathBuf};

use super::content::{Source, What};
use super::error::StoreError;
use super::{Layout, Part};
use crate::data::hash_file;
use crate::error::Result;
use crate::export::{
    Destination, ExportError, ListFormat, RecommendationWriter, VectorFormat, count_rows,
    write_keys_beside, write_vectors,
};
use crate::observer::{Event, Observer};

/// A file, in a form that its ending names.
pub(crate) struct FileStore {
    path: PathBuf,
    form: Form,
}

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Lists(ListFormat),
    Vectors(VectorFormat),
}

impl FileStore {
    /// Looks whether the file can be written.
    ///
    /// # Errors
    /// An ending that names no form, more than one part, a folder that takes no file.
    pub(super) fn open(path: &Path, what: &[What], layout: &Layout) -> Result<Self> {
        let store = Self::of(path, what, layout)?;
        Destination::from(path).check()?;
        Ok(store)
    }

    /// The same without a look at the folder.
    pub(super) fn of(path: &Path, what: &[What], layout: &Layout) -> Result<Self, StoreError> {
        let [what] = *what else {
            return Err(StoreError::Usage(format!(
                "{}: a file holds one of lists, items and users; export each to a file of its own",
                path.display()
            )));
        };
        let usage = |error: ExportError| StoreError::Usage(error.to_string());
        let form = match what {
            What::Lists if ending_is(path, &["npy", "safetensors"]) => {
                return Err(StoreError::Usage(format!(
                    "{}: such files hold vectors; name lists .parquet, .csv or .jsonl, or choose `--what items`",
                    path.display()
                )));
            }
            What::Lists => Form::Lists(ListFormat::of_path(path).map_err(usage)?),
            What::Items | What::Users => {
                let form = VectorFormat::of(&Destination::from(path)).map_err(usage)?;
                Form::Vectors(match form {
                    VectorFormat::Parquet if layout.is_wide => VectorFormat::WideParquet,
                    form => form,
                })
            }
        };
        if layout.is_wide && form != Form::Vectors(VectorFormat::WideParquet) {
            return Err(StoreError::Usage(
                "`--columns wide` is for vectors in Parquet: lists have columns of their own, and so has CSV".to_owned(),
            ));
        }
        Ok(Self {
            path: path.to_owned(),
            form,
        })
    }

    pub(super) fn plan(&self, source: &Source<'_>, what: &[What]) -> Result<Vec<Part>> {
        let part = |&what: &What| -> Result<Part> {
            Ok(Part {
                what,
                place: self.path.display().to_string(),
                form: source.form(what)?,
                rows: source.n_rows(what)?,
                replaces: self.path.exists(),
            })
        };
        what.iter().map(part).collect()
    }

    pub(super) fn write(
        &self,
        source: &Source<'_>,
        what: &[What],
        observer: &dyn Observer,
    ) -> Result<Vec<Part>> {
        let mut parts = self.plan(source, what)?;
        for part in &mut parts {
            part.rows = self.fill(source, part.what, observer)?;
        }
        Ok(parts)
    }

    /// The files that an export of vectors leaves: of `.npy` also the keys.
    #[cfg(feature = "cloud")]
    pub(super) fn files(&self) -> Vec<PathBuf> {
        let mut files = vec![self.path.clone()];
        if self.form == Form::Vectors(VectorFormat::Npy) {
            files.push(crate::export::keys_beside(&self.path));
        }
        files
    }

    /// Writes the file; how many rows it holds.
    fn fill(&self, source: &Source<'_>, what: What, observer: &dyn Observer) -> Result<usize> {
        let place = Destination::File(self.path.clone());
        let sent = match self.form {
            Form::Lists(form) => {
                let titles = source.recommender.has_titles();
                let mut writer =
                    RecommendationWriter::create(&place, form, titles, source.types())?;
                let mut sent = 0;
                for block in source.lists(observer)? {
                    let block = block?;
                    writer.write(&block)?;
                    sent += block.iter().map(|list| list.items.len()).sum::<usize>();
                }
                writer.finish()?;
                observer.event(Event::WorkEnds);
                sent
            }
            Form::Vectors(form) => {
                let vectors = source.vectors(what)?;
                vectors.tell(observer);
                write_vectors(&place, form, &vectors.keys, &vectors.table, vectors.dim)?;
                if form == VectorFormat::Npy {
                    let sha256 = hash_file(&self.path)?.sha256;
                    write_keys_beside(
                        &self.path,
                        &vectors.keys,
                        vectors.dim,
                        &source.run,
                        &sha256,
                    )?;
                }
                vectors.keys.len()
            }
        };
        match count_rows(&self.path)? {
            Some(found) if found != sent => Err(StoreError::Count {
                place: place.to_string(),
                sent,
                found,
            }
            .into()),
            _ => Ok(sent),
        }
    }
}

fn ending_is(path: &Path, endings: &[&str]) -> bool {
    let ending = path.extension().and_then(|ending| ending.to_str());
    ending.is_some_and(|ending| endings.contains(&ending))
}
