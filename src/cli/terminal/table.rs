//! Tables: framed on a terminal, tab-separated in a pipe.

use std::io::{self, IsTerminal};

use comfy_table::presets::UTF8_HORIZONTAL_ONLY;
use comfy_table::{Cell, CellAlignment, ContentArrangement};

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Style {
    /// For a person: aligned and framed, at most this many columns wide where that is known.
    Terminal {
        /// The width of the terminal.
        width: Option<u16>,
        /// Whether titles may be bold.
        color: bool,
    },
    /// For a program: one line a row, cells between tabs.
    Plain,
}

impl Style {
    /// The style that fits the standard output of this process: a terminal or a pipe, its width
    /// from `COLUMNS`, no color where `NO_COLOR` is set and not empty.
    pub(crate) fn of_stdout() -> Self {
        if !io::stdout().is_terminal() {
            return Self::Plain;
        }
        let width = std::env::var("COLUMNS")
            .ok()
            .and_then(|text| text.parse().ok());
        let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
        Self::Terminal {
            width,
            color: !no_color && !dumb,
        }
    }

    /// The same for the standard error stream, where a table stands among remarks.
    pub(crate) fn of_stderr() -> Self {
        match io::stderr().is_terminal() {
            true => Self::of_stdout(),
            false => Self::Plain,
        }
    }

    /// A heading above a table; nothing in a pipe, where it would be one more line to parse.
    pub(crate) fn heading(self, text: &str) -> String {
        match self {
            Self::Plain => String::new(),
            Self::Terminal { color: true, .. } => format!("\x1b[1m{}\x1b[0m\n", clean(text)),
            Self::Terminal { color: false, .. } => format!("{}\n", clean(text)),
        }
    }
}

/// The side a column leans to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Align {
    /// Text.
    Left,
    /// Numbers.
    Right,
}

/// A table with a header.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    columns: Vec<(String, Align)>,
    rows: Vec<Vec<String>>,
}

impl Table {
    /// An empty table with these columns.
    pub(crate) fn new<T: Into<String>>(columns: impl IntoIterator<Item = (T, Align)>) -> Self {
        let columns = columns
            .into_iter()
            .map(|(name, align)| (name.into(), align))
            .collect();
        Self {
            columns,
            rows: Vec::new(),
        }
    }

    /// Appends a row; missing cells are empty.
    pub(crate) fn row<T: Into<String>>(&mut self, cells: impl IntoIterator<Item = T>) -> &mut Self {
        let mut cells: Vec<String> = cells.into_iter().map(Into::into).collect();
        cells.resize(self.columns.len(), String::new());
        self.rows.push(cells);
        self
    }

    /// The table as text that ends with a line break.
    pub(crate) fn render(&self, style: Style) -> String {
        let names: Vec<String> = self.columns.iter().map(|(name, _)| name.clone()).collect();
        match style {
            Style::Plain => lines(std::iter::once(&names).chain(&self.rows)),
            Style::Terminal { width, .. } => {
                let aligns: Vec<Align> = self.columns.iter().map(|&(_, align)| align).collect();
                let mut table = frame(width);
                table.set_header(cells(&names, &aligns));
                table.add_rows(self.rows.iter().map(|row| cells(row, &aligns)));
                trimmed(&table)
            }
        }
    }
}

/// Names and values, one pair a line.
pub(crate) fn key_values<K: AsRef<str>, V: AsRef<str>>(pairs: &[(K, V)], style: Style) -> String {
    let rows: Vec<Vec<String>> = pairs
        .iter()
        .map(|(name, value)| vec![name.as_ref().to_owned(), value.as_ref().to_owned()])
        .collect();
    match style {
        Style::Plain => lines(rows.iter()),
        Style::Terminal { width, .. } => {
            let mut table = frame(width);
            table.load_style(comfy_table::presets::NOTHING);
            table.add_rows(
                rows.iter()
                    .map(|row| cells(row, &[Align::Left, Align::Left])),
            );
            trimmed(&table)
        }
    }
}

fn frame(width: Option<u16>) -> comfy_table::Table {
    let mut table = comfy_table::Table::new();
    table.load_style(UTF8_HORIZONTAL_ONLY);
    if let Some(width) = width {
        table
            .set_width(width)
            .set_content_arrangement(ContentArrangement::Dynamic);
    }
    table
}

fn cells(texts: &[String], aligns: &[Align]) -> Vec<Cell> {
    let cell = |(text, align): (&String, &Align)| {
        Cell::new(clean(text)).set_alignment(match align {
            Align::Left => CellAlignment::Left,
            Align::Right => CellAlignment::Right,
        })
    };
    texts.iter().zip(aligns).map(cell).collect()
}

fn trimmed(table: &comfy_table::Table) -> String {
    table
        .lines()
        .map(|line| format!("{}\n", line.trim_end()))
        .collect()
}

fn lines<'a>(rows: impl Iterator<Item = &'a Vec<String>>) -> String {
    let line = |row: &Vec<String>| {
        let cells: Vec<String> = row.iter().map(|cell| clean(cell)).collect();
        format!("{}\n", cells.join("\t"))
    };
    rows.map(line).collect()
}

/// Text without control characters: a key or a title from a file must not steer the terminal, nor
/// break a row in two.
fn clean(text: &str) -> String {
    text.chars()
        .map(|character| {
            if character.is_control() {
                ' '
            } else {
                character
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Table {
        let mut table = Table::new([("model", Align::Left), ("recall@20", Align::Right)]);
        table
            .row(["LightGCN", "0.1071"])
            .row(["a\tb\x1b[31m\nc", "1"])
            .row(["short"]);
        table
    }

    #[test]
    fn a_pipe_gets_one_line_a_row_and_no_control_character() {
        assert_eq!(
            sample().render(Style::Plain),
            "model\trecall@20\nLightGCN\t0.1071\na b [31m c\t1\nshort\t\n"
        );
        assert_eq!(
            key_values(&[("users", "1,234")], Style::Plain),
            "users\t1,234\n"
        );
        assert_eq!(Style::Plain.heading("Metrics"), "");
    }

    #[test]
    fn a_terminal_gets_aligned_columns_without_escapes() {
        let text = sample().render(Style::Terminal {
            width: None,
            color: false,
        });
        assert!(!text.contains('\x1b'));
        let ends = |needle: &str| text.lines().any(|line| line.ends_with(needle));
        assert!(
            ends("recall@20") && ends("   0.1071") && ends("        1"),
            "{text}"
        );
    }

    #[test]
    fn a_narrow_terminal_wraps() {
        let text = sample().render(Style::Terminal {
            width: Some(20),
            color: true,
        });
        assert!(
            text.lines().all(|line| line.chars().count() <= 20),
            "{text}"
        );
    }

    #[test]
    fn headings_are_bold_only_in_color() {
        let style = |color| Style::Terminal { width: None, color };
        assert_eq!(style(true).heading("Data"), "\x1b[1mData\x1b[0m\n");
        assert_eq!(style(false).heading("Data"), "Data\n");
    }
}
