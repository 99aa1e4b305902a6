//! TLS: the certificate that connections are encrypted with, which is read again without a pause.

use std::path::Path;
use std::sync::Arc;

use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::error::ServeError;
use super::settings::TlsFiles;

/// A certificate and what connections make of it.
pub(super) struct Tls {
    files: TlsFiles,
    config: ArcSwap<ServerConfig>,
}

impl Tls {
    /// Reads a certificate and its key.
    ///
    /// # Errors
    /// A file that cannot be read or holds none, a key of another certificate.
    pub(super) fn open(files: &TlsFiles) -> Result<Self, ServeError> {
        Ok(Self {
            files: files.clone(),
            config: ArcSwap::from_pointee(read(files)?),
        })
    }

    /// Reads both files again, for the connections to come.
    ///
    /// # Errors
    /// As [`open`](Self::open); the certificate of before stays.
    pub(super) fn read_again(&self) -> Result<(), ServeError> {
        self.config.store(Arc::new(read(&self.files)?));
        Ok(())
    }

    /// What shakes hands with the next connection.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        self.config.load_full().into()
    }
}

fn read(files: &TlsFiles) -> Result<ServerConfig, ServeError> {
    let TlsFiles { certificate, key } = files;
    let chain =
        CertificateDer::pem_file_iter(certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| wrong(certificate, &error))?;
    if chain.is_empty() {
        return Err(of(certificate, "there is no certificate in it".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| match error {
        pem::Error::NoItemsFound => of(key, "there is no private key in it".to_owned()),
        error => wrong(key, &error),
    })?;
    let provider = Arc::new(ring::default_provider());
    let builder =
        ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = builder.and_then(|builder| {
        let builder = builder.with_no_client_auth();
        builder.with_single_cert(chain, private)
    });
    let mut config = config.map_err(|error| {
        let what = match error {
            rustls::Error::InconsistentKeys(_) => {
                format!(
                    "it is not the key of the certificate in {}",
                    certificate.display()
                )
            }
            error => format!(
                "it cannot be used with the certificate in {} ({error})",
                certificate.display()
            ),
        };
        of(key, what)
    })?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

fn wrong(path: &Path, error: &pem::Error) -> ServeError {
    let what = match error {
        pem::Error::Io(error) => format!("cannot be read ({error})"),
        error => format!("it is no PEM ({error})"),
    };
    of(path, what)
}

fn of(path: &Path, what: String) -> ServeError {
    let path = path.to_owned();
    ServeError::Tls { path, what }
}
