//! The tables of one pass, kept from step to step: fresh ones would cost a page fault every 4 KiB.

use std::sync::{Arc, Mutex, PoisonError};

use super::plan::Plan;
use super::reach::Reach;

/// The tables of a pass. Only the rows of a level's [`Reach`] mean anything; the rest is left over.
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
    fn fit(&mut self, plan: &Plan) {
        let (n, layers) = (plan.n_nodes(), &plan.layers);
        self.received.resize_with(layers.len(), Vec::new);
        self.made.resize_with(layers.len(), Vec::new);
        self.codes.resize_with(layers.len(), Vec::new);
        for (number, layer) in layers.iter().enumerate() {
            self.received[number].resize(n * layer.from, 0.0);
            self.made[number].resize(n * layer.to, 0.0);
            self.codes[number].resize(n * layer.to, 0);
        }
    }
}

/// Where a network's workspace lies between passes. Copies of the network share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Pool(Arc<Mutex<Option<Workspace>>>);

impl Pool {
    /// The workspace that lies here, or a new one when another pass has it.
    pub(super) fn lease(&self, plan: &Plan) -> Lease {
        let mut slot = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let mut workspace = slot.take().unwrap_or_default();
        workspace.fit(plan);
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

/// What a forward pass leaves for the backward pass.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(super) lease: Lease,
    /// The rows computed of each level.
    pub(super) reaches: Vec<Reach>,
    /// The result's row of each node of the last reach.
    pub(super) packed: Vec<f32>,
    /// One over the norm, for each such node and shown level.
    pub(super) inverse_norms: Vec<f32>,
}
