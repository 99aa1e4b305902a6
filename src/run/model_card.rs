//! The model card: what the model is, what it learned from, how good it is, how to load it.

use std::fmt::Write;

/// What the model card says. Texts are taken as text: markup in them is escaped.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelCard {
    /// The model in a few words, such as `LightGCN, 64 dimensions, 3 layers`.
    pub model: String,
    /// Whether the score is the dot product of the two tables; false with an MLP head.
    pub score_is_dot_product: bool,
    /// What the model learned from: names and values.
    pub data: Vec<(String, String)>,
    /// How it was trained: names and values.
    pub training: Vec<(String, String)>,
    /// What it reaches on the test set: names and values; empty before evaluation.
    pub metrics: Vec<(String, String)>,
}

impl ModelCard {
    /// The card as Markdown, with the front matter of model hubs.
    pub fn to_markdown(&self) -> String {
        let mut card = String::from(FRONT_MATTER);
        let model = escaped(&self.model);
        let _ = write!(
            card,
            "\n# {model}\n\nA recommender trained with Sagebrush {VERSION}.\n"
        );
        section(&mut card, "Data", &self.data);
        section(&mut card, "Training", &self.training);
        if self.metrics.is_empty() {
            card.push_str("\n## Test set\n\nNot evaluated yet: run `sagebrush evaluate`.\n");
        } else {
            section(&mut card, "Test set", &self.metrics);
            card.push_str("\nAll items were ranked; items seen in training were left out.\n");
        }
        card.push_str(FILES);
        card.push_str(if self.score_is_dot_product {
            LOAD_DOT
        } else {
            LOAD_HEAD
        });
        card
    }
}

const VERSION: &str = env!("CARGO_PKG_VERSION");

const FRONT_MATTER: &str = "---\nlibrary_name: sagebrush\ntags:\n- recommendation\n\
                            - collaborative-filtering\n- graph\n---\n";

const FILES: &str = "
## Files

| file | content |
|---|---|
| `config.toml` | the complete configuration |
| `model.safetensors` | the parameters |
| `embeddings.safetensors` | `users` [n_users, dim] and `items` [n_items, dim], ready to score |
| `users.json`, `items.json` | the outside keys; the position is the row |
| `interactions.safetensors` | what each user had seen (CSR: `row_ptr`, `items`) |
| `MANIFEST.json` | size and BLAKE3 of every file |

No file can execute code.

## Use

With Sagebrush: `sagebrush recommend --run . --user KEY`. From Python:

```python
import json
from safetensors.numpy import load_file

tables = load_file(\"embeddings.safetensors\")
users = json.load(open(\"users.json\"))
items = json.load(open(\"items.json\"))
user = 0  # or users.index(KEY)
";

const LOAD_DOT: &str = "scores = tables[\"items\"] @ tables[\"users\"][user]

seen = load_file(\"interactions.safetensors\")
start, end = seen[\"train.row_ptr\"][user : user + 2]
scores[seen[\"train.items\"][start:end]] = float(\"-inf\")
print(users[user], [items[i] for i in (-scores).argsort(kind=\"stable\")[:10]])
```
";

const LOAD_HEAD: &str = "print(users[user], tables[\"users\"][user])
```

The score is a small network over both rows, whose weights are the `head.*` tensors of the same
file; `sagebrush recommend` applies it.
";

fn section(card: &mut String, title: &str, rows: &[(String, String)]) {
    if rows.is_empty() {
        return;
    }
    let _ = write!(card, "\n## {title}\n\n| | |\n|---|---|\n");
    for (name, value) in rows {
        let _ = writeln!(card, "| {} | {} |", escaped(name), escaped(value));
    }
}

/// Text that Markdown shows as it is.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            out.push(' ');
        } else {
            if "\\`*_[]<>|#&$~".contains(character) {
                out.push('\\');
            }
            out.push(character);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_names_is_shown_as_text() {
        let data = vec![("a|b\n# c".to_owned(), "<script>".to_owned())];
        let card = ModelCard {
            model: "MF".into(),
            data,
            ..ModelCard::default()
        };
        let markdown = card.to_markdown();
        assert!(
            markdown.contains("| a\\|b \\# c | \\<script\\> |"),
            "{markdown}"
        );
        assert!(markdown.contains("Not evaluated yet"));
    }
}
