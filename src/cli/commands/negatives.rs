//! `negatives`: shows a user's negatives in an epoch of training, and how near each of them is.

use std::collections::HashMap;

use serde::Serialize;
use serde_json::json;

use crate::cli::args::NegativesArgs;
use crate::cli::session::Session;
use crate::cli::terminal::{Align, Style, Table, count};
use crate::error::{Result, Usage};
use crate::export::{JsonKey, KeyTypes};
use crate::finished::{OpenRun, Seen};
use crate::graph::{InteractionGraph, PageRank, Root, Workspace};
use crate::inference::ScoreSource;
use crate::sampling::{EpochSampler, HardNegatives};

/// The result of `negatives`.
#[derive(Debug, Serialize)]
struct Inspection {
    user: String,
    epoch: u32,
    /// Training items.
    positives: Vec<Item>,
    /// Items the user reaches in the graph and does not have.
    reached: usize,
    /// First rank of hard negatives, and the one after the last.
    band: Option<[usize; 2]>,
    /// Items of the user's band; `null` where negatives are hard around items.
    in_band: Option<usize>,
    /// Negatives that all users of a batch share, a batch.
    shared: usize,
    /// Comparisons of the epoch.
    negatives: Vec<Negative>,
}

/// An item as people know it.
#[derive(Debug, Clone, Serialize)]
struct Item {
    item: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    title: Option<String>,
    /// By the model of the run.
    score: f32,
}

/// One negative beside its positive.
#[derive(Debug, Serialize)]
struct Negative {
    positive: String,
    #[serde(flatten)]
    item: Item,
    hard: bool,
    /// Place by personalized PageRank around the user, from 1; `null` for what the search does not reach.
    rank: Option<usize>,
    page_rank: Option<f32>,
}

/// Runs `negatives`.
pub(super) fn negatives(session: &Session, args: &NegativesArgs) -> Result<()> {
    let run = OpenRun::open(&args.run, Seen::BeforeTest)?;
    let model = run.config.model.name;
    if !model.is_trained() {
        return Err(Usage(format!(
            "{}: {model} is fitted at once; it is compared with no negatives",
            args.run.display()
        ))
        .into());
    }
    let user = run.recommender.user_id(&args.user)?;
    let found = inspect(&run, user, args)?;
    if session.json {
        return session.print_json(&with_types(&found, &run)?);
    }
    session.print(&found.to_text(args.k as usize))
}

/// The result in JSON, with numbers for keys that are.
fn with_types(found: &Inspection, run: &OpenRun) -> Result<serde_json::Value> {
    let types = KeyTypes::of(run.recommender.users(), run.recommender.items());
    let mut json = serde_json::to_value(found)?;
    json["user"] = json!(JsonKey::of(&found.user, types.users_are_numbers));
    let item = |key: &str| json!(JsonKey::of(key, types.items_are_numbers));
    for (row, found) in found.positives.iter().enumerate() {
        json["positives"][row]["item"] = item(&found.item);
    }
    for (row, found) in found.negatives.iter().enumerate() {
        json["negatives"][row]["item"] = item(&found.item.item);
        json["negatives"][row]["positive"] = item(&found.positive);
    }
    Ok(json)
}

