//! Servers of a test's own: PostgreSQL with and without pgvector, Redis, and a Python with what reads files.

use std::ffi::OsString;
use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// Names the folder `pginstall` of the Python package `pgserver`, which has pgvector.
const PGSERVER: &str = "SAGEBRUSH_PGSERVER";
/// Names a Python that has numpy, pyarrow, safetensors and qdrant-edge-py.
const PYTHON: &str = "SAGEBRUSH_EXPORT_PYTHON";
const REQUIRE: &str = "SAGEBRUSH_REQUIRE_SERVERS";
/// Of the server's first user.
pub(crate) const PASSWORD: &str = "ge@heim/7";
const PASSWORD_IN_URLS: &str = "ge%40heim%2F7";
const PATIENCE: Duration = Duration::from_secs(60);

/// Says that a test is skipped, or fails where servers are required.
fn missing<T>(what: &str, how: &str) -> Option<T> {
    assert!(
        std::env::var_os(REQUIRE).is_none(),
        "there is no {what}: {how}"
    );
    eprintln!("skipped: there is no {what}; {how}");
    None
}

/// A process that ends with the test.
struct Ends(Child);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    listener.local_addr().unwrap().port()
}

fn on_path(name: &str) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let programs: Vec<PathBuf> = std::env::split_paths(&folders)
        .map(|folder| folder.join(name))
        .collect();
    programs.into_iter().find(|program| program.is_file())
}

/// A PostgreSQL server in a folder of its own.
pub(crate) struct Postgres {
    _server: Ends,
    programs: PathBuf,
    pub(crate) port: u16,
    folder: TempDir,
}

impl Postgres {
    /// The one of `pgserver`, with pgvector.
    pub(crate) fn with_pgvector() -> Option<Self> {
        let Some(install) = std::env::var_os(PGSERVER) else {
            return missing(
                "PostgreSQL with pgvector",
                "`pip install pgserver`, and name its folder `pginstall` in `SAGEBRUSH_PGSERVER`",
            );
        };
        Some(Self::start(|folder| {
            // A server does not run as root, and its user may not enter the folders of root. Its programs find their
            // libraries beside the package.
            let package = folder.join("pgserver");
            fs::create_dir(&package).unwrap();
            run(
                "cp",
                &["-r".into(), install.clone(), package.clone().into()],
            );
            let libraries = Path::new(&install).join("../../pgserver.libs");
            run("cp", &["-r".into(), libraries.into(), folder.into()]);
            package.join("pginstall/bin")
        }))
    }

    /// The one of the distribution, without pgvector.
    pub(crate) fn plain() -> Option<Self> {
        let versions = glob::glob("/usr/lib/postgresql/*/bin/initdb").unwrap();
        let Some(initdb) = versions.filter_map(Result::ok).last() else {
            return missing("PostgreSQL", "`apt-get install postgresql`");
        };
        Some(Self::start(|_| initdb.parent().unwrap().to_owned()))
    }

    fn start(programs: impl Fn(&Path) -> PathBuf) -> Self {
        let folder = TempDir::new().unwrap();
        let programs = programs(folder.path());
        let (data, password) = (folder.path().join("data"), folder.path().join("password"));
        fs::write(&password, PASSWORD).unwrap();
        let user = user_of_server();
        if let Some((name, ..)) = &user {
            run("chmod", &["755".into(), folder.path().into()]);
            run("chown", &["-R".into(), name.into(), folder.path().into()]);
        }
        let command = |program: &str| {
            let mut command = Command::new(programs.join(program));
            #[cfg(unix)]
            if let Some((_, uid, gid)) = &user {
                use std::os::unix::process::CommandExt;
                command.uid(*uid).gid(*gid);
            }
            command
                .current_dir("/")
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .env("LC_ALL", "C");
            command
        };
        let made = command("initdb")
            .args([
                "-U",
                "postgres",
                "-A",
                "scram-sha-256",
                "--no-sync",
                "--locale=C",
                "-E",
                "UTF8",
            ])
            .args([
                OsString::from("--pwfile"),
                password.into(),
                "-D".into(),
                data.clone().into(),
            ])
            .status();
        assert!(made.unwrap().success(), "initdb");
        let port = free_port();
        let server = command("postgres")
            .args(["-F", "-h", "127.0.0.1", "-p", &port.to_string(), "-k"])
            .args([folder.path().as_os_str(), "-D".as_ref(), data.as_os_str()])
            .spawn()
            .unwrap();
        let server = Self {
            _server: Ends(server),
            programs,
            port,
            folder,
        };
        let began = Instant::now();
        while server.ask("SELECT 1").is_err() {
            assert!(began.elapsed() < PATIENCE, "PostgreSQL answers");
            std::thread::sleep(Duration::from_millis(50));
        }
        server
    }

