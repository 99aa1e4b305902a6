//! What one can do with a finished run: open it for inference, embed new items, measure it on its test part.

pub(crate) mod card;
mod evaluate;
mod evaluation_file;
mod forget;
mod new_items;
mod open_run;
mod price;
mod recent;
mod refresh;
mod scorer;
#[cfg(feature = "serve")]
mod served;
mod trained_on;

#[cfg(feature = "train")]
pub(crate) use evaluate::measure_beside;
pub(crate) use evaluate::{Measurement, ToMeasure, measure, settings};
pub(crate) use evaluation_file::EvaluationFile;
pub(crate) use forget::{Forgot, forget, refuse_listed};
#[cfg(feature = "serve")]
pub(crate) use new_items::{ItemMaker, KeptItems, Made, NewItem};
pub(crate) use new_items::{Sources, embed, with_new_items};
pub(crate) use open_run::{OpenRun, Seen, Tested};
pub(crate) use price::price;
pub(crate) use refresh::{Refreshed, Request as RefreshRequest, refresh};
#[cfg(feature = "serve")]
pub(crate) use served::ServedRun;

#[cfg(feature = "train")]
pub(crate) use scorer::places_by_means;
