"""The cluster engine that this environment has: Sail where pysail is installed, else Spark."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

#: Two executors, each a process of its own, which a test may kill.
LOCAL_CLUSTER = "local-cluster[2,1,2048]"


def require_engine() -> None:
    """Skips the module where there is no engine."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("no Spark here: pip install 'pyspark[connect]', or pysail with pyspark 4.1", allow_module_level=True)


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
