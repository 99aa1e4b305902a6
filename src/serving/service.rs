//! A service from its start to its end.

use std::net::{SocketAddr, TcpListener, ToSocketAddrs};
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Runtime;
use tokio::sync::watch::Receiver;

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
    listener: TcpListener,
    address: SocketAddr,
    app: State,
    runtime: Runtime,
    /// How often a stop was asked for.
    stops: Receiver<u32>,
    /// Ends with the service.
    reloader: Arc<Reloader>,
}

impl Service {
    /// Takes the port, loads the run and the interactions that were kept, and hears signals from now on. Nothing is
    /// answered before [`run`](Self::run).
    ///
    /// # Errors
    /// A port that is taken, a run that cannot be opened, a file of interactions that another process writes, a system
    /// that gives no threads or no signals.
    pub fn start(settings: &Settings) -> Result<Self> {
        let (listener, address) = listen(&settings.host, settings.port)?;
        let app = Arc::new(App::open(settings)?);
        if settings.tokens.is_none() && !address.ip().is_loopback() {
            tracing::warn!("whoever reaches {address} is answered: no file of tokens was given");
        }
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(rayon::current_num_threads())
            .thread_name("http")
            .enable_all()
            .build()
            .map_err(ServeError::Threads)?;
        let reloader = Reloader::start(app.clone(), settings.run.clone(), settings.watch)?;
        let reloader = Arc::new(reloader);
        let stops = runtime.block_on(async { hear(&reloader) });
        Ok(Self {
            listener,
            address,
            app,
            runtime,
            stops: stops.map_err(ServeError::Threads)?,
            reloader,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Its address for a browser or a program.
    pub fn url(&self) -> String {
        let scheme = match self.app.tls {
            Some(_) => "https",
            None => "http",
        };
        format!("{scheme}://{}", self.address)
    }

    /// The runs that it serves side by side: the name of each arm, the id of its run and its share of the users, the first
    /// one first. Empty where it serves one run.
    pub fn arms(&self) -> Vec<(String, String, f64)> {
        let arms = self.app.arms.names().into_iter().map(str::to_owned);
        let run = |at: usize| self.app.serving(at).load().id.clone();
        let runs = arms.enumerate().map(|(at, arm)| (arm, run(at)));
        let with_shares = runs.zip(self.app.arms.shares());
        with_shares
            .map(|((arm, run), share)| (arm, run, share))
            .collect()
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
    /// Requests that took longer than the limit for a stop.
    pub fn run(self) -> Result<()> {
        let Self {
            listener,
            address,
            app,
            runtime,
            stops,
            reloader,
        } = self;
        if let Some(path) = app.interactions.path() {
            let (file, known) = (path.display(), app.interactions.added().n_pairs());
            tracing::info!(%file, known, "interactions are kept");
        }
        tracing::info!(%address, run = app.current.load().id, "listening");
        let cut = runtime.block_on(async {
            listener.set_nonblocking(true)?;
            let listener = tokio::net::TcpListener::from_std(listener)?;
            let stop = async {
                asked(stops.clone(), 1).await;
                app.begin_to_stop();
                tracing::info!("stopping");
            };
            let (router, at_once) = (router(app.clone()), asked(stops.clone(), 2));
            Ok(accept::serve(listener, router, &app, stop, at_once).await)
        });
        let cut = cut.map_err(ServeError::Threads)?;
        tracing::info!(cut, "stopped");
        runtime.shutdown_background();
        drop(reloader);
        match cut {
            0 => Ok(()),
            cut => Err(ServeError::Cut(cut).into()),
        }
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
