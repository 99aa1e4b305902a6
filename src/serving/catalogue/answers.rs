//! Users and items as answers tell them.

use serde::Serialize;
use utoipa::ToSchema;

use super::super::answers::Unknown;
use super::super::snapshot::Snapshot;

/// Categories that are told at most.
const CATEGORIES_MAX: usize = 1_000;

/// An item.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct FoundItem<'a> {
    /// The run that has it; absent among others, whose answer has it once.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    run: Option<&'a str>,
    /// Its key.
    item: &'a str,
    /// Its title, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    title: Option<&'a str>,
    /// Its categories; absent where it has none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    categories: Vec<&'a str>,
    /// In how many of the histories it is that the model knows.
    users: u32,
}

/// A user.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct FoundUser<'a> {
    /// Its key.
    user: &'a str,
    /// How many items the model knows it by.
    items: u32,
}

/// Items that a search found.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct FoundItems<'a> {
    /// The run that has them.
    pub(in super::super) run: &'a str,
    /// The best fit first.
    pub(in super::super) items: Vec<FoundItem<'a>>,
}

/// Users that a search found.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct FoundUsers<'a> {
    /// The run that has them.
    pub(in super::super) run: &'a str,
    /// The best fit first.
    pub(in super::super) users: Vec<FoundUser<'a>>,
}

/// What a user has.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct OneUser<'a> {
    /// The run that knows the items.
    pub(in super::super) run: &'a str,
    /// The user's key.
    pub(in super::super) user: &'a str,
    /// Whether the run knows the user.
    pub(in super::super) known: bool,
    /// How many items the user has.
    pub(in super::super) total: usize,
    /// So many of them as were asked for: what came since the run was made, then the most popular first.
    pub(in super::super) items: Vec<FoundItem<'a>>,
    /// Items the user took that the run does not know; absent where there are none.
    #[serde(skip_serializing_if = "Unknown::is_none")]
    #[schema(required = false)]
    pub(in super::super) unknown_items: Unknown,
}

/// A category, and how many items have it.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct Category<'a> {
    /// Its name.
    name: &'a str,
    /// How many items have it.
    items: u32,
}

/// What a run is about.
#[derive(Debug, Serialize, ToSchema)]
pub(in super::super) struct About<'a> {
    /// The run.
    run: &'a str,
    /// How many users it knows.
    users: usize,
    /// How many items it has.
    items: usize,
    /// Whether items have titles.
    titles: bool,
    /// Whether lists can say why.
    explains: bool,
    /// Categories by their names, 1,000 at most: the largest.
    categories: Vec<Category<'a>>,
}

/// An item that is an answer of its own.
///
/// # Panics
/// When there is no such item.
pub(in super::super) fn one_item(snapshot: &Snapshot, item: u32) -> FoundItem<'_> {
    FoundItem {
        run: Some(&snapshot.id),
        ..found_item(snapshot, item)
    }
}

/// An item among others, as answers tell it.
///
/// # Panics
/// When there is no such item.
pub(in super::super) fn found_item(snapshot: &Snapshot, item: u32) -> FoundItem<'_> {
    let (run, recommender) = (&snapshot.run, &snapshot.run.recommender);
    let categories = recommender.categories().map(|all| {
        let name = |&at: &u32| &*all.names()[at as usize];
        all.of_item(item).iter().map(name).collect()
    });
    FoundItem {
        run: None,
        item: recommender.items().key(item),
        title: recommender.title(item),
        categories: categories.unwrap_or_default(),
        users: snapshot.catalogue.items(run).count(item),
    }
}

/// A user as answers tell it.
///
/// # Panics
/// When there is no such user.
pub(in super::super) fn found_user(snapshot: &Snapshot, user: u32) -> FoundUser<'_> {
    FoundUser {
        user: snapshot.run.recommender.users().key(user),
        items: snapshot.run.histories.of(user).len() as u32,
    }
}

/// What a run is about.
pub(in super::super) fn about(snapshot: &Snapshot) -> About<'_> {
    let recommender = &snapshot.run.recommender;
    let mut categories = Vec::new();
    if let Some(known) = recommender.categories() {
        let mut counts = vec![0; known.names().len()];
        for item in 0..known.n_items() as u32 {
            for &at in known.of_item(item) {
                counts[at as usize] += 1;
            }
        }
        let names = known.names().iter().zip(counts);
        categories.extend(names.map(|(name, items)| Category { name, items }));
        categories.sort_by_key(|category| std::cmp::Reverse(category.items));
        categories.truncate(CATEGORIES_MAX);
        categories.sort_by_key(|category| category.name);
    }
    About {
        run: &snapshot.id,
        users: recommender.users().len(),
        items: recommender.items().len(),
        titles: recommender.has_titles(),
        explains: recommender.has_reasons(),
        categories,
    }
}
