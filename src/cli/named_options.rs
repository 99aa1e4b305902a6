//! The options that messages name. One text serves the library and all commands, so that it may name an option which
//! the command at hand does not have.

use clap::{Command, CommandFactory};

use super::args::Cli;

/// The message as the command `name` says it: an option that this command does not have gives way to the setting that
/// stands behind it in parentheses, or gets the command in front that has it.
pub(crate) fn as_said_by(name: &str, message: &str) -> String {
    if !message.contains("`--") {
        return message.to_owned();
    }
    let mut program = Cli::command();
    program.build();
    let mut said = String::new();
    let mut rest = message;
    while let Some(at) = rest.find("`--") {
        let (before, quoted) = rest.split_at(at);
        said.push_str(before);
        let Some((option, after)) = quoted[1..].split_once('`') else {
            rest = quoted;
            break;
        };
        let has = |command: &&Command| has_option(command, long_of(option));
        let named = |name: &str| {
            program
                .get_subcommands()
                .find(|command| command.get_name() == name)
        };
        let owner = named("train").filter(has);
        let owner = owner.or_else(|| program.get_subcommands().find(has));
        let setting = after
            .strip_prefix(" (`")
            .and_then(|after| after.split_once("`)"));
        rest = after;
        match (named(name).is_none_or(|own| has(&own)), setting, owner) {
            (false, Some((setting, after)), _) => {
                said.push_str(&format!("`{setting}`"));
                rest = after;
            }
            (false, None, Some(owner)) => {
                let name = owner.get_name();
                said.push_str(&format!("`sagebrush {name} {option}`"));
            }
            _ => said.push_str(&format!("`{option}`")),
        }
    }
    said.push_str(rest);
    said
}

/// The name of an option without its dashes and its value.
fn long_of(option: &str) -> &str {
    let name = option.trim_start_matches('-');
    let end = name.find(|letter: char| !letter.is_ascii_alphanumeric() && letter != '-');
    &name[..end.unwrap_or(name.len())]
}

fn has_option(command: &Command, long: &str) -> bool {
    let mut longs = command
        .get_arguments()
        .filter_map(|argument| argument.get_long());
    longs.any(|known| known == long)
}

#[cfg(all(test, feature = "train"))]
#[allow(clippy::unwrap_used)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::*;
    use crate::config;

    /// Options of programs that are not ours, and what stands for any option of ours.
    const FOREIGN: [&str; 5] = ["features", "release", "lib", "flag", "include"];

    fn program() -> Command {
        let mut program = Cli::command();
        program.build();
        program
    }

    #[test]
    fn a_command_names_its_own_options() {
        let message = "log:1: no user column; name it with `--user-column NAME` (`data.columns.user`), or `--device cpu`";
        assert_eq!(as_said_by("train", message), message);
        assert_eq!(
            as_said_by("embed", message),
            "log:1: no user column; name it with `data.columns.user`, or `sagebrush train --device cpu`"
        );
        for as_it_is in ["a `", "`--", "`--features gpu`", "`--x", "no option"] {
            assert_eq!(as_said_by("embed", as_it_is), as_it_is);
        }
    }

    /// The sources without their tests and comments, lines of a text that goes on joined.
    fn sources() -> Vec<(PathBuf, String)> {
        let mut found = Vec::new();
        let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src")];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "rs")
                    && !name.ends_with("tests")
                {
                    let text = fs::read_to_string(&path).unwrap();
                    let lines = text.lines().take_while(|line| {
                        !line.starts_with("#[cfg(all(test") && *line != "#[cfg(test)]"
                    });
                    let lines = lines.filter(|line| !line.trim_start().starts_with("//"));
                    let mut joined = String::new();
                    for line in lines {
                        match line.strip_suffix('\\') {
                            Some(open) => joined.push_str(open.trim_start()),
                            None => joined.push_str(&format!("{}\n", line.trim_start())),
                        }
                    }
                    found.push((path, joined));
                }
            }
        }
        found
    }

    /// The options in a text, without their dashes.
    fn options(text: &str) -> Vec<&str> {
        let places = text.match_indices("--").map(|(at, _)| at);
        let is_option = |&at: &usize| {
            let before = text[..at].chars().next_back();
            let after = text[at + 2..].chars().next();
            before.is_none_or(|letter| !letter.is_alphanumeric() && letter != '-')
                && after.is_some_and(|letter| letter.is_ascii_lowercase())
        };
        places
            .filter(is_option)
            .map(|at| long_of(&text[at..]))
            .collect()
    }

    #[test]
    fn every_option_that_a_message_names_exists() {
        let program = program();
        let commands: Vec<&Command> = program.get_subcommands().collect();
        let mut wrong = Vec::new();
        for (path, text) in sources() {
            for long in options(&text) {
                let is_known = commands.iter().any(|command| has_option(command, long));
                if !is_known && !FOREIGN.contains(&long) {
                    wrong.push(format!("{}: --{long}", path.display()));
                }
            }
            for (at, _) in text.match_indices("sagebrush ") {
                let line = &text[at + "sagebrush ".len()..];
                let end = line.find(['`', '\n', '"']).unwrap_or(line.len());
                let line = line[..end].split("\\n").next().unwrap_or_default();
                let line = line.split(" && ").next().unwrap_or_default();
                let named = commands
                    .iter()
                    .find(|command| line.split(' ').next() == Some(command.get_name()));
                let Some(command) = named else {
                    continue;
                };
                let missing = options(line)
                    .into_iter()
                    .filter(|long| !has_option(command, long));
                wrong
                    .extend(missing.map(|long| {
                        format!("{}: {} --{long}", path.display(), command.get_name())
                    }));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    /// `section.key` between backticks is a setting, or what `--set` takes.
    #[test]
    fn every_setting_that_a_message_names_exists() {
        let is_setting = |path: &str| config::settings().any(|setting| setting.key == path);
        let is_section = |path: &str| {
            config::settings().any(|setting| setting.key.starts_with(&format!("{path}.")))
        };
        let mut wrong = Vec::new();
        for (path, text) in sources() {
            for quoted in text.split('`').skip(1).step_by(2) {
                let key = quoted.strip_prefix("--set ").unwrap_or(quoted);
                let key = key
                    .trim_start_matches('\'')
                    .split(['=', ' '])
                    .next()
                    .unwrap_or_default();
                let is_path = key
                    .chars()
                    .all(|letter| letter.is_ascii_lowercase() || "._".contains(letter));
                let Some((section, name)) = key.rsplit_once('.').filter(|_| is_path) else {
                    continue;
                };
                if is_section(section)
                    && !["safetensors", "toml"].contains(&name)
                    && !is_setting(key)
                    && !is_section(key)
                {
                    wrong.push(format!("{}: `{quoted}`", path.display()));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
