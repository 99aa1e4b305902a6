//! The same training on every backend of this build, from the same initial tables.

use std::collections::{HashMap, HashSet};

use safetensors::SafeTensors;

use crate::data::Workspace;

/// Adam's first step is the learning rate times the sign of the gradient, so an entry whose gradient is
/// rounding noise may end twice the learning rate apart: such entries must be few, and none further.
const LEARNING_RATE: f32 = 1e-3;
const CLOSE: f32 = 1e-5;
const LARGEST_SHARE_NOT_CLOSE: f64 = 1e-3;
/// Mean share of top-20 lists in common after one epoch.
const LEAST_OVERLAP: f64 = 0.99;

/// All positives in one batch, some 80,000: more rows than a loop of a software shader has turns.
const ONE_BATCH: &str = "100000";
/// How far apart a mean over users may be where lists differ in items of nearly equal scores.
#[cfg(feature = "gpu")]
const METRIC_TOLERANCE: f64 = 1e-3;

fn arguments<'a>(device: &'a str, out: &'a str, batch_size: &'a str) -> Vec<&'a str> {
    vec![
        "train",
        "--bundled",
        "--out",
        out,
        "--device",
        device,
        "--model",
        "lightgcn",
        "--dim",
        "32",
        "--epochs",
        "1",
        "--batch-size",
        batch_size,
        "-q",
    ]
}

/// Trains on a device; `false`, saying so, where this machine lacks it.
fn trained(work: &Workspace, device: &str, out: &str, batch_size: &str) -> bool {
    let output = work
        .sagebrush(&arguments(device, out, batch_size))
        .output()
        .unwrap();
    if output.status.code() == Some(69) && std::env::var_os("SAGEBRUSH_REQUIRE_GPU").is_none() {
        eprintln!(
            "skipped {device}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        return false;
    }
    assert!(
        output.status.success(),
        "{device}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    true
}

fn tables(work: &Workspace, run: &str) -> Vec<f32> {
    let bytes = work.read(&format!("{run}/model.safetensors"));
    let file = SafeTensors::deserialize(&bytes).unwrap();
    let mut names: Vec<_> = file.names().into_iter().map(ToString::to_string).collect();
    names.sort_unstable();
    let floats = |name: &String| {
        let data = file.tensor(name).unwrap().data().to_vec();
        data.chunks_exact(4)
            .map(|b| f32::from_le_bytes(b.try_into().unwrap()))
            .collect::<Vec<_>>()
    };
    names.iter().flat_map(floats).collect()
}

fn lists(work: &Workspace, run: &str) -> HashMap<String, HashSet<String>> {
    let out = format!("{run}.csv");
    work.succeed(&[
        "recommend",
        "--run",
        run,
        "--all",
        "-k",
        "20",
        "--out",
        &out,
        "--device",
        "cpu",
        "-q",
    ]);
    let mut lists: HashMap<String, HashSet<String>> = HashMap::new();
    for row in String::from_utf8(work.read(&out)).unwrap().lines().skip(1) {
        let mut fields = row.split(',');
        let (user, _, item) = (
            fields.next().unwrap(),
            fields.next(),
            fields.next().unwrap(),
        );
        lists
            .entry(user.to_owned())
            .or_default()
            .insert(item.to_owned());
    }
    lists
}

/// The metrics of a run whose lists are made on a device.
#[cfg(feature = "gpu")]
fn metrics(work: &Workspace, run: &str, device: &str) -> serde_json::Value {
    let arguments = ["evaluate", "--run", run, "--device", device, "--json"];
    let output = work.sagebrush(&arguments).output().unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let evaluation: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    evaluation["systems"][0]["metrics"].clone()
}

/// Lists made on a GPU measure as those of the CPU do.
#[cfg(feature = "gpu")]
#[test]
fn evaluations_agree() {
    let work = Workspace::new();
    assert!(trained(&work, "cpu", "run", "8192"));
    if !trained(&work, "gpu", "gpu-run", "8192") {
        return;
    }
    for run in ["run", "gpu-run"] {
        let (cpu, gpu) = (metrics(&work, run, "cpu"), metrics(&work, run, "gpu"));
        for name in ["recall@20", "ndcg@20", "recall@50"] {
            let mean = |of: &serde_json::Value| of[name]["mean"].as_f64().unwrap();
            let (cpu, gpu) = (mean(&cpu), mean(&gpu));
            eprintln!("{run} {name}: cpu {cpu}, gpu {gpu}");
            assert!(
                cpu > 0.0 && (cpu - gpu).abs() <= METRIC_TOLERANCE,
                "{run} {name}"
            );
        }
    }
}

/// The settings are those the program would use, so one step is an epoch of one batch.
#[test]
fn backends_agree() {
    let devices: &[&str] = &[
        #[cfg(feature = "ndarray")]
        "ndarray",
        #[cfg(feature = "gpu")]
        "gpu",
    ];
    if devices.is_empty() {
        eprintln!("skipped: this build has no backend but flex (features `ndarray` and `gpu`)");
        return;
    }
    let work = Workspace::new();
    assert!(trained(&work, "cpu", "cpu-step", ONE_BATCH));
    assert!(trained(&work, "cpu", "cpu-epoch", "4096"));
    let (step, epoch) = (tables(&work, "cpu-step"), lists(&work, "cpu-epoch"));
    for device in devices {
        let (step_run, epoch_run) = (format!("{device}-step"), format!("{device}-epoch"));
        if !trained(&work, device, &step_run, ONE_BATCH) {
            continue;
        }
        let other = tables(&work, &step_run);
        assert_eq!(step.len(), other.len());
        let differences = || step.iter().zip(&other).map(|(a, b)| (a - b).abs());
        let largest = differences().fold(0.0, f32::max);
        let apart = differences()
            .filter(|&difference| difference > CLOSE)
            .count();
        let share = apart as f64 / step.len() as f64;
        assert!(trained(&work, device, &epoch_run, "4096"));
        let others = lists(&work, &epoch_run);
        let overlap = |(user, items): (&String, &HashSet<String>)| {
            items.intersection(&others[user]).count() as f64 / items.len() as f64
        };
        let overlap = epoch.iter().map(overlap).sum::<f64>() / epoch.len() as f64;
        eprintln!(
            "{device} against cpu: largest difference {largest:e}, {apart} of {} entries further than {CLOSE:e} \
             apart, top-20 overlap {overlap:.5}",
            step.len()
        );
        assert!(largest <= 2.1 * LEARNING_RATE, "{device}: {largest}");
        assert!(
            share <= LARGEST_SHARE_NOT_CLOSE,
            "{device}: {apart} entries"
        );
        assert!(overlap >= LEAST_OVERLAP, "{device}: {overlap}");
    }
}
