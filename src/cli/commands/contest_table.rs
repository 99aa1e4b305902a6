//! The contest of a run as a table: candidates, figures with their intervals, seconds.

use std::time::Duration;

use crate::cli::terminal::{Align, Style, Table, duration};
use crate::run::{ContestRecord, Entrant};

/// The table, without its last line break.
pub(super) fn of(record: &ContestRecord, style: Style) -> String {
    let mut table = Table::new([
        ("candidate", Align::Left),
        (record.metric.as_str(), Align::Right),
        ("95% interval", Align::Right),
        ("epochs", Align::Right),
        ("time", Align::Right),
        ("", Align::Left),
    ]);
    for candidate in &record.candidates {
        table.row(cells(record, candidate));
    }
    table.render(style).trim_end().to_owned()
}

fn cells(record: &ContestRecord, candidate: &Entrant) -> [String; 6] {
    let interval = candidate.low.zip(candidate.high);
    let seconds = record.seconds_of(&candidate.name);
    let took = |seconds| duration(Duration::try_from_secs_f64(seconds).unwrap_or_default());
    let mark = match (&candidate.left, candidate.name == record.winner) {
        (Some(why), _) => why.clone(),
        (None, true) => "wins".to_owned(),
        (None, false) => String::new(),
    };
    [
        candidate.name.clone(),
        candidate
            .mean
            .map_or_else(String::new, |mean| format!("{mean:.4}")),
        interval.map_or_else(String::new, |(low, high)| format!("[{low:.4}, {high:.4}]")),
        candidate
            .epochs
            .map_or_else(String::new, |epochs| epochs.to_string()),
        seconds.map_or_else(String::new, took),
        mark,
    ]
}
