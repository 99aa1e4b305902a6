//! Histories of people from a table: a column of people and one of lists of items, or an interaction a row.

use std::collections::HashMap;

use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, LargeStringArray, RecordBatch, RecordBatchReader};
use arrow_cast::{CastOptions, cast_with_options};
use arrow_schema::{ArrowError, DataType, Schema};

use crate::errors::Fault;

/// People by name and what they have.
#[derive(Debug, Default)]
pub(crate) struct People {
    pub(crate) names: Vec<String>,
    /// Whether the names are whole numbers.
    pub(crate) are_numbers: bool,
    pub(crate) histories: Vec<Vec<String>>,
}

/// Which columns are what.
struct Form {
    user: usize,
    items: usize,
    /// Whether a row holds a list of items.
    is_list: bool,
}

/// Reads the people of a table.
pub(crate) fn people_of(table: impl RecordBatchReader) -> Result<People, Fault> {
    let schema = table.schema();
    let form = Form::of(&schema)?;
    let mut people = People {
        are_numbers: schema.field(form.user).data_type().is_integer(),
        ..People::default()
    };
    let mut places = HashMap::new();
    for batch in table {
        let batch = batch.map_err(|error| unreadable(&error))?;
        match form.is_list {
            true => people.add_lists(&batch, &form),
            false => people.add_rows(&batch, &form, &mut places),
        }
        .map_err(|error| unreadable(&error))?;
    }
    Ok(people)
}

impl Form {
    fn of(schema: &Schema) -> Result<Self, Fault> {
        let fields = schema.fields();
        let named = |names: &[&str]| {
            let is_named = |name: &String| names.contains(&&*name.to_lowercase());
            fields.iter().position(|field| is_named(field.name()))
        };
        let list = fields.iter().position(|field| is_list(field.data_type()));
        let items = list.or_else(|| named(&["item", "item_id", "items"]));
        let user = named(&["user", "user_id", "userid"]);
        let user = user.or_else(|| (0..fields.len()).find(|&at| Some(at) != items));
        let items = items.or_else(|| (0..fields.len()).find(|&at| Some(at) != user));
        match (user, items) {
            (Some(user), Some(items)) if user != items => Ok(Self {
                user,
                items,
                is_list: list.is_some(),
            }),
            _ => Err(Fault::Usage(
                "a frame of histories has a column `user` and a column `items` of lists, or `user` and `item` with one \
                 interaction a row"
                    .to_owned(),
            )),
        }
    }
}

fn is_list(kind: &DataType) -> bool {
    matches!(
        kind,
        DataType::List(_) | DataType::LargeList(_) | DataType::FixedSizeList(..)
    )
}

impl People {
    fn add_lists(&mut self, batch: &RecordBatch, form: &Form) -> Result<(), ArrowError> {
        let names = texts(batch.column(form.user))?;
        let lists = batch.column(form.items);
        let kind = lists.data_type();
        let field = match kind {
            DataType::List(field)
            | DataType::LargeList(field)
            | DataType::FixedSizeList(field, _) => field,
            _ => return Err(ArrowError::CastError(format!("{kind} is no list"))),
        };
        let lists = cast(lists, &DataType::LargeList(field.clone()))?;
        let lists = lists.as_list::<i64>();
        let items = texts(lists.values())?;
        for row in 0..batch.num_rows() {
            self.names.push(name(&names, row)?);
            let (start, end) = (lists.value_offsets()[row], lists.value_offsets()[row + 1]);
            let places = match lists.is_null(row) {
                true => 0..0,
                false => start as usize..end as usize,
            };
            let of_row = places.filter(|&at| items.is_valid(at));
            self.histories
                .push(of_row.map(|at| items.value(at).to_owned()).collect());
        }
        Ok(())
    }

    fn add_rows(
        &mut self,
        batch: &RecordBatch,
        form: &Form,
        places: &mut HashMap<String, usize>,
    ) -> Result<(), ArrowError> {
        let (names, items) = (
            texts(batch.column(form.user))?,
            texts(batch.column(form.items))?,
        );
        for row in 0..batch.num_rows() {
            let name = name(&names, row)?;
            let place = match places.get(&name) {
                Some(&place) => place,
                None => {
                    places.insert(name.clone(), self.names.len());
                    self.names.push(name);
                    self.histories.push(Vec::new());
                    self.names.len() - 1
                }
            };
            if items.is_valid(row) {
                self.histories[place].push(items.value(row).to_owned());
            }
        }
        Ok(())
    }
}

fn name(names: &LargeStringArray, row: usize) -> Result<String, ArrowError> {
    match names.is_valid(row) {
        true => Ok(names.value(row).to_owned()),
        false => Err(ArrowError::InvalidArgumentError(format!(
            "row {} has no user",
            row + 1
        ))),
    }
}

fn texts(column: &ArrayRef) -> Result<LargeStringArray, ArrowError> {
    Ok(cast(column, &DataType::LargeUtf8)?
        .as_string::<i64>()
        .clone())
}

fn cast(column: &ArrayRef, to: &DataType) -> Result<ArrayRef, ArrowError> {
    let strict = CastOptions {
        safe: false,
        ..CastOptions::default()
    };
    cast_with_options(column, to, &strict)
}

fn unreadable(error: &ArrowError) -> Fault {
    Fault::Usage(format!("the frame of histories cannot be read: {error}"))
}
