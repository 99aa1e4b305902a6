//! End-to-end tests, from layers to a configuration and back.

#![allow(clippy::unwrap_used)]

use std::iter;
use std::path::PathBuf;

use toml::{Table, Value};

use super::resolve::{insert, lookup};
use super::*;

fn file(text: &str) -> Result<Resolved, SettingError> {
    resolve(Some(("run.toml", text)), iter::empty(), Table::new())
}

fn environment(name: &str, value: &str) -> Result<Resolved, SettingError> {
    let variables = [(name.to_owned(), value.to_owned())];
    resolve(None, variables.into_iter(), Table::new())
}

fn refusal(text: &str) -> String {
    file(text).unwrap_err().to_string()
}

#[test]
fn nothing_given_is_the_default_model() {
    let resolved = resolve(None, iter::empty(), Table::new()).unwrap();
    assert_eq!(resolved.config, RunConfig::default());
    assert_eq!(resolved.origin("training.epochs"), Origin::Default);
}

#[test]
fn flags_win_over_environment_over_file_over_defaults() {
    let text = "[training]\nepochs = 1\npatience = 1\nevaluate_every = 7\n";
    let variables = [
        ("SAGEBRUSH_TRAINING_EPOCHS".to_owned(), "2".to_owned()),
        ("SAGEBRUSH_TRAINING_PATIENCE".to_owned(), "2".to_owned()),
    ];
    let flags: Table = "training.epochs = 3".parse().unwrap();
    let resolved = resolve(Some(("run.toml", text)), variables.into_iter(), flags).unwrap();
    let training = &resolved.config.training;
    assert_eq!(
        (training.epochs, training.patience, training.evaluate_every),
        (3, 2, 7)
    );
    assert_eq!(training.learning_rate, 0.01);
    let annotated = resolved.to_annotated_toml();
    let has = |line: &str| annotated.lines().any(|found| found == line);
    assert!(has("epochs = 3 # from --flag"), "{annotated}");
    assert!(
        has("patience = 2 # from SAGEBRUSH_TRAINING_PATIENCE"),
        "{annotated}"
    );
    assert!(has("evaluate_every = 7 # from run.toml"), "{annotated}");
    assert!(has("learning_rate = 0.01"), "{annotated}");
}

#[test]
fn a_higher_layer_chooses_the_defaults() {
    let flags: Table = "model.name = 'ngcf-official'".parse().unwrap();
    let text = "[model]\nname = 'mf'\ndim = 32\n";
    let config = resolve(Some(("run.toml", text)), iter::empty(), flags)
        .unwrap()
        .config;
    let mut expected = RunConfig::defaults_for(ModelName::NgcfOfficial);
    expected.model.dim = 32;
    assert_eq!(config, expected);
}

#[test]
fn values_of_every_type_survive_a_round_trip() {
    let text = r#"
        format_version = 1
        seed = 9223372036854775807
        [data]
        train = ["a \"b\".csv", 'c\d.csv']
        test = ["t#.csv"]
        items = "items.csv"
        bundled = "movietweetings-100k"
        format = "json-lines"
        min_rating = 3.3
        k_core = 5
        columns = { user = "u", item = "i", weight = "w", timestamp = "t" }
        [split]
        method = "leave-last-out"
        [model]
        name = "ngcf-lecture"
        [ngcf_lecture]
        last_activation = "linear"
        [loss]
        l2 = 1e-30
        [training]
        learning_rate = 1
        [run]
        memory_limit = "4GiB"
    "#;
    let resolved = resolve(Some(("a\nb.toml", text)), iter::empty(), Table::new()).unwrap();
    let config = &resolved.config;
    assert_eq!(config.data.train[1], PathBuf::from(r"c\d.csv"));
    assert_eq!(config.training.learning_rate, 1.0);
    let annotated = resolved.to_annotated_toml();
    assert!(
        annotated.contains("min_rating = 3.3 # from a?b.toml\n"),
        "{annotated}"
    );
    assert_eq!(file(&annotated).unwrap().config, *config);
    assert_eq!(
        RunConfig::from_toml("config.toml", &config.to_toml()).unwrap(),
        *config
    );
}

#[test]
fn defaults_of_every_model_round_trip() {
    for name in ModelName::ALL {
        let config = RunConfig::defaults_for(*name);
        let text = config.to_toml();
        assert_eq!(
            RunConfig::from_toml("config.toml", &text).unwrap(),
            config,
            "{text}"
        );
        assert_eq!(file(&text).unwrap().config, config);
    }
}

