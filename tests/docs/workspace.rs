//! A folder for the commands of a page, with the files that they name.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tempfile::TempDir;

use crate::page::Command;
use crate::program::is_of_old_name;

/// Users `1` to this, and films `1` to that; the films after are new.
const N_USERS: u64 = 160;
const N_FILMS: u64 = 80;
const N_NEW: u64 = 4;
/// Interactions of a user.
const PER_USER: u64 = 14;
/// Floats of a poster's vector, and of a picture of `sagebrush synth --pins`.
const POSTER: usize = 8;
const PICTURE: usize = 64;
const GENRES: [&str; 4] = ["Crime", "Comedy", "Documentary", "Science Fiction"];
const RUN_FILE: &str = "[model]\nname = \"mf\"\n";
/// How long a command may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A temporary folder.
pub(crate) struct Workspace {
    folder: TempDir,
}

impl Workspace {
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join(name), bytes).unwrap();
        let (log, first_clicks) = logs();
        write("ratings.csv", log.as_bytes());
        write("log.csv", log.as_bytes());
        write("events.csv", events(&log).as_bytes());
        write("run.toml", RUN_FILE.as_bytes());
        write("first-clicks.csv", first_clicks.as_bytes());
        write("films.csv", films(1..=N_FILMS).as_bytes());
        write("new.csv", films(N_FILMS + 1..=N_FILMS + N_NEW).as_bytes());
        write("users.txt", b"42\n43\n7\n");
        write(
            "histories.csv",
            b"user_id,item_id\nann,17\nann,21\nbob,33\n",
        );
        write(
            "with-bad-rows.csv",
            b"user,item,rating\n1,10,4\n2,,5\n2,11,good\n2,12,3\n3,10,5\n",
        );
        write("sold-out.txt", b"1\n2\n3\n");
        write("in-stock.txt", b"11\n12\n13\n14\n15\n16\n17\n18\n");
        write("posters.npy", &npy(N_FILMS as usize, POSTER));
        write("new-posters.npy", &npy(N_NEW as usize, POSTER));
        write("new-pins.csv", new_pins().as_bytes());
        write("new-pins.npy", &npy(N_NEW as usize, PICTURE));
        let (train, test) = adjacency_lists();
        write("train.txt", train.as_bytes());
        write("test.txt", test.as_bytes());
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs a command by a shell, as somebody would who reads the page, for two epochs where it names none.
    pub(crate) fn run(&self, command: &Command) -> Result<(), String> {
        let program = Path::new(env!("CARGO_BIN_EXE_sagebrush")).parent().unwrap();
        let paths = std::env::var_os("PATH").unwrap_or_default();
        let paths = std::iter::once(program.to_owned()).chain(std::env::split_paths(&paths));
        let mut shell = assert_cmd::Command::new("sh");
        shell
            .args(["-e", "-c", &command.text])
            .current_dir(self.folder.path())
            .env("PATH", std::env::join_paths(paths).unwrap())
            .env("XDG_STATE_HOME", self.folder.path())
            .env_remove("RUST_LOG")
            .timeout(PATIENCE);
        let has_no_epochs = ["gf-cf", "chebycf", "popularity", "item-knn", "ease", "ials"]
            .iter()
            .any(|name| command.text.contains(&format!("--model {name}")));
        if !has_no_epochs {
            shell.env("SAGEBRUSH_TRAINING_EPOCHS", "2");
        }
        let output = shell.output().map_err(|error| error.to_string())?;
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        match output.status.success() && !is_of_old_name(&told) {
            true => Ok(()),
            false => Err(told),
        }
    }
}

/// The log as events: what is rated 5 was bought, what is rated 4 put into a cart.
fn events(log: &str) -> String {
    let mut events = String::from("user_id,item_id,event,timestamp\n");
    for row in log.lines().skip(1) {
        let fields: Vec<&str> = row.split(',').collect();
        let event = match fields[2] {
            "5" => "purchase",
            "4" => "cart",
            _ => "view",
        };
        writeln!(events, "{},{},{event},{}", fields[0], fields[1], fields[3]).unwrap();
    }
    events
}

/// Numbers that look random and are the same each time.
fn numbers(seed: u64) -> impl FnMut(u64) -> u64 {
    let mut state = seed;
    move |below| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % below
    }
}

/// A log of people who mostly rate films of one genre, and the first interactions with films that are not in it.
fn logs() -> (String, String) {
    let mut next = numbers(7);
    let head = "user_id,item_id,rating,timestamp\n";
    let (mut log, mut first) = (head.to_owned(), head.to_owned());
    for user in 1..=N_USERS {
        for _ in 0..PER_USER {
            let genre = if next(10) < 9 { user % 4 } else { next(4) };
            let film = 1 + genre + 4 * next(N_FILMS / 4);
            let time = 1_700_000_000 + next(10_000_000);
            writeln!(log, "{user},{film},{},{time}", 1 + next(5)).unwrap();
        }
        if user % 10 == 0 {
            let film = N_FILMS + 1 + next(N_NEW);
            writeln!(first, "{user},{film},5,{}", 1_710_000_000 + user).unwrap();
        }
    }
    (log, first)
}

fn films(numbers: std::ops::RangeInclusive<u64>) -> String {
    let mut csv = "item_id,title,genres,year\n".to_owned();
    for film in numbers {
        let genre = GENRES[((film + 3) % 4) as usize];
        let other = GENRES[(film % 4) as usize];
        writeln!(
            csv,
            "{film},The {genre} of Film {film},{genre}|{other},{}",
            1950 + film % 70
        )
        .unwrap();
    }
    csv
}

fn new_pins() -> String {
    let mut csv = "item_id,title,topic\n".to_owned();
    for pin in 1..=N_NEW {
        writeln!(csv, "new-{pin},word {pin},{pin}").unwrap();
    }
    csv
}

/// A NumPy file of synthetic vectors.
fn npy(rows: usize, width: usize) -> Vec<u8> {
    let head =
        format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({rows}, {width}), }}\n");
    let mut bytes = b"\x93NUMPY\x01\x00".to_vec();
    bytes.extend((head.len() as u16).to_le_bytes());
    bytes.extend(head.as_bytes());
    let mut next = numbers(11);
    for _ in 0..rows * width {
        bytes.extend((next(1000) as f32 / 500.0 - 1.0).to_le_bytes());
    }
    bytes
}

/// Lists of items by user, and as many held out.
fn adjacency_lists() -> (String, String) {
    let mut next = numbers(13);
    let (mut train, mut test) = (String::new(), String::new());
    for user in 0..N_USERS {
        let mut items: Vec<u64> = (0..10).map(|_| user % 4 + 4 * next(N_FILMS / 4)).collect();
        items.sort_unstable();
        items.dedup();
        let texts: Vec<String> = items.iter().map(u64::to_string).collect();
        let (kept, held_out) = texts.split_at(texts.len() - 2);
        writeln!(train, "{user} {}", kept.join(" ")).unwrap();
        writeln!(test, "{user} {}", held_out.join(" ")).unwrap();
    }
    (train, test)
}
