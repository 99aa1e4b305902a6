//! The model card: what the model is, what it learned from, how good it is, how to load it.

use std::fmt::Write;

/// How a score is taken, which decides how to load the model.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CardScore {
    /// The dot product of two rows.
    #[default]
    Dot,
    /// A small network over two rows.
    Head,
    /// A graph filter over a user's history.
    Filter,
    /// A number an item, the same for everybody.
    Popularity,
    /// The similarities of an item's neighbours that the user has.
    ItemKnn,
    /// The weights of the user's items for an item.
    Ease,
}

/// What the model card says. Texts are taken as text: markup in them is escaped.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ModelCard {
    /// The model in a few words, such as `LightGCN, 64 dimensions, 3 layers`.
    pub model: String,
    /// How a score is taken.
    pub score: CardScore,
    /// Whether the run has the map that gives a new user a vector.
    pub folds_in: bool,
    /// What the model learned from: names and values.
    pub data: Vec<(String, String)>,
    /// How it was trained: names and values.
    pub training: Vec<(String, String)>,
    /// Whether it was refreshed with what came after its training.
    pub refreshed: bool,
    /// What it reaches on the test set: names and values; empty before evaluation.
    pub metrics: Vec<(String, String)>,
    /// Whose figures these are, where they are those of another run, such as `those of RUN, measured 2026-11-30`.
    pub metrics_of: Option<String>,
    /// Whether it was trained on the test set, too.
    pub is_on_test: bool,
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
        self.push_test_set(&mut card);
        let (tables, load) = match self.score {
            CardScore::Dot => (TABLES, [LOAD_TABLES, LOAD_DOT].concat()),
            CardScore::Head => (TABLES, [LOAD_TABLES, LOAD_HEAD].concat()),
            CardScore::Filter => (VECTORS, LOAD_FILTER.to_owned()),
            CardScore::Popularity => (SCORES, LOAD_POPULARITY.to_owned()),
            CardScore::ItemKnn => (NEIGHBOURS, LOAD_ITEM_KNN.to_owned()),
            CardScore::Ease => (WEIGHTS, LOAD_EASE.to_owned()),
        };
        let fold_in = match self.folds_in {
            true => FOLD_IN,
            false => "",
        };
        card.push_str(&FILES.replace("TABLES\n", &[tables, fold_in].concat()));
        card.push_str(&load);
        card
    }

    fn push_test_set(&self, card: &mut String) {
        if self.refreshed {
            card.push_str(
                "\n## Test set\n\nRefreshed since its training, so its test part is known to it.\n",
            );
            return;
        }
        section(card, "Test set", &self.metrics);
        match (self.metrics.is_empty(), self.is_on_test) {
            (true, false) => {
                card.push_str("\n## Test set\n\nNot evaluated yet: run `sagebrush evaluate`.\n");
            }
            (true, true) => card.push_str(
                "\n## Test set\n\nThis model was trained on the test set, too, and cannot be measured on it.\n",
            ),
            (false, _) => {
                card.push_str("\nAll items were ranked; items seen in training were left out.\n");
            }
        }
        if let Some(whose) = &self.metrics_of {
            let whose = escaped(whose);
            let _ = writeln!(
                card,
                "\nThis model was trained on the test set, too. The figures are {whose}."
            );
        }
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
TABLES
| `users.json`, `items.json` | the keys; the position is the row |
| `interactions.safetensors` | what each user had seen (CSR: `row_ptr`, `items`) |
| `MANIFEST.json` | size and BLAKE3 of every file |

No file can execute code.

## Use

With Sagebrush: `sagebrush recommend --run . --user KEY`.
";

const TABLES: &str = "| `model.safetensors` | the parameters |
| `embeddings.safetensors` | `users` [n_users, dim] and `items` [n_items, dim], ready to score |
";

const FOLD_IN: &str =
    "| `fold_in.safetensors` | the map from a history to the vector of a new user |\n";

const VECTORS: &str =
    "| `filter.safetensors` | `item_vectors` [n_items, n_vectors] and `singular_values` of \
                       the normalised training interactions |
";

const SCORES: &str = "| `popularity.safetensors` | `scores` [n_items]: how many users an item has, or how much they count |\n";

const LOAD_POPULARITY: &str = "
Everybody gets the items of the highest scores that they do not have.
";

const NEIGHBOURS: &str = "| `item_knn.safetensors` | the neighbours of each item, nearest first (CSR: `row_ptr`, `items`, `similarities`) |\n";

const LOAD_ITEM_KNN: &str = "
The score of an item is the sum of its similarities to those of its neighbours that the user has;
`sagebrush recommend` applies it, also to the history of a new user:
`sagebrush recommend --run . --history ITEM,ITEM`.
";

const WEIGHTS: &str = "| `ease.safetensors` | `weights` [n_items, n_items]: what an item of a history (row) says for an item (column) |\n";

const LOAD_EASE: &str = "
The scores of a history are the sum of its items' rows of `weights`; `sagebrush recommend` applies it, also to
the history of a new user: `sagebrush recommend --run . --history ITEM,ITEM`.
";

const LOAD_FILTER: &str = "
The score is a graph filter over the user's training items, with the settings under `[filter]` in
`config.toml`; `sagebrush recommend` applies it, also to the history of a new user:
`sagebrush recommend --run . --history ITEM,ITEM`.
";

const LOAD_TABLES: &str = "
From Python:

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
for part in (\"train\", \"validation\"):
    start, end = seen[f\"{part}.row_ptr\"][user : user + 2]
    scores[seen[f\"{part}.items\"][start:end]] = float(\"-inf\")
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
        let with_map = ModelCard {
            folds_in: true,
            ..card
        };
        let row = "| `fold_in.safetensors` | the map";
        assert!(with_map.to_markdown().contains(row) && !markdown.contains(row));
    }
}
