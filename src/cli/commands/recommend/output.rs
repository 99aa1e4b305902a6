//! Where lists go: a table for a few, one JSON document, or a stream of rows; and what is said of them.

use std::path::Path;

use serde_json::json;

use super::{Blocks, why};
use crate::cli::args::{OutputForm, RecommendArgs};
use crate::cli::output::print;
use crate::cli::session::Session;
use crate::cli::terminal::{Align, Style, Table, count, counted};
use crate::error::{Result, Usage};
use crate::export::{Destination, JsonKey, JsonWhy, KeyTypes, ListFormat, RecommendationWriter};
use crate::inference::{Listed, Recommender, UserList};
use crate::observer::remark;

/// How the lists are shown or written.
pub(super) enum Form {
    /// A table on the terminal.
    Table,
    /// One JSON array of rows, on stdout.
    Json,
    /// Rows in a file or a pipe.
    Rows(Destination, ListFormat),
}

impl Form {
    /// The form that the options ask for: a few users or a history come as a table, everybody as CSV.
    pub(super) fn of(session: &Session, args: &RecommendArgs) -> Result<Self> {
        let is_open = args.out.is_none() && args.to.is_none();
        if is_open && session.json {
            return Ok(Self::Json);
        }
        let are_many = args.all || args.histories.is_some() || !args.users_files.is_empty();
        if is_open && !are_many {
            return Ok(Self::Table);
        }
        let destination = args
            .out
            .as_deref()
            .map_or(Destination::Stdout, Destination::from);
        let format = format(args)?;
        if format == ListFormat::Parquet && destination == Destination::Stdout {
            return Err(Usage("Parquet needs a file: add `--out FILE.parquet`".to_owned()).into());
        }
        if args.why && format != ListFormat::JsonLines {
            return Err(Usage(
                "`--why` has no column in such files: add `--to jsonl`, or `--json`".to_owned(),
            )
            .into());
        }
        destination.check()?;
        Ok(Self::Rows(destination, format))
    }

    /// Reasons of an item, where no number is asked for.
    pub(super) fn reasons(&self) -> usize {
        match self {
            Self::Table => why::SHOWN,
            Self::Json | Self::Rows(..) => usize::MAX,
        }
    }
}

fn format(args: &RecommendArgs) -> Result<ListFormat> {
    Ok(match (args.to, args.out.as_deref()) {
        (Some(OutputForm::Csv), _) => ListFormat::Csv,
        (Some(OutputForm::Jsonl), _) => ListFormat::JsonLines,
        (Some(OutputForm::Parquet), _) => ListFormat::Parquet,
        (None, Some(path)) if path != Path::new("-") => ListFormat::of_path(path)?,
        (None, _) => ListFormat::Csv,
    })
}

/// Writes the lists. The first ones are made before anything is written, so that what cannot be ranked leaves nothing.
pub(super) fn write(
    session: &Session,
    recommender: &Recommender,
    mut lists: Blocks<'_>,
    form: &Form,
    types: KeyTypes,
) -> Result<()> {
    let first = lists.next().transpose()?;
    let blocks = first.map(Ok).into_iter().chain(lists);
    let mut written = Written::default();
    match form {
        Form::Table => show(session, blocks, &mut written)?,
        Form::Json => print_rows(blocks, &mut written, types)?,
        Form::Rows(destination, format) => {
            let with_titles = recommender.has_titles();
            let mut writer =
                RecommendationWriter::create(destination, *format, with_titles, types)?;
            for lists in blocks {
                let lists = lists?;
                written.add(&lists);
                writer.write(&lists)?;
                if writer.is_closed() {
                    break;
                }
            }
            writer.finish()?;
            if *destination != Destination::Stdout {
                written.tell(session, destination)?;
            }
        }
    }
    written.remark(session);
    Ok(())
}

/// What was written, in numbers.
#[derive(Default)]
struct Written {
    users: usize,
    rows: usize,
    shortest: Option<usize>,
    longest: usize,
    popular: usize,
    accounts: why::Accounts,
}

