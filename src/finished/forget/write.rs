//! Writes a run without some of its users and items.
//!
//! What is a row of theirs goes. What is counted over interactions is counted again; what was learned from all of them
//! together (vectors of others, singular vectors, weights) stays until the next training.

use super::OpenRun;
use super::keep::Keep;
use crate::data::{ItemLists, PairColumns, moment_of};
use crate::error::Result;
use crate::features::Encoded;
use crate::finished::{EvaluationFile, card};
use crate::graph::Visits;
use crate::inference::{ItemPrior, Popularity};
use crate::run::{File, ForgottenNote, HostTensor, RefreshNotes, RunWriter, StoredRefresh};
use crate::split::{DataRecord, RefitOn};

/// Files of which nothing is a user's or an item's.
const COPIED: [File; 6] = [
    File::Config,
    File::Began,
    File::FoldIn,
    File::Encoder,
    File::Metrics,
    File::Contest,
];

/// Writes all of it. Checkpoints, what hard negatives are drawn from, figures user by user and the report are left out.
pub(super) fn write(
    run: &OpenRun,
    keep: &Keep,
    note: &ForgottenNote,
    writer: &mut RunWriter,
) -> Result<()> {
    for file in COPIED {
        if run.dir.has(file) {
            writer.copy(&run.dir, file)?;
        }
    }
    writer.copy_openings(&run.dir)?;
    let (users, items) = (run.recommender.users(), run.recommender.items());
    let (kept_users, kept_items) = keep.keys(users, items);
    writer.write_keys(&kept_users, &kept_items)?;
    write_items(run, keep, writer)?;
    let known = write_interactions(run, keep, writer)?;
    write_scores(run, keep, &known, writer)?;
    let record = record(run, keep);
    writer.write_data(&record)?;
    write_evaluation(run, writer)?;
    writer.write_forgotten(note)?;
    let card = card::model_card(writer, &run.config, &record, Vec::new());
    writer.write_model_card(&card)?;
    writer.finish()?;
    Ok(())
}

/// What is known of items whoever has them.
fn write_items(run: &OpenRun, keep: &Keep, writer: &mut RunWriter) -> Result<()> {
    let n_items = run.recommender.items().len();
    if let Some(titles) = run.dir.titles()? {
        writer.write_titles(&keep.of_items(&titles))?;
    }
    if let Some(categories) = run.dir.item_categories(n_items)? {
        writer.write_item_categories(&categories.some(&keep.items))?;
    }
    if let Some(categories) = run.dir.categories()? {
        writer.write_categories(&keep.of_items(&categories))?;
    }
    let n_before = run.refreshed.as_ref();
    let n_before = n_before.map_or(n_items, |new| new.notes.n_items_before);
    let Some(stored) = run.dir.item_graph(n_before)? else {
        return Ok(());
    };
    let kept: Vec<usize> = keep.items.iter().map(|&item| item as usize).collect();
    let kept = &kept[..keep.n_first_items(n_before)];
    let features = Encoded {
        rows: stored.features.some_rows(kept).into(),
        n_content: stored.n_content,
        n_empty: 0,
        edge_features: None,
    };
    let visits = visits(keep, &stored.visits, kept);
    writer.write_item_graph(&features, &visits, stored.refit)?;
    Ok(())
}

/// The walks of the items that stay, without those that go.
fn visits(keep: &Keep, of_all: &Visits, kept: &[usize]) -> Visits {
    let (mut items, mut counts) = (Vec::new(), Vec::new());
    for &item in kept {
        let places = item * of_all.kept..(item + 1) * of_all.kept;
        let met = of_all.items[places.clone()]
            .iter()
            .zip(&of_all.counts[places]);
        let still = met.filter_map(|(&near, &count)| Some((keep.new_item(near)?, count)));
        // A place that is not filled is one of the first item, met never.
        let filled = still.chain(std::iter::repeat((0, 0))).take(of_all.kept);
        let (row, often): (Vec<u32>, Vec<u32>) = filled.unzip();
        items.extend(row);
        counts.extend(often);
    }
    Visits {
        kept: of_all.kept,
        items,
        counts,
    }
}

