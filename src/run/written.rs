//! Writes each file of a run from a typed value.

use serde::Serialize;

use super::contents::{EmbeddingTables, FilterTables, HEAD_PREFIX};
use super::pair_columns::column_entries;
use super::records::{EpochRecord, MetricsLog};
use super::refit_note::note_of_refit;
use super::tensors::{Entry, Values, write_tensors};
use super::{File, ModelCard, NamedTensors, RunError, RunWriter, lines};
use crate::data::{AlsoSeen, IdMap, ItemCategories, ItemLists, PairColumns};

impl RunWriter {
    /// Writes `config.toml`.
    pub fn write_config(&mut self, toml: &str) -> Result<(), RunError> {
        self.write(File::Config, |out| out.write_all(toml.as_bytes()))
    }

    /// Writes the parameters to `model.safetensors`; equal parameters give equal bytes.
    pub fn write_parameters(&mut self, parameters: &NamedTensors) -> Result<(), RunError> {
        let entries = parameters
            .iter()
            .map(|(name, tensor)| Entry::of(name, tensor))
            .collect();
        self.write(File::Model, |out| write_tensors(out, entries, None))
    }

    /// Writes `embeddings.safetensors`.
    pub fn write_embeddings(&mut self, tables: &EmbeddingTables) -> Result<(), RunError> {
        let mut entries = vec![
            Entry::of_table("users", &tables.users),
            Entry::of_table("items", &tables.items),
        ];
        let head = tables.head.iter();
        entries.extend(head.map(|(name, t)| Entry::of(format!("{HEAD_PREFIX}{name}"), t)));
        self.write(File::Embeddings, |out| {
            write_tensors(out, entries, Some(serde_json::to_string(&tables.metadata)?))
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

    /// Writes `users.json` and `items.json`.
    pub fn write_keys(&mut self, users: &IdMap, items: &IdMap) -> Result<(), RunError> {
        self.write_json(File::Users, &users.keys())?;
        self.write_json(File::Items, &items.keys())
    }

    /// Writes `titles.json`; the position is the item id.
    pub fn write_titles(&mut self, titles: &[Option<String>]) -> Result<(), RunError> {
        self.write_json(File::Titles, &titles)
    }

    /// Writes `categories.json`; the position is the item id.
    pub fn write_categories(&mut self, categories: &[Option<String>]) -> Result<(), RunError> {
        self.write_json(File::Categories, &categories)
    }

    /// Writes `item_categories.json`.
    pub fn write_item_categories(&mut self, categories: &ItemCategories) -> Result<(), RunError> {
        self.write_json(File::ItemCategories, categories)
    }

    /// Writes `interactions.safetensors`: lists, and the columns that are known beside them.
    pub fn write_interactions(
        &mut self,
        train: (&ItemLists, &PairColumns),
        validation: (&ItemLists, &PairColumns),
    ) -> Result<(), RunError> {
        let parts = [("train", train), ("validation", validation)];
        let lists = parts.map(|(name, (lists, _))| (name, lists));
        let columns = parts
            .into_iter()
            .flat_map(|(name, (_, columns))| column_entries(name, columns));
        self.write_lists_and(File::Interactions, &lists, columns.collect(), None)
    }

    /// Writes `test.safetensors`: lists, and the columns that are known beside them.
    pub fn write_test(&mut self, test: &ItemLists, columns: &PairColumns) -> Result<(), RunError> {
        let columns = column_entries("test", columns).collect();
        self.write_lists_and(File::Test, &[("test", test)], columns, None)
    }

    /// Writes `also_seen.safetensors`.
    pub fn write_also_seen(&mut self, also: &AlsoSeen) -> Result<(), RunError> {
        let parts = [
            ("before_validation", &also.before_validation),
            ("before_test", &also.before_test),
            ("later", &also.later),
        ];
        self.write_lists(File::AlsoSeen, &parts)
    }

    /// Writes `neighbours.safetensors`: for each root (a user or an item) the items near it that hard
    /// negatives are drawn from. `refit` where they are of more than the training part.
    pub fn write_neighbours(&mut self, near: &ItemLists, refit: bool) -> Result<(), RunError> {
        let parts = [("near", near)];
        self.write_lists_and(File::Neighbours, &parts, Vec::new(), note_of_refit(refit))
    }

    fn write_lists(&mut self, file: File, parts: &[(&str, &ItemLists)]) -> Result<(), RunError> {
        self.write_lists_and(file, parts, Vec::new(), None)
    }

    pub(super) fn write_lists_and(
        &mut self,
        file: File,
        parts: &[(&str, &ItemLists)],
        more: Vec<Entry<'_>>,
        notes: Option<String>,
    ) -> Result<(), RunError> {
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
        entries.extend(more);
        self.write(file, |out| write_tensors(out, entries, notes))
    }

    /// Writes `data.json`: any description of the data the run was trained on.
    pub fn write_data<T: Serialize>(&mut self, data: &T) -> Result<(), RunError> {
        self.write_pretty_json(File::Data, data)
    }

    /// Writes `evaluation.json`.
    pub fn write_evaluation<T: Serialize>(&mut self, evaluation: &T) -> Result<(), RunError> {
        self.write_pretty_json(File::Evaluation, evaluation)
    }

    /// Starts `metrics.jsonl` with the epochs that are already behind (none in a new run).
    pub fn start_metrics(&mut self, history: &[EpochRecord]) -> Result<MetricsLog, RunError> {
        self.write(File::Metrics, |out| {
            history
                .iter()
                .try_for_each(|record| out.write_all(&lines::to_line(record)?))
        })?;
        MetricsLog::append_to(self.path_of(File::Metrics))
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

    fn write_json<T: Serialize>(&mut self, file: File, value: &T) -> Result<(), RunError> {
        self.write(file, |out| Ok(serde_json::to_writer(out, value)?))
    }

    pub(super) fn write_pretty_json<T: Serialize>(
        &mut self,
        file: File,
        value: &T,
    ) -> Result<(), RunError> {
        self.write(file, |out| {
            serde_json::to_writer_pretty(&mut *out, value)?;
            out.write_all(b"\n")
        })
    }
}
