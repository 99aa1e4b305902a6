//! Answers in outside keys: lists for users and for items, from tables that are already in memory.

use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::embeddings::EmbeddingsError;
use super::fold_in::FoldInError;
use super::score_source::ScoreSource;
use super::scorer::Scorer;
use super::selection::Ranked;
use super::top_k::{RankError, top_k};
use crate::data::{IdMap, ItemLists};
use crate::failure::{Fails, Failure};

/// Users ranked together when every user is asked for: enough to keep all cores busy, small enough to
/// hold in memory whatever the number of users.
const USERS_PER_BATCH: usize = 4096;

/// A trained model that answers for outside keys.
#[derive(Debug, Clone)]
pub struct Recommender {
    scorer: Scorer,
    ranker: Option<Ranker>,
    users: IdMap,
    items: IdMap,
    titles: Option<Vec<Option<String>>>,
    seen: ItemLists,
}

/// What makes the lists in place of the tables.
#[derive(Clone)]
struct Ranker(Arc<dyn ScoreSource + Send>);

impl fmt::Debug for Ranker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ranker")
    }
}

/// One place of a list, in outside terms.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Listed {
    /// The place, from 1.
    pub rank: u32,
    /// The item's outside key.
    pub item: String,
    /// Its score, or its similarity.
    pub score: f32,
    /// Its title, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// The recommendations of one user.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct UserList {
    /// The user's outside key.
    pub user: String,
    /// Best first; shorter than asked for when the user has fewer unseen items.
    pub items: Vec<Listed>,
}

/// The recommendations for a history.
#[derive(Debug, Clone, PartialEq)]
pub struct ForHistory {
    /// The list; its user is [`HISTORY`].
    pub list: UserList,
    /// One for each key that the model does not know and that was left out.
    pub unknown: Vec<RecommenderError>,
}

