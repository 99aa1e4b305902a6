//! A key as it is looked up: a number, a few bytes in two words, or a longer text.

/// Numbers of this many digits always fit a `u64`.
const MAX_DIGITS: usize = 18;
/// The longest key that fits two words beside its length.
const SHORT_BYTES: usize = 15;
/// How much text of long keys a batch holds before it is full.
const BATCH_TEXT_BYTES: usize = 1 << 20;

/// Errors of giving a key an id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyFault {
    Empty,
    InvalidUtf8,
    TooMany,
}

/// A key. Equal texts are equal keys, whatever their variant in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Key<'k> {
    /// A decimal number as it is printed; one of 19 digits or more may also come as text.
    Number(u64),
    Short(ShortKey),
    Long(&'k [u8]),
}

impl<'k> Key<'k> {
    /// The key of a text, whatever its bytes.
    #[inline]
    pub(super) fn of(text: &'k [u8]) -> Self {
        if let Some(number) = plain_number(text) {
            return Self::Number(number);
        }
        ShortKey::new(text).map_or(Self::Long(text), Self::Short)
    }

    /// What is wrong with it, before it is looked up.
    pub(super) fn fault(self) -> Option<KeyFault> {
        match self {
            Self::Short(short) if short.is_empty() => Some(KeyFault::Empty),
            Self::Short(short) if !short.is_utf8() => Some(KeyFault::InvalidUtf8),
            Self::Long(text) if str::from_utf8(text).is_err() => Some(KeyFault::InvalidUtf8),
            _ => None,
        }
    }
}

/// A text without the white space around it, as Unicode has it (`White_Space`); of text that is not UTF-8 only that of
/// ASCII goes. Every key of a log is trimmed by this, and `IdMap::id` does the same.
#[inline]
pub(super) fn trimmed(text: &[u8]) -> &[u8] {
    let is_visible = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_graphic);
    if is_visible(text.first()) && is_visible(text.last()) {
        return text;
    }
    str::from_utf8(text).map_or_else(|_| text.trim_ascii(), |text| text.trim().as_bytes())
}

/// The value of a text that is a decimal number without leading zeros, of at most 18 digits.
#[inline]
fn plain_number(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > MAX_DIGITS || (text[0] == b'0' && text.len() > 1) {
        return None;
    }
    text.iter().try_fold(0, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then(|| value * 10 + u64::from(digit))
    })
}

/// Whether a text that prints this value is a [`Key::Number`].
pub(super) fn is_plain(value: u64) -> bool {
    value < 10u64.pow(MAX_DIGITS as u32)
}

/// A text of at most 15 bytes; the length is in the last of 16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct ShortKey(u64, u64);

impl ShortKey {
    #[inline]
    fn new(text: &[u8]) -> Option<Self> {
        let n = text.len();
        // Both ends are read as words, which may overlap: cheaper than a copy of any length.
        let (first, second) = match n {
            0 => (0, 0),
            1..=3 => {
                let byte = |at: usize| u64::from(text[at]) << (8 * at);
                (byte(0) | byte(n / 2) | byte(n - 1), 0)
            }
            4..=7 => {
                let (start, end) = (text.first_chunk()?, text.last_chunk()?);
                let end = u64::from(u32::from_le_bytes(*end)) << (8 * (n - 4));
                (u64::from(u32::from_le_bytes(*start)) | end, 0)
            }
            8 => (u64::from_le_bytes(*text.first_chunk()?), 0),
            9..=SHORT_BYTES => {
                let (start, end) = (text.first_chunk()?, text.last_chunk()?);
                let end = u64::from_le_bytes(*end) >> (8 * (16 - n));
                (u64::from_le_bytes(*start), end)
            }
            _ => return None,
        };
        Some(Self(first, second | (n as u64) << 56))
    }

    /// The text, length and all, as a number: short texts sort by their bytes as these numbers do.
    pub(super) fn rank(self) -> u128 {
        u128::from(self.0.swap_bytes()) << 64 | u128::from(self.1.swap_bytes())
    }

    pub(super) fn is_empty(self) -> bool {
        self.1 == 0
    }

    pub(super) fn is_utf8(self) -> bool {
        str::from_utf8(self.bytes().as_slice()).is_ok()
    }

    /// The text, with anything that is not UTF-8 replaced.
    pub(super) fn text(self) -> Box<str> {
        String::from_utf8_lossy(self.bytes().as_slice()).into()
    }

    fn bytes(self) -> ShortBytes {
        let padded = u128::from(self.1) << 64 | u128::from(self.0);
        ShortBytes(padded.to_le_bytes())
    }
}

/// The bytes of a [`ShortKey`], its length last.
struct ShortBytes([u8; SHORT_BYTES + 1]);

