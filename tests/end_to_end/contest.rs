//! The contest of models: who wins on which log, what is kept, what is refused, and that nothing but the log decides.

use std::fmt::Write as _;

use serde_json::Value;

use crate::data::Workspace;

/// A generator of numbers that look random and are the same each time.
fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

/// A log of `per_user` items of each user, drawn by `item(user, next)`.
fn log(
    n_users: u64,
    per_user: u64,
    mut item: impl FnMut(u64, &mut dyn FnMut(u64) -> u64) -> u64,
) -> Vec<u8> {
    let mut csv = String::from("user_id,item_id\n");
    let mut next = numbers(5);
    for user in 0..n_users {
        for _ in 0..per_user {
            let item = item(user, &mut next);
            writeln!(csv, "u{user},{item}").unwrap();
        }
    }
    csv.into_bytes()
}

fn contest<'a>(log: &'a str, out: &'a str) -> Vec<&'a str> {
    vec![
        "train", log, "--out", out, "--split", "random", "--effort", "normal",
    ]
}

fn record(work: &Workspace, run: &str) -> Value {
    serde_json::from_slice(&work.read(&format!("{run}/contest.json"))).unwrap()
}

/// A contest without the one member that differs from run to run.
fn timeless(mut contest: Value) -> Value {
    contest.as_object_mut().unwrap().remove("seconds");
    contest
}

fn candidate<'a>(contest: &'a Value, name: &Value) -> &'a Value {
    let candidates = contest["candidates"].as_array().unwrap();
    let found = candidates.iter().find(|one| one["name"] == *name);
    found.unwrap()
}

fn mean(contest: &Value, name: &str) -> f64 {
    candidate(contest, &name.into())["mean"].as_f64().unwrap()
}

#[test]
fn the_winner_is_trained_and_named_and_the_contest_kept() {
    let work = Workspace::new();
    let told = work.json(&contest("log.csv", "run"));
    let kept = record(&work, "run");
    assert_eq!(told["contest"], kept);
    let config = String::from_utf8(work.read("run/config.toml")).unwrap();
    let model = told["model"].as_str().unwrap();
    assert!(
        config.contains(&format!("name = \"{model}\"")) && !config.contains("name = \"auto\""),
        "{config}"
    );
    let candidates = kept["candidates"].as_array().unwrap();
    let winner = candidate(&kept, &kept["winner"]);
    assert_eq!(winner["model"], model);
    // The winner is the best or close to it, and everybody has a figure or a sentence.
    for one in candidates {
        match one["mean"].as_f64() {
            Some(mean) => assert!(mean <= winner["high"].as_f64().unwrap(), "{one}"),
            None => assert!(!one["left"].as_str().unwrap().is_empty(), "{one}"),
        }
    }
    // Users like their own group's items: popularity knows nothing of that.
    assert!(mean(&kept, winner["name"].as_str().unwrap()) > 1.5 * mean(&kept, "popularity"));
    assert!(
        kept["why"]
            .as_str()
            .unwrap()
            .contains("ahead of popularity by +"),
        "{}",
        kept["why"]
    );
    assert!(!work.path("run/contest").exists(), "the contest is over");
    work.succeed(&["evaluate", "--run", "run", "-q"]);
    let report = String::from_utf8(work.read("run/report.html")).unwrap();
    assert!(report.contains("Contest") && report.contains("gf-cf-64"));
    // Its settings alone give the same model.
    work.succeed(&[
        "train",
        "--config",
        "run/config.toml",
        "--out",
        "again",
        "-q",
    ]);
    assert!(!work.path("again/contest.json").exists());
    for file in [
        "model.safetensors",
        "embeddings.safetensors",
        "filter.safetensors",
    ] {
        let read = |run: &str| std::fs::read(work.path(run).join(file)).ok();
        assert!(read("run") == read("again"), "{file}");
    }
}

/// Holds a contest on a log and gives the model that won, when it is far ahead of popularity.
fn winner_of(csv: &[u8]) -> String {
    let work = Workspace::new();
    work.write("log.csv", csv);
    work.succeed(&[&contest("log.csv", "run")[..], &["--dim", "8", "-q"]].concat());
    let kept = record(&work, "run");
    let winner = kept["winner"].as_str().unwrap();
    assert!(
        mean(&kept, winner) > 1.5 * mean(&kept, "popularity"),
        "{kept}"
    );
    let winner = candidate(&kept, &kept["winner"]);
    winner["model"].as_str().unwrap().to_owned()
}

/// Items come in pairs, and who has one has the other: an even smoothing over the graph sees that and nothing else.
#[test]
fn a_filter_wins_where_items_come_in_pairs() {
    let mut last = 0;
    let pairs = log(150, 12, |_, next| {
        last = match last % 2 {
            1 => last - 1,
            _ => 2 * next(60) + 1,
        };
        last
    });
    let winner = winner_of(&pairs);
    assert!(["gf-cf", "chebycf"].contains(&&*winner), "{winner}");
}

