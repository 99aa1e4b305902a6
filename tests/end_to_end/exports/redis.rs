//! Exports to Redis: lists are those of `recommend`, one pointer switches them, earlier ones expire.

use serde_json::Value;

use super::servers::{Redis, free_port};
use super::{Lists, assert_same, recommended, text, train, trained};

fn export<'a>(to: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["export", "--run", "run", "--to", to][..], more].concat()
}

/// The lists of a version, as a reader finds them.
fn lists(server: &Redis, version: &str, users: impl Iterator<Item = String>) -> Lists {
    let list = |user: String| {
        let found = server.ask(&["GET", &format!("sagebrush:{version}:user:{user}")]);
        let value: Value = serde_json::from_str(&found[0]).unwrap();
        let items = value["items"].as_array().unwrap().iter().map(text);
        let scores = value["scores"].as_array().unwrap().iter();
        (
            user,
            items
                .zip(scores.map(|score| score.as_f64().unwrap()))
                .collect(),
        )
    };
    users.map(list).collect()
}

fn current(server: &Redis) -> String {
    server.ask(&["GET", "sagebrush:current"])[0].clone()
}

#[test]
fn lists_are_those_of_recommend_and_old_ones_expire() {
    let Some(server) = Redis::start() else { return };
    let work = trained();
    let url = server.url();
    // Keys of others below the same name, and what a killed export left behind.
    let stale = "sagebrush:0123456789ab-01234567:user:1";
    for key in ["sagebrush:cache:1", stale] {
        server.ask(&["SET", key, "x"]);
    }
    let written = work.json(&export(&url, &["-k", "5", "--keep-old", "1"]));
    assert_eq!(written["parts"][0]["rows"], 120);
    assert!(
        written["to"].as_str().unwrap().contains(":***@"),
        "{written}"
    );
    let (expected, _) = recommended(&work, &["--run", "run", "-k", "5"]);
    let first = current(&server);
    assert_same(&lists(&server, &first, expected.keys().cloned()), &expected);
    let ttl = |key: &str| server.ask(&["TTL", key])[0].parse::<i64>().unwrap();
    assert!((1..=60).contains(&ttl(stale)), "{}", ttl(stale));
    assert_eq!(ttl("sagebrush:cache:1"), -1, "not ours");
    let about: Value =
        serde_json::from_str(&server.ask(&["GET", &format!("sagebrush:{first}:about")])[0])
            .unwrap();
    assert_eq!(
        (&about["users"], &about["run"]),
        (&120.into(), &written["run"])
    );
    let popular: Value =
        serde_json::from_str(&server.ask(&["GET", &format!("sagebrush:{first}:popular")])[0])
            .unwrap();
    assert_eq!(
        (
            popular["items"].as_array().unwrap().len(),
            &popular["source"]
        ),
        (5, &"popularity".into())
    );

    // Another run: readers of the first version go on for a while.
    train(&work, "other", "2");
    work.succeed(&["export", "--run", "other", "--to", &url, "-k", "5", "-q"]);
    let second = current(&server);
    assert_ne!(first, second);
    let (of_other, _) = recommended(&work, &["--run", "other", "-k", "5"]);
    assert_same(
        &lists(&server, &second, of_other.keys().cloned()),
        &of_other,
    );
    assert_same(&lists(&server, &first, expected.keys().cloned()), &expected);
    let key = |version: &str| format!("sagebrush:{version}:user:user-7");
    assert!((60..=3600).contains(&ttl(&key(&first))) && ttl(&key(&second)) == -1);
    // Back to the first, whose keys were to expire.
    work.succeed(&export(&url, &["-k", "5", "--keep-old", "0", "-q"]));
    assert_eq!(current(&server), first);
    assert_same(&lists(&server, &first, expected.keys().cloned()), &expected);
    assert_eq!((ttl(&key(&first)), ttl(&key(&second))), (-1, -2));
}

#[test]
fn what_redis_refuses_is_told() {
    let Some(server) = Redis::start() else { return };
    let work = trained();
    let url = server.url();
    let used = server.ask(&["INFO", "memory"]);
    let used = used
        .iter()
        .find_map(|line| line.trim().strip_prefix("used_memory:"));
    let limit: usize = used.unwrap().parse::<usize>().unwrap() + 60_000;
    server.ask(&["CONFIG", "SET", "maxmemory", &limit.to_string()]);
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let wrong = url.replace("ge%40heim%2F7", "wrong");
    for (to, more, code, part) in [
        (&*wrong, &[][..], 74, "check the password"),
        (&nobody, &[], 74, "check host and port"),
        ("redis://:1:2:3", &[], 2, "cannot be read"),
        (&url, &["--what", "items"], 2, "Redis takes lists"),
        (&url, &["-k", "60", "--include-seen"], 74, "`maxmemory`"),
    ] {
        let output = work.refused(&export(to, more), code, part);
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(
            !message.contains("wrong") && !message.contains("ge%40heim"),
            "{message}"
        );
    }
    assert_eq!(current(&server), "", "nothing was switched");
    server.ask(&["CONFIG", "SET", "maxmemory", "0"]);
    server.ask(&["FLUSHALL"]);
    server.ask(&["SET", "sagebrush:current", "mine"]);
    work.refused(&export(&url, &[]), 74, "something else wrote it");
    server.ask(&["DEL", "sagebrush:current"]);
    server.ask(&["RPUSH", "sagebrush:current", "mine"]);
    work.refused(&export(&url, &[]), 74, "something else wrote it");
    work.succeed(&export(&url, &["--name", "shop", "-k", "2", "-q"]));
}
