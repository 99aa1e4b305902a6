//! What the built program says of itself: its commands, their flags, its settings.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};

/// Models that between them have every setting.
const MODELS: [&str; 10] = [
    "lightgcn",
    "pinsage",
    "chebycf",
    "mf",
    "ngcf-lecture",
    "gf-cf",
    "popularity",
    "item-knn",
    "ease",
    "ials",
];

/// The flags of each command, and the sections of the settings.
pub(crate) struct Program {
    commands: BTreeMap<String, BTreeSet<String>>,
    sections: BTreeSet<String>,
}

/// Runs the program and waits.
fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sagebrush"));
    command.args(arguments).env_remove("RUST_LOG");
    command.output().unwrap()
}

fn help(arguments: &[&str]) -> String {
    let output = run(&[arguments, &["--help"]].concat());
    assert!(output.status.success(), "{arguments:?} --help");
    String::from_utf8(output.stdout).unwrap()
}

impl Program {
    pub(crate) fn ask() -> Self {
        let text = help(&[]);
        let list = text.lines().skip_while(|line| *line != "Commands:").skip(1);
        let names = list
            .take_while(|line| !line.is_empty())
            .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
            .filter_map(|line| line.split_whitespace().next())
            .filter(|name| *name != "help");
        let commands: BTreeMap<String, BTreeSet<String>> = names
            .map(|name| (name.to_owned(), flags_in(&help(&[name]))))
            .collect();
        assert!(commands.contains_key("train"), "commands in {text}");
        let sections = MODELS.iter().flat_map(|model| sections_of(model)).collect();
        Self { commands, sections }
    }

    /// What is wrong with the flags of a text that begins with `sagebrush` or a command, or has flags alone.
    pub(crate) fn unknown_flags(&self, text: &str) -> Vec<String> {
        let mut unknown = Vec::new();
        let mut command: Option<&str> = None;
        let mut words = text.split_whitespace().peekable();
        if let Some(first) = words.peek()
            && self.commands.contains_key(*first)
        {
            command = words.next();
        }
        while let Some(word) = words.next() {
            match word {
                "sagebrush" => {
                    command = words.next();
                    if let Some(name) = command
                        && !name.starts_with('-')
                        && !self.commands.contains_key(name)
                    {
                        unknown.push(format!("`sagebrush {name}` is no command"));
                    }
                }
                "#" => break,
                flag if flag.starts_with("--") && flag.len() > 2 => {
                    let flag = plain_flag(flag);
                    if !self.has(command, flag) {
                        let of = command.unwrap_or("any command");
                        unknown.push(format!("`{flag}` is no flag of {of}"));
                    }
                }
                _ => {}
            }
        }
        unknown
    }

    /// The setting that inline code names, and its value where it has one: `loss.l2` or `loss.l2=0.1`.
    pub(crate) fn as_setting<'a>(&self, span: &'a str) -> Option<(&'a str, Option<&'a str>)> {
        let (key, value) = match span.split_once('=') {
            Some((key, value)) => (key.trim(), Some(value.trim())),
            None => (span, None),
        };
        let is_of_key =
            |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
        let (section, name) = key.split_once('.')?;
        let is_key =
            self.sections.contains(section) && !name.is_empty() && key.chars().all(is_of_key);
        let is_file = value.is_none() && FILES.iter().any(|end| key.ends_with(end));
        (is_key && !is_file).then_some((key, value))
    }

    fn has(&self, command: Option<&str>, flag: &str) -> bool {
        let of_one = command.and_then(|name| self.commands.get(name));
        let common = ["--help", "--version"].contains(&flag);
        common
            || match of_one {
                Some(flags) => flags.contains(flag),
                None => self.commands.values().any(|flags| flags.contains(flag)),
            }
    }
}

/// The outer sections of a model's settings.
fn sections_of(model: &str) -> BTreeSet<String> {
    let output = run(&["train", "--bundled", "--print-config", "--model", model]);
    let text = String::from_utf8(output.stdout).unwrap();
    let names = text
        .lines()
        .filter_map(|line| line.strip_prefix('[')?.strip_suffix(']'));
    let outer = names.filter_map(|name| name.split('.').next());
    outer.map(str::to_owned).collect()
}

