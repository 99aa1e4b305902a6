//! How fast logs are read: bytes to ids to interactions, hashing of the input included, MB/s a format a
//! core (by the time the process was on one, so that neighbours matter less) and by the clock, and
//! Gowalla from its files to CSR both ways. Run by `cargo bench`; the second table needs
//! `SAGEBRUSH_DATA` to name the folder that holds `gowalla`.
#![allow(clippy::unwrap_used)]

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sagebrush::config::{SplitConfig, SplitDraw, SplitMethod};
use sagebrush::data::{Dataset, Input, ReadOptions, read_dataset};
use sagebrush::graph::InteractionGraph;
use sagebrush::split::split;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ROUNDS: usize = 7;
const N_USERS: u32 = 140_000;
const N_ITEMS: usize = 60_000;
/// Item numbers leave gaps, as those of MovieLens do.
const LARGEST_ITEM: u32 = 210_000;
const N_ROWS: usize = 2_000_000;
const N_LISTED: usize = 7_000_000;
const FIRST_SECOND: i64 = 1_100_000_000;
const MB: f64 = 1e6;

/// Asks for the peak memory of one read in a process of its own.
const PEAK: &str = "--peak";

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, flag, path] = &arguments[..]
        && flag == PEAK
    {
        return print_peak(Path::new(path));
    }
    let folder = tempfile::tempdir().unwrap();
    println!("log | MB | MB/s a core | one thread | all threads (medians) | peak bytes a row");
    for log in logs(folder.path()) {
        log.measure();
    }
    match std::env::var_os("SAGEBRUSH_DATA").map(PathBuf::from) {
        Some(root) => gowalla(&root.join("gowalla")),
        None => println!("skipped: SAGEBRUSH_DATA does not name the folder that holds gowalla"),
    }
}

/// A synthetic log in a file.
struct Log {
    name: &'static str,
    path: PathBuf,
    rows: usize,
    /// What the same rows take as CSV, where the file is no text.
    csv_bytes: Option<u64>,
}

impl Log {
    fn text(folder: &Path, name: &'static str, rows: usize, text: &str) -> Self {
        let path = folder.join(name.replace([' ', ':', ','], "-"));
        std::fs::write(&path, text).unwrap();
        Self {
            name,
            path,
            rows,
            csv_bytes: None,
        }
    }

    fn measure(&self) {
        let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
        let alone = alone.unwrap().install(|| Times::of(|| read(&self.path)));
        let all = Times::of(|| read(&self.path));
        let file_bytes = std::fs::metadata(&self.path).unwrap().len();
        let print = |name, bytes: u64, peak: &str| {
            let megabytes = bytes as f64 / MB;
            let [core, one, all] = [alone.core, alone.clock, all.clock].map(|s| megabytes / s);
            println!("{name} | {megabytes:.1} | {core:.0} | {one:.0} | {all:.0} | {peak}");
        };
        print(self.name, file_bytes, &self.peak_bytes_a_row());
        if let Some(bytes) = self.csv_bytes {
            print("  in bytes of the CSV of the same rows", bytes, "");
        }
    }

    fn peak_bytes_a_row(&self) -> String {
        let program = std::env::current_exe().unwrap();
        let output = Command::new(program).arg(PEAK).arg(&self.path).output();
        let text = String::from_utf8(output.unwrap().stdout).unwrap();
        let peak: f64 = text.trim().parse().unwrap_or(f64::NAN);
        format!("{:.0}", peak / self.rows as f64)
    }
}

fn logs(folder: &Path) -> Vec<Log> {
    let by_time = by_time();
    let mut by_user = by_time.clone();
    by_user.sort_by_key(|row| row.user);
    let csv = csv(&by_time, |row| (row.user.to_string(), row.item.to_string()));
    let words = self::csv(&by_time, words);
    let double_colon = by_user.iter().fold(String::new(), |mut text, row| {
        let Row {
            user,
            item,
            rating,
            second,
        } = row;
        writeln!(text, "{user}::{item}::{rating}::{second}").unwrap();
        text
    });
    let text = |name, text: &str| Log::text(folder, name, N_ROWS, text);
    #[cfg_attr(not(feature = "parquet"), expect(unused_mut))]
    let mut logs = vec![
        text("csv, numbers, by time", &csv),
        text("csv, words, by time", &words),
        text(":: by user", &double_colon),
        Log::text(folder, "adjacency lists", N_LISTED, &adjacency()),
    ];
    #[cfg(feature = "parquet")]
    logs.extend(parquet::logs(
        folder,
        &by_time,
        [&csv, &words].map(|text| text.len() as u64),
    ));
    logs
}