/// What users have by now, by whom popularity is counted.
struct Known {
    /// Of the training, and what came since.
    trained: (ItemLists, PairColumns),
    /// Of the training, the validation part, and what came since.
    all: (ItemLists, PairColumns),
}

fn write_interactions(run: &OpenRun, keep: &Keep, writer: &mut RunWriter) -> Result<Known> {
    let (n_users, n_items) = (run.recommender.users().len(), run.recommender.items().len());
    let columns = run.dir.interaction_columns(&run.lists)?;
    let (train, validation) = (&run.lists.train, &run.lists.validation);
    let train = (keep.lists(train), keep.columns(train, &columns.train));
    let validation = (
        keep.lists(validation),
        keep.columns(validation, &columns.validation),
    );
    writer.write_interactions((&train.0, &train.1), (&validation.0, &validation.1))?;
    if run.dir.has(File::Test) {
        let test = run.dir.test(n_users, n_items)?;
        let columns = run.dir.test_columns(&test)?;
        writer.write_test(&keep.lists(&test), &keep.columns(&test, &columns))?;
    }
    if let Some(also) = run.dir.also_seen(n_users, n_items)? {
        writer.write_also_seen(&keep.also_seen(also))?;
    }
    let trained = (
        keep.lists(run.trained_on()),
        keep.columns(run.trained_on(), &run.trained_columns()?),
    );
    let mut all = union([&train, &validation]);
    if let Some(new) = &run.refreshed {
        let stored = StoredRefresh {
            lists: keep.lists(&new.lists),
            columns: keep.columns(&new.lists, &new.columns),
            notes: RefreshNotes {
                n_users_before: keep.n_first_users(new.notes.n_users_before),
                n_items_before: keep.n_first_items(new.notes.n_items_before),
                ..new.notes.clone()
            },
        };
        writer.write_refreshed(&stored)?;
        all = union([&(stored.lists, stored.columns), &all]);
        // As `refresh` counts.
        let trained = all.clone();
        return Ok(Known { trained, all });
    }
    Ok(Known { trained, all })
}

/// Both, and what is known of each pair; the word of the first counts.
fn union(parts: [&(ItemLists, PairColumns); 2]) -> (ItemLists, PairColumns) {
    let lists = parts.map(|part| &part.0);
    let columns = PairColumns::of_union(lists, parts.map(|part| &part.1));
    (lists[0].union(lists[1]), columns)
}

/// The tables that scores are made of.
fn write_scores(run: &OpenRun, keep: &Keep, known: &Known, writer: &mut RunWriter) -> Result<()> {
    let n_items = run.recommender.items().len();
    if run.dir.has(File::Model) {
        let mut parameters = run.dir.parameters()?;
        let own_rows = !run.dir.has(File::Encoder);
        for (name, tensor) in &mut parameters {
            match &**name {
                "users" if own_rows => *tensor = keep.user_rows(tensor),
                "items" if own_rows => *tensor = keep.item_rows(tensor),
                _ => {}
            }
        }
        writer.write_parameters(&parameters)?;
    }
    let prior = run.dir.prior(n_items)?.map(|mut stored| {
        let settings = ItemPrior::from_stored(stored.clone()).settings();
        let (lists, columns) = &known.all;
        let n_left = keep.items.len();
        let prior = match columns.times.len() == lists.n_pairs() {
            true => ItemPrior::at(settings, lists, &columns.times, stored.notes.moment, n_left),
            // Of a run that kept no times nothing can be counted again.
            false => {
                let left = keep.of_items(&stored.popularity);
                ItemPrior::of_popularity(settings, stored.notes.moment, left)
            }
        };
        stored.popularity = prior.popularity().to_vec();
        (stored, prior)
    });
    if let Some((stored, _)) = &prior {
        writer.write_prior(stored)?;
    }
    if run.dir.has(File::Embeddings) {
        let mut tables = run.dir.embeddings()?;
        tables.users = keep.user_rows(&tables.users);
        tables.items = keep.item_rows(&tables.items);
        let has_column = run
            .recommender
            .scorer()
            .tables()
            .is_some_and(|t| t.prior().is_some());
        if let Some((_, prior)) = prior.filter(|_| has_column) {
            let width = tables.items.shape.get(1).copied().unwrap_or(1).max(1);
            let rows = tables.items.values.chunks_exact_mut(width);
            for (row, term) in rows.zip(prior.terms()) {
                row[width - 1] = term;
            }
        }
        writer.write_embeddings(&tables)?;
    }
    write_item_models(run, keep, known, writer)
}

