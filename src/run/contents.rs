//! What each file of a run holds, as typed reads and writes.

use std::collections::BTreeMap;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::records::{self, EpochRecord, MetricsLog};
use super::tensors::{Entry, TensorFile, Values, write_tensors};
use super::{File, HostTensor, ModelCard, NamedTensors, RunDir, RunError};
use crate::data::{IdMap, ItemLists};

const HEAD_PREFIX: &str = "head.";

/// The tables of `embeddings.safetensors`: all that inference needs besides the keys.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddingTables {
    /// `[n_users, dim]`.
    pub users: HostTensor,
    /// `[n_items, dim]`.
    pub items: HostTensor,
    /// The weights of a score head, by name without prefix; empty when the score is a dot product.
    pub head: NamedTensors,
    /// Notes for the reader, such as the kind of score head.
    pub metadata: BTreeMap<String, String>,
}

/// The tables of `filter.safetensors`: all that a graph filter needs besides the interactions.
#[derive(Debug, Clone, PartialEq)]
pub struct FilterTables {
    /// Right singular vectors of the normalised training interactions as columns, `[n_items, n_vectors]`.
    pub vectors: HostTensor,
    /// Their singular values, falling, `[n_vectors]`.
    pub values: HostTensor,
    /// Notes for the reader, such as how exact the vectors are.
    pub metadata: BTreeMap<String, String>,
}

/// The lists of `interactions.safetensors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SeenLists {
    /// Items trained on, by user.
    pub train: ItemLists,
    /// Items held out for validation, by user.
    pub validation: ItemLists,
}

impl RunDir {
    /// Writes `config.toml`.
    pub fn write_config(&mut self, toml: &str) -> Result<(), RunError> {
        self.write(File::Config, |out| out.write_all(toml.as_bytes()))
    }

    /// The text of `config.toml`.
    pub fn config(&self) -> Result<String, RunError> {
        self.read_text(File::Config)
    }

    /// Writes the parameters to `model.safetensors`; equal parameters give equal bytes.
    pub fn write_parameters(&mut self, parameters: &NamedTensors) -> Result<(), RunError> {
        let entries = parameters
            .iter()
            .map(|(name, tensor)| Entry::of(name, tensor))
            .collect();
        self.write(File::Model, |out| write_tensors(out, entries, None))
    }

    /// The parameters of `model.safetensors`, bit for bit.
    pub fn parameters(&self) -> Result<NamedTensors, RunError> {
        let (path, bytes) = (self.path_of(File::Model), self.read(File::Model)?);
        TensorFile::parse(&path, &bytes)?.all_f32("")
    }

    /// Writes `embeddings.safetensors`.
    pub fn write_embeddings(&mut self, tables: &EmbeddingTables) -> Result<(), RunError> {
        let mut entries = vec![
            Entry::of("users", &tables.users),
            Entry::of("items", &tables.items),
        ];
        let head = tables.head.iter();
        entries.extend(head.map(|(name, t)| Entry::of(format!("{HEAD_PREFIX}{name}"), t)));
        self.write(File::Embeddings, |out| {
            write_tensors(out, entries, Some(serde_json::to_string(&tables.metadata)?))
        })
    }

    /// The tables of `embeddings.safetensors`; both are matrices of the same width.
    pub fn embeddings(&self) -> Result<EmbeddingTables, RunError> {
        let (path, bytes) = (self.path_of(File::Embeddings), self.read(File::Embeddings)?);
        let file = TensorFile::parse(&path, &bytes)?;
        let (users, items) = (file.f32("users")?, file.f32("items")?);
        match (users.shape.as_slice(), items.shape.as_slice()) {
            ([_, user_dim], [_, item_dim]) if user_dim == item_dim => {}
            (users, items) => {
                let what = format!("tables of shapes {users:?} and {items:?} do not fit together");
                return Err(RunError::damaged(&path, what));
            }
        }
        Ok(EmbeddingTables {
            users,
            items,
            head: file.all_f32(HEAD_PREFIX)?,
            metadata: notes(&path, &file)?,
        })
    }

    /// Writes `filter.safetensors`.
    pub fn write_filter(&mut self, tables: &FilterTables) -> Result<(), RunError> {
        let entries = vec![
            Entry::of("item_vectors", &tables.vectors),
            Entry::of("singular_values", &tables.values),
        ];
        self.write(File::Filter, |out| {
            write_tensors(out, entries, Some(serde_json::to_string(&tables.metadata)?))
        })
    }

