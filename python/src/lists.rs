//! Lists for users, histories and items, as tables of internal ids first: no key is copied before its column is made.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::{ArrayRef, Float32Array, RecordBatch, StringArray, UInt32Array};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use sagebrush::data::ItemLists;
use sagebrush::inference::Ranked;
use sagebrush::{ListOptions, ListSource, Recommender, RecommenderError};

use crate::errors::Fault;
use crate::keys::Keys;
use crate::table::NativeTable;

/// Users whose lists are made together.
const BATCH: usize = 4096;

/// What becomes of keys that the model does not know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    /// The first is an error.
    Raise,
    /// They get no list.
    Skip,
    /// They get the most popular items.
    Popular,
}

impl Unknown {
    pub(crate) fn of(name: &str) -> Result<Self, Fault> {
        match name {
            "raise" => Ok(Self::Raise),
            "skip" => Ok(Self::Skip),
            "popular" => Ok(Self::Popular),
            other => Err(Fault::Usage(format!(
                "unknown={other:?} is none of \"raise\", \"skip\" and \"popular\""
            ))),
        }
    }
}

/// Whom lists are for, and how the keys are typed.
pub(crate) struct Lister<'a> {
    pub(crate) recommender: &'a Recommender,
    pub(crate) users: &'a Keys,
    pub(crate) items: &'a Keys,
}

/// A list of somebody: a position in the names, what it is made of, and its items.
type List = (usize, ListSource, Vec<Ranked>);

