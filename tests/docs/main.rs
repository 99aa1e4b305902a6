//! The README and the pages of `docs/`: their commands run, their links lead somewhere, what they name exists.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod page;
mod program;
mod specification;
mod workspace;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use page::{Page, REASONS};
use program::Program;
use specification::Found;
use workspace::Workspace;

/// A stranger reads the README in three minutes.
const README_LINES_MAX: usize = 130;
/// The page that specifies the run directory.
const SPECIFICATION: &str = "docs/run-directory.md";
/// Pages that tell earlier names of settings, too.
const OLD_NAMES: [&str; 2] = ["configuration.md", "migration.md"];
/// Pages whose commands run beside each other.
const PAGES_AT_ONCE: usize = 2;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> Page {
    let text =
        fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    Page::parse(path, &text)
}

/// The README and every page of the book.
fn pages() -> Vec<Page> {
    let mut paths = vec![PathBuf::from("README.md")];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        let name = PathBuf::from("docs").join(entry.unwrap().file_name());
        if name.extension().is_some_and(|extension| extension == "md") {
            paths.push(name);
        }
    }
    paths.sort();
    paths.iter().map(|path| read(path)).collect()
}

fn assert_none(faults: &[String]) {
    assert!(
        faults.is_empty(),
        "{} faults:\n{}",
        faults.len(),
        faults.join("\n")
    );
}

/// Runs the commands of a page in one folder; the first that fails ends it.
fn run(page: &Page) -> Result<BTreeMap<String, usize>, String> {
    let mut skipped = BTreeMap::new();
    let workspace = Workspace::new();
    for command in page.commands()? {
        match &command.no_test {
            Some(reason) => *skipped.entry(reason.clone()).or_default() += 1,
            None => workspace.run(&command).map_err(|message| {
                let (page, line) = (page.path.display(), command.line);
                format!("{page}:{line}: `{}` failed: {message}", command.text)
            })?,
        }
    }
    Ok(skipped)
}

#[test]
fn every_command_of_the_documentation_runs() {
    let waiting = Mutex::new(pages());
    let results = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..PAGES_AT_ONCE {
            scope.spawn(|| {
                loop {
                    let Some(page) = waiting.lock().unwrap().pop() else {
                        break;
                    };
                    let result = run(&page);
                    results.lock().unwrap().push(result);
                }
            });
        }
    });
    let (mut faults, mut skipped) = (Vec::new(), BTreeMap::<String, usize>::new());
    for result in results.into_inner().unwrap() {
        match result {
            Err(fault) => faults.push(fault),
            Ok(of_page) => of_page
                .into_iter()
                .for_each(|(reason, n)| *skipped.entry(reason).or_default() += n),
        }
    }
    assert_none(&faults);
    for reason in REASONS {
        let n = skipped.get(reason).copied().unwrap_or(0);
        println!("{n} commands not run: {reason}");
    }
}

#[test]
fn a_command_that_fails_is_told_with_its_place() {
    let page = Page::parse(
        Path::new("p.md"),
        "```sh\nsagebrush inspect none.csv\n```\n",
    );
    let fault = run(&page).unwrap_err();
    assert!(
        fault.starts_with("p.md:2: `sagebrush inspect none.csv` failed: "),
        "{fault}"
    );
    let page = Page::parse(
        Path::new("p.md"),
        "```sh\nsagebrush inspect ratings.csv\n```\n",
    );
    assert_eq!(run(&page), Ok(BTreeMap::new()));
}

#[test]
fn every_page_is_well_formed_and_in_the_summary() {
    let pages = pages();
    let faults: Vec<String> = pages.iter().flat_map(|page| page.faults.clone()).collect();
    assert_none(&faults);
    let summary = read(Path::new("docs/SUMMARY.md"));
    let listed: BTreeSet<PathBuf> = summary
        .links
        .iter()
        .map(|(_, link)| Path::new("docs").join(link))
        .collect();
    let is_in_book = |path: &&PathBuf| path.starts_with("docs") && !path.ends_with("SUMMARY.md");
    let there: BTreeSet<PathBuf> = pages
        .iter()
        .map(|page| &page.path)
        .filter(is_in_book)
        .cloned()
        .collect();
    assert_eq!(listed, there, "pages in docs/SUMMARY.md, and in docs/");
}

