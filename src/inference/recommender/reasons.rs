//! Finds out why items are listed: shares of the model's scores, in keys.

use std::sync::Arc;

use super::super::history::History;
use super::super::scorer::Scorer;
use super::super::selection::Ranked;
use super::Recommender;
use super::error::RecommenderError;
use super::list_options::Wanted;
use super::lists::Listed;
use super::why::{How, Reason, Why};
use crate::data::ItemLists;

/// What may be left of a score that is accounted for wholly, as a share of the numbers it is the sum of.
const TOLERANCE: f64 = 1e-4;

/// The items that users' vectors come of.
#[derive(Debug)]
pub(super) struct Histories {
    lists: ItemLists,
    weights: Vec<f32>,
}

/// Whom a list is for, as reasons see it.
#[derive(Clone, Copy)]
pub(super) enum Reader<'a> {
    /// Somebody whom the model knows by these items.
    Known(History<'a>),
    /// Somebody of whom nothing is known, who gets what is popular.
    Cold,
}

impl Recommender {
    /// Knows which items each user's vector comes of, and what each counts there (none for 1 each), so that lists can say
    /// why. Models without vectors know their users' items already.
    ///
    /// # Errors
    /// Lists of another number of users.
    ///
    /// # Panics
    /// When they name an item that there is not, or there are weights and not one an item.
    pub fn explained_by(
        self,
        lists: ItemLists,
        weights: Vec<f32>,
    ) -> Result<Self, RecommenderError> {
        let (tables, found) = (self.users.len(), lists.n_users());
        if tables != found {
            return Err(RecommenderError::Mismatch {
                what: "users",
                tables,
                part: "explaining items",
                found,
            });
        }
        lists.assert_below(self.items.len());
        assert!(weights.is_empty() || weights.len() == lists.n_pairs());
        Ok(Self {
            histories: Some(Arc::new(Histories { lists, weights })),
            ..self
        })
    }

