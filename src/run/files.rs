//! The files of a run directory by name.

/// The openings of the test part, which no manifest lists.
pub const OPENINGS_NAME: &str = "openings.jsonl";

/// A file of a run directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum File {
    /// `config.toml`: the complete configuration.
    Config,
    /// `model.safetensors`: the parameters.
    Model,
    /// `embeddings.safetensors`: the final user and item tables, for inference.
    Embeddings,
    /// `fold_in.safetensors`: the map that gives a new user a vector, where the model needs one.
    FoldIn,
    /// `prior.safetensors`: how popular items are these days, where scores have a prior.
    Prior,
    /// `filter.safetensors`: the singular vectors of a graph filter.
    Filter,
    /// `popularity.safetensors`: how popular each item is, where that is the model.
    Popularity,
    /// `item_knn.safetensors`: the neighbours of each item, where they are the model.
    ItemKnn,
    /// `ease.safetensors`: the weights of items for each other, where they are the model.
    Ease,
    /// `users.json`: user keys; the position is the id.
    Users,
    /// `items.json`: item keys; the position is the id.
    Items,
    /// `titles.json`: item titles, where there are any.
    Titles,
    /// `interactions.safetensors`: training and validation lists, to leave out what was seen.
    Interactions,
    /// `test.safetensors`: the test lists, which only evaluation opens.
    Test,
    /// `also_seen.safetensors`: what users have besides, where there is any, to leave it out.
    AlsoSeen,
    /// `refreshed.safetensors`: what users have taken since the training, where the run was refreshed.
    Refreshed,
    /// `forgotten.json`: how much was taken out of the run, where anything was.
    Forgotten,
    /// `neighbours.safetensors`: the items hard negatives are drawn from, where training wants any.
    Neighbours,
    /// `encoder.safetensors`: the fitted feature encoder, where the model reads features.
    Encoder,
    /// `item_graph.safetensors`: items' features and what walks from them met, where the model reads features.
    ItemGraph,
    /// `categories.json`: items' first categories, where there are any.
    Categories,
    /// `item_categories.json`: the categories of items, where their file has any.
    ItemCategories,
    /// `data.json`: sources, cleaning and split in numbers.
    Data,
    /// `began.json`: the settings the run began with.
    Began,
    /// `contest.json`: the contest of models that the run's model won, where there was one.
    Contest,
    /// `metrics.jsonl`: one line an epoch.
    Metrics,
    /// `evaluation.json`: the result on the test set.
    Evaluation,
    /// `report.html`: the report for people.
    Report,
    /// `README.md`: the model card.
    ModelCard,
}

impl File {
    /// All of them.
    pub const ALL: [Self; 29] = [
        Self::Config,
        Self::Model,
        Self::Embeddings,
        Self::FoldIn,
        Self::Prior,
        Self::Filter,
        Self::Popularity,
        Self::ItemKnn,
        Self::Ease,
        Self::Users,
        Self::Items,
        Self::Titles,
        Self::Interactions,
        Self::Test,
        Self::AlsoSeen,
        Self::Refreshed,
        Self::Forgotten,
        Self::Neighbours,
        Self::Encoder,
        Self::ItemGraph,
        Self::Categories,
        Self::ItemCategories,
        Self::Data,
        Self::Began,
        Self::Contest,
        Self::Metrics,
        Self::Evaluation,
        Self::Report,
        Self::ModelCard,
    ];

    /// The name in the run directory.
    pub fn name(self) -> &'static str {
        match self {
            Self::Config => "config.toml",
            Self::Model => "model.safetensors",
            Self::Embeddings => "embeddings.safetensors",
            Self::FoldIn => "fold_in.safetensors",
            Self::Prior => "prior.safetensors",
            Self::Filter => "filter.safetensors",
            Self::Popularity => "popularity.safetensors",
            Self::ItemKnn => "item_knn.safetensors",
            Self::Ease => "ease.safetensors",
            Self::Users => "users.json",
            Self::Items => "items.json",
            Self::Titles => "titles.json",
            Self::Interactions => "interactions.safetensors",
            Self::Test => "test.safetensors",
            Self::AlsoSeen => "also_seen.safetensors",
            Self::Refreshed => "refreshed.safetensors",
            Self::Forgotten => "forgotten.json",
            Self::Neighbours => "neighbours.safetensors",
            Self::Encoder => "encoder.safetensors",
            Self::ItemGraph => "item_graph.safetensors",
            Self::Categories => "categories.json",
            Self::ItemCategories => "item_categories.json",
            Self::Data => "data.json",
            Self::Began => "began.json",
            Self::Contest => "contest.json",
            Self::Metrics => "metrics.jsonl",
            Self::Evaluation => "evaluation.json",
            Self::Report => "report.html",
            Self::ModelCard => "README.md",
        }
    }

    /// Whether a finished run must have it.
    pub(super) fn is_required(self) -> bool {
        matches!(
            self,
            Self::Config | Self::Users | Self::Items | Self::Interactions
        )
    }

    /// Whether an answer for a user or an item may need it. What is not served may be missing or damaged: the run
    /// answers all the same.
    pub(super) fn is_served(self) -> bool {
        !matches!(
            self,
            Self::Neighbours
                | Self::Categories
                | Self::Forgotten
                | Self::Began
                | Self::Contest
                | Self::Metrics
                | Self::Evaluation
                | Self::Report
                | Self::ModelCard
        )
    }

    /// The file of this name.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|file| file.name() == name)
    }

    /// What a finished run scores with: all files of one of these.
    pub(super) const SCORERS: [&[Self]; 5] = [
        &[Self::Model, Self::Embeddings],
        &[Self::Filter],
        &[Self::Popularity],
        &[Self::ItemKnn],
        &[Self::Ease],
    ];

    pub(super) fn is_tensors(self) -> bool {
        matches!(
            self,
            Self::Model
                | Self::Embeddings
                | Self::FoldIn
                | Self::Prior
                | Self::Filter
                | Self::Popularity
                | Self::ItemKnn
                | Self::Ease
                | Self::Interactions
                | Self::Test
                | Self::AlsoSeen
                | Self::Refreshed
                | Self::Neighbours
                | Self::Encoder
                | Self::ItemGraph
        )
    }

    /// What to do when the file is not there.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::Evaluation | Self::Report => "run `sagebrush evaluate` on this run first",
            Self::Test => "without its test lists a run cannot be evaluated; train it again",
            _ => "copy the run again from where it is whole, or train it again",
        }
    }
}
