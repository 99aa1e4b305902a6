//! Reads each file of a run as a typed value.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;

use super::records::EpochRecord;
use super::refit_note::is_of_refit;
use super::tensors::TensorFile;
use super::{File, Floats, HostTensor, NamedTensors, RunDir, RunError, StoredTable, lines};
use crate::data::{AlsoSeen, IdMap, ItemCategories, ItemLists};

pub(super) const HEAD_PREFIX: &str = "head.";

/// The tables of `embeddings.safetensors`: all that inference needs besides the keys.
#[derive(Debug, Clone, PartialEq)]
pub struct EmbeddingTables {
    /// A row a user.
    pub users: StoredTable,
    /// A row an item.
    pub items: StoredTable,
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

/// The lists of `neighbours.safetensors`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredNeighbours {
    /// The items near each root.
    pub near: ItemLists,
    /// Whether a refit made them, from more than the training part.
    pub refit: bool,
}

impl RunDir {
    /// The text of `config.toml`.
    pub fn config(&self) -> Result<String, RunError> {
        self.read_text(File::Config)
    }

    /// The parameters of `model.safetensors`, bit for bit.
    pub fn parameters(&self) -> Result<NamedTensors, RunError> {
        let (path, bytes) = (self.path_of(File::Model), self.read(File::Model)?);
        TensorFile::parse(&path, &bytes)?.all_f32("")
    }

    /// The tables of `embeddings.safetensors`; both have the same width. They are read where they lie in the file, as
    /// long as they live: files of a run are replaced and never written in place.
    pub fn embeddings(&self) -> Result<EmbeddingTables, RunError> {
        let (path, map) = (self.path_of(File::Embeddings), self.map(File::Embeddings)?);
        let file = TensorFile::parse(&path, &map)?;
        let ((users, user_values), (items, item_values)) =
            (file.f32_at("users")?, file.f32_at("items")?);
        let (n_users, n_items, dim) = match (users.as_slice(), items.as_slice()) {
            (&[n_users, user_dim], &[n_items, dim]) if user_dim == dim => (n_users, n_items, dim),
            (users, items) => {
                let what = format!("tables of shapes {users:?} and {items:?} do not fit together");
                return Err(RunError::damaged(&path, what));
            }
        };
        let table = |rows, bytes| StoredTable {
            rows,
            dim,
            values: Floats::mapped(&map, bytes),
        };
        Ok(EmbeddingTables {
            users: table(n_users, user_values),
            items: table(n_items, item_values),
            head: file.all_f32(HEAD_PREFIX)?,
            metadata: notes(&path, &file)?,
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

    /// The titles of items, where the run has any; the position is the item id.
    pub fn titles(&self) -> Result<Option<Vec<Option<String>>>, RunError> {
        self.has(File::Titles)
            .then(|| self.read_json(File::Titles))
            .transpose()
    }

    /// The first categories of items, where the run has any; the position is the item id.
    pub fn categories(&self) -> Result<Option<Vec<Option<String>>>, RunError> {
        self.has(File::Categories)
            .then(|| self.read_json(File::Categories))
            .transpose()
    }

    /// The categories of items, where the run has any, checked against the count of items.
    pub fn item_categories(&self, n_items: usize) -> Result<Option<ItemCategories>, RunError> {
        if !self.has(File::ItemCategories) {
            return Ok(None);
        }
        let categories: ItemCategories = self.read_json(File::ItemCategories)?;
        if categories.n_items() != n_items || !categories.is_whole() {
            let path = self.path_of(File::ItemCategories);
            return Err(RunError::damaged(
                &path,
                "it is not of the items of items.json",
            ));
        }
        Ok(Some(categories))
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

    /// The lists of `also_seen.safetensors`, where it is there, checked against the counts of users and items.
    pub fn also_seen(&self, n_users: usize, n_items: usize) -> Result<Option<AlsoSeen>, RunError> {
        if !self.has(File::AlsoSeen) {
            return Ok(None);
        }
        let (path, bytes) = (self.path_of(File::AlsoSeen), self.read(File::AlsoSeen)?);
        let file = TensorFile::parse(&path, &bytes)?;
        let lists = |name| lists_of(&path, &file, name, n_users, n_items);
        Ok(Some(AlsoSeen {
            before_validation: lists("before_validation")?,
            before_test: lists("before_test")?,
            later: lists("later")?,
        }))
    }

    /// The lists of `neighbours.safetensors`, where it is there, checked against the counts of roots
    /// and items.
    pub fn neighbours(
        &self,
        n_roots: usize,
        n_items: usize,
    ) -> Result<Option<StoredNeighbours>, RunError> {
        if !self.has(File::Neighbours) {
            return Ok(None);
        }
        let (path, bytes) = (self.path_of(File::Neighbours), self.read(File::Neighbours)?);
        let file = TensorFile::parse(&path, &bytes)?;
        Ok(Some(StoredNeighbours {
            near: lists_of(&path, &file, "near", n_roots, n_items)?,
            refit: is_of_refit(&file),
        }))
    }

    /// The content of `data.json`.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, RunError> {
        self.read_json(File::Data)
    }

    /// The content of `evaluation.json`.
    pub fn evaluation<T: DeserializeOwned>(&self) -> Result<T, RunError> {
        self.read_json(File::Evaluation)
    }

    /// The epochs in `metrics.jsonl`; a last line torn by a crash is left out.
    pub fn metrics(&self) -> Result<Vec<EpochRecord>, RunError> {
        lines::parse(&self.path_of(File::Metrics), &self.read(File::Metrics)?)
    }

    pub(super) fn path_of(&self, file: File) -> std::path::PathBuf {
        self.path().join(file.name())
    }

    fn read_text(&self, file: File) -> Result<String, RunError> {
        String::from_utf8(self.read(file)?)
            .map_err(|_| RunError::damaged(&self.path_of(file), "it is not UTF-8 text"))
    }

    pub(super) fn read_json<T: DeserializeOwned>(&self, file: File) -> Result<T, RunError> {
        serde_json::from_slice(&self.read(file)?)
            .map_err(|error| RunError::damaged(&self.path_of(file), error.to_string()))
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

pub(super) fn lists_of(
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
