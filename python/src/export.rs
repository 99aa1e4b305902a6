//! Results to files, by the ending of their names.

use std::path::Path;

use sagebrush::export::{
    Destination, ExportError, KeyTypes, ListFormat, RecommendationWriter, VectorFormat,
    write_vectors,
};
use sagebrush::{Error, ListOptions, Recommender};

use crate::errors::Fault;

impl From<ExportError> for Fault {
    fn from(error: ExportError) -> Self {
        Self::Library(Error::from(error))
    }
}

/// Writes the lists of all users.
pub(crate) fn lists(
    recommender: &Recommender,
    path: &Path,
    options: &ListOptions,
) -> Result<(), Fault> {
    let (destination, format) = (Destination::from(path), ListFormat::of_path(path)?);
    let types = KeyTypes::of(recommender.users(), recommender.items());
    let with_titles = recommender.has_titles();
    let lists = recommender.recommend_all(options)?;
    let mut writer = RecommendationWriter::create(&destination, format, with_titles, types)?;
    for block in lists {
        writer.write(&block?)?;
    }
    Ok(writer.finish()?)
}

/// Writes the vectors of all users or items.
pub(crate) fn vectors(recommender: &Recommender, path: &Path, of_users: bool) -> Result<(), Fault> {
    let destination = Destination::from(path);
    let format = VectorFormat::of(&destination)?;
    let Some(tables) = recommender.scorer().tables() else {
        let message = "this model has no vectors: write its lists, or train one such as \"lightgcn\" or \"ials\"";
        return Err(Fault::Usage(message.to_owned()));
    };
    let (ids, table) = match of_users {
        true => (recommender.users(), tables.users()),
        false => (recommender.items(), tables.items()),
    };
    Ok(write_vectors(
        &destination,
        format,
        ids,
        table,
        tables.dim(),
    )?)
}
