//! Lists for users who are not in the log, from the items they have.

use super::super::fallback::ServedScores;
use super::super::history::History;
use super::super::score_source::ScoreSource;
use super::super::selection::Ranked;
use super::Recommender;
use super::error::RecommenderError;
use super::list_options::{ListOptions, Wanted};
use super::lists::{ForHistory, HISTORY, ListSource, UserList};
use super::reasons::Reader;
use super::unknown_key::UnknownKeys;
use crate::data::ItemLists;

type Answer<T> = Result<T, RecommenderError>;

impl Recommender {
    /// The best items for a user who is not in the log and has the items of `history`, by keys; those are left
    /// out unless seen items are included. Repeated keys count once; unknown ones are left out and told, unless all are.
    ///
    /// # Errors
    /// An empty history or one without a known item, options that cannot be met, a NaN score.
    pub fn recommend_for(
        &self,
        history: &[impl AsRef<str>],
        options: &ListOptions,
    ) -> Answer<ForHistory> {
        let answer = self.recommend_for_each(&[history], options)?.pop();
        answer.unwrap_or(Err(RecommenderError::EmptyHistory))
    }

    /// [`recommend_for`](Self::recommend_for) for several people at once. Each history has an answer of its own, in
    /// their order: a bad one spoils nothing for the others.
    ///
    /// # Errors
    /// Options that cannot be met; what is wrong with one history is in its place.
    pub fn recommend_for_each<K: AsRef<str>>(
        &self,
        histories: &[impl AsRef<[K]>],
        options: &ListOptions,
    ) -> Answer<Vec<Answer<ForHistory>>> {
        let wanted = Wanted::new(options, self)?;
        let mut unknown_keys = UnknownKeys::items();
        let known = |history: &[K]| self.known(history, &mut unknown_keys);
        let (asked, unknown): (Vec<_>, Vec<_>) =
            histories.iter().map(AsRef::as_ref).map(known).unzip();
        let is_cold = |asked: &Answer<Vec<u32>>| {
            let items = asked.as_ref().ok();
            items.is_some_and(|items| self.is_cold_history(items))
        };
        let sources: Vec<ListSource> = asked.iter().map(is_cold).map(ListSource::of).collect();
        let items_of = |asked: &Answer<Vec<u32>>| match (wanted.reasons, asked) {
            (Some(_), Ok(items)) => distinct(items),
            _ => Vec::new(),
        };
        let items: Vec<Vec<u32>> = asked.iter().map(items_of).collect();
        let lists = self.answers(asked, &wanted).into_iter();
        let answer = |(((list, source), unknown), items): (_, &Vec<u32>)| {
            let (list, weights): (Answer<Vec<Ranked>>, _) = (list, &[][..]);
            let reader = || Ok(self.reader_with(History { items, weights }));
            let list = UserList {
                user: HISTORY.to_owned(),
                source,
                items: self.explained(&list?, &wanted, reader)?,
            };
            Ok(ForHistory { list, unknown })
        };
        let lists = lists.zip(sources).zip(unknown);
        Ok(lists.zip(&items).map(answer).collect())
    }

    /// The lists of several people by the names they are given, who have the items of `seen` and are known by those of
    /// `histories`, such as the ones they liked. One without a history gets the most popular items.
    ///
    /// # Errors
    /// Options that cannot be met, a NaN score.
    ///
    /// # Panics
    /// When there is not a history and a list of what was seen for each name, or an item is unknown.
    pub fn recommend_people(
        &self,
        names: &[impl AsRef<str>],
        histories: &ItemLists,
        seen: &ItemLists,
        options: &ListOptions,
    ) -> Answer<Vec<UserList>> {
        self.recommend_people_weighing(names, histories, &[], seen, options)
    }

    /// [`recommend_people`](Self::recommend_people), where each item of the histories has a weight, person after person in
    /// the order of their items. They count where those of training do ([`Scorer::weighs_histories`](super::super::Scorer)).
    ///
    /// # Errors
    /// Options that cannot be met, a NaN score.
    ///
    /// # Panics
    /// When there is not a history and a list of what was seen for each name, an item is unknown, or there are weights
    /// and not one an item.
    pub fn recommend_people_weighing(
        &self,
        names: &[impl AsRef<str>],
        histories: &ItemLists,
        weights: &[f32],
        seen: &ItemLists,
        options: &ListOptions,
    ) -> Answer<Vec<UserList>> {
        assert_eq!(names.len(), histories.n_users(), "a history for each name");
        assert_eq!(names.len(), seen.n_users(), "what was seen for each name");
        let wanted = Wanted::new(options, self)?;
        let lists = self.lists_of(histories, weights, seen, &wanted)?;
        let named = (0..).zip(names).zip(&lists);
        let list = |((user, name), list): ((u32, _), &Vec<Ranked>)| {
            let reader = || Ok(self.reader_with(History::of(histories, weights, user)));
            Ok(UserList {
                user: AsRef::<str>::as_ref(name).to_owned(),
                source: ListSource::of(self.is_cold_history(histories.of(user))),
                items: self.explained(list, &wanted, reader)?,
            })
        };
        named.map(list).collect()
    }

    /// [`recommend_people_weighing`](Self::recommend_people_weighing) by internal ids: what each list is made of, and its
    /// items and scores, best first.
    ///
    /// # Errors
    /// Options that cannot be met, a NaN score.
    ///
    /// # Panics
    /// When there is not a list of what was seen for each history, an item is unknown, or there are weights and not one
    /// an item.
    pub fn people_ids(
        &self,
        histories: &ItemLists,
        weights: &[f32],
        seen: &ItemLists,
        options: &ListOptions,
    ) -> Answer<Vec<(ListSource, Vec<Ranked>)>> {
        let n_people = histories.n_users();
        assert_eq!(n_people, seen.n_users(), "what was seen for each history");
        let wanted = Wanted::new(options, self)?;
        let lists = self.lists_of(histories, weights, seen, &wanted)?;
        let source = |user: u32| ListSource::of(self.is_cold_history(histories.of(user)));
        Ok((0..n_people as u32).map(source).zip(lists).collect())
    }

