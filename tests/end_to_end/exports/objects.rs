//! Exports to an object store: the bytes of the file, and nothing before all of it is there.

use super::trained;
use crate::cloud::Moto;

fn export<'a>(to: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["export", "--run", "run", "--to", to][..], more].concat()
}

#[test]
fn objects_are_the_files() {
    let Some(moto) = Moto::start() else { return };
    let work = trained();
    for (object, more) in [
        ("s3://logs/shop/lists.parquet", &["-k", "5"][..]),
        ("s3://logs/items.npy", &[]),
        ("s3://logs/items.safetensors", &[]),
    ] {
        let name = object.rsplit('/').next().unwrap();
        let export = |to| export(to, more);
        work.succeed(&[&export(name)[..], &["-q"]].concat());
        let planned = moto.json(&work, &[&export(object)[..], &["--dry-run"]].concat());
        assert_eq!(planned["parts"][0]["replaces"], false);
        moto.json(&work, &export(object));
        assert_eq!(moto.get(object), work.read(name), "{object}");
        let again = moto.json(&work, &export(object));
        assert_eq!(again["parts"][0]["replaces"], true);
        assert_eq!(moto.get(object), work.read(name), "{object}");
    }
    assert_eq!(
        moto.get("s3://logs/items.keys.json"),
        work.read("items.keys.json")
    );
}

#[test]
fn what_cannot_be_written_is_told_before_any_work() {
    let Some(moto) = Moto::start() else { return };
    let work = trained();
    let export = |to| export(to, &[]);
    let message = moto.refused(&work, &export("s3://no-such-bucket/lists.csv"));
    assert!(message.contains("make the bucket first"), "{message}");
    let message = moto.refused(&work, &export("s3://logs"));
    assert!(
        message.contains("name it .csv") || message.contains("name an object"),
        "{message}"
    );
    let mut command = moto.command(&work, &export("s3://logs/lists.csv"));
    command
        .env_remove("AWS_ACCESS_KEY_ID")
        .env_remove("AWS_SECRET_ACCESS_KEY");
    command.env("AWS_METADATA_ENDPOINT", "http://127.0.0.1:1");
    let output = command.assert().failure().code(74);
    let message = String::from_utf8_lossy(&output.get_output().stderr).into_owned();
    assert!(
        message.contains("`AWS_ACCESS_KEY_ID`") && !message.contains("secret"),
        "{message}"
    );
}
