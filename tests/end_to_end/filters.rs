//! Graph filters and histories end to end, without training.

use crate::data::{Workspace, mean, quick};

fn fit<'a>(model: &'a str, out: &'a str) -> Vec<&'a str> {
    vec![
        "train",
        "log.csv",
        "--out",
        out,
        "--model",
        model,
        "--split",
        "random",
        "--set",
        "filter.vectors=12",
    ]
}

fn items(rows: &serde_json::Value) -> Vec<String> {
    let rows = rows.as_array().unwrap().iter();
    rows.map(|row| row["item"].as_u64().unwrap().to_string())
        .collect()
}

#[test]
fn a_filter_is_fitted_evaluated_and_served() {
    let work = Workspace::new();
    for model in ["gf-cf", "chebycf"] {
        let fitted = work.succeed(&fit(model, model));
        let said = String::from_utf8_lossy(&fitted.stderr).into_owned();
        for fragment in ["no epochs", "12 singular vectors", "validation: ndcg@20"] {
            assert!(
                said.contains(fragment),
                "`{fragment}` is missing in: {said}"
            );
        }
        assert!(work.path(model).join("filter.safetensors").exists());
        assert!(!work.path(model).join("embeddings.safetensors").exists());
        let card = String::from_utf8(work.read(&format!("{model}/README.md"))).unwrap();
        assert!(card.contains("filter.safetensors") && !card.contains("embeddings.safetensors"));

        let evaluation = work.json(&["evaluate", "--run", model, "-k", "10"]);
        let recall = |name: &str| mean(&evaluation, name, "recall@10");
        assert!(recall(model) > 1.5 * recall("popularity"));
        assert!(work.path(model).join("report.html").exists());

        let rows = work.json(&["recommend", "--run", model, "--user", "user-3", "-k", "5"]);
        assert_eq!(items(&rows).len(), 5);
        // Items 0 to 14 are one group's.
        let similar = items(&work.json(&["similar", "--run", model, "--item", "3", "-k", "4"]));
        assert!(
            similar.iter().all(|item| item.parse::<u32>().unwrap() < 15),
            "{similar:?}"
        );
        let all = [
            "recommend",
            "--run",
            model,
            "--all",
            "-k",
            "2",
            "--out",
            "all.csv",
            "-q",
        ];
        work.succeed(&all);
    }
    work.succeed(&["compare", "gf-cf", "chebycf", "--metric", "recall@10"]);
}

#[test]
fn a_filter_may_be_fitted_without_a_validation_part() {
    let work = Workspace::new();
    let mut whole = fit("gf-cf", "whole");
    whole.extend(["--set", "split.validation_fraction=0"]);
    let said = String::from_utf8(work.succeed(&whole).stderr).unwrap();
    assert!(
        said.contains("fitting on training and validation together"),
        "{said}"
    );
    let counts: serde_json::Value = serde_json::from_slice(&work.read("whole/data.json")).unwrap();
    assert_eq!(counts["split"]["n_validation"], 0);
    work.succeed(&["evaluate", "--run", "whole", "-q"]);

    let mut epochs = fit("gf-cf", "epochs");
    epochs.extend(["--epochs", "3"]);
    let refused = work.sagebrush(&epochs).assert().failure().code(2);
    let message = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(message.contains("fitted, not trained"), "{message}");
}

/// Without a validation part the last epoch is the one kept, and nothing stops training early.
#[test]
fn a_model_may_be_trained_without_a_validation_part() {
    let work = Workspace::new();
    let mut whole = quick("log.csv", "whole");
    whole.retain(|argument| *argument != "-q");
    whole.extend(["--set", "split.validation_fraction=0"]);
    whole.extend(["--set", "training.patience=1"]);
    let trained = work.json(&whole);
    assert_eq!(
        (&trained["epochs"], &trained["best_epoch"]),
        (&4.into(), &4.into())
    );
    work.succeed(&["evaluate", "--run", "whole", "-q"]);
}

