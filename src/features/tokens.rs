//! Words and categories as hashes.

use unicode_segmentation::UnicodeSegmentation;

use crate::data::{CategoryFields, ItemColumn};

/// The hashes of an item's words and categories, sorted; the same one comes as often as it is said.
pub(super) type Bag = Vec<u64>;

/// Adds the words of a text column, by Unicode's word boundaries (UAX 29), in lower case.
pub(super) fn add_words(bags: &mut [Bag], column: &ItemColumn) {
    add(bags, column, |text, token| {
        text.unicode_words()
            .for_each(|word| token(&word.to_lowercase()));
    });
}

/// Adds the categories of a column, as they are written.
pub(super) fn add_categories(bags: &mut [Bag], column: &ItemColumn, fields: CategoryFields) {
    add(bags, column, |text, token| {
        fields.split(text).into_iter().for_each(token);
    });
}

/// A token is its column's alone: "Alien" the title is not "Alien" the genre.
fn add(bags: &mut [Bag], column: &ItemColumn, tokens: impl Fn(&str, &mut dyn FnMut(&str))) {
    for (bag, value) in bags.iter_mut().zip(&column.values) {
        let Some(text) = value else { continue };
        tokens(text, &mut |token| {
            let mut hasher = blake3::Hasher::new();
            hasher
                .update(column.name.as_bytes())
                .update(&[0])
                .update(token.as_bytes());
            let mut first = [0; 8];
            first.copy_from_slice(&hasher.finalize().as_bytes()[..8]);
            bag.push(u64::from_le_bytes(first));
        });
    }
}
