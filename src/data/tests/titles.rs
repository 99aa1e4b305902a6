//! Item titles, format by format.

use super::*;

fn items() -> IdMap {
    let keys = ["1", "2", "0004936"].map(Box::from).to_vec();
    IdMap::from_ordered_keys(keys).unwrap()
}

fn titles(text: &str) -> Vec<Option<String>> {
    read_titles_bytes("items", text.as_bytes(), &items()).unwrap()
}

#[test]
fn movielens_titles_may_hold_colons() {
    let found = titles("0004936::The Bank (1915)::Comedy|Short\n2::A::B (2000)::Drama\n9::x::y\n");
    assert_eq!(
        found,
        [
            None,
            Some("A::B (2000)".into()),
            Some("The Bank (1915)".into())
        ]
    );
}

#[test]
fn recbole_titles_take_their_year() {
    let found = titles(
        "item_id:token\tmovie_title:token_seq\trelease_year:token\tclass:token_seq\n\
         1\tToy \"Story\t1995\tAnimation\n2\tunknown\t\tunknown\n",
    );
    assert_eq!(
        found,
        [
            Some("Toy \"Story (1995)".into()),
            Some("unknown".into()),
            None
        ]
    );
}

#[test]
fn a_file_may_have_no_titles() {
    assert_eq!(titles("item,x\n1,2\n"), [None, None, None]);
}

#[test]
fn titles_with_a_header() {
    let found = titles("movieId,title,genres\n1,\"American President, The (1995)\",Comedy\n");
    assert_eq!(found[0].as_deref(), Some("American President, The (1995)"));
    assert_eq!(
        titles("product_id\tname\n2\tSoap\n")[1].as_deref(),
        Some("Soap")
    );
}

#[test]
fn faults_have_a_place() {
    let fault = |bytes: &[u8]| {
        read_titles_bytes("items", bytes, &items())
            .unwrap_err()
            .to_string()
    };
    assert!(
        fault(b"1::a::b\n2::caf\xe9::c\n").starts_with("items:2: the title is not valid UTF-8")
    );
    assert!(fault(b"::a::b\n").starts_with("items:1: the item id is empty"));
    assert!(fault(b"").contains("no data rows"));
    assert!(fault(b"item,title\n").contains("no data rows"));
    assert!(fault(b"hello").contains("not recognized"));
}
