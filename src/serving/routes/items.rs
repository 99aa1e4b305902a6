//! New items by their features.

use std::collections::{BTreeMap, HashSet};

use axum::extract;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::super::answers::{AddedItems, json};
use super::super::openapi::Faults;
use super::super::problem::{Fault, Problem};
use super::super::requests::{Current, Feature, Json, Key, check_batch};
use super::super::snapshot::Snapshot;
use super::super::state::State;
use super::forget::on_a_thread;
use crate::data::Forgotten;
use crate::finished::{ItemMaker, NewItem};

/// New items.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewItems {
    /// All of them are taken, or none.
    items: Vec<Told>,
}

/// A new item by its features.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Told {
    /// The item's key, which the run must not know yet.
    item: Key,
    /// What the columns of an item file say of it, by their names. A column that is left out is empty.
    #[serde(default)]
    #[schema(required = false)]
    features: BTreeMap<String, Feature>,
    /// A vector for each of the files of vectors that the run was trained with, in their order; an empty one, or none at
    /// all, where the item has none.
    #[serde(default)]
    #[schema(required = false)]
    vectors: Vec<Vec<f32>>,
}

/// Add new items
///
/// Of a model that makes vectors of features (`pinsage`). They are on disk when the answer comes, and in lists, histories
/// and similar items from then on; the next run that is served has them, too.
#[utoipa::path(
    post,
    path = "/v1/items",
    tag = "items",
    request_body = NewItems,
    responses(
        (status = 200, description = "They were taken", body = AddedItems),
        (status = 409, description = "An item is known already", body = Fault),
        Faults
    )
)]
pub(super) async fn add(
    extract::State(app): extract::State<State>,
    Current(_): Current,
    Json(NewItems { items }): Json<NewItems>,
) -> Result<Response, Problem> {
    check_batch("items", items.len(), &app.limits)?;
    let (run, accepted) = on_a_thread(move || {
        app.add_items(|snapshot, maker| read(items, snapshot, maker, &app.forgotten.list()))
    })
    .await?;
    json(&AddedItems {
        run: &run,
        accepted,
    })
}

fn read(
    items: Vec<Told>,
    snapshot: &Snapshot,
    maker: &ItemMaker,
    list: &Forgotten,
) -> Result<Vec<NewItem>, Problem> {
    let mut taken = HashSet::new();
    for told in &items {
        let key = &told.item.0;
        if list.has_item(key) {
            return Err(Problem::unmet(
                format!("item `{key}` was withdrawn for good"),
                "give the item another key",
            ));
        }
        if snapshot.run.recommender.items().id(key).is_some() {
            return Err(Problem::conflict(
                format!("item `{key}` is known already"),
                "leave it out; a known item keeps its vector until the next training",
            ));
        }
        if !taken.insert(key.clone()) {
            return Err(Problem::unmet(
                format!("item `{key}` stands twice in the request"),
                "name each item once",
            ));
        }
    }
    let items = items.into_iter().map(|told| read_one(told, maker));
    items.collect()
}

fn read_one(told: Told, maker: &ItemMaker) -> Result<NewItem, Problem> {
    let Told {
        item: Key(key),
        features,
        vectors,
    } = told;
    let (columns, widths) = (maker.columns(), maker.vector_widths());
    if let Some(other) = features
        .keys()
        .find(|name| !columns.contains(&name.as_str()))
    {
        return Err(Problem::unmet(
            format!("item `{key}`: the run reads no column `{other}` of items"),
            &format!("there are `{}`", columns.join("`, `")),
        ));
    }
    if !vectors.is_empty() && vectors.len() != widths.len() {
        return Err(Problem::unmet(
            format!(
                "item `{key}`: it has {} vectors, and the model was trained with {} files of them",
                vectors.len(),
                widths.len()
            ),
            "give one for each of the run's `features.vectors`, in their order",
        ));
    }
    // Every line has every column, so that the first one tells the columns of the file.
    let mut texts: BTreeMap<String, Option<String>> = BTreeMap::new();
    for name in maker.read_columns() {
        texts.insert(name.to_owned(), None);
    }
    for (name, feature) in features {
        let text = feature.text(maker.category_fields(&name)).map_err(|what| {
            Problem::unmet(
                format!("item `{key}`: `{name}` {what}"),
                "give a text, a number, or a list of them",
            )
        })?;
        texts.insert(name, text);
    }
    let says_something = texts.values().flatten().any(|text| !text.trim().is_empty())
        || vectors.iter().any(|vector| !vector.is_empty());
    if !says_something {
        return Err(Problem::unmet(
            format!("item `{key}` has no feature"),
            &format!(
                "tell something of it; the model reads `{}`",
                maker.read_columns().join("`, `")
            ),
        ));
    }
    Ok(NewItem {
        key,
        vectors,
        features: texts,
    })
}
