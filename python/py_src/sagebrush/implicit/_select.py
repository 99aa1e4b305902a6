"""What a list may hold, and the best of rows of scores: implicit's rules, for all models here."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: Stand in for what is missing at the end of a short list.
NO_ID = -1
NO_SCORE = -np.finfo(np.float32).max


def as_batch(ids: Any, n: int, what: str) -> tuple[NDArray[Any], bool]:
    """Ids as an array, and whether it was a single one."""
    is_scalar = np.isscalar(ids) or np.ndim(ids) == 0
    batch = np.atleast_1d(np.asarray(ids))
    if batch.ndim != 1 or not (batch.size == 0 or np.issubdtype(batch.dtype, np.integer)):
        raise ValueError(f"a {what}id is a whole number, or an array of them; this is {ids!r}")
    if batch.size and (batch.min() < 0 or batch.max() >= n):
        wrong = batch[(batch < 0) | (batch >= n)][0]
        raise IndexError(f"{what}id {wrong} is not in the model, which has {n} {what}s")
    return batch.astype(np.int64), is_scalar


def chosen(only: Any, left_out: Any, n: int, what: str) -> tuple[NDArray[Any] | None, NDArray[Any]]:
    """The ids that lists may hold (``None`` for all), and those that they may not."""
    left_out = np.asarray([] if left_out is None else left_out, dtype=np.int64)
    if only is None:
        return None, left_out
    if left_out.size:
        raise ValueError(f"{what}s and filter_{what}s exclude each other: give one of the two")
    only = np.unique(np.asarray(only, dtype=np.int64))
    if only.size and (only[0] < 0 or only[-1] >= n):
        raise IndexError(f"some {what}ids in the {what}s parameter are not in the model, which has {n} {what}s")
    return only, left_out


def rows_of(user_items: Any, n_rows: int) -> Any:
    """``user_items``, checked: a CSR matrix with one row a user."""
    from scipy import sparse

    is_sparse: bool = sparse.issparse(user_items)
    if not is_sparse or user_items.format != "csr":
        raise ValueError("user_items needs to be a CSR sparse matrix")
    if user_items.shape[0] != n_rows:
        raise ValueError(
            f"user_items must contain 1 row for every user in userid: it has {user_items.shape[0]}, and there are {n_rows}"
        )
    return user_items


def best(scores: NDArray[Any], n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """The ``n`` highest scores of each row, the smaller id first among equals; what is -inf is padding."""
    width = scores.shape[1]
    taken = min(n, width)
    if taken < width:
        # Among equals at the edge the smallest ids are taken: a partition alone would take any of them.
        bar = -np.partition(-scores, taken - 1, axis=1)[:, taken - 1 : taken] if taken else np.full((len(scores), 1), np.inf)
        ids = np.empty((len(scores), taken), dtype=np.int64)
        for row, (values, least) in enumerate(zip(scores, bar, strict=True)):
            above = np.flatnonzero(values > least)
            equal = np.flatnonzero(values == least)[: taken - len(above)]
            ids[row] = np.concatenate([above, equal])
    else:
        ids = np.broadcast_to(np.arange(width), scores.shape).copy()
    values = np.take_along_axis(scores, ids, axis=1)
    # Stable in ids, which ascend within the two parts.
    order = np.lexsort((ids, -values), axis=1)
    ids, values = np.take_along_axis(ids, order, 1), np.take_along_axis(values, order, 1)
    return padded(ids, values, n)


def padded(ids: NDArray[Any], scores: NDArray[Any], n: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """Rows of ``n`` places, with -1 and the least float where there is nothing."""
    short = n - ids.shape[1]
    if short > 0:
        ids = np.pad(ids, ((0, 0), (0, short)), constant_values=NO_ID)
        scores = np.pad(scores, ((0, 0), (0, short)), constant_values=-np.inf)
    nothing = np.isneginf(scores)
    ids, scores = np.where(nothing, NO_ID, ids), np.where(nothing, NO_SCORE, scores)
    return ids.astype(np.int32), scores.astype(np.float32)