/// Stands in place of a user's key in the list for a history.
pub const HISTORY: &str = "(history)";

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RecommenderError {
    /// A key the model was not trained on.
    #[error("unknown {kind} `{key}`: the model was trained without it; {remedy}")]
    UnknownKey {
        /// `user` or `item`.
        kind: &'static str,
        /// The key as given.
        key: String,
        /// What to do instead.
        remedy: String,
    },
    /// Parts that do not belong together.
    #[error(
        "the model has {tables} {what} in its tables, but {found} in its {part}; its files are of different runs"
    )]
    Mismatch {
        /// `users` or `items`.
        what: &'static str,
        /// What the model has.
        tables: usize,
        /// The part that disagrees.
        part: &'static str,
        /// Its count.
        found: usize,
    },
    /// A history of nothing.
    #[error("the history is empty: name at least one item, as in `--history ITEM,ITEM`")]
    EmptyHistory,
    /// Rows of new items that do not fit the table.
    #[error(transparent)]
    Rows(#[from] EmbeddingsError),
    /// Somebody new cannot be placed.
    #[error(transparent)]
    FoldIn(#[from] FoldInError),
    /// The ranking itself failed.
    #[error(transparent)]
    Rank(#[from] RankError),
}

impl Recommender {
    /// Puts the parts of a run together; `seen` are the items to leave out of each user's lists.
    ///
    /// # Errors
    /// When the parts disagree on the number of users or items.
    pub fn new(
        scorer: Scorer,
        users: IdMap,
        items: IdMap,
        titles: Option<Vec<Option<String>>>,
        seen: ItemLists,
    ) -> Result<Self, RecommenderError> {
        let source = scorer.source();
        let (n_users, n_items) = (source.n_users(), source.n_items());
        let n_titles = titles.as_ref().map_or(n_items, Vec::len);
        let counts = [
            ("users", n_users, "user keys", users.len()),
            ("users", n_users, "seen items", seen.n_users()),
            ("items", n_items, "item keys", items.len()),
            ("items", n_items, "titles", n_titles),
        ];
        for (what, tables, part, found) in counts {
            if tables != found {
                return Err(RecommenderError::Mismatch {
                    what,
                    tables,
                    part,
                    found,
                });
            }
        }
        Ok(Self {
            scorer,
            ranker: None,
            users,
            items,
            titles,
            seen,
        })
    }

    /// With more items behind those there are: their keys, titles, and rows `[keys.len(), dim]`. Lists are made on the
    /// host again until [`Recommender::rank_with`] says otherwise.
    ///
    /// # Errors
    /// Rows of another width or number than there are keys.
    ///
    /// # Panics
    /// When a key is known already.
    pub fn with_items(
        self,
        keys: &IdMap,
        titles: Vec<Option<String>>,
        rows: &[f32],
    ) -> Result<Self, RecommenderError> {
        let n_known = self.items.len();
        let scorer = self.scorer.with_items(rows)?;
        let all = self.items.keys().iter().chain(keys.keys()).cloned();
        let Some(items) = IdMap::from_ordered_keys(all.collect()) else {
            panic!("a new item has a new key");
        };
        let has_titles = self.titles.is_some() || titles.iter().any(Option::is_some);
        let titles = has_titles.then(|| {
            let mut all = self.titles.unwrap_or_else(|| vec![None; n_known]);
            all.extend(titles);
            all
        });
        Self::new(scorer, self.users, items, titles, self.seen)
    }

    /// What is behind the answers.
    pub fn scorer(&self) -> &Scorer {
        &self.scorer
    }

    /// Makes lists with another source of the same scores.
    ///
    /// # Panics
    /// When it has other numbers of users or items than the tables.
    pub fn rank_with(&mut self, source: Arc<dyn ScoreSource + Send>) {
        let scorer = self.scorer.source();
        assert_eq!(source.n_users(), scorer.n_users(), "the same users");
        assert_eq!(source.n_items(), scorer.n_items(), "the same items");
        self.ranker = Some(Ranker(source));
    }

    /// What makes the lists: the scores of every user of the log, or the other source that was given.
    pub fn source(&self) -> &dyn ScoreSource {
        match &self.ranker {
            Some(Ranker(source)) => &**source,
            None => self.scorer.source(),
        }
    }

    /// The users by outside key.
    pub fn users(&self) -> &IdMap {
        &self.users
    }

    /// The items by outside key.
    pub fn items(&self) -> &IdMap {
        &self.items
    }

    /// The items each user has seen.
    pub fn seen(&self) -> &ItemLists {
        &self.seen
    }

    /// Whether items have titles.
    pub fn has_titles(&self) -> bool {
        self.titles.is_some()
    }

    /// The id of a user.
    ///
    /// # Errors
    /// An unknown key.
    pub fn user_id(&self, key: &str) -> Result<u32, RecommenderError> {
        let id = self.users.id(key);
        id.ok_or_else(|| unknown("user", key, &self.users))
    }

    /// The title of an item, where known.
    pub fn title(&self, item: u32) -> Option<&str> {
        self.titles.as_ref()?.get(item as usize)?.as_deref()
    }

    /// The `k` best items of each user, in the order of `user_keys`; seen items left out on demand.
    ///
    /// # Errors
    /// An unknown key, `k` of 0 or above the catalogue, a NaN score.
    pub fn recommend(
        &self,
        user_keys: &[impl AsRef<str>],
        k: usize,
        exclude_seen: bool,
    ) -> Result<Vec<UserList>, RecommenderError> {
        let users: Vec<u32> = user_keys
            .iter()
            .map(|key| self.user_id(key.as_ref()))
            .collect::<Result<_, _>>()?;
        let lists = top_k(self.source(), &users, k, exclude_seen.then_some(&self.seen))?;
        let name = |(&user, list): (&u32, Vec<Ranked>)| self.user_list(user, &list);
        Ok(users.iter().zip(lists).map(name).collect())
    }

    /// The `k` best items for somebody who is not in the log and has the items of `history`; those are left out on
    /// demand. Repeated keys count once; unknown ones are left out and told, unless all are. `train` is what the
    /// model was trained on.
    ///
    /// # Errors
    /// An empty history or one without a known item, `k` of 0 or above the catalogue, a NaN score.
    pub fn recommend_for(
        &self,
        history: &[impl AsRef<str>],
        train: &ItemLists,
        k: usize,
        exclude_seen: bool,
    ) -> Result<ForHistory, RecommenderError> {
        let mut known = Vec::new();
        let mut unknown_keys = Vec::new();
        for key in history.iter().map(AsRef::as_ref) {
            match self.items.id(key) {
                Some(item) => known.push((0, item)),
                None => unknown_keys.push(unknown("item", key, &self.items)),
            }
        }
        if known.is_empty() {
            let first = unknown_keys.into_iter().next();
            return Err(first.unwrap_or(RecommenderError::EmptyHistory));
        }
        let history = ItemLists::from_pairs(1, known.into_iter());
        let scorer = self.scorer.fold_in(history.clone(), train)?;
        let lists = top_k(scorer.source(), &[0], k, exclude_seen.then_some(&history))?;
        Ok(ForHistory {
            list: UserList {
                user: HISTORY.to_owned(),
                items: lists.iter().flat_map(|list| self.listed(list)).collect(),
            },
            unknown: unknown_keys,
        })
    }

    /// The lists of every user in id order, in batches: memory does not grow with the number of users.
    ///
    /// # Errors
    /// As [`recommend`](Self::recommend), as an item of the iterator; nothing follows it.
    pub fn recommend_all(
        &self,
        k: usize,
        exclude_seen: bool,
    ) -> impl Iterator<Item = Result<Vec<UserList>, RecommenderError>> + '_ {
        let mut next = 0u32..self.users.len() as u32;
        std::iter::from_fn(move || {
            let users: Vec<u32> = next.by_ref().take(USERS_PER_BATCH).collect();
            if users.is_empty() {
                return None;
            }
            let lists = top_k(self.source(), &users, k, exclude_seen.then_some(&self.seen));
            if lists.is_err() {
                next = 0..0;
            }
            let name = |(&user, list): (&u32, Vec<Ranked>)| self.user_list(user, &list);
            Some(
                lists
                    .map(|l| users.iter().zip(l).map(name).collect())
                    .map_err(Into::into),
            )
        })
    }

    /// The `k` items most like one, itself left out; what that means is the [`Scorer`]'s.
    ///
    /// # Errors
    /// An unknown key, `k` of 0 or above the other items of the catalogue, a NaN in a vector.
    pub fn similar(&self, item_key: &str, k: usize) -> Result<Vec<Listed>, RecommenderError> {
        let item = self
            .items
            .id(item_key)
            .ok_or_else(|| unknown("item", item_key, &self.items))?;
        Ok(self.listed(&self.scorer.similar(item, k)?))
    }

    fn user_list(&self, user: u32, list: &[Ranked]) -> UserList {
        UserList {
            user: self.users.key(user).to_owned(),
            items: self.listed(list),
        }
    }

    fn listed(&self, list: &[Ranked]) -> Vec<Listed> {
        let name = |(rank, place): (u32, &Ranked)| Listed {
            rank,
            item: self.items.key(place.item).to_owned(),
            score: place.score,
            title: self.title(place.item).map(str::to_owned),
        };
        (1..).zip(list).map(name).collect()
    }
}

/// A key as near as two spellings of one name; numbers apart by a digit are different things.
const NEAR: f64 = 0.9;

fn unknown(kind: &'static str, key: &str, map: &IdMap) -> RecommenderError {
    let folded = key.trim().to_lowercase();
    let numeric = !folded.is_empty() && folded.bytes().all(|byte| byte.is_ascii_digit());
    let stripped = folded.trim_start_matches('0');
    let nearness = |known: &str| match known.to_lowercase() {
        known if known == folded || (numeric && known == stripped) => 1.0,
        _ if numeric => 0.0,
        known => strsim::jaro_winkler(&known, &folded),
    };
    let nearest = map
        .keys()
        .iter()
        .map(|known| (nearness(known), known))
        .filter(|&(near, _)| near >= NEAR)
        .reduce(|best, next| if next.0 > best.0 { next } else { best });
    let remedy = match (nearest, map.keys().first()) {
        (Some((_, near)), _) => format!("did you mean `{near}`?"),
        (None, Some(first)) => {
            format!(
                "its {} {kind}s have keys such as `{first}`, written as in the log",
                map.len()
            )
        }
        (None, None) => format!("it knows no {kind} at all"),
    };
    RecommenderError::UnknownKey {
        kind,
        key: key.to_owned(),
        remedy,
    }
}

impl Fails for RecommenderError {
    fn failure(&self) -> Failure {
        match self {
            Self::EmptyHistory => Failure::Usage,
            Self::Rank(error) => error.failure(),
            _ => Failure::BadData,
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::inference::{Embeddings, ScoreHead};

    fn map(keys: &[&str]) -> IdMap {
        IdMap::from_ordered_keys(keys.iter().map(|&key| key.into()).collect()).unwrap()
    }

    fn recommender() -> Recommender {
        let embeddings = Embeddings::new(
            2,
            3,
            2,
            vec![1.0, 0.0, 0.0, 1.0],
            vec![3.0, 1.0, 2.0, 2.0, 1.0, 9.0],
            ScoreHead::Dot,
        );
        let titles = Some(vec![Some("Alien".to_owned()), None, None]);
        let seen = ItemLists::from_pairs(2, [(0, 1), (1, 2)].into_iter());
        let (users, items) = (map(&["7", "anna"]), map(&["x", "y", "z"]));
        let scorer = Scorer::Embeddings(embeddings.unwrap());
        Recommender::new(scorer, users, items, titles, seen).unwrap()
    }

    fn keys(lists: &[UserList]) -> Vec<(&str, Vec<&str>)> {
        lists
            .iter()
            .map(|list| {
                (
                    &*list.user,
                    list.items.iter().map(|listed| &*listed.item).collect(),
                )
            })
            .collect()
    }

    #[test]
    fn lists_speak_in_keys_and_leave_out_what_was_seen() {
        let recommender = recommender();
        let lists = recommender.recommend(&["anna", "7"], 3, true).unwrap();
        assert_eq!(
            keys(&lists),
            [("anna", vec!["y", "x"]), ("7", vec!["x", "z"])]
        );
        assert_eq!(lists[1].items[0].title.as_deref(), Some("Alien"));
        assert_eq!((lists[0].items[1].rank, lists[0].items[1].score), (2, 1.0));
        let lists = recommender.recommend(&["anna"], 2, false).unwrap();
        assert_eq!(keys(&lists), [("anna", vec!["z", "y"])]);
        let all: Result<Vec<_>, _> = recommender.recommend_all(1, true).collect();
        assert_eq!(
            keys(&all.unwrap().concat()),
            [("7", vec!["x"]), ("anna", vec!["y"])]
        );
        assert_eq!(recommender.similar("x", 1).unwrap()[0].item, "y");
    }

    #[test]
    fn new_items_are_listed_beside_the_others() {
        let recommender = recommender();
        let new = map(&["new"]);
        let titles = vec![Some("Aliens".to_owned())];
        let with = recommender.with_items(&new, titles, &[0.0, 8.0]).unwrap();
        let list = &with.recommend(&["anna"], 2, true).unwrap()[0];
        assert_eq!((&*list.items[0].item, list.items[0].score), ("new", 8.0));
        assert_eq!(list.items[0].title.as_deref(), Some("Aliens"));
        assert_eq!(with.similar("new", 1).unwrap()[0].item, "z");
        assert!(with.with_items(&map(&["odd"]), vec![None], &[1.0]).is_err());
    }

    #[test]
    fn unknown_keys_get_a_remedy() {
        let recommender = recommender();
        let message = |key: &str| {
            recommender
                .recommend(&[key], 1, true)
                .unwrap_err()
                .to_string()
        };
        assert!(message("Anna ").contains("unknown user `Anna `"));
        assert!(message("Anna ").contains("did you mean `anna`?"));
        assert!(message("007").contains("did you mean `7`?"));
        assert!(message("8").contains("its 2 users have keys such as `7`"));
        assert!(
            recommender
                .similar("q", 1)
                .unwrap_err()
                .to_string()
                .contains("unknown item `q`")
        );
    }

    #[test]
    fn a_history_leaves_out_itself_and_what_is_unknown() {
        let recommender = recommender();
        let train = ItemLists::from_pairs(2, [(0, 0), (1, 1)].into_iter());
        let ask = |history: &[&str]| recommender.recommend_for(history, &train, 3, true);
        let answer = ask(&["x", "q", "x"]).unwrap();
        let items: Vec<&str> = answer.list.items.iter().map(|place| &*place.item).collect();
        assert_eq!((&*answer.list.user, items.len()), (HISTORY, 2));
        assert!(!items.contains(&"x"));
        assert_eq!(answer.unknown.len(), 1);
        assert!(answer.unknown[0].to_string().contains("unknown item `q`"));
        assert_eq!(ask(&["x"]).unwrap().list, answer.list);
        assert!(
            ask(&["q"])
                .unwrap_err()
                .to_string()
                .contains("unknown item `q`")
        );
        assert_eq!(ask(&[]).unwrap_err(), RecommenderError::EmptyHistory);
    }

    #[test]
    fn impossible_k_is_refused() {
        let recommender = recommender();
        assert_eq!(
            recommender.recommend(&["7"], 0, true),
            Err(RankError::ZeroK.into())
        );
        let error = recommender.recommend_all(4, true).next().unwrap();
        assert_eq!(error, Err(RankError::KTooLarge { k: 4, n_items: 3 }.into()));
    }
}
