//! The variants of an ablation: groups of item features, or the settings that the user names.

use toml::{Table, Value};

use super::super::settings;
use crate::config::{self, FeatureSettings, RunConfig};
use crate::error::{Result, Usage};

/// Settings with a name, over those that all have in common.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) flags: Table,
}

/// Features that are there or not there together.
#[derive(Debug, Clone, PartialEq)]
enum Group {
    Text,
    Categories,
    Numbers,
    Degree,
    /// A file of vectors, by its place in the settings.
    Vectors(usize),
}

/// The variants; the first is compared with each of the others.
///
/// # Errors
/// [`Usage`] where nothing varies, or a variant has no name, no settings, or the name of another.
pub(super) fn of(config: &RunConfig, asked: &[String]) -> Result<Vec<Variant>> {
    let variants = match (asked, &config.features) {
        ([], Some(features)) => of_features(features)?,
        ([], None) => return Err(Usage(format!(
            "{} reads no features of items: say what to vary, as in `--variant \"small: model.dim=16\"`, or use \
             `--model pinsage`",
            config.model.name
        )).into()),
        (asked, _) => {
            let as_they_are = Variant {
                name: "as set".to_owned(),
                flags: Table::new(),
            };
            let asked = asked.iter().map(|text| parse(text));
            std::iter::once(Ok(as_they_are))
                .chain(asked)
                .collect::<Result<_>>()?
        }
    };
    for (at, variant) in variants.iter().enumerate() {
        let is_same = |other: &&Variant| other.folder() == variant.folder();
        if let Some(other) = variants[..at].iter().find(is_same) {
            return Err(Usage(format!(
                "`{}` and `{}` would share a folder: give one of them another name",
                other.name, variant.name
            ))
            .into());
        }
    }
    Ok(variants)
}

impl Variant {
    /// The name as a part of a path.
    pub(super) fn folder(&self) -> String {
        let letters = self.name.chars().map(|letter| match letter {
            letter if letter.is_alphanumeric() => letter.to_ascii_lowercase(),
            _ => '-',
        });
        let folder: String = letters.collect();
        let parts: Vec<&str> = folder.split('-').filter(|part| !part.is_empty()).collect();
        parts.join("-")
    }
}

/// `NAME: KEY=VALUE KEY=VALUE`.
fn parse(text: &str) -> Result<Variant> {
    let wrong = |what: &str| {
        Usage(format!(
            "`--variant \"{text}\"` {what}: write a name, a colon and settings, such as \
             `--variant \"mean pooling: walks.pooling=mean\"`"
        ))
    };
    let (name, rest) = text.split_once(':').ok_or_else(|| wrong("has no colon"))?;
    let mut pairs: Vec<String> = Vec::new();
    for word in rest.split_whitespace() {
        match pairs.last_mut() {
            // A list may have spaces between its values.
            Some(last) if !begins_setting(word) => {
                last.push(' ');
                last.push_str(word);
            }
            _ => pairs.push(word.to_owned()),
        }
    }
    let variant = Variant {
        name: name.trim().to_owned(),
        flags: settings::of_pairs("--variant", &pairs)?,
    };
    if variant.folder().is_empty() {
        return Err(wrong("has no name").into());
    }
    if variant.flags.is_empty() {
        return Err(wrong("has no settings").into());
    }
    Ok(variant)
}

fn begins_setting(word: &str) -> bool {
    let is_of_key = |letter: char| letter.is_ascii_lowercase() || matches!(letter, '_' | '.');
    word.split_once('=')
        .is_some_and(|(key, _)| !key.is_empty() && key.chars().all(is_of_key))
}

/// All groups, each alone, and all without each.
fn of_features(features: &FeatureSettings) -> Result<Vec<Variant>> {
    let groups = groups(features);
    if groups.len() < 2 {
        let names: Vec<String> = groups.iter().map(|group| group.name(features)).collect();
        return Err(Usage(format!(
            "there is one group of features, {}: name more with `--set` (`features.text`, \
             `features.categories`, `features.numbers`, `features.vectors`, `features.degree`), or say what to vary with `--variant`",
            names.join(", ")
        )).into());
    }
    let alone = groups
        .iter()
        .map(|group| (format!("{} alone", group.name(features)), vec![group]));
    let without = groups.iter().map(|group| {
        let others = groups.iter().filter(|other| *other != group).collect();
        (format!("without {}", group.name(features)), others)
    });
    let all = std::iter::once(("all features".to_owned(), groups.iter().collect()));
    let mut seen: Vec<Vec<&Group>> = Vec::new();
    let mut variants = Vec::new();
    for (name, kept) in all.chain(alone).chain(without) {
        // How many edges an item has is no content by itself; of two groups, one alone is all without the other.
        if kept[..] != [&Group::Degree] && !seen.contains(&kept) {
            let flags = flags(features, &kept);
            variants.push(Variant { name, flags });
            seen.push(kept);
        }
    }
    Ok(variants)
}

fn groups(features: &FeatureSettings) -> Vec<Group> {
    let columns = [
        (Group::Text, !features.text.is_empty()),
        (Group::Categories, !features.categories.is_empty()),
        (Group::Numbers, !features.numbers.is_empty()),
        (Group::Degree, features.degree),
    ];
    let there = columns.into_iter().filter(|(_, there)| *there);
    let vectors = (0..features.vectors.len()).map(Group::Vectors);
    there.map(|(group, _)| group).chain(vectors).collect()
}