    /// The tables of `filter.safetensors`; there is a vector a value.
    pub fn filter(&self) -> Result<FilterTables, RunError> {
        let (path, bytes) = (self.path_of(File::Filter), self.read(File::Filter)?);
        let file = TensorFile::parse(&path, &bytes)?;
        let (vectors, values) = (file.f32("item_vectors")?, file.f32("singular_values")?);
        match (vectors.shape.as_slice(), values.shape.as_slice()) {
            ([_, n_vectors], [n_values]) if n_vectors == n_values => {}
            (vectors, values) => {
                let what =
                    format!("tables of shapes {vectors:?} and {values:?} do not fit together");
                return Err(RunError::damaged(&path, what));
            }
        }
        Ok(FilterTables {
            vectors,
            values,
            metadata: notes(&path, &file)?,
        })
    }

    /// Writes `users.json` and `items.json`.
    pub fn write_keys(&mut self, users: &IdMap, items: &IdMap) -> Result<(), RunError> {
        self.write_json(File::Users, &users.keys())?;
        self.write_json(File::Items, &items.keys())
    }

    /// The user keys; the position is the id.
    pub fn users(&self) -> Result<IdMap, RunError> {
        self.keys(File::Users)
    }

    /// The item keys; the position is the id.
    pub fn items(&self) -> Result<IdMap, RunError> {
        self.keys(File::Items)
    }

    fn keys(&self, file: File) -> Result<IdMap, RunError> {
        let keys = self.read_json(file)?;
        IdMap::from_ordered_keys(keys)
            .ok_or_else(|| RunError::damaged(&self.path_of(file), "a key stands in it twice"))
    }

    /// Writes `titles.json`; the position is the item id.
    pub fn write_titles(&mut self, titles: &[Option<String>]) -> Result<(), RunError> {
        self.write_json(File::Titles, &titles)
    }

    /// The titles of items, where the run has any; the position is the item id.
    pub fn titles(&self) -> Result<Option<Vec<Option<String>>>, RunError> {
        self.has(File::Titles)
            .then(|| self.read_json(File::Titles))
            .transpose()
    }

    /// Writes `categories.json`; the position is the item id.
    pub fn write_categories(&mut self, categories: &[Option<String>]) -> Result<(), RunError> {
        self.write_json(File::Categories, &categories)
    }

    /// The first categories of items, where the run has any; the position is the item id.
    pub fn categories(&self) -> Result<Option<Vec<Option<String>>>, RunError> {
        self.has(File::Categories)
            .then(|| self.read_json(File::Categories))
            .transpose()
    }

    /// Writes `interactions.safetensors`.
    pub fn write_interactions(
        &mut self,
        train: &ItemLists,
        validation: &ItemLists,
    ) -> Result<(), RunError> {
        self.write_lists(
            File::Interactions,
            &[("train", train), ("validation", validation)],
        )
    }

    /// The lists of what users have seen, checked against the counts of users and items.
    pub fn interactions(&self, n_users: usize, n_items: usize) -> Result<SeenLists, RunError> {
        let (path, bytes) = (
            self.path_of(File::Interactions),
            self.read(File::Interactions)?,
        );
        let file = TensorFile::parse(&path, &bytes)?;
        let lists = |name| lists_of(&path, &file, name, n_users, n_items);
        Ok(SeenLists {
            train: lists("train")?,
            validation: lists("validation")?,
        })
    }

    /// Writes `test.safetensors`.
    pub fn write_test(&mut self, test: &ItemLists) -> Result<(), RunError> {
        self.write_lists(File::Test, &[("test", test)])
    }

    /// The test lists, checked against the counts of users and items. Only evaluation reads them.
    pub fn test(&self, n_users: usize, n_items: usize) -> Result<ItemLists, RunError> {
        let (path, bytes) = (self.path_of(File::Test), self.read(File::Test)?);
        lists_of(
            &path,
            &TensorFile::parse(&path, &bytes)?,
            "test",
            n_users,
            n_items,
        )
    }

    /// Writes `neighbours.safetensors`: for each root (a user or an item) the items near it that hard
    /// negatives are drawn from.
    pub fn write_neighbours(&mut self, near: &ItemLists) -> Result<(), RunError> {
        self.write_lists(File::Neighbours, &[("near", near)])
    }

    /// The lists of `neighbours.safetensors`, where it is there, checked against the counts of roots
    /// and items.
    pub fn neighbours(
        &self,
        n_roots: usize,
        n_items: usize,
    ) -> Result<Option<ItemLists>, RunError> {
        if !self.has(File::Neighbours) {
            return Ok(None);
        }
        let (path, bytes) = (self.path_of(File::Neighbours), self.read(File::Neighbours)?);
        let file = TensorFile::parse(&path, &bytes)?;
        lists_of(&path, &file, "near", n_roots, n_items).map(Some)
    }

