//! The course of a contest: measures one candidate after the other until nothing is left to measure, or a stop is asked
//! for. What was measured before is taken from the journal.

use std::fs;
use std::time::{Duration, Instant};

use super::candidates::{Candidate, Field, POPULARITY};
use super::journal::{Asked, Journal, Measurement};
use super::measure::{Measured, Scales, sample, values_of};
use super::rounds::{self, Move, Standing};
use super::verdict::mean;
use super::work::{LogCounts, Work};
use crate::data::show_bytes;
use crate::error::{Result, Usage};
use crate::fitting::Prepared;
use crate::forecast::{Counts, MemoryForecast};
use crate::numbers::{count, duration};
use crate::observer::{Event, Observer, remark};
use crate::run::Took;

/// A contest on its way.
pub(super) struct Contest<'a> {
    pub(super) field: &'a Field,
    pub(super) scales: Scales<'a>,
    pub(super) budget: f64,
    /// Units of each candidate at each of its rungs.
    pub(super) units: Vec<Vec<f64>>,
    /// Why a candidate is beyond the memory limit.
    pub(super) too_large: Vec<Option<String>>,
}

impl<'a> Contest<'a> {
    /// Candidates, the sample of users and what everything costs.
    ///
    /// # Errors
    /// No user to measure on, or limits that no candidate fits.
    pub(super) fn new(
        observer: &'a dyn Observer,
        field: &'a Field,
        prepared: &'a Prepared,
        metric: String,
        asked: &Asked,
    ) -> Result<Self> {
        let split = &prepared.split;
        let seed = field.base().seed;
        let users = sample(split, asked.effort().n_users_max(), seed);
        if users.is_empty() {
            return Err(Usage(
                "no user of the validation part has a training interaction, so that models cannot be compared: name one \
                 with `--model`, or hold interactions out with `--split random`"
                    .to_owned(),
            )
            .into());
        }
        let log = LogCounts::new(split, users.len());
        let counts = Counts::from(&prepared.record);
        let units = |candidate: &Candidate| {
            let rungs = 0..candidate.n_rungs();
            rungs
                .map(|rung| Work::of(&candidate.at(rung), &log).units())
                .collect()
        };
        let too_large = |candidate: &Candidate| {
            let forecast = MemoryForecast::new(&candidate.config, counts).total();
            (forecast > asked.memory_limit).then(|| {
                format!(
                    "it takes about {}, more than the memory limit of {}",
                    show_bytes(forecast),
                    show_bytes(asked.memory_limit)
                )
            })
        };
        let contest = Self {
            units: field.candidates.iter().map(units).collect(),
            too_large: field.candidates.iter().map(too_large).collect(),
            budget: asked.effort().budget(split.train.n_interactions()),
            field,
            scales: Scales {
                observer,
                prepared,
                users,
                metric,
            },
        };
        match rounds::next(&contest.standings(&[]), contest.budget) {
            Move::Done => Err(contest.nobody(&[]).into()),
            Move::Measure(_) => Ok(contest),
        }
    }

    /// Measures until nothing is left to measure; `false` when interrupted.
    pub(super) fn run(&self, journal: &mut Journal) -> Result<bool> {
        if !journal
            .measured()
            .iter()
            .any(|one| one.candidate == POPULARITY)
        {
            let started = Instant::now();
            let millionths = self.scales.measure_popularity(&self.field.base())?;
            journal.add(Measurement {
                candidate: POPULARITY.to_owned(),
                rung: 0,
                millionths,
                left: None,
                seconds: started.elapsed().as_secs_f64(),
            })?;
            self.say(journal);
        }
        let mut pace = Pace::new();
        loop {
            let standings = self.standings(journal.measured());
            let at = match rounds::next(&standings, self.budget) {
                Move::Done => return Ok(true),
                Move::Measure(at) => at,
            };
            if self.scales.observer.should_stop() {
                return Ok(false);
            }
            let (candidate, rung) = (&self.field.candidates[at], standings[at].figures.len());
            let left = pace.time_of(rounds::units_left(&standings, self.budget));
            let name = candidate.name;
            self.scales
                .observer
                .event(Event::CandidateBegins { name, left });
            let started = Instant::now();
            let (millionths, left) = match self.scales.measure(candidate, rung, journal)? {
                Measured::Interrupted => return Ok(false),
                Measured::Millionths(millionths) => (millionths, None),
                Measured::Left(why) => (Vec::new(), Some(why)),
            };
            pace.took(self.units[at][rung], started.elapsed());
            journal.add(Measurement {
                candidate: candidate.name.to_owned(),
                rung,
                millionths,
                left,
                seconds: started.elapsed().as_secs_f64(),
            })?;
            self.say(journal);
            if rung + 1 < candidate.n_rungs() {
                // Shorter trainings are of no more use. What cannot be removed now goes with the contest.
                let _ = fs::remove_dir_all(journal.training_of(candidate.name, rung));
            }
        }
    }

