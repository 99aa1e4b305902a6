#!/usr/bin/env python3
"""Which negatives pay, for which loss and model: an ablation on the bundled film ratings, or on other data.

    benches/ablation.py [--seeds N] [--data TRAIN TEST] [--epochs N] [--models mf,lightgcn,ngcf-paper] [--out DIR]

Trains every combination of model, loss and negatives with the same learning rate, batch and number of epochs,
chooses the epoch on the validation part, measures on the test part, and compares each with uniform negatives
of the same model, loss and seed on the same users. Prints a table in Markdown. Runs that are there are kept.
"""
import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
BINARY = TARGET / "release" / "sagebrush"
METRICS = ("recall@20", "ndcg@20")

NEGATIVES = {
    "uniform": {"sampling.negatives": 1, "sampling.batch_shared": 0},
    "shared": {"sampling.negatives": 0, "sampling.batch_shared": 500},
    "shared + 6 hard": {"sampling.negatives": 0, "sampling.batch_shared": 500, "sampling.hard": 6,
                        "sampling.curriculum": "false"},
    "shared + hard, curriculum": {"sampling.negatives": 0, "sampling.batch_shared": 500, "sampling.hard": 6,
                                  "sampling.curriculum": "true"},
}
# Ranks 1% to 5% of the catalogue around the user.
BAND = {"sampling.hard_from": 0.01, "sampling.hard_to": 0.05}
LOSSES = {
    "BPR": {"loss.kind": "bpr"},
    "softmax": {"loss.kind": "softmax", "loss.cosine": "true", "loss.temperature": 0.1},
}


def run(*arguments):
    command = [str(BINARY), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}\n{done.stderr.strip()[-500:]}")
    return done.stdout


def train(options, out, model, loss, negatives, seed):
    if not (out / "evaluation.json").exists():
        settings = {"model.name": model, "seed": seed, "training.epochs": options.epochs,
                    "training.learning_rate": 0.01, "training.schedule": "cosine", "training.patience": 0,
                    "sampling.positives": "by-edge", "sampling.batch_size": options.batch,
                    "loss.l2": 0.1 if model == "lightgcn" else 0.01 if model == "mf" else 1e-4,
                    **LOSSES[loss], **BAND, **NEGATIVES[negatives]}
        if model.startswith("ngcf"):
            settings.update({"model.layers": 2, "model.message_dropout": 0.0})
        flags = [f"--set={key}={value}" for key, value in settings.items()]
        data = [options.data[0], "--test", options.data[1]] if options.data else ["--bundled"]
        run("train", *data, "--out", out, "--overwrite", "--quiet", *flags)
        run("evaluate", "--run", out, "--quiet")
        # Over a hundred runs are kept for their figures, not to be resumed.
        shutil.rmtree(out / "checkpoint")
    lines = (out / "metrics.jsonl").read_text().splitlines()
    return sum(json.loads(line)["seconds"] for line in lines)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--batch", type=int, default=2048)
    parser.add_argument("--data", nargs=2)
    parser.add_argument("--models", default="mf,lightgcn,ngcf-paper")
    parser.add_argument("--out", type=Path, default=ROOT / "artifacts" / "ablation")
    options = parser.parse_args()
    print("| model | loss | negatives | recall@20 | ndcg@20 | recall@20 less uniform's, 95% of each seed | "
          "seeds better, worse | s |")
    print("|---|---|---|---|---|---|---|---|", flush=True)
    for model in options.models.split(","):
        for loss in LOSSES:
            uniform = {}
            for negatives in NEGATIVES:
                figures, differences, seconds = {metric: [] for metric in METRICS}, [], []
                for seed in range(1, options.seeds + 1):
                    name = f"{model}-{loss}-{negatives}-{seed}".replace(" ", "").replace(",", "-")
                    out = options.out / name
                    seconds.append(train(options, out, model, loss, negatives, seed))
                    systems = json.loads((out / "evaluation.json").read_text())["systems"]
                    for metric in METRICS:
                        figures[metric].append(systems[0]["metrics"][metric]["mean"])
                    if negatives == "uniform":
                        uniform[seed] = out
                    else:
                        compared = json.loads(run("compare", uniform[seed], out, "--metric", METRICS[0], "--json"))
                        differences.append(compared[0]["differences"][0])
                means = " | ".join(
                    f"{statistics.mean(values):.4f}"
                    + (f" ± {statistics.stdev(values):.4f}" if len(values) > 1 else "")
                    for values in figures.values())
                if differences:
                    spans = ", ".join(f"{d['low']:+.4f} to {d['high']:+.4f}" for d in differences)
                    better = sum(d["low"] > 0 for d in differences)
                    worse = sum(d["high"] < 0 for d in differences)
                    mean = statistics.mean(d["difference"] for d in differences)
                    against = f"{mean:+.4f} ({spans}) | {better}, {worse}"
                else:
                    against = " | "
                print(f"| {model} | {loss} | {negatives} | {means} | {against} | "
                      f"{statistics.median(seconds):.1f} |", flush=True)


if __name__ == "__main__":
    main()
