//! Which system wins, in a sentence that claims no more than the intervals allow.

use super::{Interval, System};

/// Says which system is best by a metric, how the model stands beside it, and whether their
/// intervals overlap. `None` when there is nothing to compare.
pub fn verdict(systems: &[System], metric: &str) -> Option<String> {
    let mut ranked: Vec<(&System, Interval)> = systems
        .iter()
        .filter_map(|s| Some((s, *s.metrics.get(metric)?)))
        .collect();
    ranked.sort_by(|a, b| b.1.mean.total_cmp(&a.1.mean));
    let &(best, best_value) = ranked.first()?;
    let Some(&(second, second_value)) = ranked.get(1) else {
        return Some(format!(
            "{} reaches {metric} {}. There is no baseline beside it.",
            best.name,
            shown(best_value)
        ));
    };
    // The comparison of interest is the model with the best of the others.
    let model = ranked
        .iter()
        .find(|(system, _)| system.is_model && !best.is_model);
    let (other, other_value) = model.copied().unwrap_or((second, second_value));
    if best_value.mean == other_value.mean {
        let (one, two) = (&best.name, &other.name);
        return Some(format!(
            "{one} and {two} are level at {metric} {}.",
            shown(best_value)
        ));
    }
    let sentence = if best.is_model || model.is_none() {
        format!(
            "{} wins on {metric} with {}; the next is",
            best.name,
            shown(best_value)
        )
    } else {
        let wins = format!("{} wins on {metric} with {}", best.name, shown(best_value));
        format!("{wins}, so a baseline beats the model of this run:")
    };
    let (overlap, advice) = if best_value.low <= other_value.high {
        (
            "overlap",
            " this alone does not separate them; a paired test (sagebrush compare) can",
        )
    } else {
        (
            "do not overlap",
            " the difference is larger than the uncertainty over users",
        )
    };
    Some(format!(
        "{sentence} {} with {}. Their 95% intervals {overlap}:{advice}.",
        other.name,
        shown(other_value)
    ))
}

fn shown(value: Interval) -> String {
    if value.low == value.high {
        return format!("{:.4}", value.mean);
    }
    format!("{:.4} ({:.4} to {:.4})", value.mean, value.low, value.high)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn system(name: &str, is_model: bool, mean: f64) -> System {
        let value = Interval {
            mean,
            low: mean - 0.01,
            high: mean + 0.01,
        };
        let metrics = [("recall@20".to_owned(), value)].into();
        System {
            name: name.into(),
            is_model,
            metrics,
            ..System::default()
        }
    }

    fn of(systems: &[System]) -> String {
        verdict(systems, "recall@20").unwrap()
    }

    #[test]
    fn a_winning_model_is_compared_with_the_best_baseline() {
        let text = of(&[
            system("GCN", true, 0.2),
            system("kNN", false, 0.1),
            system("pop", false, 0.01),
        ]);
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
            system("GCN", true, 0.105),
            system("kNN", false, 0.11),
            system("MF", false, 0.108),
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
        assert!(
            of(&[system("a", true, 0.1), system("b", false, 0.1)]).contains("a and b are level")
        );
        assert!(of(&[system("a", true, 0.1)]).contains("no baseline"));
        assert_eq!(verdict(&[system("a", true, 0.1)], "ndcg@5"), None);
    }
}
