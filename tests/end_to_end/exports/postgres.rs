//! Exports to PostgreSQL: vectors rank as `recommend` does, lists are its lists, and what is not ours stays.

use std::process::Command;

use super::servers::{PASSWORD, Postgres, free_port};
use super::{assert_same, lists_of, recommended, trained};
use crate::data::Workspace;

/// The best five items of each user by exact inner product.
const BY_VECTORS: &str = "SELECT u.user_id, i.item_id, i.score FROM sagebrush_users u CROSS JOIN LATERAL \
    (SELECT item_id, -(embedding <#> u.embedding) AS score FROM sagebrush_items ORDER BY embedding <#> u.embedding LIMIT 5) i";
const BY_LISTS: &str = "SELECT user_id, item_id, score FROM sagebrush_lists ORDER BY user_id, rank";

fn export<'a>(to: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["export", "--run", "run", "--to", to][..], more].concat()
}

#[test]
fn vectors_and_lists_are_those_of_recommend() {
    let Some(server) = Postgres::with_pgvector() else {
        return;
    };
    let work = trained();
    let url = server.url();
    let all = [
        "--what",
        "lists,items,users",
        "-k",
        "5",
        "--include-seen",
        "-q",
    ];
    let without = "run `CREATE EXTENSION vector`";
    let refused = work.refused(&export(&url, &all), 74, without);
    let message = String::from_utf8(refused.stderr).unwrap();
    assert!(
        message.contains(":***@") && !message.contains("ge%40heim"),
        "{message}"
    );
    server.sql("CREATE SCHEMA extensions; CREATE EXTENSION vector SCHEMA extensions");
    server.sql("ALTER DATABASE postgres SET search_path = public, extensions");
    // A dry run looks and writes nothing.
    let planned = work.json(&export(&url, &[&all[..], &["--dry-run"]].concat()));
    assert_eq!(planned["parts"][0]["rows"], 600);
    assert!(
        planned["to"].as_str().unwrap().contains(":***@"),
        "{planned}"
    );
    assert_eq!(
        server.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"),
        "0\n"
    );

    let written = work.json(&export(&url, &all));
    let (lists, known) = recommended(&work, &["--run", "run", "-k", "5", "--include-seen"]);
    assert_same(&lists_of(&server.sql(BY_LISTS)), &lists);
    let of_known = lists
        .clone()
        .into_iter()
        .filter(|(user, _)| known.contains(user))
        .collect();
    assert_same(&lists_of(&server.sql(BY_VECTORS)), &of_known);
    let types = "SELECT format_type(atttypid, atttypmod) FROM pg_attribute WHERE attrelid = 'sagebrush_items'::regclass AND attnum > 0";
    // Eight numbers and the prior; keys of items are whole numbers, those of users are not.
    assert_eq!(server.sql(types), "bigint\nvector(9)\n");
    assert_eq!(written["parts"][1]["rows"], 60);
    assert_eq!(
        server.sql("SELECT pg_typeof(user_id) FROM sagebrush_users LIMIT 1"),
        "text\n"
    );
    let comment = server.sql("SELECT obj_description('sagebrush_lists'::regclass)");
    assert!(
        comment.contains(written["run"].as_str().unwrap()),
        "{comment}"
    );

    // Again, with an index and a reader's rights, which the new tables take over.
    server.sql("CREATE ROLE shop; GRANT SELECT ON sagebrush_items TO shop WITH GRANT OPTION; GRANT SELECT ON sagebrush_lists TO PUBLIC");
    let again = work.json(&export(&url, &[&all[..], &["--index", "hnsw"]].concat()));
    assert_eq!(again["parts"][0]["replaces"], true);
    assert_same(&lists_of(&server.sql(BY_LISTS)), &lists);
    let rights = "SELECT has_table_privilege('shop', 'sagebrush_items', 'SELECT WITH GRANT OPTION'), has_table_privilege('shop', 'sagebrush_lists', 'SELECT'), has_table_privilege('shop', 'sagebrush_users', 'SELECT')";
    assert_eq!(server.sql(rights), "t\tt\tf\n");
    let plan = server.sql("SET enable_seqscan = off; EXPLAIN SELECT item_id FROM sagebrush_items ORDER BY embedding <#> (SELECT embedding FROM sagebrush_users LIMIT 1) LIMIT 5");
    assert!(plan.contains("sagebrush_items_hnsw"), "{plan}");
    let tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY 1";
    assert_eq!(
        server.sql(tables),
        "sagebrush_items\nsagebrush_lists\nsagebrush_users\n"
    );

    // A reader who takes the tables in another order, one of them late, is not cut off.
    let slow = "BEGIN; SELECT count(*) FROM sagebrush_users; SELECT pg_sleep(1.2); SELECT count(*) FROM sagebrush_lists; COMMIT";
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| server.ask(slow));
        std::thread::sleep(std::time::Duration::from_millis(200));
        work.succeed(&export(&url, &all));
        let read = reader.join().unwrap().unwrap();
        assert!(read.ends_with("\n600\n"), "{read}");
    });

    // What an export did not make is not touched; what depends on a table is told.
    server.sql("CREATE TABLE mine_lists (x int); CREATE VIEW of_items AS SELECT item_id FROM sagebrush_items");
    work.refused(
        &export(&url, &["--name", "mine"]),
        74,
        "it was not made by an export of Sagebrush",
    );
    work.refused(&export(&url, &["--what", "items"]), 74, "of_items");
    assert_eq!(server.sql("SELECT count(*) FROM sagebrush_items"), "60\n");
    work.succeed(&[
        "train",
        "log.csv",
        "--model",
        "gf-cf",
        "--set",
        "filter.vectors=8",
        "--out",
        "filter",
        "-q",
    ]);
    let filter = [
        "export", "--run", "filter", "--to", &url, "--name", "filter",
    ];
    work.succeed(&filter);
    work.refused(
        &[&filter[..], &["--what", "items"]].concat(),
        2,
        "export its lists with `--what lists`",
    );
}

