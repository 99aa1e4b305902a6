//! Why an item is listed: its score as a sum over what the user has.

use serde::Serialize;

/// A score as a sum: `score = sum of items + others + popularity + rest`.
///
/// ```
/// use sagebrush::{Dataset, How, Interaction, ListOptions, ModelName, Config, Split, fit};
///
/// let rows = (0..240).map(|at| {
///     let (user, step) = (at / 8, at % 8);
///     Interaction::new(format!("u{user}"), format!("i{}", (user + 3 * step) % 40)).at(step)
/// });
/// let config = Config::defaults_for(ModelName::ItemKnn);
/// let split = Split::new(Dataset::from_interactions(rows)?, &config, &())?;
/// let folder = tempfile::tempdir().unwrap();
/// let run = fit(&config, &split, folder.path().join("run"), &())?;
///
/// let options = ListOptions::of(1).with_reasons(usize::MAX);
/// let list = run.recommender()?.recommend_for(&["i1", "i4", "i20"], &options)?.list;
/// let (score, why) = (list.items[0].score, list.items[0].why.clone().unwrap());
/// let sum: f32 = why.items.iter().map(|reason| reason.share).sum();
/// assert_eq!(why.how, How::Exact);
/// assert!((sum + why.popularity - score).abs() < 1e-4 * score.abs());
/// # Ok::<(), sagebrush::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "serve", derive(utoipa::ToSchema))]
pub struct Why {
    /// How far the reasons account for the score.
    pub how: How,
    /// The user's items that say something of this one, the largest share first: as many as were asked for.
    pub items: Vec<Reason>,
    /// What the user's other items add to the score.
    #[serde(skip_serializing_if = "is_zero")]
    pub others: f32,
    /// What popularity adds: the prior's share, `a log(1 + p_i / e)`; all of it where the list is one of popular items.
    pub popularity: f32,
    /// What is left of the score.
    pub rest: f32,
}

impl Why {
    /// It is popular.
    pub(super) fn popular(score: f32) -> Self {
        Self {
            how: How::Popularity,
            items: Vec::new(),
            others: 0.0,
            popularity: score,
            rest: 0.0,
        }
    }
}

/// An item of the user, and what it adds to a score.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[cfg_attr(feature = "serve", derive(utoipa::ToSchema))]
pub struct Reason {
    /// The item's key.
    pub item: String,
    /// What it adds to the score, or takes off where it is below 0.
    pub share: f32,
    /// Its title, where known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
}

/// How far reasons account for a score.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "serve", derive(utoipa::ToSchema))]
#[serde(rename_all = "lowercase")]
pub enum How {
    /// Wholly: the shares and popularity add up to the score of each item of the list, to one part in 10,000.
    Exact,
    /// In part: the user's vector was trained. The shares are what the same items would add for a new user, by how similar
    /// the model holds them to the listed item, and [`Why::rest`] is what the user's own vector says beyond that.
    Similar,
    /// The list is one of popular items, and no item of the user has a part in it.
    Popularity,
}

impl How {
    /// The name in lists: `exact`, `similar` or `popularity`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Exact => "exact",
            Self::Similar => "similar",
            Self::Popularity => "popularity",
        }
    }
}

// Serde asks by reference.
#[allow(clippy::trivially_copy_pass_by_ref)]
fn is_zero(number: &f32) -> bool {
    *number == 0.0
}
