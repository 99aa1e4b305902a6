"""Vectors of new items by their features, by the library in every task."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from . import _runs
from ._frames import require_columns
from .answers import _arrow_type, _key_type

if TYPE_CHECKING:
    import pyarrow as pa
    from pyspark.sql import DataFrame

#: Items that are embedded together: the run is opened once for so many.
ITEMS = 100_000


def embed(items: DataFrame, run: Any, *, item: str = "item") -> DataFrame:
    """Vectors of new items: ``item``, ``vector`` (an array of floats), comparable with ``run.embeddings("items")``.

    Only ``pinsage`` makes vectors of features. Items that the run has already get no row.

    Args:
        items: A row an item, with the columns that the run's item file had. Files of vectors that another model made
            are not taken here: ``sagebrush embed --vectors`` takes them.
        run: As for :func:`recommend`.
        item: Column of keys.

    """
    require_columns(items, [item], "the table of items")
    key = _key_type(items.schema[item].dataType.simpleString(), item)
    renamed = items if item == "item_id" else items.withColumnRenamed(item, "item_id")
    return renamed.mapInArrow(_embedder(_runs.reference(run), key), f"item {key}, vector array<float>")


def _embedder(run: str, key: str) -> Callable[[Iterable[pa.RecordBatch]], Iterator[pa.RecordBatch]]:
    def embed(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import pyarrow as pa

        folder = _runs.found(run)
        waiting: list[pa.RecordBatch] = []
        for batch in batches:
            if batch.num_rows:
                waiting.append(batch)
            if sum(one.num_rows for one in waiting) >= ITEMS:
                yield from _vectors(folder, pa.Table.from_batches(waiting), key)
                waiting = []
        if waiting:
            yield from _vectors(folder, pa.Table.from_batches(waiting), key)

    return embed


def _vectors(run: str, items: pa.Table, key: str) -> Iterator[pa.RecordBatch]:
    """The program's answer for a table of items."""
    import pyarrow as pa
    from pyarrow import parquet

    with tempfile.TemporaryDirectory(prefix="sagebrush-") as place:
        given, made = os.path.join(place, "items.parquet"), os.path.join(place, "vectors.parquet")
        parquet.write_table(items, given)
        command = [sys.executable, "-m", "sagebrush", "embed", "--quiet", "--run", run, "--items", given, "--out", made]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(f"no vectors of {items.num_rows} items: {done.stderr.strip()}")
        if not os.path.exists(made):
            return
        table = parquet.read_table(made)
    vectors = table["embedding"].cast(pa.list_(pa.float32()))
    yield from pa.table({"item": table["id"].cast(_arrow_type(key)), "vector": vectors}).to_batches()
