#!/usr/bin/env python3
"""Sagebrush beside the tools users would pick instead, in turn, on Gowalla.

    PEERS=DIR VENVS=DIR SAGEBRUSH_DATA=DIR benches/beside_peers.py [ROUNDS]

PEERS holds scripts `row_*.py` that each print JSON rows (`name`, `wall_s`, `cpu_s`, ...); VENVS holds
their Python environments `vA` and `vB`; SAGEBRUSH_DATA holds `gowalla/`. What is missing is skipped, and
said. Prints medians over the rounds, in wall and CPU time, and ratios to ours.
"""
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROUNDS = int(sys.argv[1]) if len(sys.argv) > 1 else 3
PEERS, VENVS = Path(os.environ.get("PEERS", "")), Path(os.environ.get("VENVS", ""))
GOWALLA = Path(os.environ["SAGEBRUSH_DATA"]) / "gowalla"
TRAIN, TEST = str(GOWALLA / "train.txt"), str(GOWALLA / "test.txt")
THREADS = str(os.cpu_count())
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARY = TARGET / "release" / "sagebrush"
MF_EPOCHS = "20"

SPARSE = """
import os, sys, time, torch, numpy as np, scipy.sparse as sp
sys.path.insert(0, sys.argv[1]); from common import Data
torch.set_num_threads(int(os.environ["PEER_THREADS"]))
d = Data(sys.argv[2], sys.argv[3]); A = sp.bmat([[None, d.R], [d.R.T, None]], format="csr").astype(np.float32)
csr = torch.sparse_csr_tensor(torch.from_numpy(A.indptr), torch.from_numpy(A.indices), torch.from_numpy(A.data), size=A.shape)
c = A.tocoo(); coo = torch.sparse_coo_tensor(torch.from_numpy(np.stack([c.row, c.col]).astype(np.int64)), torch.from_numpy(c.data), c.shape).coalesce()
x = torch.randn(A.shape[0], 64); import json
for name, m in (("csr", csr), ("coo", coo)):
    t = []
    for _ in range(21):
        s = time.perf_counter(); torch.sparse.mm(m, x); t.append(time.perf_counter() - s)
    print(json.dumps({"name": "torch-" + name, "ms": 1e3 * sorted(t)[10]}))
"""


def run(command, **kwargs):
    """Standard output, and the CPU seconds of the process and its children."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = dict(os.environ, PEER_THREADS=THREADS, OMP_NUM_THREADS=THREADS, NUMBA_NUM_THREADS=THREADS,
                       OPENBLAS_NUM_THREADS="1")
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, env=environment, **kwargs)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if done.returncode != 0:
        print(f"# failed: {' '.join(str(part) for part in command)}\n# {done.stderr.strip()[-400:]}", flush=True)
        return "", 0.0
    return done.stdout, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def rows(text):
    found = []
    for line in text.splitlines():
        if line.startswith("{"):
            found.append(json.loads(line))
    return found


def peer(environment, script, *arguments):
    python = VENVS / environment / "bin" / "python"
    if not python.exists() or not (PEERS / script).exists():
        print(f"# skipped: {script} ({python})", flush=True)
        return []
    text, _ = run([python, PEERS / script, *arguments], cwd=PEERS)
    return rows(text)


def train(*arguments, evaluated=False):
    """Our `train`: what its epochs took, CPU seconds of the process, peak memory; what `evaluate` says and takes."""
    out = tempfile.mkdtemp()
    try:
        text, cpu = run([BINARY, "train", TRAIN, "--test", TEST, "--out", out, "--overwrite", "--quiet", "--json", *arguments])
        if not text:
            return None
        epochs = [json.loads(line) for line in open(Path(out) / "metrics.jsonl")]
        summary = json.loads(text)
        samples = sum(epoch["samples"] for epoch in epochs)
        found = {"seconds": sum(epoch["seconds"] for epoch in epochs), "samples": samples, "cpu": cpu,
                 "peak_mb": summary["peak_memory_bytes"] / 1e6}
        if evaluated:
            started = time.perf_counter()
            text, _ = run([BINARY, "evaluate", "--run", out, "--json", "--quiet"])
            found["evaluation"] = time.perf_counter() - started
            found["recall"] = json.loads(text)["systems"][0]["metrics"]["recall@20"]["mean"]
        return found
    finally:
        shutil.rmtree(out, ignore_errors=True)


FIGURES = {}


def note(group, name, value):
    if value is not None:
        FIGURES.setdefault(group, {}).setdefault(name, []).append(value)
        print(f"{group}\t{name}\t{value:.4g}", flush=True)


def steps(trained, batch):
    return None if trained is None else 1e3 * trained["seconds"] * batch / trained["samples"]


def per_step(found, key="wall_s"):
    """Milliseconds a step of a peer's training row."""
    for row in found:
        n = row.get("steps") or row.get("n_steps")
        if row.get("ms_per_step") is not None and key == "wall_s":
            return row["ms_per_step"]
        if n and row.get(key):
            return 1e3 * row[key] / n
    return None


