//! Answers for keys and internal ids: lists for users, histories and items, from a model that is in memory.

mod error;
mod histories;
mod list_options;
mod lists;
mod reasons;
#[cfg(test)]
mod reasons_tests;
mod similar_lists;
#[cfg(test)]
mod tests;
mod unknown_key;
mod why;

use std::fmt;
use std::sync::Arc;

use rayon::prelude::*;

use super::fallback::{Fallback, ServedScores};
use super::prior::{ItemPrior, WithPrior};
use super::rerank::{Reranker, Reranking, RerankingError};
use super::score_source::ScoreSource;
use super::scorer::Scorer;
use super::selection::Ranked;
use crate::data::{IdMap, ItemCategories, ItemLists};
pub use error::RecommenderError;
pub use list_options::ListOptions;
use list_options::Wanted;
pub use lists::{ForHistory, HISTORY, ListSource, Listed, UserList};
use reasons::Histories;
use unknown_key::UnknownKeys;
pub use why::{How, Reason, Why};

/// Users ranked together when every user is asked for: enough to keep all cores busy, small enough to
/// hold in memory whatever the number of users.
const USERS_PER_BATCH: usize = 4096;

/// A trained model that answers for keys and internal ids.
///
/// It is loaded once and asked from any number of threads: every answer takes `&self`, and no table is copied for it.
/// What an answer needs beside the tables (item vectors by length, keys by hash, the fold-in map of an older run) is
/// made when it is first needed, and kept.
#[derive(Debug)]
pub struct Recommender {
    scorer: Scorer,
    ranker: Option<Ranker>,
    users: Arc<IdMap>,
    items: IdMap,
    titles: Option<Vec<Option<String>>>,
    seen: Arc<ItemLists>,
    /// `None` where nobody told what was trained on.
    fallback: Option<Fallback>,
    /// `None` where nobody told of any.
    categories: Option<ItemCategories>,
    /// What is added to every score of each item, where the tables do not hold it.
    prior: Option<Vec<f32>>,
    /// What users' vectors come of; `None` where nobody told.
    histories: Option<Arc<Histories>>,
}

/// The source of the lists, in place of the tables.
struct Ranker(Arc<dyn ScoreSource + Send>);

