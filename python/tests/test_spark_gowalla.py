"""Gowalla on the cluster against SciPy on one machine, value by value; and an executor that is killed in mid-job."""

from __future__ import annotations

import os
import signal
import threading
import time

import engines
import numpy as np
import pyarrow as pa
import pytest
from pyarrow import parquet

engines.require_engine()
sparse = pytest.importorskip("scipy.sparse")
from sagebrush import spark as cluster  # noqa: E402

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def spark():
    with engines.session(engines.LOCAL_CLUSTER) as session:
        yield session


@pytest.fixture(scope="module")
def log(spark, tmp_path_factory) -> dict:
    lists = engines.gowalla_lists("train")
    users = np.repeat(list(lists), [len(items) for items in lists.values()])
    items = np.concatenate([np.array(items, dtype=np.int64) for items in lists.values()])
    matrix = sparse.csr_matrix((np.ones(len(users)), (users, items)))
    matrix.data[:] = 1.0
    rng = np.random.default_rng(0)
    vectors = [rng.normal(0, 0.1, (n, 64)).astype("f4") for n in matrix.shape]
    folder = tmp_path_factory.mktemp("gowalla")
    tables = {"edges": pa.table({"user": users, "item": items})}
    for name, table in zip(("users", "items"), vectors, strict=True):
        column = pa.FixedSizeListArray.from_arrays(pa.array(table.ravel()), 64).cast(pa.list_(pa.float32()))
        tables[name] = pa.table({"key": np.arange(len(table)), "vector": column})
    frames = {}
    for name, table in tables.items():
        parquet.write_table(table, folder / f"{name}.parquet", row_group_size=100_000)
        frames[name] = spark.read.parquet(str(folder / f"{name}.parquet"))
    degrees = [np.maximum(np.asarray(matrix.sum(axis)).ravel(), 1) for axis in (1, 0)]
    normalized = sparse.diags(degrees[0] ** -0.5) @ matrix @ sparse.diags(degrees[1] ** -0.5)
    return {"frames": frames, "vectors": vectors, "matrix": matrix, "normalized": normalized.tocsr()}


def by_hand(log, n_layers: int) -> list[np.ndarray]:
    users, items = (table.astype("f8") for table in log["vectors"])
    layers = [(users, items)]
    for _ in range(n_layers):
        users, items = layers[-1]
        layers.append((log["normalized"] @ items, log["normalized"].T @ users))
    return [np.mean([layer[side] for layer in layers], axis=0) for side in (0, 1)]


def collected(frame) -> np.ndarray:
    table = frame.toArrow().sort_by("key")
    n = table.num_rows
    np.testing.assert_array_equal(table["key"].to_numpy(), np.arange(n))
    return table["vector"].combine_chunks().flatten().to_numpy().reshape(n, -1)


@pytest.mark.parametrize("method", ["sql", "blocks"])
def test_lightgcn_is_that_of_scipy(log, tmp_path, method):
    frames = log["frames"]
    result = cluster.lightgcn(
        frames["edges"],
        cluster.Embeddings(frames["users"], frames["items"]),
        3,
        scratch=str(tmp_path),
        method=method,
        hub_edges=500,
    )
    for found, expected in zip(result, by_hand(log, 3), strict=True):
        np.testing.assert_allclose(collected(found), expected, atol=1e-5)


def test_an_executor_that_is_killed_costs_time_alone(spark, log, tmp_path):
    if engines.has_sail():
        pytest.skip("Sail in one process has no executors to kill")
    frames = log["frames"]
    killed = []

    def kill() -> None:
        # In mid-job: once the first layer is being made.
        while not list(tmp_path.glob("*/*-edges/_SUCCESS")):
            time.sleep(0.2)
        time.sleep(3)
        victim = engines.executors(spark)[0]
        os.kill(victim, signal.SIGKILL)
        killed.append(victim)

    before = set(engines.executors(spark))
    assert len(before) == 2
    killer = threading.Thread(target=kill)
    killer.start()
    result = cluster.lightgcn(
        frames["edges"], cluster.Embeddings(frames["users"], frames["items"]), 3, scratch=str(tmp_path), method="sql"
    )
    tables = [collected(table) for table in result]
    killer.join()
    assert killed and killed[0] in before and killed[0] not in engines.executors(spark)
    for found, expected in zip(tables, by_hand(log, 3), strict=True):
        np.testing.assert_allclose(found, expected, atol=1e-5)


def test_the_subspace_of_a_filter_is_that_of_scipy(log, tmp_path):
    from scipy.sparse.linalg import svds

    n = 16
    found = cluster.fit_gf_cf(log["frames"]["edges"], n, scratch=str(tmp_path), tolerance=1e-3)
    start = np.ones(min(log["matrix"].shape))
    _, values, right = svds(log["normalized"], k=n, v0=start)
    order = np.argsort(-values)
    np.testing.assert_allclose(found.values, values[order], atol=1e-5)
    table = found.vectors.toArrow().sort_by("key")
    vectors = table["vector"].combine_chunks().flatten().to_numpy().reshape(-1, n)
    keys = table["key"].to_numpy()
    # Sines of the angles between the subspaces; a residual of 1e-3 over the gap to the next value bounds them.
    outside = vectors - right[order].T[keys] @ (right[order][:, keys] @ vectors)
    gap = values[order][-1] - svds(log["normalized"], k=n + 1, return_singular_vectors=False, v0=start).min()
    assert np.linalg.norm(outside, 2) < 2e-3 * np.sqrt(n) / gap
    np.testing.assert_allclose(table["degree"].to_numpy(), np.asarray(log["matrix"].sum(0)).ravel()[keys])