impl Written {
    fn add(&mut self, lists: &[UserList]) {
        self.users += lists.len();
        for list in lists {
            let n = list.items.len();
            self.rows += n;
            self.shortest = Some(self.shortest.map_or(n, |shortest| shortest.min(n)));
            self.longest = self.longest.max(n);
            self.popular += usize::from(!list.source.is_model());
            let whys = list.items.iter().filter_map(|place| place.why.as_deref());
            whys.for_each(|why| self.accounts.add(why));
        }
    }

    fn tell(&self, session: &Session, destination: &Destination) -> Result<()> {
        let shortest = self.shortest.unwrap_or_default();
        if session.json {
            return session.print_json(&json!({
                "out": destination.to_string(), "users": self.users, "rows": self.rows,
                "shortest": shortest, "longest": self.longest, "popularity": self.popular,
            }));
        }
        let each = match shortest == self.longest {
            true => format!("{shortest} items each"),
            false => format!("{shortest} to {} items each", self.longest),
        };
        session.say(&format!(
            "{}, {}, {each}, in {destination}",
            counted(self.users, "user"),
            counted(self.rows, "row"),
        ));
        Ok(())
    }

    fn remark(&self, session: &Session) {
        if self.popular > 0 {
            let text = format!(
                "{} of {} lists are those of the most popular items: nothing of their users was trained on",
                count(self.popular as u64),
                count(self.users as u64)
            );
            remark(session, &text);
        }
        self.accounts.tell(session);
    }
}

type Lists<E> = Result<Vec<UserList>, E>;

fn show<E>(
    session: &Session,
    blocks: impl Iterator<Item = Lists<E>>,
    written: &mut Written,
) -> Result<()>
where
    crate::error::Error: From<E>,
{
    let mut rows = Vec::new();
    let mut with_shares = false;
    for lists in blocks {
        let lists = lists?;
        written.add(&lists);
        let places = lists
            .iter()
            .flat_map(|list| list.items.iter().map(move |place| (list, place)));
        for (list, place) in places {
            rows.push([
                list.user.clone(),
                place.rank.to_string(),
                place.item.clone(),
                format!("{:.4}", place.score),
                String::new(),
                place.title.clone().unwrap_or_default(),
            ]);
            with_shares |= place.why.is_some();
            rows.extend(why::rows(place));
        }
    }
    let columns = [
        ("user", Align::Left),
        ("rank", Align::Right),
        ("item", Align::Left),
        ("score", Align::Right),
        ("share", Align::Right),
        ("title", Align::Left),
    ];
    let is_shown = |name: &str| with_shares || name != "share";
    let mut table = Table::new(columns.into_iter().filter(|column| is_shown(column.0)));
    for row in rows {
        let cells = row.into_iter().zip(columns);
        table.row(
            cells
                .filter(|(_, column)| is_shown(column.0))
                .map(|(cell, _)| cell),
        );
    }
    session.print(&table.render(Style::of_stdout()))
}

/// One JSON array with a row a place, written as it is made.
fn print_rows<E>(
    blocks: impl Iterator<Item = Lists<E>>,
    written: &mut Written,
    types: KeyTypes,
) -> Result<()>
where
    crate::error::Error: From<E>,
{
    let mut before = "[\n  ";
    for lists in blocks {
        let lists = lists?;
        written.add(&lists);
        let mut text = String::new();
        for list in &lists {
            for place in &list.items {
                text.push_str(before);
                text.push_str(&row(list, place, types).to_string());
                before = ",\n  ";
            }
        }
        print(text)?;
    }
    print(if before.starts_with('[') {
        "[]\n"
    } else {
        "\n]\n"
    })?;
    Ok(())
}

fn row(list: &UserList, place: &Listed, types: KeyTypes) -> serde_json::Value {
    let mut row = json!({
        "user": JsonKey::of(&list.user, types.users_are_numbers), "rank": place.rank,
        "item": JsonKey::of(&place.item, types.items_are_numbers), "score": place.score,
    });
    if let Some(title) = &place.title {
        row["title"] = title.as_str().into();
    }
    if !list.source.is_model() {
        row["source"] = json!(list.source);
    }
    if let Some(why) = &place.why {
        row["why"] = json!(JsonWhy::of(why, types.items_are_numbers));
    }
    row
}
