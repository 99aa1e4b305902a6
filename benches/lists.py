#!/usr/bin/env python3
"""Lists for every user of a large synthetic run: users a second, peak memory, and the same bytes each time.

    benches/lists.py [--users N] [--items N] [--edges N] [--dim N] [--k K] [--to parquet|csv|jsonl]
                     [--program PATH] [--folder DIR]

Trains MF for one epoch on a log of `sagebrush synth` (what the vectors say does not change how fast they are ranked),
then lists the top K of every user, of one user in four (`--shard 1/4`), and of every user again. Memory must not grow
with the number of lists, and the files of both whole runs must be equal. Ends with code 1 where they do not.
"""
import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MIB = 1024  # of the kibibytes that the system counts in
# What the lists of four times as many users may take beside those of the shard: the users' ids.
GROWTH_MIB_MAX = 64


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--users", type=int, default=1_000_000)
    parser.add_argument("--items", type=int, default=100_000)
    parser.add_argument("--edges", type=int, default=10_000_000)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--k", type=int, default=10)
    parser.add_argument("--to", default="parquet", choices=["parquet", "csv", "jsonl"])
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    parser.add_argument("--program", type=Path, default=target / "release" / "sagebrush")
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sys.exit(measure(options, options.folder or Path(folder)))


def measure(options, folder):
    log, run = folder / "log.txt", folder / "run"
    if not run.exists():
        call(options, "synth", "--users", options.users, "--items", options.items, "--edges", options.edges, "--out", log)
        call(options, "train", log, "--model", "mf", "--dim", options.dim, "--epochs", 1, "--split", "random",
             "--batch-size", 65536, "--out", run)
    size = sum(file.stat().st_size for file in run.iterdir() if file.is_file()) / 2**20
    print(f"{options.users:,} users, {options.items:,} items, {options.edges:,} interactions, dim {options.dim}; "
          f"the run has {size:,.0f} MiB; top {options.k} to {options.to}", flush=True)
    print("| lists of | users | rows | s | users a second | peak MiB |\n|---|---|---|---|---|---|", flush=True)
    lists = {}
    for name, more in [("everybody", []), ("one in four", ["--shard", "1/4"]), ("everybody again", [])]:
        out = folder / f"lists.{options.to}"
        seconds, peak, told = call(options, "recommend", "--run", run, "--all", "-k", options.k, "--out", out, *more)
        users, rows = (int(part.split()[0].replace(",", "")) for part in told.split(", ")[:2])
        print(f"| {name} | {users:,} | {rows:,} | {seconds:.1f} | {users / seconds:,.0f} | {peak:,.0f} |", flush=True)
        lists[name] = (peak, hashlib.sha256(out.read_bytes()).hexdigest())
    stable = lists["everybody"][1] == lists["everybody again"][1]
    growth = lists["everybody"][0] - lists["one in four"][0]
    print(f"the same bytes each time: {'yes' if stable else 'NO'}; "
          f"everybody takes {growth:+,.0f} MiB beside one in four (at most {GROWTH_MIB_MAX})")
    return 0 if stable and growth <= GROWTH_MIB_MAX else 1


def call(options, *arguments):
    """Runs the program; its wall time, its peak memory in MiB, and the last line that it says of its lists."""
    started = time.monotonic()
    command = [str(options.program), *map(str, arguments)]
    with tempfile.TemporaryFile("w+") as told:
        child = subprocess.Popen(command, stderr=told, stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        seconds = time.monotonic() - started
        told.seek(0)
        text = told.read()
    if child.returncode != 0:
        sys.exit(f"{' '.join(command)} ended with {child.returncode}:\n{text}")
    lines = [line for line in text.splitlines() if " rows, " in line]
    return seconds, usage.ru_maxrss / MIB, lines[-1] if lines else ""


if __name__ == "__main__":
    main()
