"""What Python workers do with blocks: functions over streams of Arrow batches, and the columns between them.

A worker gets its rows in any order: Sail leaves a sort before ``mapInArrow`` out. So a function holds what it has to
bring together, which is a share of its partition; more partitions need less memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

Worker = Callable[[Iterable["pa.RecordBatch"]], Iterator["pa.RecordBatch"]]

#: A block of vectors: ``values`` are 32-bit floats, row after row.
BLOCK = "block int, values binary"
#: Rows of a block's sum; ``rows`` is null where all are there.
PARTIAL = "block int, rows binary, values binary"
#: A block of vectors (kind 0, ``target`` its number of rows) or a chunk of the edges that start in it (kind 1,
#: ``target`` the
#: block that they go to), with the key that brings them together.
PIECE = "key string, kind int, target int, rows binary, sources binary, values binary"


def rows_of(batches: Iterable[pa.RecordBatch]) -> Iterator[dict[str, Any]]:
    """The rows of a partition, one after the other."""
    for batch in batches:
        yield from batch.to_pylist()


def batch_of(schema: str, rows: list[tuple[Any, ...]]) -> pa.RecordBatch:
    """Rows as a batch of the columns of a schema of Spark's."""
    import pyarrow as pa

    types = {"int": pa.int32(), "string": pa.string(), "binary": pa.binary(), "array<float>": pa.list_(pa.float32())}
    fields = [field.split() for field in schema.split(", ")]
    columns = [
        pa.array(column, types[kind]) for (_, kind), column in zip(fields, zip(*rows, strict=True), strict=False)
    ]
    return pa.RecordBatch.from_arrays(columns, names=[name for name, _ in fields])


def floats(data: bytes) -> NDArray[Any]:
    """A binary column as 32-bit floats."""
    import numpy as np

    return np.frombuffer(data, "<f4")


def copier(copies: list[int], sizes: list[int]) -> Worker:
    """A block of vectors to each part of the edges that start in it."""

    def copy(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        for row in rows_of(batches):
            block = row["block"]
            for part in range(copies[block]):
                yield batch_of(PIECE, [(f"{block}/{part}", 0, sizes[block], None, None, row["values"])])

    return copy


def chunker(copies: list[int], chunk_edges: int) -> Worker:
    """Edges to chunks of one source block and one target block each, sorted by the target."""

    def chunk(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import numpy as np
        import pyarrow as pa

        batches = list(batches)
        if not batches:
            return
        table = pa.Table.from_batches(batches)
        columns = {name: table[name].to_numpy() for name in table.column_names}
        order = np.lexsort([columns[name] for name in ("source_local", "target_local", "target", "source")])
        columns = {name: values[order] for name, values in columns.items()}
        source, target = columns["source"], columns["target"]
        for start, end in runs(source.astype("i8") << 32 | target):
            for at, first in enumerate(range(start, end, chunk_edges)):
                here = slice(first, min(first + chunk_edges, end))
                part = (int(target[first]) + at) % copies[source[first]]
                key, to = f"{source[first]}/{part}", int(target[first])
                numbers = (columns[name][here].astype("<i4").tobytes() for name in ("target_local", "source_local"))
                yield batch_of(PIECE, [(key, 1, to, *numbers, columns["value"][here].astype("<f4").tobytes())])

    return chunk


def multiplier(scale: float) -> Worker:
    """Chunks of edges times the block of vectors that they start in."""

    def multiply(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        tables: dict[str, NDArray[Any]] = {}
        waiting: dict[str, list[dict[str, Any]]] = {}
        for row in rows_of(batches):
            key = row["key"]
            if row["kind"] == 0:
                tables[key] = floats(row["values"]).reshape(row["target"], -1)
                for edges in waiting.pop(key, []):
                    yield product(edges, tables[key], scale)
            elif key in tables:
                yield product(row, tables[key], scale)
            else:
                waiting.setdefault(key, []).append(row)
        if waiting:
            raise RuntimeError(f"edges of the blocks {', '.join(sorted(waiting))} came without vectors")

    return multiply


def product(edges: dict[str, Any], table: NDArray[Any], scale: float) -> pa.RecordBatch:
    """A chunk of edges times a block of vectors: only the rows that get a message."""
    import numpy as np
    from scipy import sparse

    targets, sources = (np.frombuffer(edges[name], "<i4") for name in ("rows", "sources"))
    values = floats(edges["values"]) * np.float32(scale)
    starts = [start for start, _ in runs(targets)]
    matrix = sparse.csr_matrix((values, sources, [*starts, len(targets)]), shape=(len(starts), len(table)))
    return batch_of(PARTIAL, [(edges["target"], targets[starts].tobytes(), (matrix @ table).tobytes())])


def scaler(factor: float) -> Worker:
    """All rows of a block as a part of a sum, times a number."""

    def scale(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import numpy as np

        for row in rows_of(batches):
            yield batch_of(PARTIAL, [(row["block"], None, (floats(row["values"]) * np.float32(factor)).tobytes())])

    return scale


def adder(sizes: list[int]) -> Worker:
    """Parts of sums to blocks of all rows."""

    def add(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import numpy as np

        totals: dict[int, NDArray[Any]] = {}
        for row in rows_of(batches):
            block = row["block"]
            part = floats(row["values"])
            is_whole = row["rows"] is None
            rows = np.arange(sizes[block]) if is_whole else np.frombuffer(row["rows"], "<i4")
            part = part.reshape(len(rows), -1)
            if block not in totals:
                totals[block] = np.zeros((sizes[block], part.shape[1]))
            totals[block][rows] += part
        for block, total in totals.items():
            yield batch_of(BLOCK, [(block, total.astype("<f4").tobytes())])

    return add


def packer() -> Worker:
    """Vectors with their block and number within it to blocks."""

    def pack(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import numpy as np

        parts: dict[int, list[tuple[NDArray[Any], NDArray[Any]]]] = {}
        for batch in batches:
            values = batch.column("vector").flatten().to_numpy(zero_copy_only=False)
            if not batch.num_rows:
                continue
            values = values.astype("<f4").reshape(batch.num_rows, -1)
            blocks, local = (batch.column(name).to_numpy() for name in ("block", "local"))
            for block in np.unique(blocks):
                here = blocks == block
                parts.setdefault(int(block), []).append((local[here], values[here]))
        for block, pieces in parts.items():
            local = np.concatenate([numbers for numbers, _ in pieces])
            values = np.concatenate([rows for _, rows in pieces])
            yield batch_of(BLOCK, [(block, values[np.argsort(local)].tobytes())])

    return pack


def runs(values: NDArray[Any]) -> list[tuple[int, int]]:
    """Where runs of equal values start and end."""
    import numpy as np

    if not len(values):
        return []
    starts = np.flatnonzero(np.r_[True, values[1:] != values[:-1]])
    return list(zip(starts.tolist(), [*starts[1:].tolist(), len(values)], strict=True))


def unpacker(sizes: list[int]) -> Worker:
    """Blocks to vectors: ``block``, ``local``, ``vector``."""

    def unpack(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import numpy as np
        import pyarrow as pa

        for row in rows_of(batches):
            n = sizes[row["block"]]
            values = pa.array(floats(row["values"]))
            offsets = pa.array(np.arange(n + 1, dtype="i4") * (len(values) // n))
            columns = [
                pa.array(np.full(n, row["block"], "i4")),
                pa.array(np.arange(n, dtype="i4")),
                pa.ListArray.from_arrays(offsets, values),
            ]
            yield pa.RecordBatch.from_arrays(columns, names=["block", "local", "vector"])

    return unpack
