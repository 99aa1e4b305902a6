//! What a stored model was trained on, where that is more than the training part.

use serde::{Deserialize, Serialize};

use crate::numbers::count;

/// The parts that a model was trained on again, once its epochs were chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefitOn {
    /// The training and the validation part.
    TrainingAndValidation,
    /// All parts, the test part too: for serving.
    Everything,
}

impl RefitOn {
    /// The parts in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::TrainingAndValidation => "training and validation",
            Self::Everything => "training, validation and test",
        }
    }
}

/// The refit that made the stored model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Refit {
    /// What it was trained on.
    pub(crate) on: RefitOn,
    /// How many interactions that are.
    pub(crate) n_interactions: usize,
    /// The chosen number of epochs; nothing where a model is fitted at once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) epochs: Option<u32>,
    /// The run that was refitted, where that is another one than the run it stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) of: Option<Predecessor>,
}

/// The run that a refit took its data, its settings and its epochs from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Predecessor {
    /// Its path, as it was given.
    pub(crate) run: String,
    /// The UTC date on which it was measured on its test part last; nothing where it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) measured: Option<String>,
}

impl Predecessor {
    /// Whose figures they are, and of which day; `None` where it was not measured.
    pub(crate) fn figures(&self) -> Option<String> {
        let date = self.measured.as_ref()?;
        Some(format!("those of {}, measured {date}", self.run))
    }
}

impl Refit {
    /// The refit in a line.
    pub(crate) fn line(&self) -> String {
        let epochs = match self.epochs {
            None => String::new(),
            Some(1) => ", 1 epoch".to_owned(),
            Some(n) => format!(", {n} epochs"),
        };
        let n = count(self.n_interactions as u64);
        format!("{}: {n} interactions{epochs}", self.on.words())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refit_in_a_line() {
        let refit = Refit {
            on: RefitOn::TrainingAndValidation,
            n_interactions: 12_345,
            epochs: Some(1),
            of: None,
        };
        assert_eq!(
            refit.line(),
            "training and validation: 12,345 interactions, 1 epoch"
        );
        let fitted = Refit {
            on: RefitOn::Everything,
            epochs: None,
            ..refit
        };
        assert_eq!(
            fitted.line(),
            "training, validation and test: 12,345 interactions"
        );
    }
}
