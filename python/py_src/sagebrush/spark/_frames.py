"""Checks of the DataFrames that come in, and tables that are kept between two steps of an algorithm."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

#: Rows that an error shows.
EXAMPLES = 3


class Embeddings(NamedTuple):
    """Two tables of vectors, one for users and one for items.

    Each has the columns ``key`` (of any type that can be joined) and ``vector`` (an array of floats, all of one
    length).
    """

    users: DataFrame
    items: DataFrame


def require_columns(frame: DataFrame, columns: list[str], what: str) -> None:
    """Raises a ``ValueError`` that names the columns that are missing and those that are there."""
    missing = [column for column in columns if column not in frame.columns]
    if missing:
        raise ValueError(
            f"{what} has no column {', '.join(map(repr, missing))}; it has {', '.join(map(repr, frame.columns))}. "
            "Rename a column, or name it in the call."
        )


def refuse_rows(frame: DataFrame, column: str, sentence: str) -> None:
    """Raises a ``ValueError`` when ``frame`` has a row; ``sentence`` holds ``{n}`` and ``{examples}``."""
    found = [row[0] for row in frame.select(column).limit(EXAMPLES + 1).collect()]
    if found:
        n = f"more than {EXAMPLES}" if len(found) > EXAMPLES else str(len(found))
        examples = ", ".join(map(repr, found[:EXAMPLES]))
        raise ValueError(sentence.format(n=n, examples=examples))


def without_nulls(frame: DataFrame, what: str) -> DataFrame:
    """The frame, or a ``ValueError`` that names a column in which a value is missing."""
    from pyspark.sql import functions as F

    counts = frame.select([F.count(F.when(F.col(c).isNull(), 1)).alias(c) for c in frame.columns]).collect()[0]
    for column in frame.columns:
        if counts[column]:
            raise ValueError(
                f"{what} has {counts[column]} rows without a value in the column {column!r}. "
                f"Leave them out first: frame.dropna(subset=[{column!r}])."
            )
    return frame


class Scratch:
    """A folder that all machines of the cluster reach, for the tables between two steps.

    A table is written once and read by everything that follows. So no plan grows without bound, and what an executor
    made outlives it. Spark's own cache would be lost with the executor.
    """

    def __init__(self, folder: str) -> None:
        if not isinstance(folder, str) or not folder:
            raise ValueError(
                "scratch is a folder that all machines of the cluster can write, such as 's3a://bucket/tmp' or, on one "
                "machine, '/tmp/sagebrush'"
            )
        self.folder = f"{folder.rstrip('/')}/sagebrush-{uuid.uuid4().hex}"
        self._n = 0

    def keep(self, frame: DataFrame, name: str) -> DataFrame:
        """Computes the frame now, and gives the frame of its file."""
        self._n += 1
        path = f"{self.folder}/{self._n:04}-{name}"
        frame.write.parquet(path)
        return frame.sparkSession.read.schema(frame.schema).parquet(path)
