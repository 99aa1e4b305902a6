//! Pairs of measurements of a workload: how long each is, and what they came to.

use std::fmt;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::child::Program;
use crate::programs::Sides;
use crate::verdict::{Ratio, Verdict};
use crate::workloads::{Clock, Workload};

/// Epochs or repetitions of one measurement, at most.
const MOST: f64 = 50.0;

/// A time that is judged, and the wall time shown beside it.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sample {
    pub(crate) judged: f64,
    pub(crate) wall: f64,
}

/// One figure of a workload, before and after.
pub(crate) struct Series {
    pub(crate) name: &'static str,
    pub(crate) pairs: Vec<(Sample, Sample)>,
}

impl Series {
    pub(crate) fn judged(&self) -> Ratio {
        Ratio::of(self.pairs.iter().map(|(b, a)| (b.judged, a.judged)))
    }

    pub(crate) fn wall(&self) -> Ratio {
        Ratio::of(self.pairs.iter().map(|(b, a)| (b.wall, a.wall)))
    }
}

/// A workload and what was measured of it.
pub(crate) struct Task {
    pub(crate) workload: &'static Workload,
    pub(crate) series: Vec<Series>,
    pub(crate) spent: Duration,
    /// Epochs or repetitions of a measurement, the same for both programs.
    amount: usize,
}

/// Why a workload is left out.
pub(crate) struct Refusal {
    /// The program before does it.
    pub(crate) only_after: bool,
    says: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let who = match self.only_after {
            true => "only the program after refuses",
            false => "the program before refuses",
        };
        write!(f, "{who}: {}", self.says)
    }
}

impl Task {
    /// Runs a workload once with both, to see whether they can, and how much of it takes long enough.
    pub(crate) fn new(
        workload: &'static Workload,
        sides: &Sides,
        target: f64,
    ) -> Result<Self, Refusal> {
        let refused = |only_after| move |says| Refusal { only_after, says };
        let command = workload.command_of(1);
        let run = sides.before.run(&command).map_err(refused(false))?;
        if !workload.is_control {
            sides.after.run(&command).map_err(refused(true))?;
        }
        // Start-up is no part of what more epochs repeat.
        let share = match &workload.clock {
            Clock::Training => {
                number(&run.printed, "/seconds").map_err(refused(false))? / run.wall_seconds
            }
            Clock::Program | Clock::Figures(_) => 1.0,
        };
        let amount = (target / (run.cpu_seconds * share)).ceil().clamp(1.0, MOST);
        let names: Vec<&'static str> = match &workload.clock {
            Clock::Figures(figures) => figures.iter().map(|figure| figure.name).collect(),
            Clock::Program | Clock::Training => vec![workload.name],
        };
        let series = names.into_iter().map(|name| Series {
            name,
            pairs: Vec::new(),
        });
        Ok(Self {
            workload,
            series: series.collect(),
            spent: Duration::ZERO,
            amount: amount as usize,
        })
    }

    /// Measures both programs, the other first than the time before.
    pub(crate) fn add_pair(&mut self, sides: &Sides) -> Result<(), String> {
        let started = Instant::now();
        let after = match self.workload.is_control {
            true => &sides.before,
            false => &sides.after,
        };
        let pair = if self.n_pairs().is_multiple_of(2) {
            let before = self.measure(&sides.before)?;
            (before, self.measure(after)?)
        } else {
            let after = self.measure(after)?;
            (self.measure(&sides.before)?, after)
        };
        let samples = pair.0.into_iter().zip(pair.1);
        for (series, samples) in self.series.iter_mut().zip(samples) {
            series.pairs.push(samples);
        }
        self.spent += started.elapsed();
        Ok(())
    }

    /// A sample for each series.
    fn measure(&self, program: &Program) -> Result<Vec<Sample>, String> {
        let command = self.workload.command_of(self.amount);
        if let Clock::Figures(figures) = &self.workload.clock {
            let run = program.run(&command)?;
            let seconds = figures.iter().map(|figure| {
                number(&run.printed, figure.pointer).map(|found| (figure.to_seconds)(found))
            });
            return seconds
                .map(|seconds| {
                    seconds.map(|seconds| Sample {
                        judged: seconds,
                        wall: seconds,
                    })
                })
                .collect();
        }
        let times = match self.workload.has_epochs() {
            true => 1,
            false => self.amount,
        };
        let mut sum = Sample::default();
        for _ in 0..times {
            let run = program.run(&command)?;
            sum.judged += run.cpu_seconds;
            sum.wall += match self.workload.clock {
                Clock::Training => number(&run.printed, "/seconds")?,
                _ => run.wall_seconds,
            };
        }
        Ok(vec![sum])
    }

    pub(crate) fn n_pairs(&self) -> usize {
        self.series[0].pairs.len()
    }

    /// Whether more pairs would tell nothing, or are not to be made.
    pub(crate) fn is_done(&self, most_pairs: usize) -> bool {
        let told = |series: &Series| series.judged().verdict() != Verdict::NotToldApart;
        self.n_pairs() >= most_pairs || self.series.iter().all(told)
    }

    /// Whether any figure is slower. A control is the same program.
    pub(crate) fn is_slower(&self) -> bool {
        let slower = |series: &Series| series.judged().verdict() == Verdict::Slower;
        !self.workload.is_control && self.series.iter().any(slower)
    }
}

/// A number in a JSON document.
fn number(printed: &[u8], pointer: &str) -> Result<f64, String> {
    let document: Value = serde_json::from_slice(printed).map_err(|error| error.to_string())?;
    let found = document.pointer(pointer).and_then(Value::as_f64);
    found.ok_or_else(|| format!("no number at {pointer} of what it printed"))
}
