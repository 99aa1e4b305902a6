//! Splits an item table into tokens, numbers and missing values.

use crate::config::FeatureSettings;
use crate::data::{CategoryFields, ItemColumn};
use crate::features::error::FeatureError;
use crate::features::item_table::ItemTable;
use crate::features::tokens::{self, Bag};

/// The parts of an item table.
pub(super) struct Parts<'a> {
    table: &'a ItemTable,
    /// Columns of words and categories.
    pub(super) n_hashed: usize,
    pub(super) bags: Vec<Bag>,
    pub(super) numbers: Vec<Vec<Option<f64>>>,
}

impl<'a> Parts<'a> {
    pub(super) fn of(
        settings: &FeatureSettings,
        category_fields: &[CategoryFields],
        table: &'a ItemTable,
    ) -> Result<Self, FeatureError> {
        let n_hashed = settings.text.len() + settings.categories.len();
        let (hashed, numbers) = table.columns.split_at(n_hashed);
        let (words, categories) = hashed.split_at(settings.text.len());
        let mut bags: Vec<Bag> = vec![Vec::new(); table.n_items()];
        words.iter().for_each(|c| tokens::add_words(&mut bags, c));
        let mut fields = category_fields.iter().copied();
        for column in categories {
            let fields = fields.next().unwrap_or_default();
            tokens::add_categories(&mut bags, column, fields);
        }
        bags.iter_mut().for_each(|bag| bag.sort_unstable());
        Ok(Self {
            table,
            n_hashed,
            bags,
            numbers: numbers.iter().map(parsed).collect::<Result<_, _>>()?,
        })
    }

    pub(super) fn names(&self) -> Vec<&str> {
        let columns = self.table.columns.iter().map(|column| column.name.as_str());
        let vectors = self
            .table
            .vectors
            .iter()
            .map(|vectors| vectors.name.as_str());
        columns.chain(vectors).collect()
    }

    /// Of each column and each file of vectors whether it has nothing of an item.
    pub(super) fn is_missing(&self, item: usize) -> impl Iterator<Item = bool> + '_ {
        let columns = self.table.columns.iter();
        let vectors = self.table.vectors.iter();
        columns
            .map(move |column| column.values[item].is_none())
            .chain(vectors.map(move |vectors| !vectors.is_there[item]))
    }

    pub(super) fn is_empty(&self, item: usize) -> bool {
        self.is_missing(item).all(|is| is)
    }
}

fn parsed(column: &ItemColumn) -> Result<Vec<Option<f64>>, FeatureError> {
    let number = |text: &String| {
        let number = text.parse::<f64>().ok().filter(|number| number.is_finite());
        number.ok_or_else(|| FeatureError::NotANumber {
            column: column.name.clone(),
            value: text.clone(),
        })
    };
    let values = column.values.iter();
    values
        .map(|value| value.as_ref().map(number).transpose())
        .collect()
}

/// The first category of each item, in the first column of categories.
#[cfg(feature = "train")]
pub(crate) fn first_categories(
    settings: &FeatureSettings,
    table: &ItemTable,
) -> Vec<Option<String>> {
    let column = settings
        .categories
        .first()
        .and_then(|_| table.columns.get(settings.text.len()));
    let Some(column) = column else {
        return Vec::new();
    };
    let fields = fields_of(column);
    let first = |value: &Option<String>| {
        let categories = fields.split(value.as_deref()?);
        categories.first().map(|&category| category.to_owned())
    };
    column.values.iter().map(first).collect()
}

/// How each column of categories names them.
pub(super) fn category_fields(
    settings: &FeatureSettings,
    table: &ItemTable,
) -> Vec<CategoryFields> {
    let columns = table.columns.iter().skip(settings.text.len());
    columns
        .take(settings.categories.len())
        .map(fields_of)
        .collect()
}

fn fields_of(column: &ItemColumn) -> CategoryFields {
    CategoryFields::of(column.values.iter().flatten().map(String::as_str))
}
