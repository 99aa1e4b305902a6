//! Data sets with published counts. Those that do not come with the program are read from the folder
//! that the variable `SAGEBRUSH_DATA` names.

use std::time::Instant;

use super::*;

/// The folder of a data set, or `None` with a line that says so.
fn folder(name: &str) -> Option<PathBuf> {
    let Some(root) = std::env::var_os("SAGEBRUSH_DATA") else {
        println!("skipped: SAGEBRUSH_DATA does not name the folder that holds {name}");
        return None;
    };
    let path = PathBuf::from(root).join(name);
    path.is_dir().then_some(path)
}

fn timed(inputs: &[Input], test: &[Input], titles: Option<&Input>) -> (Dataset, Cleaning) {
    let start = Instant::now();
    let read = read_dataset(inputs, test, titles, &ReadOptions::default()).unwrap();
    let bytes: u64 = read.0.sources.iter().map(|source| source.bytes).sum();
    println!("read {bytes} bytes in {:?}", start.elapsed());
    read
}

#[test]
fn the_bundled_films_have_the_published_counts() {
    let bundled = Input::Bundled(Bundled::MovieTweetings100k);
    let (dataset, cleaning) = timed(std::slice::from_ref(&bundled), &[], Some(&bundled));
    assert_eq!((dataset.users.len(), dataset.items.len()), (16_554, 10_506));
    assert_eq!(
        (dataset.interactions.len(), cleaning.duplicates_merged),
        (100_000, 0)
    );
    let found = inspect(&dataset, &cleaning);
    assert_eq!(
        found.time_span,
        Some(("2013-02-28".into(), "2013-09-01".into()))
    );
    assert_eq!(found.titled_items, Some(10_506));
    let bank = dataset.items.id("0004936").unwrap();
    assert_eq!(
        dataset.titles.unwrap()[bank as usize].as_deref(),
        Some("The Bank (1915)")
    );
    assert!(
        Bundled::MovieTweetings100k
            .license()
            .contains("Simon Dooms")
    );
}

#[test]
fn gowalla_has_the_published_counts() {
    let Some(folder) = folder("gowalla") else {
        return;
    };
    let train = [Input::Path(folder.join("train.txt"))];
    let test = [Input::Path(folder.join("test.txt"))];
    let (dataset, cleaning) = timed(&train, &test, None);
    assert_eq!((dataset.users.len(), dataset.items.len()), (29_858, 40_981));
    assert_eq!(dataset.interactions.len(), 810_128);
    assert_eq!(
        dataset.given_test.as_ref().map(Interactions::len),
        Some(217_242)
    );
    let found = inspect(&dataset, &cleaning);
    assert_eq!(
        found
            .test
            .map(|test| (test.cold_users, test.cold_items, test.overlap)),
        Some((0, 0, 0))
    );
    assert!((found.density - 810_128.0 / (29_858.0 * 40_981.0)).abs() < 1e-12);
}

#[test]
fn movielens_100k_has_the_published_counts() {
    let Some(folder) = folder("ml-100k") else {
        return;
    };
    let titles = Input::Path(folder.join("ml-100k.item"));
    let log = [Input::Path(folder.join("ml-100k.inter"))];
    let (dataset, cleaning) = timed(&log, &[], Some(&titles));
    assert_eq!((dataset.users.len(), dataset.items.len()), (943, 1_682));
    assert_eq!(
        (dataset.interactions.len(), cleaning.duplicates_merged),
        (100_000, 0)
    );
    assert_eq!(dataset.sources[0].format, "recbole");
    assert_eq!(
        dataset.sources[0].sha256,
        "4edb74e2a81178c2ba9ff381495f754f996c4aea351b1272ca36b43da0935eff"
    );
    assert_eq!(
        dataset.titles.unwrap()[0].as_deref(),
        Some("Toy Story (1995)")
    );
}
