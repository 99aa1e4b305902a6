//! Names in one text, searched by words: one pass over the text, which ends early where many are found.

use std::cmp::Reverse;

use memchr::memmem::Finder;

use super::fold::{fold_into, words};

/// Names that fit, of which the best are taken. More are not looked at: they are less popular.
const FITS_MAX: usize = 5_000;
/// Before each key.
const KEY: char = '\u{1}';
/// Before each title.
const TITLE: char = '\u{2}';

/// Keys and titles, the most popular first.
#[derive(Debug)]
pub(in super::super) struct Names {
    /// All of them: `KEY key TITLE title`, folded.
    text: String,
    /// Where each begins, and the end.
    starts: Vec<usize>,
    /// Whose they are.
    ids: Vec<u32>,
    /// How popular each id is.
    counts: Vec<u32>,
}

/// How well a name fits, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    /// The key is the query.
    Key,
    /// The key or the title begins with the query.
    Beginning,
    /// A word begins with the query's first word.
    Word,
    /// Somewhere.
    Part,
}

impl Names {
    /// Names of ids `0..counts.len()`: the key of each, and its title.
    pub(super) fn new<'a>(
        counts: Vec<u32>,
        name: impl Fn(usize) -> (&'a str, Option<&'a str>),
    ) -> Self {
        let mut ids: Vec<u32> = (0..counts.len() as u32).collect();
        ids.sort_by_key(|&id| Reverse(counts[id as usize]));
        let (mut text, mut starts) = (String::new(), Vec::with_capacity(ids.len() + 1));
        for &id in &ids {
            starts.push(text.len());
            let (key, title) = name(id as usize);
            text.push(KEY);
            fold_into(key, &mut text);
            if let Some(title) = title {
                text.push(TITLE);
                fold_into(title, &mut text);
            }
        }
        starts.push(text.len());
        text.shrink_to_fit();
        Self {
            text,
            starts,
            ids,
            counts,
        }
    }

    /// How many histories an item is in, or how long a user's is.
    pub(in super::super) fn count(&self, id: u32) -> u32 {
        self.counts[id as usize]
    }

    /// The ids whose names hold every word of a query, best first: whole keys, beginnings, words, parts, and among equals
    /// the most popular. A query without words fits all.
    pub(in super::super) fn search(&self, query: &str, limit: usize) -> Vec<u32> {
        let words = words(query);
        let Some(longest) = words.iter().max_by_key(|word| word.len()) else {
            return self.ids.iter().take(limit).copied().collect();
        };
        let whole = words.join(" ");
        let finder = Finder::new(longest);
        let (mut fits, mut from) = (Vec::new(), 0);
        while let Some(found) = finder.find(&self.text.as_bytes()[from..]) {
            let place = self.starts.partition_point(|&start| start <= from + found) - 1;
            let name = &self.text[self.starts[place]..self.starts[place + 1]];
            if words.iter().all(|word| name.contains(&**word)) {
                fits.push((fit(name, &whole, &words[0]), place));
                if fits.len() == FITS_MAX {
                    break;
                }
            }
            from = self.starts[place + 1];
        }
        fits.sort_unstable();
        fits.truncate(limit);
        fits.into_iter().map(|(_, place)| self.ids[place]).collect()
    }
}

/// How well a name that holds every word fits.
fn fit(name: &str, whole: &str, first: &str) -> Fit {
    let parts = || name.split([KEY, TITLE]).skip(1);
    let begins_word = |part: &str| {
        let mut at = part.match_indices(first).map(|(at, _)| &part[..at]);
        at.any(|before| !before.ends_with(char::is_alphanumeric))
    };
    match () {
        () if parts().next() == Some(whole) => Fit::Key,
        () if parts().any(|part| part.starts_with(whole)) => Fit::Beginning,
        () if parts().any(begins_word) => Fit::Word,
        () => Fit::Part,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn films() -> Names {
        let films = [
            ("10", Some("Le fabuleux destin d'Amélie Poulain (2001)")),
            ("2", Some("Alien (1979)")),
            ("20", Some("Aliens (1986)")),
            ("AB/7", None),
            ("5", Some("My Stepmother Is an Alien (1988)")),
            ("6", Some("Cowboys & Aliens (2011)")),
            ("7", Some("Inalienable (2007)")),
        ];
        Names::new(vec![3, 5, 9, 1, 8, 2, 7], |at| films[at])
    }

    #[test]
    fn the_best_fit_comes_first_and_then_the_most_popular() {
        let names = films();
        assert_eq!(names.search("ALIEN", 9), [2, 1, 4, 5, 6]);
        assert_eq!(names.search("alien 19", 9), [2, 4, 1]);
        assert_eq!(names.search("amelie  fabul", 9), [0]);
        assert_eq!(names.search("2", 9), [1, 2, 6, 0, 5]);
        assert_eq!(names.search("ab/7", 9), [3]);
        assert_eq!(names.search("is an alien", 1), [4]);
        assert_eq!(names.search("western", 9), [0; 0]);
        assert_eq!(names.search(" ", 3), [2, 4, 6], "the most popular");
        assert_eq!(names.count(2), 9);
    }

    #[test]
    fn a_name_is_found_once_and_by_nothing_between_names() {
        let names = Names::new(vec![1, 1], |at| {
            ["aa", "ab"].map(|key| (key, Some("a a")))[at]
        });
        assert_eq!(names.search("a", 9), [0, 1]);
        assert_eq!(names.search("\u{1}\u{2}", 9), [0, 1], "as no query");
        assert_eq!(names.search("aab", 9), [0; 0]);
        assert_eq!(
            Names::new(Vec::new(), |_| ("", None)).search("a", 9),
            [0; 0]
        );
    }
}
