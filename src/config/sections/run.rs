//! `[run]`: where it runs.

use std::path::PathBuf;

use super::section::section;
use super::setting::{Absent, Limit, Tune};
use super::{ALL, FITTED, PINSAGE, flag};
use crate::config::accepts::{Accepts, Choice};
use crate::config::byte_size::ByteSize;
use crate::config::choice::closed_choice;

closed_choice! {
    /// `run.device`: where tensors live.
    DeviceName {
        /// The default CPU backend.
        Cpu = "cpu",
        /// The ndarray CPU backend.
        Ndarray = "ndarray",
        /// The graphics card.
        Gpu = "gpu",
    }
}

const CPU: &[Choice] = &[Choice::named("cpu")];

section! {
    /// Where and within which limits a run computes.
    ["run"] RunSettings { models: ALL, tune: Tune::Fixed("it does not change what is learned") }

    /// Where to compute.
    device: DeviceName {
        default: DeviceName::Cpu;
        limits: &[Limit {
            models: FITTED,
            accepts: Accepts::Choice(CPU),
            remedy: "what is not trained runs on the CPU; remove the key or set it to `cpu`",
        }],
        flag: flag("device", "NAME"),
    }

    /// Training that is forecast to take more memory is refused before it begins, such as 4GiB or 500MB.
    memory_limit: Option<ByteSize> {
        default: None;
        flag: flag("memory-limit", "SIZE"),
    }

    /// Whether an evaluation counts in the ledger of this machine, which tells how often a test part was measured by any
    /// run. The environment variable `SAGEBRUSH_LEDGER=off` keeps all runs out of it.
    ledger: bool {
        default: true;
        absent: Absent::Default,
    }

    /// A folder for the intermediate tables between two layers when all vectors are computed: two tables of items by
    /// `pinsage.hidden`, kept in memory where no folder is named.
    #[serde(default)]
    #[serde(with = "crate::config::path_text::one")]
    temp_dir: Option<PathBuf>, was "scratch" {
        default: None;
        models: PINSAGE,
    }
}
