//! All settings by name: finds the one at a path, and suggests one for a path that does not exist.

use super::error::SettingError;
use super::remark;
use super::sections::SECTIONS;
use super::sections::setting::{Setting, variable};
use super::slip;

/// Every setting, in the order a file is written.
pub fn settings() -> impl Iterator<Item = &'static Setting> {
    SECTIONS.iter().flat_map(|section| section.settings)
}

/// The setting at a dotted path, with the path where it is an earlier name.
pub(super) fn find(path: &str) -> Option<(&'static Setting, Option<&'static str>)> {
    let by_name = settings().find(|setting| setting.key == path);
    by_name.map(|setting| (setting, None)).or_else(|| {
        settings().find_map(|setting| {
            let old = setting.old.iter().find(|old| **old == path)?;
            Some((setting, Some(*old)))
        })
    })
}

/// The setting at a dotted path, by its name or an earlier one, which a remark tells; `place` is for messages.
///
/// # Errors
/// There is none; one near to it is named, or those of its section.
pub fn setting_named(place: &str, path: &str) -> Result<&'static Setting, SettingError> {
    let (setting, old) = find(path).ok_or_else(|| SettingError::UnknownKey {
        place: place.to_owned(),
        key: path.to_owned(),
        hint: hint(path),
    })?;
    if let Some(old) = old {
        remark::renamed_key(old, setting.key);
    }
    Ok(setting)
}

/// The key that `path` has now, where it is one or was one.
#[must_use]
pub fn current_key(path: &str) -> Option<&'static str> {
    find(path).map(|(setting, _)| setting.key)
}

/// Whether there is a section of this name.
pub(super) fn is_section(name: &str) -> bool {
    SECTIONS.iter().any(|section| section.name == name)
}

/// The setting that a variable sets, with its earlier key where the variable is of that.
pub(super) fn of_variable(name: &str) -> Option<(&'static Setting, Option<&'static str>)> {
    let now = settings().map(|setting| setting.key);
    let before = settings().flat_map(|setting| setting.old).copied();
    let path = now.chain(before).find(|path| variable(path) == name)?;
    find(path)
}

/// The known variable that `name` may mean, if any is like it.
pub(super) fn near_variable(name: &str) -> Option<String> {
    let of_setting = |name: &str| name.trim_start_matches("SAGEBRUSH_").to_owned();
    let known: Vec<String> = settings()
        .map(|setting| of_setting(&setting.variable()))
        .collect();
    let near = slip::nearest(&of_setting(name), known.iter())?;
    Some(format!("SAGEBRUSH_{near}"))
}

fn split_last(path: &str) -> (&str, &str) {
    path.rsplit_once('.').unwrap_or(("", path))
}

/// What an unknown key may have meant: the same name in another section, a name like it in its own, a key or a
/// section spelled much like it; otherwise what its section has.
pub(super) fn hint(path: &str) -> String {
    let (section, name) = split_last(path);
    let elsewhere = settings().map(|setting| setting.key);
    let elsewhere = elsewhere.filter(|key| split_last(key).1 == name && !name.is_empty());
    let elsewhere: Vec<&str> = elsewhere.collect();
    let likely = match is_section(section) && !section.is_empty() {
        true => near_in_section(section, name).or(match elsewhere[..] {
            [only] => Some(only),
            _ => None,
        }),
        false => near_by_spelling(path).or(elsewhere.first().copied()),
    };
    match (likely, SECTIONS.iter().find(|known| known.name == section)) {
        (Some(known), _) => format!("did you mean \"{known}\"?"),
        (None, Some(known)) if !section.is_empty() => {
            let names = known
                .settings
                .iter()
                .map(|setting| split_last(setting.key).1);
            let names: Vec<&str> = names.collect();
            format!("[{section}] has {}", names.join(", "))
        }
        _ => {
            let names = SECTIONS.iter().map(|section| section.name);
            let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
            format!("the sections are {}", names.join(", "))
        }
    }
}

/// The setting of `section` whose name, or earlier name, is like `name`.
fn near_in_section(section: &str, name: &str) -> Option<&'static str> {
    let of_section = |path: &&'static str| split_last(path).0 == section;
    let names = settings().flat_map(|setting| {
        let names = std::iter::once(&setting.key).chain(setting.old);
        names.copied().map(move |path| (path, setting.key))
    });
    names
        .filter(|(path, _)| of_section(path))
        .filter_map(|(path, key)| Some((slip::distance(name, split_last(path).1)?, key)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, key)| key)
}

/// The key or section whose whole path is like `path`.
fn near_by_spelling(path: &str) -> Option<&'static str> {
    let sections = SECTIONS.iter().map(|section| section.name);
    let keys = settings().map(|setting| setting.key);
    slip::nearest(path, keys.chain(sections))
}
