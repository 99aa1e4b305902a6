"""Small dense algebra on the driver, and jobs over blocks of columns: inner products, turns, residuals."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ._kernels import BLOCK, Worker, batch_of, floats, rows_of

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray
    from pyspark.sql import DataFrame

#: Directions of a Gram matrix below this share of its largest eigenvalue are noise of 32-bit floats.
NOISE = 1e-11


def random_blocks(like: DataFrame, sizes: list[int], width: int, seed: int) -> DataFrame:
    """Uniform numbers in (-1, 1): the same for a seed, whatever machine draws a block. ``like`` has a row a block."""

    def draw(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import numpy as np

        for row in rows_of(batches):
            block = row["block"]
            values = np.random.default_rng([seed, block]).uniform(-1, 1, (sizes[block], width))
            yield batch_of(BLOCK, [(block, values.astype("<f4").tobytes())])

    return like.select("block").mapInArrow(draw, BLOCK)


def inner(pairs: DataFrame, left: str, right: str, width: int) -> NDArray[Any]:
    """``leftᵀ right``, summed over the rows of all blocks, ``[width, width]``."""
    import numpy as np

    def multiply(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import numpy as np

        total = np.zeros((width, width))
        for row in rows_of(batches):
            one, two = (floats(row[name]).reshape(-1, width).astype("f8") for name in (left, right))
            total += one.T @ two
        yield batch_of(BLOCK, [(0, total.tobytes())])

    parts = pairs.select(*dict.fromkeys([left, right])).mapInArrow(multiply, BLOCK).collect()
    return sum((np.frombuffer(part["values"]).reshape(width, width) for part in parts), np.zeros((width, width)))


def turner(columns: list[str], matrix: NDArray[Any]) -> Worker:
    """Each of the columns of vectors times a matrix from the right."""
    width = len(matrix)

    def turn(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        schema = ", ".join(["block int", *(f"{name} binary" for name in columns)])
        for row in rows_of(batches):
            turned = ((floats(row[name]).reshape(-1, width) @ matrix).astype("<f4").tobytes() for name in columns)
            yield batch_of(schema, [(row["block"], *turned)])

    return turn


def residuals(pairs: DataFrame, squares: NDArray[Any], kept: int) -> NDArray[Any]:
    """``|P v - s² v| / s`` of the first ``kept`` columns; ``values`` are ``v`` and ``product`` is ``P v``."""
    import numpy as np

    width = len(squares)

    def measure(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        import numpy as np

        total = np.zeros(width)
        for row in rows_of(batches):
            vectors, product = (floats(row[name]).reshape(-1, width).astype("f8") for name in ("values", "product"))
            total += ((product - squares * vectors) ** 2).sum(axis=0)
        yield batch_of(BLOCK, [(0, total.tobytes())])

    parts = pairs.mapInArrow(measure, BLOCK).collect()
    sums = sum((np.frombuffer(part["values"]) for part in parts), np.zeros(width))
    found: NDArray[Any] = np.sqrt(sums[:kept] / squares[:kept])
    return found


def whitening(gram: NDArray[Any]) -> NDArray[Any]:
    """The matrix ``w`` with ``wᵀ gram w = 1``; directions that cannot be told from noise are left out."""
    import numpy as np

    values, vectors = np.linalg.eigh((gram + gram.T) / 2)
    is_kept = values > values[-1] * NOISE
    found: NDArray[Any] = vectors[:, is_kept] / np.sqrt(values[is_kept])
    return found


def falling_eigen(matrix: NDArray[Any]) -> tuple[NDArray[Any], NDArray[Any]]:
    """Eigenvalues, the largest first, and eigenvectors of a symmetric matrix."""
    import numpy as np

    values, vectors = np.linalg.eigh((matrix + matrix.T) / 2)
    return values[::-1], vectors[:, ::-1]
