//! What events weigh: views, carts, purchases and their kin, by name.

use serde::{Deserialize, Serialize};

/// The types of events that count, each with its weight.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct EventWeights(Vec<(String, f32)>);

impl EventWeights {
    /// From texts such as `view=1,cart=3`.
    ///
    /// # Errors
    /// What is wrong with one of them, and what to do.
    pub fn parse(texts: &[String]) -> Result<Self, String> {
        let mut weights: Vec<(String, f32)> = Vec::new();
        let parts = texts.iter().flat_map(|text| text.split(','));
        for part in parts.filter(|part| !part.trim().is_empty()) {
            let example = "as in `--event-weight view=1,purchase=10`";
            let Some((name, weight)) = part.rsplit_once('=') else {
                return Err(format!(
                    "`{part}` is no weight of an event: write NAME=WEIGHT, {example}"
                ));
            };
            let (name, weight) = (name.trim(), weight.trim());
            let number = weight.parse::<f32>().ok();
            let number = number.filter(|number| number.is_finite() && *number >= 0.0);
            let Some(number) = number else {
                return Err(format!(
                    "the weight `{weight}` of the event `{name}` is not a finite number, 0 or more, {example}"
                ));
            };
            if weights.iter().any(|(known, _)| known == name) {
                return Err(format!("the event `{name}` has two weights: give one"));
            }
            weights.push((name.to_owned(), number));
        }
        match weights.iter().any(|(_, weight)| *weight > 0.0) || weights.is_empty() {
            true => Ok(Self(weights)),
            false => Err(
                "all events weigh 0, so that nothing is left to train on: give one a weight"
                    .to_owned(),
            ),
        }
    }

    /// Whether no event has a weight: then events are not read.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The weight of an event, where it has one.
    pub(super) fn of(&self, name: &[u8]) -> Option<f32> {
        let found = self.0.iter().find(|(known, _)| known.as_bytes() == name);
        found.map(|(_, weight)| *weight)
    }

    /// The names that have weights, between commas.
    pub(super) fn names(&self) -> String {
        let names: Vec<&str> = self.0.iter().map(|(name, _)| &**name).collect();
        names.join(", ")
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<EventWeights, String> {
        EventWeights::parse(&[text.to_owned()])
    }

    #[test]
    fn names_and_weights_are_told_apart_at_the_last_sign() {
        let weights = parse("view=1, add=cart=3 ,purchase=10.5,").unwrap();
        assert_eq!(weights.of(b"view"), Some(1.0));
        assert_eq!(weights.of(b"add=cart"), Some(3.0));
        assert_eq!(weights.of(b"purchase"), Some(10.5));
        assert_eq!(weights.of(b"View"), None);
        assert_eq!(weights.names(), "view, add=cart, purchase");
        assert!(EventWeights::parse(&[]).unwrap().is_empty());
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (text, expected) in [
            ("view", "`view` is no weight"),
            ("view=-1", "`-1` of the event `view`"),
            ("view=nan", "`nan`"),
            ("view=1,view=2", "two weights"),
            ("view=0", "all events weigh 0"),
        ] {
            let message = parse(text).unwrap_err();
            assert!(message.contains(expected), "{message}");
        }
    }
}
