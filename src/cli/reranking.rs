//! `--rerank NAME=NUMBER,...`: a re-ranking in one word, by the names of the flags of `recommend`.

use std::str::FromStr;

use crate::inference::Reranking;

/// Reads `diversity=0.3,damp-popularity=0.1,category-cap=3`, in any order and each once. What the numbers may be is the
/// library's to say.
pub(crate) fn parse(text: &str) -> Result<Reranking, String> {
    let mut settings = Reranking::default();
    let mut names = Vec::new();
    for part in text.split(',') {
        let (name, number) = part
            .split_once('=')
            .ok_or_else(|| format!("`{part}` is no NAME=NUMBER"))?;
        let name = name.trim();
        match name {
            "diversity" => settings.diversity = value(name, number)?,
            "damp-popularity" => settings.popularity_damping = value(name, number)?,
            "category-cap" => settings.category_cap = Some(value(name, number)?),
            _ => {
                return Err(format!(
                    "`{name}` is none of diversity, damp-popularity and category-cap"
                ));
            }
        }
        if names.contains(&name) {
            return Err(format!("`{name}` stands there twice"));
        }
        names.push(name);
    }
    Ok(settings)
}

fn value<T: FromStr>(name: &str, text: &str) -> Result<T, String> {
    let value = text.trim().parse();
    value.map_err(|_| format!("`{text}` is no number for {name}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn names_and_numbers() {
        let all = Reranking {
            diversity: 0.3,
            popularity_damping: 0.1,
            category_cap: Some(3),
        };
        let text = "category-cap=3, diversity=.3,damp-popularity=0.1";
        assert_eq!(parse(text), Ok(all));
        let refused = |text: &str, part: &str| {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        };
        refused("diversity", "no NAME=NUMBER");
        refused("", "no NAME=NUMBER");
        refused("variety=1", "none of diversity");
        refused("diversity=much", "no number for diversity");
        refused("category-cap=2.5", "no number for category-cap");
        refused("diversity=0.1,diversity=0.2", "twice");
        assert!(parse("diversity=NaN").is_ok_and(|settings| settings.diversity.is_nan()));
    }
}
