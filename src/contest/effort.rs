//! How much a contest may cost: forecast work and a sample of users, never seconds, so that a log gives the same choice on
//! every machine.

/// How much work a contest may spend.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Effort {
    /// Seconds: what is counted and filtered.
    Quick,
    /// About a minute for a million interactions.
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
    /// 2026 does some 25 of them a second.
    pub(super) fn budget(self, n_train: usize) -> f64 {
        let millions = n_train as f64 / 1e6;
        match self {
            Self::Quick => 300.0 + 65.0 * millions,
            Self::Normal => 3_000.0 + 500.0 * millions,
            Self::Thorough => 30_000.0 + 5_000.0 * millions,
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
