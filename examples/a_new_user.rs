//! A list for a user who is not in the log, from a history of items.
//!
//! `cargo run --example a_new_user`

use sagebrush::{Config, Dataset, ListOptions, ModelName, Split, fit};

fn main() -> Result<(), sagebrush::Error> {
    let mut config = Config::defaults_for(ModelName::Mf);
    config.model.dim = 16;
    config.training.epochs = 3;
    let split = Split::new(Dataset::bundled()?, &config, &())?;
    let folder = std::env::temp_dir().join(format!("sagebrush-example-{}", std::process::id()));
    let recommender = fit(&config, &split, &folder, &())?.recommender()?;

    // The Dark Knight Rises, Skyfall, and a film the model has never seen.
    let answer =
        recommender.recommend_for(&["1345836", "1074638", "no such film"], &ListOptions::of(5))?;
    for unknown in &answer.unknown {
        println!("left out: {unknown}");
    }
    for place in answer.list.items {
        println!("  {}. {}", place.rank, place.title.unwrap_or(place.item));
    }
    let _ = std::fs::remove_dir_all(folder);
    Ok(())
}