impl fmt::Debug for Ranker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ranker")
    }
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
        Self::of_shared(scorer, Arc::new(users), items, titles, Arc::new(seen))
    }

    fn of_shared(
        scorer: Scorer,
        users: Arc<IdMap>,
        items: IdMap,
        titles: Option<Vec<Option<String>>>,
        seen: Arc<ItemLists>,
    ) -> Result<Self, RecommenderError> {
        let source = scorer.source();
        let (n_users, n_items) = (source.n_users(), source.n_items());
        let n_training = scorer.n_training_users().unwrap_or(n_users);
        let n_titles = titles.as_ref().map_or(n_items, Vec::len);
        let counts = [
            ("users", n_users, "user keys", users.len()),
            ("users", n_users, "seen items", seen.n_users()),
            ("users", n_users, "training interactions", n_training),
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
            fallback: None,
            categories: None,
            prior: None,
            histories: None,
        })
    }

    /// Gives the most popular items of the training part to users without a training interaction, and to histories
    /// without an item of one: a vector that was never trained says nothing of them. `items_have_features` where an
    /// item without a training interaction has a vector all the same.
    ///
    /// # Errors
    /// Lists of another number of users.
    ///
    /// # Panics
    /// When they name an item that there is not.
    pub fn with_popularity(
        self,
        train: &ItemLists,
        items_have_features: bool,
    ) -> Result<Self, RecommenderError> {
        let (tables, found) = (self.users.len(), train.n_users());
        if tables != found {
            return Err(RecommenderError::Mismatch {
                what: "users",
                tables,
                part: "training interactions",
                found,
            });
        }
        let fallback = match &self.scorer {
            // What it knows of the most popular items is what everybody gets.
            Scorer::Popularity(popularity) => Fallback::of(train, popularity.counts().to_vec()),
            _ => Fallback::new(train, self.items.len(), items_have_features),
        };
        Ok(Self {
            fallback: Some(fallback),
            ..self
        })
    }

    /// Knows what users have taken since the training: who has items that the model knows is served by it.
    ///
    /// # Panics
    /// When the histories are of other users.
    #[must_use]
    pub fn with_histories(self, histories: &ItemLists) -> Self {
        Self {
            fallback: self.fallback.map(|known| known.with_histories(histories)),
            ..self
        }
    }

    /// Knows what is popular these days: users without a training interaction get that in place of what most have had,
    /// and every score of the model has the prior, in the coordinate that tables have for it or added to it.
    ///
    /// # Errors
    /// A prior of another number of items.
    pub fn with_prior(self, prior: &ItemPrior) -> Result<Self, RecommenderError> {
        let (tables, found) = (self.items.len(), prior.popularity().len());
        if tables != found {
            return Err(RecommenderError::Mismatch {
                what: "items",
                tables,
                part: "prior",
                found,
            });
        }
        let is_in_tables = self.scorer.tables().is_some_and(|t| t.prior().is_some());
        let added = (!is_in_tables && prior.weight() > 0.0).then(|| {
            let terms = prior.terms().into_iter();
            terms.map(|term| prior.weight() * term).collect()
        });
        let recent = prior.popularity().to_vec();
        Ok(Self {
            prior: added,
            fallback: self.fallback.map(|known| known.with_recent(recent)),
            ..self
        })
    }

    /// Knows the categories of items, so that [`ListOptions::category`] can name one.
    ///
    /// # Errors
    /// Categories of another number of items.
    pub fn with_categories(self, categories: ItemCategories) -> Result<Self, RecommenderError> {
        let (tables, found) = (self.items.len(), categories.n_items());
        if tables != found {
            return Err(RecommenderError::Mismatch {
                what: "items",
                tables,
                part: "categories",
                found,
            });
        }
        Ok(Self {
            categories: Some(categories),
            ..self
        })
    }

    /// The same with more items behind those there are: their keys, titles, and rows `[keys.len(), dim]`. What is known of
    /// users is shared with this one, the tables of items are copied. Lists are made on the host again until
    /// [`Recommender::rank_with`] says otherwise.
    ///
    /// # Errors
    /// Rows of another width or number than there are keys.
    ///
    /// # Panics
    /// When a key is known already.
    pub fn with_items(
        &self,
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
            let known = self.titles.clone();
            let mut all = known.unwrap_or_else(|| vec![None; n_known]);
            all.extend(titles);
            all
        });
        let fallback = self.fallback.clone();
        let fallback = fallback.map(|known| known.with_items(keys.len()));
        let categories = self.categories.clone();
        let categories = categories.map(|known| known.with_items(keys.len()));
        let prior = self.prior.clone().map(|mut added| {
            added.resize(n_known + keys.len(), 0.0);
            added
        });
        let histories = self.histories.clone();
        let (users, seen) = (Arc::clone(&self.users), Arc::clone(&self.seen));
        let whole = Self::of_shared(scorer, users, items, titles, seen)?;
        Ok(Self {
            fallback,
            categories,
            prior,
            histories,
            ..whole
        })
    }

    /// The scorer behind the answers.
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

    /// What makes the lists: the scores of every user of the log, from the model or from the other source that was
    /// given, and for users without a training interaction those of popularity.
    pub fn source(&self) -> ServedScores<'_> {
        let model: &dyn ScoreSource = match &self.ranker {
            Some(Ranker(source)) => &**source,
            None => self.scorer.source(),
        };
        ServedScores::of_users(self.with_added(Box::new(model)), self.fallback.as_ref())
    }

    /// The scores with the prior, where they do not hold it.
    fn with_added<'a>(&'a self, model: Box<dyn ScoreSource + 'a>) -> Box<dyn ScoreSource + 'a> {
        match &self.prior {
            Some(added) => Box::new(WithPrior::new(model, added)),
            None => model,
        }
    }

    /// What re-ranks lists; `None` where they stay as they are.
    ///
    /// # Errors
    /// A re-ranking that cannot be.
    pub(crate) fn reranker(
        &self,
        settings: Reranking,
    ) -> Result<Option<Reranker<'_>>, RerankingError> {
        if settings.is_none() {
            return Ok(None);
        }
        let counts = self.fallback.as_ref().map(Fallback::counts);
        let categories = self.categories.as_ref();
        Reranker::new(settings, &self.scorer, counts, categories).map(Some)
    }

    /// Whether a user has no training interaction, and so gets the most popular items.
    ///
    /// # Panics
    /// When there is no such user.
    pub fn is_cold(&self, user: u32) -> bool {
        let fallback = self.fallback.as_ref();
        fallback.is_some_and(|known| known.is_cold_user(user))
    }

    /// The users by key.
    pub fn users(&self) -> &IdMap {
        &self.users
    }

    /// The items by key.
    pub fn items(&self) -> &IdMap {
        &self.items
    }

    /// The items each user has seen.
    pub fn seen(&self) -> &ItemLists {
        &self.seen
    }

    /// The categories of items, where any are known.
    pub(crate) fn categories(&self) -> Option<&ItemCategories> {
        self.categories.as_ref()
    }

    /// Whether items have titles.
    pub fn has_titles(&self) -> bool {
        self.titles.is_some()
    }

    /// The internal id of a user.
    ///
    /// # Errors
    /// An unknown key.
    pub fn user_id(&self, key: &str) -> Result<u32, RecommenderError> {
        let id = self.users.id(key);
        id.ok_or_else(|| UnknownKeys::users().error(key, &self.users))
    }

    /// The internal id of an item.
    ///
    /// # Errors
    /// An unknown key.
    pub fn item_id(&self, key: &str) -> Result<u32, RecommenderError> {
        let id = self.items.id(key);
        id.ok_or_else(|| UnknownKeys::items().error(key, &self.items))
    }

    /// The title of an item, where known.
    pub fn title(&self, item: u32) -> Option<&str> {
        self.titles.as_ref()?.get(item as usize)?.as_deref()
    }

    /// The best items of each user, by keys, in the order of `users`.
    ///
    /// # Errors
    /// The first unknown user, options that cannot be met, a NaN score.
    pub fn recommend(
        &self,
        users: &[impl AsRef<str>],
        options: &ListOptions,
    ) -> Result<Vec<UserList>, RecommenderError> {
        let users = users.iter().map(|key| self.user_id(key.as_ref()));
        let users: Vec<u32> = users.collect::<Result<_, _>>()?;
        let wanted = Wanted::new(options, self)?;
        let lists = wanted.lists(&self.source(), &users, &self.seen)?;
        self.user_lists(&users, &lists, &wanted)
    }

    /// [`recommend`](Self::recommend) by internal ids: items and scores, best first, without reasons.
    ///
    /// # Errors
    /// As [`recommend`](Self::recommend).
    pub fn recommend_ids(
        &self,
        users: &[u32],
        options: &ListOptions,
    ) -> Result<Vec<Vec<Ranked>>, RecommenderError> {
        let wanted = Wanted::new(options, self)?;
        Ok(wanted.lists(&self.source(), users, &self.seen)?)
    }

    /// The lists of every user in id order, in batches: memory does not grow with the number of users.
    ///
    /// # Errors
    /// Options that cannot be met; a NaN score as an item of the iterator, which nothing follows.
    pub fn recommend_all(
        &self,
        options: &ListOptions,
    ) -> Result<impl Iterator<Item = Result<Vec<UserList>, RecommenderError>> + '_, RecommenderError>
    {
        self.recommend_each(0..self.users.len() as u32, options)
    }

    /// [`recommend_all`](Self::recommend_all) for some users by internal ids, in their order.
    ///
    /// # Errors
    /// As [`recommend_all`](Self::recommend_all); an unknown id as an item of the iterator.
    pub fn recommend_each<'a>(
        &'a self,
        users: impl IntoIterator<Item = u32> + 'a,
        options: &ListOptions,
    ) -> Result<impl Iterator<Item = Result<Vec<UserList>, RecommenderError>> + 'a, RecommenderError>
    {
        let wanted = Wanted::new(options, self)?;
        let mut next = users.into_iter().fuse();
        let mut failed = false;
        Ok(std::iter::from_fn(move || {
            let users: Vec<u32> = next.by_ref().take(USERS_PER_BATCH).collect();
            if failed || users.is_empty() {
                return None;
            }
            let lists = wanted.lists(&self.source(), &users, &self.seen);
            let lists = lists.map_err(Into::into);
            let named = lists.and_then(|lists| self.user_lists(&users, &lists, &wanted));
            failed = named.is_err();
            Some(named)
        }))
    }

    fn user_lists(
        &self,
        users: &[u32],
        lists: &[Vec<Ranked>],
        wanted: &Wanted<'_>,
    ) -> Result<Vec<UserList>, RecommenderError> {
        let name = |(&user, list): (&u32, &Vec<Ranked>)| {
            Ok(UserList {
                user: self.users.key(user).to_owned(),
                source: ListSource::of(self.is_cold(user)),
                items: self.explained(list, wanted, || self.reader(user))?,
            })
        };
        match wanted.reasons {
            None => users.iter().zip(lists).map(name).collect(),
            Some(_) => users.par_iter().zip(lists).map(name).collect(),
        }
    }

    fn listed(&self, list: &[Ranked]) -> Vec<Listed> {
        let name = |(rank, place): (u32, &Ranked)| Listed {
            rank,
            item: self.items.key(place.item).to_owned(),
            score: place.score,
            title: self.title(place.item).map(str::to_owned),
            why: None,
        };
        (1..).zip(list).map(name).collect()
    }
}
