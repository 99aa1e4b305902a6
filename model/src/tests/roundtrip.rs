//! Parameters, configuration and serving tables: what goes out comes back, or is refused.

use super::*;
use crate::{ConfigError, Mode, ParameterError, ScoreHead};

fn scores() -> [ScoreConfig; 4] {
    [
        ScoreConfig::Dot,
        ScoreConfig::Cosine { temperature: 0.2 },
        ScoreConfig::Bilinear,
        ScoreConfig::Mlp { hidden: 3 },
    ]
}

#[test]
fn the_same_seed_gives_the_same_parameters_on_every_device() {
    for network in networks(4) {
        for score in scores() {
            let config = model(&network, score);
            let first = parameters(&config.init(3, 2, 9, &Device::flex()));
            for device in devices() {
                assert_eq!(first, parameters(&config.init(3, 2, 9, &device)));
            }
            assert_ne!(first, parameters(&config.init(3, 2, 8, &Device::flex())));
        }
    }
}

#[test]
fn every_parameter_is_seen_by_burn_and_has_a_name_and_a_stable_id() {
    use burn::module::{Module, list_param_ids};
    for network in networks(4) {
        for score in scores() {
            let config = model(&network, score);
            let build = || config.init(3, 2, 1, &Device::flex());
            let named = build().parameters().unwrap();
            let mut ids = list_param_ids(&build());
            assert_eq!(ids, list_param_ids(&build()));
            assert_eq!(ids.len(), named.len());
            ids.dedup();
            assert_eq!(ids.len(), named.len());
            let total: usize = named.iter().map(|(_, tensor)| tensor.values.len()).sum();
            assert_eq!(build().num_params(), total);
        }
    }
}

#[test]
fn parameters_come_back_and_misfits_are_refused() {
    let config = model(&networks(3)[3], ScoreConfig::Bilinear);
    for device in devices() {
        let device = device.autodiff();
        let source = parameters(&config.init(3, 2, 1, &device));
        let build = || config.init(3, 2, 2, &device);
        let restored = build().with_parameters(source.clone()).unwrap();
        assert_eq!(parameters(&restored), source);

        let broken = |change: &dyn Fn(&mut BTreeMap<String, HostTensor>)| {
            let mut tensors = source.clone();
            change(&mut tensors);
            build().with_parameters(tensors).unwrap_err()
        };
        let missing = broken(&|t| drop(t.remove("users")));
        assert!(matches!(&missing, ParameterError::Missing { name, .. } if name == "users"));
        assert!(missing.to_string().contains("layers.1.interaction.weight"));
        let extra = broken(&|t| drop(t.insert("user".into(), source["users"].clone())));
        assert!(matches!(extra, ParameterError::Unexpected { name, .. } if name == "user"));
        let shape = broken(&|t| t.get_mut("items").unwrap().shape = vec![3, 2]);
        assert!(matches!(shape, ParameterError::Shape { expected, .. } if expected == [2, 3]));
        let short = broken(&|t| t.get_mut("items").unwrap().values.truncate(5));
        assert!(matches!(short, ParameterError::Length { found: 5, .. }));
        let nan = broken(&|t| t.get_mut("items").unwrap().values[4] = f32::NAN);
        assert!(matches!(nan, ParameterError::NotFinite { position: 4, .. }));
    }
}

#[test]
fn serving_tables_score_as_the_model_does() {
    for device in devices() {
        for score in scores() {
            let config = model(&networks(4)[0], score);
            let model = config.init(3, 2, 5, &device);
            let embeddings = model.embed(None, Mode::Inference);
            let users = embeddings.users().narrow(0, 1, 2);
            let want = host(model.score().pairs(users, embeddings.items()));
            let tables = model.serving_tables(embeddings).unwrap();
            let dim = tables.dim;
            for (pair, want) in want.iter().enumerate() {
                let user = &tables.users[(pair + 1) * dim..][..dim];
                let item = &tables.items[pair * dim..][..dim];
                let got = match &tables.head {
                    ScoreHead::Dot => dot(user, item),
                    ScoreHead::Mlp {
                        hidden,
                        user_weight,
                        item_weight,
                        bias,
                        output,
                        output_bias,
                    } => {
                        let unit = |h: usize| {
                            let row = h * dim..(h + 1) * dim;
                            let u = dot(&user_weight[row.clone()], user);
                            let i = dot(&item_weight[row], item);
                            output[h] * (u + i + bias[h]).max(0.0)
                        };
                        (0..*hidden).map(unit).sum::<f32>() + output_bias
                    }
                };
                assert!((got - want).abs() < 1e-5, "{score:?}: {got} against {want}");
            }
        }
    }
}

fn dot(a: &[f32], b: &[f32]) -> f32 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

#[test]
fn settings_out_of_range_are_refused() {
    let refused = |network: NetworkConfig, score| model(&network, score).validate().unwrap_err();
    let lightgcn = || NetworkConfig::LightGcn(LightGcnConfig::default());
    assert!(model(&lightgcn(), ScoreConfig::Dot).validate().is_ok());
    let flat = NetworkConfig::Mf(MfConfig {
        dim: 0,
        ..MfConfig::default()
    });
    assert_eq!(
        refused(flat, ScoreConfig::Dot),
        ConfigError::Zero { setting: "dim" }
    );
    let all = NetworkConfig::NgcfPaper(NgcfPaperConfig {
        node_dropout: 1.0,
        ..NgcfPaperConfig::default()
    });
    let rate = refused(all, ScoreConfig::Dot);
    assert_eq!(
        rate.to_string(),
        "node_dropout is 1; a dropout rate lies in [0, 1)"
    );
    let cold = refused(lightgcn(), ScoreConfig::Cosine { temperature: 0.0 });
    assert!(matches!(
        cold,
        ConfigError::NotPositive {
            setting: "temperature",
            ..
        }
    ));
}
