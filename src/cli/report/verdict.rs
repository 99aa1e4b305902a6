//! Says in one sentence which system wins, and claims no more than the intervals allow.

use super::tables::shortened;
use crate::evaluation::{Estimate, SystemResult};

const NAME_LENGTH_MAX: usize = 48;

/// Says which system is best by a metric, how the model, which is the first, stands beside it, and whether their
/// intervals overlap. `None` when there is nothing to compare.
pub(crate) fn verdict(systems: &[SystemResult], metric: &str) -> Option<String> {
    let mut ranked: Vec<(usize, Estimate)> = (0..systems.len())
        .filter_map(|at| Some((at, *systems[at].metrics.get(metric)?)))
        .collect();
    ranked.sort_by(|a, b| b.1.mean.total_cmp(&a.1.mean));
    let named = |at: usize| shortened(&systems[at].label(), NAME_LENGTH_MAX);
    let &(best, best_value) = ranked.first()?;
    let (winner, winner_value) = (named(best), shown(best_value));
    let Some(&second) = ranked.get(1) else {
        return Some(format!(
            "{winner} reaches {metric} {winner_value}. There is no baseline beside it."
        ));
    };
    // A model that does not win is what the reader wants to see beside the winner.
    let beaten = ranked.iter().find(|&&(at, _)| at == 0 && best != 0);
    let &(other, other_value) = beaten.unwrap_or(&second);
    let loser = named(other);
    if best_value.mean == other_value.mean {
        return Some(format!(
            "{winner} and {loser} are level at {metric} {winner_value}."
        ));
    }
    let next = match beaten {
        Some(_) => ", so a baseline beats the model of this run:",
        None => "; the next is",
    };
    let intervals = if best_value.low <= other_value.high {
        "overlap: this alone does not separate them; a paired test (sagebrush compare) can"
    } else {
        "do not overlap: the difference is larger than the uncertainty over users"
    };
    Some(format!(
        "{winner} wins on {metric} with {winner_value}{next} {loser} with {}. Their 95% intervals \
         {intervals}.",
        shown(other_value)
    ))
}

fn shown(value: Estimate) -> String {
    if value.low == value.high {
        return format!("{:.4}", value.mean);
    }
    format!("{:.4} ({:.4} to {:.4})", value.mean, value.low, value.high)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn system(name: &str, mean: f64) -> SystemResult {
        let value = Estimate {
            mean,
            low: mean - 0.01,
            high: mean + 0.01,
        };
        let metrics = [("recall@20".to_owned(), value)].into();
        SystemResult {
            name: name.into(),
            metrics,
            beyond: Default::default(),
            by_activity: Vec::new(),
            cold: None,
            half_life_days: None,
        }
    }

    fn of(systems: &[SystemResult]) -> String {
        verdict(systems, "recall@20").unwrap()
    }

    #[test]
    fn a_winning_model_is_compared_with_the_best_baseline() {
        let text = of(&[system("GCN", 0.2), system("kNN", 0.1), system("pop", 0.01)]);
        assert!(
            text.starts_with(
                "GCN wins on recall@20 with 0.2000 (0.1900 to 0.2100); the next is kNN"
            )
        );
        assert!(text.contains("intervals do not overlap"), "{text}");
    }

    #[test]
    fn a_losing_model_is_said_to_lose() {
        let text = of(&[
            system("GCN", 0.105),
            system("kNN", 0.11),
            system("MF", 0.108),
        ]);
        assert!(
            text.contains("kNN wins") && text.contains("a baseline beats the model"),
            "{text}"
        );
        assert!(
            text.contains("GCN with 0.1050") && text.contains("intervals overlap"),
            "{text}"
        );
    }

    #[test]
    fn a_tie_and_a_lone_system_are_named_as_such() {
        assert!(of(&[system("a", 0.1), system("b", 0.1)]).contains("a and b are level"));
        assert!(of(&[system("a", 0.1)]).contains("no baseline"));
        assert_eq!(verdict(&[system("a", 0.1)], "ndcg@5"), None);
    }
}
