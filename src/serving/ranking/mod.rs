//! Threads that make lists. Requests wait in one queue; a thread takes what has gathered and can be ranked together, so
//! that under load many requests share one pass over the items, and a lone request waits for nobody.

mod batch;
mod job;
mod queue;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::JoinHandle;

use prometheus_client::metrics::histogram::Histogram;
use tokio::sync::oneshot;
use tracing::Instrument;

use super::problem::Problem;
use super::snapshot::Snapshot;
use super::traces;
use crate::inference::ListOptions;
use job::Job;
pub(super) use job::{List, Person, Work};
use queue::Queue;

/// The threads that make lists, which end when this is dropped.
#[derive(Debug)]
pub(super) struct Ranking {
    queue: Arc<Queue>,
    threads: Vec<JoinHandle<()>>,
}

impl Ranking {
    /// Starts so many threads; `sizes` counts how many lists are made in one pass.
    ///
    /// # Errors
    /// Threads that cannot be started.
    pub(super) fn start(n_threads: usize, sizes: &Histogram) -> io::Result<Self> {
        let mut ranking = Self {
            queue: Arc::default(),
            threads: Vec::new(),
        };
        for at in 0..n_threads.max(1) {
            let (queue, sizes) = (Arc::clone(&ranking.queue), sizes.clone());
            let thread = std::thread::Builder::new().name(format!("ranking-{at}"));
            let thread = thread.spawn(move || work(&queue, &sizes))?;
            ranking.threads.push(thread);
        }
        Ok(ranking)
    }

    /// The lists of some work, in its order. Who no longer waits for them costs no ranking.
    ///
    /// # Errors
    /// Options that cannot be met; a mistake of ours.
    pub(super) async fn lists(
        &self,
        snapshot: &Arc<Snapshot>,
        options: ListOptions,
        work: Work,
    ) -> Result<Vec<List>, Problem> {
        let (reply, lists) = oneshot::channel();
        let job = Job {
            snapshot: Arc::clone(snapshot),
            options,
            work,
            reply,
        };
        let span = traces::ranking(job.n_lists());
        self.queue.push(job);
        match lists.instrument(span).await {
            Ok(lists) => Ok(lists?),
            Err(_) => Err(Problem::internal()),
        }
    }
}

impl Drop for Ranking {
    fn drop(&mut self) {
        self.queue.close();
        for thread in self.threads.drain(..) {
            // A panic of it was told where it was.
            let _ = thread.join();
        }
    }
}

/// Ranks until the queue is closed. A panic costs the requests of its batch their answers, and nothing else.
fn work(queue: &Queue, sizes: &Histogram) {
    while let Some(jobs) = queue.take() {
        let answer = AssertUnwindSafe(|| batch::answer(jobs, sizes));
        if catch_unwind(answer).is_err() {
            tracing::error!("a ranking panicked");
        }
    }
}
