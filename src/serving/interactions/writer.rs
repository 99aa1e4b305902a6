//! The thread that writes interactions down: what has gathered goes to disk in one write and one sync. What is forgotten is
//! taken out by the same thread, so that nothing of it comes in behind.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::super::forgotten::SharedList;
use super::super::problem::Problem;
use super::added::Added;
use super::record::Interaction;
use crate::data::Forgotten;
use crate::run::{LineFile, RunError};

/// Bytes that are written together.
const BYTES_MAX: usize = 4 << 20;
/// Pairs that are kept in memory, at about a hundred bytes each.
const PAIRS_MAX: usize = 20_000_000;

/// What the thread is asked for.
pub(super) enum Order {
    /// To write some interactions down.
    Take(Post),
    /// To take out what is on the list of forgotten keys; answered with how many interactions that were.
    Forget(oneshot::Sender<Result<usize, Problem>>),
}

/// Interactions that one request waits for. It is answered with how many of them are not taken, for their user or item is
/// forgotten.
pub(super) struct Post {
    lines: Vec<u8>,
    interactions: Vec<Interaction>,
    reply: oneshot::Sender<Result<usize, Problem>>,
}

impl Post {
    pub(super) fn new(
        interactions: Vec<Interaction>,
        reply: oneshot::Sender<Result<usize, Problem>>,
    ) -> io::Result<Self> {
        Ok(Self {
            lines: lines_of(&interactions)?,
            interactions,
            reply,
        })
    }

    /// Leaves out what is on the list; says how many that are.
    fn leave_out(&mut self, list: &Forgotten) -> io::Result<usize> {
        let before = self.interactions.len();
        if !list.is_empty() {
            self.interactions.retain(|row| !row.is_on(list));
        }
        let n_gone = before - self.interactions.len();
        if n_gone > 0 {
            self.lines = lines_of(&self.interactions)?;
        }
        Ok(n_gone)
    }
}

fn lines_of(interactions: &[Interaction]) -> io::Result<Vec<u8>> {
    let mut lines = Vec::with_capacity(interactions.len() * 64);
    for interaction in interactions {
        serde_json::to_writer(&mut lines, interaction)?;
        lines.push(b'\n');
    }
    Ok(lines)
}

/// The thread, which ends when this is dropped.
pub(super) struct Writer {
    /// `None` once it shall end.
    orders: RwLock<Option<Sender<Order>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Reads what the file has into `added`, but for what is on the list, which goes out of the file; and starts.
    ///
    /// # Errors
    /// As [`LineFile::open`].
    pub(super) fn open(
        path: &Path,
        added: &Arc<Added>,
        list: SharedList,
    ) -> Result<Self, RunError> {
        let (forgotten, mut n_on_list) = (list.load_full(), 0);
        let mut file = LineFile::open(path, |interaction: Interaction| {
            match interaction.is_on(&forgotten) {
                true => n_on_list += 1,
                false => added.add(&[interaction]),
            }
        })?;
        if n_on_list > 0 {
            file.drop_lines(|row: &Interaction| row.is_on(&forgotten))?;
        }
        let (orders, waiting) = channel();
        let added = Arc::clone(added);
        let thread = std::thread::Builder::new().name("interactions".to_owned());
        let thread = thread.spawn(move || work(file, &waiting, &added, &list));
        Ok(Self {
            orders: RwLock::new(Some(orders)),
            thread: Some(thread.map_err(RunError::cannot_write(path))?),
        })
    }

    /// Hands an order over; `false` where the thread has ended.
    pub(super) fn send(&self, order: Order) -> bool {
        let orders = self.orders.read().unwrap_or_else(PoisonError::into_inner);
        orders
            .as_ref()
            .is_some_and(|orders| orders.send(order).is_ok())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut orders = self.orders.write().unwrap_or_else(PoisonError::into_inner);
        *orders = None;
        drop(orders);
        if let Some(thread) = self.thread.take() {
            // A panic of it was told where it was.
            let _ = thread.join();
        }
    }
}

/// Works until nobody can send any more.
fn work(mut file: LineFile, waiting: &Receiver<Order>, added: &Added, list: &SharedList) {
    let mut next = waiting.recv().ok();
    while let Some(order) = next.take() {
        match order {
            Order::Forget(reply) => {
                // Whoever asked may have gone.
                let _ = reply.send(forget(&mut file, added, &list.load()));
            }
            Order::Take(first) => {
                let mut n_bytes = first.lines.len();
                let mut posts = vec![first];
                while n_bytes < BYTES_MAX && next.is_none() {
                    match waiting.try_recv() {
                        Ok(Order::Take(post)) => {
                            n_bytes += post.lines.len();
                            posts.push(post);
                        }
                        Ok(order) => next = Some(order),
                        Err(_) => break,
                    }
                }
                take(&mut file, posts, added, &list.load());
            }
        }
        if next.is_none() {
            next = waiting.recv().ok();
        }
    }
}

/// Takes what is on the list out of the file and of memory.
fn forget(file: &mut LineFile, added: &Added, list: &Forgotten) -> Result<usize, Problem> {
    added.forget(list);
    file.drop_lines(|row: &Interaction| row.is_on(list)).map_err(|error| {
        tracing::error!(%error, "interactions cannot be taken out of their file");
        Problem::unavailable(
            "what was forgotten is in no list, but its interactions cannot be taken out of their file",
            "ask again later; the log of the service says what is wrong",
        )
    })
}

fn take(file: &mut LineFile, mut posts: Vec<Post>, added: &Added, list: &Forgotten) {
    let left_out: io::Result<Vec<usize>> =
        posts.iter_mut().map(|post| post.leave_out(list)).collect();
    let written = match &left_out {
        Ok(_) => append(file, &posts, added),
        Err(_) => Err(Problem::internal()),
    };
    let left_out = left_out
        .unwrap_or_default()
        .into_iter()
        .chain(std::iter::repeat(0));
    for (post, left_out) in posts.into_iter().zip(left_out) {
        if written.is_ok() {
            added.add(&post.interactions);
        }
        // Whoever asked may have gone.
        let _ = post.reply.send(written.clone().map(|()| left_out));
    }
}

fn append(file: &mut LineFile, posts: &[Post], added: &Added) -> Result<(), Problem> {
    if added.n_pairs() >= PAIRS_MAX {
        return Err(Problem::unavailable(
            format!("{PAIRS_MAX} interactions are kept already, and these were not taken"),
            "refresh or train the run with them, move their file away, and start the service again",
        ));
    }
    let lines: Vec<&[u8]> = posts.iter().map(|post| &*post.lines).collect();
    Ok(file.append(&lines.concat())?)
}
