//! What is served where training knew nothing: the most popular items in place of the scores of a vector that was
//! never trained.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

use super::popularity::Popularity;
use super::rank_error::RankError;
use super::score_source::{ManyLists, Part, ScoreSource};
use super::selection::{Ranked, Selection};
use crate::data::ItemLists;

/// Who and what has no training interaction, and what most have.
#[derive(Debug, Clone)]
pub(super) struct Fallback {
    /// The number of training interactions of each item.
    counts: Vec<f32>,
    /// The largest of them.
    most: f32,
    /// What popular items are ranked by, where that is not the number: how popular they are these days.
    recent: Option<Vec<f32>>,
    is_cold_user: Vec<bool>,
    /// Whether items without a training interaction have vectors all the same.
    items_have_features: bool,
    /// Made when the first list is asked for.
    popularity: OnceLock<Popularity>,
}

impl Fallback {
    pub(super) fn new(train: &ItemLists, n_items: usize, items_have_features: bool) -> Self {
        let counts = train.counts_by_item(n_items).into_iter();
        Self {
            items_have_features,
            ..Self::of(train, counts.map(|count| count as f32).collect())
        }
    }

    /// With these numbers in place of those of training interactions.
    pub(super) fn of(train: &ItemLists, counts: Vec<f32>) -> Self {
        let users = 0..train.n_users() as u32;
        Self {
            most: counts.iter().copied().fold(0.0, f32::max),
            counts,
            recent: None,
            is_cold_user: users.map(|user| train.of(user).is_empty()).collect(),
            items_have_features: false,
            popularity: OnceLock::new(),
        }
    }

    /// The same, popular being what is popular these days.
    ///
    /// # Panics
    /// When there is not one number an item.
    pub(super) fn with_recent(self, recent: Vec<f32>) -> Self {
        assert_eq!(recent.len(), self.counts.len(), "a number an item");
        Self {
            recent: Some(recent),
            popularity: OnceLock::new(),
            ..self
        }
    }

    /// The same with the histories that users have by now: cold are those of whom a model has nothing to go by.
    ///
    /// # Panics
    /// When the histories are of other users.
    pub(super) fn with_histories(mut self, histories: &ItemLists) -> Self {
        assert_eq!(histories.n_users(), self.n_users(), "of the same users");
        let users = 0..histories.n_users() as u32;
        let is_cold = users.map(|user| self.is_cold_history(histories.of(user)));
        self.is_cold_user = is_cold.collect();
        self
    }

    /// With items behind those there are, of which nobody has one.
    pub(super) fn with_items(mut self, n: usize) -> Self {
        self.counts.resize(self.counts.len() + n, 0.0);
        if let Some(recent) = &mut self.recent {
            recent.resize(recent.len() + n, 0.0);
        }
        self.popularity = OnceLock::new();
        self
    }

    pub(super) fn n_users(&self) -> usize {
        self.is_cold_user.len()
    }

    pub(super) fn is_cold_user(&self, user: u32) -> bool {
        self.is_cold_user[user as usize]
    }

    /// Whether a model has nothing to go by for these items.
    pub(super) fn is_cold_history(&self, items: &[u32]) -> bool {
        let is_known = |&item: &u32| self.items_have_features || self.counts[item as usize] > 0.0;
        !items.iter().any(is_known)
    }

    /// The number of training interactions of each item, and the largest of them.
    pub(super) fn counts(&self) -> (&[f32], f32) {
        (&self.counts, self.most)
    }

    /// What items are ranked by.
    fn numbers(&self) -> Vec<f32> {
        self.recent.as_ref().unwrap_or(&self.counts).clone()
    }

    fn popularity(&self) -> &Popularity {
        let make = || Popularity::of_counts(self.n_users(), self.numbers());
        self.popularity.get_or_init(make)
    }
}

/// The scores that lists are made of: those of a model, and for the users whom it does not know from training how
/// popular each item is.
pub struct ServedScores<'a> {
    model: Box<dyn ScoreSource + 'a>,
    cold: Option<Cold<'a>>,
}

struct Cold<'a> {
    is_cold: Cow<'a, [bool]>,
    popular: Popular<'a>,
}

enum Popular<'a> {
    Of(&'a Fallback),
    Own(Popularity),
}

impl Popular<'_> {
    fn get(&self) -> &Popularity {
        match self {
            Self::Of(fallback) => fallback.popularity(),
            Self::Own(popularity) => popularity,
        }
    }
}