def one_round():
    text, _ = run(["cargo", "bench", "--quiet", "--bench", "gowalla"], cwd=ROOT)
    for row in rows(text):
        note("sparse product, ms", "sagebrush", row["product_ms"])
        note("sparse product, ms", "sagebrush, published order", row["product_published_order_ms"])
        note("top-20 d=64, s", "sagebrush", row["top_20_dim_64_s"])
        note("top-20 d=256, s", "sagebrush", row["top_20_dim_256_s"])
    python = VENVS / "vA" / "bin" / "python"
    if python.exists():
        text, _ = run([python, "-c", SPARSE, PEERS, TRAIN, TEST], cwd=PEERS)
        for row in rows(text):
            note("sparse product, ms", row["name"], row["ms"])
    for dim in ("64", "256"):
        for row in peer("vA", "row_topk.py", TRAIN, TEST, "--dim", dim, "--engines", "implicit,faiss"):
            note(f"top-20 d={dim}, s", f"{row['name']} ({row['phase'].split('d=')[1]})", row["wall_s"])
    batch = ["--set", "loss.kind=bpr", "--set", "loss.cosine=false", "--set", "sampling.batch_shared=0", "--set", "sampling.negatives=1",
             "--set", "training.schedule=constant", "--epochs", "1"]
    ours = train("--model", "lightgcn", "--batch-size", "2048", "--layers", "3", *batch)
    note("LightGCN step, ms", "sagebrush", steps(ours, 2048))
    if ours:
        note("LightGCN peak, MB", "sagebrush", ours["peak_mb"])
    for sparse in ("csr", "numba"):
        found = peer("vA", "row_torch_lgcn.py", TRAIN, TEST, "--name", f"torch-{sparse}", "--sparse", sparse, "--max_steps", "20")
        note("LightGCN step, ms", f"torch {sparse}", per_step(found))
        if found:
            note("LightGCN peak, MB", f"torch {sparse}", found[-1]["peak_rss_mb"])
    folder = tempfile.mkdtemp()
    run([sys.executable, PEERS / "make_recbole.py", TRAIN, TEST, folder])
    for model, batch_size in (("LightGCN", "2048"), ("NGCF", "1024")):
        found = peer("vB", "row_recbole.py", model, folder, TRAIN, TEST, "--batch", batch_size, "--max_steps", "10")
        note(f"{model} step, ms", "RecBole", per_step(found))
    shutil.rmtree(folder, ignore_errors=True)
    ours = train("--model", "ngcf-official", "--batch-size", "1024", *batch)
    note("NGCF step, ms", "sagebrush", steps(ours, 1024))
    ours = train("--model", "mf", *batch[:-2], "--epochs", MF_EPOCHS, "--set", "training.optimizer=lazy-adam",
                 "--set", "training.learning_rate=0.01", "--set", "split.validation_fraction=0", evaluated=True)
    if ours:
        note("MF epoch, CPU s", "sagebrush", ours["cpu"] / int(MF_EPOCHS))
        note("MF recall@20", "sagebrush", ours["recall"])
        note("evaluation, s", "sagebrush", ours["evaluation"])
    for row in peer("vA", "row_implicit.py", TRAIN, TEST, "bpr", "--iters", MF_EPOCHS, "--reg", "0.01"):
        if "cpu_s_per_iter" in row:
            note("MF epoch, CPU s", "implicit bpr", row["cpu_s_per_iter"])
        if row.get("recall20") is not None:
            note("MF recall@20", "implicit bpr", row["recall20"])


for number in range(ROUNDS):
    print(f"# round {number + 1} of {ROUNDS}", flush=True)
    one_round()
print("\nfigure | tool | median | least | most | over ours")
for group, tools in FIGURES.items():
    ours = statistics.median(tools["sagebrush"]) if "sagebrush" in tools else None
    for tool, values in tools.items():
        middle = statistics.median(values)
        ratio = f"{middle / ours:.2f}" if ours else ""
        print(f"{group} | {tool} | {middle:.4g} | {min(values):.4g} | {max(values):.4g} | {ratio}")