#[test]
fn lists_need_no_extension_and_errors_teach() {
    let Some(server) = Postgres::plain() else {
        return;
    };
    let work = trained();
    let url = server.url();
    let lists = [
        "-k",
        "3",
        "--exclude",
        "out.txt",
        "--diversity",
        "0.3",
        "-q",
    ];
    work.write("out.txt", b"7\n");
    work.succeed(&export(&url, &lists));
    let (expected, _) = recommended(&work, &[&["--run", "run"][..], &lists[..6]].concat());
    assert_same(&lists_of(&server.sql(BY_LISTS)), &expected);
    assert_eq!(
        server.sql("SELECT count(*) FROM sagebrush_lists WHERE item_id = 7"),
        "0\n"
    );
    work.refused(
        &export(&url, &["--what", "items"]),
        74,
        "install pgvector on the server",
    );

    let at = |user: &str, database: &str| {
        format!("postgres://{user}@127.0.0.1:{}/{database}", server.port)
    };
    let nobody = format!("postgres://me@127.0.0.1:{}/shop", free_port());
    for (url, code, part) in [
        (
            at("postgres:wrong", "postgres"),
            74,
            "check user and password",
        ),
        (
            at(&format!("postgres:{}", "ge%40heim%2F7"), "shop"),
            74,
            "make it with `createdb`",
        ),
        (nobody, 74, "check host and port"),
        (
            at("postgres:wrong", "postgres?sslmode=perhaps"),
            2,
            "cannot be read",
        ),
        (
            at(
                &format!("postgres:{}", "ge%40heim%2F7"),
                "postgres?sslmode=require",
            ),
            74,
            "without TLS",
        ),
        (
            at(
                &format!("postgres:{}", "ge%40heim%2F7"),
                "postgres?options=-csearch_path%3Dnowhere",
            ),
            74,
            "no schema that is there",
        ),
    ] {
        let output = work.refused(&export(&url, &[]), code, part);
        let message = String::from_utf8(output.stderr).unwrap();
        assert!(
            !message.contains("wrong") && !message.contains("ge%40heim"),
            "{message}"
        );
    }
    // The password may come from elsewhere.
    let mut command = work.sagebrush(&["export", "--run", "run", "-q"]);
    command
        .env("SAGEBRUSH_EXPORT_TO", at("postgres", "postgres"))
        .env("PGPASSWORD", PASSWORD);
    command.assert().success();
    server.sql("CREATE ROLE guest LOGIN PASSWORD 'guest'");
    work.refused(
        &export(&at("guest:guest", "postgres"), &[]),
        74,
        "let the user make tables",
    );
    encrypted(&server, &work);
}

/// With a certificate that an authority of the test's own signed.
fn encrypted(server: &Postgres, work: &Workspace) {
    let names = "[req]\ndistinguished_name=dn\nx509_extensions=ext\nprompt=no\n[dn]\nCN=localhost\n\
        [ext]\nbasicConstraints=critical,CA:FALSE\nsubjectAltName=DNS:localhost,IP:127.0.0.1\n";
    work.write("openssl.cnf", names.as_bytes());
    let made = Command::new("openssl")
        .args([
            "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
        ])
        .args([
            "-config",
            "openssl.cnf",
            "-keyout",
            "key.pem",
            "-out",
            "cert.pem",
        ])
        .current_dir(work.dir.path())
        .output();
    if !made.is_ok_and(|made| made.status.success()) {
        eprintln!("skipped: there is no openssl to make a certificate with");
        return;
    }
    let (key, cert) = (
        server.file("key.pem", &work.read("key.pem")),
        server.file("cert.pem", &work.read("cert.pem")),
    );
    server.set(&[
        ("ssl_key_file", key.to_str().unwrap()),
        ("ssl_cert_file", cert.to_str().unwrap()),
        ("ssl", "on"),
    ]);
    std::thread::sleep(std::time::Duration::from_millis(300));
    let url = format!("{}?sslmode=verify-full", server.url());
    work.refused(&export(&url, &[]), 74, "sslrootcert=ca.pem");
    work.succeed(&export(&format!("{url}&sslrootcert=cert.pem"), &["-q"]));
    work.refused(
        &export(&format!("{url}&sslrootcert=log.csv"), &[]),
        74,
        "it holds no certificate",
    );
}
