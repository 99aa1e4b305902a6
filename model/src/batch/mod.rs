//! One mini-batch: the ids it speaks of, and their rows.

use std::sync::Arc;

use burn::tensor::{DType, Device, Int, Tensor};

use crate::pinsage::ItemBatch;

/// Items that every user of a batch is compared with, except those the user is known to have.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SharedNegatives {
    /// The items; an item may come twice.
    pub items: Vec<u32>,
    /// Where each user's part of `known` begins; one more than there are users.
    pub known_ptr: Vec<u32>,
    /// Places in `items` that are not compared with a user, user after user.
    pub known: Vec<u32>,
    /// What sampling by popularity adds to scores and must be taken off again.
    pub log_q: Option<LogQ>,
}

/// `log(q(i) * n_items)` of items that come with probability `q(i)` a draw, which makes it 0 where
/// items are drawn uniformly (Bengio and Senécal, 2008). Taken off the scores of positives and of
/// shared negatives in the sampled softmax.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LogQ {
    /// One a positive.
    pub positives: Vec<f32>,
    /// One a shared negative.
    pub shared: Vec<f32>,
}

/// The ids of one mini-batch, and the device its loss is computed on.
#[derive(Clone, Debug)]
pub struct BatchIndices {
    n_users: usize,
    n_negatives: usize,
    /// Users, positives, each user's negatives, shared negatives; ids, not nodes.
    ids: Vec<u32>,
    shared: Arc<SharedNegatives>,
    items_ready: Option<Arc<ItemBatch>>,
    device: Device,
}

impl BatchIndices {
    /// A batch; `negatives` is row-major, as many per user for every user, possibly none.
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
            items_ready: None,
            device: device.clone(),
        }
    }

    /// The same batch with negatives for all its users.
    ///
    /// # Panics
    /// When the lists of known places or the corrections are not those of this batch.
    #[must_use]
    pub fn with_shared(mut self, shared: SharedNegatives) -> Self {
        let n_known = shared.known_ptr.last().map(|&end| end as usize);
        assert_eq!(shared.known_ptr.len(), self.n_users + 1, "a list a user");
        assert_eq!(n_known, Some(shared.known.len()), "lists of known places");
        let places = shared.items.len();
        assert!(shared.known.iter().all(|&place| (place as usize) < places));
        if let Some(log_q) = &shared.log_q {
            let lengths = (log_q.positives.len(), log_q.shared.len());
            assert_eq!(lengths, (self.n_users, places), "a correction an item");
        }
        self.ids.truncate(self.n_users * (2 + self.n_negatives));
        self.ids.extend_from_slice(&shared.items);
        self.shared = Arc::new(shared);
        self
    }

    /// The same batch with what PinSAGE needs of the graph for it, made before.
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

    /// Negatives of each user's own.
    pub fn n_negatives(&self) -> usize {
        self.n_negatives
    }

    /// Negatives of all users together.
    pub fn shared(&self) -> &Arc<SharedNegatives> {
        &self.shared
    }

    /// The users, in the order of the rows.
    pub fn users(&self) -> &[u32] {
        &self.ids[..self.n_users]
    }

    /// The items of the rows after the users': positives, each user's negatives, shared negatives.
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

/// A batch's rows of one table.
#[derive(Clone, Debug)]
pub(crate) struct BatchRows {
    /// Users, positives, each user's negatives, shared negatives:
    /// `[batch * (2 + n_negatives) + n_shared, width]`.
    pub(crate) all: Tensor<2>,
    pub(crate) batch: usize,
    pub(crate) n_negatives: usize,
}

impl BatchRows {
    /// `[batch, width]`
    pub(crate) fn users(&self) -> Tensor<2> {
        self.all.clone().narrow(0, 0, self.batch)
    }

    /// `[batch, width]`
    pub(crate) fn positives(&self) -> Tensor<2> {
        self.all.clone().narrow(0, self.batch, self.batch)
    }

    /// `[batch, n_negatives, width]`; `None` where there are none.
    pub(crate) fn negatives(&self) -> Option<Tensor<3>> {
        let [_, width] = self.all.dims();
        (self.n_negatives > 0).then(|| {
            self.all
                .clone()
                .narrow(0, 2 * self.batch, self.batch * self.n_negatives)
                .reshape([self.batch, self.n_negatives, width])
        })
    }

    /// `[n_shared, width]`; `None` where there are none.
    pub(crate) fn shared(&self) -> Option<Tensor<2>> {
        let [rows, _] = self.all.dims();
        let before = self.batch * (2 + self.n_negatives);
        (rows > before).then(|| self.all.clone().narrow(0, before, rows - before))
    }
}
