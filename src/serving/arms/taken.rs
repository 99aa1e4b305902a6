//! The runs of all arms as one request sees them, and which of them it used.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::http::HeaderValue;

use super::super::arm::InArm;
use super::super::snapshot::Snapshot;

/// Taken once, when the request comes in.
pub(in super::super) struct Taken {
    /// That of the first arm is the first.
    snapshots: Vec<Arc<Snapshot>>,
    /// A bit for each arm.
    used: AtomicU32,
}

impl Taken {
    pub(super) fn new(snapshots: Vec<Arc<Snapshot>>) -> Self {
        Self {
            snapshots,
            used: AtomicU32::new(0),
        }
    }

    /// The run of an arm, which the request uses from now on.
    pub(in super::super) fn using(&self, arm: usize) -> Option<&Arc<Snapshot>> {
        let snapshot = self.snapshots.get(arm)?;
        self.used.fetch_or(1 << arm, Ordering::Relaxed);
        Some(snapshot)
    }

    /// The run of the first arm, whether it is used or not.
    pub(in super::super) fn first(&self) -> Option<&Arc<Snapshot>> {
        self.snapshots.first()
    }

    /// Those that were used; the first where none was.
    fn used(&self) -> impl Iterator<Item = &Arc<Snapshot>> {
        let used = match self.used.load(Ordering::Relaxed) {
            0 => 1,
            used => used,
        };
        let all = self.snapshots.iter().enumerate();
        all.filter(move |(at, _)| used & (1 << at) != 0)
            .map(|(_, snapshot)| snapshot)
    }

    /// The ids of the runs that were used, and the names of their arms where there are any; a comma between two.
    pub(in super::super) fn headers(&self) -> (HeaderValue, Option<HeaderValue>) {
        let mut used = self.used();
        let (first, more) = (used.next(), used.next());
        match (first, more) {
            (Some(one), None) => (one.header.clone(), one.arm.as_ref().map(|arm| arm.header())),
            _ => {
                let ids: Vec<&str> = self.used().map(|snapshot| &*snapshot.id).collect();
                let arms: Vec<&str> = self.used().filter_map(|one| one.arm_name()).collect();
                let header = |all: &[&str]| HeaderValue::from_str(&all.join(", ")).ok();
                let empty = HeaderValue::from_static("");
                (header(&ids).unwrap_or(empty), header(&arms))
            }
        }
    }

    /// The arm that metrics count the request in.
    pub(in super::super) fn label(&self) -> InArm {
        let mut used = self.used();
        match (used.next(), used.next()) {
            (Some(one), None) => one.label(),
            _ => InArm::several(),
        }
    }
}
