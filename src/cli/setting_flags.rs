//! Flags that are settings: their names, values, ranges and help come from the definitions of the settings.

use clap::builder::{
    OsStringValueParser, PossibleValue, PossibleValuesParser, StringValueParser, TypedValueParser,
    ValueHint, ValueParser,
};
use clap::{Arg, ArgAction, ArgMatches, Args, Command, Error, FromArgMatches, value_parser};
use toml::{Table, Value};

use crate::config::{self, Accepts, Setting};

/// The id of the argument that stands without a flag.
const FILES: &str = "files";

/// Where interactions come from and how to read them: the flags of `[data]`, nested by section as in a file.
#[derive(Debug, Clone, Default)]
pub(crate) struct DataFlags(pub(crate) Table);

/// The flags of all other sections, in the same form.
#[cfg(feature = "train")]
#[derive(Debug, Clone, Default)]
pub(crate) struct TrainingFlags(pub(crate) Table);

fn of_data() -> impl Iterator<Item = &'static Setting> {
    with_flags().filter(|setting| setting.key.starts_with("data."))
}

#[cfg(feature = "train")]
fn of_training() -> impl Iterator<Item = &'static Setting> {
    with_flags().filter(|setting| !setting.key.starts_with("data."))
}

fn with_flags() -> impl Iterator<Item = &'static Setting> {
    config::settings().filter(|setting| setting.flag.is_some())
}

