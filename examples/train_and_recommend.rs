//! From the bundled film ratings to a trained run, its evaluation and one user's list.
//!
//! `cargo run --example train_and_recommend`

use sagebrush::{Config, Dataset, Event, ListOptions, ModelName, Observer, Split, evaluate, fit};

/// Prints a line an epoch.
struct Lines;

impl Observer for Lines {
    fn event(&self, event: Event<'_>) {
        if let Event::EpochDone(record) = event {
            eprintln!("epoch {}: loss {:.4}", record.epoch, record.loss);
        }
    }
}

fn main() -> Result<(), sagebrush::Error> {
    let mut config = Config::defaults_for(ModelName::Mf);
    config.model.dim = 16;
    config.training.epochs = 3;
    let split = Split::new(Dataset::bundled()?, &config, &Lines)?;

    let folder = std::env::temp_dir().join(format!("sagebrush-example-{}", std::process::id()));
    let run = fit(&config, &split, &folder, &Lines)?;
    for system in evaluate(&run, &[20], &())?.systems {
        println!("{}: recall@20 {}", system.name, system.metrics["recall@20"]);
    }

    let recommender = run.recommender()?;
    for list in recommender.recommend(&["42"], &ListOptions::of(5))? {
        println!("user {}", list.user);
        for place in list.items {
            println!("  {}. {}", place.rank, place.title.unwrap_or(place.item));
        }
    }
    let _ = std::fs::remove_dir_all(folder);
    Ok(())
}
