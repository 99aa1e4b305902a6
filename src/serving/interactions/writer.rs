//! The thread that writes interactions down: what has gathered goes to disk in one write and one sync.

use std::io;
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, PoisonError, RwLock};
use std::thread::JoinHandle;

use tokio::sync::oneshot;

use super::super::problem::Problem;
use super::added::Added;
use super::record::Interaction;
use crate::run::{LineFile, RunError};

/// Bytes that are written together.
const BYTES_MAX: usize = 4 << 20;
/// Pairs that are kept in memory, at about a hundred bytes each.
const PAIRS_MAX: usize = 20_000_000;

/// Interactions that one request waits for.
pub(super) struct Post {
    lines: Vec<u8>,
    interactions: Vec<Interaction>,
    reply: oneshot::Sender<Result<(), Problem>>,
}

impl Post {
    pub(super) fn new(
        interactions: Vec<Interaction>,
        reply: oneshot::Sender<Result<(), Problem>>,
    ) -> io::Result<Self> {
        let mut lines = Vec::with_capacity(interactions.len() * 64);
        for interaction in &interactions {
            serde_json::to_writer(&mut lines, interaction)?;
            lines.push(b'\n');
        }
        Ok(Self {
            lines,
            interactions,
            reply,
        })
    }
}

/// The thread, which ends when this is dropped.
pub(super) struct Writer {
    /// `None` once it shall end.
    posts: RwLock<Option<Sender<Post>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Reads what the file has into `added`, and starts.
    ///
    /// # Errors
    /// As [`LineFile::open`].
    pub(super) fn open(path: &Path, added: &Arc<Added>) -> Result<Self, RunError> {
        let file = LineFile::open(path, |interaction: Interaction| added.add(&[interaction]))?;
        let (posts, waiting) = channel();
        let added = Arc::clone(added);
        let thread = std::thread::Builder::new().name("interactions".to_owned());
        let thread = thread.spawn(move || write(file, &waiting, &added));
        Ok(Self {
            posts: RwLock::new(Some(posts)),
            thread: Some(thread.map_err(RunError::cannot_write(path))?),
        })
    }

    /// Hands a post over; `false` where the thread has ended.
    pub(super) fn send(&self, post: Post) -> bool {
        let posts = self.posts.read().unwrap_or_else(PoisonError::into_inner);
        posts.as_ref().is_some_and(|posts| posts.send(post).is_ok())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        let mut posts = self.posts.write().unwrap_or_else(PoisonError::into_inner);
        *posts = None;
        drop(posts);
        if let Some(thread) = self.thread.take() {
            // A panic of it was told where it was.
            let _ = thread.join();
        }
    }
}

/// Writes until nobody can send any more.
fn write(mut file: LineFile, waiting: &Receiver<Post>, added: &Added) {
    while let Ok(first) = waiting.recv() {
        let mut n_bytes = first.lines.len();
        let mut posts = vec![first];
        while n_bytes < BYTES_MAX
            && let Ok(next) = waiting.try_recv()
        {
            n_bytes += next.lines.len();
            posts.push(next);
        }
        let written = append(&mut file, &posts, added);
        for post in posts {
            if written.is_ok() {
                added.add(&post.interactions);
            }
            // Whoever asked may have gone.
            let _ = post.reply.send(written.clone());
        }
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
