//! Connections: so many at once, each with a time for its headers, and an end that lets requests finish.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use super::settings::Limits;

/// How long the headers of a request may take, and how long a connection may wait for its next request.
const HEADERS: Duration = Duration::from_secs(60);
/// How long to wait where no further connection can be opened.
const NO_ROOM: Duration = Duration::from_millis(50);

/// Serves connections until `stop` returns, then takes none any more and lets those there are finish what they have
/// begun, for as long as the limits say or until `at_once` returns. Returns how many were cut.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: &Limits,
    stop: impl Future<Output = ()>,
    at_once: impl Future<Output = ()>,
) -> usize {
    let open = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(limits.connections));
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new())
        .header_read_timeout(HEADERS)
        .pipeline_flush(true);
    let mut stop = std::pin::pin!(stop);
    loop {
        let next = async {
            let permit = Arc::clone(&room).acquire_owned().await;
            (accepted(&listener).await, permit)
        };
        let (stream, permit) = tokio::select! {
            next = next => next,
            () = &mut stop => break,
        };
        let service = TowerToHyperService::new(router.clone());
        let connection = open.watch(http.serve_connection(TokioIo::new(stream), service));
        tokio::spawn(async move {
            // A client that went away, or spoke no HTTP, was told what there was to tell.
            let _ = connection.await;
            drop(permit);
        });
    }
    drop(listener);
    let in_use = || limits.connections - room.available_permits();
    tokio::select! {
        () = open.shutdown() => 0,
        () = tokio::time::sleep(limits.stop) => in_use(),
        () = at_once => in_use(),
    }
}

/// The next connection. Where the system has no room for one, it is waited for.
async fn accepted(listener: &TcpListener) -> TcpStream {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                // Answers are small: they are sent at once.
                let _ = stream.set_nodelay(true);
                return stream;
            }
            Err(error) => {
                tracing::warn!(%error, "a connection cannot be opened");
                tokio::time::sleep(NO_ROOM).await;
            }
        }
    }
}
