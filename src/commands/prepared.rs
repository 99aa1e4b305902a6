//! The data of a training, and what a run directory gets before and after it.

use anyhow::bail;

use super::run_files::{DataRecord, read};
use super::{Session, cards};
use crate::config::RunConfig;
use crate::data::{self, Dataset, Split};
use crate::run::RunDir;
use crate::terminal::count;
use crate::training::Trained;

/// The data of a run, read and split.
pub(super) struct Prepared {
    pub(super) dataset: Dataset,
    pub(super) split: Split,
    pub(super) record: DataRecord,
}

impl Prepared {
    pub(super) fn new(session: &Session, config: &RunConfig) -> anyhow::Result<Self> {
        let (dataset, cleaning) = read(&config.data)?;
        let split = data::split(&dataset, &config.split, config.seed)?;
        let record = DataRecord {
            n_users: dataset.users.len(),
            n_items: dataset.items.len(),
            n_interactions: split.summary.n_train
                + split.summary.n_validation
                + split.summary.n_test,
            sources: dataset.sources.clone(),
            cleaning,
            split: split.summary.clone(),
        };
        session.say(&format!(
            "{} users, {} items; {} split: {} training, {} validation, {} test interactions",
            count(record.n_users as u64),
            count(record.n_items as u64),
            split.method.as_str(),
            count(split.summary.n_train as u64),
            count(split.summary.n_validation as u64),
            count(split.summary.n_test as u64),
        ));
        Ok(Self {
            dataset,
            split,
            record,
        })
    }

    /// Refuses to go on with a run on other data than it began with.
    pub(super) fn check_same_sources(&self, run: &RunDir) -> anyhow::Result<()> {
        let Ok(began) = run.data::<DataRecord>() else {
            return Ok(());
        };
        for (before, now) in began.sources.iter().zip(&self.record.sources) {
            if before.sha256 != now.sha256 {
                bail!(
                    "{} is not the file this run began with (SHA-256 {} then, {} now): restore it, or train anew",
                    now.path,
                    before.sha256,
                    now.sha256
                );
            }
        }
        Ok(())
    }
}

/// Writes all of a run that is known before training.
pub(super) fn write_inputs(
    run: &mut RunDir,
    config: &RunConfig,
    prepared: &Prepared,
) -> anyhow::Result<()> {
    let (dataset, split) = (&prepared.dataset, &prepared.split);
    run.write_config(&config.to_toml())?;
    run.write_keys(&dataset.users, &dataset.items)?;
    if let Some(titles) = &dataset.titles {
        run.write_titles(titles)?;
    }
    run.write_interactions(split.train.positives(), &split.validation)?;
    run.write_test(&split.test)?;
    run.write_data(&prepared.record)?;
    Ok(())
}

/// Writes what training found and declares the run finished.
pub(super) fn write_outputs(
    run: &mut RunDir,
    config: &RunConfig,
    prepared: &Prepared,
    trained: &Trained,
) -> anyhow::Result<()> {
    run.write_parameters(&trained.parameters)?;
    run.write_embeddings(&crate::inference::to_tables(&trained.embeddings))?;
    run.write_model_card(&cards::model_card(config, &prepared.record, Vec::new()))?;
    run.finish()?;
    Ok(())
}
