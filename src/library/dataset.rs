//! `Dataset`: interactions with keys, from files or from an iterator.

use std::path::Path;

use crate::config::DataConfig;
use crate::data::{self, Bundled, Cleaning, read_configured, read_interactions};
use crate::error::{Result, Usage};

pub use crate::data::Interaction;

/// Interactions of users with items, held in memory: about 8 bytes each, 4 more with ratings and 8 more with times,
/// and the keys once each.
#[derive(Debug, Clone)]
pub struct Dataset {
    pub(crate) data: data::Dataset,
    pub(crate) cleaning: Cleaning,
    /// Where it came from; a run's `config.toml` says so.
    pub(crate) source: DataConfig,
}

impl Dataset {
    /// Reads a log whose format and columns are recognized by its content, as `sagebrush train FILE` does.
    ///
    /// # Errors
    /// A file that cannot be read or understood, with the place and a remedy.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        Self::read_configured(&DataConfig {
            train: vec![path.as_ref().to_owned()],
            ..DataConfig::default()
        })
    }

    /// Reads the film ratings that are inside the library: MovieTweetings 100K, with titles and genres.
    ///
    /// # Errors
    /// None that is known; the data are checked by a test.
    pub fn bundled() -> Result<Self> {
        Self::read_configured(&DataConfig {
            bundled: Some(Bundled::MovieTweetings100k.name().to_owned()),
            ..DataConfig::default()
        })
    }

    /// Reads what the section `[data]` of a configuration names: logs, test files, an item file, formats, columns,
    /// filters.
    ///
    /// # Errors
    /// As [`Dataset::read`], and a section that names no log.
    pub fn read_configured(source: &DataConfig) -> Result<Self> {
        let (data, cleaning) = read_configured(source)?;
        Ok(Self {
            data,
            cleaning,
            source: source.clone(),
        })
    }

    /// Takes interactions from an iterator, such as the rows of a database query. Repeated pairs are merged as in a log.
    /// All interactions have a rating or none has, and the same for times.
    ///
    /// A run of such a data set cannot be resumed by the program, which has no log to read again.
    ///
    /// # Errors
    /// No interaction at all, an empty id, a rating that is not finite, ratings or times that only some have. The place
    /// is the number of the interaction, from 1.
    ///
    /// # Example
    /// ```
    /// use sagebrush::{Dataset, Interaction};
    ///
    /// let rows = [("anna", "tea"), ("anna", "cake"), ("ben", "tea")];
    /// let dataset = Dataset::from_interactions(rows.map(|(user, item)| Interaction::new(user, item)))?;
    /// assert_eq!((dataset.n_users(), dataset.n_items(), dataset.n_interactions()), (2, 2, 3));
    /// # Ok::<(), sagebrush::Error>(())
    /// ```
    pub fn from_interactions(interactions: impl IntoIterator<Item = Interaction>) -> Result<Self> {
        let (data, cleaning) = read_interactions(interactions)?;
        Ok(Self {
            data,
            cleaning,
            source: DataConfig::default(),
        })
    }

    /// Takes interactions from the batches of a table of Arrow, without a copy of the table. The columns, what is left out
    /// and what events weigh are those of `source`, as for a file; the files it names are not read. Keys are texts or whole
    /// numbers of any width, dictionaries of them included; times are of a type that says their unit, or numbers, or text.
    ///
    /// A run of such a data set cannot be resumed by the program, which has no log to read again.
    ///
    /// # Errors
    /// As [`Dataset::read`] for a Parquet file with the same rows; the place is the number of the row, from 1.
    #[cfg(feature = "parquet")]
    pub fn from_arrow(
        table: impl arrow_array::RecordBatchReader,
        source: &DataConfig,
    ) -> Result<Self> {
        let source = DataConfig {
            train: Vec::new(),
            test: Vec::new(),
            items: None,
            bundled: None,
            ..source.clone()
        };
        let (data, cleaning) = data::read_arrow(table, &data::read_options(&source)?)?;
        Ok(Self {
            data,
            cleaning,
            source,
        })
    }

    /// The same with an item file: titles, categories, and what `pinsage` reads of items.
    ///
    /// # Errors
    /// A file that cannot be read, or none of whose items is known; a data set that has an item file already.
    pub fn with_items(mut self, path: impl AsRef<Path>) -> Result<Self> {
        if self.source.items.is_some() || self.source.bundled.is_some() {
            return Err(Usage("this data set has an item file already".to_owned()).into());
        }
        self.source.items = Some(path.as_ref().to_owned());
        if let Some(input) = data::items_input(&self.source)? {
            let columns = data::item_column_names(&self.source);
            data::add_titles(&mut self.data, &columns, &input)?;
        }
        Ok(self)
    }

    /// The section `[data]` that says what was read.
    pub fn source(&self) -> &DataConfig {
        &self.source
    }

    /// The number of users.
    pub fn n_users(&self) -> usize {
        self.data.users.len()
    }

    /// The number of items.
    pub fn n_items(&self) -> usize {
        self.data.items.len()
    }

    /// The number of interactions, repeated pairs merged and the test part of given files included.
    pub fn n_interactions(&self) -> usize {
        let test = self.data.given_test.as_ref();
        self.data.interactions.len() + test.map_or(0, |test| test.len())
    }
}
