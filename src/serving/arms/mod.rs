//! Runs side by side, each an arm with a share of the users. Where a service has one run, there are no arms.

mod placing;
mod taken;

use std::path::PathBuf;
use std::sync::Arc;

use arc_swap::ArcSwap;
use prometheus_client::metrics::gauge::Gauge;

use super::arm::ArmName;
use super::error::ServeError;
use super::settings::Settings;
use super::snapshot::Snapshot;
use crate::error::Result;
use placing::Placing;
pub(super) use taken::Taken;

/// Arms at most, the first one included.
const ARMS_MAX: usize = 16;

/// The runs beside the first one, and who is given which.
pub(super) struct Arms {
    /// What the first run is called; `None` where it is alone.
    pub(super) first: Option<ArmName>,
    others: Vec<Arm>,
    placing: Placing,
}

/// A run beside the first one.
pub(super) struct Arm {
    pub(super) name: ArmName,
    /// The run, or a link to it.
    pub(super) run: PathBuf,
    pub(super) current: ArcSwap<Snapshot>,
}

impl Arms {
    /// Opens the runs beside the first one.
    ///
    /// # Errors
    /// Shares beyond all users, two arms of one name, a name that no header can hold, a run that cannot be opened.
    pub(super) fn open(settings: &Settings, in_memory: &Gauge) -> Result<Self> {
        let also = &settings.also;
        if also.len() >= ARMS_MAX {
            return Err(ServeError::Arms { max: ARMS_MAX }.into());
        }
        let placing = Placing::new(also.iter().map(|also| also.share), &settings.salt)?;
        let mut names: Vec<ArmName> = Vec::new();
        if !also.is_empty() {
            let runs = [&*settings.run].into_iter();
            for run in runs.chain(also.iter().map(|also| &*also.run)) {
                let name = ArmName::of(run)?;
                if names.contains(&name) {
                    return Err(ServeError::ArmTwice {
                        name: name.to_string(),
                    }
                    .into());
                }
                names.push(name);
            }
        }
        let mut names = names.into_iter();
        let first = names.next();
        let opened = names.zip(also).map(|(name, also)| {
            let snapshot = Snapshot::open(&also.run, Some(&name), in_memory)?;
            Ok(Arm {
                current: ArcSwap::new(snapshot),
                run: also.run.clone(),
                name,
            })
        });
        Ok(Self {
            first,
            others: opened.collect::<Result<_>>()?,
            placing,
        })
    }

    /// The runs beside the first one.
    pub(super) fn others(&self) -> &[Arm] {
        &self.others
    }

    /// The share of users that each arm gets, the first one included.
    pub(super) fn shares(&self) -> Vec<f64> {
        self.placing.shares()
    }

    /// Which arm a user is in, by her key; the first is 0.
    pub(super) fn of_user(&self, key: &str) -> usize {
        self.placing.of_user(key)
    }

    /// Which arm a history is in, by its keys, whatever their order.
    pub(super) fn of_history<'a>(&self, keys: impl Iterator<Item = &'a str>) -> usize {
        self.placing.of_history(keys)
    }

    /// The arm of a name; the first is 0.
    pub(super) fn named(&self, name: &str) -> Option<usize> {
        let mut names = self
            .first
            .iter()
            .chain(self.others.iter().map(|arm| &arm.name));
        names.position(|known| known.as_str() == name)
    }

    /// All names, in the order of the arms.
    pub(super) fn names(&self) -> Vec<&str> {
        let names = self
            .first
            .iter()
            .chain(self.others.iter().map(|arm| &arm.name));
        names.map(ArmName::as_str).collect()
    }

    /// The runs of all arms now, that of the first given.
    pub(super) fn take(&self, first: Arc<Snapshot>) -> Taken {
        let others = self.others.iter().map(|arm| arm.current.load_full());
        Taken::new([first].into_iter().chain(others).collect())
    }

    /// Says where two arms serve the same run, which is allowed: a link may lead there after an experiment is over.
    pub(super) fn remark_on_twins(&self, first: &Snapshot) {
        let others = self.others.iter().map(|arm| arm.current.load_full());
        let all: Vec<_> = others.collect();
        let mut seen: Vec<(&str, &str)> = vec![(&first.id, first.arm_name().unwrap_or_default())];
        for snapshot in &all {
            let arm = snapshot.arm_name().unwrap_or_default();
            if let Some((run, twin)) = seen.iter().find(|(id, _)| *id == snapshot.id) {
                tracing::warn!(run, "the arms {twin} and {arm} serve the same run");
            }
            seen.push((&snapshot.id, arm));
        }
    }
}