impl Lister<'_> {
    /// The lists of these users, or of all.
    pub(crate) fn of_users(
        &self,
        keys: Option<Vec<String>>,
        unknown: Unknown,
        options: &ListOptions,
    ) -> Result<NativeTable, Fault> {
        let Some(keys) = keys else {
            let ids: Vec<u32> = (0..self.recommender.users().len() as u32).collect();
            return self.by_ids(&ids, options);
        };
        let map = self.recommender.users();
        let known = keys.iter().map(|key| self.recommender.user_id(key));
        if unknown != Unknown::Popular {
            let known = known.filter(|id| unknown == Unknown::Raise || id.is_ok());
            return self.by_ids(&known.collect::<Result<Vec<_>, _>>()?, options);
        }
        let nobody = self.nobodys_list(options)?;
        let mut lists = Vec::with_capacity(keys.len());
        for (at, id) in known.enumerate() {
            let list = match id {
                Ok(id) => {
                    let list = self.recommender.recommend_ids(&[id], options)?.concat();
                    (at, self.source_of(id), list)
                }
                Err(_) => (at, ListSource::Popularity, nobody.clone()),
            };
            lists.push(list);
        }
        // Strangers may have keys of another type than the users.
        let are_numbers = self.users.numbers(map).is_some()
            && keys
                .iter()
                .all(|key| sagebrush::data::whole_number(key).is_some());
        self.named(&keys, are_numbers, &lists)
    }

    /// The lists of users of the log.
    fn by_ids(&self, ids: &[u32], options: &ListOptions) -> Result<NativeTable, Fault> {
        let map = self.recommender.users();
        let schema = self.schema(self.users.field("user", map));
        let mut batches = Vec::with_capacity(ids.len().div_ceil(BATCH));
        for part in ids.chunks(BATCH) {
            let lists = self.recommender.recommend_ids(part, options)?;
            let sourced = part.iter().zip(lists);
            let sourced = sourced.map(|(&id, list)| (id as usize, self.source_of(id), list));
            let sourced: Vec<List> = sourced.collect();
            let of_rows = rows(&sourced).map(|(user, ..)| user as u32);
            let users = self.users.column(map, of_rows);
            batches.push(self.batch(&schema, users, &sourced)?);
        }
        Ok(NativeTable::new(schema, batches))
    }

    /// The lists for histories, whose names are texts or their numbers.
    pub(crate) fn of_histories(
        &self,
        names: &[String],
        are_numbers: bool,
        histories: &[Vec<String>],
        unknown: Unknown,
        options: &ListOptions,
    ) -> Result<NativeTable, Fault> {
        let items = self.recommender.items();
        let mut known: Vec<Vec<u32>> = Vec::with_capacity(histories.len());
        let mut served = Vec::with_capacity(histories.len());
        for (at, history) in histories.iter().enumerate() {
            let mut ids: Vec<u32> = history.iter().filter_map(|key| items.id(key)).collect();
            ids.sort_unstable();
            ids.dedup();
            if ids.is_empty() && unknown == Unknown::Raise {
                return Err(match history.first() {
                    None => Fault::Usage(format!(
                        "the history of {} is empty: leave it out, or pass unknown=\"popular\"",
                        names
                            .get(at)
                            .map_or_else(String::new, |name| format!("`{name}`"))
                    )),
                    Some(key) => match self.recommender.item_id(key) {
                        Err(error) => error.into(),
                        Ok(_) => RecommenderError::EmptyHistory.into(),
                    },
                });
            }
            if !ids.is_empty() || unknown == Unknown::Popular {
                known.push(ids);
                served.push(at);
            }
        }
        let mut lists: Vec<List> = Vec::with_capacity(served.len());
        for (part, ats) in known.chunks(BATCH).zip(served.chunks(BATCH)) {
            let numbered = (0u32..).zip(part);
            let pairs = numbered.flat_map(|(row, ids)| ids.iter().map(move |&id| (row, id)));
            let part = ItemLists::from_pairs(part.len(), pairs);
            let answers = self.recommender.people_ids(&part, &[], &part, options)?;
            let answers = ats.iter().zip(answers);
            lists.extend(answers.map(|(&at, (source, list))| (at, source, list)));
        }
        self.named(names, are_numbers, &lists)
    }

    /// The items most like these.
    pub(crate) fn similar(
        &self,
        keys: &[String],
        options: &ListOptions,
    ) -> Result<NativeTable, Fault> {
        let map = self.recommender.items();
        let ids = keys.iter().map(|key| self.recommender.item_id(key));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let lists = self.recommender.similar_ids(&ids, options)?;
        let lists = ids.iter().zip(lists);
        let lists: Vec<List> = lists
            .map(|(&id, list)| (id as usize, ListSource::Model, list))
            .collect();
        let mut fields = vec![
            self.items.field("item", map),
            Field::new("rank", DataType::UInt32, false),
            self.items.field("similar", map),
            Field::new("score", DataType::Float32, false),
        ];
        let asked = self
            .items
            .column(map, rows(&lists).map(|(id, ..)| id as u32));
        let mut columns = vec![
            asked,
            ranks(&lists),
            self.items
                .column(map, rows(&lists).map(|(.., place)| place.item)),
            scores(&lists),
        ];
        if let Some(titles) = self.titles(&lists) {
            fields.push(Field::new("title", DataType::Utf8, true));
            columns.push(titles);
        }
        let schema = Arc::new(Schema::new(fields));
        let batch = RecordBatch::try_new(schema.clone(), columns).map_err(|error| ours(&error))?;
        Ok(NativeTable::new(schema, vec![batch]))
    }

    fn nobodys_list(&self, options: &ListOptions) -> Result<Vec<Ranked>, Fault> {
        let nobody = ItemLists::from_pairs(1, std::iter::empty());
        let lists = self
            .recommender
            .people_ids(&nobody, &[], &nobody, options)?;
        Ok(lists.into_iter().flat_map(|(_, list)| list).collect())
    }

    fn source_of(&self, user: u32) -> ListSource {
        match self.recommender.is_cold(user) {
            true => ListSource::Popularity,
            false => ListSource::Model,
        }
    }

    /// A table of lists whose users have these names.
    fn named(
        &self,
        names: &[String],
        are_numbers: bool,
        lists: &[List],
    ) -> Result<NativeTable, Fault> {
        let kind = match are_numbers {
            true => DataType::Int64,
            false => DataType::Utf8,
        };
        let schema = self.schema(Field::new("user", kind, false));
        let of_rows = || rows(lists).map(|(at, ..)| &*names[at]);
        let users: ArrayRef = match are_numbers {
            true => {
                let numbers: HashMap<&str, i64> = names
                    .iter()
                    .filter_map(|name| Some((&**name, sagebrush::data::whole_number(name)?)))
                    .collect();
                let numbers = of_rows().map(|name| numbers.get(name).copied());
                Arc::new(arrow_array::Int64Array::from_iter(numbers))
            }
            false => Arc::new(StringArray::from(of_rows().collect::<Vec<_>>())),
        };
        let batch = self.batch(&schema, users, lists)?;
        Ok(NativeTable::new(schema, vec![batch]))
    }

    fn schema(&self, user: Field) -> Arc<Schema> {
        let mut fields = vec![
            user,
            Field::new("rank", DataType::UInt32, false),
            self.items.field("item", self.recommender.items()),
            Field::new("score", DataType::Float32, false),
        ];
        if self.recommender.has_titles() {
            fields.push(Field::new("title", DataType::Utf8, true));
        }
        fields.push(Field::new("source", DataType::Utf8, false));
        Arc::new(Schema::new(fields))
    }

    fn batch(
        &self,
        schema: &Arc<Schema>,
        users: ArrayRef,
        lists: &[List],
    ) -> Result<RecordBatch, Fault> {
        let map = self.recommender.items();
        let items = self
            .items
            .column(map, rows(lists).map(|(.., place)| place.item));
        let mut columns = vec![users, ranks(lists), items, scores(lists)];
        columns.extend(self.titles(lists));
        let sources = rows(lists).map(|(_, source, ..)| source.name());
        columns.push(Arc::new(StringArray::from(sources.collect::<Vec<_>>())));
        RecordBatch::try_new(schema.clone(), columns).map_err(|error| ours(&error))
    }

    fn titles(&self, lists: &[List]) -> Option<ArrayRef> {
        self.recommender.has_titles().then(|| {
            let titles = rows(lists).map(|(.., place)| self.recommender.title(place.item));
            Arc::new(titles.collect::<StringArray>()) as ArrayRef
        })
    }
}

/// A table of our own that does not fit together.
fn ours(error: &ArrowError) -> Fault {
    Fault::Panic(error.to_string())
}

/// Each place of the lists: whose it is, what the list is made of, the rank, the item and its score.
fn rows(lists: &[List]) -> impl Iterator<Item = (usize, ListSource, u32, Ranked)> {
    lists.iter().flat_map(|(at, source, list)| {
        let places = (1..).zip(list);
        places.map(move |(rank, place)| (*at, *source, rank, *place))
    })
}

fn ranks(lists: &[List]) -> ArrayRef {
    let ranks = rows(lists).map(|(_, _, rank, _)| rank);
    Arc::new(UInt32Array::from(ranks.collect::<Vec<_>>()))
}

fn scores(lists: &[List]) -> ArrayRef {
    let scores = rows(lists).map(|(.., place)| place.score);
    Arc::new(Float32Array::from(scores.collect::<Vec<_>>()))
}
