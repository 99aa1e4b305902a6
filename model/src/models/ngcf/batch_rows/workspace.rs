//! The tables of one pass, kept from step to step: fresh ones would cost a page fault every 4 KiB.

use std::sync::{Arc, Mutex, PoisonError};

use super::receptive_field::ReceptiveField;

/// The tables of a pass. Only the rows of a level's [`ReceptiveField`] mean anything; the others are of earlier
/// passes.
#[derive(Debug, Default)]
pub(crate) struct Workspace {
    /// What each layer received, `[n_nodes, from]`; the backward pass turns it into its gradient.
    pub(super) received: Vec<Vec<f32>>,
    /// What each layer made, `[n_nodes, to]`; the backward pass turns it into its gradient.
    pub(super) made: Vec<Vec<f32>>,
    /// Which way each element of `made` went, `[n_nodes, to]`; see `tile`.
    pub(super) codes: Vec<Vec<u8>>,
}

impl Workspace {
    fn fit(&mut self, n_nodes: usize, widths: impl ExactSizeIterator<Item = (usize, usize)>) {
        self.received.resize_with(widths.len(), Vec::new);
        self.made.resize_with(widths.len(), Vec::new);
        self.codes.resize_with(widths.len(), Vec::new);
        for (layer, (from, to)) in widths.enumerate() {
            self.received[layer].resize(n_nodes * from, 0.0);
            self.made[layer].resize(n_nodes * to, 0.0);
            self.codes[layer].resize(n_nodes * to, 0);
        }
    }
}

/// Where a network's workspace lies between passes. Copies of the network share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool(Arc<Mutex<Option<Workspace>>>);

impl Pool {
    /// The workspace that lies here, or a new one when another pass has it, for layers of these widths in and out.
    pub(super) fn lease(
        &self,
        n_nodes: usize,
        widths: impl ExactSizeIterator<Item = (usize, usize)>,
    ) -> Lease {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = slot.take().unwrap_or_default();
        workspace.fit(n_nodes, widths);
        Lease {
            workspace,
            pool: self.clone(),
        }
    }
}

/// A workspace in use; dropping it puts it back.
#[derive(Debug)]
pub(crate) struct Lease {
    pub(super) workspace: Workspace,
    pool: Pool,
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut slot = self.pool.0.lock().unwrap_or_else(PoisonError::into_inner);
        *slot = Some(std::mem::take(&mut self.workspace));
    }
}

/// The state that a forward pass keeps for the backward pass.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(super) lease: Lease,
    /// The rows computed of each level.
    pub(super) fields: Vec<ReceptiveField>,
    /// The result's row of each node of the last level.
    pub(super) packed: Vec<f32>,
    /// One over the norm, for each such node and shown level.
    pub(super) inverse_norms: Vec<f32>,
}
