//! Progress on stderr: bars with rate and time left on a terminal, and a line an epoch.

use std::io::IsTerminal;
use std::sync::Mutex;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;
use super::terminal::duration;
use crate::observer::Event;
use crate::run::EpochRecord;

/// Shows the events of a long call.
pub(crate) struct Progress {
    bars: bool,
    lines: bool,
    shown: Mutex<Shown>,
}

/// The bar at hand, and what its messages need.
struct Shown {
    bar: ProgressBar,
    n_epochs: u32,
    /// What stands before the number of an epoch.
    before: String,
    /// The candidate of a contest that is measured, and how long the contest still takes.
    candidate: String,
}

impl Progress {
    /// Bars where `bars` on a terminal, and a line an epoch where `lines`.
    pub(crate) fn new(bars: bool, lines: bool) -> Self {
        Self {
            bars,
            lines,
            shown: Mutex::new(Shown {
                bar: ProgressBar::hidden(),
                n_epochs: 0,
                before: String::new(),
                candidate: String::new(),
            }),
        }
    }

    /// Writes a line above the bar.
    pub(crate) fn suspend(&self, write: impl FnOnce()) {
        match self.shown.lock() {
            Ok(shown) => shown.bar.suspend(write),
            Err(_) => write(),
        }
    }

    /// Shows one event.
    pub(crate) fn show(&self, event: Event<'_>) {
        let Ok(mut shown) = self.shown.lock() else {
            return;
        };
        match event {
            Event::WorkBegins { what, n_pieces } => {
                let template = "{msg} {wide_bar:.green/dim} {pos}/{len} {per_sec} left {eta}";
                let message = format!("{}{what}", shown.candidate);
                shown.bar = bar(n_pieces, template, self.bars).with_message(message);
            }
            Event::TrainingBegins {
                n_epochs,
                steps_per_epoch,
                n_done,
                refit_on,
            } => {
                let template = "{msg} {wide_bar:.green/dim} {pos}/{len} steps {per_sec} left {eta}";
                let n_steps = u64::from(n_epochs) * steps_per_epoch;
                shown.bar = bar(n_steps, template, self.bars);
                shown.bar.set_position(u64::from(n_done) * steps_per_epoch);
                shown.bar.reset_eta();
                shown.n_epochs = n_epochs;
                shown.before = match refit_on {
                    None => String::new(),
                    Some(parts) => format!("refit on {parts}: "),
                };
            }
            Event::EpochBegins(epoch) => {
                let message = format!(
                    "{}{}epoch {epoch}/{}",
                    shown.candidate, shown.before, shown.n_epochs
                );
                shown.bar.set_message(message);
            }
            Event::PieceDone | Event::StepDone => shown.bar.inc(1),
            Event::EpochDone(record) if self.lines => {
                let line = shown.before.clone() + &epoch_line(record, shown.n_epochs);
                shown.bar.suspend(|| output::say(&line));
            }
            Event::CandidateBegins { name, left } => {
                let left = left.map(|left| format!(", contest {} left", duration(left)));
                shown.candidate = format!("{name}{}: ", left.unwrap_or_default());
                let waiting = bar(1, "{msg}", self.bars).with_message(shown.candidate.clone());
                waiting.tick();
                shown.bar = waiting;
            }
            Event::ContestEnds => {
                shown.candidate.clear();
                shown.bar.finish_and_clear();
            }
            Event::WorkEnds | Event::TrainingEnds => shown.bar.finish_and_clear(),
            _ => {}
        }
    }
}

fn bar(n: u64, template: &str, bars: bool) -> ProgressBar {
    let target = match bars && std::io::stderr().is_terminal() {
        true => ProgressDrawTarget::stderr(),
        false => ProgressDrawTarget::hidden(),
    };
    let bar = ProgressBar::with_draw_target(Some(n), target);
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style);
    }
    bar
}

fn epoch_line(record: &EpochRecord, epochs: u32) -> String {
    let metrics: String = record
        .validation
        .iter()
        .map(|(name, value)| format!("  {name} {value:.4}"))
        .collect();
    let best = if record.is_best { "  best" } else { "" };
    let hard = match (record.hard_negatives, record.replaced_hard_negatives) {
        (0, _) => String::new(),
        (hard, 0) => format!("  {hard} hard"),
        (hard, replaced) => format!("  {hard} hard ({replaced} replaced)"),
    };
    let skipped = match record.skipped_negatives {
        0 => String::new(),
        skipped => format!("  {skipped} skipped"),
    };
    format!(
        "epoch {:>3}/{epochs}  loss {:.5}{metrics}  {:.1} s  {:.0} positives/s{hard}{skipped}{best}",
        record.epoch, record.loss, record.seconds, record.samples_per_second,
    )
}