    /// The address for the program.
    pub(crate) fn url(&self) -> String {
        format!(
            "postgres://postgres:{PASSWORD_IN_URLS}@127.0.0.1:{}/postgres",
            self.port
        )
    }

    /// Lets it read its settings again after a change of some.
    pub(crate) fn set(&self, settings: &[(&str, &str)]) {
        for (name, value) in settings {
            self.sql(&format!("ALTER SYSTEM SET {name} = '{value}'"));
        }
        self.sql("SELECT pg_reload_conf()");
    }

    /// A file that the server may read and nobody else.
    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        run("chmod", &["600".into(), path.clone().into()]);
        if let Some((name, ..)) = user_of_server() {
            run("chown", &[name.into(), path.clone().into()]);
        }
        path
    }

    /// What a statement gives, cells between tabs.
    pub(crate) fn ask(&self, statement: &str) -> Result<String, String> {
        let own = self.programs.join("psql");
        let output = Command::new(if own.is_file() { own } else { "psql".into() })
            .args([
                "-XqAt",
                "-v",
                "ON_ERROR_STOP=1",
                "-F",
                "\t",
                "-h",
                "127.0.0.1",
                "-U",
                "postgres",
            ])
            .args(["-p", &self.port.to_string(), "-c", statement])
            .env("PGPASSWORD", PASSWORD)
            .output()
            .unwrap();
        match output.status.success() {
            true => Ok(String::from_utf8(output.stdout).unwrap()),
            false => Err(String::from_utf8_lossy(&output.stderr).into_owned()),
        }
    }

    pub(crate) fn sql(&self, statement: &str) -> String {
        self.ask(statement)
            .unwrap_or_else(|error| panic!("{statement}: {error}"))
    }
}

/// Who runs a server where the test is root.
fn user_of_server() -> Option<(String, u32, u32)> {
    let id = |arguments: &[&str]| {
        let output = Command::new("id").args(arguments).output().unwrap();
        output
            .status
            .success()
            .then(|| String::from_utf8(output.stdout).unwrap().trim().to_owned())
    };
    if id(&["-u"])? != "0" {
        return None;
    }
    let name = ["postgres", "nobody"]
        .into_iter()
        .find(|name| id(&["-u", name]).is_some())?;
    let number = |flag: &str| id(&[flag, name])?.parse().ok();
    Some((name.to_owned(), number("-u")?, number("-g")?))
}

fn run(program: &str, arguments: &[OsString]) {
    let status = Command::new(program).args(arguments).status().unwrap();
    assert!(status.success(), "{program} {arguments:?}");
}

/// A Redis server, which keeps nothing on disk.
pub(crate) struct Redis {
    _server: Ends,
    port: u16,
}

impl Redis {
    pub(crate) fn start() -> Option<Self> {
        if on_path("redis-server").is_none() || on_path("redis-cli").is_none() {
            return missing("Redis", "`apt-get install redis-server`");
        }
        let port = free_port();
        let server = Command::new("redis-server")
            .args([
                "--port",
                &port.to_string(),
                "--bind",
                "127.0.0.1",
                "--save",
                "",
                "--appendonly",
                "no",
            ])
            .args(["--requirepass", PASSWORD])
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let server = Self {
            _server: Ends(server),
            port,
        };
        let began = Instant::now();
        while server.ask(&["PING"]) != ["PONG"] {
            assert!(began.elapsed() < PATIENCE, "Redis answers");
            std::thread::sleep(Duration::from_millis(20));
        }
        Some(server)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://:{PASSWORD_IN_URLS}@127.0.0.1:{}/0", self.port)
    }

    /// What a command answers, a line each.
    pub(crate) fn ask(&self, command: &[&str]) -> Vec<String> {
        let output = Command::new("redis-cli")
            .args(["-p", &self.port.to_string()])
            .args(command)
            .env("REDISCLI_AUTH", PASSWORD)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        text.lines().map(str::to_owned).collect()
    }
}

/// Runs a Python script in a folder; what it prints.
pub(crate) fn python(folder: &Path, script: &str) -> Option<String> {
    let Some(python) = std::env::var_os(PYTHON) else {
        return missing(
            "Python with what reads such files",
            "`pip install numpy pyarrow safetensors qdrant-edge-py`, and name that Python in `SAGEBRUSH_EXPORT_PYTHON`",
        );
    };
    let output = Command::new(python)
        .args(["-c", script])
        .current_dir(folder)
        .output()
        .unwrap();
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    Some(String::from_utf8(output.stdout).unwrap())
}
