//! Logs and item files of an object store, against moto, a server that speaks S3; skipped, saying so, where it is not there.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::data::{Workspace, log_csv};

/// A server of its own, ended with the test.
pub(crate) struct Moto {
    server: Child,
    port: u16,
}

impl Moto {
    pub(crate) fn start() -> Option<Self> {
        let Some(program) = program() else {
            eprintln!(
                "skipped: there is no `moto_server`; install it with `pip install 'moto[server]'`, or name it in \
                 `SAGEBRUSH_MOTO`"
            );
            return None;
        };
        let port = free_port();
        let server = Command::new(program)
            .args(["-H", "127.0.0.1", "-p", &port.to_string()])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let moto = Self { server, port };
        let begun = Instant::now();
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(begun.elapsed() < Duration::from_secs(60), "moto answers");
            std::thread::sleep(Duration::from_millis(100));
        }
        moto.put("", b"");
        Some(moto)
    }

    /// Puts an object that anybody may read into the bucket `logs`; nothing makes the bucket.
    fn put(&self, key: &str, bytes: &[u8]) {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!(
            "PUT /logs/{key} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nContent-Length: {}\r\nx-amz-acl: public-read\r\nConnection: close\r\n\r\n",
            self.port,
            bytes.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream.write_all(bytes).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// What leads a program to this server.
    pub(crate) fn environment(&self) -> [(&'static str, String); 5] {
        [
            (
                "AWS_ENDPOINT_URL",
                format!("http://127.0.0.1:{}", self.port),
            ),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "key".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "secret".to_owned()),
        ]
    }

    pub(crate) fn command(&self, work: &Workspace, arguments: &[&str]) -> assert_cmd::Command {
        let mut command = work.sagebrush(arguments);
        command.envs(self.environment());
        command
    }

    pub(crate) fn json(&self, work: &Workspace, arguments: &[&str]) -> Value {
        let output = self
            .command(work, &[arguments, &["--json"]].concat())
            .assert()
            .success();
        serde_json::from_slice(&output.get_output().stdout).unwrap()
    }

    /// The bytes of an object.
    pub(crate) fn get(&self, url: &str) -> Vec<u8> {
        let path = url.strip_prefix("s3://").unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!(
            "GET /{path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\n\
             Authorization: AWS4-HMAC-SHA256 Credential=key/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0\r\n\r\n",
            self.port
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 200"), "{url}");
        let end = answer
            .windows(4)
            .position(|four| four == b"\r\n\r\n")
            .unwrap();
        answer.split_off(end + 4)
    }

    pub(crate) fn refused(&self, work: &Workspace, arguments: &[&str]) -> String {
        let output = self.command(work, arguments).assert().failure();
        String::from_utf8_lossy(&output.get_output().stderr).into_owned()
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("SAGEBRUSH_MOTO") {
        return Some(named.into());
    }
    let folders = std::env::var_os("PATH")?;
    let programs = std::env::split_paths(&folders).map(|folder| folder.join("moto_server"));
    programs.into_iter().find(|program| program.is_file())
}

fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

const ITEMS: &str = "item_id,title\n1,One\n2,Two\n";

#[test]
fn objects_are_read_as_files_are() {
    let Some(moto) = Moto::start() else { return };
    let work = Workspace::new();
    let log = log_csv();
    let (header, rows) = log.split_once('\n').unwrap();
    let rows: Vec<&str> = rows.lines().collect();
    let part = |rows: &[&str]| format!("{header}\n{}\n", rows.join("\n"));
    moto.put("log.csv", log.as_bytes());
    moto.put("parts/a=1/part-0.csv", part(&rows[..700]).as_bytes());
    moto.put("parts/part-1.csv", part(&rows[700..]).as_bytes());
    moto.put("parts/_SUCCESS", b"x");
    moto.put("partsother/part-1.csv", b"no log");
    moto.put("items.csv", ITEMS.as_bytes());
    work.write("items.csv", ITEMS.as_bytes());
    let local = work.json(&["inspect", "log.csv", "--items", "items.csv"]);
    let count = |found: &Value| {
        [
            found["interactions"].clone(),
            found["users"].clone(),
            found["items"].clone(),
        ]
    };
    let web = format!("http://127.0.0.1:{}/logs/log.csv", moto.port);
    for path in [
        "s3://logs/log.csv",
        "s3://logs/parts",
        "s3://logs/parts/",
        "s3://logs/parts/**/*.csv",
        &web,
    ] {
        let found = moto.json(&work, &["inspect", path, "--items", "s3://logs/items.csv"]);
        assert_eq!(count(&found), count(&local), "{path}");
    }
    // A run has size and hash of the object on record, and resumes with it.
    let train = |log: &str, out: &str| {
        let arguments = [
            "train", log, "--model", "mf", "--epochs", "1", "--out", out, "-q",
        ];
        moto.command(&work, &arguments).assert().success();
        let data: Value = serde_json::from_slice(&work.read(&format!("{out}/data.json"))).unwrap();
        data["sources"][0].clone()
    };
    let (here, there) = (
        train("log.csv", "here"),
        train("s3://logs/log.csv", "there"),
    );
    assert_eq!(there["path"], "s3://logs/log.csv");
    for name in ["bytes", "sha256", "rows", "format"] {
        assert_eq!(here[name], there[name], "{name}");
    }
    assert_eq!(
        work.read("here/model.safetensors"),
        work.read("there/model.safetensors")
    );
    // Parquet is read by position.
    let lists = ["recommend", "--run", "here", "--all", "-k", "5", "-q"];
    work.succeed(&[&lists[..], &["--out", "lists.parquet"]].concat());
    moto.put("lists.parquet", &work.read("lists.parquet"));
    let local = work.json(&["inspect", "lists.parquet"]);
    let found = moto.json(&work, &["inspect", "s3://logs/lists.parquet"]);
    assert_eq!(count(&found), count(&local));
}

#[test]
fn what_is_not_there_or_may_not_be_read_is_told_once() {
    let Some(moto) = Moto::start() else { return };
    let work = Workspace::new();
    for path in [
        "s3://logs/absent.csv",
        "s3://logs/*.csv",
        "s3://no-such-bucket/log.csv",
    ] {
        let message = moto.refused(&work, &["inspect", path]);
        assert!(
            message.contains(path) && message.contains("there is no such object"),
            "{message}"
        );
        assert_eq!(message.matches("no such object").count(), 1, "{message}");
    }
    let nobody = free_port();
    let closed = format!("http://127.0.0.1:{nobody}");
    let ask = |set: &[(&str, &str)], path: &str| {
        let mut command = moto.command(&work, &["inspect", path]);
        for (name, value) in set {
            match *value {
                "" => command.env_remove(name),
                value => command.env(name, value),
            };
        }
        let output = command.assert().failure();
        String::from_utf8_lossy(&output.get_output().stderr).into_owned()
    };
    let message = ask(&[("AWS_ENDPOINT_URL", &closed)], "s3://logs/log.csv");
    assert!(
        message.contains("it cannot be read") && message.contains("check the connection"),
        "{message}"
    );
    assert_eq!(message.matches("refused").count(), 1, "{message}");
    let none = [
        ("AWS_ACCESS_KEY_ID", ""),
        ("AWS_SECRET_ACCESS_KEY", ""),
        ("AWS_METADATA_ENDPOINT", &*closed),
    ];
    let message = ask(&none, "s3://logs/log.csv");
    assert!(
        message.contains("there are no credentials") && message.contains("`AWS_ACCESS_KEY_ID`"),
        "{message}"
    );
    let web = format!("http://127.0.0.1:{}/logs/absent.csv", moto.port);
    let message = moto.refused(&work, &["inspect", &web]);
    assert!(message.contains("there is no such object"), "{message}");
}