#[test]
fn unknown_keys_are_refused_with_the_nearest() {
    let cases = [
        ("[training]\nepoch = 5", "training.epoch", "training.epochs"),
        (
            "[trainning]\nepochs = 5",
            "trainning.epochs",
            "training.epochs",
        ),
        ("epochs = 5", "epochs", "training.epochs"),
        (
            "[data.columns]\nusers = 'u'",
            "data.columns.users",
            "data.columns.user",
        ),
        ("[modle]", "modle", "model"),
        (
            "[training]\nbatch_size = 5",
            "training.batch_size",
            "sampling.batch_size",
        ),
    ];
    for (text, key, nearest) in cases {
        let expected = format!("run.toml: unknown key \"{key}\"; did you mean \"{nearest}\"?");
        assert_eq!(refusal(text), expected);
    }
    let flags: Table = "training.epoch = 3".parse().unwrap();
    let error = resolve(None, iter::empty(), flags).unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("--set: unknown key \"training.epoch\"")
    );
}

#[test]
fn a_key_like_none_is_answered_with_those_there_are() {
    assert_eq!(
        refusal("[split]\nfoo = 1"),
        "run.toml: unknown key \"split.foo\"; [split] has method, test_fraction, validation_fraction, refit, draw"
    );
    let error = refusal("[nonsense]\nat_all = 1");
    assert!(
        error.contains("\"nonsense.at_all\"; the sections are data, data.columns, split, model,"),
        "{error}"
    );
}

#[test]
fn variables_are_read_by_type_and_strictly() {
    let config = environment("SAGEBRUSH_EVALUATION_KS", "5, 10")
        .unwrap()
        .config;
    assert_eq!(config.evaluation.ks, [5, 10]);
    let config = environment("SAGEBRUSH_DATA_TRAIN", "a.csv,b.csv")
        .unwrap()
        .config;
    assert_eq!(
        config.data.train,
        [PathBuf::from("a.csv"), PathBuf::from("b.csv")]
    );
    assert_eq!(environment("SAGEBRUSH_SEED", "7").unwrap().config.seed, 7);
    assert_eq!(
        environment("SAGEBRUSH_LOSS_L2", "1e-3")
            .unwrap()
            .config
            .loss
            .l2,
        1e-3
    );
    for foreign in [
        "SAGEBRUSH_DATA",
        "SAGEBRUSH_REQUIRE_GPU",
        "SAGEBRUSH_CI_TARGET",
        "SAGEBRUSH_EXPORT_TO",
        "HOME",
    ] {
        assert_eq!(
            environment(foreign, "x").unwrap().config,
            RunConfig::default()
        );
    }
    let unknown = environment("SAGEBRUSH_TRAINING_EPOCH", "5")
        .unwrap_err()
        .to_string();
    assert!(unknown.contains("SAGEBRUSH_TRAINING_EPOCH;"), "{unknown}");
    assert!(
        unknown.contains("did you mean SAGEBRUSH_TRAINING_EPOCHS?"),
        "{unknown}"
    );
    let wrong = environment("SAGEBRUSH_TRAINING_EPOCHS", "five")
        .unwrap_err()
        .to_string();
    assert!(
        wrong.starts_with("SAGEBRUSH_TRAINING_EPOCHS: \"training.epochs\" must be a whole number")
    );
}

#[test]
fn wrong_types_are_refused() {
    for text in [
        "seed = 1.5",
        "seed = '1'",
        "data = 3",
        "[[data]]\ntrain = ['a']",
        "[data]\ntrain = 'a.csv'",
        "[data]\ntrain = [1]",
        "[model]\nname = 1",
        "[training]\nepochs = { n = 1 }",
        "[training]\nlearning_rate = '1e-3'",
        "[evaluation]\nks = [1.0]",
        "[evaluation]\nks = 10",
    ] {
        let error = file(text).unwrap_err();
        assert!(
            matches!(error, SettingError::WrongType { .. }),
            "{text}: {error}"
        );
    }
}

#[test]
fn unknown_choices_list_the_known() {
    let error = refusal("[model]\nname = 'lightgnc'");
    assert_eq!(
        error,
        "run.toml: \"model.name\" cannot be \"lightgnc\"; did you mean \"lightgcn\"? \
         The known ones are mf, lightgcn, ngcf-lecture, ngcf-paper, ngcf-official, pinsage, gf-cf, chebycf, popularity, item-knn, ease, ials, auto"
    );
    assert!(refusal("[data]\nformat = 'cvs'").contains("did you mean \"csv\"?"));
    assert!(refusal("[run]\ndevice = 'GPU'").contains("cpu, ndarray, gpu"));
}

