"""Models with a vector for each user and each item."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from . import _select
from ._base import Recommender

#: Scores that are made at once: users times items.
SCORES = 1 << 24


class FactorModel(Recommender):
    """A model whose score is the product of two vectors.

    Attributes:
        user_factors: ``[n_users, dim]`` as NumPy.
        item_factors: ``[n_items, dim]``. A user or an item without an interaction has zeros.

    """

    def _reset(self) -> None:
        super()._reset()
        self.user_factors: Any = None
        self.item_factors: Any = None
        self._map: Any = None

    def _take(self, run: Any) -> None:
        from ._fitting import fold_in_map, table_of

        super()._take(run)
        self.user_factors = table_of(run, "users", self._shape[0])
        self.item_factors = table_of(run, "items", self._shape[1])
        self._map = fold_in_map(run)

    def _more_arrays(self) -> dict[str, NDArray[Any]]:
        return {"user_factors": self.user_factors}

    def _take_arrays(self, arrays: dict[str, NDArray[Any]]) -> None:
        self.user_factors = arrays["user_factors"]
        self._shape = (len(self.user_factors), self._shape[1])

    def recommend(
        self,
        userid: Any,
        user_items: Any,
        N: int = 10,
        filter_already_liked_items: bool = True,
        filter_items: Any = None,
        recalculate_user: bool = False,
        items: Any = None,
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """The best items of a user, or of an array of users: ``(ids, scores)``.

        Args:
            userid: A user gives two arrays of ``N``; an array of users gives two of ``[len(userid), N]``.
            user_items: A CSR matrix whose row ``r`` belongs to ``userid[r]``. Not needed without
                ``filter_already_liked_items`` and ``recalculate_user``.
            N: How many; no more than there are ``items``, where these are given.
            filter_already_liked_items: Leave out what a user's row holds.
            filter_items: Items to leave out for all.
            recalculate_user: Make the user's vector of the row that is given, not of the training's.
            items: The items to rank; excludes ``filter_items``.

        Short lists end with id -1 and score ``-float32.max``.

        """
        self._fitted()
        n_users = np.iinfo(np.int64).max if recalculate_user else self.n_users
        users, is_scalar = _select.as_batch(userid, n_users, "user")
        if filter_already_liked_items or recalculate_user:
            user_items = _select.rows_of(user_items, len(users))
        only, left_out = _select.chosen(items, filter_items, self.n_items, "item")
        vectors = self.recalculate_user(users, user_items) if recalculate_user else self.user_factors[users]
        liked = user_items if filter_already_liked_items else None
        ids, scores = self._ranked(vectors, self.item_factors, N, only, left_out, liked)
        return (ids[0], scores[0]) if is_scalar else (ids, scores)

    def _ranked(
        self,
        vectors: NDArray[Any],
        table: NDArray[Any],
        n: int,
        only: NDArray[Any] | None,
        left_out: NDArray[Any],
        liked: Any,
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """The ``n`` rows of a table with the highest products."""
        if only is not None:
            table, n = table[only], min(n, len(only))
        left_out = left_out[(left_out >= 0) & (left_out < len(table))] if only is None else left_out[:0]
        lists = []
        step = max(1, SCORES // max(1, len(table)))
        for start in range(0, max(1, len(vectors)), step):
            scores = vectors[start : start + step] @ table.T
            scores[:, left_out] = -np.inf
            if liked is not None:
                _leave_out(scores, liked[start : start + step], only)
            lists.append(_select.best(scores, n))
        ids, scores = (np.concatenate(parts) for parts in zip(*lists, strict=True))
        if only is not None and len(only):
            ids = np.where(ids >= 0, only[ids], ids).astype(np.int32)
        return ids, scores

    def similar_items(
        self,
        itemid: Any,
        N: int = 10,
        recalculate_item: bool = False,
        item_users: Any = None,
        filter_items: Any = None,
        items: Any = None,
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """The items with the highest cosine to an item, or to each of an array of items, itself first."""
        if recalculate_item:
            raise NotImplementedError("recalculate_item is not supported with this model: fit it again")
        self._fitted()
        return self._similar(self.item_factors, itemid, N, items, filter_items, "item")

    def similar_users(
        self, userid: Any, N: int = 10, filter_users: Any = None, users: Any = None
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        """The users with the highest cosine to a user, or to each of an array of users, themselves first."""
        self._fitted()
        return self._similar(self.user_factors, userid, N, users, filter_users, "user")

    def _similar(
        self, table: NDArray[Any], ids: Any, n: int, only: Any, left_out: Any, what: str
    ) -> tuple[NDArray[Any], NDArray[Any]]:
        batch, is_scalar = _select.as_batch(ids, len(table), what)
        only, left_out = _select.chosen(only, left_out, len(table), what)
        lengths = np.linalg.norm(table, axis=1, keepdims=True)
        unit = table / np.maximum(lengths, 1e-10)
        found, scores = self._ranked(unit[batch], unit, n, only, left_out, None)
        return (found[0], scores[0]) if is_scalar else (found, scores)

    def recalculate_user(self, userid: Any, user_items: Any) -> NDArray[Any]:
        """The vectors that the rows of ``user_items`` would give the users; nothing is kept.

        They come from the map that places somebody new: the sum of the items' vectors over the root of their number,
        times a matrix that was fitted to the known users. Values of the rows don't count. An empty row gives zeros.
        """
        self._fitted()
        is_scalar = np.isscalar(userid) or np.ndim(userid) == 0
        rows = _select.rows_of(user_items, 1 if is_scalar else len(userid))
        if rows.shape[1] > self.n_items:
            raise ValueError(f"user_items has {rows.shape[1]} columns, and the model has {self.n_items} items")
        taken = rows.copy()
        taken.sum_duplicates()
        taken.eliminate_zeros()
        taken.data = np.ones(len(taken.data))
        n = np.maximum(np.diff(taken.indptr), 1)
        sums = taken @ self.item_factors[: rows.shape[1]].astype(np.float64)
        vectors = ((sums / np.sqrt(n)[:, None]) @ self._map).astype(np.float32)
        found: NDArray[Any] = vectors[0] if is_scalar else vectors
        return found

    def partial_fit_users(self, userids: Any, user_items: Any) -> None:
        """Gives users the vectors of :meth:`recalculate_user`, for good; users beyond the last are added."""
        users = np.asarray(userids, dtype=np.int64)
        if users.size and users.min() < 0:
            raise ValueError(f"a userid is 0 or more; {users.min()} is not")
        vectors = self.recalculate_user(users, user_items)
        table = self.user_factors
        if users.size and users.max() >= len(table):
            table = np.concatenate([table, np.zeros((users.max() + 1 - len(table), table.shape[1]), table.dtype)])
        else:
            table = table.copy()
        table[users] = vectors
        self.user_factors = table
        self._shape = (len(table), self._shape[1])

    def explain(
        self, userid: int, user_items: Any, itemid: int, user_weights: Any = None, N: int = 10
    ) -> tuple[float, list[tuple[int, float]], Any]:
        """Why an item suits a user, by the row ``userid`` of ``user_items``.

        The three results are ``(total_score, top_contributions, user_weights)``.

        The score is that of a user whose vector is recalculated from the row; what the row's items add sums up to
        it. The third value may be handed in again for further items of the same user.
        """
        self._fitted()
        items = np.unique(user_items[int(userid)].indices)
        if user_weights is None:
            user_weights = self.item_factors[items].astype(np.float64) @ self._map / np.sqrt(max(1, len(items)))
        shares = user_weights @ self.item_factors[itemid].astype(np.float64)
        order = np.argsort(-shares, kind="stable")[:N]
        return float(shares.sum()), [(int(items[at]), float(shares[at])) for at in order], user_weights


class LightGCN(FactorModel):
    """LightGCN: ``factors`` numbers a vector, ``layers`` propagations.

    Args:
        factors: Width of a vector.
        layers: How often vectors are propagated.
        epochs: Epochs at most; the model's default where it is ``None``.
        learning_rate: The model's default where it is ``None``.
        seed: Seed of everything that is drawn.
        path: Folder of the run; a temporary one where it is ``None``.
        settings: Further settings of the program by name, such as ``{"training.patience": 5}``.

    """

    model = "lightgcn"
    settings_of: ClassVar[dict[str, str]] = {
        "factors": "model.dim",
        "layers": "model.layers",
        "epochs": "training.epochs",
        "learning_rate": "training.learning_rate",
    }

    def __init__(
        self,
        factors: int = 64,
        layers: int = 3,
        epochs: int | None = None,
        learning_rate: float | None = None,
        *,
        seed: int = 42,
        path: str | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(seed=seed, path=path, settings=settings)
        self.factors, self.layers, self.epochs, self.learning_rate = factors, layers, epochs, learning_rate


class MatrixFactorization(FactorModel):
    """Matrix factorization, trained in batches: ``factors`` numbers a vector. Arguments as :class:`LightGCN`'s."""

    model = "mf"
    settings_of: ClassVar[dict[str, str]] = {
        "factors": "model.dim",
        "epochs": "training.epochs",
        "learning_rate": "training.learning_rate",
    }

    def __init__(
        self,
        factors: int = 64,
        epochs: int | None = None,
        learning_rate: float | None = None,
        *,
        seed: int = 42,
        path: str | None = None,
        settings: dict[str, Any] | None = None,
    ) -> None:
        super().__init__(seed=seed, path=path, settings=settings)
        self.factors, self.epochs, self.learning_rate = factors, epochs, learning_rate


def _leave_out(scores: NDArray[Any], liked: Any, only: NDArray[Any] | None) -> None:
    """Takes what the rows of ``liked`` hold out of rows of scores."""
    rows = np.repeat(np.arange(liked.shape[0]), np.diff(liked.indptr))
    columns = liked.indices
    # A stored 0 is no interaction.
    is_there = liked.data != 0
    rows, columns = rows[is_there], columns[is_there]
    if only is not None:
        at = np.searchsorted(only, columns)
        is_there = (at < len(only)) & (only[np.minimum(at, len(only) - 1)] == columns) if len(only) else at < 0
        rows, columns = rows[is_there], at[is_there]
    else:
        is_there = columns < scores.shape[1]
        rows, columns = rows[is_there], columns[is_there]
    scores[rows, columns] = -np.inf
