//! Goes back to the run that was served before.

use std::path::{Path, PathBuf};

use serde::Serialize;

use super::COMMAND;
use super::error::RetrainError;
use super::place::Place;
use super::plan::finish_publishing;
use crate::error::Result;
use crate::run::RunDir;

/// What is served again, and what is not any more.
#[derive(Debug, Serialize)]
pub(crate) struct RolledBack {
    pub(crate) run: PathBuf,
    pub(crate) from: PathBuf,
}

/// Leads the link to the run that was served before the present one was published. Given again it goes back one more.
///
/// # Errors
/// A run that was not published by `retrain`, or whose run of before is gone or damaged.
pub(crate) fn rollback(link: &Path) -> Result<RolledBack> {
    let place = Place::lock(link)?;
    finish_publishing(&place)?;
    // What was published a moment ago is served now.
    let place = match place.link().canonicalize() {
        Ok(now) if now != place.serving() => {
            drop(place);
            Place::lock(link)?
        }
        _ => place,
    };
    let serving = place.serving_name();
    let published = place.published()?;
    let line = published
        .iter()
        .rfind(|line| line.how == COMMAND && line.run == serving);
    let Some(before) = line.map(|line| line.before.clone()) else {
        return Err(RetrainError::NothingBefore {
            link: link.to_owned(),
            serving,
        }
        .into());
    };
    let run = place.run(&before);
    if !run.exists() {
        let link = link.to_owned();
        return Err(RetrainError::Gone { link, before }.into());
    }
    RunDir::open(&run)?.verify()?;
    place.add("rollback", &before, None)?;
    place.lead_to(&before)?;
    Ok(RolledBack {
        run,
        from: place.serving().to_owned(),
    })
}
