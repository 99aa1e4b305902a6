//! Inspection: describes a data set before anything is trained on it.

use serde::{Deserialize, Serialize};

use super::calendar::iso_date;
use super::columns::DetectedColumns;
use super::show_bytes::show_bytes;
use super::{Cleaning, Dataset, Interactions, ItemLists, SourceFile};

/// Interactions a user or an item has: nearest-rank quantiles over those with at least one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Degrees {
    /// The fewest.
    pub min: u32,
    /// The 25th percentile.
    pub p25: u32,
    /// The median.
    pub p50: u32,
    /// The 75th percentile.
    pub p75: u32,
    /// The 90th percentile.
    pub p90: u32,
    /// The 99th percentile.
    pub p99: u32,
    /// The most.
    pub max: u32,
    /// How many have a single interaction.
    pub singles: u64,
}

impl Degrees {
    /// From the number of interactions of each id; those without any are left out.
    fn new(mut degrees: Vec<u32>) -> Self {
        degrees.retain(|&degree| degree > 0);
        degrees.sort_unstable();
        let at = |percent: usize| {
            let rank = (degrees.len() * percent).div_ceil(100);
            degrees.get(rank.saturating_sub(1)).copied().unwrap_or(0)
        };
        Self {
            min: at(0),
            p25: at(25),
            p50: at(50),
            p75: at(75),
            p90: at(90),
            p99: at(99),
            max: at(100),
            singles: degrees.partition_point(|&degree| degree == 1) as u64,
        }
    }

    fn line(&self) -> String {
        let Self {
            min,
            p25,
            p50,
            p75,
            p90,
            p99,
            max,
            ..
        } = self;
        format!("min {min}, quartiles {p25} / {p50} / {p75}, p90 {p90}, p99 {p99}, max {max}")
    }
}

/// The description of a given test file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestInspection {
    /// Interactions of the test file.
    pub interactions: u64,
    /// Users with test interactions and none in the log.
    pub cold_users: u64,
    /// Items with test interactions and none in the log.
    pub cold_items: u64,
    /// Pairs that are in both the log and the test file.
    pub overlap: u64,
}

/// The findings about a data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Inspection {
    /// Users in the id map, cold ones included.
    pub users: u64,
    /// Items in the id map, cold ones included.
    pub items: u64,
    /// Interactions of the log, after cleaning.
    pub interactions: u64,
    /// Interactions over users times items.
    pub density: f64,
    /// Counts of what reading took out.
    pub cleaning: Cleaning,
    /// The UTC dates of the first and last interaction.
    pub time_span: Option<(String, String)>,
    /// Lowest and highest rating.
    pub weight_range: Option<(f32, f32)>,
    /// Interactions by user.
    pub user_degrees: Degrees,
    /// Interactions by item.
    pub item_degrees: Degrees,
    /// The test file, if one was given.
    pub test: Option<TestInspection>,
    /// Items with a title, if metadata was given.
    pub titled_items: Option<u64>,
    /// The files read.
    pub sources: Vec<SourceFile>,
}

/// Inspects a data set.
pub fn inspect(dataset: &Dataset, cleaning: &Cleaning) -> Inspection {
    let rows = &dataset.interactions;
    let (users, items) = (dataset.users.len() as u64, dataset.items.len() as u64);
    let interactions = rows.len() as u64;
    let user_degrees = degrees(&rows.users, dataset.users.len());
    let item_degrees = degrees(&rows.items, dataset.items.len());
    let test = dataset.given_test.as_ref();
    Inspection {
        users,
        items,
        interactions,
        density: interactions as f64 / (users as f64 * items as f64).max(1.0),
        cleaning: cleaning.clone(),
        time_span: time_span(rows),
        weight_range: weight_range(rows),
        test: test.map(|test| inspect_test(dataset, test, &user_degrees, &item_degrees)),
        user_degrees: Degrees::new(user_degrees),
        item_degrees: Degrees::new(item_degrees),
        titled_items: dataset
            .titles
            .as_ref()
            .map(|all| all.iter().flatten().count() as u64),
        sources: dataset.sources.clone(),
    }
}

fn degrees(ids: &[u32], n: usize) -> Vec<u32> {
    let mut degrees = vec![0; n];
    ids.iter().for_each(|&id| degrees[id as usize] += 1);
    degrees
}

fn time_span(rows: &Interactions) -> Option<(String, String)> {
    let times = rows.timestamps.as_ref()?;
    Some((
        iso_date(*times.iter().min()?),
        iso_date(*times.iter().max()?),
    ))
}

fn weight_range(rows: &Interactions) -> Option<(f32, f32)> {
    let weights = rows.weights.as_ref()?;
    let low = weights.iter().copied().reduce(f32::min)?;
    Some((low, weights.iter().copied().reduce(f32::max)?))
}

