"""Measures jobs on Spark or Sail, whichever this environment has.

`SAGEBRUSH_DATA=… SAGEBRUSH_RUN=… python python/benches/cluster.py [PART…]`

Parts: lists (29,858 histories of Gowalla, top 20, by the library), layer (one layer of LightGCN, 64 wide, by joins
and by blocks), killed (the lists once more, an executor killed in mid-job). Start-up is measured apart.
"""

from __future__ import annotations

import os
import pathlib
import signal
import sys
import tempfile
import threading
import time

import numpy as np

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "tests"))
import engines

from sagebrush import spark as cluster


def told(what: str, start: float) -> None:
    print(f"{what}: {time.monotonic() - start:.1f} s", flush=True)


def histories(spark):
    lists = engines.gowalla_lists("train")
    return spark.createDataFrame(list(lists.items()), "user bigint, items array<bigint>").repartition(8)


def layer(spark, scratch: str) -> None:
    rng = np.random.default_rng(0)
    lists = engines.gowalla_lists("train")
    pairs = [(user, item) for user, items in lists.items() for item in items]
    edges = spark.createDataFrame(pairs, "user bigint, item bigint")
    edges.write.parquet(f"{scratch}/edges")
    tables = []
    for at, side in enumerate(("users", "items")):
        n = 1 + max(pair[at] for pair in pairs)
        rows = [(key, row.tolist()) for key, row in enumerate(rng.normal(0, 0.1, (n, 64)))]
        spark.createDataFrame(rows, "key bigint, vector array<float>").write.parquet(f"{scratch}/{side}")
        tables.append(spark.read.parquet(f"{scratch}/{side}"))
    edges = spark.read.parquet(f"{scratch}/edges")
    for method in ("sql", "blocks"):
        for layers in (1, 3):
            start = time.monotonic()
            result = cluster.lightgcn(edges, cluster.Embeddings(*tables), layers, scratch=scratch, method=method)
            for side, table in zip(("users", "items"), result, strict=True):
                table.write.parquet(f"{scratch}/{method}-{layers}-{side}")
            told(f"LightGCN by {method}, {layers} layer(s), read, checked and written", start)


def lists(spark, run, scratch: str, name: str) -> None:
    frame = histories(spark)
    start = time.monotonic()
    cluster.recommend(frame, run, 20).write.parquet(f"{scratch}/{name}")
    told(f"{name}: lists of {frame.count()} histories", start)
    print(f"{name}: {spark.read.parquet(f'{scratch}/{name}').count()} places")


def main() -> None:
    parts = sys.argv[1:] or ["lists", "layer", "killed"]
    scratch = tempfile.mkdtemp(prefix="sagebrush-bench-")
    start = time.monotonic()
    with engines.session(engines.LOCAL_CLUSTER) as spark:
        spark.range(1).count()
        told(f"start of {'Sail' if engines.has_sail() else 'Spark'} {spark.version}", start)
        run = os.environ.get("SAGEBRUSH_RUN")
        for part in parts:
            if part == "layer":
                layer(spark, scratch)
            elif part == "lists":
                lists(spark, run, scratch, "first")
                lists(spark, run, scratch, "second")
            elif part == "killed" and not engines.has_sail():
                victim = engines.executors(spark)[0]
                timer = threading.Timer(2.0, os.kill, (victim, signal.SIGKILL))
                timer.start()
                lists(spark, run, scratch, "killed")
                print(f"killed {victim}; executors now: {engines.executors(spark)}")


if __name__ == "__main__":
    main()
