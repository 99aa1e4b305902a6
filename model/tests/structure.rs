//! The structure of the crate, read from its sources: who imports whom, and what every file and every `unsafe` says.
#![allow(clippy::unwrap_used)]

#[path = "../../tests/structure/imports.rs"]
mod imports;

use std::fs;
use std::path::Path;

use imports::{MayKnow, Sources};

/// Which folders a folder may know, from the lowest to the highest. The crate root knows all of them.
const MAY_KNOW: MayKnow<'_> = &[
    ("kernels", &[]),
    ("parameters", &[]),
    ("losses", &[]),
    ("graph", &["kernels"]),
    ("batch", &["graph"]),
    ("ops", &["kernels", "graph", "batch", "losses"]),
    ("scores", &["ops", "parameters"]),
    (
        "models",
        &[
            "kernels",
            "graph",
            "batch",
            "ops",
            "losses",
            "scores",
            "parameters",
        ],
    ),
];

fn none(found: &[String]) {
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn the_sources_have_the_structure_of_the_table() {
    let sources = Sources::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")).unwrap();
    none(&sources.circles());
    none(&sources.forbidden(MAY_KNOW));
    none(&sources.without_headline());
    none(&sources.without_safety());
    none(&sources.with_prints());
}

/// A crate of these files, each with its first line.
fn sources(files: &[(&str, &str)]) -> Sources {
    let dir = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let path = dir.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("//! A file.\n{text}\n")).unwrap();
    }
    Sources::read(dir.path()).unwrap()
}

#[test]
fn a_circle_is_found_through_use_lines_bodies_and_re_exports() {
    let direct = sources(&[
        ("a.rs", "use crate::b::B;\npub struct A;"),
        ("b.rs", "pub struct B;\nfn f() { crate::a::A; }"),
    ]);
    assert_eq!(direct.circles(), ["circle: a.rs, b.rs"]);
    let through_root = sources(&[
        ("lib.rs", "mod a; mod b;\npub use a::A;"),
        ("a.rs", "use super::b::{self, B as Other};\npub struct A;"),
        ("b.rs", "use crate::A;\npub struct B;"),
    ]);
    assert_eq!(through_root.circles(), ["circle: a.rs, b.rs"]);
    let siblings = sources(&[
        ("a/mod.rs", "mod x; mod y;\npub use x::X;"),
        ("a/x.rs", "use super::y::*;\npub struct X;"),
        ("a/y.rs", "fn f(_: super::X) {}"),
    ]);
    assert_eq!(siblings.circles(), ["circle: a/x.rs, a/y.rs"]);
    let three = sources(&[
        ("a.rs", "use crate::{b::{B, c}, d};\n"),
        ("b/mod.rs", "pub mod c;\npub struct B;"),
        ("b/c.rs", "use crate::d::D;"),
        ("d.rs", "pub struct D;\nmod inner { use super::super::a; }"),
    ]);
    assert_eq!(three.circles(), ["circle: a.rs, b/c.rs, d.rs"]);
}

#[test]
fn what_is_no_circle_is_none() {
    let parent_and_child = sources(&[
        ("a/mod.rs", "mod x;\nuse x::X;\npub struct A;"),
        ("a/x.rs", "use super::A;\npub struct X;"),
    ]);
    assert!(parent_and_child.circles().is_empty());
    let words_alone = sources(&[
        ("a.rs", "use crate::b::B;\npub struct A;"),
        (
            "b.rs",
            "// use crate::a::A;\nconst TEXT: &str = \"crate::a::A\";\nconst QUOTE: char = '\"';\n\
             #[cfg(test)]\nmod tests { use crate::a::A; }\npub struct B;",
        ),
    ]);
    assert!(words_alone.circles().is_empty());
    let own_inner_module = sources(&[("a.rs", "mod inner { use super::*; }")]);
    assert!(own_inner_module.circles().is_empty());
}

#[test]
fn an_import_that_the_table_does_not_list_is_found() {
    let files = [
        ("low/mod.rs", "mod x;\n"),
        ("low/x.rs", "fn f() { crate::high::g(); }"),
        ("high.rs", "use crate::low;\npub fn g() {}"),
    ];
    let sources = sources(&files);
    let table: MayKnow<'_> = &[("low", &[]), ("high", &["low"])];
    assert_eq!(sources.forbidden(table), ["low/x.rs may not know high.rs"]);
    let both: MayKnow<'_> = &[("low", &["high"]), ("high", &["low"])];
    assert!(sources.forbidden(both).is_empty());
    let short: MayKnow<'_> = &[("low", &["high"])];
    let missing = sources.forbidden(short);
    assert_eq!(
        missing,
        [
            "high.rs may not know low/mod.rs",
            "high is missing in the table"
        ]
    );
}

#[test]
fn a_missing_headline_and_a_missing_reason_are_found() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("a.rs"), "use std::io;\n").unwrap();
    let found = Sources::read(dir.path()).unwrap().without_headline();
    assert_eq!(found, ["a.rs begins without a `//!` line"]);

    let bare = sources(&[("a.rs", "fn f() {\n    g();\n    unsafe { h() }\n}")]);
    assert_eq!(bare.without_safety(), ["a.rs:4: unsafe without SAFETY"]);
    let above_another = sources(&[(
        "a.rs",
        "// SAFETY: fine.\nlet a = unsafe { f() };\nlet b = unsafe { f() };",
    )]);
    assert_eq!(
        above_another.without_safety(),
        ["a.rs:4: unsafe without SAFETY"]
    );
    let bare_function = sources(&[("a.rs", "/// Does it.\npub unsafe fn f() {}")]);
    assert_eq!(
        bare_function.without_safety(),
        ["a.rs:3: unsafe without SAFETY"]
    );
    let bare_impl = sources(&[("a.rs", "unsafe impl Send for A {}")]);
    assert_eq!(
        bare_impl.without_safety(),
        ["a.rs:2: unsafe without SAFETY"]
    );

    let explained = sources(&[(
        "a.rs",
        "// SAFETY: fine.\nunsafe impl Send for A {}\n/// # Safety\n/// Never.\n#[inline]\npub unsafe fn f() {}\n\
         fn g() {\n    // SAFETY: fine,\n    // and long.\n    let x =\n        unsafe { f() };\n    \"unsafe\";\n}",
    )]);
    assert!(explained.without_safety().is_empty());
}
