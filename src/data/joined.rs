//! Two logs in one data set, and the newest interactions held out of it.

use super::{Dataset, IdMap, Interactions};
use crate::config::Repeats;

/// A row in the ids of the data set that is made.
struct Row {
    user: u32,
    item: u32,
    weight: f32,
    /// Whether the weight is of a log that has some.
    is_weighed: bool,
    time: i64,
}

impl Dataset {
    /// This log with the rows of another one, whose unknown users and items get ids behind those there are. Where this
    /// log has weights and the other none, each of its rows weighs `weight`; of a pair that both have the time is the
    /// latest, and a weight that was given outlives one that was not. Titles are those of this log:
    /// items that only the other has are without.
    #[must_use]
    pub(crate) fn joined_with(self, other: Self, repeats: Repeats, weight: f32) -> Self {
        let (users, new_users) = numbered(self.users, &other.users);
        let (items, new_items) = numbered(self.items, &other.items);
        let mut rows = rows_of(&self.interactions, weight);
        rows.extend(
            rows_of(&other.interactions, weight)
                .into_iter()
                .map(|row| Row {
                    user: new_users[row.user as usize],
                    item: new_items[row.item as usize],
                    ..row
                }),
        );
        // Stable: of equal pairs the row of this log comes first.
        rows.sort_by_key(|row| (row.user, row.item));
        let mut merged: Vec<Row> = Vec::with_capacity(rows.len());
        for row in rows {
            match merged.last_mut() {
                Some(last) if (last.user, last.item) == (row.user, row.item) => {
                    last.take(&row, repeats);
                }
                _ => merged.push(row),
            }
        }
        let has_weights = self.interactions.weights.is_some();
        let has_times = self.interactions.timestamps.is_some();
        let titles = self.titles.map(|mut titles| {
            titles.resize(items.len(), None);
            titles
        });
        Self {
            interactions: Interactions {
                users: merged.iter().map(|row| row.user).collect(),
                items: merged.iter().map(|row| row.item).collect(),
                weights: has_weights.then(|| merged.iter().map(|row| row.weight).collect()),
                timestamps: has_times.then(|| merged.iter().map(|row| row.time).collect()),
            },
            users,
            items,
            titles,
            // An item file is the last of the sources, and stays it.
            sources: other.sources.into_iter().chain(self.sources).collect(),
            given_test: self.given_test,
            also_seen: self.also_seen,
            also_seen_in_test: self.also_seen_in_test,
        }
    }

    /// Holds out what is newer than a moment, as a test file would have it. A log without times stays whole.
    #[must_use]
    pub(crate) fn with_newer_held_out(mut self, moment: i64) -> Self {
        let is_kept = |rows: &Interactions, row: usize| match &rows.timestamps {
            Some(times) => times[row] <= moment,
            None => true,
        };
        self.given_test = Some(self.interactions.take_out(is_kept));
        self
    }
}

impl Row {
    /// Takes another row of the same pair in.
    fn take(&mut self, other: &Self, repeats: Repeats) {
        let is_later = other.time >= self.time;
        self.weight = match repeats {
            Repeats::Sum => self.weight + other.weight,
            Repeats::Max => self.weight.max(other.weight),
            Repeats::Latest if is_later && (other.is_weighed || !self.is_weighed) => other.weight,
            Repeats::Latest => self.weight,
        };
        self.is_weighed |= other.is_weighed;
        self.time = self.time.max(other.time);
    }
}

fn rows_of(log: &Interactions, weight: f32) -> Vec<Row> {
    let row = |at: usize| Row {
        user: log.users[at],
        item: log.items[at],
        weight: log.weights.as_ref().map_or(weight, |all| all[at]),
        is_weighed: log.weights.is_some(),
        time: log.timestamps.as_ref().map_or(0, |all| all[at]),
    };
    (0..log.len()).map(row).collect()
}

/// The keys of both, and the id that each key of the second has there.
fn numbered(known: IdMap, other: &IdMap) -> (IdMap, Vec<u32>) {
    let mut keys = known.keys().to_vec();
    let ids = other.keys().iter().map(|key| {
        known.id(key).unwrap_or_else(|| {
            keys.push(key.clone());
            (keys.len() - 1) as u32
        })
    });
    let ids = ids.collect();
    let all = IdMap::from_ordered_keys(keys);
    let all = all.unwrap_or_else(|| unreachable!("a new key is new"));
    (all, ids)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::data::read_bytes;

    fn read(text: &str) -> Dataset {
        read_bytes(None, "log.csv", text.as_bytes()).unwrap().0
    }

    /// User, item, weight and time of each interaction, by key.
    fn told(dataset: &Dataset, log: &Interactions) -> Vec<String> {
        let row = |at: usize| {
            let user = &dataset.users.keys()[log.users[at] as usize];
            let item = &dataset.items.keys()[log.items[at] as usize];
            let weight = log.weights.as_ref().map_or(-1.0, |all| all[at]);
            let time = log.timestamps.as_ref().unwrap()[at];
            format!("{user} {item} {weight} {time}")
        };
        let mut rows: Vec<String> = (0..log.len()).map(row).collect();
        rows.sort();
        rows
    }

    const KEPT: &str =
        "user_id,item_id,timestamp\nb,y,1000000030\nc,x,1000000040\na,z,1000000050\n";

    #[test]
    fn rows_of_both_are_there_and_a_given_weight_outlives_one_that_was_not() {
        let log = "user_id,item_id,rating,timestamp\na,x,5,1000000010\nb,y,3,1000000020\n";
        for (repeats, b_y) in [
            (Repeats::Latest, 3.0),
            (Repeats::Sum, 4.0),
            (Repeats::Max, 3.0),
        ] {
            let joined = read(log).joined_with(read(KEPT), repeats, 1.0);
            let expected = [
                "a x 5 1000000010".to_owned(),
                "a z 1 1000000050".to_owned(),
                format!("b y {b_y} 1000000030"),
                "c x 1 1000000040".to_owned(),
            ];
            assert_eq!(told(&joined, &joined.interactions), expected);
            assert!(joined.interactions.users.is_sorted());
            assert_eq!(joined.users.len(), 3);
        }
        let plain = "user_id,item_id,timestamp\na,x,1000000010\n";
        let joined = read(plain).joined_with(read(KEPT), Repeats::Latest, 1.0);
        assert!(joined.interactions.weights.is_none());
        assert_eq!(joined.sources.len(), 2);
    }

    #[test]
    fn the_newest_are_held_out() {
        let cut = read(KEPT).with_newer_held_out(1_000_000_030);
        assert_eq!(told(&cut, &cut.interactions), ["b y -1 1000000030"]);
        let held_out = told(&cut, cut.given_test.as_ref().unwrap());
        assert_eq!(held_out, ["a z -1 1000000050", "c x -1 1000000040"]);
    }
}