#[test]
fn values_out_of_range_are_refused() {
    for (section, lines) in [
        (
            "model",
            &[
                "dim = 0",
                "dim = 65537",
                "dim = -1",
                "layers = 17",
                "init_std = 0.0",
            ][..],
        ),
        (
            "model",
            &[
                "message_dropout = 1.0",
                "node_dropout = -0.1",
                "edge_dropout = nan",
            ],
        ),
        (
            "training",
            &[
                "learning_rate = -1e-3",
                "learning_rate = inf",
                "learning_rate = nan",
            ],
        ),
        (
            "training",
            &["epochs = 0", "epochs = 4294967296", "evaluate_every = 0"],
        ),
        (
            "training",
            &[
                "metric = 'ndcg'",
                "metric = 'ndcg@0'",
                "metric = 'recall@+5'",
                "metric = 'mrr@10'",
            ],
        ),
        (
            "split",
            &[
                "test_fraction = 0.0",
                "test_fraction = 1",
                "validation_fraction = 1",
            ],
        ),
        (
            "score",
            &["temperature = 0", "temperature = -1.0", "hidden = 0"],
        ),
        ("loss", &["l2 = -1e-4"]),
        (
            "sampling",
            &["batch_size = 0", "negatives = -1", "negatives = 1001"],
        ),
        (
            "evaluation",
            &[
                "ks = []",
                "ks = [10, 0]",
                "bootstrap = -1",
                "bootstrap = 100001",
            ],
        ),
        (
            "data",
            &[
                "min_rating = nan",
                "k_core = 0",
                "items = ''",
                "train = ['']",
            ],
        ),
    ] {
        for line in lines {
            let error = file(&format!("[{section}]\n{line}")).unwrap_err();
            assert!(
                matches!(error, SettingError::OutOfRange { .. }),
                "{line}: {error}"
            );
        }
    }
    assert_eq!(
        refusal("[model]\ndim = 0"),
        "run.toml: \"model.dim\" is 0, but must be a whole number from 1 to 65536"
    );
}

#[test]
fn settings_of_another_model_are_refused() {
    for text in [
        "[model]\nlast_activation = 'relu'",
        "[ngcf_lecture]\nlast_activation = 'relu'",
        "[model]\nname = 'pinsage'\nlayers = 0",
        "[model]\nname = 'pinsage'\nedge_dropout = 0.1",
        "[run]\ntemp_dir = 'there'",
        "[model]\nname = 'mf'\nlayers = 2",
        "[model]\nname = 'mf'\nedge_dropout = 0.1",
        "[filter]\nvectors = 8",
        "[model]\nname = 'gf-cf'\ndim = 64",
        "[model]\nname = 'gf-cf'\n[chebycf]\norder = 8",
        "[model]\nname = 'chebycf'\n[training]\nepochs = 5",
        "[model]\nname = 'chebycf'\n[run]\ndevice = 'gpu'",
    ] {
        let error = file(text).unwrap_err();
        assert!(
            matches!(error, SettingError::NotForModel { .. }),
            "{text}: {error}"
        );
    }
}

#[test]
fn a_filter_is_written_without_the_settings_of_training() {
    let text = "[model]\nname = 'gf-cf'\n[split]\nvalidation_fraction = 0\n[filter]\nvectors = 8\n";
    let config = file(text).unwrap().config;
    let filter = config.filter.as_ref().unwrap();
    assert_eq!((filter.vectors, filter.low_pass_weight), (8, 0.3));
    let written = config.to_toml();
    for absent in [
        "[score]",
        "[loss]",
        "[sampling]",
        "[training]",
        "dim =",
        "order = 8",
    ] {
        assert!(!written.contains(absent), "{absent} in {written}");
    }
    assert_eq!(
        RunConfig::from_toml("config.toml", &written).unwrap(),
        config
    );
    let cut = written.replace("vectors = 8\n", "");
    let error = RunConfig::from_toml("config.toml", &cut)
        .unwrap_err()
        .to_string();
    assert!(error.contains("\"filter.vectors\" is missing"), "{error}");
}

#[test]
fn an_unknown_version_is_refused_before_its_keys() {
    let error = refusal("format_version = 2\n[new]\nkey = 1");
    assert!(
        error.contains("format_version is 2, and this program reads only version 1"),
        "{error}"
    );
}

#[test]
fn syntax_errors_name_the_line() {
    let error = refusal("seed = 1\n[model\n");
    assert!(error.starts_with("run.toml:2: not valid TOML"), "{error}");
    let error = refusal("seed = 1\nseed = 2\n");
    assert!(error.starts_with("run.toml:2: "), "{error}");
}

