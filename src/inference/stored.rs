//! Converts between the tables that a run directory stores and the tables that compute scores.

use std::collections::BTreeMap;

use sagebrush_model::ScoreHead;

use super::prior::{ItemPrior, PriorSettings};
use super::score_source::ScoreSource;
use super::tables::{Tables, TablesError};
use crate::run::{EmbeddingTables, Floats, HostTensor, NamedTensors, StoredPrior, StoredTable};

/// The member of the metadata that says which column of both tables is the prior: the last.
const PRIOR_COLUMN: &str = "prior_column";
/// The member that says the weight of the prior, which is that column of the users.
const PRIOR_WEIGHT: &str = "prior_weight";

/// The tables in the form that a run directory stores.
pub fn to_stored(tables: &Tables) -> EmbeddingTables {
    let dim = tables.dim();
    let head = head_tensors(tables.head(), dim);
    let kind = if head.is_empty() { "dot" } else { "mlp" };
    let mut metadata = BTreeMap::from([("score".to_owned(), kind.to_owned())]);
    if let Some(weight) = tables.prior() {
        metadata.insert(PRIOR_COLUMN.to_owned(), tables.own_dim().to_string());
        metadata.insert(PRIOR_WEIGHT.to_owned(), weight.to_string());
    }
    let table = |rows, values: &Floats| StoredTable {
        rows,
        dim,
        values: values.clone(),
    };
    EmbeddingTables {
        users: table(tables.n_users(), tables.user_rows()),
        items: table(tables.n_items(), tables.item_rows()),
        head,
        metadata,
    }
}

impl ItemPrior {
    /// The prior that a run directory stores.
    #[must_use]
    pub fn from_stored(stored: StoredPrior) -> Self {
        let notes = stored.notes;
        let settings = PriorSettings {
            weight: notes.weight,
            half_life_days: notes.half_life_days,
            offset: notes.offset,
        };
        Self::of_popularity(settings, notes.moment, stored.popularity)
    }
}

fn tensor(shape: Vec<usize>, values: &[f32]) -> HostTensor {
    HostTensor {
        shape,
        values: values.to_vec(),
    }
}

fn head_tensors(head: &ScoreHead, dim: usize) -> NamedTensors {
    let ScoreHead::Mlp {
        hidden,
        user_weight,
        item_weight,
        bias,
        output,
        output_bias,
    } = head
    else {
        return NamedTensors::new();
    };
    let named = [
        ("user_weight", tensor(vec![*hidden, dim], user_weight)),
        ("item_weight", tensor(vec![*hidden, dim], item_weight)),
        ("bias", tensor(vec![*hidden], bias)),
        ("output", tensor(vec![*hidden], output)),
        ("output_bias", tensor(vec![1], &[*output_bias])),
    ];
    named.map(|(name, tensor)| (name.to_owned(), tensor)).into()
}

/// The tables that a run directory stores.
///
/// # Errors
/// When a table or a weight of the head is missing or misshapen.
pub fn from_stored(stored: EmbeddingTables) -> Result<Tables, TablesError> {
    let (n_users, n_items, dim) = (stored.users.rows, stored.items.rows, stored.users.dim);
    let head = head_of(&stored.head)?;
    let prior = prior_weight(&stored.metadata, dim)?;
    let (users, items) = (stored.users.values, stored.items.values);
    let tables = Tables::new(n_users, n_items, dim, users, items, head)?;
    Ok(match prior {
        Some(weight) => tables.whose_last_is_the_prior(weight),
        None => tables,
    })
}

/// The weight of the prior, where the metadata name its column: the last of `dim`.
fn prior_weight(
    metadata: &BTreeMap<String, String>,
    dim: usize,
) -> Result<Option<f32>, TablesError> {
    let Some(column) = metadata.get(PRIOR_COLUMN) else {
        return Ok(None);
    };
    let column = column.parse().ok().filter(|column| column + 1 == dim);
    let weight = metadata
        .get(PRIOR_WEIGHT)
        .and_then(|text| text.parse().ok());
    match (column, weight) {
        (Some(1..), Some(weight)) => Ok(Some(weight)),
        (column, _) => Err(TablesError {
            part: "the column of the prior",
            found: column.unwrap_or_default(),
            expected: dim.saturating_sub(1),
        }),
    }
}

fn head_of(head: &NamedTensors) -> Result<ScoreHead, TablesError> {
    if head.is_empty() {
        return Ok(ScoreHead::Dot);
    }
    let weight = |name: &str, part: &'static str| {
        let missing = TablesError {
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
        return Err(TablesError {
            part: "the head's output bias",
            found,
            expected: 1,
        });
    };
    Ok(ScoreHead::Mlp {
        hidden: bias.len(),
        user_weight: weight("user_weight", "the head's user weight")?,
        item_weight: weight("item_weight", "the head's item weight")?,
        output: weight("output", "the head's output weight")?,
        bias,
        output_bias,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn an_mlp_head_survives_the_round_trip() {
        let head = ScoreHead::Mlp {
            hidden: 2,
            user_weight: vec![1.0, 2.0, 3.0, 4.0],
            item_weight: vec![5.0, 6.0, 7.0, 8.0],
            bias: vec![0.5, -0.5],
            output: vec![1.0, -1.0],
            output_bias: 0.25,
        };
        let (users, items) = (vec![1.0, 2.0], vec![3.0, 4.0, 5.0, 6.0]);
        let tables = Tables::new(1, 2, 2, users, items, head.clone()).unwrap();
        let mut stored = to_stored(&tables);
        let read = from_stored(stored.clone()).unwrap();
        assert_eq!(
            (read.users(), read.items(), read.head()),
            (tables.users(), tables.items(), &head)
        );
        stored.head.remove("output");
        assert!(from_stored(stored).is_err());
    }
}
