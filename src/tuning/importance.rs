//! Hyperparameter importance: how much of the trials' differences each setting explains by itself.

use std::cmp::Ordering;

use serde::Serialize;
use toml::Value;

use super::{number, shown};

/// Fewer trials than this say nothing about settings.
const FEWEST_TRIALS: usize = 9;
/// A range is cut into this many parts with equally many trials.
const PARTS: usize = 3;

/// The importance of a setting.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Importance {
    /// The setting.
    pub key: &'static str,
    /// Share of the variance over trials between groups of like values, corrected for what random groups would give
    /// (epsilon squared); 0 to 1.
    pub share: f64,
    /// The group with the highest mean: a value, or the ends of a range.
    pub best: String,
}

/// The settings by what they explain, the first the most; `None` with too few trials to tell. Each trial
/// comes with its settings, in the same order everywhere, and its figure.
#[must_use]
pub fn importance(trials: &[(Vec<(&'static str, Value)>, f64)]) -> Option<Vec<Importance>> {
    if trials.len() < FEWEST_TRIALS {
        return None;
    }
    let of = |at: usize| {
        let key = trials[0].0[at].0;
        let column: Vec<(&Value, f64)> = trials.iter().map(|(s, v)| (&s[at].1, *v)).collect();
        of_one(key, column)
    };
    let mut found: Vec<Importance> = (0..trials[0].0.len()).map(of).collect();
    found.sort_by(|a, b| b.share.total_cmp(&a.share));
    Some(found)
}

fn of_one(key: &'static str, mut column: Vec<(&Value, f64)>) -> Importance {
    column.sort_by(|a, b| by_value(a.0, b.0));
    let groups = groups(&column);
    let (n, k) = (column.len() as f64, groups.len() as f64);
    let mean = |part: &[(&Value, f64)]| part.iter().map(|p| p.1).sum::<f64>() / part.len() as f64;
    let whole = mean(&column);
    let total: f64 = column.iter().map(|p| (p.1 - whole).powi(2)).sum();
    let within: f64 = groups
        .iter()
        .map(|part| {
            let of_part = mean(part);
            part.iter().map(|p| (p.1 - of_part).powi(2)).sum::<f64>()
        })
        .sum();
    let share = match total > 0.0 && n > k {
        true => (1.0 - within / (n - k) * (n - 1.0) / total).clamp(0.0, 1.0),
        false => 0.0,
    };
    let best = groups.iter().max_by(|a, b| mean(a).total_cmp(&mean(b)));
    Importance {
        key,
        share,
        best: best.map_or_else(String::new, |part| {
            let (first, last) = (part[0].0, part[part.len() - 1].0);
            match first == last {
                true => shown(first),
                false => format!("{} to {}", shown(first), shown(last)),
            }
        }),
    }
}

/// Equal values together where there are few of them, otherwise equally many.
fn groups<'a, 'b>(sorted: &'a [(&'b Value, f64)]) -> Vec<&'a [(&'b Value, f64)]> {
    let distinct: Vec<_> = sorted.chunk_by(|a, b| a.0 == b.0).collect();
    if distinct.len() * 2 <= sorted.len() {
        return distinct;
    }
    (0..PARTS)
        .map(|part| &sorted[part * sorted.len() / PARTS..(part + 1) * sorted.len() / PARTS])
        .collect()
}

fn by_value(a: &Value, b: &Value) -> Ordering {
    match (number(a), number(b)) {
        (Some(a), Some(b)) => a.total_cmp(&b),
        _ => shown(a).cmp(&shown(b)),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn what_decides_comes_first_and_noise_explains_next_to_nothing() {
        let trials: Vec<_> = (0..40)
            .map(|t| {
                let layers = t % 4 + 1;
                // A number that has nothing to do with the layers.
                let noise = f64::from(t * 17 % 40);
                let settings = vec![
                    ("loss.l2", Value::Float(noise)),
                    ("model.layers", Value::Integer(i64::from(layers))),
                ];
                (settings, f64::from(layers) + 0.001 * noise)
            })
            .collect();
        let found = importance(&trials).unwrap();
        assert_eq!(
            (found[0].key, found[0].best.as_str()),
            ("model.layers", "4")
        );
        assert!(found[0].share > 0.99, "{found:?}");
        assert!(found[1].share < 0.1, "{found:?}");
        assert!(importance(&trials[..8]).is_none());
    }

    #[test]
    fn trials_that_are_all_alike_explain_nothing() {
        let trials: Vec<_> = (0..9)
            .map(|t| (vec![("loss.l2", Value::Float(f64::from(t)))], 0.5))
            .collect();
        assert_eq!(importance(&trials).unwrap()[0].share, 0.0);
    }

    #[test]
    fn the_share_is_that_of_an_analysis_of_variance() {
        // Worked by hand: groups of five with means 1 and 3, squares of 2.5 within each and 10 between.
        let values = [0.0, 0.5, 1.0, 1.5, 2.0, 2.0, 2.5, 3.0, 3.5, 4.0];
        let trials: Vec<_> = values
            .iter()
            .enumerate()
            .map(|(at, &value)| {
                (
                    vec![("loss.kind", Value::from(["bpr", "softmax"][at / 5]))],
                    value,
                )
            })
            .collect();
        let found = &importance(&trials).unwrap()[0];
        let within = 2.0 * 2.5;
        let total = 10.0 + within;
        assert!((found.share - (1.0 - within / 8.0 * 9.0 / total)).abs() < 1e-12);
        assert_eq!(found.best, "softmax");
    }
}
