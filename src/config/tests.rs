//! Tests of the whole road from layers to a configuration and back.

#![allow(clippy::unwrap_used)]

use std::iter;
use std::path::PathBuf;

use toml::Table;

use super::*;

fn file(text: &str) -> Result<Resolved, ConfigError> {
    resolve(Some(("run.toml", text)), iter::empty(), Table::new())
}

fn environment(name: &str, value: &str) -> Result<Resolved, ConfigError> {
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
    assert_eq!(training.learning_rate, 1e-3);
    let annotated = resolved.to_annotated_toml();
    let has = |line: &str| annotated.lines().any(|found| found == line);
    assert!(has("epochs = 3 # from --flag"), "{annotated}");
    assert!(
        has("patience = 2 # from SAGEBRUSH_TRAINING_PATIENCE"),
        "{annotated}"
    );
    assert!(has("evaluate_every = 7 # from run.toml"), "{annotated}");
    assert!(has("learning_rate = 0.001"), "{annotated}");
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
fn every_key_has_a_place_in_the_structs_and_survives_a_round_trip() {
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
    let filter = RunConfig::defaults_for(ModelName::ChebyCf).to_toml();
    let mut content = RunConfig::defaults_for(ModelName::PinSage);
    content.run.scratch = Some(PathBuf::from("scratch"));
    let content = content.to_toml();
    for key in super::strict::KEYS {
        let name = key.path.rsplit('.').next().unwrap();
        let written = |text: &str| text.contains(&format!("\n{name} = ")) || text.starts_with(name);
        let whole = match key.path.split_once('.') {
            Some(("filter", _)) => &filter,
            Some(
                ("features" | "walks", _)
                | ("sampling", "query" | "query_items")
                | ("model", "hidden" | "start")
                | ("run", "scratch"),
            ) => &content,
            _ => &annotated,
        };
        assert!(written(whole), "{}", key.path);
    }
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
            matches!(error, ConfigError::WrongType { .. }),
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
         The known ones are mf, lightgcn, ngcf-lecture, ngcf-paper, ngcf-official, pinsage, gf-cf, chebycf"
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
                matches!(error, ConfigError::OutOfRange { .. }),
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
        "[model]\nname = 'mf'\nlayers = 2",
        "[model]\nname = 'mf'\nedge_dropout = 0.1",
        "[filter]\nvectors = 8",
        "[model]\nname = 'gf-cf'\ndim = 64",
        "[model]\nname = 'gf-cf'\n[filter]\norder = 8",
        "[model]\nname = 'chebycf'\n[training]\nepochs = 5",
        "[model]\nname = 'chebycf'\n[run]\ndevice = 'gpu'",
    ] {
        let error = file(text).unwrap_err();
        assert!(
            matches!(error, ConfigError::NotForModel { .. }),
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
    let text = RunConfig::default().to_toml().replace("epochs = 200\n", "");
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
