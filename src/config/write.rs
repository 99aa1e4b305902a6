//! Writes a configuration as TOML: plain for a run directory, annotated for people.

use std::fmt::Write;

use toml::Table;

use super::layers::Origin;
use super::resolve::{Resolved, lookup};
use super::sections::setting::Setting;
use super::sections::{RunConfig, SECTIONS};

/// Columns of a comment.
const WIDTH: usize = 100;

impl RunConfig {
    /// The complete configuration as TOML.
    ///
    /// Every configuration that [`super::resolve`] gives can be written. One put together by hand with a
    /// seed above `i64::MAX` or a path that is not Unicode has no TOML form: the text is then a
    /// comment that says so, which [`RunConfig::from_toml`] refuses.
    #[must_use]
    pub fn to_toml(&self) -> String {
        render(self, |_| Notes::default())
    }
}

impl Resolved {
    /// The complete configuration as TOML for people: above each line what the setting does and the values it
    /// takes, and behind it where the
    /// value came from when it is not the default.
    ///
    /// Reading it back with [`super::resolve`] gives an equal configuration.
    #[must_use]
    pub fn to_annotated_toml(&self) -> String {
        render(&self.config, |setting| {
            notes_for_people(setting, &self.origin(setting.key))
        })
    }
}

/// What stands above a line, and behind it.
#[derive(Default)]
pub(super) struct Notes {
    pub(super) above: String,
    pub(super) behind: String,
}

/// What a setting does and the values it takes, and where its value came from.
pub(super) fn notes_for_people(setting: &Setting, origin: &Origin) -> Notes {
    Notes {
        above: comment(&format!(
            "{} [{}]",
            setting.help(),
            setting.accepts.words().replace('`', "")
        )),
        behind: match origin {
            Origin::Default => String::new(),
            origin => format!(" # from {}", one_line(&origin.to_string())),
        },
    }
}

fn render(config: &RunConfig, notes: impl Fn(&Setting) -> Notes) -> String {
    let table = match Table::try_from(config) {
        Ok(table) => table,
        Err(error) => {
            return format!(
                "# this configuration has no TOML form: {}\n",
                one_line(&error.to_string())
            );
        }
    };
    let mut text = String::new();
    for section in SECTIONS {
        let mut is_open = section.name.is_empty();
        let of_model = |setting: &&Setting| setting.is_of(config.model.name);
        for setting in section.settings.iter().filter(of_model) {
            let Some(value) = lookup(&table, setting.key) else {
                continue;
            };
            if !is_open {
                is_open = true;
                let _ = writeln!(text, "\n[{}]", section.name);
            }
            let name = setting.key.rsplit('.').next().unwrap_or(setting.key);
            let Notes { above, behind } = notes(setting);
            let _ = writeln!(text, "{above}{name} = {value}{behind}");
        }
    }
    text
}

/// A text as lines of a comment.
fn comment(text: &str) -> String {
    let mut lines = vec![String::from("#")];
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if line.len() + 1 + word.len() <= WIDTH => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(format!("# {word}")),
        }
    }
    lines.join("\n") + "\n"
}

/// A file's name as a comment can hold it.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|c| if c.is_control() { '?' } else { c })
        .collect()
}
