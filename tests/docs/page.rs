//! A page of Markdown taken apart: fenced blocks, inline code, links and the anchors of its headings.

use std::path::{Path, PathBuf};

/// Why a block of commands is not run. Any other reason is an error, so that nothing is skipped by a slip of the pen.
pub(crate) const REASONS: [&str; 6] = [
    "cargo",
    "needs-a-gpu",
    "needs-gowalla",
    "takes-minutes",
    "other-program",
    "runs-on",
];

/// A page.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Page {
    /// Its path from the root of the repository.
    pub(crate) path: PathBuf,
    pub(crate) n_lines: usize,
    pub(crate) blocks: Vec<Block>,
    pub(crate) anchors: Vec<String>,
    /// Targets of links, with their lines.
    pub(crate) links: Vec<(usize, String)>,
    /// Inline code, with its line.
    pub(crate) spans: Vec<(usize, String)>,
    /// What is wrong with the page itself.
    pub(crate) faults: Vec<String>,
}

/// A fenced block.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Block {
    /// The line of the fence, from 1.
    pub(crate) line: usize,
    /// The words after the fence, the language first.
    pub(crate) info: Vec<String>,
    pub(crate) text: Vec<String>,
}

/// A command of a page.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Command {
    pub(crate) line: usize,
    pub(crate) text: String,
    /// Why it is not run, where it is not.
    pub(crate) no_test: Option<String>,
}

impl Page {
    /// Takes a text apart; `path` is for messages and relative links.
    pub(crate) fn parse(path: &Path, text: &str) -> Self {
        let mut page = Self {
            path: path.to_owned(),
            n_lines: text.lines().count(),
            ..Self::default()
        };
        let mut open: Option<Block> = None;
        for (line, content) in (1..).zip(text.lines()) {
            let fence = content.trim_start().strip_prefix("```");
            match (&mut open, fence) {
                (Some(_), Some("")) => page.blocks.extend(open.take()),
                (Some(block), _) => block.text.push(content.to_owned()),
                (None, Some(info)) => {
                    let words = info.split([' ', ',']).filter(|word| !word.is_empty());
                    open = Some(Block {
                        line,
                        info: words.map(str::to_owned).collect(),
                        text: Vec::new(),
                    });
                }
                (None, None) => page.prose(line, content),
            }
        }
        if let Some(block) = open {
            page.fault(block.line, "the block is not closed");
        }
        page
    }

    pub(crate) fn fault(&mut self, line: usize, what: &str) {
        self.faults
            .push(format!("{}:{line}: {what}", self.path.display()));
    }

    fn prose(&mut self, line: usize, content: &str) {
        let parts: Vec<&str> = content.split('`').collect();
        if parts.len().is_multiple_of(2) {
            self.fault(line, "inline code does not end on its line");
        }
        let code = parts.iter().skip(1).step_by(2);
        self.spans
            .extend(code.map(|span| (line, (*span).to_owned())));
        let words: Vec<&str> = parts.iter().step_by(2).copied().collect();
        let links = words.join("code");
        let mut rest = links.as_str();
        while let Some((_, after)) = rest.split_once("](") {
            let (target, after) = after.split_once(')').unwrap_or((after, ""));
            self.links.push((line, target.to_owned()));
            rest = after;
        }
        if let Some(title) = content.strip_prefix('#') {
            let slug = slug(title.trim_start_matches('#').trim());
            self.anchors.push(slug);
        }
    }

    /// The commands of the blocks of shell, in order; what cannot be told apart is a fault.
    pub(crate) fn commands(&self) -> Result<Vec<Command>, String> {
        let mut commands = Vec::new();
        for block in &self.blocks {
            commands.extend(
                block
                    .commands()
                    .map_err(|(line, what)| format!("{}:{line}: {what}", self.path.display()))?,
            );
        }
        Ok(commands)
    }
}

impl Block {
    fn is(&self, language: &str) -> bool {
        self.info.first().is_some_and(|first| first == language)
    }

    /// Whether it holds settings, as a file of `--config` does.
    pub(crate) fn is_settings(&self) -> bool {
        self.is("toml")
    }

    fn no_test(&self) -> Result<Option<String>, (usize, String)> {
        let reason = self
            .info
            .iter()
            .find_map(|word| word.strip_prefix("no-test"));
        let Some(reason) = reason else {
            return Ok(None);
        };
        match reason.strip_prefix(':') {
            Some(reason) if REASONS.contains(&reason) => Ok(Some(reason.to_owned())),
            _ => Err((
                self.line,
                format!("`no-test` takes one of {}", REASONS.join(", ")),
            )),
        }
    }

