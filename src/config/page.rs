//! `docs/configuration.md`, made of the definitions of the settings.

#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::path::Path;

use toml::{Table, Value};

use super::resolve::lookup;
use super::sections::SECTIONS;
use super::{
    Accepts, Limit, ModelName, Over, RunConfig, SectionDefinition, Setting, Tune, Usual, resolve,
    settings,
};

const INTRODUCTION: &str = "\
# Configuration

Every setting of a run, by section of the run file. This page is generated from the definitions in
`src/config/sections`: change those, then write it anew with
`SAGEBRUSH_BLESS=1 cargo test --lib configuration_page`.

`sagebrush train --print-config` prints the settings of a run as a file that `--config` takes back, and
`--set KEY=VALUE` sets any of them. An unknown key, a value out of range, or a setting that the chosen model does not
have is refused. An earlier name still works, and a remark tells the present one.

The column *tune* says what `sagebrush tune` does with a setting: the range it searches when `--vary` names nothing,
*on request* where `--vary` has to name it, or why it cannot vary.
";

/// What stands at the end of the page; a test runs its example.
const LAYERS: &str = "\
## How layers combine

A value comes from the first of these layers that has one:

1. a flag: `--epochs 30`, or `--set training.epochs=30`;
2. an environment variable: `SAGEBRUSH_` and the key in capitals with `_` for `.`, such as
   `SAGEBRUSH_TRAINING_EPOCHS=30`; lists are separated by commas;
3. the file of `--config`, or the recipe of `--recipe`;
4. the default, which may depend on the model. The model is looked for in all layers first.

With this file as `run.toml`

```toml
[model]
name = \"mf\"

[training]
epochs = 10
patience = 3
```

the command

```sh
SAGEBRUSH_TRAINING_PATIENCE=5 sagebrush train log.csv --config run.toml --epochs 30 --out my-run
```

trains `mf` (file) for at most 30 epochs (flag) with a patience of 5 (variable) and the learning rate 0.001 (default of
`mf`).
";

fn page() -> String {
    let mut page = INTRODUCTION.to_owned();
    for section in SECTIONS {
        let title = match section.name {
            "" => "Before the first section".to_owned(),
            name => format!("`[{name}]`"),
        };
        let _ = writeln!(page, "\n## {title}\n\n{}\n", section.about());
        if section.models.len() < ModelName::ALL.len() {
            let _ = writeln!(page, "Models: {}.\n", names(section.models));
        }
        page.push_str("| key | values | default | what it does | earlier name | tune |\n");
        page.push_str("|---|---|---|---|---|---|\n");
        for setting in section.settings {
            page.push_str(&row(section, setting));
        }
        for setting in section.settings {
            page.push_str(&choices(setting));
        }
    }
    page + "\n" + LAYERS
}

fn row(section: &SectionDefinition, setting: &Setting) -> String {
    let mut what = setting.help().replace('|', "\\|");
    if let Some(flag) = setting.flag {
        let _ = match (flag.long, flag.value) {
            ("", value) => write!(what, " Flag: `{value}`."),
            (long, "") => write!(what, " Flag: `--{long}`."),
            (long, value) => write!(what, " Flag: `--{long} {value}`."),
        };
    }
    let old: Vec<String> = setting.old.iter().map(|old| format!("`{old}`")).collect();
    let cells = [
        format!("`{}`", setting.key),
        values(section, setting),
        defaults(setting),
        what,
        old.join(", "),
        tune(setting),
    ];
    format!("| {} |\n", cells.join(" | "))
}

fn names(models: &[ModelName]) -> String {
    let names: Vec<&str> = models.iter().map(|model| model.as_str()).collect();
    names.join(", ")
}

fn values(section: &SectionDefinition, setting: &Setting) -> String {
    let mut text = setting.accepts.words();
    for Limit {
        models, accepts, ..
    } in setting.limits
    {
        let _ = write!(text, "; {}: {}", names(models), accepts.words());
    }
    if setting.models.len() < section.models.len() {
        let _ = write!(text, "; {} only", names(setting.models));
    }
    text
}