impl<'a> ServedScores<'a> {
    /// The users of the log.
    pub(super) fn of_users(
        model: Box<dyn ScoreSource + 'a>,
        fallback: Option<&'a Fallback>,
    ) -> Self {
        let cold = fallback.map(|fallback| Cold {
            is_cold: Cow::Borrowed(&*fallback.is_cold_user),
            popular: Popular::Of(fallback),
        });
        Self { model, cold }
    }

    /// Other people, of whom the model knows those that are not cold.
    pub(super) fn of_people(
        model: Box<dyn ScoreSource + 'a>,
        is_cold: Vec<bool>,
        fallback: &'a Fallback,
    ) -> Self {
        let cold = Cold {
            is_cold: Cow::Owned(is_cold),
            popular: Popular::Of(fallback),
        };
        Self {
            model,
            cold: Some(cold),
        }
    }

    /// People of whom nothing is known.
    pub(super) fn of_strangers(n: usize, fallback: &'a Fallback) -> Self {
        Self {
            model: Box::new(fallback.popularity().for_others(n)),
            cold: None,
        }
    }

    fn model(&self) -> &dyn ScoreSource {
        &*self.model
    }

    /// What serves the cold ones, where some of the users are cold.
    fn cold_among(&self, users: &[u32]) -> Option<&Cold<'a>> {
        let cold = self.cold.as_ref()?;
        let some = users.iter().any(|&user| cold.has(user));
        some.then_some(cold)
    }
}

impl Cold<'_> {
    fn has(&self, user: u32) -> bool {
        self.is_cold.get(user as usize) == Some(&true)
    }
}

