//! The models by name.

use crate::config::Choice;
use crate::config::choice::closed_choice;

closed_choice! {
    /// `model.name`: which network is trained, or what is fitted at once.
    ModelName {
        /// Matrix factorization: two embedding tables.
        Mf = "mf",
        /// LightGCN: symmetric propagation without weights, mean over the layers.
        LightGcn = "lightgcn",
        /// NGCF as lectured: mean aggregation, concatenation, last layer only.
        NgcfLecture = "ngcf-lecture",
        /// NGCF as printed in arXiv 1905.08108 v2.
        NgcfPaper = "ngcf-paper",
        /// NGCF as the authors' TensorFlow code computes it.
        NgcfOfficial = "ngcf-official",
        /// PinSAGE: item vectors from features and weighted neighbourhoods; users are means of their items.
        PinSage = "pinsage",
        /// GF-CF: a linear filter and an ideal low-pass one over the item graph; not trained.
        GfCf = "gf-cf",
        /// ChebyCF: a Chebyshev filter and an ideal low-pass one over the item graph; not trained.
        ChebyCf = "chebycf",
        /// Popularity: the items with the most users, or the most of late; not trained.
        Popularity = "popularity",
        /// Item-kNN: what is taken together with what the user took; not trained.
        ItemKnn = "item-knn",
        /// EASE: a linear autoencoder of histories in closed form; not trained.
        Ease = "ease",
        /// iALS: matrix factorization by alternating least squares; no epochs.
        Ials = "ials",
    }
}

/// In place of a model's name: the model that wins a contest of several.
pub const AUTO: &str = "auto";

/// What `model.name` accepts: every model, and a contest of them.
pub(super) const MODELS_AND_AUTO: [Choice; ModelName::CHOICES.len() + 1] = {
    let n = ModelName::CHOICES.len();
    let mut choices = [Choice {
        name: AUTO,
        old: &[],
        help: " The winner of a contest of models on the validation part; what `train` does when nothing names a model.",
    }; ModelName::CHOICES.len() + 1];
    let mut at = 0;
    while at < n {
        choices[at] = ModelName::CHOICES[at];
        at += 1;
    }
    choices
};

impl ModelName {
    /// Whether it has epochs; the others are fitted at once.
    #[must_use]
    pub fn is_trained(self) -> bool {
        match self {
            Self::Mf
            | Self::LightGcn
            | Self::NgcfLecture
            | Self::NgcfPaper
            | Self::NgcfOfficial
            | Self::PinSage => true,
            Self::GfCf
            | Self::ChebyCf
            | Self::Popularity
            | Self::ItemKnn
            | Self::Ease
            | Self::Ials => false,
        }
    }

    /// Whether it is a graph filter.
    #[must_use]
    pub fn is_filter(self) -> bool {
        matches!(self, Self::GfCf | Self::ChebyCf)
    }
}
