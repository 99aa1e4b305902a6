//! The queue of requests that wait for a ranking thread. It is as long as requests may be worked on at once.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use super::job::Job;

/// Lists made in one pass: more gain little, and their requests wait for one another.
const LISTS_MAX: usize = 64;

/// What waits, and the threads that wait for it.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    is_closed: bool,
}

impl std::fmt::Debug for Queue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Queue")
    }
}

impl Queue {
    /// Adds a job behind the others.
    pub(super) fn push(&self, job: Job) {
        self.lock().jobs.push_back(job);
        self.changed.notify_one();
    }

    /// Waits for a job, and takes with it those that go with it; `None` once the queue is closed and empty.
    pub(super) fn take(&self) -> Option<Vec<Job>> {
        let mut waiting = self.lock();
        loop {
            if let Some(first) = waiting.jobs.pop_front() {
                return Some(with_those_that_go(first, &mut waiting.jobs));
            }
            if waiting.is_closed {
                return None;
            }
            let woken = self.changed.wait(waiting);
            waiting = woken.unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Ends the threads when what waits is done.
    pub(super) fn close(&self) {
        self.lock().is_closed = true;
        self.changed.notify_all();
    }

    /// Nothing panics while it is held, so that what it holds is whole.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The jobs that share a pass with `first`, taken out of those that wait; these keep their order.
fn with_those_that_go(first: Job, waiting: &mut VecDeque<Job>) -> Vec<Job> {
    let mut n_lists = first.n_lists();
    let mut taken = vec![first];
    let mut at = 0;
    while n_lists < LISTS_MAX && at < waiting.len() {
        let job = &waiting[at];
        let fits = n_lists + job.n_lists() <= LISTS_MAX && taken[0].goes_with(job);
        if !fits {
            at += 1;
        } else if let Some(job) = waiting.remove(at) {
            n_lists += job.n_lists();
            taken.push(job);
        }
    }
    taken
}