impl Group {
    fn name(&self, features: &FeatureSettings) -> String {
        match self {
            Self::Text => "text".to_owned(),
            Self::Categories => "categories".to_owned(),
            Self::Numbers => "numbers".to_owned(),
            Self::Degree => "degree".to_owned(),
            Self::Vectors(at) => features.vectors[*at].display().to_string(),
        }
    }
}

/// The settings that keep some groups and leave out the others.
fn flags(features: &FeatureSettings, kept: &[&Group]) -> Table {
    let columns = |names: &[String], group: Group| {
        let names = names.iter().filter(|_| kept.contains(&&group));
        Value::from(names.cloned().collect::<Vec<String>>())
    };
    let vectors = features.vectors.iter().enumerate();
    let vectors = vectors.filter(|(at, _)| kept.contains(&&Group::Vectors(*at)));
    let vectors: Vec<String> = vectors
        .map(|(_, path)| path.display().to_string())
        .collect();
    let mut table = Table::new();
    for (key, value) in [
        ("features.text", columns(&features.text, Group::Text)),
        (
            "features.categories",
            columns(&features.categories, Group::Categories),
        ),
        (
            "features.numbers",
            columns(&features.numbers, Group::Numbers),
        ),
        ("features.vectors", Value::from(vectors)),
        (
            "features.degree",
            Value::from(kept.contains(&&Group::Degree)),
        ),
    ] {
        config::insert(&mut table, key, value);
    }
    table
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;
    use crate::config::ModelName;

    fn config(change: impl Fn(&mut FeatureSettings)) -> RunConfig {
        let mut config = RunConfig::defaults_for(ModelName::PinSage);
        change(config.features.as_mut().unwrap());
        config
    }

    fn names(variants: &[Variant]) -> Vec<&str> {
        variants.iter().map(|variant| &variant.name[..]).collect()
    }

    #[test]
    fn each_group_is_there_alone_and_missing_once() {
        let config = config(|features| {
            features.numbers = vec!["year".into()];
            features.vectors = vec!["pictures.npy".into()];
        });
        let variants = of(&config, &[]).unwrap();
        let expected = [
            "all features",
            "text alone",
            "numbers alone",
            "pictures.npy alone",
            "without text",
            "without numbers",
            "without pictures.npy",
        ];
        assert_eq!(names(&variants), expected);
        let expected = "[features]\ncategories = []\ndegree = false\nnumbers = [\"year\"]\ntext = []\n\
                        vectors = [\"pictures.npy\"]\n";
        assert_eq!(toml::to_string(&variants[4].flags).unwrap(), expected);
        assert_eq!(variants[6].folder(), "without-pictures-npy");
    }

    #[test]
    fn two_groups_are_three_variants_and_the_degree_is_no_content() {
        let two = config(|features| features.categories = vec!["genres".into()]);
        let expected = ["all features", "text alone", "categories alone"];
        assert_eq!(names(&of(&two, &[]).unwrap()), expected);
        let edges = config(|features| features.degree = true);
        let expected = ["all features", "text alone"];
        assert_eq!(names(&of(&edges, &[]).unwrap()), expected);
        let one = of(&config(|_| ()), &[]).unwrap_err().to_string();
        assert!(
            one.starts_with("there is one group of features, text: name more"),
            "{one}"
        );
    }

    #[test]
    fn what_is_asked_for_stands_beside_the_settings_as_they_are() {
        let asked = [
            "mean + hard: walks.pooling=mean sampling.hard=6".to_owned(),
            "words: features.text=[\"title\", \"plot\"] model.dim=8".to_owned(),
        ];
        let variants = of(&config(|_| ()), &asked).unwrap();
        assert_eq!(names(&variants), ["as set", "mean + hard", "words"]);
        let texts = variants[1..]
            .iter()
            .map(|variant| toml::to_string(&variant.flags).unwrap());
        let expected = [
            "[sampling]\nhard = 6\n\n[walks]\npooling = \"mean\"\n",
            "[features]\ntext = [\"title\", \"plot\"]\n\n[model]\ndim = 8\n",
        ];
        assert!(texts.eq(expected));
        assert_eq!(variants[1].folder(), "mean-hard");
    }

    #[test]
    fn what_cannot_be_a_variant_is_said() {
        let lightgcn = RunConfig::defaults_for(ModelName::LightGcn);
        for (asked, expected) in [
            (&[][..], "lightgcn reads no features of items"),
            (&["model.dim=8"], "has no colon"),
            (&["small:"], "has no settings"),
            (&[" : model.dim=8"], "has no name"),
            (&["small: model.dim"], "has no `=`"),
            (
                &["A-b: seed=1", "a b: seed=2"],
                "`A-b` and `a b` would share a folder",
            ),
        ] {
            let asked: Vec<String> = asked.iter().map(|&text| text.to_owned()).collect();
            let message = of(&lightgcn, &asked).unwrap_err().to_string();
            assert!(message.contains(expected), "{message}");
        }
    }
}
