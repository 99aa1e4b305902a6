//! A log that comes from a database, page by page, as an iterator of interactions.
//!
//! `cargo run --example from_a_database`

use sagebrush::{Config, Dataset, Interaction, ListOptions, ModelName, Split, fit};

/// Stands for a database cursor: it gives a page of rows `(user, item, seconds)` at a time.
fn page(number: i64) -> Vec<(i64, String, i64)> {
    const ROWS_PER_PAGE: i64 = 500;
    const PAGES: i64 = 4;
    let rows = number * ROWS_PER_PAGE..(number + 1) * ROWS_PER_PAGE;
    let row = |at: i64| {
        (
            at / 20,
            format!("item-{}", (at / 20 + 7 * (at % 20)) % 150),
            at,
        )
    };
    match number < PAGES {
        true => rows.map(row).collect(),
        false => Vec::new(),
    }
}

fn main() -> Result<(), sagebrush::Error> {
    let rows = (0..)
        .map(page)
        .take_while(|page| !page.is_empty())
        .flatten();
    let interactions =
        rows.map(|(user, item, time)| Interaction::new(user.to_string(), item).at(time));
    let dataset = Dataset::from_interactions(interactions)?;
    println!(
        "{} users, {} items, {} interactions",
        dataset.n_users(),
        dataset.n_items(),
        dataset.n_interactions()
    );

    let mut config = Config::defaults_for(ModelName::Mf);
    config.model.dim = 8;
    config.training.epochs = 2;
    let split = Split::new(dataset, &config, &())?;
    let folder = std::env::temp_dir().join(format!("sagebrush-example-{}", std::process::id()));
    let recommender = fit(&config, &split, &folder, &())?.recommender()?;
    for place in &recommender.recommend(&["7"], &ListOptions::of(3))?[0].items {
        println!("  {}. {}", place.rank, place.item);
    }
    let _ = std::fs::remove_dir_all(folder);
    Ok(())
}
