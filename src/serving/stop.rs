//! Signals of the system: stop, stop at once, and look for another run.

use std::io;
use std::sync::Arc;

use tokio::sync::watch::{Receiver, channel};

use super::reload::Reloader;

/// Counts from now on how often SIGINT and SIGTERM came; each SIGHUP tells the reloader to look.
///
/// # Errors
/// A system that lets no signal be heard.
#[cfg(unix)]
pub(super) fn hear(reloader: &Arc<Reloader>) -> io::Result<Receiver<u32>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let mut hangup = signal(SignalKind::hangup())?;
    let (count, counted) = channel(0);
    // Of the reloader that is gone nobody need be told.
    let reloader = Arc::downgrade(reloader);
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => count.send_modify(|count| *count += 1),
                _ = terminate.recv() => count.send_modify(|count| *count += 1),
                _ = hangup.recv() => {
                    if let Some(reloader) = reloader.upgrade() {
                        reloader.tell();
                    }
                }
            }
        }
    });
    Ok(counted)
}

/// Counts from now on how often Ctrl-C came, the one signal there is.
///
/// # Errors
/// None.
#[cfg(not(unix))]
pub(super) fn hear(_: &Arc<Reloader>) -> io::Result<Receiver<u32>> {
    let (count, counted) = channel(0);
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            count.send_modify(|count| *count += 1);
        }
    });
    Ok(counted)
}

/// Returns when a stop was asked for so many times.
pub(super) async fn asked(mut counted: Receiver<u32>, times: u32) {
    // Who counts ends with the program.
    let _ = counted.wait_for(|count| *count >= times).await;
}
