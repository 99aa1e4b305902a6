//! The lists of jobs that are ranked together.

use prometheus_client::metrics::histogram::Histogram;

use super::job::{Job, List, Person, Work};
use crate::data::ItemLists;
use crate::inference::{ListOptions, ListSource, Ranked, Recommender, RecommenderError};

/// Makes the lists of some jobs in one pass, and sends each its own. Where that fails each is made alone, so that what is
/// wrong with one spoils nothing for the others.
pub(super) fn answer(mut jobs: Vec<Job>, sizes: &Histogram) {
    jobs.retain(|job| !job.reply.is_closed());
    let Some(first) = jobs.first() else {
        return;
    };
    let n_lists: usize = jobs.iter().map(|job| job.n_lists()).sum();
    sizes.observe(n_lists as f64);
    let most = jobs.iter().map(|job| job.options.k).max();
    let options = ListOptions {
        k: most.unwrap_or(first.options.k),
        ..first.options.clone()
    };
    match lists(&jobs, &options) {
        Ok(lists) => {
            let mut lists = lists.into_iter();
            for job in jobs {
                let mut own: Vec<List> = lists.by_ref().take(job.n_lists()).collect();
                own.iter_mut()
                    .for_each(|list| list.items.truncate(job.options.k));
                let own = with_reasons(&job, own);
                // Whoever asked may have gone.
                let _ = job.reply.send(own);
            }
        }
        Err(error) if jobs.len() == 1 => {
            let _ = jobs.remove(0).reply.send(Err(error));
        }
        Err(_) => {
            for job in jobs {
                answer(vec![job], sizes);
            }
        }
    }
}

/// The lists of all jobs, one job's after the other's.
fn lists(jobs: &[Job], options: &ListOptions) -> Result<Vec<List>, RecommenderError> {
    let Some(first) = jobs.first() else {
        return Ok(Vec::new());
    };
    let recommender = &first.snapshot.run.recommender;
    if let Work::Similar(item) = first.work {
        let lists = recommender.similar_ids(&[item], options)?.into_iter();
        let source = ListSource::Model;
        return Ok(lists.map(|items| List::new(source, items)).collect());
    }
    let (mut users, mut people): (Vec<u32>, Vec<&Person>) = (Vec::new(), Vec::new());
    for job in jobs {
        match &job.work {
            Work::Users(own) => users.extend(own),
            Work::People(own) => people.extend(own),
            Work::Similar(_) => {}
        }
    }
    match users.is_empty() {
        true => of_people(recommender, &people, options),
        false => of_users(recommender, &users, options),
    }
}

/// The lists of a job with the reasons of their places, where it asks for them.
fn with_reasons(job: &Job, mut lists: Vec<List>) -> Result<Vec<List>, RecommenderError> {
    let Some(n) = job.options.reasons else {
        return Ok(lists);
    };
    let (recommender, unnamed) = (&job.snapshot.run.recommender, &job.options.withdrawn[..]);
    match &job.work {
        Work::Users(users) => {
            for (&user, list) in users.iter().zip(&mut lists) {
                list.whys = recommender.reasons_of_user(user, &list.items, n, unnamed)?;
            }
        }
        Work::People(people) => {
            for (person, list) in people.iter().zip(&mut lists) {
                let known = (&*person.history, &*person.weights);
                list.whys = recommender.reasons_of_history(known, &list.items, n, unnamed)?;
            }
        }
        Work::Similar(_) => {}
    }
    Ok(lists)
}

fn of_users(
    recommender: &Recommender,
    users: &[u32],
    options: &ListOptions,
) -> Result<Vec<List>, RecommenderError> {
    let lists = recommender.recommend_ids(users, options)?;
    let list = |(&user, items): (&u32, Vec<Ranked>)| {
        List::new(ListSource::of(recommender.is_cold(user)), items)
    };
    Ok(users.iter().zip(lists).map(list).collect())
}

fn of_people(
    recommender: &Recommender,
    people: &[&Person],
    options: &ListOptions,
) -> Result<Vec<List>, RecommenderError> {
    let histories = lists_of(people, |person| &person.history);
    let seen = lists_of(people, |person| &person.seen);
    let weights: Vec<f32> = people
        .iter()
        .flat_map(|person| &person.weights)
        .copied()
        .collect();
    let lists = recommender.people_ids(&histories, &weights, &seen, options)?;
    let list = |(source, items)| List::new(source, items);
    Ok(lists.into_iter().map(list).collect())
}

fn lists_of<'p>(
    people: &[&'p Person],
    items: impl Fn(&'p Person) -> &'p Vec<u32> + Copy,
) -> ItemLists {
    let numbered = (0..).zip(people);
    let pairs = numbered.flat_map(|(at, person)| items(person).iter().map(move |&item| (at, item)));
    ItemLists::from_pairs(people.len(), pairs)
}
