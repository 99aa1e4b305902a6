//! The service within the process: lists that are ranked together, and handlers that panic.

#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::response::Response;
use axum::routing::get;
use hyper::service::Service as _;
use hyper_util::service::TowerToHyperService;

use super::layers::within;
use super::people::{self, Who};
use super::ranking::{List, Person};
use super::settings::{Keep, Settings};
use super::state::{App, State};
use crate::inference::{ListOptions, ListSource};

fn app() -> State {
    let run = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/run-v1");
    let settings = Settings {
        interactions: Keep::Nowhere,
        ..Settings::of(run)
    };
    Arc::new(App::open(&settings).unwrap())
}

/// Lists of many users and people, of several lengths and options at once, are those of each alone.
#[test]
fn lists_that_are_ranked_together_are_those_of_each_alone() {
    let app = app();
    let snapshot = app.current.load_full();
    let recommender = &snapshot.run.recommender;
    let (n_users, n_items) = (
        recommender.users().len() as u32,
        recommender.items().len() as u32,
    );
    let some = recommender.items().key(1).to_owned();
    let options = |at: u32| {
        let options = ListOptions::of(1 + at as usize % 9).including_seen(at.is_multiple_of(3));
        match at % 4 {
            0 => options.excluding([some.clone()]),
            _ => options,
        }
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let asked: Vec<(u32, bool)> = (0..400).map(|at| (at, at % 5 == 0)).collect();
    let tasks: Vec<_> = asked
        .iter()
        .map(|&(at, is_person)| {
            let who = match is_person {
                true => Who::Person(Person {
                    history: vec![at % n_items],
                    weights: Vec::new(),
                    seen: vec![at % n_items],
                }),
                false => Who::User(at % n_users),
            };
            let (app, snapshot, options) = (app.clone(), snapshot.clone(), options(at));
            runtime.spawn(async move { people::lists(&app, &snapshot, options, vec![who]).await })
        })
        .collect();
    for (task, (at, is_person)) in tasks.into_iter().zip(asked) {
        let lists = runtime.block_on(task).unwrap().unwrap();
        let items = match is_person {
            true => {
                let lists = recommender
                    .recommend_for_ids(&[[at % n_items]], &options(at))
                    .unwrap();
                lists.into_iter().next().unwrap().unwrap()
            }
            false => recommender
                .recommend_ids(&[at % n_users], &options(at))
                .unwrap()
                .concat(),
        };
        let source = lists[0].source;
        assert_eq!(lists, [List::new(source, items)], "request {at}");
    }
}

/// What is wrong with one request's options is told to it alone.
#[test]
fn options_that_cannot_be_met_are_told_to_who_asked() {
    let app = app();
    let snapshot = app.current.load_full();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ask = |options: ListOptions| {
        runtime.block_on(people::lists(&app, &snapshot, options, vec![Who::User(0)]))
    };
    let refused = ask(ListOptions::of(3).of_category("none")).unwrap_err();
    assert_eq!(refused.status.as_u16(), 422);
    let lists = ask(ListOptions::of(3)).unwrap();
    assert_eq!((lists.len(), lists[0].source), (1, ListSource::Model));
}

#[test]
fn a_handler_that_panics_costs_its_request_alone() {
    let app = app();
    let panics = async || -> Response { panic!("as the test wants") };
    let router = Router::new().route("/panics", get(panics));
    let service = TowerToHyperService::new(within(router.route("/fine", get("fine")), app.clone()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ask = |path: &str| {
        let request = Request::get(path).body(Body::empty()).unwrap();
        runtime.block_on(service.call(request)).unwrap()
    };
    for (path, status) in [("/panics", 500), ("/fine", 200), ("/panics", 500)] {
        let answer = ask(path);
        assert_eq!(answer.status().as_u16(), status);
        assert_eq!(answer.headers()["sagebrush-run"], app.current.load().id);
    }
    assert_eq!(app.metrics.in_flight.get(), 0);
    assert!(
        app.metrics
            .text()
            .contains("{route=\"/panics\",method=\"GET\",status=\"500\"} 2")
    );
}

/// An item that there is not is a mistake of ours, and the next request is answered.
#[test]
fn a_ranking_that_panics_costs_its_requests_alone() {
    let app = app();
    let snapshot = app.current.load_full();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let ask = |who: Who| {
        let options = ListOptions::of(3);
        runtime.block_on(people::lists(&app, &snapshot, options, vec![who]))
    };
    let nobody = Person {
        history: vec![9_999],
        ..Person::default()
    };
    for _ in 0..8 {
        let refused = ask(Who::Person(nobody.clone())).unwrap_err();
        assert_eq!(refused.status.as_u16(), 500);
        assert_eq!(ask(Who::User(0)).unwrap()[0].items.len(), 3);
    }
}
