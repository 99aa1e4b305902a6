//! Whether a word may be another one, mistyped.

/// How far two words are apart, where it is no more than slips of the keyboard.
pub(super) fn distance(of: &str, known: &str) -> Option<usize> {
    let distance = strsim::damerau_levenshtein(of, known);
    let most = (of.chars().count() / 3).max(1);
    (distance <= most).then_some(distance)
}

/// The known word that a mistyped one stands for, if any is near enough.
pub(super) fn nearest<T: AsRef<str>>(of: &str, known: impl Iterator<Item = T>) -> Option<T> {
    known
        .filter_map(|word| Some((distance(of, word.as_ref())?, word)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_word() {
        assert_eq!(
            nearest("epoch", ["epochs", "device"].iter()),
            Some(&"epochs")
        );
        assert_eq!(nearest("foo", ["dim", "seed"].iter()), None);
    }
}
