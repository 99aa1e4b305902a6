//! Connections: so many at once, each with a time to shake hands and for its headers, and an end that lets requests finish.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};

use super::state::State;

/// How long the headers of a request may take, and how long a connection may wait for its next request.
const HEADERS: Duration = Duration::from_secs(60);
/// How long a client may take to shake hands for TLS.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How long to wait where no further connection can be opened.
const NO_ROOM: Duration = Duration::from_millis(50);

/// Serves connections until `stop` returns, then takes none any more and lets those there are finish what they have
/// begun, for as long as the limits say or until `at_once` returns. Returns how many were cut.
pub(super) async fn serve(
    listener: TcpListener,
    router: Router,
    app: &State,
    stop: impl Future<Output = ()>,
    at_once: impl Future<Output = ()>,
) -> usize {
    let limits = &app.limits;
    let open = GracefulShutdown::new();
    // Who has not shaken hands by the end is not waited for.
    let (going_on, _) = watch::channel(());
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
        let Some(tls) = &app.tls else {
            let connection = open.watch(http.serve_connection(TokioIo::new(stream), service));
            tokio::spawn(async move {
                // A client that went away, or spoke no HTTP, was told what there was to tell.
                let _ = connection.await;
                drop(permit);
            });
            continue;
        };
        let (acceptor, http, mut over) = (tls.acceptor(), http.clone(), going_on.subscribe());
        let open = open.watcher();
        tokio::spawn(async move {
            let stream = tokio::select! {
                stream = tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)) => stream,
                _ = over.changed() => return,
            };
            match stream {
                Ok(Ok(stream)) => {
                    let connection = http.serve_connection(TokioIo::new(stream), service);
                    let _ = open.watch(connection).await;
                }
                Ok(Err(error)) => tracing::debug!(%error, "a client did not shake hands"),
                Err(_) => tracing::debug!("a client took too long to shake hands"),
            }
            drop(permit);
        });
    }
    drop(listener);
    drop(going_on);
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
