//! The program as a service: started on a free port, and ended with the test.

use std::io::{BufRead, BufReader};
use std::process::{Child, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::Answer;
use super::http::{Client, request};
use crate::data::Workspace;

/// How long anything may take that takes a moment.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// A service that runs.
pub(crate) struct Service {
    child: Child,
    pub(crate) address: String,
    /// Whether it speaks TLS.
    pub(crate) is_encrypted: bool,
    log: std::path::PathBuf,
}

impl Service {
    /// Starts it, and waits until it listens. Its log is in the file `serve.log` of the folder.
    pub(crate) fn start(work: &Workspace, arguments: &[&str]) -> Self {
        let serve = ["serve", "--port", "0"];
        Self::spawn(work, work.program(&[&serve, arguments].concat()))
    }

    /// The same with variables of the environment.
    #[cfg(feature = "otel")]
    pub(crate) fn start_with(
        work: &Workspace,
        arguments: &[&str],
        variables: &[(&str, &str)],
    ) -> Self {
        let serve = ["serve", "--port", "0"];
        let mut program = work.program(&[&serve, arguments].concat());
        program.envs(variables.iter().copied());
        Self::spawn(work, program)
    }

    /// The same where no file may grow beyond some blocks of 512 bytes, as on a full disk.
    pub(crate) fn start_on_small_disk(work: &Workspace, blocks: usize, run: &str) -> Self {
        let script = format!("trap '' XFSZ; ulimit -f {blocks}; exec \"$0\" \"$@\"");
        let mut shell = std::process::Command::new("dash");
        shell
            .args(["-c", &script, env!("CARGO_BIN_EXE_sagebrush")])
            .args(["serve", "--port", "0", "--run", run])
            .current_dir(work.dir.path())
            .env_remove("RUST_LOG");
        Self::spawn(work, shell)
    }

    fn spawn(work: &Workspace, mut program: std::process::Command) -> Self {
        let log = work.path("serve.log");
        let file = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(&log);
        let program = program.stdout(Stdio::piped()).stderr(file.unwrap());
        let mut child = program.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let is_encrypted = line.starts_with("listening on https://");
        let address = line.strip_prefix("listening on http");
        let address = address.and_then(|rest| rest.trim_start_matches('s').strip_prefix("://"));
        let address =
            address.unwrap_or_else(|| panic!("{line}{}", std::fs::read_to_string(&log).unwrap()));
        let (address, _) = address.split_once(',').unwrap();
        Self {
            address: address.to_owned(),
            is_encrypted,
            child,
            log,
        }
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.address).unwrap()
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.client().ask(&request("GET", path, &[], b"")).unwrap()
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_text(path, &body.to_string())
    }

    pub(crate) fn post_text(&self, path: &str, body: &str) -> Answer {
        let request = request(
            "POST",
            path,
            &["content-type: application/json"],
            body.as_bytes(),
        );
        self.client().ask(&request).unwrap()
    }

    /// The value of a metric, by its name and labels.
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let text = self.get("/metrics").text();
        let line = text
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.map_or(0.0, |value| value.parse().unwrap())
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    /// Waits until something holds.
    pub(crate) fn wait_for(&self, what: &str, holds: impl Fn(&Self) -> bool) {
        let began = Instant::now();
        while !holds(self) {
            assert!(
                began.elapsed() < PATIENCE,
                "{what}: not in time\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn signal(&self, signal: libc::c_int) {
        // SAFETY: a signal to a child of ours that was not waited for.
        assert_eq!(
            unsafe { libc::kill(self.child.id() as libc::pid_t, signal) },
            0
        );
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    /// Kills it after some time, while so many sides ask it. A side ends when it is answered no more.
    pub(crate) fn kill_while(
        mut self,
        after: Duration,
        n_sides: usize,
        ask: impl Fn(usize, &mut Client) + Sync,
    ) {
        std::thread::scope(|scope| {
            for side in 0..n_sides {
                let (address, ask) = (self.address.clone(), &ask);
                scope.spawn(move || {
                    if let Ok(mut client) = Client::new(&address) {
                        ask(side, &mut client);
                    }
                });
            }
            std::thread::sleep(after);
            self.signal(libc::SIGKILL);
            self.wait();
        });
    }

    /// Ends it as an operator does.
    pub(crate) fn stop(mut self) {
        self.signal(libc::SIGTERM);
        let status = self.wait();
        assert!(status.success(), "{status}\n{}", self.log());
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