#[test]
fn a_stored_file_must_be_complete() {
    let text = RunConfig::default().to_toml().replace("epochs = 15\n", "");
    let error = RunConfig::from_toml("config.toml", &text)
        .unwrap_err()
        .to_string();
    assert!(
        error.starts_with("config.toml: key \"training.epochs\" is missing"),
        "{error}"
    );
}

#[test]
fn a_configuration_without_toml_form_is_not_read_back() {
    let config = RunConfig {
        seed: u64::MAX,
        ..RunConfig::default()
    };
    assert!(RunConfig::from_toml("config.toml", &config.to_toml()).is_err());
}

#[test]
fn texts_of_several_lines_survive() {
    let text = "[data]\nitems = \"a\\nb # c\"\ntrain = [\"x\\ny\"]\n";
    let resolved = file(text).unwrap();
    let back = file(&resolved.to_annotated_toml()).unwrap();
    assert_eq!(back.config, resolved.config);
}

/// A value that `setting` accepts.
fn sample(setting: &Setting) -> Value {
    let text = |text: &str| Value::String(text.to_owned());
    match setting.accepts {
        Accepts::Version => Value::Integer(1),
        Accepts::Flag => Value::Boolean(true),
        Accepts::Whole(from, _) => Value::Integer(from),
        Accepts::Number(_) => Value::Float(0.5),
        Accepts::Choice(choices) => text(choices[0].name),
        Accepts::Text | Accepts::Path => text("there"),
        Accepts::Texts | Accepts::Paths => Value::Array(vec![text("there")]),
        Accepts::Wholes(..) => Value::Array(vec![Value::Integer(7)]),
        Accepts::Metric => text("recall@7"),
        Accepts::Size => text("4GiB"),
    }
}

#[test]
fn every_setting_has_a_place_in_the_structs() {
    for setting in settings() {
        let model = setting.models[0];
        let table = Table::try_from(RunConfig::defaults_for(model)).unwrap();
        let mut flags = Table::new();
        let value = lookup(&table, setting.key).cloned();
        let value = value.unwrap_or_else(|| sample(setting));
        insert(&mut flags, "model.name", model.as_str().into());
        insert(&mut flags, setting.key, value.clone());
        let resolved = resolve(None, iter::empty(), flags).unwrap();
        let table = Table::try_from(&resolved.config).unwrap();
        assert_eq!(lookup(&table, setting.key), Some(&value), "{}", setting.key);
        assert_ne!(resolved.origin(setting.key), Origin::Default);
        let name = setting.key.rsplit('.').next().unwrap();
        let line = format!("{name} = {value}\n");
        assert!(resolved.config.to_toml().contains(&line), "{line}");
    }
}

#[test]
fn every_default_is_valid_for_each_model_that_has_it() {
    for &model in ModelName::ALL {
        let table = Table::try_from(RunConfig::defaults_for(model)).unwrap();
        for setting in settings() {
            let value = lookup(&table, setting.key);
            let Some(value) = value.filter(|_| setting.is_of(model)) else {
                continue;
            };
            let checked = setting.check("the defaults", value.clone());
            assert_eq!(checked.as_ref(), Ok(value), "{model}, {}", setting.key);
            for limit in setting.limits.iter().filter(|l| l.models.contains(&model)) {
                let checked = limit.accepts.check(setting.key, "", value.clone());
                assert_eq!(checked.as_ref(), Ok(value), "{model}, {}", setting.key);
            }
        }
    }
}

#[test]
fn keys_are_told_apart_by_name_and_by_variable() {
    let names = || settings().flat_map(|s| iter::once(&s.key).chain(s.old));
    let mut seen = std::collections::BTreeSet::new();
    for name in names() {
        assert!(
            seen.insert(crate::config::sections::setting::variable(name)),
            "{name}"
        );
    }
}

#[test]
fn an_earlier_key_sets_what_the_key_sets() {
    let mut n = 0;
    for setting in settings() {
        for old in setting.old {
            n += 1;
            let model = setting.models[0].as_str();
            let with = |key: &str| {
                let mut flags = Table::new();
                insert(&mut flags, "model.name", model.into());
                insert(&mut flags, key, sample(setting));
                resolve(None, iter::empty(), flags).unwrap()
            };
            let (now, before) = (with(setting.key), with(old));
            assert_eq!(now.config, before.config, "{old}");
            assert_eq!(now.to_annotated_toml(), before.to_annotated_toml());
            assert_eq!(now.given_toml(), before.given_toml());
        }
    }
    assert_eq!(n, 15);
}

