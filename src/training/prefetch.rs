//! Draws the next batches on a thread of its own while the current batch is trained on.

use std::sync::mpsc::sync_channel;
use std::thread;

/// Runs `consume` over what `source` yields, in its order; the source is at most `waiting` items ahead, or makes each
/// when it is asked for.
///
/// # Panics
/// When the source does.
pub(super) fn ahead<T: Send, R>(
    waiting: usize,
    mut source: impl Iterator<Item = T> + Send,
    consume: impl FnOnce(&mut dyn Iterator<Item = T>) -> R,
) -> R {
    if waiting == 0 {
        return consume(&mut source);
    }
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(waiting);
        scope.spawn(move || {
            for item in source {
                // The receiver is gone when the consumer has had enough.
                if sender.send(item).is_err() {
                    return;
                }
            }
        });
        consume(&mut receiver.into_iter())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_comes_in_order_and_a_consumer_may_stop() {
        for waiting in [0, 1, 3] {
            let all = ahead(waiting, 0..1000, |items| items.collect::<Vec<_>>());
            assert_eq!(all, (0..1000).collect::<Vec<_>>());
            assert_eq!(ahead(waiting, 0.., |items| items.nth(5)), Some(5));
        }
    }
}
