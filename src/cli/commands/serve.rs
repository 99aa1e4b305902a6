//! `serve`: the lists of a run over HTTP.

use crate::cli::args::ServeArgs;
use crate::cli::session::Session;
use crate::error::Result;

/// Runs `serve`, until it is told to stop.
#[cfg(feature = "serve")]
pub(super) fn serve(session: &Session, args: &ServeArgs) -> Result<()> {
    let service = crate::serving::Service::start(&settings(args))?;
    let (url, run, arms) = (service.url(), service.run_id(), service.arms());
    if session.json {
        session.print_json(&serde_json::json!({
            "address": url, "run": run,
            "arms": arms.iter().map(|(arm, run, share)| serde_json::json!({
                "arm": arm, "run": run, "share": share,
            })).collect::<Vec<_>>(),
            "interactions": service.interactions(), "known": service.n_interactions(),
        }))?;
    } else {
        let arm = |(arm, run, share): &(String, String, f64)| {
            let percent = (share * 1e6).round() / 1e4;
            format!("run {run} in arm {arm} ({percent}%)")
        };
        let serves = match arms.is_empty() {
            true => format!("run {run}"),
            false => arms.iter().map(arm).collect::<Vec<_>>().join(", "),
        };
        session.print(&format!("listening on {url}, {serves}"))?;
    }
    service.run()
}

#[cfg(feature = "serve")]
fn settings(args: &ServeArgs) -> crate::serving::Settings {
    use std::time::Duration;

    use crate::serving::{Also, Keep, Limits, Settings, TlsFiles};

    let seconds = |n: u32| Duration::from_secs(n.into());
    Settings {
        run: args.run.clone(),
        also: args
            .also
            .iter()
            .map(|also| Also {
                run: also.run.clone(),
                share: also.share,
            })
            .collect(),
        salt: args.salt.clone(),
        host: args.host.clone(),
        port: args.port,
        watch: args.watch,
        tokens: args.token_file.clone(),
        tls: (args.tls_cert.clone().zip(args.tls_key.clone()))
            .map(|(certificate, key)| TlsFiles { certificate, key }),
        cors: args.cors.clone(),
        interactions: match (args.read_only, &args.interactions) {
            (true, _) => Keep::Nowhere,
            (false, Some(path)) => Keep::At(path.clone()),
            (false, None) => Keep::Beside,
        },
        limits: Limits {
            k: args.limits.max_k as usize,
            batch: args.limits.max_batch as usize,
            body_bytes: usize::try_from(args.limits.max_body.bytes()).unwrap_or(usize::MAX),
            concurrent: args.limits.max_concurrent as usize,
            connections: args.limits.max_connections as usize,
            request: seconds(args.limits.request_timeout),
            stop: seconds(args.limits.stop_timeout),
            ..Limits::default()
        },
    }
}

/// A build without the service.
///
/// # Errors
/// Always.
#[cfg(not(feature = "serve"))]
pub(super) fn serve(_: &Session, _: &ServeArgs) -> Result<()> {
    Err(crate::error::Usage(
        "this build has no service: rebuild with `cargo build --release --features serve`"
            .to_owned(),
    )
    .into())
}