impl ShortBytes {
    fn as_slice(&self) -> &[u8] {
        &self.0[..usize::from(self.0[SHORT_BYTES])]
    }
}

/// Keys that wait to be looked up together.
#[derive(Default)]
pub(super) struct KeyBatch {
    keys: Vec<Packed>,
    long_text: Vec<u8>,
}

enum Packed {
    Number(u64),
    Short(ShortKey),
    /// Where the text starts and ends.
    Long(usize, usize),
}

impl KeyBatch {
    #[inline]
    pub(super) fn push(&mut self, key: Key<'_>) {
        self.keys.push(match key {
            Key::Number(number) => Packed::Number(number),
            Key::Short(short) => Packed::Short(short),
            Key::Long(text) => {
                let start = self.long_text.len();
                self.long_text.extend_from_slice(text);
                Packed::Long(start, self.long_text.len())
            }
        });
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = Key<'_>> {
        self.keys.iter().map(|packed| match *packed {
            Packed::Number(number) => Key::Number(number),
            Packed::Short(short) => Key::Short(short),
            Packed::Long(start, end) => Key::Long(&self.long_text[start..end]),
        })
    }

    /// Keeps the keys for which `keep` says so by position.
    pub(super) fn retain(&mut self, keep: &[bool]) {
        let mut keep = keep.iter();
        self.keys.retain(|_| keep.next() == Some(&true));
    }

    pub(super) fn clear(&mut self) {
        self.keys.clear();
        self.long_text.clear();
    }

    /// Whether the texts take so much memory that it is time to look the keys up.
    pub(super) fn is_heavy(&self) -> bool {
        self.long_text.len() >= BATCH_TEXT_BYTES
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn only_numbers_of_eighteen_digits_as_printed_are_plain() {
        assert_eq!(plain_number(b"0"), Some(0));
        let largest = 999_999_999_999_999_999;
        assert_eq!(plain_number(b"999999999999999999"), Some(largest));
        assert!(is_plain(largest) && !is_plain(largest + 1));
        for text in [
            "",
            "00",
            "01",
            "1000000000000000000",
            "-1",
            "+1",
            "1 ",
            "1a",
            "١",
            ":",
            "/",
        ] {
            assert_eq!(plain_number(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn white_space_of_every_kind_goes() {
        for blank in [
            " ", "\t", "\r\n", "\u{b}", "\u{a0}", "\u{2003}", "\u{3000}", "\u{85}",
        ] {
            for key in ["k", "é", "日本", "a b", "7"] {
                let padded = format!("{blank}{blank}{key}{blank}");
                assert_eq!(trimmed(padded.as_bytes()), key.as_bytes(), "{padded:?}");
            }
            assert_eq!(trimmed(blank.as_bytes()), b"");
        }
        // No white space: a mark, a control character.
        for key in ["\u{feff}k", "k\u{200b}", "\u{1f}k\0"] {
            assert_eq!(trimmed(key.as_bytes()), key.as_bytes());
        }
        assert_eq!(trimmed(b" \xff "), b"\xff");
    }

    proptest! {
        #[test]
        fn a_short_key_is_its_text_and_sorts_as_it(
            a in vec(any::<u8>(), 0..17), b in vec(prop::sample::select(vec![0, 1, b'a', 255]), 0..17)
        ) {
            let (short_a, short_b) = (ShortKey::new(&a), ShortKey::new(&b));
            prop_assert_eq!(short_a.is_some(), a.len() <= SHORT_BYTES);
            if let Some(short) = short_a {
                let bytes = short.bytes();
                prop_assert_eq!(bytes.as_slice(), &a[..]);
                prop_assert_eq!(short.is_utf8(), str::from_utf8(&a).is_ok());
            }
            let prefix = |text: &[u8]| ShortKey::new(&text[..text.len().min(3)]);
            for (left, right) in [(short_a, short_b), (short_b, prefix(&b))] {
                if let (Some(left), Some(right)) = (left, right) {
                    let texts = (left.bytes(), right.bytes());
                    prop_assert_eq!(
                        left.rank().cmp(&right.rank()),
                        texts.0.as_slice().cmp(texts.1.as_slice())
                    );
                }
            }
        }

        #[test]
        fn a_batch_gives_back_what_was_put_by(texts in vec(vec(any::<u8>(), 0..40), 0..20)) {
            let mut batch = KeyBatch::default();
            texts.iter().for_each(|text| batch.push(Key::of(text)));
            let expected: Vec<Key<'_>> = texts.iter().map(|text| Key::of(text)).collect();
            prop_assert_eq!(batch.iter().collect::<Vec<_>>(), expected);
        }
    }
}
