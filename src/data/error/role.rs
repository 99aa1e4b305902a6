//! What a column means, and the option that names it.

use std::fmt;

/// What a column means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Who interacted.
    User,
    /// With what.
    Item,
    /// How strongly: a rating, a weight, a count.
    Weight,
    /// Whether it was liked, clicked or bought: a rating under a name that other columns have, too.
    LikelyWeight,
    /// Of which type the event was.
    Event,
    /// When.
    Timestamp,
    /// The item of a row of an item file.
    ItemId,
    /// What the item is called.
    Title,
    /// Of which kinds the item is, such as genres.
    Category,
    /// The names of the columns themselves.
    Header,
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::User => "user",
            Self::Item | Self::ItemId => "item",
            Self::Weight | Self::LikelyWeight => "rating",
            Self::Event => "event",
            Self::Timestamp => "timestamp",
            Self::Title => "title",
            Self::Category => "category",
            Self::Header => "header",
        })
    }
}

impl Role {
    /// The option that names the column.
    pub(in crate::data) fn option(self) -> &'static str {
        match self {
            Self::User => "--user-column",
            Self::Item | Self::Header => "--item-column",
            Self::Weight | Self::LikelyWeight => "--weight-column",
            Self::Event => "--event-column",
            Self::Timestamp => "--timestamp-column",
            Self::ItemId => "--item-id-column",
            Self::Title => "--title-column",
            Self::Category => "--category-column",
        }
    }
}
