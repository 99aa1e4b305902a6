//! TLS: a client that trusts the certificate is answered, another one is not, and slow ones hold nothing up.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};

use super::Service;
use super::http::{Client, request};
use super::lists::train;
use crate::data::Workspace;

/// Writes a certificate for `localhost` and its key, and gives it.
fn certificate(work: &Workspace) -> CertificateDer<'static> {
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    work.write("chain.pem", cert.pem().as_bytes());
    work.write("key.pem", signing_key.serialize_pem().as_bytes());
    cert.der().clone()
}

type Encrypted = StreamOwned<ClientConnection, TcpStream>;

fn connect(service: &Service, trusted: &CertificateDer<'static>) -> Encrypted {
    let mut roots = RootCertStore::empty();
    roots.add(trusted.clone()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("localhost").unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let stream = TcpStream::connect(&service.address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    StreamOwned::new(client, stream)
}

/// The head of the answer to a request, or what went wrong.
fn ask(service: &Service, trusted: &CertificateDer<'static>) -> std::io::Result<String> {
    let mut stream = connect(service, trusted);
    stream.write_all(&request("GET", "/health", &["connection: close"], b""))?;
    let mut answer = String::new();
    match stream.read_to_string(&mut answer) {
        Err(error) if answer.is_empty() => Err(error),
        _ => Ok(answer),
    }
}

const TLS: [&str; 7] = [
    "--run",
    "run",
    "--read-only",
    "--tls-cert",
    "chain.pem",
    "--tls-key",
    "key.pem",
];

#[test]
fn connections_are_encrypted_and_the_certificate_is_changed_without_a_pause() {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    let first = certificate(&work);
    let service = Service::start(&work, &TLS);
    assert!(service.is_encrypted);
    let answer = ask(&service, &first).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.contains("\"status\":\"ok\""), "{answer}");
    // Who does not trust it, and who speaks plainly, is told nothing.
    let other = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    assert!(ask(&service, other.cert.der()).is_err());
    let mut plain = Client::new(&service.address).unwrap();
    let answer = plain.ask(&request("GET", "/health", &[], b""));
    assert!(answer.is_err(), "{answer:?}");
    // A connection that is open keeps its certificate, new ones have the new one.
    let mut kept = connect(&service, &first);
    kept.write_all(&request("GET", "/health", &[], b""))
        .unwrap();
    let mut byte = [0];
    kept.read_exact(&mut byte).unwrap();
    let second = certificate(&work);
    service.signal(libc::SIGHUP);
    let began = Instant::now();
    while ask(&service, &second).is_err() {
        assert!(
            began.elapsed() < super::service::PATIENCE,
            "{}",
            service.log()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(ask(&service, &first).is_err());
    kept.read_exact(&mut byte).unwrap();
    // One that cannot be used leaves the one of before.
    work.write("key.pem", b"nothing");
    service.signal(libc::SIGHUP);
    while !service.log().contains("the certificate of before stays") {
        assert!(
            began.elapsed() < super::service::PATIENCE,
            "{}",
            service.log()
        );
        std::thread::sleep(Duration::from_millis(20));
    }
    ask(&service, &second).unwrap();
    service.stop();
}

#[test]
fn who_does_not_shake_hands_is_cut_and_holds_up_no_stop() {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    let trusted = certificate(&work);
    let service = Service::start(&work, &[&TLS[..], &["--max-connections", "2"]].concat());
    // Both places are taken by clients that say nothing; they are free again after ten seconds.
    let mut silent: Vec<TcpStream> = (0..2)
        .map(|_| TcpStream::connect(&service.address).unwrap())
        .collect();
    let began = Instant::now();
    let answer = ask(&service, &trusted).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    let took = began.elapsed();
    assert!(
        took > Duration::from_secs(5) && took < Duration::from_secs(25),
        "{took:?}"
    );
    for stream in &mut silent {
        stream
            .set_read_timeout(Some(Duration::from_secs(5)))
            .unwrap();
        assert_eq!(stream.read(&mut [0; 8]).unwrap_or(0), 0, "it was cut");
    }
    let _silent = TcpStream::connect(&service.address).unwrap();
    let began = Instant::now();
    service.stop();
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
}

#[test]
fn files_that_are_no_certificate_are_refused_by_name() {
    let work = Workspace::new();
    train(&work, "popularity", "run");
    certificate(&work);
    let (chain, key) = (work.read("chain.pem"), work.read("key.pem"));
    let serve = |code: i32, expected: &str| {
        let serve = [&["serve", "--port", "0"], &TLS[..]].concat();
        work.refused(&serve, code, expected);
    };
    work.write("chain.pem", b"nothing here");
    serve(65, "chain.pem: there is no certificate in it");
    work.write("chain.pem", &chain);
    work.write("key.pem", &chain);
    serve(65, "key.pem: there is no private key in it");
    certificate(&work);
    work.write("chain.pem", &chain);
    serve(
        65,
        "key.pem: it is not the key of the certificate in chain.pem",
    );
    work.write("key.pem", &key);
    std::fs::remove_file(work.path("chain.pem")).unwrap();
    serve(65, "chain.pem: cannot be read");
    let alone = [
        "serve",
        "--run",
        "run",
        "--port",
        "0",
        "--tls-cert",
        "chain.pem",
    ];
    work.refused(&alone, 2, "--tls-key");
}