    /// How each candidate stands by what is on record.
    pub(super) fn standings(&self, on_record: &[Measurement]) -> Vec<Standing> {
        let candidates = self.field.candidates.iter().enumerate();
        let standing = |(at, candidate): (usize, &Candidate)| {
            let of_one = |one: &&Measurement| one.candidate == candidate.name;
            let measured: Vec<&Measurement> = on_record.iter().filter(of_one).collect();
            let with_figure = measured.iter().filter(|one| one.left.is_none());
            Standing {
                units: self.units[at].clone(),
                place: candidate.place,
                figures: with_figure
                    .map(|one| mean(&values_of(&one.millionths)))
                    .collect(),
                is_out: self.too_large[at].is_some()
                    || measured.iter().any(|one| one.left.is_some()),
            }
        };
        candidates.map(standing).collect()
    }

    pub(super) fn said_before(&self, journal: &Journal) -> String {
        let asked = journal.asked();
        let record = match journal.measured().len() {
            0 => String::new(),
            n => format!("; {n} measurements are on record"),
        };
        format!(
            "contest of {} candidates by {} of {} validation users; effort {}, memory limit {}{record}",
            self.field.candidates.len(),
            self.scales.metric,
            count(self.scales.users.len() as u64),
            asked.effort().as_str(),
            show_bytes(asked.memory_limit),
        )
    }

    /// Tells the last measurement in a line.
    fn say(&self, journal: &Journal) {
        let Some(last) = journal.measured().last() else {
            return;
        };
        let candidates = &self.field.candidates;
        let candidate = candidates.iter().find(|one| one.name == last.candidate);
        let epochs = match candidate.filter(|one| one.is_trained()) {
            Some(candidate) => format!(
                "  {} of {} epochs",
                candidate.at(last.rung).training.epochs,
                candidate.config.training.epochs
            ),
            None => String::new(),
        };
        let found = match &last.left {
            Some(why) => format!("leaves: {why}"),
            None => {
                let figure = mean(&values_of(&last.millionths));
                format!("{} {figure:.4}", self.scales.metric)
            }
        };
        let took = duration(Duration::try_from_secs_f64(last.seconds).unwrap_or_default());
        let line = format!("  {:<17} {found}  {took}{epochs}", last.candidate);
        remark(self.scales.observer, &line);
    }

    /// That nobody can be measured, or could.
    pub(super) fn nobody(&self, on_record: &[Measurement]) -> Usage {
        let failed = |candidate: &Candidate| {
            let of_one = on_record.iter().find(|one| one.candidate == candidate.name);
            of_one.and_then(|one| one.left.as_ref())
        };
        let because = |(at, candidate): (usize, &Candidate)| match self.too_large[at]
            .as_ref()
            .or_else(|| failed(candidate))
        {
            Some(why) => format!("{}: {why}", candidate.name),
            None => format!(
                "{}: a first look takes {:.0} units of work, and the budget is {:.0}",
                candidate.name, self.units[at][0], self.budget
            ),
        };
        let reasons: Vec<String> = self
            .field
            .candidates
            .iter()
            .enumerate()
            .map(because)
            .collect();
        Usage(format!(
            "no model can be tried within these limits ({}): give a larger `--effort` or `--memory-limit`, or name a model \
             with `--model`",
            reasons.join("; ")
        ))
    }
}

/// How quickly work goes here, for the time left; it decides nothing.
struct Pace {
    units: f64,
    time: Duration,
}

impl Pace {
    fn new() -> Self {
        Self {
            units: 0.0,
            time: Duration::ZERO,
        }
    }

    fn took(&mut self, units: f64, time: Duration) {
        self.units += units;
        self.time += time;
    }

    fn time_of(&self, units: f64) -> Option<Duration> {
        let seconds = units / self.units * self.time.as_secs_f64();
        (self.units > 0.0)
            .then(|| Duration::try_from_secs_f64(seconds).ok())
            .flatten()
    }
}

/// Seconds of each candidate, all of its measurements together.
pub(super) fn seconds(journal: &Journal) -> Vec<Took> {
    let mut seconds: Vec<Took> = Vec::new();
    for one in journal.measured() {
        match seconds.iter_mut().find(|took| took.name == one.candidate) {
            Some(took) => took.seconds += one.seconds,
            None => seconds.push(Took {
                name: one.candidate.clone(),
                seconds: one.seconds,
            }),
        }
    }
    seconds
}
