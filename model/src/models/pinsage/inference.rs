//! All items' embeddings, layer by layer: each item's messages and vector are computed once a layer.

use std::io;
use std::path::Path;

use burn::tensor::{ExecutionError, Tensor, TensorData};

use super::PinSage;
use super::item_graph::ItemGraph;
use super::neighbourhoods::Places;
use super::row_table::{RowTable, Writer};
use crate::batch::{ItemRows, Pool};

/// Items whose vectors are made together.
const ITEMS_PER_PIECE: usize = 4096;

/// Errors of computing the embeddings of all nodes.
#[derive(Debug, thiserror::Error)]
pub enum InferenceError {
    /// The device failed.
    #[error("the device failed: {0}; try `--device cpu`")]
    Device(#[from] ExecutionError),
    /// A table that was to be kept in a file.
    #[error(
        "a layer's vectors cannot be kept in a file: {0}; name a folder that can be written to and has room, or keep \
         them in memory"
    )]
    TempDir(#[from] io::Error),
}

/// The input of a layer.
enum Below {
    Features,
    Vectors(RowTable),
}

impl PinSage {
    /// Embeddings of all items, `[n_items, dim]`, a few thousand at a time. Beside them, two tables of
    /// `[n_items, hidden]` are held at a time: in memory, or in files of the folder `temp_dir`.
    ///
    /// # Errors
    /// When the device failed, or a file could not be written or read.
    ///
    /// # Panics
    /// As [`PinSage::embed`].
    pub fn embed_all(
        &self,
        graph: &ItemGraph,
        temp_dir: Option<&Path>,
    ) -> Result<Vec<f32>, InferenceError> {
        let all: Vec<u32> = (0..graph.n_items() as u32).collect();
        let hidden = self.hidden.dims()[0];
        let mut places = Places::default();
        let mut below = Below::Features;
        let mut embeddings = Vec::new();
        for (number, layer) in self.layers.iter().enumerate() {
            let mut told = Writer::new(temp_dir)?;
            for piece in all.chunks(ITEMS_PER_PIECE) {
                let messages = layer.messages(self.below(&below, piece, graph)?);
                told.append(messages.try_into_data()?.iter::<f32>())?;
            }
            let told = told.finish(hidden)?;
            let vectors = |piece: &[u32], places: &mut Places| {
                let pooled = self.pooled(&told, piece, graph, places)?;
                let own = layer.own(self.below(&below, piece, graph)?);
                Ok::<_, InferenceError>(layer.combine(own, pooled))
            };
            if number + 1 == self.layers.len() {
                for piece in all.chunks(ITEMS_PER_PIECE) {
                    let z = self.head(vectors(piece, &mut places)?);
                    embeddings.extend(z.try_into_data()?.iter::<f32>());
                }
                break;
            }
            let mut above = Writer::new(temp_dir)?;
            for piece in all.chunks(ITEMS_PER_PIECE) {
                let z = vectors(piece, &mut places)?;
                above.append(z.try_into_data()?.iter::<f32>())?;
            }
            below = Below::Vectors(above.finish(hidden)?);
        }
        Ok(embeddings)
    }

    /// The input of a layer for some items, `[piece.len(), _]`.
    fn below(&self, below: &Below, piece: &[u32], graph: &ItemGraph) -> io::Result<Tensor<2>> {
        match below {
            Below::Features => {
                let features = graph.features_of(piece, |_| false, None);
                Ok(self.input(&ItemRows::new(&features, self.words_shape()[0])))
            }
            Below::Vectors(table) => self.rows(table, piece),
        }
    }

    /// `[piece.len(), hidden]`
    fn pooled(
        &self,
        messages: &RowTable,
        piece: &[u32],
        graph: &ItemGraph,
        places: &mut Places,
    ) -> io::Result<Tensor<2>> {
        let neighbourhoods = graph.neighbourhoods();
        let mut sub = neighbourhoods.sub_graph(piece, 1, self.pooling, |_| false, places);
        let rows = self.rows(messages, &sub.inputs)?;
        Ok(Pool::new(sub.pools.remove(0), self.pooling).of(rows))
    }

    /// Some rows of a table, on the device.
    fn rows(&self, table: &RowTable, nodes: &[u32]) -> io::Result<Tensor<2>> {
        let data = TensorData::new(table.rows(nodes)?, [nodes.len(), table.width()]);
        Ok(Tensor::from_data(data, &self.device()))
    }
}
