//! A service from its start to its end.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

use super::accept;
use super::error::ServeError;
use super::layers::router;
use super::reload::Reloader;
use super::settings::Settings;
use super::state::{App, State};
use super::stop::{asked, hear};
use crate::error::Result;

/// The lists of a finished run over HTTP.
///
/// ```no_run
/// use sagebrush::serving::{Service, Settings};
///
/// let service = Service::start(&Settings::of("my-run"))?;
/// println!("http://{}", service.address());
/// service.run()?;
/// # Ok::<(), sagebrush::Error>(())
/// ```
pub struct Service {
    settings: Settings,
    listener: TcpListener,
    address: SocketAddr,
    app: State,
}

impl Service {
    /// Takes the port, and loads the run and the interactions that were kept. Nothing is answered before
    /// [`run`](Self::run).
    ///
    /// # Errors
    /// A port that is taken, a run that cannot be opened, a file of interactions that another process writes.
    pub fn start(settings: &Settings) -> Result<Self> {
        let (listener, address) = listen(&settings.host, settings.port)?;
        let app = Arc::new(App::open(settings)?);
        if settings.tokens.is_none() && !address.ip().is_loopback() {
            tracing::warn!("whoever reaches {address} is answered: no file of tokens was given");
        }
        Ok(Self {
            settings: settings.clone(),
            listener,
            address,
            app,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The id of the run that it serves.
    pub fn run_id(&self) -> String {
        self.app.current.load().id.clone()
    }

    /// Where it keeps interactions; `None` where it takes none.
    pub fn interactions(&self) -> Option<&Path> {
        self.app.interactions.path()
    }

    /// How many interactions it knows that were kept before.
    pub fn n_interactions(&self) -> usize {
        self.app.interactions.added().n_pairs()
    }

    /// Answers until SIGINT or SIGTERM, then finishes the requests that have begun; a second one ends it at once.
    ///
    /// # Errors
    /// A system that gives no threads or no signals; requests that took longer than the limit for a stop.
    pub fn run(self) -> Result<()> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(rayon::current_num_threads())
            .thread_name("http")
            .enable_all()
            .build()
            .map_err(ServeError::Threads)?;
        let cut = runtime.block_on(self.serve())?;
        runtime.shutdown_background();
        match cut {
            0 => Ok(()),
            cut => Err(ServeError::Cut(cut).into()),
        }
    }

    async fn serve(self) -> Result<usize, ServeError> {
        let Self {
            settings,
            listener,
            address,
            app,
        } = self;
        listener
            .set_nonblocking(true)
            .map_err(ServeError::Threads)?;
        let listener = tokio::net::TcpListener::from_std(listener).map_err(ServeError::Threads)?;
        let reloader = Reloader::start(app.clone(), settings.run.clone(), settings.watch)?;
        let reloader = Arc::new(reloader);
        let signals = hear(&reloader).map_err(ServeError::Threads)?;
        if let Some(path) = app.interactions.path() {
            let (file, known) = (path.display(), app.interactions.added().n_pairs());
            tracing::info!(%file, known, "interactions are kept");
        }
        tracing::info!(%address, run = app.current.load().id, "listening");
        let stop = async {
            asked(signals.clone(), 1).await;
            app.begin_to_stop();
            tracing::info!("stopping");
        };
        let at_once = asked(signals.clone(), 2);
        let router = router(app.clone());
        let cut = accept::serve(listener, router, &settings.limits, stop, at_once).await;
        tracing::info!(cut, "stopped");
        Ok(cut)
    }
}

/// A socket at the first address of a host that takes one.
fn listen(host: &str, port: u16) -> Result<(TcpListener, SocketAddr), ServeError> {
    let wrong_host = |source| ServeError::Host {
        host: host.to_owned(),
        source,
    };
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let addresses: Vec<SocketAddr> = (bare, port)
        .to_socket_addrs()
        .map_err(wrong_host)?
        .collect();
    let listener = TcpListener::bind(&addresses[..]).map_err(|source| ServeError::Listen {
        address: format!("{host}:{port}"),
        source,
    })?;
    let address = listener.local_addr().map_err(wrong_host)?;
    Ok((listener, address))
}