/// Many users for each item: items that go together are counted together.
#[test]
fn item_knn_wins_where_many_users_have_short_histories() {
    assert_eq!(winner_of(&tastes::<2>(500, 100, 12, 1.0)), "item-knn");
}

/// Long histories of few users: too few to count items together, and enough to train a vector a user.
#[test]
fn a_trained_model_wins_where_few_users_have_long_histories() {
    let winner = winner_of(&tastes::<3>(100, 400, 100, 1.5));
    assert!(["mf", "lightgcn"].contains(&&*winner), "{winner}");
}

/// Users who draw `per_user` distinct items with chances that grow with the exponential of `sharpness` times a product of
/// two vectors, as matrix factorization has it.
fn tastes<const D: usize>(
    n_users: usize,
    n_items: usize,
    per_user: usize,
    sharpness: f64,
) -> Vec<u8> {
    let uniform = |seed: u64| {
        let mut next = numbers(seed);
        move || (next(1 << 30) as f64 + 0.5) / f64::from(1 << 30)
    };
    let (mut noise, mut uniform) = (uniform(12), uniform(11));
    let mut normal = || {
        let radius = (-2.0 * uniform().ln()).sqrt();
        radius * (std::f64::consts::TAU * uniform()).cos()
    };
    let mut vectors =
        |n: usize| -> Vec<[f64; D]> { (0..n).map(|_| std::array::from_fn(|_| normal())).collect() };
    let (users, items) = (vectors(n_users), vectors(n_items));
    let mut csv = String::from("user_id,item_id\n");
    for (user, taste) in users.iter().enumerate() {
        // The largest of scores with Gumbel noise are a draw by the exponentials of the scores, without replacement.
        let mut scores: Vec<(f64, usize)> = Vec::new();
        for (item, vector) in items.iter().enumerate() {
            let product: f64 = taste.iter().zip(vector).map(|(a, b)| a * b).sum();
            scores.push((sharpness * product - (-noise().ln()).ln(), item));
        }
        scores.sort_by(|a, b| b.0.total_cmp(&a.0));
        for (_, item) in &scores[..per_user] {
            writeln!(csv, "u{user},{item}").unwrap();
        }
    }
    csv.into_bytes()
}

/// Who has what was drawn by lot: some items more often than others, and nothing about the user.
#[test]
fn a_log_without_taste_has_nothing_to_teach() {
    let work = Workspace::new();
    let lot = log(300, 12, |_, next| next(60).min(next(60)));
    work.write("lot.csv", &lot);
    work.succeed(&contest("lot.csv", "run"));
    let kept = record(&work, "run");
    assert!(
        kept["why"]
            .as_str()
            .unwrap()
            .contains("there is nothing to learn"),
        "{kept}"
    );
}

/// Everybody draws from the same items, a few of which most people have: whoever looks for tastes finds what is not there.
#[test]
fn popularity_wins_where_everybody_draws_from_the_same_items() {
    let work = Workspace::new();
    // Items of low numbers are drawn more often.
    let lot = log(300, 12, |_, next| {
        let at = 1.0 + next(1 << 20) as f64;
        (200.0 * (at / f64::from(1 << 20)).powi(2)) as u64
    });
    work.write("same.csv", &lot);
    work.succeed(&contest("same.csv", "run"));
    let kept = record(&work, "run");
    assert_eq!(kept["winner"], "popularity", "{kept}");
    let config = String::from_utf8(work.read("run/config.toml")).unwrap();
    assert!(config.contains("name = \"popularity\""), "{config}");
    work.succeed(&["recommend", "--run", "run", "--user", "u3"]);
}

/// In the validation part half of the users take up what the others had just before, every other day, and everybody takes
/// items that nobody had. Whoever ranks those has seen the answers.
#[test]
fn nobody_knows_what_is_popular_in_the_validation_part() {
    let mut csv = String::from("user_id,item_id,timestamp\n");
    for day in 0..100 {
        for user in 0..40 {
            // The test part begins with day 80, the validation part with day 72.
            let item = match (day, user < 20) {
                (64..72, true) => 400 + day,
                (72..80, false) if day % 2 == 0 => 400 + day - 8,
                (72..80, _) => 500 + day,
                _ => (13 * user + 3 * day) % 300,
            };
            writeln!(
                csv,
                "u{user},{item},{}",
                1_600_000_000 + day * 86_400 + user
            )
            .unwrap();
        }
    }
    let work = Workspace::new();
    work.write("new.csv", csv.as_bytes());
    work.succeed(&["train", "new.csv", "--out", "run", "--dim", "8", "-q"]);
    let kept = record(&work, "run");
    assert_eq!(kept["users"], 40);
    assert!(mean(&kept, "popularity") > 0.1, "{kept}");
    for one in kept["candidates"].as_array().unwrap() {
        assert!(one["mean"].as_f64().is_none_or(|mean| mean < 0.5), "{one}");
    }
}