#[derive(Clone, Copy)]
struct Row {
    user: u32,
    item: u32,
    rating: f32,
    second: i64,
}

/// Users and items of a power law, each item under a number of its own, row by row in time.
fn by_time() -> Vec<Row> {
    let mut rng = ChaCha8Rng::seed_from_u64(1);
    let numbers = item_numbers(&mut rng);
    let mut second = FIRST_SECOND;
    let mut row = || {
        second += rng.random_range(0..120);
        Row {
            user: 1 + skewed(&mut rng, N_USERS as usize, 2) as u32,
            item: numbers[skewed(&mut rng, N_ITEMS, 3)],
            rating: rng.random_range(1..=10) as f32 / 2.0,
            second,
        }
    };
    (0..N_ROWS).map(|_| row()).collect()
}

/// A position below `n`; of the first `x` parts of all positions comes the `power`-th root of `x`.
fn skewed(rng: &mut ChaCha8Rng, n: usize, power: i32) -> usize {
    let uniform: f64 = rng.random();
    (uniform.powi(power) * n as f64) as usize
}

fn item_numbers(rng: &mut ChaCha8Rng) -> Vec<u32> {
    let mut numbers: Vec<u32> = (1..=LARGEST_ITEM).collect();
    numbers.shuffle(rng);
    numbers.truncate(N_ITEMS);
    numbers
}

/// Keys of letters and digits, 14 and 10 long, as those of Amazon's reviews.
fn words(row: &Row) -> (String, String) {
    let spread = |number: u32| u64::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let word = |number: u32, length: usize| -> String {
        let letter = |place: usize| {
            b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"[(spread(number) >> (4 * place)) as usize % 36]
        };
        (0..length).map(|place| char::from(letter(place))).collect()
    };
    (
        format!("A{}", word(row.user, 13)),
        format!("B00{}", word(row.item, 7)),
    )
}

fn csv(rows: &[Row], keys: impl Fn(&Row) -> (String, String)) -> String {
    let mut text = "user_id,item_id,rating,timestamp\n".to_owned();
    for row in rows {
        let (user, item) = keys(row);
        writeln!(text, "{user},{item},{},{}", row.rating, row.second).unwrap();
    }
    text
}

fn adjacency() -> String {
    let mut rng = ChaCha8Rng::seed_from_u64(2);
    let per_user = N_LISTED / N_USERS as usize;
    let mut text = String::new();
    for user in 0..N_USERS {
        write!(text, "{user}").unwrap();
        (0..per_user).for_each(|_| write!(text, " {}", skewed(&mut rng, N_ITEMS, 3)).unwrap());
        text.push('\n');
    }
    text
}

#[cfg(feature = "parquet")]
mod parquet {
    //! The same rows as Parquet, in columns of the usual types.
    use std::fs::File;
    use std::path::Path;
    use std::sync::Arc;

    use arrow_array::{ArrayRef, Float32Array, Int64Array, RecordBatch, StringArray};
    use parquet::arrow::ArrowWriter;
    use parquet::basic::Compression;
    use parquet::file::properties::WriterProperties;

    use super::{Log, Row};

    pub(super) fn logs(folder: &Path, rows: &[Row], csv_bytes: [u64; 2]) -> Vec<Log> {
        let column = |number: fn(&Row) -> u32| -> ArrayRef {
            let numbers = rows.iter().map(|row| i64::from(number(row)));
            Arc::new(Int64Array::from_iter_values(numbers))
        };
        let numbers = [column(|row| row.user), column(|row| row.item)];
        let (users, items): (Vec<String>, Vec<String>) = rows.iter().map(super::words).unzip();
        let words = [users, items].map(|keys| Arc::new(StringArray::from(keys)) as ArrayRef);
        let zstd = Compression::ZSTD(Default::default());
        let log = |name, keys: &[ArrayRef; 2], compression, csv_bytes| {
            let path = folder.join(name).with_extension("parquet");
            write(&path, keys, rows, compression);
            let (rows, csv_bytes) = (rows.len(), Some(csv_bytes));
            Log {
                name,
                path,
                rows,
                csv_bytes,
            }
        };
        vec![
            log(
                "parquet, numbers, by time, snappy",
                &numbers,
                Compression::SNAPPY,
                csv_bytes[0],
            ),
            log(
                "parquet, numbers, by time, zstd",
                &numbers,
                zstd,
                csv_bytes[0],
            ),
            log(
                "parquet, words, by time, snappy",
                &words,
                Compression::SNAPPY,
                csv_bytes[1],
            ),
            log("parquet, words, by time, zstd", &words, zstd, csv_bytes[1]),
        ]
    }

