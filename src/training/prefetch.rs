//! The next batches, drawn on a thread of their own while this one is trained on.

use std::sync::mpsc::sync_channel;
use std::thread;

/// Batches that wait at most.
const WAITING: usize = 2;

/// Runs `consume` over what `source` yields, in its order; the source is a few items ahead.
///
/// # Panics
/// When the source does.
pub(super) fn ahead<T: Send, R>(
    source: impl Iterator<Item = T> + Send,
    consume: impl FnOnce(&mut dyn Iterator<Item = T>) -> R,
) -> R {
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(WAITING);
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
        let all = ahead(0..1000, |items| items.collect::<Vec<_>>());
        assert_eq!(all, (0..1000).collect::<Vec<_>>());
        assert_eq!(ahead(0.., |items| items.nth(5)), Some(5));
    }
}
