//! What re-ranked lists of a measured run cost and gain, within the same opening of its test part.

use super::Measurement;
use super::evaluate::settings;
use crate::error::Result;
use crate::evaluation::{Price, ToPrice};
use crate::inference::Reranking;

/// The run's own lists beside re-ranked ones, at the depth whose figures stand first. `None` where nothing is re-ranked. The
/// run keeps nothing of it.
pub(crate) fn price(measured: &Measurement, rerank: Reranking) -> Result<Option<Price>> {
    let Measurement {
        run,
        tested,
        evaluated,
        ..
    } = measured;
    let Some(reranker) = run.recommender.reranker(rerank)? else {
        return Ok(None);
    };
    let summary = &evaluated.summary;
    let to_price = ToPrice {
        source: &run.recommender.source(),
        scorer: run.recommender.scorer(),
        data: tested.data(run.trained_on()),
        fingerprint: &summary.fingerprint,
        k: summary.headline_depth(),
        bootstrap: settings(run, summary.ks.clone()).bootstrap,
    };
    Ok(Some(to_price.of(rerank, &reranker)?))
}
