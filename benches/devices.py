#!/usr/bin/env python3
"""The same training on the processor and on the GPU, model by model: seconds an epoch, the device's idle share, recall.

    benches/devices.py LOG [--test FILE] [--items FILE] [--models mf,lightgcn,...] [--epochs N] [--dim N]
                       [--set KEY=VALUE ...] [--ahead N,N] [--out DIR]

Needs a build with `--features gpu`. The first epoch compiles and tunes kernels and is told apart from the others'
median. `--ahead 0,2` repeats each with that many batches made ahead. Prints a table in Markdown.
"""
import argparse
import json
import statistics
import time
from pathlib import Path

from ablation import ROOT, run


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("--test")
    parser.add_argument("--items")
    names = lambda text: [name for name in text.split(",") if name]
    parser.add_argument("--models", type=names, default=["mf", "lightgcn", "ngcf-paper"])
    parser.add_argument("--devices", type=names, default=["cpu", "gpu"])
    parser.add_argument("--ahead", type=names, default=["2"])
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--dim", type=int, default=64)
    parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--out", type=Path, default=ROOT / "artifacts" / "devices")
    options = parser.parse_args()
    print("| model | device | ahead | first epoch, s | others, median s | waited | recall@20 of validation | evaluation, s |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for model in options.models:
        for ahead in options.ahead:
            for device in options.devices:
                line(options, model, device, ahead)


def line(options, model, device, ahead):
    out = options.out / f"{model}-{device}-{ahead}"
    settings = {"training.epochs": options.epochs, "training.patience": 0, "training.prefetch": ahead,
                "model.dim": options.dim}
    flags = [f"--set={key}={value}" for key, value in settings.items()] + [f"--set={pair}" for pair in options.set]
    data = [options.log] + (["--test", options.test] if options.test else [])
    items = ["--items", options.items] if options.items and model == "pinsage" else []
    run("train", *data, *items, "--model", model, "--device", device, "--out", out, "--overwrite", "--quiet", *flags)
    epochs = [json.loads(text) for text in (out / "metrics.jsonl").read_text().splitlines()]
    first, others = epochs[0], epochs[1:]
    started = time.monotonic()
    run("evaluate", "--run", out, "--device", device, "--quiet")
    evaluated = time.monotonic() - started
    seconds = statistics.median(epoch["seconds"] for epoch in others)
    waited = sum(e["waited_seconds"] for e in others) / sum(e["seconds"] for e in others)
    recall = epochs[-1]["validation"].get("recall@20", float("nan"))
    print(f"| {model} | {device} | {ahead} | {first['seconds']:.2f} | {seconds:.2f} | {waited:.1%} | {recall:.4f} "
          f"| {evaluated:.1f} |", flush=True)


if __name__ == "__main__":
    main()
