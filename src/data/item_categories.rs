//! The categories of items, such as genres: names, and which items have which.

use serde::{Deserialize, Serialize};

use super::category_fields::CategoryFields;
use super::columns::find_column;
use super::error::{DataError, Role};
use super::read::find_item_column;
use super::{IdMap, Input, ItemColumnNames, read_item_columns};

/// Reads the categories of an item file: of the column that is named, or of a usual one where there is one.
///
/// # Errors
/// As reading the columns of the file, and when a named column is not there.
pub fn read_item_categories(
    input: &Input,
    columns: &ItemColumnNames,
    items: &IdMap,
) -> Result<Option<ItemCategories>, DataError> {
    let name = find_item_column(input, |header, place| {
        find_column(header, Role::Category, columns.category.as_deref(), place)
    })?;
    let Some(name) = name else {
        return Ok(None);
    };
    let mut read = read_item_columns(input, columns, items, &[&name], true)?;
    let values = read
        .columns
        .pop()
        .map_or_else(Vec::new, |column| column.values);
    let categories = ItemCategories::of_fields(&values);
    Ok((!categories.is_empty()).then_some(categories))
}

/// Categories by item.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemCategories {
    /// The names, in order.
    names: Vec<String>,
    /// Of each item the positions of its names, ascending.
    of_items: Vec<Vec<u32>>,
}

impl ItemCategories {
    /// Of the categories that each item names; position = item id.
    pub fn new<'a, C: IntoIterator<Item = &'a str>>(items: impl IntoIterator<Item = C>) -> Self {
        let named: Vec<Vec<&str>> = items
            .into_iter()
            .map(|item| item.into_iter().collect())
            .collect();
        let mut names: Vec<&str> = named.concat();
        names.sort_unstable();
        names.dedup();
        let place = |name: &&str| names.binary_search(name).ok().map(|place| place as u32);
        let of_item = |item: &Vec<&str>| {
            let mut places: Vec<u32> = item.iter().filter_map(place).collect();
            places.sort_unstable();
            places.dedup();
            places
        };
        let of_items = named.iter().map(of_item).collect();
        Self {
            names: names.into_iter().map(str::to_owned).collect(),
            of_items,
        }
    }

    /// Of the fields of a column; position = item id.
    fn of_fields(fields: &[Option<String>]) -> Self {
        let kind = CategoryFields::of(fields.iter().flatten().map(String::as_str));
        let named = fields
            .iter()
            .map(|field| kind.split(field.as_deref().unwrap_or_default()));
        Self::new(named)
    }

    /// The names, in order.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// The positions among [`names`](Self::names) of the categories of an item, ascending.
    ///
    /// # Panics
    /// When there is no such item.
    pub fn of_item(&self, item: u32) -> &[u32] {
        &self.of_items[item as usize]
    }

    /// Items there are.
    pub fn n_items(&self) -> usize {
        self.of_items.len()
    }

    /// Whether no item has a category.
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Whether every item names categories that there are.
    pub(crate) fn is_whole(&self) -> bool {
        let n = self.names.len() as u32;
        self.of_items.iter().flatten().all(|&name| name < n)
    }

    /// The items of a category, ascending; `None` where no item has it. Case does not count where no name is written so.
    pub fn items_of(&self, name: &str) -> Option<Vec<u32>> {
        let is_it = |known: &String| known == name;
        let is_like_it = |known: &String| known.to_lowercase() == name.trim().to_lowercase();
        let places = (0u32..).zip(&self.names);
        let exact: Vec<u32> = places
            .clone()
            .filter(|place| is_it(place.1))
            .map(|p| p.0)
            .collect();
        let wanted = match exact.is_empty() {
            true => places
                .filter(|place| is_like_it(place.1))
                .map(|p| p.0)
                .collect(),
            false => exact,
        };
        let has = |names: &Vec<u32>| names.iter().any(|name| wanted.contains(name));
        let items = (0u32..).zip(&self.of_items).filter(|item| has(item.1));
        (!wanted.is_empty()).then(|| items.map(|item| item.0).collect())
    }

    /// Those of some items, in this order; names that none of them has are left out.
    ///
    /// # Panics
    /// When there is no such item.
    #[must_use]
    pub fn some(&self, items: &[u32]) -> Self {
        let names = |&item: &u32| {
            let places = self.of_item(item).iter();
            places.map(|&place| self.names[place as usize].as_str())
        };
        Self::new(items.iter().map(names))
    }

    /// Items of which none has a category.
    #[cfg(feature = "serve")]
    pub(crate) fn none(n: usize) -> Self {
        Self {
            names: Vec::new(),
            of_items: vec![Vec::new(); n],
        }
    }

    /// With items behind those there are, by the names of their categories.
    #[cfg(feature = "serve")]
    pub(crate) fn with_named(&self, new: &[Vec<String>]) -> Self {
        let name = |&place: &u32| self.names[place as usize].as_str();
        let known = self
            .of_items
            .iter()
            .map(|places| places.iter().map(name).collect());
        let named = new
            .iter()
            .map(|names| names.iter().map(String::as_str).collect());
        Self::new(known.chain(named).collect::<Vec<Vec<&str>>>())
    }

    /// With items behind those there are.
    #[must_use]
    pub fn with_items(mut self, n: usize) -> Self {
        self.of_items.resize(self.of_items.len() + n, Vec::new());
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_may_name_several() {
        let of = |fields: &[&str]| {
            let fields = fields.iter().map(|&field| Some(field.to_owned()));
            let fields: Vec<Option<String>> = fields.chain([None]).collect();
            ItemCategories::of_fields(&fields)
        };
        let films = of(&["Crime | Drama", "Film, Noir", ""]);
        assert_eq!(films.names(), ["Crime", "Drama", "Film, Noir"]);
        assert_eq!(films.n_items(), 4);
        assert_eq!(of(&["a, b", "c"]).names(), ["a", "b", "c"]);
        assert_eq!(of(&["tea", "red wine"]).names(), ["red wine", "tea"]);
    }

    #[test]
    fn an_item_is_of_every_category_it_names() {
        let of = [
            &["Crime", "Drama"][..],
            &[],
            &["drama"],
            &["Drama", "Crime", "Drama"],
        ];
        let categories = ItemCategories::new(of.map(|names| names.iter().copied()));
        assert_eq!(categories.names(), ["Crime", "Drama", "drama"]);
        assert_eq!(categories.items_of("Drama"), Some(vec![0, 3]));
        assert_eq!(categories.items_of("DRAMA "), Some(vec![0, 2, 3]));
        assert_eq!(categories.items_of("Western"), None);
        assert!(categories.is_whole() && !categories.is_empty());
        let some = categories.some(&[2, 1]);
        assert_eq!(
            (some.names(), some.of_item(0)),
            (&["drama".to_owned()][..], &[0][..])
        );
        assert_eq!(categories.with_items(2).n_items(), 6);
    }
}
