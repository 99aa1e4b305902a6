//! Prepares what a step needs beside its batch, on the producer's thread while the device computes.

use sagebrush_model::{Graph, ItemBatch, ItemBatches, Mode, NetworkConfig};

use super::Job;
use crate::inference::model_config;
use crate::sampling::Batch;

/// A batch, ready to be trained on.
pub(super) struct Ready {
    pub(super) batch: Batch,
    /// The part of the items' graph it needs, where the model reads items.
    pub(super) items: Option<ItemBatch>,
    /// The seed of the step's dropout masks.
    pub(super) seed: u64,
}

/// Makes the batches of an epoch ready.
pub(super) struct Preparer<'a> {
    seed: u64,
    epoch: u32,
    items: Option<ItemBatches<'a>>,
}

impl<'a> Preparer<'a> {
    pub(super) fn new(job: &Job<'a>, epoch: u32) -> Self {
        let items = match (
            job.graph,
            model_config(job.config, job.n_features()).network,
        ) {
            (Graph::Items(items), NetworkConfig::PinSage(config)) => {
                Some(ItemBatches::new(&config, items))
            }
            _ => None,
        };
        Self {
            seed: job.config.seed,
            epoch,
            items,
        }
    }

    /// Batches with the numbers of their steps, each made ready when it is asked for.
    pub(super) fn over(
        mut self,
        numbered: impl Iterator<Item = (u64, Batch)>,
    ) -> impl Iterator<Item = Ready> {
        numbered.map(move |(step, batch)| self.ready(step, batch))
    }

    fn ready(&mut self, step: u64, batch: Batch) -> Ready {
        let seed = step_seed(self.seed, self.epoch, step);
        let items = self
            .items
            .as_mut()
            .map(|items| items.of(&batch.users, &batch.items(), Mode::Train { seed }));
        Ready { batch, items, seed }
    }
}

/// The seed of a step's dropout masks.
fn step_seed(seed: u64, epoch: u32, step: u64) -> u64 {
    let mut hasher = blake3::Hasher::new();
    hasher
        .update(&seed.to_le_bytes())
        .update(&epoch.to_le_bytes())
        .update(&step.to_le_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
    u64::from_le_bytes(first)
}
