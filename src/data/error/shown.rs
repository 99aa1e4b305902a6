//! Foreign text as errors show it: short, valid and visible.

/// A field as an error shows it: valid text of at most 40 characters.
pub(in crate::data) fn excerpt(field: &[u8]) -> String {
    const SHOWN_CHARS: usize = 40;
    shortened(field, SHOWN_CHARS)
}

/// What a foreign decoder said, or the name of a type, as an error shows it.
pub(in crate::data) fn reason(text: &str) -> String {
    const SHOWN_CHARS: usize = 300;
    shortened(text.as_bytes(), SHOWN_CHARS)
}

/// Valid text of at most so many characters, all visible.
fn shortened(field: &[u8], n_chars: usize) -> String {
    let head = &field[..field.len().min(4 * n_chars)];
    let text = String::from_utf8_lossy(head);
    let mut shown = String::new();
    for letter in text.chars().take(n_chars) {
        match letter {
            '"' | '\'' | '\\' => shown.push(letter),
            _ => shown.extend(letter.escape_debug()),
        }
    }
    if text.chars().count() > n_chars || head.len() < field.len() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_huge_field_is_shown_short() {
        assert_eq!(excerpt(b"abc"), "abc");
        assert_eq!(excerpt(b"{\"a\": 1}\0"), "{\"a\": 1}\\0");
        assert_eq!(excerpt(&[b'x'; 1 << 20]).chars().count(), 41);
    }
}