#[test]
fn every_link_leads_somewhere() {
    let pages = pages();
    let faults: Vec<String> = pages.iter().flat_map(broken_links).collect();
    assert_none(&faults);
    let page = Page::parse(
        Path::new("docs/p.md"),
        "[a](none.md) [b](SUMMARY.md) [c](#none) [d](https://example.org) [e](../README.md#none)\n",
    );
    assert_eq!(broken_links(&page).len(), 3);
}

fn broken_links(page: &Page) -> Vec<String> {
    let folder = page.path.parent().unwrap();
    let is_outside = |link: &str| link.starts_with("https://") || link.starts_with("mailto:");
    let links = page.links.iter().filter(|(_, link)| !is_outside(link));
    let broken = links.filter_map(|(line, link)| {
        let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
        let target = match file {
            "" => page.path.clone(),
            file => folder.join(file),
        };
        let is_there = root().join(&target).exists() || file.is_empty();
        let anchor_is_there = || match (anchor, file) {
            ("", _) => true,
            (anchor, "") => page.anchors.iter().any(|known| known == anchor),
            (anchor, _) => read(&target).anchors.iter().any(|known| known == anchor),
        };
        let place = format!("{}:{line}", page.path.display());
        match is_there && anchor_is_there() {
            true => None,
            false => Some(format!("{place}: `{link}` leads nowhere")),
        }
    });
    broken.collect()
}

#[test]
fn the_specification_tells_what_runs_hold() {
    let page = read(Path::new(SPECIFICATION));
    assert_none(&Found::in_runs().untold_by(&page));
}

#[test]
fn every_flag_and_setting_exists() {
    let program = Program::ask();
    let tensors = &Found::in_runs().tensors;
    let mut faults = Vec::new();
    let mut settings = BTreeMap::new();
    for page in pages() {
        let place = |line: usize| format!("{}:{line}", page.path.display());
        for (line, span) in &page.spans {
            if !page::without_variables(span).starts_with("cargo ") {
                let unknown = program.unknown_flags(span);
                faults.extend(
                    unknown
                        .iter()
                        .map(|what| format!("{}: {what}", place(*line))),
                );
            }
            let is_tensor = page.path == Path::new(SPECIFICATION) && tensors.contains(span);
            if !is_tensor && let Some((key, value)) = program.as_setting(span) {
                let old_too = OLD_NAMES.iter().any(|name| page.path.ends_with(name));
                let setting = (key.to_owned(), value.map(str::to_owned), old_too);
                settings.entry(setting).or_insert_with(|| place(*line));
            }
        }
        for command in page.commands().unwrap_or_default() {
            if page::without_variables(&command.text).starts_with("sagebrush ") {
                let unknown = program.unknown_flags(&command.text);
                faults.extend(
                    unknown
                        .iter()
                        .map(|what| format!("{}: {what}", place(command.line))),
                );
            }
        }
    }
    for ((key, value, old_too), place) in &settings {
        let refused = program::refused_setting(key, value.as_deref(), *old_too);
        faults.extend(refused.map(|message| format!("{place}: {message}")));
    }
    assert_none(&faults);
}

#[test]
fn every_block_of_settings_is_accepted() {
    let workspace = Workspace::new();
    let mut faults = Vec::new();
    for page in pages() {
        for block in page.blocks.iter().filter(|block| block.is_settings()) {
            let path = workspace.path("settings.toml");
            fs::write(&path, block.text.join("\n")).unwrap();
            let refused = program::refused_file(&path);
            let place = format!("{}:{}", page.path.display(), block.line);
            faults.extend(refused.map(|message| format!("{place}: {message}")));
        }
    }
    assert_none(&faults);
}

#[test]
fn the_readme_is_short() {
    let n_lines = read(Path::new("README.md")).n_lines;
    assert!(n_lines <= README_LINES_MAX, "README.md has {n_lines} lines");
}
