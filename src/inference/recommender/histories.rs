//! Lists for users who are not in the log, from the items they have.

use super::super::selection::Ranked;
use super::Recommender;
use super::error::RecommenderError;
use super::list_options::{ListOptions, Wanted};
use super::lists::{ForHistory, HISTORY, UserList};
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
        let wanted = Wanted::new(options, self.items())?;
        let mut unknown_keys = UnknownKeys::items();
        let known = |history: &[K]| self.known(history, &mut unknown_keys);
        let (asked, unknown): (Vec<_>, Vec<_>) =
            histories.iter().map(AsRef::as_ref).map(known).unzip();
        let lists = self.answers(asked, &wanted).into_iter().zip(unknown);
        let answer = |(list, unknown): (Answer<Vec<Ranked>>, _)| {
            let list = UserList {
                user: HISTORY.to_owned(),
                items: self.listed(&list?),
            };
            Ok(ForHistory { list, unknown })
        };
        Ok(lists.map(answer).collect())
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
        let wanted = Wanted::new(options, self.items())?;
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
        wanted: &Wanted,
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
    fn lists_for(&self, histories: &[&[u32]], wanted: &Wanted) -> Vec<Answer<Vec<Ranked>>> {
        let numbered = (0..).zip(histories);
        let pairs = numbered.flat_map(|(user, items)| items.iter().map(move |&item| (user, item)));
        let seen = ItemLists::from_pairs(histories.len(), pairs);
        match self.lists_of(&seen, wanted) {
            Ok(lists) => lists.into_iter().map(Ok).collect(),
            Err(error) if histories.len() == 1 => vec![Err(error)],
            Err(_) => {
                let alone = histories.chunks(1);
                alone.flat_map(|one| self.lists_for(one, wanted)).collect()
            }
        }
    }

    fn lists_of(&self, histories: &ItemLists, wanted: &Wanted) -> Answer<Vec<Vec<Ranked>>> {
        let people = self.scorer().fold_in(histories)?;
        let users: Vec<u32> = (0..histories.n_users() as u32).collect();
        Ok(wanted.lists(&*people, &users, histories)?)
    }
}
