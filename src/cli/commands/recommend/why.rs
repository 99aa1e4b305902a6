//! Why items are listed, as rows of a table and in a sentence.

use crate::cli::session::Session;
use crate::inference::{How, Listed, Why};
use crate::observer::remark;

/// Reasons of an item in a table, where no other number is asked for.
pub(super) const SHOWN: usize = 3;
/// What rounds to nothing has no row.
const SHOWN_MIN: f32 = 5e-5;

/// The rows below a place: the user's items and what each adds to the score, then what else adds to it.
pub(super) fn rows(place: &Listed) -> Vec<[String; 6]> {
    let Some(why) = &place.why else {
        return Vec::new();
    };
    let row = |item: &str, share: f32, title: Option<&str>| {
        let (share, title) = (format!("{share:+.4}"), title.unwrap_or_default());
        let [user, rank, score] = [""; 3].map(str::to_owned);
        [user, rank, item.to_owned(), score, share, title.to_owned()]
    };
    let items = why.items.iter();
    let items = items.map(|reason| row(&reason.item, reason.share, reason.title.as_deref()));
    let sums = [
        ("(other items)", why.others),
        ("(popularity)", why.popularity),
        ("(rest)", why.rest),
    ];
    let sums = sums.into_iter().filter(|sum| sum.1.abs() >= SHOWN_MIN);
    items
        .chain(sums.map(|(name, share)| row(name, share, None)))
        .collect()
}

/// How far the reasons of some lists account for their scores.
#[derive(Default)]
pub(super) struct Accounts {
    exact: usize,
    similar: usize,
    popular: usize,
}

impl Accounts {
    pub(super) fn add(&mut self, why: &Why) {
        *match why.how {
            How::Exact => &mut self.exact,
            How::Similar => &mut self.similar,
            How::Popularity => &mut self.popular,
        } += 1;
    }

    /// Says what the shares are.
    pub(super) fn tell(&self, session: &Session) {
        let said = [
            (
                self.exact,
                "exact: the shares and popularity add up to the score",
            ),
            (
                self.similar,
                "similar: the user's vector was trained; the shares are what the items would add for a new user, by how similar the \
                 model holds them to the listed one, and the rest is what the user's own vector says beyond that",
            ),
            (
                self.popular,
                "popularity: the list is one of popular items, and no item of the user has a part in it",
            ),
        ];
        for (_, text) in said.iter().filter(|(n, _)| *n > 0) {
            remark(session, text);
        }
    }
}
