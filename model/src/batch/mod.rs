//! One mini-batch: its users and items, its negatives, and the sub-graph that PinSAGE reads for it.
//!
//! Its own folder under `ops`, because the losses' operation and every model read it.

mod negatives;
mod sub_graph;

use std::sync::Arc;

use burn::tensor::{DType, Device, Int, Tensor};

pub use negatives::{LogQ, SharedNegatives};
pub use sub_graph::ItemBatch;
pub(crate) use sub_graph::{ItemRows, Pool};

/// The ids of one mini-batch, and the device its loss is computed on.
#[derive(Clone, Debug)]
pub struct BatchIndices {
    n_users: usize,
    n_negatives: usize,
    /// Users, positives, per-positive negatives, batch-shared negatives; ids, not nodes.
    ids: Vec<u32>,
    shared: Arc<SharedNegatives>,
    log_q: Option<Arc<LogQ>>,
    inverse_temperatures: Option<Arc<[f32]>>,
    items_ready: Option<Arc<ItemBatch>>,
    device: Device,
}

impl BatchIndices {
    /// A batch of pairs of a user and a positive item. `negatives` are the per-positive negatives, `[users.len(), n]`,
    /// row-major; `n` may be 0.
    ///
    /// # Panics
    /// When the batch is empty, when there are not as many positives as users, or when the
    /// negatives do not divide evenly.
    pub fn new(users: &[u32], positives: &[u32], negatives: &[u32], device: &Device) -> Self {
        let batch = users.len();
        assert!(batch > 0, "a batch has at least one user");
        assert_eq!(positives.len(), batch, "one positive per user");
        assert_eq!(
            negatives.len() % batch,
            0,
            "as many negatives for every user"
        );
        Self {
            n_users: batch,
            n_negatives: negatives.len() / batch,
            ids: [users, positives, negatives].concat(),
            shared: Arc::default(),
            log_q: None,
            inverse_temperatures: None,
            items_ready: None,
            device: device.clone(),
        }
    }

    /// The same batch with batch-shared negatives.
    ///
    /// # Panics
    /// When the lists of known places are not those of this batch.
    #[must_use]
    pub fn with_shared(mut self, shared: SharedNegatives) -> Self {
        let n_known = shared.known_ptr.last().map(|&end| end as usize);
        assert_eq!(shared.known_ptr.len(), self.n_users + 1, "a list a user");
        assert_eq!(n_known, Some(shared.known.len()), "lists of known places");
        let places = shared.n_places(self.n_users);
        assert!(shared.known.iter().all(|&place| (place as usize) < places));
        self.ids.truncate(self.n_users * (2 + self.n_negatives));
        self.ids.extend_from_slice(&shared.items);
        self.shared = Arc::new(shared);
        self
    }

    /// The same batch with what the sampled softmax subtracts; batch-shared negatives are given before.
    ///
    /// # Panics
    /// When there is not one correction a candidate.
    #[must_use]
    pub fn with_log_q(mut self, log_q: LogQ) -> Self {
        let n = self.n_users;
        let lengths = [&log_q.positives, &log_q.negatives, &log_q.shared].map(Vec::len);
        let wanted = [n, n * self.n_negatives, self.shared.n_places(n)];
        assert_eq!(lengths, wanted, "a correction a candidate");
        self.log_q = Some(Arc::new(log_q));
        self
    }

    /// The same batch with what [`RankingLoss::Adaptive`](crate::RankingLoss::Adaptive) multiplies the scores of each
    /// user's negatives by.
    ///
    /// # Panics
    /// When there is not one a user.
    #[must_use]
    pub fn with_inverse_temperatures(mut self, of_users: Vec<f32>) -> Self {
        assert_eq!(of_users.len(), self.n_users, "a temperature a user");
        self.inverse_temperatures = Some(of_users.into());
        self
    }

    /// What the negatives of each user are multiplied by, where users have something of their own.
    pub(crate) fn inverse_temperatures(&self) -> Option<&Arc<[f32]>> {
        self.inverse_temperatures.as_ref()
    }

    /// What the sampled softmax subtracts.
    pub(crate) fn log_q(&self) -> Option<&Arc<LogQ>> {
        self.log_q.as_ref()
    }

    /// The same batch with the sub-graph that PinSAGE reads for it. Without it the sub-graph is made when the loss is
    /// computed.
    #[must_use]
    pub fn with_item_batch(mut self, ready: ItemBatch) -> Self {
        self.items_ready = Some(Arc::new(ready));
        self
    }

    pub(crate) fn item_batch(&self) -> Option<&ItemBatch> {
        self.items_ready.as_deref()
    }

    /// Users in the batch.
    pub fn len(&self) -> usize {
        self.n_users
    }

    /// Whether the batch has no user.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Number of per-positive negatives of each positive.
    pub fn n_negatives(&self) -> usize {
        self.n_negatives
    }

    /// Batch-shared negatives.
    pub fn shared(&self) -> &Arc<SharedNegatives> {
        &self.shared
    }

    /// The users, in the order of the rows.
    pub fn users(&self) -> &[u32] {
        &self.ids[..self.n_users]
    }

    /// The items of the rows after the users': positives, per-positive negatives, batch-shared negatives.
    pub fn items(&self) -> &[u32] {
        &self.ids[self.n_users..]
    }

    /// All ids as node numbers in a graph of `n_users` users: users, positives, negatives.
    pub(crate) fn nodes(&self, n_users: usize) -> Arc<[u32]> {
        let items = self.items().iter().map(|&item| item + n_users as u32);
        self.users().iter().copied().chain(items).collect()
    }

    /// [`BatchIndices::nodes`] on the device.
    pub(crate) fn node_tensor(&self, n_users: usize) -> Tensor<1, Int> {
        let nodes: Vec<i32> = self.nodes(n_users).iter().map(|&n| n as i32).collect();
        let device = self.device.clone().without_autodiff();
        Tensor::from_data(nodes.as_slice(), (&device, DType::I32))
    }
}