fn plain_flag(word: &str) -> &str {
    let is_of_flag = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let end = word.find(|c| !is_of_flag(c)).unwrap_or(word.len());
    &word[..end]
}

fn flags_in(help: &str) -> BTreeSet<String> {
    let words = help.split(|c: char| c.is_whitespace() || c == ',' || c == '[');
    let flags = words.filter(|word| word.starts_with("--"));
    flags.map(|flag| plain_flag(flag).to_owned()).collect()
}

/// Names of files that look like settings.
const FILES: [&str; 7] = [
    ".safetensors",
    ".json",
    ".jsonl",
    ".toml",
    ".html",
    ".txt",
    ".csv",
];

/// Why the program does not take a setting, or what it remarks of an old name, where that is not wanted.
pub(crate) fn refused_setting(key: &str, value: Option<&str>, old_too: bool) -> Option<String> {
    let setting = format!("{key}={}", value.unwrap_or_default());
    let ask = |model| {
        let model = ["--model", model, "--set", &setting];
        run(&[&["train", "--bundled", "--print-config"], &model[..]].concat())
    };
    let message = |output: &Output| String::from_utf8_lossy(&output.stderr).into_owned();
    let outputs: Vec<Output> = match value {
        // What an empty value is told tells whether the key is known.
        None => vec![ask(MODELS[0])],
        Some(_) => MODELS.iter().map(|model| ask(model)).collect(),
    };
    let told: Vec<String> = outputs.iter().map(message).collect();
    let is_taken = match value {
        None => !told[0].contains("unknown key"),
        Some(_) => outputs.iter().any(|output| output.status.success()),
    };
    let is_old = told.iter().find(|message| is_of_old_name(message));
    match (is_taken, is_old) {
        (true, Some(remark)) if !old_too => Some(remark.clone()),
        (true, _) => None,
        (false, _) => Some(told[0].clone()),
    }
}

/// Whether the program remarks that a name or a spelling is an earlier one.
pub(crate) fn is_of_old_name(told: &str) -> bool {
    told.contains("still works")
}

/// Why the program does not take a file of settings.
pub(crate) fn refused_file(path: &Path) -> Option<String> {
    let output = run(&[
        "train",
        "--print-config",
        "--config",
        path.to_str().unwrap(),
    ]);
    (!output.status.success()).then(|| String::from_utf8_lossy(&output.stderr).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_belong_to_their_commands() {
        let program = Program::ask();
        let unknown = |text: &str| program.unknown_flags(text);
        assert_eq!(unknown("sagebrush train a.csv --out b --set x=1"), [""; 0]);
        assert_eq!(unknown("--history ITEM,ITEM"), [""; 0]);
        assert_eq!(unknown("recommend --history A"), [""; 0]);
        assert_eq!(
            unknown("sagebrush inspect --out x"),
            ["`--out` is no flag of inspect"]
        );
        assert_eq!(
            unknown("--rubbish"),
            ["`--rubbish` is no flag of any command"]
        );
        assert_eq!(
            unknown("sagebrush tarin"),
            ["`sagebrush tarin` is no command"]
        );
        assert_eq!(
            unknown("sagebrush evaluate --run a && sagebrush similar --user 1").len(),
            1
        );
    }

    #[test]
    fn settings_are_told_from_files() {
        let program = Program::ask();
        assert_eq!(program.as_setting("loss.l2"), Some(("loss.l2", None)));
        assert_eq!(
            program.as_setting("loss.l2=0.1"),
            Some(("loss.l2", Some("0.1")))
        );
        for other in [
            "model.safetensors",
            "run.toml",
            "data.json",
            "a.b",
            "Model.x",
            "loss",
        ] {
            assert_eq!(program.as_setting(other), None, "{other}");
        }
    }

    #[test]
    fn unknown_settings_and_values_are_refused() {
        assert_eq!(refused_setting("loss.l2", None, false), None);
        assert_eq!(refused_setting("data.items", None, false), None);
        assert_eq!(
            refused_setting("filter.tolerance", Some("0.1"), false),
            None
        );
        assert!(refused_setting("loss.l3", None, false).is_some());
        assert!(refused_setting("loss.kind", Some("none"), false).is_some());
    }
}