    fn write(path: &Path, keys: &[ArrayRef; 2], rows: &[Row], compression: Compression) {
        let ratings = Float32Array::from_iter_values(rows.iter().map(|row| row.rating));
        let seconds = Int64Array::from_iter_values(rows.iter().map(|row| row.second));
        let columns: [(_, ArrayRef); 4] = [
            ("user_id", Arc::clone(&keys[0])),
            ("item_id", Arc::clone(&keys[1])),
            ("rating", Arc::new(ratings)),
            ("timestamp", Arc::new(seconds)),
        ];
        let batch = RecordBatch::try_from_iter(columns).unwrap();
        let properties = WriterProperties::builder()
            .set_compression(compression)
            .build();
        let file = File::create(path).unwrap();
        let mut writer = ArrowWriter::try_new(file, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
    }
}

fn read(path: &Path) -> Dataset {
    let input = [Input::Path(path.to_owned())];
    read_dataset(&input, &[], None, &ReadOptions::default())
        .unwrap()
        .0
}

/// Medians of a few runs, after one that warms the caches, seconds.
struct Times {
    /// On all cores together.
    core: f64,
    clock: f64,
}

impl Times {
    fn of<T>(mut run: impl FnMut() -> T) -> Self {
        drop(run());
        let mut time = || {
            let (started, on_core) = (Instant::now(), core_seconds());
            let result = run();
            let (clock, core) = (started.elapsed().as_secs_f64(), core_seconds() - on_core);
            drop(result);
            (core, clock)
        };
        let (core, clock) = (0..ROUNDS).map(|_| time()).unzip();
        Self {
            core: median(core),
            clock: median(clock),
        }
    }
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_unstable_by(f64::total_cmp);
    times[times.len() / 2]
}

/// How long the threads of this process have been on a core; 0 where the system does not say.
fn core_seconds() -> f64 {
    let Ok(threads) = std::fs::read_dir("/proc/self/task") else {
        return 0.0;
    };
    let nanoseconds = |thread: PathBuf| -> Option<f64> {
        let text = std::fs::read_to_string(thread.join("schedstat")).ok()?;
        text.split_whitespace().next()?.parse().ok()
    };
    let threads = threads.flatten();
    let each = threads.filter_map(|thread| nanoseconds(thread.path()));
    each.sum::<f64>() / 1e9
}

/// How far the memory of the process rises while it reads a file, bytes; Linux only.
fn print_peak(path: &Path) {
    let kib = |name| -> Option<f64> {
        let status = std::fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        line.split_whitespace().next()?.parse().ok()
    };
    let before = kib("VmRSS:");
    let dataset = read(path);
    if let (Some(before), Some(peak)) = (before, kib("VmHWM:")) {
        println!("{}", (peak - before) * 1024.0);
    }
    drop(dataset);
}

fn gowalla(folder: &Path) {
    let file = |name| [Input::Path(folder.join(name))];
    let (train, test) = (file("train.txt"), file("test.txt"));
    let config = SplitConfig {
        method: Some(SplitMethod::Given),
        test_fraction: 0.2,
        validation_fraction: 0.1,
        draw: SplitDraw::PerInteraction,
        refit: false,
    };
    let mut phases = [const { Vec::new() }; 5];
    for _ in 0..=ROUNDS {
        let (started, on_core) = (Instant::now(), core_seconds());
        let (dataset, _) = read_dataset(&train, &test, None, &ReadOptions::default()).unwrap();
        let read = started.elapsed();
        let split = split(&dataset, &config, 42).unwrap();
        let cut = started.elapsed();
        let graph = InteractionGraph::new(&split.train).unwrap();
        let all = started.elapsed();
        let core = core_seconds() - on_core;
        drop((dataset, graph));
        let clock = [read, cut - read, all - cut, all].map(|time| time.as_secs_f64());
        for (phase, time) in phases.iter_mut().zip(clock.into_iter().chain([core])) {
            phase.push(time);
        }
    }
    let [read, cut, csr, all, core] = phases.map(|times| 1e3 * median(times));
    println!("gowalla, ms | read | split | CSR both ways | all | on a core (medians)");
    println!("| {read:.1} | {cut:.1} | {csr:.1} | {all:.1} | {core:.1}");
}
