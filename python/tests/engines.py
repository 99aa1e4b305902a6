"""The cluster engine that this environment has: Sail where pysail is installed, else Spark."""

from __future__ import annotations

import importlib.util
import os
import pathlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

#: Two executors, each a process of its own, which a test may kill.
LOCAL_CLUSTER = "local-cluster[2,1,2048]"


def require_engine() -> None:
    """Skips the module where there is no engine."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip(
            "no Spark here: pip install 'pyspark[connect]', or pysail with pyspark 4.1", allow_module_level=True
        )


def has_sail() -> bool:
    return importlib.util.find_spec("pysail") is not None


@contextmanager
def session(master: str | None = None) -> Iterator[object]:
    """A session of the engine; ``master`` is for Spark alone."""
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    from pyspark.sql import SparkSession

    if has_sail():
        from pysail.spark import SparkConnectServer

        server = SparkConnectServer(ip="127.0.0.1", port=0)
        server.start(background=True)
        _, port = server.listening_address
        spark = SparkSession.builder.remote(f"sc://127.0.0.1:{port}").getOrCreate()
        try:
            yield spark
        finally:
            spark.stop()
            server.stop()
        return
    master = master or os.environ.get("SAGEBRUSH_SPARK_MASTER", "local[2]")
    builder = SparkSession.builder.master(master).appName("sagebrush tests")
    for key, value in {
        "spark.ui.enabled": "false",
        "spark.sql.shuffle.partitions": "4",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.memory": "2g",
        "spark.executor.memory": "2g",
    }.items():
        builder = builder.config(key, value)
    spark = builder.getOrCreate()
    spark.sparkContext.setLogLevel("ERROR")
    try:
        yield spark
    finally:
        spark.stop()


def executors(spark) -> list[int]:
    """The processes of the executors of ``local-cluster``, by their ids."""
    mark = spark.sparkContext.applicationId.encode()
    found = []
    for folder in pathlib.Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                arguments = (folder / "cmdline").read_bytes()
            except OSError:
                continue
            if b"CoarseGrainedExecutorBackend" in arguments and mark in arguments and b"-cp" in arguments:
                found.append(int(folder.name))
    return found


def gowalla() -> pathlib.Path:
    """The folder of the data set, or a skip."""
    folder = os.environ.get("SAGEBRUSH_DATA")
    if not folder or not (path := pathlib.Path(folder) / "gowalla").is_dir():
        pytest.skip("SAGEBRUSH_DATA names no folder with gowalla in it", allow_module_level=True)
    return path


def gowalla_lists(name: str) -> dict[int, list[int]]:
    """Items by user: a line is a user and what the user has."""
    lines = (gowalla() / f"{name}.txt").read_text().splitlines()
    numbers = (list(map(int, line.split())) for line in lines)
    return {user: items for user, *items in numbers}