/// The default of most models, and where it differs.
fn defaults(setting: &Setting) -> String {
    if setting.key == "model.name" {
        return format!("`{}`; of `train` `{}`", super::DEFAULT_MODEL, super::AUTO);
    }
    let mut groups: Vec<(String, Vec<ModelName>)> = Vec::new();
    for &model in setting.models {
        let table = Table::try_from(RunConfig::defaults_for(model)).unwrap();
        let value = match lookup(&table, setting.key) {
            Some(Value::String(text)) => format!("`{text}`"),
            Some(value) => format!("`{value}`"),
            None => "none".to_owned(),
        };
        match groups.iter_mut().find(|(known, _)| *known == value) {
            Some((_, models)) => models.push(model),
            None => groups.push((value, vec![model])),
        }
    }
    groups.sort_by_key(|(_, models)| std::cmp::Reverse(models.len()));
    let mut groups = groups.into_iter();
    let (usual, _) = groups.next().unwrap();
    let others = groups.map(|(value, models)| format!("; {}: {value}", names(&models)));
    others.fold(usual, |text, other| text + &other)
}

fn tune(setting: &Setting) -> String {
    match setting.tune {
        Tune::Asked => "on request".to_owned(),
        Tune::Fixed(reason) => format!("no: {reason}"),
        Tune::Usually(ranges) => {
            let of_range = |range: &Usual| {
                let scale = match range.over {
                    Over::Values(_) => "",
                    Over::Linear(..) => " linear",
                    Over::Log(..) => " logarithmic",
                };
                let when = match range.when_words {
                    "" => String::new(),
                    words => format!(" ({words})"),
                };
                format!("`{}`{scale}{when}", range.over)
            };
            let ranges: Vec<String> = ranges.iter().map(of_range).collect();
            ranges.join("; ")
        }
    }
}

/// What the values of a choice mean, where anything is said of them.
fn choices(setting: &Setting) -> String {
    let Accepts::Choice(choices) = setting.accepts else {
        return String::new();
    };
    if choices.iter().all(|choice| choice.help.is_empty()) {
        return String::new();
    }
    let mut text = format!("\n`{}`:\n\n", setting.key);
    for choice in choices {
        let old: Vec<String> = choice
            .old
            .iter()
            .map(|old| format!(", earlier `{old}`"))
            .collect();
        let _ = writeln!(
            text,
            "- `{}`{}: {}",
            choice.name,
            old.concat(),
            choice.help.trim_start()
        );
    }
    text
}

#[test]
fn configuration_page_is_in_step() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    if std::env::var_os("SAGEBRUSH_BLESS").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, page()).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == page(),
        "docs/configuration.md is behind the definitions: run `SAGEBRUSH_BLESS=1 cargo test --lib configuration_page`"
    );
}

#[test]
fn the_example_of_the_configuration_page_is_true() {
    let file = LAYERS.split("```toml\n").nth(1).unwrap();
    let file = file.split("```").next().unwrap();
    let command = LAYERS.split("```sh\n").nth(1).unwrap();
    assert!(
        command.starts_with("SAGEBRUSH_TRAINING_PATIENCE=5 ") && command.contains("--epochs 30")
    );
    let variable = ("SAGEBRUSH_TRAINING_PATIENCE".to_owned(), "5".to_owned());
    let flags: Table = "training.epochs = 30".parse().unwrap();
    let resolved = resolve(Some(("run.toml", file)), std::iter::once(variable), flags).unwrap();
    let training = resolved.config.training;
    assert_eq!(resolved.config.model.name, ModelName::Mf);
    assert_eq!((training.epochs, training.patience), (30, 5));
    assert_eq!(training.learning_rate, 0.001);
}

#[test]
fn every_setting_says_what_it_does() {
    for setting in settings() {
        let help = setting.help();
        assert!(
            help.len() > 8 && help.ends_with('.'),
            "{}: {help:?}",
            setting.key
        );
        assert!(!help.contains("  "), "{}: {help:?}", setting.key);
    }
}
