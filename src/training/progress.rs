//! What the loop tells while it runs: bars on a terminal, a line an epoch.

use std::io::IsTerminal;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::run::EpochRecord;

/// Progress on stderr: a bar with rate and time left on a terminal, and a line an epoch everywhere.
pub struct Progress {
    bar: ProgressBar,
    lines: bool,
    epochs: u32,
}

impl Progress {
    /// Progress over `epochs` epochs of `steps` steps, from `done` epochs on; silent where `quiet`.
    pub fn new(epochs: u32, steps: u64, done: u32, quiet: bool) -> Self {
        let bar = bar(
            u64::from(epochs) * steps,
            "{msg} {wide_bar:.green/dim} {pos}/{len} steps {per_sec} left {eta}",
            quiet,
        );
        bar.set_position(u64::from(done) * steps);
        bar.reset_eta();
        Self {
            bar,
            lines: !quiet,
            epochs,
        }
    }

    /// The same without a line an epoch.
    #[must_use]
    pub fn without_lines(mut self) -> Self {
        self.lines = false;
        self
    }

    /// An epoch begins.
    pub fn epoch(&self, epoch: u32) {
        self.bar
            .set_message(format!("epoch {epoch}/{}", self.epochs));
    }

    /// A step is done.
    pub fn step(&self) {
        self.bar.inc(1);
    }

    /// An epoch is done.
    pub fn record(&self, record: &EpochRecord) {
        if self.lines {
            let line = epoch_line(record, self.epochs);
            self.bar.suspend(|| eprintln!("{line}"));
        }
    }

    /// Training is done.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

/// A bar of its own for work of `n` pieces; silent where `quiet` or off a terminal.
pub fn counting_bar(what: &'static str, n: u64, quiet: bool) -> ProgressBar {
    let template = "{msg} {wide_bar:.green/dim} {pos}/{len} {per_sec} left {eta}";
    bar(n, template, quiet).with_message(what)
}

fn bar(n: u64, template: &str, quiet: bool) -> ProgressBar {
    let terminal = std::io::stderr().is_terminal() && !quiet;
    let target = if terminal {
        ProgressDrawTarget::stderr()
    } else {
        ProgressDrawTarget::hidden()
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
