//! Why items are listed, as plain values.

use sagebrush::{ListOptions, Listed, Recommender, UserList};

use crate::errors::Fault;

/// An item, its score, how far the reasons account for it, the reasons with their shares, and the rest of the sum: other
/// items, popularity, what is left.
pub(crate) type Explained = (String, f32, &'static str, Vec<(String, f32)>, f32, f32, f32);

/// Whom a list is for.
pub(crate) enum Whom {
    /// A user of the log.
    User(String),
    /// Somebody with these items.
    History(Vec<String>),
}

/// Why these items would be listed, with so many reasons each at most; the best first where no items are named.
pub(crate) fn explained(
    recommender: &Recommender,
    whom: Whom,
    items: Option<Vec<String>>,
    k: usize,
    n_reasons: usize,
) -> Result<Vec<Explained>, Fault> {
    let k = items.as_ref().map_or(k, |items| items.len().max(1));
    let options = ListOptions {
        k,
        include_seen: items.is_some(),
        only: items.clone(),
        reasons: Some(n_reasons),
        ..ListOptions::default()
    };
    for item in items.iter().flatten() {
        recommender.item_id(item)?;
    }
    let list: Option<UserList> = match whom {
        Whom::User(user) => recommender.recommend(&[user], &options)?.pop(),
        Whom::History(history) => Some(recommender.recommend_for(&history, &options)?.list),
    };
    let listed = list.map_or_else(Vec::new, |list| list.items);
    Ok(listed.into_iter().filter_map(one).collect())
}

fn one(place: Listed) -> Option<Explained> {
    let why = *place.why?;
    let reasons = why.items.into_iter();
    let reasons = reasons.map(|reason| (reason.item, reason.share)).collect();
    let how = why.how.name();
    Some((
        place.item,
        place.score,
        how,
        reasons,
        why.others,
        why.popularity,
        why.rest,
    ))
}