    fn write_lists(&mut self, file: File, parts: &[(&str, &ItemLists)]) -> Result<(), RunError> {
        let widen = |lists: &ItemLists| lists.row_ptr().iter().map(|&at| at as u64).collect();
        let row_ptrs: Vec<Vec<u64>> = parts.iter().map(|(_, lists)| widen(lists)).collect();
        let mut entries = Vec::new();
        for ((name, lists), row_ptr) in parts.iter().zip(&row_ptrs) {
            let (name_ptr, name_items) = (format!("{name}.row_ptr"), format!("{name}.items"));
            let shape = vec![row_ptr.len()];
            entries.push(Entry {
                name: name_ptr,
                shape,
                values: Values::U64(row_ptr),
            });
            let (shape, values) = (vec![lists.n_pairs()], Values::U32(lists.items()));
            entries.push(Entry {
                name: name_items,
                shape,
                values,
            });
        }
        self.write(file, |out| write_tensors(out, entries, None))
    }

    /// Writes `data.json`: any description of the data the run was trained on.
    pub fn write_data<T: Serialize>(&mut self, data: &T) -> Result<(), RunError> {
        self.write_pretty_json(File::Data, data)
    }

    /// The content of `data.json`.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, RunError> {
        self.read_json(File::Data)
    }

    /// Writes `evaluation.json`.
    pub fn write_evaluation<T: Serialize>(&mut self, evaluation: &T) -> Result<(), RunError> {
        self.write_pretty_json(File::Evaluation, evaluation)
    }

    /// The content of `evaluation.json`.
    pub fn evaluation<T: DeserializeOwned>(&self) -> Result<T, RunError> {
        self.read_json(File::Evaluation)
    }

    /// Starts `metrics.jsonl` with the epochs that are already behind (none in a new run).
    pub fn start_metrics(&mut self, history: &[EpochRecord]) -> Result<MetricsLog, RunError> {
        self.write(File::Metrics, |out| {
            history
                .iter()
                .try_for_each(|record| records::write_line(out, record))
        })?;
        MetricsLog::append_to(self.path_of(File::Metrics))
    }

    /// The epochs in `metrics.jsonl`; a last line torn by a crash is left out.
    pub fn metrics(&self) -> Result<Vec<EpochRecord>, RunError> {
        records::parse(&self.path_of(File::Metrics), &self.read(File::Metrics)?)
    }

    /// Writes `report.html`.
    pub fn write_report(&mut self, html: &str) -> Result<(), RunError> {
        self.write(File::Report, |out| out.write_all(html.as_bytes()))
    }

    /// Writes the model card, `README.md`.
    pub fn write_model_card(&mut self, card: &ModelCard) -> Result<(), RunError> {
        self.write(File::ModelCard, |out| {
            out.write_all(card.to_markdown().as_bytes())
        })
    }

    fn path_of(&self, file: File) -> std::path::PathBuf {
        self.path().join(file.name())
    }

    fn read_text(&self, file: File) -> Result<String, RunError> {
        String::from_utf8(self.read(file)?)
            .map_err(|_| RunError::damaged(&self.path_of(file), "it is not UTF-8 text"))
    }

    fn read_json<T: DeserializeOwned>(&self, file: File) -> Result<T, RunError> {
        serde_json::from_slice(&self.read(file)?)
            .map_err(|error| RunError::damaged(&self.path_of(file), error.to_string()))
    }

    fn write_json<T: Serialize>(&mut self, file: File, value: &T) -> Result<(), RunError> {
        self.write(file, |out| Ok(serde_json::to_writer(out, value)?))
    }

    fn write_pretty_json<T: Serialize>(&mut self, file: File, value: &T) -> Result<(), RunError> {
        self.write(file, |out| {
            serde_json::to_writer_pretty(&mut *out, value)?;
            out.write_all(b"\n")
        })
    }
}

fn notes(
    path: &std::path::Path,
    file: &TensorFile<'_>,
) -> Result<BTreeMap<String, String>, RunError> {
    match file.metadata() {
        None => Ok(BTreeMap::new()),
        Some(text) => serde_json::from_str(text)
            .map_err(|error| RunError::damaged(path, format!("its metadata: {error}"))),
    }
}

fn lists_of(
    path: &std::path::Path,
    file: &TensorFile<'_>,
    name: &str,
    n_users: usize,
    n_items: usize,
) -> Result<ItemLists, RunError> {
    let problem = |what: &str| RunError::damaged(path, format!("the `{name}` lists {what}"));
    let items = file.u32(&format!("{name}.items"))?;
    let row_ptr = file.u64(&format!("{name}.row_ptr"))?;
    let row_ptr: Option<Vec<usize>> = row_ptr
        .into_iter()
        .map(|at| usize::try_from(at).ok().filter(|&at| at <= items.len()))
        .collect();
    if items.iter().any(|&item| item as usize >= n_items) {
        return Err(problem("name an item that items.json does not have"));
    }
    let lists = row_ptr.and_then(|row_ptr| ItemLists::from_raw(row_ptr, items));
    let lists = lists.ok_or_else(|| problem("are not in order"))?;
    if lists.n_users() != n_users {
        return Err(problem("do not cover the users of users.json"));
    }
    Ok(lists)
}
