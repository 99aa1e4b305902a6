#!/usr/bin/env python3
"""PinSAGE part by part, as its paper's table has it: modalities, pooling, losses, hard negatives.

    benches/pinsage.py LOG ITEMS [--vectors FILE] [--text a,b] [--categories a,b] [--split NAME] [--seeds N]
                       [--epochs N] [--set KEY=VALUE ...] [--only NAME ...] [--out DIR]

Trains each variant with the same number of epochs, and the model's defaults where `--set` says nothing else, chooses
the epoch on the validation part, measures on the test part, and compares each with the full recipe of the same seed
on the same users. Simple systems stand beside them. Prints a table in Markdown. Runs that are there are kept.
"""
import argparse
import json
import shutil
import statistics
from pathlib import Path

from ablation import ROOT, run

METRICS = ("recall@20", "hit_rate@20", "mrr@20")
HARD = {"sampling.hard": 6, "sampling.hard_from": 0.01, "sampling.hard_to": 0.05, "sampling.hard_root": "item"}
PLAIN = {"sampling.hard": 0}


def variants(options):
    words = {"features.text": options.text, "features.categories": options.categories}
    without_words = {"features.text": [], "features.categories": []}
    found = {
        "full": HARD,
        "importance": PLAIN,
        "max": {"walks.pooling": "max", **PLAIN},
        "mean": {"walks.pooling": "mean", **PLAIN},
        "mean + cross-entropy": {"walks.pooling": "mean", "loss.kind": "binary", **PLAIN},
        "mean + hard": {"walks.pooling": "mean", **HARD},
    }
    found = {name: {**words, "features.vectors": options.vectors, **settings} for name, settings in found.items()}
    if options.vectors and (options.text or options.categories):
        found["full, words only"] = {**words, "features.vectors": [], **HARD}
        found["full, vectors only"] = {**without_words, "features.vectors": options.vectors, **HARD}
    return found


def systems_of(options, out, settings, seed):
    if not (out / "evaluation.json").exists():
        settings = {"seed": seed, "training.epochs": options.epochs, "training.patience": 0, **settings}
        settings.update(pair.split("=", 1) for pair in options.set)
        flags = [f"--set={key}={json.dumps(value) if isinstance(value, list) else value}"
                 for key, value in settings.items()]
        run("train", options.log, "--items", options.items, "--model", "pinsage", "--split", options.split,
            "--out", out, "--overwrite", "--quiet", *flags)
        run("evaluate", "--run", out, "--quiet")
        shutil.rmtree(out / "checkpoint")
    return json.loads((out / "evaluation.json").read_text())["systems"]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("log")
    parser.add_argument("items")
    names = lambda text: [name for name in text.split(",") if name]
    parser.add_argument("--vectors", type=names, default=[])
    parser.add_argument("--text", type=names, default=["title"])
    parser.add_argument("--categories", type=names, default=[])
    parser.add_argument("--split", default="random")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--set", nargs="*", default=[])
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--out", type=Path, default=ROOT / "artifacts" / "pinsage")
    options = parser.parse_args()
    means = {}
    full = {}
    print("| variant | " + " | ".join(METRICS) + " | recall@20 less full's, 95% of each seed |")
    print("|---|" + "---|" * len(METRICS) + "---|", flush=True)

    def line(name, rows, against):
        cells = []
        for metric in METRICS:
            values = [row[metric]["mean"] for row in rows]
            cells.append(f"{statistics.mean(values):.4f}"
                         + (f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else ""))
        print(f"| {name} | " + " | ".join(cells) + f" | {against} |", flush=True)

    for name, settings in variants(options).items():
        if options.only and name not in options.only:
            continue
        rows, differences = [], []
        for seed in range(1, options.seeds + 1):
            out = options.out / f"{name}-{seed}".replace(" ", "").replace(",", "-").replace("+", "-")
            systems = systems_of(options, out, settings, seed)
            rows.append(systems[0]["metrics"])
            for system in systems[1:]:
                if name == "full":
                    means.setdefault(system["name"], []).append(system["metrics"])
            if name == "full":
                full[seed] = out
            elif seed in full:
                compared = json.loads(run("compare", full[seed], out, "--metric", METRICS[0], "--json"))
                differences.append(compared[0]["differences"][0])
        line(name, rows, ", ".join(f"{d['low']:+.4f} to {d['high']:+.4f}" for d in differences))
    for name, rows in means.items():
        line(name, rows, "")


if __name__ == "__main__":
    main()
