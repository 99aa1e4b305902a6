//! Users, who have no vector of their own: a user is the mean of what the user has.
//!
//! In training one of the user's other items stands for the user, so that pairs are (query item, item) as in the
//! paper and a step needs no more of the graph than its items do. For serving, a user is the normalised mean of all
//! of the user's items, so that user to item lists, item to item lists and evaluation share one space, and a new
//! history needs nothing but its items.

use std::sync::Arc;

use burn::module::Module;
use burn::tensor::{DType, Int, Tensor, TensorData};

use super::{Neighbourhoods, PinSage, PinSageConfig};
use crate::batch::BatchIndices;
use crate::dropout::{Mode, Purpose, mix};
use crate::init::Initializer;
use crate::network::{Forward, NodeRows};
use crate::parameters::{Named, ParamMut};
use crate::rows::Distinct;

/// Items with their features and neighbourhoods, and what users have.
#[derive(Clone, Debug)]
pub struct ItemGraph {
    features: Arc<Vec<f32>>,
    neighbourhoods: Neighbourhoods,
    user_ptr: Vec<usize>,
    user_items: Vec<u32>,
}

impl ItemGraph {
    /// `features` are `[n_items, width]`, row-major; user `u` has `user_items[user_ptr[u]..user_ptr[u + 1]]`.
    ///
    /// # Panics
    /// When the parts do not fit together.
    pub fn new(
        features: Arc<Vec<f32>>,
        neighbourhoods: Neighbourhoods,
        user_ptr: Vec<usize>,
        user_items: Vec<u32>,
    ) -> Self {
        let n = neighbourhoods.n_items();
        assert!(n > 0 && features.len().is_multiple_of(n), "a row an item");
        assert_eq!(user_ptr.last(), Some(&user_items.len()), "lists of users");
        assert!(user_items.iter().all(|&item| (item as usize) < n), "items");
        Self {
            features,
            neighbourhoods,
            user_ptr,
            user_items,
        }
    }

    /// Users.
    pub fn n_users(&self) -> usize {
        self.user_ptr.len() - 1
    }

    /// Floats of an item's features.
    pub fn n_features(&self) -> usize {
        self.features.len() / self.neighbourhoods.n_items()
    }

    fn of(&self, user: u32) -> &[u32] {
        &self.user_items[self.user_ptr[user as usize]..self.user_ptr[user as usize + 1]]
    }

    /// An item of the user's other than `positive`, by a random number; `positive` itself where there is no other.
    fn query(&self, user: u32, positive: u32, random: u64) -> u32 {
        let items = self.of(user);
        let others = items.iter().filter(|&&item| item != positive);
        match others.clone().count() as u64 {
            0 => positive,
            n => others
                .clone()
                .nth((random % n) as usize)
                .copied()
                .unwrap_or(positive),
        }
    }
}

/// The network: item vectors, and users as means of them.
#[derive(Module, Debug)]
pub struct PinSageNetwork {
    sage: PinSage,
    #[module(skip)]
    n_users: usize,
    #[module(skip)]
    n_items: usize,
    #[module(skip)]
    node_dropout: f64,
}

impl PinSageNetwork {
    pub(crate) fn new(
        config: &PinSageConfig,
        n_users: usize,
        n_items: usize,
        init: &Initializer<'_>,
    ) -> Self {
        Self {
            sage: config.with(init),
            n_users,
            n_items,
            node_dropout: config.node_dropout,
        }
    }

    pub(crate) fn sizes(&self) -> (usize, usize) {
        (self.n_users, self.n_items)
    }

    /// All users' and items' rows; a user without items is zero.
    ///
    /// # Panics
    /// When the device fails.
    pub(crate) fn forward(&self, graph: &ItemGraph) -> Forward {
        let device = self.sage.device();
        let items = self
            .sage
            .embed_all(&graph.features, &graph.neighbourhoods, &device)
            .unwrap_or_else(|error| panic!("the device failed: {error}"));
        let dim = items.len() / self.n_items.max(1);
        let mut nodes = vec![0.0; self.n_users * dim];
        for (user, row) in nodes.chunks_exact_mut(dim.max(1)).enumerate() {
            for &item in graph.of(user as u32) {
                let item = &items[item as usize * dim..][..dim];
                row.iter_mut()
                    .zip(item)
                    .for_each(|(sum, value)| *sum += value);
            }
            let length = row.iter().map(|value| value * value).sum::<f32>().sqrt();
            if length > 0.0 {
                row.iter_mut().for_each(|value| *value /= length);
            }
        }
        nodes.extend(items);
        let shape = [self.n_users + self.n_items, dim];
        let nodes = Tensor::from_data(TensorData::new(nodes, shape), &device);
        Forward {
            initial: nodes.clone(),
            nodes,
        }
    }

    /// The batch's rows: query items in the place of users, then items.
    pub(crate) fn rows(&self, graph: &ItemGraph, batch: &BatchIndices, mode: Mode) -> NodeRows {
        let seed = match mode {
            Mode::Train { seed } => seed,
            Mode::Inference => 0,
        };
        let positives = &batch.items()[..batch.len()];
        let pairs = batch.users().iter().zip(positives).zip(0u64..);
        let wanted: Vec<u32> = pairs
            .map(|((&user, &positive), at)| graph.query(user, positive, mix(mix(seed) ^ at)))
            .chain(batch.items().iter().copied())
            .collect();
        let Distinct { nodes, slots } = Distinct::of(&wanted, self.n_items);
        let hidden = mode.mask_seed(self.node_dropout, Purpose::Node, 0);
        let threshold = (self.node_dropout * u64::MAX as f64) as u64;
        let is_hidden = |item: u32| {
            hidden.is_some_and(|seed| mix(seed.wrapping_add(u64::from(item))) < threshold)
        };
        let layers = self.sage.layers.len();
        let sub = graph.neighbourhoods.sub_graph(&nodes, layers, is_hidden);
        let device = self.sage.device();
        let z = self.sage.embed_sub_graph(&sub, &graph.features, &device);
        let places: Vec<i32> = wanted.iter().map(|&i| slots[i as usize] as i32).collect();
        let untracked = device.without_autodiff();
        let places = Tensor::<1, Int>::from_data(places.as_slice(), (&untracked, DType::I32));
        NodeRows::Same(z.select(0, places))
    }
}

impl Named for PinSageNetwork {
    fn named(&mut self) -> Vec<(String, ParamMut<'_>)> {
        self.sage.named()
    }
}
