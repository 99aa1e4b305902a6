//! EASE: the weights of items for each other, in closed form.

use crate::config::EaseSettings;
use crate::error::Result;
use crate::inference::Ease;
use crate::observer::Observer;
use crate::spectral::SpectralError;
use crate::split::TrainSet;

/// The weights of these settings; `None` when interrupted.
pub(super) fn fit(
    observer: &dyn Observer,
    settings: &EaseSettings,
    train: &TrainSet,
) -> Result<Option<Ease>> {
    let (positives, n_items) = (train.positives(), train.n_items());
    match Ease::fit(positives, n_items, settings, &|| observer.should_stop()) {
        Err(SpectralError::Stopped) => Ok(None),
        found => Ok(Some(found?)),
    }
}
