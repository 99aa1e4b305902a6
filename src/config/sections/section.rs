//! The form in which a section declares its settings.

use super::model_name::ModelName;
use super::setting::Setting;

/// A section of the run file and its settings, in the order they are written.
pub struct SectionDefinition {
    /// Its name, such as `training`; empty for what stands before the first section.
    pub name: &'static str,
    /// What it is about.
    pub(in crate::config) raw_about: &'static str,
    /// The models that have it.
    pub models: &'static [ModelName],
    /// Its settings.
    pub settings: &'static [Setting],
}

impl SectionDefinition {
    /// What it is about.
    #[must_use]
    pub fn about(&self) -> &'static str {
        self.raw_about.trim_start()
    }
}

/// A section as a struct.
pub(in crate::config) trait Section: Sized {
    /// The models that have it.
    const MODELS: &'static [ModelName];
    /// The values of a model when nothing else is said.
    fn defaults_for(model: ModelName) -> Self;
    /// Whether it is written by leaving the section out.
    fn is_absent(&self) -> bool {
        false
    }
}

impl<S: Section> Section for Option<S> {
    const MODELS: &'static [ModelName] = S::MODELS;
    fn defaults_for(model: ModelName) -> Self {
        Self::MODELS
            .contains(&model)
            .then(|| S::defaults_for(model))
    }
    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

/// A dotted path: of a field, or of the name that one had before.
macro_rules! key {
    // A field that is called as a word of Rust.
    ($section:tt r#use) => {
        concat!($section, ".use")
    };
    ("" $field:ident) => {
        stringify!($field)
    };
    ($section:tt $field:ident) => {
        concat!($section, ".", stringify!($field))
    };
    ("" @ $was:literal) => {
        $was
    };
    ($section:tt @ $was:literal) => {
        concat!($section, ".", $was)
    };
}

/// Declares a section: the struct that the program reads and the definitions that everything else is made of.
///
/// ```text
/// section! {
///     /// What the section is about.
///     ["training"] TrainingConfig { models: TRAINED }      // the models that have it, and what all settings share
///
///     /// What the setting does: the one text for `--help`, `--print-config`, docs/configuration.md and rustdoc.
///     learning_rate: f64, was "rate" {                     // its name before; `moved_from "loss.rate"`: its whole key
///         default: 1e-3, for NgcfOfficial | PinSage: 1e-4; // the value, and the models where it differs
///         accepts: POSITIVE,                               // any fields of `Setting` follow, in any order
///         flag: flag("learning-rate", "RATE"),
///     }
///
///     sections {                                           // sections within this one
///         /// Names of the columns.
///         columns: ColumnNames,
///     }
/// }
/// ```
macro_rules! section {
    (
        $(#[doc = $about:literal])+
        [$section:tt] $name:ident { models: $models:expr $(, $shared:ident: $shared_value:expr)* }
        $(
            $(#[doc = $help:literal])+
            $(#[serde($($serde:meta),+)])*
            $field:ident: $type:ty $(, was $was:literal)* $(, moved_from $moved:literal)* {
                default: $default:expr $(, for $($model:ident)|+: $other:expr)*;
                $($property:ident: $value:expr),* $(,)?
            }
        )*
        $(sections {
            $($(#[doc = $inner_about:literal])+ $inner:ident: $inner_type:ty,)+
        })?
    ) => {
        $(#[doc = $about])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        pub struct $name {
            $(
                $(#[doc = $help])+
                $(#[serde($($serde),+)])*
                #[serde(
                    $(alias = $was,)*
                    skip_serializing_if = "crate::config::accepts::SettingType::is_absent"
                )]
                pub $field: $type,
            )*
            $($(
                $(#[doc = $inner_about])+
                #[serde(skip_serializing_if = "crate::config::sections::section::Section::is_absent")]
                pub $inner: $inner_type,
            )+)?
        }

        impl $crate::config::sections::section::Section for $name {
            const MODELS: &'static [$crate::config::ModelName] = $models;

            #[allow(clippy::match_single_binding)]
            fn defaults_for(model: $crate::config::ModelName) -> Self {
                Self {
                    $(
                        $field: match model {
                            $($($crate::config::ModelName::$model)|+ => $other,)*
                            _ => $default,
                        },
                    )*
                    $($($inner: $crate::config::sections::section::Section::defaults_for(model),)+)?
                }
            }
        }

        impl $name {
            /// What its settings have in common.
            const IN_COMMON: $crate::config::Setting = $crate::config::Setting {
                $($shared: $shared_value,)*
                ..$crate::config::Setting::of_section($models)
            };
            /// The section's definition.
            pub(in crate::config) const SECTION: $crate::config::SectionDefinition =
                $crate::config::SectionDefinition {
                    name: $section,
                    raw_about: concat!($($about),+),
                    models: $models,
                    settings: &[
                        $(
                            $crate::config::Setting {
                                key: $crate::config::sections::section::key!($section $field),
                                raw_help: concat!($($help),+),
                                old: &[$($crate::config::sections::section::key!($section @ $was),)* $($moved,)*],
                                $($property: $value,)*
                                ..Self::IN_COMMON.of_type::<$type>()
                            },
                        )*
                    ],
                };
        }
    };
}

pub(in crate::config) use {key, section};
