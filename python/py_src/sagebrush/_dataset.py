"""Data sets: from files, frames and sparse matrices."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from typing import Any, Literal, Protocol

from ._progress import Progress, watching
from ._sagebrush import NativeDataset, NativeSplit
from ._settings import together
from .errors import DataError, SettingError, UsageError

Path = str | os.PathLike[str]
Column = str | Literal[False] | None


class ArrowStream(Protocol):
    """A frame of polars, PyArrow, pandas, DuckDB or another library of Arrow."""

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        """The columns as a stream of the Arrow C interface."""


class Dataset:
    """Interactions of users with items, in memory."""

    def __init__(self, native: NativeDataset) -> None:
        self._native = native

    @classmethod
    def read(
        cls,
        path: Path | Iterable[Path],
        *,
        items: Path | None = None,
        test: Path | Iterable[Path] | None = None,
        user: str | None = None,
        item: str | None = None,
        weight: Column = None,
        timestamp: Column = None,
        settings: Mapping[str, Any] | None = None,
        progress: Progress = True,
        **keywords: Any,
    ) -> Dataset:
        """Reads a log: CSV, TSV, MovieLens, RecBole, adjacency lists, Parquet or JSON lines, plain, gzip or zstd.

        Format and columns are recognized by the content. ``user``, ``item``, ``weight`` and ``timestamp`` name columns;
        ``weight=False`` and ``timestamp=False`` ignore theirs. ``items`` is an item file with titles and categories.
        Other keywords are settings of reading, such as ``min_rating=4`` or ``k_core=5``.
        """
        given = _reading(settings, keywords, user, item, weight, timestamp)
        given["data.train"] = _paths(path)
        if test is not None:
            given["data.test"] = _paths(test)
        if items is not None:
            given["data.items"] = os.fspath(items)
        with watching(progress) as tell:
            return cls(NativeDataset.read(given, tell))

    @classmethod
    def from_frame(
        cls,
        df: Any,
        user: str | None = None,
        item: str | None = None,
        weight: Column = None,
        timestamp: Column = None,
        *,
        items: Path | None = None,
        settings: Mapping[str, Any] | None = None,
        progress: Progress = True,
        **keywords: Any,
    ) -> Dataset:
        """Takes a frame: anything with ``__arrow_c_stream__``, such as those of polars, PyArrow, pandas and DuckDB.

        The table is read batch by batch where it is, without a copy. Columns that are not named are found by the usual
        names, such as ``user_id``. Keys are texts, whole numbers or categories of these. Times are of a type that says
        their unit, or numbers, or text.

        A sparse matrix of SciPy is taken, too: rows are users, columns are items, values are weights; the keys are the
        numbers of the rows and columns.
        """
        given = _reading(settings, keywords, user, item, weight, timestamp)
        with watching(progress) as tell:
            if hasattr(df, "tocsr"):
                dataset = cls(_of_matrix(df, given, weight, tell))
            else:
                dataset = cls(NativeDataset.from_table(_handed_over(df), given, tell))
        return dataset if items is None else dataset.with_items(items)

    @classmethod
    def bundled(cls) -> Dataset:
        """The film ratings that come with the package: MovieTweetings 100K, with titles and genres."""
        return cls(NativeDataset.bundled())

    def with_items(self, path: Path) -> Dataset:
        """The same with an item file: titles, categories, and what `pinsage` reads of items."""
        return Dataset(self._native.with_items(os.fspath(path)))

    def split(
        self,
        *,
        model: str | None = None,
        settings: Mapping[str, Any] | None = None,
        progress: Progress = False,
        **keywords: Any,
    ) -> Split:
        """Cuts it into training, validation and test parts by settings such as ``split="random"`` and ``seed=7``.

        `fit` takes a data set as well and cuts it itself. A split is for training several models on the same parts; one
        that is cut for a ``model`` knows what that model reads.
        """
        given = together(settings, keywords, model)
        if model is not None:
            given["model.name"] = model
        with watching(progress) as tell:
            return Split(self._native.split(given, tell))

    @property
    def n_users(self) -> int:
        """The number of users."""
        return self._native.counts()[0]

    @property
    def n_items(self) -> int:
        """The number of items."""
        return self._native.counts()[1]

    def __len__(self) -> int:
        """The number of interactions, repeated pairs merged."""
        return self._native.counts()[2]

    def __repr__(self) -> str:
        return f"Dataset({self.n_users:,} users, {self.n_items:,} items, {len(self):,} interactions)"


class Split:
    """A data set cut into training, validation and test parts. Only `Run.evaluate` opens the test part."""

    def __init__(self, native: NativeSplit) -> None:
        self._native = native

    @property
    def n_train(self) -> int:
        """The number of training interactions."""
        return self._native.counts()[0]

    @property
    def n_validation(self) -> int:
        """The number of validation interactions."""
        return self._native.counts()[1]

    @property
    def n_test(self) -> int:
        """The number of test interactions."""
        return self._native.counts()[2]

    def __repr__(self) -> str:
        return f"Split({self.n_train:,} training, {self.n_validation:,} validation, {self.n_test:,} test)"


class _Stream:
    """A stream that was handed over already."""

    def __init__(self, capsule: object) -> None:
        self._capsule = capsule

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._capsule


def _handed_over(frame: Any) -> ArrowStream:
    if not hasattr(frame, "__arrow_c_stream__"):
        kind = type(frame).__name__
        raise UsageError(
            f"a {kind} is no frame: give one of polars, PyArrow, pandas or DuckDB (anything with "
            "`__arrow_c_stream__`), or a sparse matrix of SciPy"
        )
    try:
        return _Stream(frame.__arrow_c_stream__())
    except Exception as error:
        raise DataError(
            f"the frame cannot be handed over as columns of Arrow ({error}): leave out columns of mixed types"
        ) from error


def _of_matrix(matrix: Any, given: dict[str, Any], weight: Column, tell: Any) -> NativeDataset:
    import numpy

    rows = matrix.tocsr(copy=True)
    rows.sum_duplicates()
    rows.eliminate_zeros()
    pairs = rows.tocoo()
    weights: bytes | None = None
    if weight is not False and not (pairs.data == 1).all():
        weights = pairs.data.astype("<f4").tobytes()
    users, items = (numpy.asarray(ids).astype("<i8").tobytes() for ids in (pairs.row, pairs.col))
    return NativeDataset.from_pairs(users, items, weights, given, tell)


def _paths(given: Path | Iterable[Path]) -> list[str]:
    if isinstance(given, str | os.PathLike):
        return [os.fspath(given)]
    return [os.fspath(path) for path in given]


def _reading(
    settings: Mapping[str, Any] | None,
    keywords: Mapping[str, Any],
    user: str | None,
    item: str | None,
    weight: Column,
    timestamp: Column,
) -> dict[str, Any]:
    given = together(settings, keywords)
    for key in given:
        if not key.startswith("data."):
            raise SettingError(f"`{key}` is no setting of reading: give it to `fit`")
    columns = {"user": user, "item": item, "weight": weight, "timestamp": timestamp}
    for name, column in columns.items():
        if column is not None:
            given[f"data.columns.{name}"] = "-" if column is False else column
    return given
