//! Users and items by parts of keys and titles, and what a user has.

use serde_json::{Value, json};

use super::Service;
use crate::data::Workspace;

/// Films of which the first are in most histories; item `i` is in those of users `8 * i..40`.
const FILMS: [(&str, &str, &str); 5] = [
    ("a1", "Amélie (2001)", "Comedy|Romance"),
    ("a2", "Alien (1979)", "Horror"),
    ("a3", "Aliens (1986)", "Action|Horror"),
    ("a 4/5", "My Stepmother Is an Alien (1988)", "Comedy"),
    ("7", "", ""),
];

fn run(work: &Workspace) {
    let mut log = String::from("user_id,item_id,rating,timestamp\n");
    for user in 0..40 {
        for (item, (key, ..)) in FILMS.iter().enumerate() {
            if user >= item * 8 {
                log.push_str(&format!(
                    "u{user},{key},5,{}\n",
                    1_600_000_000 + user * 9 + item
                ));
            }
        }
    }
    let items = FILMS.map(|(key, title, genres)| format!("{key},{title},{genres}\n"));
    work.write(
        "films.csv",
        format!("item_id,title,genres\n{}", items.concat()).as_bytes(),
    );
    work.write("few.csv", log.as_bytes());
    let train = "train few.csv --items films.csv --model item-knn --split random --out run -q";
    work.succeed(&train.split(' ').collect::<Vec<_>>());
}

fn keys<'a>(found: &'a Value, list: &str, key: &str) -> Vec<&'a str> {
    let found = found[list].as_array().unwrap().iter();
    found.map(|one| one[key].as_str().unwrap()).collect()
}

#[test]
fn items_and_users_are_found_by_parts_of_their_names() {
    let work = Workspace::new();
    run(&work);
    let service = Service::start(&work, &["--run", "run", "--read-only", "--max-k", "50"]);
    let items = |query: &str| service.get(&format!("/v1/items?query={query}")).ok();
    let found = items("ALIEN");
    assert_eq!(keys(&found, "items", "item"), ["a2", "a3", "a 4/5"]);
    assert_eq!(found["run"], service.get("/version").ok()["run"]);
    assert_eq!(keys(&items("amelie"), "items", "item"), ["a1"]);
    assert_eq!(keys(&items("Am%C3%A9lie%202001"), "items", "item"), ["a1"]);
    assert_eq!(
        keys(&items("7"), "items", "item"),
        ["7", "a2"],
        "the whole key first"
    );
    assert_eq!(keys(&items("a%204/5"), "items", "item"), ["a 4/5"]);
    assert_eq!(items("western")["items"], json!([]));
    let most = service.get("/v1/items?limit=3").ok();
    assert_eq!(
        keys(&most, "items", "item"),
        ["a1", "a2", "a3"],
        "the most popular"
    );
    let one = service.get("/v1/items/a%204%2F5").ok();
    assert_eq!(one["title"], "My Stepmother Is an Alien (1988)");
    assert_eq!(one["categories"], json!(["Comedy"]));
    assert_eq!(service.get("/v1/items/7").ok().get("title"), None);
    service
        .get("/v1/items/none")
        .refused(404, "unknown item `none`");
    let users = service.get("/v1/users?query=U3&limit=4").ok();
    assert_eq!(users["users"][0]["user"], "u3", "the whole key first");
    assert_eq!(keys(&users, "users", "user").len(), 4);
    for (path, expected) in [
        ("/v1/items?limit=0", "ask for 1 to 50"),
        ("/v1/users?limit=51", "ask for 1 to 50"),
        ("/v1/users?q=a", "there is no parameter `q`"),
        ("/v1/users/u1?query=a", "there is `limit`"),
        (
            &format!("/v1/items?query={}", "x".repeat(201)),
            "200 bytes at most",
        ),
    ] {
        service.get(path).refused(422, expected);
    }
    service.stop();
}

#[test]
fn what_a_user_has_is_what_lists_leave_out() {
    let work = Workspace::new();
    run(&work);
    let service = Service::start(&work, &["--run", "run"]);
    let has = |user: &str| service.get(&format!("/v1/users/{user}")).ok();
    let known = has("u20");
    assert_eq!(keys(&known, "items", "item"), ["a1", "a2", "a3"]);
    assert_eq!(
        (&known["known"], &known["total"]),
        (&json!(true), &json!(3))
    );
    let nobody = has("nobody");
    assert_eq!(
        (&nobody["known"], &nobody["items"]),
        (&json!(false), &json!([]))
    );
    let taken = json!({"interactions": [
        {"user": "u20", "item": "7"}, {"user": "u20", "item": "a1"}, {"user": "u20", "item": "new"}, {"user": "nobody", "item": "a3"}
    ]});
    service.post("/v1/interactions", &taken).ok();
    let known = has("u20");
    assert_eq!(
        keys(&known, "items", "item"),
        ["7", "a1", "a2", "a3"],
        "what is new comes first"
    );
    assert_eq!(known["total"], 5);
    assert_eq!(known["unknown_items"], json!({"count": 1, "keys": ["new"]}));
    assert_eq!(keys(&has("nobody"), "items", "item"), ["a3"]);
    let few = service.get("/v1/users/u20?limit=2").ok();
    assert_eq!(
        (few["items"].as_array().unwrap().len(), &few["total"]),
        (2, &json!(5))
    );
    let list = service.get("/v1/users/u20/recommendations").ok();
    assert_eq!(keys(&list, "items", "item"), ["a 4/5"]);
    service.stop();
}

#[test]
fn the_catalogue_counts_users_items_and_categories() {
    let work = Workspace::new();
    run(&work);
    let service = Service::start(&work, &["--run", "run", "--read-only"]);
    let about = service.get("/v1/catalogue").ok();
    assert_eq!((&about["users"], &about["items"]), (&json!(40), &json!(5)));
    assert_eq!(
        (&about["titles"], &about["explains"]),
        (&json!(true), &json!(true))
    );
    let expected = [("Action", 1), ("Comedy", 2), ("Horror", 2), ("Romance", 1)];
    let expected = expected.map(|(name, items)| json!({"name": name, "items": items}));
    assert_eq!(about["categories"], json!(expected));
    service.stop();
}

#[test]
fn who_has_no_token_learns_of_nobody() {
    let work = Workspace::new();
    run(&work);
    work.write("tokens", b"page:secret\n");
    let service = Service::start(
        &work,
        &["--run", "run", "--read-only", "--token-file", "tokens"],
    );
    for path in ["users", "items", "users/u20", "items/a1", "catalogue"] {
        service
            .get(&format!("/v1/{path}"))
            .refused(401, "a token is missing");
    }
    service.stop();
}
