//! Between the tables of a run directory and the ones that answer.

use super::{Embeddings, EmbeddingsError, MlpHead, ScoreHead, ScoreSource};
use crate::run::{EmbeddingTables, HostTensor, NamedTensors};

/// What a run directory stores of embeddings.
pub fn to_tables(embeddings: &Embeddings) -> EmbeddingTables {
    let matrix = |rows: usize, values: &[f32]| HostTensor {
        shape: vec![rows, embeddings.dim()],
        values: values.to_vec(),
    };
    let (kind, head) = match embeddings.head() {
        ScoreHead::Dot => ("dot", NamedTensors::new()),
        ScoreHead::Mlp(mlp) => ("mlp", head_tensors(mlp, embeddings.dim())),
    };
    EmbeddingTables {
        users: matrix(embeddings.n_users(), embeddings.users()),
        items: matrix(embeddings.n_items(), embeddings.items()),
        head,
        metadata: [("score".to_owned(), kind.to_owned())].into(),
    }
}

fn head_tensors(mlp: &MlpHead, dim: usize) -> NamedTensors {
    let tensor = |name: &str, shape: Vec<usize>, values: &[f32]| {
        (
            name.to_owned(),
            HostTensor {
                shape,
                values: values.to_vec(),
            },
        )
    };
    [
        tensor("user_weight", vec![mlp.hidden, dim], &mlp.user_weight),
        tensor("item_weight", vec![mlp.hidden, dim], &mlp.item_weight),
        tensor("bias", vec![mlp.hidden], &mlp.bias),
        tensor("output", vec![mlp.hidden], &mlp.output),
        tensor("output_bias", vec![1], &[mlp.output_bias]),
    ]
    .into()
}

/// The embeddings that a run directory stores.
///
/// # Errors
/// When a table or a weight of the head is missing or misshapen.
pub fn from_tables(tables: EmbeddingTables) -> Result<Embeddings, EmbeddingsError> {
    let [n_users, dim] = tables.users.shape[..] else {
        return Err(EmbeddingsError {
            part: "the user table",
            found: tables.users.shape.len(),
            expected: 2,
        });
    };
    let n_items = tables.items.shape.first().copied().unwrap_or(0);
    let head = head_of(&tables.head)?;
    Embeddings::new(
        n_users,
        n_items,
        dim,
        tables.users.values,
        tables.items.values,
        head,
    )
}

fn head_of(head: &NamedTensors) -> Result<ScoreHead, EmbeddingsError> {
    if head.is_empty() {
        return Ok(ScoreHead::Dot);
    }
    let weight = |name: &str, part: &'static str| {
        let missing = EmbeddingsError {
            part,
            found: 0,
            expected: 1,
        };
        head.get(name)
            .map(|tensor| tensor.values.clone())
            .ok_or(missing)
    };
    let bias = weight("bias", "the head's bias")?;
    let output_bias = weight("output_bias", "the head's output bias")?;
    let [output_bias] = output_bias[..] else {
        let found = output_bias.len();
        return Err(EmbeddingsError {
            part: "the head's output bias",
            found,
            expected: 1,
        });
    };
    Ok(ScoreHead::Mlp(MlpHead {
        hidden: bias.len(),
        user_weight: weight("user_weight", "the head's user weight")?,
        item_weight: weight("item_weight", "the head's item weight")?,
        output: weight("output", "the head's output weight")?,
        bias,
        output_bias,
    }))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_mlp_head_survives_the_round_trip() {
        let mlp = MlpHead {
            hidden: 2,
            user_weight: vec![1.0, 2.0, 3.0, 4.0],
            item_weight: vec![5.0, 6.0, 7.0, 8.0],
            bias: vec![0.5, -0.5],
            output: vec![1.0, -1.0],
            output_bias: 0.25,
        };
        let head = ScoreHead::Mlp(mlp);
        let embeddings = Embeddings::new(
            1,
            2,
            2,
            vec![1.0, 2.0],
            vec![3.0, 4.0, 5.0, 6.0],
            head.clone(),
        )
        .unwrap();
        let mut tables = to_tables(&embeddings);
        let read = from_tables(tables.clone()).unwrap();
        assert_eq!(
            (read.users(), read.items(), read.head()),
            (embeddings.users(), embeddings.items(), &head)
        );
        tables.head.remove("output");
        assert!(from_tables(tables).is_err());
    }
}
