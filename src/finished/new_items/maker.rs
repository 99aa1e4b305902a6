//! Makes vectors of new items from their features alone, for a run that is in memory.

use std::collections::BTreeMap;

use sagebrush_model::{ItemGraph, ModelConfig, Neighbourhoods};

use super::{NewItem, OpenRun};
use crate::config::DeviceName;
#[cfg(feature = "serve")]
use crate::data::CategoryFields;
use crate::data::{ItemColumn, ItemVectors};
use crate::device;
use crate::error::{Result, Usage};
use crate::features::{Encoder, ItemTable};
use crate::inference::model_config;
use crate::run::NamedTensors;

/// The name that stands for the column of titles, whatever its name.
const TITLE: &str = "title";
/// What a column of categories is usually called.
#[cfg(feature = "serve")]
const CATEGORIES: [&str; 4] = ["genres", "genre", "categories", "category"];

/// What of a run makes vectors of new items.
pub(crate) struct ItemMaker {
    encoder: Encoder,
    config: ModelConfig,
    seed: u64,
    parameters: NamedTensors,
    /// Whether rows have the column of a prior.
    has_prior: bool,
    title_column: Option<String>,
    #[cfg(feature = "serve")]
    category_column: Option<String>,
}

/// New items as the run's tables and lists have them.
pub(crate) struct Made {
    /// `[items, dim]`
    pub(crate) rows: Vec<f32>,
    pub(crate) titles: Vec<Option<String>>,
    /// The categories by which lists may be held to some.
    #[cfg(feature = "serve")]
    pub(crate) categories: Vec<Vec<String>>,
}

impl ItemMaker {
    /// Of a run; `None` where its model makes no vectors of features.
    ///
    /// # Errors
    /// A damaged file.
    pub(crate) fn of(run: &OpenRun) -> Result<Option<Self>> {
        let Some(encoder) = run.dir.encoder()? else {
            return Ok(None);
        };
        let tables = run.recommender.scorer().tables();
        Ok(Some(Self {
            config: model_config(&run.config, encoder.width()),
            seed: run.config.seed,
            parameters: run.dir.parameters()?,
            has_prior: tables.is_some_and(|tables| tables.prior().is_some()),
            title_column: run.config.data.title_column.clone(),
            #[cfg(feature = "serve")]
            category_column: run.config.data.category_column.clone(),
            encoder,
        }))
    }

    /// The columns that the model reads, and those of titles and categories.
    #[cfg(feature = "serve")]
    pub(crate) fn columns(&self) -> Vec<&str> {
        let mut columns = ItemTable::column_names(self.encoder.settings());
        let own = [&self.title_column, &self.category_column];
        columns.extend(own.into_iter().flatten().map(String::as_str));
        columns.push(TITLE);
        if self.category_column.is_none() {
            columns.extend(CATEGORIES);
        }
        let mut taken = std::collections::HashSet::new();
        columns.retain(|column| taken.insert(*column));
        columns
    }

    /// The columns that the model itself reads.
    pub(crate) fn read_columns(&self) -> Vec<&str> {
        ItemTable::column_names(self.encoder.settings())
    }

    /// The widths of the vectors of an item that the model reads.
    pub(crate) fn vector_widths(&self) -> &[usize] {
        self.encoder.vector_widths()
    }

    /// How the categories of a column stand in one text; `None` for a column of something else.
    #[cfg(feature = "serve")]
    pub(crate) fn category_fields(&self, column: &str) -> Option<CategoryFields> {
        self.encoder.category_fields_of(column)
    }

    /// Vectors of items; each depends on its item alone. Columns that an item lacks are empty, and unknown ones are passed
    /// over.
    ///
    /// # Errors
    /// A text in a column of numbers, vectors of other widths or numbers than the model reads, or with a number that is none.
    pub(crate) fn make(&self, items: &[NewItem]) -> Result<Made> {
        let columns = self.read_columns().into_iter().map(|name| ItemColumn {
            name: name.to_owned(),
            values: items.iter().map(|item| self.value(item, name)).collect(),
        });
        let table = ItemTable {
            columns: columns.collect(),
            vectors: self.vectors(items)?,
            edges: vec![0; items.len()],
        };
        let rows = self.encoder.encode(&table)?.rows;
        let device = device::open(DeviceName::Cpu)?;
        let empty = self.config.init(1, 1, self.seed, &device);
        let model = empty.with_parameters(self.parameters.clone())?;
        let alone = Neighbourhoods::new(1, &vec![Vec::new(); items.len()]);
        let graph = ItemGraph::of_items(rows, alone);
        let ids: Vec<u32> = (0..items.len() as u32).collect();
        let own = model.item_vectors(&graph, &ids)?;
        Ok(Made {
            rows: match self.has_prior {
                true => super::with_no_prior(&own, items.len()),
                false => own,
            },
            titles: items.iter().map(|item| self.title(item)).collect(),
            #[cfg(feature = "serve")]
            categories: items.iter().map(|item| self.categories(item)).collect(),
        })
    }

    /// What an item has in a column that the model reads.
    fn value(&self, item: &NewItem, column: &str) -> Option<String> {
        let value = text(&item.features, column);
        value.or_else(|| (column == TITLE).then(|| self.title(item)).flatten())
    }

    fn title(&self, item: &NewItem) -> Option<String> {
        let own = self.title_column.as_deref();
        let own = own.and_then(|column| text(&item.features, column));
        own.or_else(|| text(&item.features, TITLE))
    }

    #[cfg(feature = "serve")]
    fn categories(&self, item: &NewItem) -> Vec<String> {
        let field = match &self.category_column {
            Some(column) => text(&item.features, column).map(|field| (column.as_str(), field)),
            None => CATEGORIES
                .into_iter()
                .find_map(|column| Some((column, text(&item.features, column)?))),
        };
        field.map_or_else(Vec::new, |(column, field)| {
            let kind = self.category_fields(column).unwrap_or_default();
            kind.split(&field).into_iter().map(str::to_owned).collect()
        })
    }

    /// The vectors of each file that the model was trained with.
    fn vectors(&self, items: &[NewItem]) -> Result<Vec<ItemVectors>> {
        let widths = self.vector_widths().iter().enumerate();
        let of_file = |(at, &width): (usize, &usize)| -> Result<ItemVectors> {
            let mut vectors = ItemVectors {
                name: format!("vectors[{at}]"),
                width,
                values: Vec::with_capacity(items.len() * width),
                is_there: Vec::with_capacity(items.len()),
            };
            for item in items {
                let own = item.vectors.get(at).filter(|own| !own.is_empty());
                vectors.is_there.push(own.is_some());
                match own {
                    None => vectors.values.resize(vectors.values.len() + width, 0.0),
                    Some(own) if own.len() != width => {
                        return Err(Usage(format!(
                            "item `{}`: `vectors[{at}]` has {} numbers, and the model was trained with {width}",
                            item.key,
                            own.len()
                        ))
                        .into());
                    }
                    Some(own) if own.iter().any(|value| !value.is_finite()) => {
                        return Err(Usage(format!(
                            "item `{}`: `vectors[{at}]` holds a number that is none",
                            item.key
                        ))
                        .into());
                    }
                    Some(own) => vectors.values.extend(own),
                }
            }
            Ok(vectors)
        };
        widths.map(of_file).collect()
    }
}

/// A text that is not empty.
fn text(features: &BTreeMap<String, Option<String>>, column: &str) -> Option<String> {
    let text = features.get(column)?.as_deref()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}
