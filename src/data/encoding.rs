//! The encoding of a text: UTF-8, or one that is converted while it is read.

use std::fmt;
use std::io::{self, Read};
use std::str::FromStr;

use encoding_rs::{Decoder, DecoderResult};
use serde::{Deserialize, Serialize};

/// Bytes of the text that are decoded at once.
const CHUNK_BYTES: usize = 64 << 10;

/// An encoding by its name in the WHATWG standard, such as `windows-1252`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Encoding(&'static encoding_rs::Encoding);

impl Encoding {
    /// The encoding a text begins in as it looks: by its mark, or, without one, by a zero in every second byte.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        const LOOKED_AT: usize = 32;
        if head.starts_with(b"\xff\xfe\0\0") {
            return None;
        }
        if let Some((marked, _)) = encoding_rs::Encoding::for_bom(head) {
            return Some(Self(marked));
        }
        let head = &head[..head.len().min(LOOKED_AT) / 2 * 2];
        let pairs = || head.chunks_exact(2);
        if head.len() < 4 {
            None
        } else if pairs().all(|pair| pair[0] != 0 && pair[1] == 0) {
            Some(Self(encoding_rs::UTF_16LE))
        } else if pairs().all(|pair| pair[0] == 0 && pair[1] != 0) {
            Some(Self(encoding_rs::UTF_16BE))
        } else {
            None
        }
    }

    pub(super) fn is_utf8(self) -> bool {
        self.0 == encoding_rs::UTF_8
    }

    /// The name.
    pub fn name(self) -> &'static str {
        self.0.name()
    }
}

impl fmt::Display for Encoding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Encoding {
    type Err = String;

    /// Any label of the standard, and the spellings of Python: `latin-1`, `utf_16`, `utf-8-sig`, `cp1252`.
    fn from_str(name: &str) -> Result<Self, Self::Err> {
        let label = name.trim().to_ascii_lowercase().replace('_', "-");
        let label = match &*label {
            "latin-1" | "iso-latin-1" => "latin1",
            "utf-8-sig" | "utf8-sig" => "utf-8",
            "utf16" => "utf-16",
            "utf-16-le" => "utf-16le",
            "utf-16-be" => "utf-16be",
            other => other,
        };
        let found = encoding_rs::Encoding::for_label_no_replacement(label.as_bytes());
        found.map(Self).ok_or_else(|| {
            format!(
                "`{name}` is not an encoding that is read; use one such as `utf-8`, `latin1`, `windows-1252`, \
                 `utf-16le`, `shift_jis` or `gb18030`"
            )
        })
    }
}

impl TryFrom<String> for Encoding {
    type Error = String;

    fn try_from(name: String) -> Result<Self, Self::Error> {
        name.parse()
    }
}

impl From<Encoding> for String {
    fn from(encoding: Encoding) -> Self {
        encoding.name().to_owned()
    }
}

/// Bytes that are no text in their encoding.
#[derive(Debug, thiserror::Error)]
#[error("not valid {0}")]
pub(super) struct Malformed(pub(super) &'static str);

/// Hands a text on in UTF-8.
pub(super) struct DecodingReader<R> {
    inner: R,
    decoder: Decoder,
    encoded: Vec<u8>,
    /// Decoded bytes, and how many of them were handed on.
    decoded: Vec<u8>,
    given: usize,
    is_done: bool,
}

impl<R: Read> DecodingReader<R> {
    /// A mark at the beginning is left out; one of another Unicode encoding wins over `encoding`.
    pub(super) fn new(inner: R, encoding: Encoding) -> Self {
        Self {
            inner,
            decoder: encoding.0.new_decoder(),
            encoded: vec![0; CHUNK_BYTES],
            decoded: Vec::new(),
            given: 0,
            is_done: false,
        }
    }

    fn decode_more(&mut self) -> io::Result<()> {
        let n = self.inner.read(&mut self.encoded)?;
        self.is_done = n == 0;
        let name = self.decoder.encoding().name();
        let malformed = || io::Error::new(io::ErrorKind::InvalidData, Malformed(name));
        let most = self.decoder.max_utf8_buffer_length_without_replacement(n);
        self.decoded.resize(most.ok_or_else(malformed)?, 0);
        let (result, _, written) = self.decoder.decode_to_utf8_without_replacement(
            &self.encoded[..n],
            &mut self.decoded,
            self.is_done,
        );
        self.given = 0;
        self.decoded.truncate(written);
        match result {
            DecoderResult::InputEmpty => Ok(()),
            DecoderResult::Malformed(..) | DecoderResult::OutputFull => Err(malformed()),
        }
    }
}

impl<R: Read> Read for DecodingReader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.given == self.decoded.len() && !self.is_done {
            self.decode_more()?;
        }
        let n = buffer.len().min(self.decoded.len() - self.given);
        buffer[..n].copy_from_slice(&self.decoded[self.given..][..n]);
        self.given += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn decoded(bytes: &[u8], encoding: &str) -> Result<String, String> {
        let mut text = String::new();
        let mut reader = DecodingReader::new(bytes, encoding.parse()?);
        match reader.read_to_string(&mut text) {
            Ok(_) => Ok(text),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn bytes_become_the_text_they_are() {
        // iconv -f UTF-8 -t …
        for (bytes, encoding) in [
            (&b"caf\xe9"[..], "latin1"),
            (b"caf\xe9", "Latin-1"),
            (b"caf\xe9", "cp1252"),
            (b"c\0a\0f\0\xe9\0", "utf_16_le"),
            (b"\xff\xfec\0a\0f\0\xe9\0", "utf-16"),
            (b"\xfe\xff\0c\0a\0f\0\xe9", "utf-16"),
            (b"\xef\xbb\xbfcaf\xc3\xa9", "latin1"),
        ] {
            assert_eq!(decoded(bytes, encoding).unwrap(), "café", "{encoding}");
        }
        let long = [&[b'a'; CHUNK_BYTES - 1][..], b"\xe3\x81\x82"].concat();
        assert_eq!(decoded(&long, "utf-8").unwrap().as_bytes(), long);
        assert!(decoded(b"\xff", "utf-8").unwrap_err().contains("UTF-8"));
        assert!(
            decoded(b"a\0b", "utf-16le")
                .unwrap_err()
                .contains("UTF-16LE")
        );
        assert!(
            "klingon"
                .parse::<Encoding>()
                .unwrap_err()
                .contains("latin1")
        );
    }

    #[test]
    fn utf16_is_known_by_its_mark_or_its_zeros() {
        let of = |head: &[u8]| Encoding::of(head).map(Encoding::name);
        assert_eq!(of(b"\xff\xfeu\0"), Some("UTF-16LE"));
        assert_eq!(of(b"\xfe\xff\0u"), Some("UTF-16BE"));
        assert_eq!(of(b"u\0s\0e\0"), Some("UTF-16LE"));
        assert_eq!(of(b"\0u\0s\0e"), Some("UTF-16BE"));
        assert_eq!(of(b"\xef\xbb\xbfuser"), Some("UTF-8"));
        for other in [
            &b"user,item"[..],
            b"a\0b",
            b"\0\0\0\0",
            b"",
            b"\xff\xfe\0\0u\0\0\0",
        ] {
            assert_eq!(of(other), None, "{other:?}");
        }
    }
}
