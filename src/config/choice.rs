//! Closed choices: an enum, the spelling and the meaning of each value, and the spellings it had before.

/// Declares an enum whose variants are the values of a setting.
///
/// The documentation of a variant is the text that `docs/configuration.md` prints. `was` names an earlier spelling.
macro_rules! closed_choice {
    (
        $(#[$meta:meta])*
        $name:ident {
            $($(#[doc = $help:literal])+ $variant:ident = $text:literal $(was $old:literal)*,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
        pub enum $name {
            $(
                $(#[doc = $help])+
                #[serde(rename = $text $(, alias = $old)*)]
                $variant,
            )+
        }

        impl $name {
            /// Every choice, in the order the documentation lists them.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];
            /// The spelling of every choice, in the order of [`Self::ALL`].
            pub const NAMES: &'static [&'static str] = &[$($text,)+];
            /// The spelling and the meaning of every choice, in the order of [`Self::ALL`].
            pub const CHOICES: &'static [$crate::config::Choice] = &[
                $($crate::config::Choice { name: $text, old: &[$($old,)*], help: concat!($($help),+) },)+
            ];

            /// The spelling used in run files, variables and flags.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// The choice spelled `text`, if there is one.
            #[must_use]
            pub fn from_name(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|choice| choice.as_str() == text)
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl $crate::config::accepts::SettingType for $name {
            const ACCEPTS: $crate::config::Accepts = $crate::config::Accepts::Choice(Self::CHOICES);
        }
    };
}

pub(super) use closed_choice;

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use crate::config::{DeviceName, ModelName, SplitMethod};

    #[test]
    fn spelling_agrees_with_serde() {
        for (choice, name) in ModelName::ALL.iter().zip(ModelName::NAMES) {
            assert_eq!(serde_json::to_value(choice).unwrap(), *name);
            assert_eq!(ModelName::from_name(name), Some(*choice));
        }
        assert_eq!(ModelName::LightGcn.to_string(), "lightgcn");
        assert_eq!(DeviceName::from_name("cuda"), None);
    }

    #[test]
    fn records_with_an_earlier_spelling_are_read() {
        let read = |text: &str| serde_json::from_str::<SplitMethod>(text).unwrap();
        assert_eq!(read("\"timeline\""), SplitMethod::Temporal);
        assert_eq!(read("\"item-cold\""), SplitMethod::ColdStartItem);
    }
}
