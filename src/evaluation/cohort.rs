//! The cohort: the users who are evaluated, and their ranked lists.

use crate::data::ItemLists;
use crate::inference::{ManyLists, RankError, Ranked, ScoreSource, top_k, top_k_among};

/// Users whose lists are held in memory at once.
const USERS_PER_BATCH: usize = 8192;

/// The pieces of a split that an evaluation looks at; all over the same users.
#[derive(Debug, Clone, Copy)]
pub struct EvaluationData<'a> {
    /// Train items: left out of the rankings; their number is the user's activity.
    pub train: &'a ItemLists,
    /// Items left out besides: the validation items when testing.
    pub also_excluded: Option<&'a ItemLists>,
    /// The items to be found again.
    pub held_out: &'a ItemLists,
    /// The only items that are ranked, ascending: those without a training interaction where whole items are held
    /// out. `None` ranks the catalogue.
    pub among: Option<&'a [u32]>,
}

/// The users of an evaluation, each list ascending.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cohort {
    /// With held-out and train items: the headline figures are over these.
    pub warm: Vec<u32>,
    /// With held-out items but no train items.
    pub cold: Vec<u32>,
    /// How many have nothing held out.
    pub n_without_held_out: usize,
}

/// A user's ranked list.
pub type Ranking = (u32, Vec<Ranked>);

impl EvaluationData<'_> {
    /// Sorts the users into those evaluated, cold ones and those without held-out items.
    pub fn cohort(&self) -> Cohort {
        let users = 0..self.held_out.n_users() as u32;
        let (with, without): (Vec<u32>, Vec<u32>) =
            users.partition(|&user| !self.held_out.of(user).is_empty());
        let (cold, warm) = with
            .into_iter()
            .partition(|&user| self.train.of(user).is_empty());
        Cohort {
            warm,
            cold,
            n_without_held_out: without.len(),
        }
    }

    /// Everything that is left out of the rankings.
    pub fn excluded(&self) -> ItemLists {
        match self.also_excluded {
            Some(also) => self.train.union(also),
            None => self.train.clone(),
        }
    }

    /// A hash of the catalogue size and of the excluded and held-out pairs: two evaluations may be compared when
    /// theirs are equal.
    pub fn fingerprint(&self, n_items: usize) -> String {
        let mut hasher = blake3::Hasher::new();
        let mut add = |number: u64| {
            hasher.update(&number.to_le_bytes());
        };
        add(n_items as u64);
        for lists in [&self.excluded(), self.held_out] {
            add(lists.n_users() as u64);
            lists.row_ptr().iter().for_each(|&end| add(end as u64));
            lists.items().iter().for_each(|&item| add(u64::from(item)));
        }
        if let Some(among) = self.among {
            among.iter().for_each(|&item| add(u64::from(item)));
        }
        hasher.finalize().to_hex().to_string()
    }
}

/// The top `k` of each of `users`, of `among` alone where there is such, `excluded` items left out: some thousands of users
/// at a time, or all of them where the source has a quicker way for many.
pub fn ranked_batches<'a>(
    source: &'a dyn ScoreSource,
    excluded: &'a ItemLists,
    among: Option<&'a [u32]>,
    users: &'a [u32],
    k: usize,
) -> impl Iterator<Item = Result<Vec<Ranking>, RankError>> + 'a {
    let wanted = ManyLists {
        users,
        k: k.min(source.n_items()),
        seen: excluded,
        added: &[],
    };
    let mut at_once = match among {
        None => source.rank_many(&wanted),
        Some(_) => None,
    };
    let n = match at_once {
        Some(_) => users.len(),
        None => USERS_PER_BATCH,
    };
    users.chunks(n.max(1)).map(move |users| {
        let lists = match (at_once.take(), among) {
            (Some(lists), _) => lists?,
            (None, None) => top_k(source, users, k, Some(excluded))?,
            (None, Some(items)) => top_k_among(source, users, k, Some(excluded), items)?,
        };
        Ok(users.iter().copied().zip(lists).collect())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn users_are_sorted_apart() {
        let train = ItemLists::from_pairs(4, [(0, 0), (1, 1), (3, 0)].into_iter());
        let held_out = ItemLists::from_pairs(4, [(0, 1), (2, 1), (3, 2)].into_iter());
        let data = EvaluationData {
            train: &train,
            also_excluded: None,
            held_out: &held_out,
            among: None,
        };
        let expected = Cohort {
            warm: vec![0, 3],
            cold: vec![2],
            n_without_held_out: 1,
        };
        assert_eq!(data.cohort(), expected);
    }

    #[test]
    fn the_fingerprint_sees_each_piece() {
        let lists = |pairs: &[(u32, u32)]| ItemLists::from_pairs(2, pairs.iter().copied());
        let (a, b, c) = (lists(&[(0, 1)]), lists(&[(1, 1)]), lists(&[(1, 0)]));
        let print = |train, also_excluded, held_out, n_items| {
            EvaluationData {
                train,
                also_excluded,
                held_out,
                among: None,
            }
            .fingerprint(n_items)
        };
        let reference = print(&a, Some(&b), &c, 3);
        assert_eq!(
            print(&b, Some(&a), &c, 3),
            reference,
            "the union counts, not its parts"
        );
        assert_ne!(print(&a, None, &c, 3), reference);
        assert_ne!(print(&a, Some(&b), &b, 3), reference);
        assert_ne!(print(&a, Some(&b), &c, 4), reference);
    }
}