    /// The list for somebody of whom nothing is known: the most popular items of the training part. `None` where
    /// nobody told what was trained on.
    ///
    /// # Errors
    /// Options that cannot be met.
    pub fn popular(&self, options: &ListOptions) -> Answer<Option<UserList>> {
        if self.fallback.is_none() {
            return Ok(None);
        }
        let wanted = Wanted::new(options, self)?;
        let nobody = ItemLists::from_pairs(1, std::iter::empty());
        let lists = self.lists_of(&nobody, &[], &nobody, &wanted)?;
        Ok(Some(UserList {
            user: HISTORY.to_owned(),
            source: ListSource::Popularity,
            items: self.explained(&lists.concat(), &wanted, || Ok(Reader::Cold))?,
        }))
    }

    /// Whether a model has nothing to go by for these items.
    pub(super) fn is_cold_history(&self, items: &[u32]) -> bool {
        let fallback = self.fallback.as_ref();
        fallback.is_some_and(|known| known.is_cold_history(items))
    }

    /// [`recommend_for_each`](Self::recommend_for_each) by internal ids: items and scores, best first.
    ///
    /// # Errors
    /// Options that cannot be met; what is wrong with one history is in its place: no item in it, or an unknown id.
    pub fn recommend_for_ids(
        &self,
        histories: &[impl AsRef<[u32]>],
        options: &ListOptions,
    ) -> Answer<Vec<Answer<Vec<Ranked>>>> {
        let wanted = Wanted::new(options, self)?;
        let asked = histories.iter().map(|history| match history.as_ref() {
            [] => Err(RecommenderError::EmptyHistory),
            items => self.check_items(items).map(|()| items.to_vec()),
        });
        Ok(self.answers(asked.collect(), &wanted))
    }

    /// The ids of a history's known keys, of which there is one at least, and an error for each other key.
    fn known(
        &self,
        history: &[impl AsRef<str>],
        unknown_keys: &mut UnknownKeys,
    ) -> (Answer<Vec<u32>>, Vec<RecommenderError>) {
        let mut items = Vec::with_capacity(history.len());
        let mut unknown = Vec::new();
        for key in history.iter().map(AsRef::as_ref) {
            match self.items().id(key) {
                Some(item) => items.push(item),
                None => unknown.push(unknown_keys.error(key, self.items())),
            }
        }
        if items.is_empty() {
            let first = unknown.into_iter().next();
            return (
                Err(first.unwrap_or(RecommenderError::EmptyHistory)),
                Vec::new(),
            );
        }
        (Ok(items), unknown)
    }

    /// The lists for the histories that are in order, among what is wrong with the others.
    fn answers(
        &self,
        histories: Vec<Answer<Vec<u32>>>,
        wanted: &Wanted<'_>,
    ) -> Vec<Answer<Vec<Ranked>>> {
        let good: Vec<&[u32]> = histories.iter().flatten().map(Vec::as_slice).collect();
        let mut lists = self.lists_for(&good, wanted).into_iter();
        let mut next = |_| lists.next().unwrap_or(Err(RecommenderError::EmptyHistory));
        histories
            .into_iter()
            .map(|history| history.and_then(&mut next))
            .collect()
    }

    /// A list for each history, made together; one by one where one of them cannot be ranked.
    fn lists_for(&self, histories: &[&[u32]], wanted: &Wanted<'_>) -> Vec<Answer<Vec<Ranked>>> {
        let numbered = (0..).zip(histories);
        let pairs = numbered.flat_map(|(user, items)| items.iter().map(move |&item| (user, item)));
        let seen = ItemLists::from_pairs(histories.len(), pairs);
        match self.lists_of(&seen, &[], &seen, wanted) {
            Ok(lists) => lists.into_iter().map(Ok).collect(),
            Err(error) if histories.len() == 1 => vec![Err(error)],
            Err(_) => {
                let alone = histories.chunks(1);
                alone.flat_map(|one| self.lists_for(one, wanted)).collect()
            }
        }
    }

    fn lists_of(
        &self,
        histories: &ItemLists,
        weights: &[f32],
        seen: &ItemLists,
        wanted: &Wanted<'_>,
    ) -> Answer<Vec<Vec<Ranked>>> {
        let users: Vec<u32> = (0..histories.n_users() as u32).collect();
        let is_cold = |&user: &u32| self.is_cold_history(histories.of(user));
        let is_cold: Vec<bool> = users.iter().map(is_cold).collect();
        let people = || -> Answer<Box<dyn ScoreSource + '_>> {
            let placed = self.scorer().fold_in_weighing(histories, weights)?;
            Ok(self.with_added(placed))
        };
        let people = match &self.fallback {
            Some(known) if !is_cold.contains(&false) => {
                ServedScores::of_strangers(users.len(), known)
            }
            Some(known) => ServedScores::of_people(people()?, is_cold, known),
            None => {
                let people = people()?;
                return Ok(wanted.lists(&*people, &users, seen)?);
            }
        };
        Ok(wanted.lists(&people, &users, seen)?)
    }
}

/// The items of a history, ascending and each once.
fn distinct(items: &[u32]) -> Vec<u32> {
    let mut items = items.to_vec();
    items.sort_unstable();
    items.dedup();
    items
}