impl Args for DataFlags {
    fn augment_args(command: Command) -> Command {
        command
            .args(of_data().map(|setting| argument(setting).help_heading("Data")))
            .mut_arg("bundled", |bundled| {
                bundled.conflicts_with_all([FILES, "test", "items"])
            })
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

impl FromArgMatches for DataFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self(given(of_data(), matches)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

#[cfg(feature = "train")]
impl Args for TrainingFlags {
    fn augment_args(command: Command) -> Command {
        command.args(of_training().map(argument))
    }

    fn augment_args_for_update(command: Command) -> Command {
        Self::augment_args(command)
    }
}

#[cfg(feature = "train")]
impl FromArgMatches for TrainingFlags {
    fn from_arg_matches(matches: &ArgMatches) -> Result<Self, Error> {
        Ok(Self(given(of_training(), matches)))
    }

    fn update_from_arg_matches(&mut self, matches: &ArgMatches) -> Result<(), Error> {
        *self = Self::from_arg_matches(matches)?;
        Ok(())
    }
}

/// What `--help` says of a setting.
pub(crate) fn help(setting: &Setting) -> &'static str {
    let text = setting.help();
    text.strip_suffix('.').unwrap_or(text)
}

fn id(setting: &Setting) -> &'static str {
    match setting.flag.map(|flag| flag.long) {
        None | Some("") => FILES,
        Some(long) => long,
    }
}

fn is_switch(setting: &Setting) -> bool {
    setting.flag.is_some_and(|flag| flag.value.is_empty())
}

fn argument(setting: &'static Setting) -> Arg {
    let id = id(setting);
    let mut argument = Arg::new(id).help(help(setting));
    if id != FILES {
        argument = argument.long(id);
    }
    if is_switch(setting) {
        return argument.action(ArgAction::SetTrue);
    }
    argument = argument.value_name(setting.flag.map_or("", |flag| flag.value));
    match setting.accepts {
        Accepts::Whole(from, to) => argument.value_parser(value_parser!(i64).range(from..=to)),
        Accepts::Number(_) => argument.value_parser(value_parser!(f64)),
        Accepts::Choice(choices) => {
            let values = choices.iter();
            let values = values.map(|choice| PossibleValue::new(choice.name).aliases(choice.old));
            argument.value_parser(PossibleValuesParser::new(values))
        }
        Accepts::Path => argument
            .value_parser(path_text())
            .value_hint(ValueHint::AnyPath),
        Accepts::Texts => argument
            .value_parser(StringValueParser::new())
            .action(ArgAction::Append),
        Accepts::Paths => {
            let argument = argument
                .value_parser(path_text())
                .value_hint(ValueHint::AnyPath)
                .action(ArgAction::Append);
            match id {
                FILES => argument.num_args(1..),
                _ => argument,
            }
        }
        _ => argument.value_parser(StringValueParser::new()),
    }
}

/// A path as the text of a setting, whatever its bytes.
fn path_text() -> ValueParser {
    let text = |path: std::ffi::OsString| config::path_text::to_text(path.as_ref());
    OsStringValueParser::new().map(text).into()
}

/// The settings that were given, nested by section.
fn given(settings: impl Iterator<Item = &'static Setting>, matches: &ArgMatches) -> Table {
    let mut table = Table::new();
    for setting in settings {
        if let Some(value) = value(setting, matches) {
            config::insert(&mut table, setting.key, value);
        }
    }
    table
}

fn value(setting: &Setting, matches: &ArgMatches) -> Option<Value> {
    let id = id(setting);
    let text = |text: &String| Value::String(text.clone());
    match setting.accepts {
        Accepts::Choice(choices) if is_switch(setting) => {
            let first = choices.first().filter(|_| matches.get_flag(id))?;
            Some(first.name.into())
        }
        // `--no-...` turns off what is on without it.
        Accepts::Flag if is_switch(setting) => matches
            .get_flag(id)
            .then(|| Value::Boolean(!id.starts_with("no-"))),
        Accepts::Whole(..) => matches.get_one::<i64>(id).map(|&number| number.into()),
        Accepts::Number(_) => matches.get_one::<f64>(id).map(|&number| number.into()),
        Accepts::Texts | Accepts::Paths => {
            let texts = matches.get_many::<String>(id)?;
            Some(Value::Array(texts.map(text).collect()))
        }
        _ => matches.get_one::<String>(id).map(text),
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::cli::args::Cli;
    use crate::data::Format;
    use clap::CommandFactory;

    #[test]
    fn formats_are_those_that_are_read() {
        let format = config::settings().find(|setting| setting.key == "data.format");
        let Accepts::Choice(choices) = format.unwrap().accepts else {
            panic!("`data.format` is a choice");
        };
        let names = choices.iter().map(|choice| choice.name);
        assert!(names.eq(Format::ALL.map(Format::name)));
    }

    #[cfg(feature = "train")]
    #[test]
    fn every_flag_of_train_is_a_setting_or_says_what_to_do() {
        const NO_SETTINGS: [&str; 13] = [
            "config",
            "recipe",
            "set",
            "out",
            "overwrite",
            "resume",
            "print-config",
            "effort",
            "json",
            "quiet",
            "verbose",
            "threads",
            "help",
        ];
        let mut command = Cli::command();
        command.build();
        let train = command.find_subcommand("train").unwrap();
        let mut n_settings = 0;
        for argument in train.get_arguments() {
            let name = argument.get_long().unwrap_or(FILES);
            if NO_SETTINGS.contains(&name) || name == "version" {
                continue;
            }
            let setting = with_flags().find(|setting| id(setting) == name);
            let setting = setting.unwrap_or_else(|| panic!("--{name} is no setting"));
            assert_eq!(argument.get_help().unwrap().to_string(), help(setting));
            n_settings += 1;
        }
        assert_eq!(n_settings, with_flags().count());
    }

    #[cfg(feature = "train")]
    #[test]
    fn flags_set_their_keys() {
        use clap::Parser;
        let arguments = [
            "sagebrush",
            "train",
            "a.csv",
            "b.csv",
            "--test",
            "c.csv",
            "--min-rating",
            "3.5",
            "--split",
            "timeline",
            "--epochs",
            "3",
            "--l2",
            "1e-3",
            "--print-config",
        ];
        let crate::cli::args::Command::Train(train) = Cli::parse_from(arguments).command else {
            panic!("it is `train`");
        };
        let data = toml::to_string(&train.settings.data.0).unwrap();
        assert_eq!(
            data,
            "[data]\nmin_rating = 3.5\ntest = [\"c.csv\"]\ntrain = [\"a.csv\", \"b.csv\"]\n"
        );
        let others = toml::to_string(&train.settings.flags.0).unwrap();
        assert_eq!(
            others,
            "[loss]\nl2 = 0.001\n\n[split]\nmethod = \"timeline\"\n\n[training]\nepochs = 3\n"
        );
    }
}