fn inspect(run: &OpenRun, user: u32, args: &NegativesArgs) -> Result<Inspection> {
    let recommender = &run.recommender;
    let n_items = recommender.items().len();
    let train = run.train_set()?;
    let sampling = &run.config.sampling;
    let graph = InteractionGraph::new(&train)?;
    let near = PageRank::default().near(&graph, Root::User(user), &mut Workspace::new(&graph));
    let places: HashMap<u32, (usize, f32)> = (1..)
        .zip(&near)
        .map(|(place, &(item, rank))| (item, (place, rank)))
        .collect();
    let n_roots = HardNegatives::n_roots(&train, sampling);
    let bands = match n_roots {
        0 => None,
        _ => run
            .dir
            .neighbours(n_roots, n_items)?
            .map(|stored| stored.near),
    };
    if n_roots > 0 && bands.is_none() {
        let run = args.run.display();
        return Err(Usage(format!(
            "{run}: neighbours.safetensors is missing, so its hard negatives cannot be shown; train it again"
        )).into());
    }
    let mut scores = vec![0.0; n_items];
    score_all(&recommender.source(), user, &mut scores);
    let named = |item: u32| Item {
        item: recommender.items().key(item).to_owned(),
        title: recommender.title(item).map(str::to_owned),
        score: scores[item as usize],
    };
    let sampler = EpochSampler::new(&train, sampling.clone(), bands.as_ref());
    let mut negatives = Vec::new();
    for batch in sampler.epoch(run.config.seed, args.epoch) {
        let each = batch.negatives.len() / batch.users.len().max(1);
        let rows = batch.users.iter().zip(&batch.positives).enumerate();
        for (row, (_, &positive)) in rows.filter(|(_, (of, _))| **of == user) {
            let drawn = &batch.negatives[row * each..][..each];
            negatives.extend(drawn.iter().enumerate().map(|(number, &item)| Negative {
                positive: recommender.items().key(positive).to_owned(),
                item: named(item),
                hard: number >= sampling.negatives,
                rank: places.get(&item).map(|&(place, _)| place),
                page_rank: places.get(&item).map(|&(_, rank)| rank),
            }));
        }
    }
    let band = sampling.hard_ranks(n_items);
    let by_user = n_roots == train.n_users();
    Ok(Inspection {
        user: args.user.clone(),
        epoch: args.epoch,
        positives: train
            .positives()
            .of(user)
            .iter()
            .map(|&item| named(item))
            .collect(),
        reached: near.len(),
        band: bands.is_some().then_some([band.start, band.end]),
        in_band: bands
            .as_ref()
            .filter(|_| by_user)
            .map(|bands| bands.of(user).len()),
        shared: sampling.batch_shared
            + if sampling.in_batch {
                sampling.batch_size
            } else {
                0
            },
        negatives,
    })
}

fn score_all(source: &dyn ScoreSource, user: u32, scores: &mut [f32]) {
    let (n, step) = (scores.len(), source.items_per_tile());
    for (at, tile) in scores.chunks_mut(step).enumerate() {
        let start = at * step;
        source.score_tile(&[user], start..(start + step).min(n), tile);
    }
}

impl Inspection {
    /// At most `k` rows of each list.
    fn to_text(&self, k: usize) -> String {
        let style = Style::of_stdout();
        let title = |item: &Item| item.title.clone().unwrap_or_default();
        let mut positives = Table::new([
            ("positive", Align::Left),
            ("score", Align::Right),
            ("title", Align::Left),
        ]);
        for item in self.positives.iter().take(k) {
            positives.row([item.item.clone(), format!("{:.4}", item.score), title(item)]);
        }
        let mut negatives = Table::new([
            ("negative", Align::Left),
            ("of", Align::Left),
            ("drawn", Align::Left),
            ("rank", Align::Right),
            ("PageRank", Align::Right),
            ("score", Align::Right),
            ("title", Align::Left),
        ]);
        for negative in self.negatives.iter().take(k) {
            let rank = negative
                .rank
                .map_or("-".to_owned(), |rank| count(rank as u64));
            let page_rank = negative
                .page_rank
                .map_or("-".to_owned(), |r| format!("{r:.2e}"));
            negatives.row([
                negative.item.item.clone(),
                negative.positive.clone(),
                if negative.hard { "hard" } else { "at random" }.to_owned(),
                rank,
                page_rank,
                format!("{:.4}", negative.item.score),
                title(&negative.item),
            ]);
        }
        let band = match (self.band, self.in_band) {
            (None, _) => "no negatives are hard".to_owned(),
            (Some([from, to]), None) => format!("hard ones at ranks {from} to {to} around items"),
            (Some([from, to]), Some(n)) => {
                format!("hard ones from the {n} items at ranks {from} to {to}")
            }
        };
        format!(
            "{}{}\n{} positives; {} other items in the receptive field; {band}; {} shared a batch.\n{}{}\n\
             {} comparisons of its own in epoch {}",
            style.heading(&format!("user {}", self.user)),
            positives.render(style),
            count(self.positives.len() as u64),
            count(self.reached as u64),
            count(self.shared as u64),
            style.heading("negatives"),
            negatives.render(style),
            count(self.negatives.len() as u64),
            self.epoch,
        )
    }
}