    fn commands(&self) -> Result<Vec<Command>, (usize, String)> {
        let is_console = self.is("console");
        if !is_console && !self.is("sh") {
            return Ok(Vec::new());
        }
        let no_test = self.no_test()?;
        let mut commands = Vec::new();
        let mut lines = (self.line + 1..).zip(&self.text);
        while let Some((line, content)) = lines.next() {
            let typed = match is_console {
                true => content.strip_prefix("$ ").unwrap_or_default(),
                false => content.trim(),
            };
            let mut text = typed.to_owned();
            while let Some(begun) = text.strip_suffix('\\') {
                let Some((_, more)) = lines.next() else {
                    return Err((line, "the command goes on and does not end".to_owned()));
                };
                text = format!("{} {}", begun.trim_end(), more.trim());
            }
            if text.is_empty() || text.starts_with('#') {
                continue;
            }
            if no_test.is_none() && !without_variables(&text).starts_with("sagebrush ") {
                let remedy = "no-test:REASON behind the fence's language";
                return Err((line, format!("`{text}` cannot be run here: write {remedy}")));
            }
            commands.push(Command {
                line,
                text,
                no_test: no_test.clone(),
            });
        }
        Ok(commands)
    }
}

/// A command without the environment variables that stand before it.
pub(crate) fn without_variables(text: &str) -> &str {
    let is_of_name = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    match text.split_once(' ') {
        Some((first, rest))
            if first
                .split_once('=')
                .is_some_and(|(name, _)| !name.is_empty() && name.chars().all(is_of_name)) =>
        {
            without_variables(rest.trim_start())
        }
        _ => text,
    }
}

/// The anchor that GitHub and mdBook give a heading.
fn slug(title: &str) -> String {
    let kept = title
        .chars()
        .filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_'));
    let dashed = kept.map(|c| if c == ' ' { '-' } else { c });
    dashed.flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(text: &str) -> Page {
        Page::parse(Path::new("p.md"), text)
    }

    fn texts(text: &str) -> Vec<String> {
        let commands = page(text).commands().unwrap();
        commands.into_iter().map(|command| command.text).collect()
    }

    #[test]
    fn commands_are_found_in_order_with_their_lines() {
        let text = "# A\n```sh\n# first\nsagebrush a --b \\\n    --c   # why\n\nsagebrush d\n```\n```toml\nsagebrush = 1\n```\n";
        let commands = page(text).commands().unwrap();
        assert_eq!(commands[0].text, "sagebrush a --b --c   # why");
        assert_eq!((commands[0].line, commands[1].line), (4, 7));
        assert_eq!(commands.len(), 2);
    }

    #[test]
    fn a_console_has_output_between_its_commands() {
        let text = "```console\n$ sagebrush a\nsagebrush is what it printed\n$ sagebrush b\n```\n";
        assert_eq!(texts(text), ["sagebrush a", "sagebrush b"]);
    }

    #[test]
    fn another_program_must_say_why_it_is_not_run() {
        let refused = page("```sh\ncargo test\n```\n").commands().unwrap_err();
        assert!(refused.starts_with("p.md:2: `cargo test`"), "{refused}");
        let marked = page("```sh no-test:cargo\ncargo test\n```\n")
            .commands()
            .unwrap();
        assert_eq!(marked[0].no_test.as_deref(), Some("cargo"));
        for slip in ["no-test:bored", "no-test", "no-test:", "no-tests:cargo"] {
            let refused = page(&format!("```sh {slip}\ncargo test\n```\n")).commands();
            assert!(
                refused.unwrap_err().contains("`no-test` takes one of"),
                "{slip}"
            );
        }
    }

    #[test]
    fn variables_may_stand_before_a_command() {
        assert_eq!(
            texts("```sh\nA_B=1 C=x sagebrush a\n```\n"),
            ["A_B=1 C=x sagebrush a"]
        );
        assert!(page("```sh\nA=1 cargo a\n```\n").commands().is_err());
        assert!(page("```sh\na=1 sagebrush a\n```\n").commands().is_err());
    }

    #[test]
    fn a_command_without_an_end_is_refused() {
        assert!(page("```sh\nsagebrush a \\\n```\n").commands().is_err());
        assert_eq!(
            page("a\n```sh\nsagebrush a\n").faults,
            ["p.md:2: the block is not closed"]
        );
    }

    #[test]
    fn links_code_and_anchors_are_told_apart() {
        let page = page(
            "## What `x` is, and why\nSee [a](b.md#c) and `[no](link)`; [`d`](e).\n```sh\n[no](f)\n```\n",
        );
        assert_eq!(page.anchors, ["what-x-is-and-why"]);
        let links: Vec<&str> = page.links.iter().map(|(_, link)| link.as_str()).collect();
        assert_eq!(links, ["b.md#c", "e"]);
        let spans: Vec<&str> = page.spans.iter().map(|(_, span)| span.as_str()).collect();
        assert_eq!(spans, ["x", "[no](link)", "d"]);
        assert!(page.faults.is_empty());
        assert_eq!(
            super::Page::parse(Path::new("p.md"), "an `odd one\n")
                .faults
                .len(),
            1
        );
    }
}
