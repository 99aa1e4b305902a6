//! The closed choices of a run file: each enum, its spelling in TOML and the list of its names.

use std::fmt;

use serde::{Deserialize, Serialize};

macro_rules! closed_choice {
    ($(#[$meta:meta])* $name:ident { $($(#[$variant_meta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum $name {
            $($(#[$variant_meta])* #[serde(rename = $text)] $variant,)+
        }

        impl $name {
            /// Every choice, in the order the documentation lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// The spelling of every choice, in the order of [`Self::ALL`].
            pub const NAMES: &'static [&'static str] = &[$($text,)+];

            /// The spelling used in run files, variables and flags.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The choice spelled `text`, if there is one.
            #[must_use]
            pub fn from_name(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|choice| choice.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(self.as_str())
            }
        }
    };
}

closed_choice! {
    /// `data.order`: how users and items are numbered inside.
    #[derive(Default)]
    IdOrder {
        /// Neighbours in the graph of training interactions close together.
        #[default]
        Locality = "locality",
        /// By outside key.
        Key = "key",
    }
}

closed_choice! {
    /// `model.name`: which network is trained, or which graph filter is fitted.
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
    }
}

impl ModelName {
    /// Whether it is a graph filter: fitted at once, without epochs.
    #[must_use]
    pub fn is_filter(self) -> bool {
        matches!(self, Self::GfCf | Self::ChebyCf)
    }
}

closed_choice! {
    /// `model.init`: how embedding tables start.
    Initialization {
        /// Uniform, bounded by fan-in and fan-out (Glorot and Bengio, 2010).
        XavierUniform = "xavier-uniform",
        /// Normal with mean 0 and standard deviation `model.init_std`.
        Normal = "normal",
    }
}

closed_choice! {
    /// `model.last_activation`: the activation after the last layer of `ngcf-lecture`.
    LastActivation {
        /// ReLU, which makes every dot-product score non-negative.
        Relu = "relu",
        /// No activation.
        Linear = "linear",
    }
}

closed_choice! {
    /// `score.kind`: how a user's and an item's embedding become a score.
    ScoreKind {
        /// Dot product.
        Dot = "dot",
        /// Cosine divided by `score.temperature`.
        Cosine = "cosine",
        /// Learned bilinear form.
        Bilinear = "bilinear",
        /// Learned network with one hidden layer of `score.hidden` units.
        Mlp = "mlp",
    }
}

closed_choice! {
    /// `walks.pooling`: how the neighbours of an item become one vector.
    PoolingName {
        /// Their mean, weighted by how often short walks meet them.
        Importance = "importance",
        /// Their plain mean.
        Mean = "mean",
        /// The largest of each component.
        Max = "max",
    }
}

closed_choice! {
    /// `model.start`: what a network that reads items' features begins with.
    Start {
        /// Embeddings that are what items are made of, brought down to few directions.
        Content = "content",
        /// Random weights.
        Random = "random",
    }
}

closed_choice! {
    /// `sampling.query`: what stands for a user beside a positive.
    QueryItem {
        /// The mean of `sampling.query_items` others of the user's, as in serving it is the mean of all.
        History = "history",
        /// Another item of the user's, any of them.
        Another = "another",
        /// The one before it in the user's timeline, where there is one (the paper's pairs).
        Before = "before",
    }
}

closed_choice! {
    /// `loss.kind`: the ranking loss.
    LossKind {
        /// Bayesian personalized ranking over (positive, negative) pairs.
        Bpr = "bpr",
        /// Binary cross-entropy, the positives' and the negatives' means apart.
        Binary = "binary",
        /// Sampled softmax at `loss.temperature`.
        Softmax = "softmax",
        /// A positive must be `loss.margin` ahead of each negative.
        Margin = "margin",
        /// Cosine contrastive: negatives above `loss.margin` cost `loss.negative_weight`.
        Contrastive = "contrastive",
    }
}

closed_choice! {
    /// `sampling.distribution`: how negatives are drawn, a user's own and shared ones.
    #[derive(Default)]
    NegativeDistribution {
        /// Every item alike.
        #[default]
        Uniform = "uniform",
        /// Every item alike that has a training interaction: for models of what items are made of, which would learn
        /// that nobody wants what is new.
        Trained = "trained",
        /// By the number of training interactions to the power `sampling.popularity_power`.
        Popularity = "popularity",
    }
}

closed_choice! {
    /// `sampling.hard_root`: around what hard negatives are looked for.
    #[derive(Default)]
    HardRoot {
        /// The user.
        #[default]
        User = "user",
        /// The positive item, as in PinSAGE.
        Item = "item",
    }
}

closed_choice! {
    /// `training.schedule`: how the learning rate changes after the warm-up.
    #[derive(Default)]
    Schedule {
        /// It does not.
        #[default]
        Constant = "constant",
        /// Half a cosine down to 0 at the end of the last epoch.
        Cosine = "cosine",
        /// By the factor `training.decay` an epoch.
        Exponential = "exponential",
    }
}

closed_choice! {
    /// `sampling.positives`: how the positives of an epoch are drawn.
    PositiveSampling {
        /// Every training interaction once an epoch, shuffled.
        ByEdge = "by-edge",
        /// Users uniformly, then one of the user's items uniformly.
        ByUser = "by-user",
    }
}

closed_choice! {
    /// `training.optimizer`: what moves the parameters.
    #[derive(Default)]
    Optimizer {
        /// Adam over every parameter.
        #[default]
        Adam = "adam",
        /// Adam over the rows of a batch only, for models whose other rows have no gradient.
        LazyAdam = "lazy-adam",
    }
}

closed_choice! {
    /// `split.method`: how held-out interactions are chosen.
    SplitMethod {
        /// Uniformly within each user.
        Random = "random",
        /// Each user's last interaction.
        LeaveLastOut = "leave-last-out",
        /// Everything after a point in time.
        Timeline = "timeline",
        /// Whole items, with all their interactions: the test part's have none in training.
        ItemCold = "item-cold",
        /// The test set is the file named by `data.test`.
        Given = "given",
    }
}

closed_choice! {
    /// `run.device`: where tensors live.
    DeviceName {
        /// The default CPU backend.
        Cpu = "cpu",
        /// The ndarray CPU backend.
        Ndarray = "ndarray",
        /// The graphics card.
        Gpu = "gpu",
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn spelling_agrees_with_serde() {
        for (choice, name) in ModelName::ALL.iter().zip(ModelName::NAMES) {
            assert_eq!(serde_json::to_value(choice).unwrap(), *name);
            assert_eq!(ModelName::from_name(name), Some(*choice));
        }
        assert_eq!(ModelName::LightGcn.to_string(), "lightgcn");
        assert_eq!(DeviceName::from_name("cuda"), None);
    }
}
