//! The connection to a server: the address, the password, TLS where the address asks for it.

use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::{Host, SslMode};
use tokio_postgres::{Client, Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::fault::refused;
use crate::stores::address::Secret;
use crate::stores::error::StoreError;

const CONNECT: Duration = Duration::from_secs(10);

/// A client, whose connection is driven by the runtime.
pub(super) struct Connected {
    pub(super) client: Client,
    /// Whether what is sent goes over a network without TLS.
    pub(super) is_in_the_clear: bool,
}

/// Connects as the address says. `sslmode` is `require`, `verify-ca` or `verify-full`, which all check the server's
/// certificate and name here, or without TLS.
///
/// # Errors
/// An address that cannot be read, certificates that cannot, a server that does not let us in.
pub(super) async fn connect(secret: &Secret) -> Result<Connected, StoreError> {
    let place = secret.to_string();
    let (url, roots) = without_names_of_libpq(secret.whole());
    let mut config: Config = url.parse().map_err(|error: tokio_postgres::Error| {
        let reason = std::error::Error::source(&error).map_or_else(|| error.to_string(), ToString::to_string);
        StoreError::Usage(format!(
            "the address of the database cannot be read ({reason}); give it as postgres://USER:PASSWORD@HOST:PORT/DATABASE"
        ))
    })?;
    if config.get_password().is_none()
        && let Ok(password) = std::env::var("PGPASSWORD")
    {
        config.password(password);
    }
    if config.get_connect_timeout().is_none() {
        config.connect_timeout(CONNECT);
    }
    if config.get_application_name().is_none() {
        config.application_name("sagebrush export");
    }
    let is_encrypted = config.get_ssl_mode() == SslMode::Require;
    let client = if is_encrypted {
        let tls = tls(roots)?;
        let (client, connection) = config
            .connect(tls)
            .await
            .map_err(|error| refused(&place, &error))?;
        tokio::spawn(connection);
        client
    } else {
        config.ssl_mode(SslMode::Disable);
        let (client, connection) = config
            .connect(NoTls)
            .await
            .map_err(|error| refused(&place, &error))?;
        tokio::spawn(connection);
        client
    };
    Ok(Connected {
        client,
        is_in_the_clear: !is_encrypted && config.get_hosts().iter().any(is_far),
    })
}

/// Whether a host is another machine.
fn is_far(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            let address: Option<IpAddr> = name.parse().ok();
            name != "localhost" && !address.is_some_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => false,
    }
}

/// The address with the modes that the client knows, and the file of roots that it names: libpq has more.
fn without_names_of_libpq(url: &str) -> (String, Option<String>) {
    let Some((place, query)) = url.split_once('?') else {
        return (url.to_owned(), None);
    };
    let mut roots = None;
    let mut kept = Vec::new();
    for pair in query.split('&') {
        match pair.split_once('=') {
            Some(("sslrootcert", path)) => roots = Some(path.to_owned()),
            Some(("sslmode", "verify-ca" | "verify-full")) => kept.push("sslmode=require"),
            Some(("sslmode", "allow")) => kept.push("sslmode=disable"),
            _ => kept.push(pair),
        }
    }
    match kept.is_empty() {
        true => (place.to_owned(), roots),
        false => (format!("{place}?{}", kept.join("&")), roots),
    }
}

/// TLS with the roots of a file, or those of the system (`SSL_CERT_FILE` names others).
fn tls(roots: Option<String>) -> Result<MakeRustlsConnect, StoreError> {
    // Another part of the program may have set it.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let Some(path) = roots else {
        let (tls, _) = MakeRustlsConnect::with_native_certs().map_err(|errors| {
            let reason = errors.first().map(ToString::to_string).unwrap_or_default();
            StoreError::failed(
                "the certificates of this system",
                format!("none can be read ({reason})"),
                "name a file of roots in the address, as in `&sslrootcert=ca.pem`",
            )
        })?;
        return Ok(tls);
    };
    let unreadable = |reason: String| {
        StoreError::failed(
            &path,
            reason,
            "give a PEM file with the certificate of the authority in `sslrootcert`",
        )
    };
    let mut store = RootCertStore::empty();
    let certificates = CertificateDer::pem_file_iter(Path::new(&path));
    for certificate in certificates.map_err(|error| unreadable(error.to_string()))? {
        let certificate = certificate.map_err(|error| unreadable(error.to_string()))?;
        store
            .add(certificate)
            .map_err(|error| unreadable(error.to_string()))?;
    }
    if store.is_empty() {
        return Err(unreadable("it holds no certificate".to_owned()));
    }
    let config = ClientConfig::builder().with_root_certificates(store);
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_libpq_alone_knows_is_taken_out() {
        let read = |url: &str| {
            let (url, roots) = without_names_of_libpq(url);
            (url, roots.unwrap_or_default())
        };
        let expect = |url: &str, roots: &str| (url.to_owned(), roots.to_owned());
        assert_eq!(read("postgres://h/d"), expect("postgres://h/d", ""));
        assert_eq!(
            read("postgres://h/d?sslmode=verify-full&sslrootcert=ca.pem&connect_timeout=3"),
            expect("postgres://h/d?sslmode=require&connect_timeout=3", "ca.pem")
        );
        assert_eq!(
            read("postgres://h/d?sslrootcert=ca.pem"),
            expect("postgres://h/d", "ca.pem")
        );
    }

    #[test]
    fn this_machine_is_near() {
        for (host, far) in [
            ("localhost", false),
            ("127.0.0.1", false),
            ("::1", false),
            ("db.example.com", true),
            ("10.0.0.3", true),
        ] {
            assert_eq!(is_far(&Host::Tcp(host.to_owned())), far, "{host}");
        }
    }
}
