//! How much a contest may cost: forecast work and a sample of users, never seconds, so that a log gives the same choice on
//! every machine.

/// How much work a contest may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effort {
    /// Seconds: what is counted and filtered.
    Quick,
    /// About two minutes for a million interactions on two cores, four for 20 million.
    #[default]
    Normal,
    /// Ten times as much.
    Thorough,
}

impl Effort {
    /// Every effort, the least first.
    pub const ALL: [Self; 3] = [Self::Quick, Self::Normal, Self::Thorough];

    /// As `--effort` has it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quick => "quick",
            Self::Normal => "normal",
            Self::Thorough => "thorough",
        }
    }

    /// The effort of this name, if there is one.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|effort| effort.as_str() == name)
    }

    /// Units of work for a log of so many training interactions. A unit is 1e9 multiply-adds in dense tiles, a core of
    /// 2026 does some 25 of them a second. The budget of a quick contest grows with the log, as its candidates' work does;
    /// that of the others with the fourth root: small logs get many looks, and large ones end within minutes.
    pub(super) fn budget(self, n_train: usize) -> f64 {
        let millions = n_train as f64 / 1e6;
        match self {
            Self::Quick => 600.0 + 65.0 * millions,
            Self::Normal => 6_000.0 * millions.sqrt().sqrt(),
            Self::Thorough => 60_000.0 * millions.sqrt().sqrt(),
        }
    }

    /// Validation users that candidates are measured on at most.
    pub(super) fn n_users_max(self) -> usize {
        match self {
            Self::Quick => 2_000,
            Self::Normal => 5_000,
            Self::Thorough => 50_000,
        }
    }
}