#[test]
fn threads_and_the_order_of_rows_change_nothing() {
    let work = Workspace::new();
    let mut rows: Vec<String> = crate::data::log_csv().lines().map(str::to_owned).collect();
    rows[1..].reverse();
    work.write("turned.csv", (rows.join("\n") + "\n").as_bytes());
    work.succeed(&[&contest("log.csv", "one")[..], &["--threads", "1", "-q"]].concat());
    work.succeed(&[&contest("turned.csv", "two")[..], &["--threads", "2", "-q"]].concat());
    assert_eq!(
        timeless(record(&work, "one")),
        timeless(record(&work, "two"))
    );
    let config = |run: &str| String::from_utf8(work.read(&format!("{run}/config.toml"))).unwrap();
    assert_eq!(
        config("one"),
        config("two").replace("turned.csv", "log.csv")
    );
}

#[test]
fn what_is_given_is_held_and_what_nobody_has_is_refused() {
    let work = Workspace::new();
    let given = ["--dim", "6", "--epochs", "2", "--set", "filter.vectors=5"];
    let shown = work.succeed(&[&["train", "log.csv", "--print-config"], &given[..]].concat());
    let shown = String::from_utf8(shown.stdout).unwrap();
    assert!(
        shown.contains("# `sagebrush train` holds a contest"),
        "{shown}"
    );
    assert!(shown.contains("#   gf-cf: gf-cf ") && shown.contains("gf-cf-64 does not take part"));
    assert!(shown.contains("dim = 6 # from --flag") && shown.contains("name = \"auto\""));
    work.write("auto.toml", shown.as_bytes());
    work.succeed(&[&contest("log.csv", "a")[..], &given, &["-q"]].concat());
    let from_file = [
        "train",
        "--config",
        "auto.toml",
        "--split",
        "random",
        "--out",
        "b",
        "-q",
    ];
    work.succeed(&from_file);
    assert_eq!(timeless(record(&work, "a")), timeless(record(&work, "b")));
    for one in record(&work, "a")["candidates"].as_array().unwrap() {
        assert!(one["epochs"].as_u64().unwrap_or(0) <= 2, "{one}");
    }
    let none = ["train", "log.csv", "--out", "c", "--set", "walks.count=3"];
    work.refused(&none, 2, "`--model pinsage`");
    let model = [
        "train", "log.csv", "--out", "c", "--model", "mf", "--effort", "quick",
    ];
    work.refused(&model, 2, "a model is named");
    for command in ["tune", "ablate"] {
        let auto = [command, "log.csv", "--out", "c", "--model", "auto"];
        work.refused(&auto, 2, "is about one model");
    }
    work.write("stored.toml", b"[model]\nname = \"mf\"\n");
    work.succeed(&[
        "train",
        "log.csv",
        "--config",
        "stored.toml",
        "--epochs",
        "1",
        "--out",
        "d",
        "-q",
    ]);
    assert!(!work.path("d/contest.json").exists());
}

#[test]
fn limits_that_nobody_fits_and_parts_that_tell_nothing_are_refused() {
    let work = Workspace::new();
    let refused = |more: &[&str], expected: &str| {
        let arguments = [&["train", "log.csv", "--out", "x"], more].concat();
        work.refused(&arguments, 2, expected);
    };
    refused(&["--memory-limit", "1MB"], "`--memory-limit`");
    refused(
        &["--set", "split.validation_fraction=0"],
        "`--set split.validation_fraction=0.1`",
    );
    refused(&["--split", "cold-start-item"], "`--items FILE`");
    // One item each, newest users last: nobody in the validation part is known.
    let mut late = String::from("user_id,item_id,timestamp\n");
    for user in 0..100 {
        writeln!(late, "u{user},{},{}", user % 7, 1_600_000_000 + user * 1000).unwrap();
    }
    work.write("late.csv", late.as_bytes());
    work.refused(
        &["train", "late.csv", "--out", "late"],
        2,
        "`--split random`",
    );
}

/// The catalogue of one item, and a log whose interactions share a moment: answered, or refused with a sentence.
#[test]
fn odd_logs_end_in_a_run_or_in_a_sentence() {
    let work = Workspace::new();
    let mut one = String::from("user_id,item_id\n");
    let mut moment = String::from("user_id,item_id,timestamp\n");
    let mut next = numbers(3);
    for user in 0..60 {
        writeln!(one, "u{user},tea").unwrap();
        for _ in 0..8 {
            writeln!(moment, "u{user},{},1600000000", next(30)).unwrap();
        }
    }
    work.write("one.csv", one.as_bytes());
    work.write("moment.csv", moment.as_bytes());
    for name in ["one", "moment"] {
        let log = format!("{name}.csv");
        let output = work
            .sagebrush(&["train", &log, "--out", name])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!said.contains("panicked"), "{said}");
        match output.status.success() {
            true => assert!(work.path(name).join("contest.json").exists(), "{said}"),
            false => assert!(said.contains('`') || said.contains("log"), "{said}"),
        }
    }
}