fn inspect_test(
    dataset: &Dataset,
    test: &Interactions,
    user_degrees: &[u32],
    item_degrees: &[u32],
) -> TestInspection {
    let log = &dataset.interactions;
    let pairs = log.users.iter().copied().zip(log.items.iter().copied());
    let lists = ItemLists::from_pairs(dataset.users.len(), pairs);
    let both = |&(&user, &item): &(&u32, &u32)| lists.contains(user, item);
    TestInspection {
        interactions: test.len() as u64,
        cold_users: cold(&test.users, user_degrees),
        cold_items: cold(&test.items, item_degrees),
        overlap: test.users.iter().zip(&test.items).filter(both).count() as u64,
    }
}

/// Distinct ids without an interaction in the log.
fn cold(ids: &[u32], log_degrees: &[u32]) -> u64 {
    let mut cold = vec![false; log_degrees.len()];
    ids.iter()
        .for_each(|&id| cold[id as usize] = log_degrees[id as usize] == 0);
    cold.into_iter().filter(|&cold| cold).count() as u64
}

impl Inspection {
    /// The findings as lines of a table: what, and how much.
    pub fn lines(&self) -> Vec<(String, String)> {
        let mut lines = Vec::new();
        let mut line = |label: &str, value: String| lines.push((label.to_owned(), value));
        line("users", self.users.to_string());
        line("items", self.items.to_string());
        line("interactions", self.interactions.to_string());
        line("density", format!("{:.4} %", 100.0 * self.density));
        self.cleaning_lines(&mut line);
        if let Some((first, last)) = &self.time_span {
            line("time span", format!("{first} to {last}"));
        }
        if let Some(unit) = &self.cleaning.time_unit {
            line("time unit", unit.clone());
        }
        if let Some((low, high)) = &self.weight_range {
            line("ratings", format!("{low} to {high}"));
        }
        line("interactions a user", self.user_degrees.line());
        line("interactions an item", self.item_degrees.line());
        line(
            "users with a single interaction",
            self.user_degrees.singles.to_string(),
        );
        line(
            "items with a single interaction",
            self.item_degrees.singles.to_string(),
        );
        if let Some(test) = &self.test {
            line("test interactions", test.interactions.to_string());
            line("test users unknown to the log", test.cold_users.to_string());
            line("test items unknown to the log", test.cold_items.to_string());
            line("pairs in both log and test", test.overlap.to_string());
        }
        if let Some(titled) = self.titled_items {
            line("items with a title", titled.to_string());
        }
        for source in &self.sources {
            let SourceFile {
                path,
                format,
                bytes,
                sha256,
                rows,
            } = source;
            line(
                path,
                format!(
                    "{format}, {rows} rows, {}, sha256 {sha256}",
                    show_bytes(*bytes)
                ),
            );
        }
        lines
    }

    fn cleaning_lines(&self, line: &mut impl FnMut(&str, String)) {
        let cleaning = &self.cleaning;
        line("rows read", cleaning.rows.to_string());
        if cleaning.bad_rows > 0 {
            line("bad rows left out", cleaning.bad_rows.to_string());
        }
        if cleaning.test_bad_rows > 0 {
            line("bad test rows left out", cleaning.test_bad_rows.to_string());
        }
        line("duplicates merged", cleaning.duplicates_merged.to_string());
        if cleaning.forgotten > 0 {
            let n = cleaning.forgotten.to_string();
            line("of forgotten users and withdrawn items", n);
        }
        if cleaning.zero_weight > 0 {
            line("events of weight 0", cleaning.zero_weight.to_string());
        }
        if cleaning.below_min_rating > 0 {
            line(
                "below the minimum rating",
                cleaning.below_min_rating.to_string(),
            );
        }
        if cleaning.k_core_interactions_removed > 0 {
            let (users, items) = (cleaning.k_core_users_removed, cleaning.k_core_items_removed);
            let rows = cleaning.k_core_interactions_removed;
            line(
                "outside the k-core",
                format!("{rows} interactions, {users} users, {items} items"),
            );
        }
        let same = |a: &DetectedColumns, b: &DetectedColumns| a.meanings() == b.meanings();
        for of_files in cleaning.columns.chunk_by(same) {
            let label = match of_files {
                [one] => format!("columns of {}", one.path),
                [first, others @ ..] => {
                    format!("columns of {} and {} more", first.path, others.len())
                }
                [] => continue,
            };
            line(&label, of_files[0].meanings());
        }
        for remark in &cleaning.remarks {
            line("remark", remark.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_rank() {
        // 1..=10 and an id without interactions: ranks 3, 5, 8, 9, 10 by ceil(n p).
        let degrees = Degrees::new((0..=10).rev().collect());
        let expected = Degrees {
            min: 1,
            p25: 3,
            p50: 5,
            p75: 8,
            p90: 9,
            p99: 10,
            max: 10,
            singles: 1,
        };
        assert_eq!(degrees, expected);
        assert_eq!(Degrees::new(vec![0, 0]), Degrees::default());
    }
}
