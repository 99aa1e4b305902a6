//! Models that are fitted at once, end to end: popularity, item-kNN, EASE and iALS.

use crate::data::{Workspace, mean};

/// Models, the file that each run keeps, and a setting of its own.
const MODELS: [(&str, &str, &str); 4] = [
    (
        "popularity",
        "popularity.safetensors",
        "popularity.half_life_days=30",
    ),
    ("item-knn", "item_knn.safetensors", "item_knn.neighbours=12"),
    ("ease", "ease.safetensors", "ease.l2=12"),
    ("ials", "embeddings.safetensors", "ials.dim=12"),
];

fn fit<'a>(model: &'a str, out: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let fixed = ["train", "log.csv", "--out", out, "--model", model];
    [&fixed[..], more].concat()
}

fn items(rows: &serde_json::Value) -> Vec<String> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["item"].as_u64().unwrap().to_string())
        .collect()
}

#[test]
fn a_model_is_fitted_evaluated_and_served() {
    let work = Workspace::new();
    for (model, file, setting) in MODELS {
        let fitted = work.succeed(&fit(model, model, &["--set", setting]));
        let said = String::from_utf8_lossy(&fitted.stderr).into_owned();
        for fragment in ["no epochs", "validation: ndcg@20"] {
            assert!(
                said.contains(fragment),
                "`{fragment}` is missing in: {said}"
            );
        }
        assert!(work.path(model).join(file).exists());
        let card = String::from_utf8(work.read(&format!("{model}/README.md"))).unwrap();
        assert!(card.contains(file), "{card}");
        let settings = String::from_utf8(work.read(&format!("{model}/config.toml"))).unwrap();
        let (key, value) = setting.split_once('=').unwrap();
        let name = key.split_once('.').unwrap().1;
        assert!(
            settings.contains(&format!("{name} = {value}")),
            "{settings}"
        );

        let evaluation = work.json(&["evaluate", "--run", model, "-k", "10"]);
        let systems = evaluation["systems"].as_array().unwrap();
        let names: Vec<&str> = systems
            .iter()
            .map(|s| s["name"].as_str().unwrap())
            .collect();
        let of_model = names.iter().filter(|name| **name == model);
        assert_eq!((of_model.count(), names[0]), (1, model), "{names:?}");
        assert!(mean(&evaluation, model, "recall@10") > 0.0);

        let rows = work.json(&["recommend", "--run", model, "--user", "user-3", "-k", "5"]);
        assert_eq!(items(&rows).len(), 5);
        let ask = |history| work.json(&["recommend", "--run", model, "--history", history]);
        let for_history = items(&ask("1,3,5"));
        let is_new = |item: &String| !["1", "3", "5"].contains(&item.as_str());
        assert!(for_history.len() == 10 && for_history.iter().all(is_new));
        let similar = work.json(&["similar", "--run", model, "--item", "3", "-k", "4"]);
        assert_eq!(items(&similar).len(), 4);
        let embed = [
            "embed", "--run", model, "--known", "items", "--out", "v.csv",
        ];
        match model {
            "ials" => drop(work.succeed(&embed)),
            _ => drop(work.refused(&embed, 2, &format!("{model} has no vectors"))),
        }

        // A second fit gives the same bytes, on one thread as on all.
        let again = format!("{model}-again");
        let more = ["--set", setting, "--threads", "1"];
        work.succeed(&fit(model, &again, &more));
        let bytes = |run: &str| work.read(&format!("{run}/{file}"));
        assert!(bytes(model) == bytes(&again), "{model}: other bytes");

        // A fit that was cut short starts over.
        std::fs::remove_file(work.path(&again).join("MANIFEST.json")).unwrap();
        std::fs::remove_file(work.path(&again).join(file)).unwrap();
        work.succeed(&["train", "--resume", &again, "-q"]);
        assert!(bytes(model) == bytes(&again), "{model}: other bytes");
        let mut damaged = bytes(&again);
        *damaged.last_mut().unwrap() ^= 1;
        work.write(&format!("{again}/{file}"), &damaged);
        work.refused(&["evaluate", "--run", &again], 65, file);
    }
    // Items 0 to 14 are one group's, and 15 to 29 another's.
    for model in ["item-knn", "ease", "ials"] {
        let similar = items(&work.json(&["similar", "--run", model, "--item", "20", "-k", "4"]));
        let is_of_group = |item: &String| (15..30).contains(&item.parse::<u32>().unwrap());
        assert!(similar.iter().all(is_of_group), "{model}: {similar:?}");
    }
    work.succeed(&["compare", "item-knn", "popularity", "--metric", "recall@10"]);
}

#[test]
fn a_half_life_needs_times_and_follows_them() {
    let work = Workspace::new();
    let log = String::from_utf8(work.read("log.csv")).unwrap();
    let untimed: String = log
        .lines()
        .map(|line| format!("{}\n", line.rsplit_once(',').unwrap().0))
        .collect();
    work.write("untimed.csv", untimed.as_bytes());
    for (model, key) in [
        ("popularity", "popularity.half_life_days=7"),
        ("item-knn", "item_knn.half_life_days=7"),
    ] {
        let refused = [
            "train",
            "untimed.csv",
            "--out",
            "no",
            "--model",
            model,
            "--set",
            key,
        ];
        work.refused(&refused, 2, "`--timestamp-column NAME`");
        assert!(!work.path("no").exists(), "{model}: nothing is written");
        work.succeed(&fit(model, model, &["--set", key, "-q"]));
        work.succeed(&fit(model, &format!("{model}-ever"), &["-q"]));
        let (now, ever) = (
            work.json(&["recommend", "--run", model, "--user", "user-3"]),
            work.json(&[
                "recommend",
                "--run",
                &format!("{model}-ever"),
                "--user",
                "user-3",
            ]),
        );
        assert_ne!(now, ever, "{model}: the half-life counts");
    }
}