/// The models of items that are fitted at once.
fn write_item_models(
    run: &OpenRun,
    keep: &Keep,
    known: &Known,
    writer: &mut RunWriter,
) -> Result<()> {
    let (n_items, n_left) = (run.recommender.items().len(), keep.items.len());
    if let Some(own) = &run.config.popularity {
        let (lists, columns) = &known.trained;
        let popularity = match own.half_life_days.zip(moment_of(&columns.times)) {
            None => Popularity::new(lists, n_left),
            Some((days, moment)) => Popularity::recent(lists, &columns.times, moment, days, n_left),
        };
        writer.write_popularity(popularity.counts())?;
    }
    if run.dir.has(File::ItemKnn) {
        writer.write_item_knn(&keep.neighbours(&run.dir.item_knn(n_items)?))?;
    }
    if run.dir.has(File::Ease) {
        writer.write_ease(&keep.square(&run.dir.ease(n_items)?), n_left)?;
    }
    if run.dir.has(File::Filter) {
        let mut filter = run.dir.filter()?;
        let vectors: HostTensor = keep.item_rows(&filter.vectors);
        filter.vectors = vectors;
        writer.write_filter(&filter)?;
    }
    Ok(())
}

/// The counts without what went. Rows that could not be read are told no more: their text may name somebody.
fn record(run: &OpenRun, keep: &Keep) -> DataRecord {
    let mut record = run.record.clone();
    let gone = |lists: &ItemLists| lists.n_pairs() - keep.lists(lists).n_pairs();
    let (n_users, n_items) = (run.recommender.users().len(), run.recommender.items().len());
    let test = run.dir.test(n_users, n_items).map_or(0, |test| gone(&test));
    let [train, validation] = [&run.lists.train, &run.lists.validation].map(gone);
    record.n_users = keep.users.len();
    record.n_items = keep.items.len();
    let split = &mut record.split;
    for (n, gone) in [
        (&mut split.n_train, train),
        (&mut split.n_validation, validation),
        (&mut split.n_test, test),
    ] {
        *n = n.saturating_sub(gone);
    }
    record.n_interactions = split.n_train + split.n_validation + split.n_test;
    record.cleaning.first_bad_rows.clear();
    record.cleaning.remarks.clear();
    record
}

/// Figures that cannot be measured again stay, as means over all users; those user by user do not.
fn write_evaluation(run: &OpenRun, writer: &mut RunWriter) -> Result<()> {
    let refit = run.record.refit.as_ref();
    let is_on_test = refit.is_some_and(|refit| refit.on == RefitOn::Everything);
    if !is_on_test || !run.dir.has(File::Evaluation) {
        return Ok(());
    }
    let mut file: EvaluationFile = run.dir.evaluation()?;
    if let Some(measured) = &mut file.measured {
        measured.per_user.users.clear();
        measured.per_user.metrics.clear();
    }
    writer.write_evaluation(&file)?;
    Ok(())
}
