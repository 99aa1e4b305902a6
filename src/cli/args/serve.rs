//! Options of `serve`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::config::ByteSize;

/// Options of `serve`.
#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// The run directory, or a link to it
    #[arg(long, value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// Serve another run beside it to a share of the users, such as next=10%; can be given several times. The last part of
    /// its path is the name of its arm
    #[arg(long, value_name = "RUN=SHARE", value_parser = AlsoArg::parse)]
    pub(crate) also: Vec<AlsoArg>,
    /// Place users in arms anew, so that this experiment does not depend on another
    #[arg(long, value_name = "TEXT", default_value = "", requires = "also")]
    pub(crate) salt: String,
    /// The address to listen on; 0.0.0.0 is every one of this machine
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) host: String,
    /// The port; 0 takes a free one and prints it
    #[arg(long, value_name = "PORT", default_value_t = 8080)]
    pub(crate) port: u16,
    /// Serve a run that is published in place of this one: the link leads elsewhere, or the run was replaced
    #[arg(long)]
    pub(crate) watch: bool,
    /// A file of bearer tokens, a `name:token` a line; without one every request is answered
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
    /// A certificate in PEM, with those between it and the authority: speak TLS
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The private key of the certificate, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// A site whose pages may ask from a browser, such as `https://shop.example`; can be given several times; `*` is every one
    #[arg(long, value_name = "ORIGIN")]
    pub(crate) cors: Vec<String>,
    /// Where interactions are kept; beside the run, as RUN.interactions.jsonl, by default
    #[arg(long, value_name = "FILE", conflicts_with = "read_only")]
    pub(crate) interactions: Option<PathBuf>,
    /// Take no interactions, and write nothing
    #[arg(long)]
    pub(crate) read_only: bool,
    /// The form of the log on stderr
    #[arg(long, value_enum, value_name = "FORM", default_value_t = LogForm::Text)]
    pub(crate) log: LogForm,
    /// The limits.
    #[command(flatten)]
    pub(crate) limits: LimitArgs,
}

/// A run beside the first one, and its share of the users.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AlsoArg {
    pub(crate) run: PathBuf,
    /// From 0 to 1.
    pub(crate) share: f64,
}

impl AlsoArg {
    /// `RUN=SHARE%`.
    fn parse(text: &str) -> Result<Self, String> {
        let wrong =
            || format!("`{text}` is no run with a share: write RUN=SHARE%, such as next=10%");
        let (run, share) = text.rsplit_once('=').ok_or_else(wrong)?;
        let percent = share.trim().strip_suffix('%').ok_or_else(wrong)?;
        let percent: f64 = percent.trim().parse().map_err(|_| wrong())?;
        match run.is_empty() || !(0.0..=100.0).contains(&percent) {
            true => Err(wrong()),
            false => Ok(Self {
                run: run.into(),
                share: percent / 100.0,
            }),
        }
    }
}

/// Limits of `serve`.
#[derive(Debug, Args)]
#[command(next_help_heading = "Limits")]
pub(crate) struct LimitArgs {
    /// Items of a list at most
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) max_k: u32,
    /// Users, histories or interactions of a request at most
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) max_batch: u32,
    /// The size of a request's body at most, such as 16MiB
    #[arg(long, value_name = "SIZE", default_value = "16MiB", value_parser = str::parse::<ByteSize>)]
    pub(crate) max_body: ByteSize,
    /// Requests that are worked on at once; more are refused with status 429
    #[arg(long, value_name = "N", default_value_t = 512, value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) max_concurrent: u32,
    /// Connections that are open at once; more wait
    #[arg(long, value_name = "N", default_value_t = 4_096, value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) max_connections: u32,
    /// Seconds that a request may take
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(1..=86_400))]
    pub(crate) request_timeout: u32,
    /// Seconds that a stop waits for the requests that have begun
    #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u32).range(..=86_400))]
    pub(crate) stop_timeout: u32,
}

/// Forms of the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogForm {
    /// A line for people
    Text,
    /// One JSON object a line
    Json,
}