    /// A user of the log, where reasons are wanted.
    ///
    /// # Errors
    /// When nobody told what the user's vector comes of.
    pub(super) fn reader(&self, user: u32) -> Result<Reader<'_>, RecommenderError> {
        if self.is_cold(user) {
            return Ok(Reader::Cold);
        }
        let told = || {
            let histories = self.histories.as_ref()?;
            Some(History::of(&histories.lists, &histories.weights, user))
        };
        let history = self.scorer.history_of(user).or_else(told);
        history
            .map(Reader::Known)
            .ok_or(RecommenderError::NoHistories)
    }

    /// Somebody of whom a history is known; the weights of its items count where the model weighs histories.
    pub(super) fn reader_with<'a>(&self, history: History<'a>) -> Reader<'a> {
        if self.is_cold_history(history.items) {
            return Reader::Cold;
        }
        let weights = match self.scorer.weighs_histories() {
            true => history.weights,
            false => &[],
        };
        Reader::Known(History { weights, ..history })
    }

    /// Why each place of a user's list is there, with so many of the user's items at most, none of them `unnamed`
    /// (ascending), whose shares count among the others.
    ///
    /// # Errors
    /// When nobody told what the user's vector comes of; scores that are no sums over items.
    pub fn reasons_of_user(
        &self,
        user: u32,
        list: &[Ranked],
        n: usize,
        unnamed: &[u32],
    ) -> Result<Vec<Why>, RecommenderError> {
        self.whys(list, self.reader(user)?, n, unnamed)
    }

    /// Why each place of the list for a history is there, with so many of its items at most: the items, ascending and each
    /// once, and what each counts where the model weighs histories. None of the `unnamed` ones (ascending) is named.
    ///
    /// # Errors
    /// Scores that are no sums over items.
    pub fn reasons_of_history(
        &self,
        (items, weights): (&[u32], &[f32]),
        list: &[Ranked],
        n: usize,
        unnamed: &[u32],
    ) -> Result<Vec<Why>, RecommenderError> {
        self.whys(
            list,
            self.reader_with(History { items, weights }),
            n,
            unnamed,
        )
    }

    /// The places of a list, and why they are there where that is wanted.
    pub(super) fn explained<'a>(
        &self,
        list: &[Ranked],
        wanted: &Wanted<'_>,
        reader: impl FnOnce() -> Result<Reader<'a>, RecommenderError>,
    ) -> Result<Vec<Listed>, RecommenderError> {
        let mut listed = self.listed(list);
        if let Some(n) = wanted.reasons {
            let whys = self.whys(list, reader()?, n, &wanted.withdrawn)?;
            for (place, why) in listed.iter_mut().zip(whys) {
                place.why = Some(Box::new(why));
            }
        }
        Ok(listed)
    }

    fn whys(
        &self,
        list: &[Ranked],
        reader: Reader<'_>,
        n: usize,
        unnamed: &[u32],
    ) -> Result<Vec<Why>, RecommenderError> {
        let history = match (reader, &self.scorer) {
            (Reader::Known(history), scorer) if !matches!(scorer, Scorer::Popularity(_)) => history,
            _ => return Ok(list.iter().map(|place| Why::popular(place.score)).collect()),
        };
        let items: Vec<u32> = list.iter().map(|place| place.item).collect();
        let shares = self.scorer.shares(history, &items)?;
        let shares = shares.ok_or(RecommenderError::NoShares)?;
        let sums: Vec<Sum> = list
            .iter()
            .zip(shares)
            .map(|(place, shares)| Sum::new(place, shares, self.prior_of(place.item)))
            .collect();
        let how = match sums.iter().all(Sum::is_whole) {
            true => How::Exact,
            false => How::Similar,
        };
        let why = |sum: &Sum| self.why(how, history.items, sum, n, unnamed);
        Ok(sums.iter().map(why).collect())
    }

    /// What the prior adds to every score of an item.
    fn prior_of(&self, item: u32) -> f64 {
        let in_tables = || {
            let tables = self.scorer.tables()?;
            let term = tables.item_side().row(item).last()?;
            Some(f64::from(tables.prior()?) * f64::from(*term))
        };
        match &self.prior {
            Some(added) => f64::from(added[item as usize]),
            None => in_tables().unwrap_or(0.0),
        }
    }

    fn why(&self, how: How, history: &[u32], sum: &Sum, n: usize, unnamed: &[u32]) -> Why {
        let shares = history.iter().copied().zip(sum.shares.iter().copied());
        let mut shares: Vec<(u32, f64)> = shares.filter(|&(_, share)| share != 0.0).collect();
        shares.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
        let is_named = |&(item, _): &(u32, f64)| unnamed.binary_search(&item).is_err();
        let (mut shares, untold): (Vec<_>, Vec<_>) = shares.into_iter().partition(is_named);
        let mut others = shares.split_off(n.min(shares.len()));
        others.extend(untold);
        let reason = |&(item, share): &(u32, f64)| Reason {
            item: self.items.key(item).to_owned(),
            share: share as f32,
            title: self.title(item).map(str::to_owned),
        };
        Why {
            how,
            items: shares.iter().map(reason).collect(),
            others: others.iter().map(|&(_, share)| share).sum::<f64>() as f32,
            popularity: sum.prior as f32,
            rest: sum.rest as f32,
        }
    }
}

/// A score and what it is the sum of.
struct Sum {
    shares: Vec<f64>,
    prior: f64,
    rest: f64,
}

impl Sum {
    fn new(place: &Ranked, shares: Vec<f64>, prior: f64) -> Self {
        let rest = f64::from(place.score) - prior - shares.iter().sum::<f64>();
        Self {
            shares,
            prior,
            rest,
        }
    }

    /// Whether nothing is left but rounding.
    fn is_whole(&self) -> bool {
        let sizes: f64 = self.shares.iter().map(|share| share.abs()).sum();
        self.rest.abs() <= TOLERANCE * (sizes + self.prior.abs())
    }
}
