//! The structure of the crate, read from its sources: who imports whom, and what every file and every `unsafe` says.
#![allow(clippy::unwrap_used)]

mod imports;

use std::path::Path;

use imports::{MayKnow, Sources};

/// Which top-level modules of `src` a top-level module may know. The crate root knows all of them.
const MAY_KNOW: MayKnow<'_> = &[];

/// What is asserted; the rest is printed.
const ASSERTED: Asserted = Asserted {
    circles: false,
    table: false,
    headlines: true,
    safety: true,
};

struct Asserted {
    circles: bool,
    table: bool,
    headlines: bool,
    safety: bool,
}

fn none(found: &[String], is_asserted: bool) {
    if is_asserted {
        assert!(found.is_empty(), "{}", found.join("\n"));
    }
    println!("{}", found.join("\n"));
}

#[test]
fn the_sources_have_the_structure_of_the_table() {
    let sources = Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    none(&sources.circles(), ASSERTED.circles);
    none(&sources.forbidden(MAY_KNOW), ASSERTED.table);
    none(&sources.without_headline(), ASSERTED.headlines);
    none(&sources.without_safety(), ASSERTED.safety);
}
