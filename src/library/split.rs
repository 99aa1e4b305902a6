//! `Split`: a data set cut into training, validation and test parts.

use super::Dataset;
use crate::config::{RunConfig, SplitConfig};
use crate::error::{Result, Usage};
use crate::fitting::Prepared;
use crate::observer::Observer;

/// A data set cut into training, validation and test parts, held in memory.
///
/// Only a split can be trained on. The test part is written into the run, and [`evaluate`](crate::evaluate) alone
/// opens it there.
pub struct Split {
    pub(crate) prepared: Prepared,
    /// The settings it was cut by.
    pub(crate) config: RunConfig,
}

impl Split {
    /// Cuts a data set by the sections `[split]`, `[data]` and `[features]` of `config` and its seed.
    ///
    /// # Errors
    /// A data set that cannot be cut so, such as by time where it has none.
    pub fn new(dataset: Dataset, config: &RunConfig, observer: &dyn Observer) -> Result<Self> {
        let mut config = config.clone();
        // How ids are numbered is the configuration's; what was read is the data set's.
        let order = config.data.order;
        config.data = dataset.source;
        config.data.order = order;
        let prepared = Prepared::of(observer, &config, dataset.data, dataset.cleaning)?;
        Ok(Self { prepared, config })
    }

    /// The number of training interactions.
    pub fn n_train(&self) -> usize {
        self.prepared.split.summary.n_train
    }

    /// The number of validation interactions.
    pub fn n_validation(&self) -> usize {
        self.prepared.split.summary.n_validation
    }

    /// The number of test interactions.
    pub fn n_test(&self) -> usize {
        self.prepared.split.summary.n_test
    }

    /// `config` with the data of this split.
    ///
    /// # Errors
    /// Settings that would have cut the data set otherwise.
    pub(crate) fn settings(&self, config: &RunConfig) -> Result<RunConfig> {
        let whole = RunConfig {
            data: self.config.data.clone(),
            ..config.clone()
        };
        // Whether a model is trained again afterwards cuts nothing.
        let cut_by = SplitConfig {
            refit: self.config.split.refit,
            ..whole.split.clone()
        };
        let same = cut_by == self.config.split
            && whole.seed == self.config.seed
            && whole.features == self.config.features
            && whole.pinsage == self.config.pinsage
            && config.data.order == self.config.data.order;
        if whole.reads_weights() && !self.config.reads_weights() {
            return Err(Usage(
                "this configuration reads weights, and the split was made without them: make it anew with `Split::new` \
                 and this configuration"
                    .to_owned(),
            )
            .into());
        }
        match same {
            true => Ok(whole),
            false => Err(Usage(
                "the split was made with another seed, `split`, `features`, `data.order` or `pinsage` than \
                 this configuration has: make it anew with `Split::new`"
                    .to_owned(),
            )
            .into()),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::ModelName;
    use crate::library::{Interaction, fit};

    #[test]
    fn a_split_without_times_or_weights_refuses_settings_that_read_them() {
        let rows = (0..240).map(|at| {
            let (user, step) = (at / 8, at % 8);
            Interaction::new(format!("u{user}"), format!("i{}", (user + 3 * step) % 40))
        });
        let plain = RunConfig::defaults_for(ModelName::Mf);
        let split = Split::new(Dataset::from_interactions(rows).unwrap(), &plain, &()).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let refused = |config: &RunConfig| {
            let out = folder.path().join("run");
            let text = fit(config, &split, &out, &()).err().unwrap().to_string();
            assert!(!out.join("config.toml").exists(), "{text}");
            text
        };
        let mut weighted = plain.clone();
        weighted.sampling.weighted_positives = true;
        assert!(refused(&weighted).contains("`Split::new`"));
        let mut recent = plain;
        recent.sampling.half_life_days = Some(7.0);
        assert!(refused(&recent).contains("`sampling.half_life_days` needs timestamps"));
    }
}
