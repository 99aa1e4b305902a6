//! The output of this invocation: results on stdout, everything else on stderr.

use serde::Serialize;

use super::args::Global;
#[cfg(feature = "train")]
use super::progress::Progress;
#[cfg(feature = "train")]
use super::{allocator, interrupt};
use super::{named_options, output};
use crate::error::Result;
#[cfg(feature = "train")]
use crate::observer::{Event, Observer};
use crate::run::Ledger;

/// How this invocation talks.
pub(crate) struct Session {
    /// One JSON document on stdout instead of text.
    pub(crate) json: bool,
    /// No remarks.
    pub(crate) quiet: bool,
    /// Where openings of test parts are counted, over all runs of this machine.
    pub(crate) ledger: Option<Ledger>,
    /// The command's name.
    command: String,
    #[cfg(feature = "train")]
    progress: Progress,
}

impl Session {
    /// The session of the command that the global options ask for.
    pub(crate) fn new(global: &Global, command: &str) -> Self {
        Self {
            command: command.to_owned(),
            json: global.json,
            quiet: global.quiet,
            ledger: ledger(),
            #[cfg(feature = "train")]
            progress: Progress::new(!global.quiet, !global.quiet),
        }
    }

    /// Says nothing but errors.
    #[cfg(feature = "train")]
    pub(crate) fn silent() -> Self {
        Self {
            json: false,
            quiet: true,
            ledger: None,
            command: String::new(),
            progress: Progress::new(false, false),
        }
    }

    /// The same without JSON, for a command that runs others.
    #[cfg(feature = "train")]
    pub(crate) fn inner(&self) -> Self {
        Self {
            json: false,
            quiet: self.quiet,
            ledger: self.ledger.clone(),
            command: self.command.clone(),
            progress: Progress::new(!self.quiet, !self.quiet),
        }
    }

    /// Shows bars and nothing else, unless this session is quiet.
    #[cfg(feature = "train")]
    pub(crate) fn bars_alone(&self) -> Self {
        Self {
            json: false,
            quiet: true,
            ledger: self.ledger.clone(),
            command: self.command.clone(),
            progress: Progress::new(!self.quiet, false),
        }
    }

    /// A remark for people, on stderr.
    pub(crate) fn say(&self, remark: &str) {
        if !self.quiet {
            output::say(&named_options::as_said_by(&self.command, remark));
        }
    }

    /// A result and a line break, on stdout.
    pub(crate) fn print(&self, result: &str) -> Result<()> {
        Ok(output::print(format!("{result}\n"))?)
    }

    /// A result as one JSON document, on stdout.
    pub(crate) fn print_json(&self, result: &impl Serialize) -> Result<()> {
        self.print(&serde_json::to_string_pretty(result)?)
    }
}

/// The user's ledger of openings, unless the variable turns it off.
pub(super) fn ledger() -> Option<Ledger> {
    let off = std::env::var_os("SAGEBRUSH_LEDGER").is_some_and(|value| value == "off");
    match off {
        true => None,
        false => Ledger::of_user(),
    }
}

#[cfg(feature = "train")]
impl Observer for Session {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Remark(text) => self.progress.suspend(|| self.say(text)),
            Event::Stopped(how) => output::say(&how),
            Event::MemoryFreed => allocator::return_freed_memory(),
            event => {
                if let Event::EpochBegins(_) = event {
                    allocator::keep_freed_memory();
                }
                self.progress.show(event);
            }
        }
    }

    fn should_stop(&self) -> bool {
        interrupt::asked()
    }
}

#[cfg(not(feature = "train"))]
impl crate::observer::Observer for Session {
    fn event(&self, event: crate::observer::Event<'_>) {
        if let crate::observer::Event::Remark(text) = event {
            self.say(text);
        }
    }
}
