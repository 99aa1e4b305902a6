"""What Python workers do with blocks, without an engine: a product in blocks is the product."""

from __future__ import annotations

import random

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow", reason="no PyArrow here: pip install pyarrow")
sparse = pytest.importorskip("scipy.sparse", reason="no SciPy here: pip install scipy")

from sagebrush.spark import _kernels  # noqa: E402

SIZES = {"source": [5, 3], "target": [4, 6]}
WIDTH = 3


def edges(rng: np.random.Generator) -> list[dict]:
    """Half of all pairs of nodes, by block and number within it."""
    found = []
    for source, n in enumerate(SIZES["source"]):
        for target, m in enumerate(SIZES["target"]):
            for at, to in zip(*np.nonzero(rng.random((n, m)) < 0.5), strict=True):
                found.append((source, int(at), target, int(to), float(rng.normal())))
    names = ("source", "source_local", "target", "target_local", "value")
    return [dict(zip(names, edge, strict=True)) for edge in found]


def batches_of(rows: list[dict]) -> list:
    """Rows in a batch each, in an order of no meaning."""
    random.Random(7).shuffle(rows)
    schema = {"source": pa.int32(), "source_local": pa.int32(), "target": pa.int32(), "target_local": pa.int32()}
    schema["value"] = pa.float32()
    return pa.Table.from_pylist(rows, pa.schema(schema)).to_batches(max_chunksize=4)


def test_a_product_in_blocks_is_the_product() -> None:
    rng = np.random.default_rng(0)
    found = edges(rng)
    vectors = [rng.normal(size=(n, WIDTH)).astype("f4") for n in SIZES["source"]]
    expected = [np.zeros((n, WIDTH)) for n in SIZES["target"]]
    for edge in found:
        expected[edge["target"]][edge["target_local"]] += (
            2.0 * edge["value"] * vectors[edge["source"]][edge["source_local"]]
        )
    copies = [2, 1]
    chunks = list(_kernels.chunker(copies, 3)(batches_of(found)))
    # Each part of a block's edges has a copy of its vectors.
    assert {row["key"] for row in _kernels.rows_of(chunks)} == {"0/0", "0/1", "1/0"}
    blocks = [_kernels.batch_of(_kernels.BLOCK, [(at, table.tobytes())]) for at, table in enumerate(vectors)]
    sent = list(_kernels.copier(copies, SIZES["source"])(blocks))
    pieces = [*chunks, *sent]
    random.Random(3).shuffle(pieces)
    parts = list(_kernels.multiplier(2.0)(pieces))
    sums = list(_kernels.rows_of(_kernels.adder(SIZES["target"])(parts)))
    assert sorted(row["block"] for row in sums) == [0, 1]
    for row in sums:
        table = _kernels.floats(row["values"]).reshape(SIZES["target"][row["block"]], WIDTH)
        np.testing.assert_allclose(table, expected[row["block"]], atol=1e-5)


def test_edges_without_their_vectors_are_an_error() -> None:
    chunks = list(_kernels.chunker([1, 1], 100)(batches_of(edges(np.random.default_rng(0)))))
    with pytest.raises(RuntimeError, match="edges of the blocks 0/0, 1/0 came without vectors"):
        list(_kernels.multiplier(1.0)(chunks))


def test_vectors_become_blocks_and_vectors_again() -> None:
    rng = np.random.default_rng(1)
    rows = [
        {"block": block, "local": at, "vector": rng.normal(size=WIDTH).astype("f4").tolist()}
        for block, n in enumerate(SIZES["source"])
        for at in range(n)
    ]
    expected = sorted(rows, key=lambda row: (row["block"], row["local"]))
    schema = pa.schema({"block": pa.int32(), "local": pa.int32(), "vector": pa.list_(pa.float32())})
    random.Random(5).shuffle(rows)
    blocks = list(_kernels.packer()(pa.Table.from_pylist(rows, schema).to_batches(max_chunksize=2)))
    again = list(_kernels.rows_of(_kernels.unpacker(SIZES["source"])(blocks)))
    assert sorted(again, key=lambda row: (row["block"], row["local"])) == expected


def test_a_scaled_block_counts_in_a_sum() -> None:
    table = np.arange(12, dtype="f4").reshape(4, 3)
    block = _kernels.batch_of(_kernels.BLOCK, [(0, table.tobytes())])
    parts = [*_kernels.scaler(2.0)([block]), *_kernels.scaler(-0.5)([block])]
    (row,) = _kernels.rows_of(_kernels.adder([4])(parts))
    np.testing.assert_array_equal(_kernels.floats(row["values"]).reshape(4, 3), 1.5 * table)
