//! All items' embeddings, layer by layer: each item's messages and vector are computed once a layer.

use burn::tensor::{Device, ExecutionError, Tensor, TensorData};

use super::batch::{Pool, Rows};
use super::convolve::{Convolve, Input};
use super::neighbourhoods::Places;
use super::{ItemGraph, PinSage};

/// Items whose vectors are made together.
const ITEMS_PER_PIECE: usize = 4096;

/// What a layer begins with, on the host.
enum Below {
    Features,
    /// `[n_items, dim]`
    Vectors(Vec<f32>),
}

impl PinSage {
    /// Embeddings of all items, `[n_items, dim]` on the host, a few thousand at a time: memory is that of three
    /// tables of vectors.
    ///
    /// # Errors
    /// When the device failed.
    ///
    /// # Panics
    /// As [`PinSage::embed`].
    pub fn embed_all(&self, graph: &ItemGraph) -> Result<Vec<f32>, ExecutionError> {
        let all: Vec<u32> = (0..graph.n_items() as u32).collect();
        let mut places = Places::default();
        let mut below = Below::Features;
        for (number, layer) in self.layers.iter().enumerate() {
            let last = number + 1 == self.layers.len();
            let mut messages = Vec::new();
            for piece in all.chunks(ITEMS_PER_PIECE) {
                let told = self.messages(layer, &below, piece, graph);
                messages.extend(told.try_into_data()?.iter::<f32>());
            }
            let mut above = Vec::with_capacity(messages.len());
            for piece in all.chunks(ITEMS_PER_PIECE) {
                let pooled = self.pooled(&messages, piece, graph, &mut places);
                let z = layer.combine(self.own(layer, &below, piece, graph), pooled);
                let z = if last { self.head(z) } else { z };
                above.extend(z.try_into_data()?.iter::<f32>());
            }
            below = Below::Vectors(above);
        }
        match below {
            Below::Vectors(vectors) => Ok(vectors),
            Below::Features => unreachable!("there is a layer"),
        }
    }

    fn messages(
        &self,
        layer: &Convolve,
        below: &Below,
        piece: &[u32],
        graph: &ItemGraph,
    ) -> Tensor<2> {
        let device = self.device();
        with_input(below, piece, graph, &device, |input| {
            layer.messages(input, &device)
        })
    }

    fn own(&self, layer: &Convolve, below: &Below, piece: &[u32], graph: &ItemGraph) -> Tensor<2> {
        let device = self.device();
        with_input(below, piece, graph, &device, |input| {
            layer.own(input, piece.len(), &device)
        })
    }

    /// `[piece.len(), dim]`
    fn pooled(
        &self,
        messages: &[f32],
        piece: &[u32],
        graph: &ItemGraph,
        places: &mut Places,
    ) -> Tensor<2> {
        let neighbourhoods = graph.neighbourhoods();
        let mut sub = neighbourhoods.sub_graph(piece, 1, self.pooling, |_| false, places);
        let width = messages.len() / neighbourhoods.n_items().max(1);
        let rows = rows(messages, width, &sub.inputs, &self.device());
        Pool::new(sub.pools.remove(0), self.pooling).of(rows)
    }
}

fn with_input(
    below: &Below,
    piece: &[u32],
    graph: &ItemGraph,
    device: &Device,
    run: impl FnOnce(Input<'_>) -> Tensor<2>,
) -> Tensor<2> {
    match below {
        Below::Features => {
            let features = graph.features_of(piece, |_| false, None);
            run(Rows::new(features, piece.len()).input(device))
        }
        Below::Vectors(table) => {
            let width = table.len() / graph.n_items().max(1);
            run(Input::Vectors(rows(table, width, piece, device)))
        }
    }
}

/// Some rows of a table on the host, on the device.
fn rows(table: &[f32], width: usize, nodes: &[u32], device: &Device) -> Tensor<2> {
    let mut values = Vec::with_capacity(nodes.len() * width);
    for &node in nodes {
        values.extend_from_slice(&table[node as usize * width..][..width]);
    }
    Tensor::from_data(TensorData::new(values, [nodes.len(), width]), device)
}
