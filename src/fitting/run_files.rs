//! What training writes into a run directory, before it and after it.

use super::prepared::Prepared;
use super::prior;
use crate::config::RunConfig;
use crate::error::Result;
use crate::finished::{card, places_by_means};
use crate::inference::{FoldInMap, RIDGE, to_stored};
use crate::run::{Began, File, RunWriter, StoredFoldIn, StoredPrior};
use crate::training::Trained;

/// Writes all of a run that is known before training. The configuration comes last: a run that has
/// it can be resumed, and the rest is there to check it against.
pub(crate) fn write_inputs(
    run: &mut RunWriter,
    config: &RunConfig,
    prepared: &Prepared,
) -> Result<()> {
    let split = &prepared.split;
    run.write_keys(&prepared.users, &prepared.items)?;
    if let Some(titles) = &prepared.titles {
        run.write_titles(titles)?;
    }
    if let Some(categories) = &prepared.categories {
        run.write_item_categories(categories)?;
    }
    if let Some(features) = &prepared.features {
        run.write_encoder(&features.encoder)?;
        if !features.categories.is_empty() {
            run.write_categories(&features.categories)?;
        }
    }
    let train = &split.train;
    run.write_interactions(
        (train.positives(), train.columns()),
        (&split.validation, &split.validation_columns),
    )?;
    run.write_test(&split.test, &split.test_columns)?;
    if let Some(also) = &split.also_seen {
        run.write_also_seen(also)?;
    }
    run.write_data(&prepared.record)?;
    if !run.has(File::Began) {
        run.write_began(&Began::now(config.to_toml()))?;
    }
    run.write_config(&config.to_toml())?;
    Ok(())
}

/// Writes what a refit changes of what was known before training.
pub(crate) fn write_refit_inputs(run: &mut RunWriter, refit: &Prepared) -> Result<()> {
    if let Some(features) = &refit.features {
        run.write_encoder(&features.encoder)?;
        if !features.categories.is_empty() {
            run.write_categories(&features.categories)?;
        }
    }
    run.write_data(&refit.record)?;
    Ok(())
}

/// Writes what training found, with the prior, and declares the run finished.
pub(crate) fn write_outputs(
    run: &mut RunWriter,
    config: &RunConfig,
    prepared: &Prepared,
    mut trained: Trained,
    prior: Option<&StoredPrior>,
) -> Result<Trained> {
    run.write_parameters(&trained.parameters)?;
    if let Some(prior) = prior {
        run.write_prior(prior)?;
        trained.tables = prior::in_tables(trained.tables, prior);
    }
    run.write_embeddings(&to_stored(&trained.tables))?;
    if !places_by_means(config) {
        write_fold_in(run, prepared, &trained)?;
    }
    let card = card::of_trained(run, config, &prepared.record);
    run.write_model_card(&card)?;
    run.finish()?;
    Ok(trained)
}

/// Fits the map that gives a new user a vector. A model whose vectors allow no such map is served without one.
fn write_fold_in(run: &mut RunWriter, prepared: &Prepared, trained: &Trained) -> Result<()> {
    let train = prepared.split.train.positives();
    let Ok(map) = FoldInMap::fit(&trained.tables, train) else {
        tracing::warn!("the model's vectors place nobody new: `recommend --history` will refuse");
        return Ok(());
    };
    run.write_fold_in(&StoredFoldIn {
        dim: map.dim(),
        map: map.values().to_vec(),
        ridge: RIDGE,
    })?;
    Ok(())
}