impl ScoreSource for ServedScores<'_> {
    fn n_users(&self) -> usize {
        self.model().n_users()
    }

    fn n_items(&self) -> usize {
        self.model().n_items()
    }

    fn items_per_tile(&self) -> usize {
        self.model().items_per_tile()
    }

    fn score_tile(&self, users: &[u32], items: Range<usize>, out: &mut [f32]) {
        self.model().score_tile(users, items.clone(), out);
        let Some(cold) = self.cold_among(users) else {
            return;
        };
        let rows = out.chunks_exact_mut(items.len().max(1));
        for (_, row) in users.iter().zip(rows).filter(|(user, _)| cold.has(**user)) {
            row.copy_from_slice(&cold.popular.get().counts()[items.clone()]);
        }
    }

    fn offer_all(&self, users: &[u32], selections: &mut [Selection<'_>]) {
        let Some(cold) = self.cold_among(users) else {
            return self.model().offer_all(users, selections);
        };
        let (mut warm, mut places) = (Vec::new(), Vec::new());
        for (place, &user) in users.iter().enumerate() {
            if cold.has(user) {
                cold.popular.get().offer(&mut selections[place]);
            } else {
                warm.push(user);
                places.push(place);
            }
        }
        let empty = || Selection::new(0, &[]);
        let take = |&place: &usize| std::mem::replace(&mut selections[place], empty());
        let mut chosen: Vec<Selection<'_>> = places.iter().map(take).collect();
        self.model().offer_all(&warm, &mut chosen);
        for (place, selection) in places.into_iter().zip(chosen) {
            selections[place] = selection;
        }
    }

    fn rank(
        &self,
        users: &[u32],
        k: usize,
        seen: Option<&ItemLists>,
    ) -> Option<Result<Vec<Vec<Ranked>>, RankError>> {
        let Some(cold) = self.cold_among(users) else {
            return self.model().rank(users, k, seen);
        };
        let (strangers, warm): (Vec<u32>, Vec<u32>) =
            users.iter().partition(|&&user| cold.has(user));
        let of_model = match warm.is_empty() {
            true => Ok(Vec::new()),
            false => self.model().rank(&warm, k, seen)?,
        };
        let of_model = match of_model {
            Ok(lists) => lists,
            Err(error) => return Some(Err(error)),
        };
        let popular = |&user: &u32| {
            let mut selection = Selection::new(k, seen.map_or(&[][..], |seen| seen.of(user)));
            cold.popular.get().offer(&mut selection);
            // A count is never NaN.
            selection.finish().unwrap_or_default()
        };
        let mut of_model = of_model.into_iter();
        let mut of_cold = strangers.iter().map(popular);
        let next = |&user: &u32| match cold.has(user) {
            true => of_cold.next(),
            false => of_model.next(),
        };
        Some(Ok(users.iter().filter_map(next).collect()))
    }

    fn rank_many(&self, wanted: &ManyLists<'_>) -> Option<Result<Vec<Vec<Ranked>>, RankError>> {
        match self.cold_among(wanted.users) {
            Some(_) => None,
            None => self.model().rank_many(wanted),
        }
    }

    fn part<'b>(&'b self, users: &'b [u32], items: &'b [u32]) -> Option<Box<dyn ScoreSource + 'b>> {
        let own = self.model().part(users, items);
        let Some(cold) = self.cold_among(users) else {
            return own;
        };
        let of_part = |&item: &u32| cold.popular.get().counts()[item as usize];
        let counts = items.iter().map(of_part).collect();
        let model = own.unwrap_or_else(|| Box::new(Part::new(self.model(), users, items)));
        Some(Box::new(ServedScores {
            model,
            cold: Some(Cold {
                is_cold: users.iter().map(|&user| cold.has(user)).collect(),
                popular: Popular::Own(Popularity::of_counts(users.len(), counts)),
            }),
        }))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::inference::{Tables, top_k, top_k_among};

    /// Users 1 and 4 have no training interaction; item 2 has three, 0 two, 5 one.
    fn fallback() -> Fallback {
        let pairs = [(0, 2), (2, 2), (3, 2), (0, 0), (2, 0), (3, 5)];
        Fallback::new(&ItemLists::from_pairs(5, pairs.into_iter()), 7, false)
    }

    fn items(list: &[Ranked]) -> Vec<u32> {
        list.iter().map(|place| place.item).collect()
    }

    #[test]
    fn cold_users_get_what_most_have_and_the_others_are_as_before() {
        let (tables, fallback) = (Tables::random(5, 7, 4), fallback());
        let served = ServedScores::of_users(Box::new(&tables), Some(&fallback));
        let seen = ItemLists::from_pairs(5, [(4, 2), (3, 1)].into_iter());
        let users = [4, 0, 1, 3];
        for k in [1, 3, 7] {
            let lists = top_k(&served, &users, k, Some(&seen)).unwrap();
            let model = top_k(&tables, &users, k, Some(&seen)).unwrap();
            assert_eq!((&lists[1], &lists[3]), (&model[1], &model[3]));
        }
        let lists = top_k(&served, &users, 4, Some(&seen)).unwrap();
        assert_eq!(items(&lists[0]), [0, 5, 1, 3]);
        assert_eq!(items(&lists[2]), [2, 0, 5, 1]);
        assert_eq!(lists[2][0].score, 3.0);
        // By tiles, as a source of its own, and among some items.
        let mut scores = vec![0.0; 14];
        served.score_tile(&[1, 0], 0..7, &mut scores);
        assert_eq!(scores[..7], [2.0, 0.0, 3.0, 0.0, 0.0, 1.0, 0.0]);
        for some in [&users[..], &[1], &[0, 2]] {
            let among = [1, 2, 5, 6];
            let lists = top_k_among(&served, some, 3, Some(&seen), &among).unwrap();
            let model = top_k_among(&tables, some, 3, Some(&seen), &among).unwrap();
            for ((user, list), model) in some.iter().zip(&lists).zip(&model) {
                match user {
                    4 => assert_eq!(items(list), [5, 1, 6]),
                    1 => assert_eq!(items(list), [2, 5, 1]),
                    _ => assert_eq!(list, model),
                }
            }
        }
    }

    #[test]
    fn a_vector_that_is_not_a_number_costs_no_cold_user_a_list() {
        let mut rows = vec![0.5; 5 * 4];
        rows[4..8].fill(f32::NAN);
        let head = crate::inference::ScoreHead::Dot;
        let tables = Tables::new(5, 7, 4, rows, vec![0.25; 7 * 4], head).unwrap();
        let fallback = fallback();
        assert!(top_k(&tables, &[1, 0], 2, None).is_err());
        let served = ServedScores::of_users(Box::new(&tables), Some(&fallback));
        assert_eq!(items(&top_k(&served, &[1, 0], 2, None).unwrap()[0]), [2, 0]);
    }

    #[test]
    fn a_history_is_cold_where_nobody_was_trained_on_its_items() {
        let fallback = fallback();
        assert!(fallback.is_cold_history(&[]) && fallback.is_cold_history(&[1, 6]));
        assert!(!fallback.is_cold_history(&[1, 5]));
        let fallback = fallback.with_items(2);
        assert!(fallback.is_cold_history(&[7, 8]));
    }
}
