"""From matrices to runs of the package, and from its tables to NumPy."""

from __future__ import annotations

import json
import os
import pathlib
import tempfile
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _select


def fit_matrix(
    user_items: Any, model: str, out: str, seed: int, settings: dict[str, Any], show_progress: bool, callback: Any
) -> tuple[Any, tuple[int, int]]:
    """A run that is trained on all of a matrix, and the matrix's shape. Keys are the numbers of rows and columns."""
    import sagebrush

    rows, columns, values, shape = _interactions(user_items)
    with tempfile.TemporaryDirectory(prefix="sagebrush-") as folder:
        log, held_out = (os.path.join(folder, name) for name in ("log.csv", "held-out.csv"))
        with open(log, "w", encoding="ascii") as file:
            file.write("user,item,weight\n")
            file.writelines(
                f"{u},{i},{w:.9g}\n" for u, i, w in zip(rows.tolist(), columns.tolist(), values.tolist(), strict=True)
            )
        # A run has a test part, and implicit's models train on all they get: a pair that nobody has stands for it.
        user, item = _absent(rows, columns)
        with open(held_out, "w", encoding="ascii") as file:
            file.write(f"user,item,weight\n{user},{item},1\n")
        dataset = sagebrush.Dataset.read(log, test=held_out, user="user", item="item", weight="weight", progress=False)
        given = {name: value for name, value in settings.items() if value is not None}
        given.setdefault("split.method", "given")
        if model in ("gf-cf", "chebycf", "ease", "item-knn"):
            given.setdefault("split.validation_fraction", 0)
        progress = _told(callback) if callback is not None else show_progress
        run = sagebrush.fit(dataset, model=model, out=out, progress=progress, settings={"seed": seed, **given})
    return run, shape


def _interactions(user_items: Any) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any], tuple[int, int]]:
    from scipy import sparse

    is_sparse: bool = sparse.issparse(user_items)
    if not is_sparse:
        raise ValueError(f"user_items is a scipy.sparse CSR matrix, a row a user; this is a {type(user_items).__name__}")
    matrix = user_items.tocsr().copy()
    matrix.sum_duplicates()
    matrix.eliminate_zeros()
    if not matrix.nnz:
        raise ValueError("user_items holds no interaction")
    if not np.isfinite(matrix.data).all():
        raise ValueError("user_items holds values that are not numbers or not finite")
    if (matrix.data < 0).any():
        raise ValueError("user_items holds values below 0, and an interaction is something positive: leave them out")
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    return rows, matrix.indices, matrix.data, matrix.shape


def _absent(rows: NDArray[Any], columns: NDArray[Any]) -> tuple[int, int]:
    """A user and an item of the interactions that are no pair."""
    items = np.unique(columns)
    for user in np.unique(rows):
        missing = np.setdiff1d(items, columns[rows == user], assume_unique=False)
        if len(missing):
            return int(user), int(missing[0])
    raise ValueError("every user has every item in user_items: there is nothing to recommend")


def _told(callback: Any) -> Any:
    """Implicit's callback, as what the package tells its progress to."""
    start = time.monotonic()

    def tell(event: str, *details: Any) -> None:
        if event == "epoch_done":
            record = json.loads(details[0])
            callback(record["epoch"], time.monotonic() - start, record["loss"])

    return tell


def table_of(run: Any, side: str, n: int) -> NDArray[Any]:
    """The vectors of ``users`` or ``items`` as ``[n, dim]``; zeros where training had no interaction."""
    vectors = np.asarray(run.embeddings(side))
    table = np.zeros((n, vectors.shape[1]), dtype=np.float32)
    table[np.array(run.users if side == "users" else run.items, dtype=np.int64)] = vectors
    return table


def fold_in_map(run: Any) -> NDArray[Any]:
    """The map that places somebody new, ``[dim, dim]``; see the page on run directories."""
    return safetensors(pathlib.Path(run.path) / "fold_in.safetensors")["map"]


def safetensors(path: pathlib.Path) -> dict[str, NDArray[Any]]:
    """The tensors of a file, as NumPy arrays over its bytes."""
    data = path.read_bytes()
    n = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + n])
    types = {"F64": "<f8", "F32": "<f4", "U64": "<u8", "U32": "<u4"}
    tensors = {}
    for name, about in header.items():
        if name != "__metadata__":
            start, end = about["data_offsets"]
            values = np.frombuffer(data[8 + n + start : 8 + n + end], types[about["dtype"]])
            tensors[name] = values.reshape(about["shape"])
    return tensors


def ranked(table: Any, of: str, place: str, n_rows: int, n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """A table of places as rows of ``n`` ids and scores."""
    rows, ids = (np.array(table[name], dtype=np.int64) for name in (of, place))
    scores = np.array(table["score"], dtype=np.float64)
    # Places of a list come one after the other, the best first.
    order = np.argsort(rows, kind="stable")
    rows, ids, scores = rows[order], ids[order], scores[order]
    at = np.arange(len(rows)) - np.searchsorted(rows, rows)
    fits = at < n
    wide, values = np.full((n_rows, n), _select.NO_ID), np.full((n_rows, n), -np.inf)
    wide[rows[fits], at[fits]], values[rows[fits], at[fits]] = ids[fits], scores[fits]
    return _select.padded(wide, values, n)


def shares(run: Any, history: list[int], item: int, n: int) -> tuple[float, list[tuple[int, float]]]:
    """The score of an item for a history, and what each of its items adds."""
    (why,) = run.explain(history=history, items=[item], reasons=max(n, len(history)))
    reasons = [(int(reason), float(share)) for reason, share in why.reasons]
    return float(why.score), reasons[:n]
