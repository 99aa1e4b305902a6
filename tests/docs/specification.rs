//! What runs hold, for the page that says what they hold: files, tensors, members of JSON.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use serde_json::Value;

use crate::page::{Command, Page};
use crate::workspace::Workspace;

/// Runs that between them have every file and every tensor.
const RUNS: [&str; 14] = [
    "sagebrush train ratings.csv --items films.csv --model lightgcn --set score.kind=mlp --set sampling.hard=2 \
     --set sampling.hard_from=5 --set sampling.hard_to=20 --set sampling.curriculum=false --out a",
    "sagebrush train ratings.csv --model ngcf-official --set score.kind=bilinear --out b",
    "sagebrush train ratings.csv --model ngcf-paper --min-rating 2 --out c",
    "sagebrush train ratings.csv --model ngcf-lecture --out d",
    "sagebrush train ratings.csv --items films.csv --model pinsage --out e \
     --set 'features.categories=[\"genres\"]' --set 'features.numbers=[\"year\"]' \
     --set 'features.vectors=[\"posters.npy\"]'",
    "sagebrush train ratings.csv --model gf-cf --set filter.vectors=8 --out f",
    "sagebrush train ratings.csv --model popularity --out g",
    "sagebrush train ratings.csv --model item-knn --out h",
    "sagebrush train ratings.csv --effort quick --out j",
    "sagebrush train ratings.csv --model ease --out k",
    "sagebrush evaluate --run a",
    "sagebrush evaluate --run e",
    "sagebrush refit --run a --all --out i",
    "sagebrush refresh --run f ratings.csv --out l",
];
const FOLDERS: [&str; 12] = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l"];
/// Files of JSON and of JSON lines whose members the page lists.
const JSON: [&str; 7] = [
    "MANIFEST.json",
    "began.json",
    "contest.json",
    "data.json",
    "evaluation.json",
    "metrics.jsonl",
    "openings.jsonl",
];

/// What there is in runs.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) files: BTreeSet<String>,
    pub(crate) tensors: BTreeSet<String>,
    pub(crate) members: BTreeSet<String>,
}

impl Found {
    /// What runs of every kind hold; they are made once.
    pub(crate) fn in_runs() -> &'static Self {
        static FOUND: OnceLock<Found> = OnceLock::new();
        FOUND.get_or_init(|| {
            let workspace = Workspace::new();
            for text in RUNS {
                let command = Command {
                    line: 0,
                    text: text.to_owned(),
                    no_test: None,
                };
                workspace
                    .run(&command)
                    .unwrap_or_else(|e| panic!("{text}: {e}"));
            }
            let mut found = Self::default();
            for folder in FOLDERS {
                found.look_into(&workspace.path(folder));
            }
            found
        })
    }

    fn look_into(&mut self, folder: &Path) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                self.look_into(&path);
                continue;
            }
            if name.ends_with(".safetensors") {
                self.tensors.extend(tensors_of(&fs::read(&path).unwrap()));
            }
            if JSON.contains(&&*name) {
                let text = fs::read_to_string(&path).unwrap();
                let values = serde_json::Deserializer::from_str(&text).into_iter::<Value>();
                values.for_each(|value| self.take_members(&value.unwrap()));
            }
            self.files.insert(without_epoch(&name));
        }
    }

    /// The names of members, without those that are names of files or metrics.
    fn take_members(&mut self, value: &Value) {
        match value {
            Value::Array(values) => values.iter().for_each(|value| self.take_members(value)),
            Value::Object(members) => {
                for (name, value) in members {
                    if !name.contains(['.', '@']) {
                        self.members.insert(name.clone());
                    }
                    self.take_members(value);
                }
            }
            _ => {}
        }
    }

    /// What a page does not say.
    pub(crate) fn untold_by(&self, page: &Page) -> Vec<String> {
        let examples: Vec<&String> = page.blocks.iter().flat_map(|block| &block.text).collect();
        let is_told = |name: &String| {
            let quoted = format!("\"{name}\"");
            page.spans
                .iter()
                .any(|(_, span)| span == name || span.ends_with(&format!("/{name}")))
                || examples.iter().any(|line| line.contains(&quoted))
        };
        let all = [&self.files, &self.tensors, &self.members];
        let untold = all.into_iter().flatten().filter(|name| !is_told(name));
        untold.cloned().collect()
    }
}

/// The name of a file, as the page writes it: `NNNNNN` for an epoch.
fn without_epoch(name: &str) -> String {
    match name.strip_prefix("epoch-") {
        Some(rest) => format!("epoch-{}", rest.replace(|c: char| c.is_ascii_digit(), "N")),
        None => name.to_owned(),
    }
}

/// The tensors of a file, as the page writes them: `N` for a layer's number, `NAME` behind a checkpoint's prefixes.
fn tensors_of(bytes: &[u8]) -> BTreeSet<String> {
    let n_header = u64::from_le_bytes(*bytes.first_chunk().unwrap()) as usize;
    let header: Value = serde_json::from_slice(&bytes[8..8 + n_header]).unwrap();
    let names = header.as_object().unwrap().keys();
    names
        .filter(|name| *name != "__metadata__")
        .map(|name| written(name))
        .collect()
}

fn written(name: &str) -> String {
    let checkpoint = ["parameters", "best_parameters", "optimizer"];
    match name.split_once('.') {
        Some((first, _)) if checkpoint.contains(&first) => format!("{first}.NAME"),
        Some(("layers", rest)) => {
            let rest = rest.trim_start_matches(|c: char| c.is_ascii_digit());
            format!("layers.N{rest}")
        }
        _ => name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_page_does_not_say_is_found() {
        let page = Page::parse(
            Path::new("p.md"),
            "`a.json` and `b/c.bin`, `layers.N.bias`\n```json\n{\"m\": 1}\n```\n",
        );
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let found = Found {
            files: names(&["a.json", "c.bin", "d"]),
            tensors: names(&[&written("layers.12.bias"), &written("parameters.x.y")]),
            members: names(&["m", "n"]),
        };
        assert_eq!(found.untold_by(&page), ["d", "parameters.NAME", "n"]);
    }
}
