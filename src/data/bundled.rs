//! The data set inside the binary, so that a demonstration works anywhere.

use serde::{Deserialize, Serialize};

/// Data that comes with the program.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Bundled {
    /// Film ratings taken from tweets between February and September 2013: 16,554 users, 10,506
    /// films, 100,000 ratings with times. S. Dooms, T. De Pessemier, L. Martens: "MovieTweetings: a
    /// Movie Rating Dataset Collected From Twitter", CrowdRec at RecSys 2013. MIT license.
    #[serde(rename = "movietweetings-100k")]
    MovieTweetings100k,
}

/// A bundled file, compressed.
pub(super) struct BundledFile {
    pub(super) name: &'static str,
    pub(super) bytes: &'static [u8],
}

impl Bundled {
    /// The name in settings.
    pub fn name(self) -> &'static str {
        match self {
            Self::MovieTweetings100k => "movietweetings-100k",
        }
    }

    /// The licence text of the data.
    pub fn license(self) -> &'static str {
        match self {
            Self::MovieTweetings100k => include_str!("bundled/movietweetings-100k/LICENSE"),
        }
    }

    /// How to cite the data.
    pub fn citation(self) -> &'static str {
        match self {
            Self::MovieTweetings100k => {
                "S. Dooms, T. De Pessemier, L. Martens: MovieTweetings: a Movie Rating Dataset \
                 Collected From Twitter. CrowdRec at RecSys 2013."
            }
        }
    }

    pub(super) fn interactions(self) -> BundledFile {
        match self {
            Self::MovieTweetings100k => BundledFile {
                name: "bundled:movietweetings-100k/ratings.dat.zst",
                bytes: include_bytes!("bundled/movietweetings-100k/ratings.dat.zst"),
            },
        }
    }

    pub(super) fn items(self) -> BundledFile {
        match self {
            Self::MovieTweetings100k => BundledFile {
                name: "bundled:movietweetings-100k/movies.dat.zst",
                bytes: include_bytes!("bundled/movietweetings-100k/movies.dat.zst"),
            },
        }
    }
}