#[test]
fn an_earlier_value_is_what_the_value_is() {
    for (model, key, old, now) in [
        ("lightgcn", "split.method", "timeline", "temporal"),
        ("lightgcn", "split.method", "item-cold", "cold-start-item"),
        ("lightgcn", "sampling.distribution", "trained", "warm-items"),
        ("pinsage", "pinsage.start", "content", "lsa"),
        ("pinsage", "model.start", "content", "lsa"),
    ] {
        let with = |value: &str| {
            let mut flags = Table::new();
            insert(&mut flags, "model.name", model.into());
            insert(&mut flags, key, value.into());
            resolve(None, iter::empty(), flags).unwrap().config
        };
        assert_eq!(with(old), with(now), "{key} = {old}");
        assert!(!with(old).to_toml().contains(&format!("\"{old}\"")));
    }
}

#[test]
fn both_names_of_a_setting_in_one_layer_are_refused() {
    let expected = "run.toml: \"training.ahead\" and \"training.prefetch\" are one setting, and both are given; \
                    remove \"training.ahead\"";
    assert_eq!(refusal("[training]\nahead = 1\nprefetch = 2"), expected);
    assert_eq!(refusal("[training]\nprefetch = 2\nahead = 2"), expected);
    let variables = ["SAGEBRUSH_TRAINING_AHEAD", "SAGEBRUSH_TRAINING_PREFETCH"];
    let variables = variables.map(|name| (name.to_owned(), "1".to_owned()));
    let error = resolve(None, variables.into_iter(), Table::new()).unwrap_err();
    let error = error.to_string();
    assert!(
        error.contains("\"SAGEBRUSH_TRAINING_AHEAD\" and \"SAGEBRUSH_TRAINING_PREFETCH\" are one"),
        "{error}"
    );
    let flags: Table = "training.prefetch = 3".parse().unwrap();
    let file = Some(("run.toml", "[training]\nahead = 1"));
    let resolved = resolve(file, iter::empty(), flags).unwrap();
    assert_eq!(resolved.config.training.prefetch, 3);
}

#[test]
fn files_from_before_keys_were_renamed_give_the_same_settings() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/config-v1");
    let mut n = 0;
    for &model in ModelName::ALL {
        let path = folder.join(format!("{model}.toml"));
        if !path.exists() {
            // A model of later.
            continue;
        }
        n += 1;
        let text = std::fs::read_to_string(path).unwrap();
        let mut expected = RunConfig::defaults_for(model);
        if let Some(filter) = &mut expected.filter {
            // The default of then.
            filter.tolerance = 1e-4;
        }
        if model == ModelName::LightGcn {
            // It was trained as published then, as MF but for how positives are drawn.
            let then = RunConfig::defaults_for(ModelName::Mf);
            let now = expected.sampling;
            (expected.loss, expected.training) = (then.loss, then.training);
            expected.sampling = SamplingConfig {
                positives: PositiveSampling::ByUser,
                min_batches: now.min_batches,
                max_batches: now.max_batches,
                ..then.sampling
            };
        }
        assert_eq!(file(&text).unwrap().config, expected, "{model}");
        let stored = RunConfig::from_toml("config.toml", &text).unwrap();
        let mut then = expected;
        then.split.draw = SplitDraw::PerUser;
        then.prior.r#use = PriorUse::Off;
        then.split.refit = false;
        (then.sampling.min_batches, then.sampling.max_batches) = (0, 0);
        assert_eq!(stored, then, "{model}");
    }
    assert_eq!(n, 8);
}

#[test]
fn a_run_stored_before_a_setting_existed_did_what_it_did() {
    let text = RunConfig::default().to_toml();
    let older = text.replace("\norder = \"locality\"\n", "\n");
    assert_ne!(text, older);
    let order = |text| {
        RunConfig::from_toml("config.toml", text)
            .unwrap()
            .data
            .order
    };
    assert_eq!(order(&text), IdOrder::Locality);
    assert_eq!(order(&older), IdOrder::Key);
}

#[test]
fn the_printed_configuration_says_what_each_setting_does() {
    let resolved = resolve(None, iter::empty(), Table::new()).unwrap();
    let text = resolved.to_annotated_toml();
    assert!(
        text.contains("# Embedding width. [whole number, 1 to 65536]\ndim = 64\n"),
        "{text}"
    );
    assert!(text.lines().all(|line| line.len() <= 140));
}
