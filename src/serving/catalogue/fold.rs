//! Texts as a search compares them: without case, without accents, one blank between words.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Appends a text to others.
pub(super) fn fold_into(text: &str, folded: &mut String) {
    let begins = folded.len();
    if text.is_ascii() {
        folded.extend(text.chars().map(|letter| letter.to_ascii_lowercase()));
    } else {
        let letters = text.nfd().filter(|&letter| !is_combining_mark(letter));
        folded.extend(letters.flat_map(char::to_lowercase));
    }
    // Control characters are what the names are kept apart by.
    if folded[begins..].contains(|letter: char| letter.is_control()) {
        let clean = folded[begins..].replace(|letter: char| letter.is_control(), " ");
        folded.truncate(begins);
        folded.push_str(&clean);
    }
}

/// A query in words.
pub(super) fn words(query: &str) -> Vec<String> {
    let mut folded = String::with_capacity(query.len());
    fold_into(query, &mut folded);
    folded.split_whitespace().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_do_not_count() {
        assert_eq!(words("  Amélie POULAIN\t1 "), ["amelie", "poulain", "1"]);
        assert_eq!(words("Ångström"), words("A\u{30a}ngstro\u{308}m"));
        assert_eq!(words("千と千尋 İ"), ["千と千尋", "i"]);
        assert_eq!(words("a\0b\n"), ["a", "b"]);
        assert!(words(" \u{301} ").is_empty());
    }
}