#[test]
fn threads_change_no_bit_of_a_filter_and_a_damaged_one_is_refused() {
    let work = Workspace::new();
    for threads in ["1", "2"] {
        let mut arguments = fit("chebycf", threads);
        arguments.extend(["--threads", threads]);
        work.succeed(&arguments);
    }
    let vectors = work.read("1/filter.safetensors");
    assert!(vectors == work.read("2/filter.safetensors"));
    let mut damaged = vectors;
    *damaged.last_mut().unwrap() ^= 1;
    work.write("1/filter.safetensors", &damaged);
    let refused = work
        .sagebrush(&["evaluate", "--run", "1"])
        .assert()
        .failure()
        .code(65);
    let message = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(message.contains("filter.safetensors"), "{message}");

    std::fs::remove_file(work.path("2/MANIFEST.json")).unwrap();
    std::fs::remove_file(work.path("2/filter.safetensors")).unwrap();
    work.succeed(&["train", "--resume", "2", "-q"]);
    work.succeed(&["recommend", "--run", "2", "--user", "user-3"]);
}

/// Takes a file out of a run and its manifest.
fn forget(work: &Workspace, run: &str, file: &str) {
    std::fs::remove_file(work.path(run).join(file)).unwrap();
    let manifest = format!("{run}/MANIFEST.json");
    let mut content: serde_json::Value = serde_json::from_slice(&work.read(&manifest)).unwrap();
    assert!(
        content["files"]
            .as_object_mut()
            .unwrap()
            .remove(file)
            .is_some()
    );
    work.write(&manifest, content.to_string().as_bytes());
}

#[test]
fn somebody_new_is_recommended_to_by_a_history() {
    let work = Workspace::new();
    work.succeed(&fit("gf-cf", "filter"));
    work.succeed(&quick("log.csv", "tables"));
    let mut mlp = quick("log.csv", "mlp");
    mlp.extend(["--set", "score.kind=mlp"]);
    work.succeed(&mlp);
    for run in ["filter", "tables", "mlp"] {
        let ask = |history: &str| {
            work.json(&["recommend", "--run", run, "--history", history, "-k", "5"])
        };
        let rows = ask("1,3,5,7");
        let list = items(&rows);
        assert_eq!(list.len(), 5);
        let is_new = |item: &String| !["1", "3", "5", "7"].contains(&item.as_str());
        assert!(list.iter().all(is_new), "{run}: {list:?}");
        let again = ask("7,3,3,5,1");
        assert_eq!(rows, again, "{run}: neither order nor repetition counts");
        let other = ask("46,48,50,52");
        assert_ne!(rows, other, "{run}: the history counts");
        // A run of version 0.1 kept no map and fitted one for each call: the same lists.
        let kept = work.path(run).join("fold_in.safetensors").exists();
        assert_eq!(kept, run != "filter");
        if kept {
            forget(&work, run, "fold_in.safetensors");
            assert_eq!(
                rows,
                ask("1,3,5,7"),
                "{run}: the kept map is the fitted one"
            );
        }
    }
    let in_group = items(&work.json(&[
        "recommend",
        "--run",
        "filter",
        "--history",
        "1,3,5",
        "-k",
        "5",
    ]));
    assert!(
        in_group
            .iter()
            .all(|item| item.parse::<u32>().unwrap() < 15),
        "{in_group:?}"
    );

    let partly = [
        "recommend",
        "--run",
        "filter",
        "--history",
        "1,gone",
        "--json",
    ];
    let output = work.succeed(&partly);
    let warning = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(warning.contains("unknown item `gone`"), "{warning}");
    let unknown = ["recommend", "--run", "filter", "--history", "gone"];
    let refused = work.sagebrush(&unknown).assert().failure().code(65);
    let message = String::from_utf8_lossy(&refused.get_output().stderr).into_owned();
    assert!(message.contains("unknown item `gone`"), "{message}");
    work.succeed(&[
        "recommend",
        "--run",
        "filter",
        "--history",
        "1,3",
        "--out",
        "one.csv",
        "-q",
    ]);
    let written = String::from_utf8(work.read("one.csv")).unwrap();
    assert_eq!(written.lines().count(), 11);
}
