//! What training writes into a run directory, before it and after it.

use super::prepared::Prepared;
use crate::config::RunConfig;
use crate::error::Result;
use crate::finished::card;
use crate::run::RunDir;
use crate::training::Trained;

/// Writes all of a run that is known before training. The configuration comes last: a run that has
/// it can be resumed, and the rest is there to check it against.
pub(crate) fn write_inputs(
    run: &mut RunDir,
    config: &RunConfig,
    prepared: &Prepared,
) -> Result<()> {
    let split = &prepared.split;
    run.write_keys(&prepared.users, &prepared.items)?;
    if let Some(titles) = &prepared.titles {
        run.write_titles(titles)?;
    }
    if let Some(features) = &prepared.features {
        run.write_encoder(&features.encoder)?;
        if !features.categories.is_empty() {
            run.write_categories(&features.categories)?;
        }
    }
    run.write_interactions(split.train.positives(), &split.validation)?;
    run.write_test(&split.test)?;
    run.write_data(&prepared.record)?;
    run.write_config(&config.to_toml())?;
    Ok(())
}

/// Writes what training found and declares the run finished.
pub(crate) fn write_outputs(
    run: &mut RunDir,
    config: &RunConfig,
    prepared: &Prepared,
    trained: &Trained,
) -> Result<()> {
    run.write_parameters(&trained.parameters)?;
    run.write_embeddings(&crate::inference::to_tables(&trained.embeddings))?;
    run.write_model_card(&card::model_card(config, &prepared.record, Vec::new()))?;
    run.finish()?;
    Ok(())
}
