//! The encoder as a run keeps it.

use serde::Deserialize;

use super::Encoder;
use crate::failure::{Fails, Failure};

/// The version of the encoder this program writes and reads.
pub const ENCODER_VERSION: u32 = 2;

/// An encoder as a file keeps it.
#[derive(Debug, Clone, PartialEq)]
pub struct EncoderParts {
    /// Everything but the rest.
    pub text: String,
    /// Words and categories by their hashes, ascending.
    pub tokens: Vec<u64>,
    /// Of how many items each is.
    pub documents: Vec<u32>,
}

/// Errors of reading a stored encoder.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum EncoderError {
    #[error("it is no feature encoder ({0})")]
    Text(#[from] serde_json::Error),
    #[error(
        "it is a feature encoder of version {found}, and this program knows version {ENCODER_VERSION}"
    )]
    Version { found: u32 },
    #[error("its parts do not fit together")]
    Parts,
}

impl Fails for EncoderError {
    fn failure(&self) -> Failure {
        Failure::BadData
    }
}

impl Encoder {
    /// What a file keeps.
    ///
    /// # Errors
    /// Never in practice: numbers are finite.
    pub fn to_parts(&self) -> Result<EncoderParts, serde_json::Error> {
        let (tokens, documents) = self.documents.iter().unzip();
        Ok(EncoderParts {
            text: serde_json::to_string(self)?,
            tokens,
            documents,
        })
    }

    /// The encoder of [`Encoder::to_parts`].
    ///
    /// # Errors
    /// [`EncoderError`]
    pub fn from_parts(parts: EncoderParts) -> Result<Self, EncoderError> {
        let EncoderParts {
            text,
            tokens,
            documents,
        } = parts;
        #[derive(Deserialize)]
        struct Preamble {
            version: u32,
        }
        let Preamble { version } = serde_json::from_str(&text)?;
        if version != ENCODER_VERSION {
            return Err(EncoderError::Version { found: version });
        }
        let mut encoder: Self = serde_json::from_str(&text)?;
        let fits = tokens.len() == documents.len()
            && encoder.numbers.len() == encoder.settings.numbers.len()
            && encoder.vector_widths.len() == encoder.settings.vectors.len()
            && encoder.edges.is_some() == encoder.settings.degree
            && (1..=65_536).contains(&encoder.settings.hash_buckets);
        if !fits {
            return Err(EncoderError::Parts);
        }
        encoder.documents = tokens.into_iter().zip(documents).collect();
        Ok(encoder)
    }
}
